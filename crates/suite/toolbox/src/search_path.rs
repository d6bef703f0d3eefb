//! Looking for executables along a list of directories, as a shell does, without starting anything.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Whether `path` is a file that somebody may execute. Links are followed; a dangling one is not executable.
pub fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Every executable called `name` along `search_path` (in the form of the `PATH` variable), in order.
pub fn executables(name: &str, search_path: &OsStr) -> Vec<PathBuf> {
    std::env::split_paths(search_path)
        .map(|directory| directory.join(name))
        .filter(|path| is_executable(path))
        .collect()
}

/// The directories in which Debian and its relatives keep Postgres' server programs, newest version first.
///
/// They are not on `PATH` there; `parent` is `/usr/lib/postgresql` outside tests.
pub fn debian_postgres_directories(parent: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, directory)| holds_postgres(directory))
        .collect();
    found.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    found.into_iter().map(|(_, directory)| directory).collect()
}

/// Whether both server programs that the stack starts are in `directory`.
pub fn holds_postgres(directory: &Path) -> bool {
    is_executable(&directory.join("initdb")) && is_executable(&directory.join("postgres"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(directory: &Path, name: &str, mode: u32) -> PathBuf {
        std::fs::create_dir_all(directory).expect("create the directory");
        let path = directory.join(name);
        std::fs::write(&path, "#!/bin/sh\n").expect("write the program");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set its mode");
        path
    }

    #[test]
    fn only_executables_are_listed_in_path_order() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let (first, second, third) = (root.path().join("a"), root.path().join("b"), root.path().join("c"));
        program(&first, "tool", 0o644);
        let expected = vec![program(&second, "tool", 0o755), program(&third, "tool", 0o755)];
        let search_path = std::env::join_paths([&first, &second, &third]).expect("a search path");

        assert_eq!(executables("tool", &search_path), expected);
    }

    #[test]
    fn debian_postgres_servers_are_listed_newest_first() {
        let root = tempfile::tempdir().expect("a temporary directory");
        for version in ["9", "15", "17"] {
            program(&root.path().join(version).join("bin"), "initdb", 0o755);
            program(&root.path().join(version).join("bin"), "postgres", 0o755);
        }
        program(&root.path().join("18/bin"), "psql", 0o755);

        let found = debian_postgres_directories(root.path());

        assert_eq!(found, ["17", "15", "9"].map(|version| root.path().join(version).join("bin")));
    }
}

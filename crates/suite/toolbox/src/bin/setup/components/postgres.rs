//! Postgres' server programs: the machine's, else the package manager's, else the ones that npm carries.

use std::path::{Path, PathBuf};
use std::process::Command;

use toolbox::SlotLock;
use toolbox::pins::{POSTGRES_FROM_NPM, POSTGRES_MINIMUM_MAJOR};
use toolbox::search_path::{debian_postgres_directories, executables, holds_postgres};

use super::{packages, version_in};
use crate::command::{CommandFailure, Logged, ask};
use crate::component::{Component, Failure, Finding, Name, Site, Usable};

/// Read by Debian's packages when they are installed; with it they do not start a server of their own.
const NO_CLUSTER_FILE: &str = "/etc/postgresql-common/createcluster.d/proving-ground.conf";

/// The programs `initdb`, `postgres` and their companions.
pub struct PostgresServer;

impl Component for PostgresServer {
    fn name(&self) -> Name {
        Name::Postgres
    }

    fn slot_name(&self, _site: &Site) -> String {
        format!("postgres-{POSTGRES_FROM_NPM}")
    }

    fn find(&self, site: &Site) -> Finding {
        let on_path = executables("postgres", &site.search_path);
        let on_path = on_path.iter().filter_map(|program| Some(program.canonicalize().ok()?.parent()?.to_path_buf()));
        let slot = site.cache.slot(self.slot_name(site));
        let cached = Some(slot.path().join("bin")).filter(|_| slot.is_complete());
        let mut too_old = Vec::new();
        for directory in on_path.chain(debian_postgres_directories(Path::new("/usr/lib/postgresql"))).chain(cached) {
            if !holds_postgres(&directory) {
                continue;
            }
            let answer = ask(&directory.join("postgres"), &["--version"]).unwrap_or_default();
            if version_in(&answer).is_some_and(|[major, ..]| major >= POSTGRES_MINIMUM_MAJOR) {
                let (what, link) = (answer, Some(directory.clone()));
                return Finding::Usable(Usable { what, place: directory, link, remarks: Vec::new() });
            }
            too_old.push(format!("{} says {answer:?}", directory.display()));
        }
        if too_old.is_empty() {
            return Finding::missing("no Postgres server programs on PATH or in /usr/lib/postgresql");
        }
        Finding::missing(format!("{}; needed: {POSTGRES_MINIMUM_MAJOR} or newer", too_old.join(", ")))
    }

    fn install(&self, site: &Site, lock: &SlotLock, logged: &Logged<'_>) -> Result<(), Failure> {
        let mut tried = Vec::new();
        let mut causes = Vec::new();
        for (way, attempt) in [("apt-get install postgresql", from_packages as Attempt), ("npm install", from_npm)] {
            tried.push(way.to_owned());
            match attempt(site, lock, logged) {
                Ok(()) => return Ok(()),
                Err(cause) => causes.push(format!("{way}: {cause}")),
            }
        }
        Err(Failure {
            tried,
            cause: causes.join("\n"),
            remedy: format!(
                "install the Postgres server, {POSTGRES_MINIMUM_MAJOR} or newer, as your system does it (Debian: {}), \
                 or install npm; then run: make setup. Or name the directory of its programs in POSTGRES_BIN_DIR",
                packages::command_for_people(&["postgresql"])
            ),
        })
    }
}

/// One way to get the programs; the error says why it did not work.
type Attempt = fn(&Site, &SlotLock, &Logged<'_>) -> Result<(), String>;

fn from_packages(site: &Site, _lock: &SlotLock, logged: &Logged<'_>) -> Result<(), String> {
    if !packages::has_apt(site) {
        return Err("this machine has no apt-get".to_owned());
    }
    if !Site::is_root() {
        return Err("only root may install packages, and this is another user".to_owned());
    }
    let _no_cluster = NoCluster::declare(Path::new(NO_CLUSTER_FILE)).map_err(|error| {
        format!("cannot write {NO_CLUSTER_FILE}, which keeps the package from starting a server: {error}")
    })?;
    packages::install(site, logged, &["postgresql"]).map_err(|failure| failure.to_string())
}

/// While this lives, Debian's Postgres packages create and start no server when they are installed.
struct NoCluster {
    file: PathBuf,
}

impl NoCluster {
    fn declare(file: &Path) -> std::io::Result<Self> {
        if let Some(directory) = file.parent() {
            std::fs::create_dir_all(directory)?;
        }
        std::fs::write(file, "create_main_cluster = false\n")?;
        Ok(Self { file: file.to_path_buf() })
    }
}

impl Drop for NoCluster {
    fn drop(&mut self) {
        // If it stays, later Postgres packages create no server by themselves: harmless, and its name says whose it is.
        let _ = std::fs::remove_file(&self.file);
    }
}

fn from_npm(site: &Site, lock: &SlotLock, logged: &Logged<'_>) -> Result<(), String> {
    let platform = match std::env::consts::ARCH {
        "x86_64" => "linux-x64",
        "aarch64" => "linux-arm64",
        other => return Err(format!("npm has no Postgres for {other}")),
    };
    if executables("npm", &site.search_path).is_empty() {
        return Err("this machine has no npm".to_owned());
    }
    if Site::is_root() && !others_can_enter(site.cache.root()) {
        return Err(format!(
            "Postgres refuses to run as root, and other users cannot enter {}; set PROVING_GROUND_CACHE to a \
             directory that they can",
            site.cache.root().display()
        ));
    }
    let construction = lock.stage().map_err(|error| error.to_string())?;
    let place = construction.path();
    let download = place.join("download");
    let text = |failure: CommandFailure| failure.to_string();
    logged
        .run(
            "downloading Postgres with npm",
            Command::new("npm")
                .args(["install", "--no-audit", "--no-fund", "--no-package-lock", "--prefix"])
                .arg(&download)
                .arg(format!("@embedded-postgres/{platform}@{POSTGRES_FROM_NPM}"))
                .current_dir(place),
        )
        .map_err(text)?;
    let programs = download.join("node_modules/@embedded-postgres").join(platform).join("native");
    for directory in ["bin", "lib", "share"] {
        std::fs::rename(programs.join(directory), place.join(directory))
            .map_err(|error| format!("the package has no directory {directory}: {error}"))?;
    }
    std::fs::remove_dir_all(&download).map_err(|error| format!("cannot remove the download: {error}"))?;
    for program in ["initdb", "postgres"] {
        logged
            .run(&format!("running {program}"), Command::new(place.join("bin").join(program)).arg("--version"))
            .map_err(text)?;
    }
    construction.finish(&format!("Postgres {POSTGRES_FROM_NPM} from npm")).map(drop).map_err(|error| error.to_string())
}

/// Whether users other than the owner may pass through `directory` and everything above it, as far as it exists.
fn others_can_enter(directory: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    directory
        .ancestors()
        .filter_map(|ancestor| ancestor.metadata().ok())
        .all(|found| found.permissions().mode() & 0o001 != 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn cluster_creation_is_disabled_temporarily() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let file = root.path().join("createcluster.d/proving-ground.conf");

        let declared = NoCluster::declare(&file).expect("it can be written");
        assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "create_main_cluster = false\n");
        drop(declared);

        assert!(!file.exists());
    }

    #[test]
    fn closed_ancestor_directory_is_detected() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let inner = root.path().join("closed/inner");
        std::fs::create_dir_all(&inner).expect("create");
        let closed = root.path().join("closed");

        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).expect("set the mode");

        assert!(!others_can_enter(&inner));
    }
}

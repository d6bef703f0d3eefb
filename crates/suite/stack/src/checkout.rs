//! Where things are: the checkout, what cargo built from it, and the stack's own folder under `target`.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// Environment variable that moves the folder with lock and descriptor, for several shared stacks side by side.
pub const HOME_VARIABLE: &str = "STACK_HOME";

/// What cargo keeps in the folder that it builds into.
const TARGET_MARK: &str = ".rustc_info.json";

/// The folders that this crate works with.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// Root of the workspace.
    pub root: PathBuf,
    /// Where cargo builds, and for what.
    pub output: Output,
    /// Lock and descriptor of the shared stack.
    pub home: PathBuf,
}

/// One folder of finished programs, in cargo's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Value of `--target-dir`, `target` as a rule.
    pub target: PathBuf,
    /// Value of `--target`, where the programs were built with one.
    pub platform: Option<String>,
    /// Name of the profile's folder, `debug` as a rule.
    pub profile: String,
}

impl Output {
    /// Where the finished programs are.
    pub fn programs(&self) -> PathBuf {
        let target = self.target.clone();
        self.platform.iter().fold(target, |folder, platform| folder.join(platform)).join(&self.profile)
    }
}

impl Checkout {
    /// Finds the checkout that this process works in.
    pub fn locate() -> anyhow::Result<Self> {
        let root = toolbox::current_checkout()?;
        let current = env::current_dir().context("the current directory is gone")?;
        let program = env::current_exe().context("cannot tell which program this is")?;
        let output = output_of(&program, &root).unwrap_or_else(|| Output {
            target: configured_target(variable("CARGO_TARGET_DIR").map(PathBuf::from), &current, &root),
            platform: None,
            profile: "debug".to_owned(),
        });
        let home = match variable(HOME_VARIABLE).map(PathBuf::from) {
            Some(folder) if folder.is_absolute() => folder,
            Some(folder) => current.join(folder),
            None => output.target.join("stack"),
        };
        Ok(Self { root, output, home })
    }

    /// The same checkout with lock and descriptor of the stack that tests have to themselves in turn.
    #[must_use]
    pub fn of_turns(&self) -> Self {
        Self { home: self.home.join("turns"), ..self.clone() }
    }

    /// Where cargo puts finished programs, `target/debug` as a rule.
    pub fn programs(&self) -> PathBuf {
        self.output.programs()
    }

    /// Descriptor of the shared stack.
    pub fn descriptor(&self) -> PathBuf {
        self.home.join("stack.json")
    }

    /// A finished program of this checkout.
    pub fn program(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.programs().join(name);
        if !path.is_file() {
            bail!("{} does not exist; build it with `cargo build -p {name}`", path.display());
        }
        Ok(path)
    }

    /// Folder with the read-only mounts that every session sees.
    pub fn mounts(&self) -> PathBuf {
        self.root.join("crates/system/cad-runtime/mounts")
    }

    /// The Python package that agent scripts import.
    pub fn python_package(&self) -> PathBuf {
        self.root.join("crates/system/cad-runtime/python")
    }
}

fn variable(name: &str) -> Option<std::ffi::OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// The folder that cargo built `program` into: tests are in its `deps`, examples in a folder of theirs. `None` for a
/// program that cargo did not put where it is, and for one of another checkout.
fn output_of(program: &Path, root: &Path) -> Option<Output> {
    let folder = program.parent()?;
    let folder = match folder.file_name()?.to_str()? {
        "deps" | "examples" => folder.parent()?,
        _ => folder,
    };
    if toolbox::checkout_root(folder).is_some_and(|other| other != root) {
        return None;
    }
    let above = folder.parent()?;
    let name = |folder: &Path| Some(folder.file_name()?.to_str()?.to_owned());
    let profile = name(folder)?;
    if above.join(TARGET_MARK).is_file() {
        return Some(Output { target: above.to_path_buf(), platform: None, profile });
    }
    let target = above.parent().filter(|target| target.join(TARGET_MARK).is_file())?;
    Some(Output { target: target.to_path_buf(), platform: Some(name(above)?), profile })
}

/// Where cargo builds when nothing else says so. It takes a relative folder from the directory that it was started in,
/// which may be any of the checkout: the one that cargo has built into is meant.
fn configured_target(configured: Option<PathBuf>, current: &Path, root: &Path) -> PathBuf {
    let Some(folder) = configured else { return root.join("target") };
    let from_root = root.join(&folder);
    if from_root.join(TARGET_MARK).is_file() { from_root } else { current.join(folder) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn tree(folders: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let kept = tempfile::tempdir().unwrap();
        let root = kept.path().canonicalize().unwrap();
        for folder in folders {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        (kept, root)
    }

    #[test]
    fn program_path_reveals_its_target_folder() {
        let (_kept, at) = tree(&["checkout/crates/suite/toolbox", "elsewhere/debug/deps", "elsewhere/arm/release"]);
        fs::write(at.join("elsewhere").join(TARGET_MARK), "{}").unwrap();
        let target = at.join("elsewhere");
        let root = at.join("checkout");
        let test = output_of(&target.join("debug/deps/p0-1234"), &root).unwrap();
        assert_eq!(test, Output { target: target.clone(), platform: None, profile: "debug".into() });
        let crossed = output_of(&target.join("arm/release/stack"), &root).unwrap();
        assert_eq!((crossed.platform.as_deref(), crossed.programs()), (Some("arm"), target.join("arm/release")));
        assert_eq!(output_of(Path::new("/usr/bin/stack"), &root), None);
    }

    #[test]
    fn foreign_program_reveals_no_target_folder() {
        let (_kept, at) =
            tree(&["copy/crates/suite/toolbox", "original/crates/suite/toolbox", "original/target/debug"]);
        fs::write(at.join("original/crates/suite/toolbox/Cargo.toml"), "").unwrap();
        fs::write(at.join("original/target").join(TARGET_MARK), "{}").unwrap();
        let program = at.join("original/target/debug/stack");
        assert_eq!(output_of(&program, &at.join("copy")), None);
        assert!(output_of(&program, &at.join("original")).is_some());
    }

    #[test]
    fn relative_target_folder_resolves_to_the_built_one() {
        let (_kept, root) = tree(&["tests-p0", "other"]);
        let inside = root.join("tests-p0");
        assert_eq!(configured_target(None, &inside, &root), root.join("target"));
        let relative = || Some(PathBuf::from("../other"));
        assert_eq!(configured_target(relative(), &inside, &root), inside.join("../other"));
        fs::write(root.join("other").join(TARGET_MARK), "{}").unwrap();
        assert_eq!(configured_target(Some("other".into()), &inside, &root), root.join("other"));
        assert_eq!(configured_target(Some("/build".into()), &inside, &root), Path::new("/build"));
    }
}

//! Where things lie: the checkout, what cargo built from it, and the stack's own folder under `target`.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// Environment variable that moves the folder with lock and descriptor, for several shared stacks side by side.
pub const HOME_VARIABLE: &str = "STACK_HOME";

/// The folders that this crate works with.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// Root of the workspace.
    pub root: PathBuf,
    /// Where cargo puts finished programs, `target/debug` as a rule.
    pub programs: PathBuf,
    /// Lock and descriptor of the shared stack.
    pub home: PathBuf,
}

impl Checkout {
    /// Finds the checkout that this program was built from, else the one around the current directory.
    pub fn locate() -> anyhow::Result<Self> {
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
        let current = env::current_dir().context("the current directory is gone")?;
        let root = [built_in, current.as_path()].into_iter().find_map(workspace_root).with_context(|| {
            format!(
                "no checkout of this project found: neither {} nor {} lies in one; run from inside the checkout",
                built_in.display(),
                current.display()
            )
        })?;
        let programs = match program_folder(&root)? {
            Some(folder) => folder,
            None => target_folder(&root).join("debug"),
        };
        let home = match env::var_os(HOME_VARIABLE).filter(|value| !value.is_empty()) {
            Some(folder) => {
                let folder = PathBuf::from(folder);
                if folder.is_absolute() { folder } else { current.join(folder) }
            }
            None => programs.parent().unwrap_or(&programs).join("stack"),
        };
        Ok(Self { root, programs, home })
    }

    /// Descriptor of the shared stack.
    pub fn descriptor(&self) -> PathBuf {
        self.home.join("stack.json")
    }

    /// A finished program of this checkout.
    pub fn program(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.programs.join(name);
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

fn workspace_root(from: &Path) -> Option<PathBuf> {
    from.ancestors()
        .find(|folder| {
            folder.join("crates/suite/stack").is_dir()
                && fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|text| text.contains("[workspace]"))
        })
        .map(Path::to_path_buf)
}

fn target_folder(root: &Path) -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty()) {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    }
}

/// The folder that this very program was built into, when it was built by cargo: tests lie in its `deps`,
/// examples in a folder of theirs.
fn program_folder(root: &Path) -> anyhow::Result<Option<PathBuf>> {
    let program = env::current_exe().context("cannot tell which program this is")?;
    let folder = program.parent().map(Path::to_path_buf);
    let folder = folder.map(|folder| match folder.file_name() {
        Some(name) if name == "deps" || name == "examples" => folder.parent().map_or(folder.clone(), Path::to_path_buf),
        _ => folder,
    });
    Ok(folder.filter(|folder| folder.starts_with(target_folder(root)) || folder.join(".fingerprint").is_dir()))
}

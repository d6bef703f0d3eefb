//! Facts about one checkout of the project: where it starts, and which Python environment it asks for.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest, Sha256};

use crate::pins::PYTHON_LOCK_FILE;

/// The checkout that `start` is in: the nearest directory upwards that holds this crate.
pub fn checkout_root(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .find(|directory| directory.join("crates/suite/toolbox/Cargo.toml").is_file())
        .map(Path::to_path_buf)
}

/// The checkout that this process works in.
///
/// Only where the process runs decides, never where the program was compiled: a copied or moved checkout takes over
/// programs that were compiled elsewhere, and must not be answered for its original.
///
/// # Errors
/// When neither the current directory nor the program is in a checkout.
pub fn current_checkout() -> anyhow::Result<PathBuf> {
    let current = std::env::current_dir().context("the current directory cannot be read")?;
    let program = std::env::current_exe().context("the path of this program cannot be read")?;
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    choose(manifest.as_deref(), &current, &program).with_context(|| {
        format!(
            "no checkout of this project found: neither {} nor {} lies in one; run from inside the checkout",
            current.display(),
            program.display()
        )
    })
}

/// Cargo's word for the package that it runs (`manifest`) counts where the program lies in the same checkout: the
/// variable is inherited, so that in a shell below `cargo run` it may speak of another program. Else the current
/// directory decides, and for a program that is started from elsewhere its own place.
fn choose(manifest: Option<&Path>, current: &Path, program: &Path) -> Option<PathBuf> {
    let around = |place: &Path| checkout_root(&place.canonicalize().ok()?);
    let of_program = around(program);
    let of_manifest = manifest.and_then(around).filter(|root| of_program.as_ref() == Some(root));
    of_manifest.or_else(|| around(current)).or(of_program)
}

/// The cache directory name of the Python environment that the checkout's lock file describes.
///
/// The name carries a digest of the lock file, so an environment is never older than what it was made from.
pub fn python_slot_name(checkout: &Path) -> std::io::Result<String> {
    let lock_file = std::fs::read(checkout.join(PYTHON_LOCK_FILE))?;
    let digest = Sha256::digest(&lock_file);
    let short: String = digest.iter().take(6).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    Ok(format!("python-{short}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkout_is_found_from_a_directory_inside_it() {
        let root = current_checkout().expect("cargo runs the tests of a crate inside its checkout");
        assert_eq!(checkout_root(&root.join("crates/suite/toolbox/src")), Some(root.clone()));
        assert!(root.join("Cargo.toml").is_file());
    }

    /// Two checkouts side by side, as `cp -a` makes them.
    fn original_and_copy() -> (tempfile::TempDir, [PathBuf; 2]) {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let roots = ["original", "copy"].map(|name| {
            let root = parent.path().canonicalize().expect("it exists").join(name);
            for folder in ["crates/suite/toolbox", "target/debug", "tests-p0"] {
                std::fs::create_dir_all(root.join(folder)).expect("make a folder");
            }
            for file in ["crates/suite/toolbox/Cargo.toml", "target/debug/stack"] {
                std::fs::write(root.join(file), "").expect("make a file");
            }
            root
        });
        (parent, roots)
    }

    #[test]
    fn copied_checkout_resolves_to_itself() {
        let (_kept, [original, copy]) = original_and_copy();
        let (here, program) = (copy.join("tests-p0"), copy.join("target/debug/stack"));
        assert_eq!(choose(Some(&here), &here, &program), Some(copy.clone()), "as cargo and nextest run a test");
        assert_eq!(choose(None, &here, &program), Some(copy.clone()), "as a shell runs a program");
        assert_eq!(choose(Some(&here), &original, &program), Some(copy.clone()), "cargo run --manifest-path");
        let leaked = original.join("crates/suite/toolbox");
        assert_eq!(choose(Some(&leaked), &here, &program), Some(copy.clone()), "in a shell below cargo run");
        let theirs = original.join("target/debug/stack");
        assert_eq!(choose(None, &here, &theirs), Some(copy), "the program of another checkout");
    }

    #[test]
    fn program_started_elsewhere_uses_its_own_checkout() {
        let (parent, [original, _]) = original_and_copy();
        let program = original.join("target/debug/stack");
        assert_eq!(choose(None, parent.path(), &program), Some(original));
        assert_eq!(choose(None, parent.path(), parent.path()), None);
    }

    #[test]
    fn outside_directory_has_no_checkout_root() {
        let elsewhere = tempfile::tempdir().expect("a temporary directory");
        assert_eq!(checkout_root(elsewhere.path()), None);
    }

    #[test]
    fn environment_name_follows_the_lock_file() {
        let checkout = tempfile::tempdir().expect("a temporary directory");
        let lock_file = checkout.path().join(PYTHON_LOCK_FILE);
        std::fs::create_dir_all(lock_file.parent().expect("the lock file has a directory")).expect("create it");

        std::fs::write(&lock_file, "one==1.0\n").expect("write the lock file");
        let first = python_slot_name(checkout.path()).expect("the lock file is readable");
        std::fs::write(&lock_file, "one==1.1\n").expect("write the lock file");
        let second = python_slot_name(checkout.path()).expect("the lock file is readable");

        assert_ne!(first, second);
        assert_eq!(first.len(), "python-".len() + 12);
    }
}

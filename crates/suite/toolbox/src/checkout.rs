//! Facts about one checkout of the project: where it starts, and which Python environment it asks for.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::pins::PYTHON_LOCK_FILE;

/// The checkout that `start` lies in: the nearest directory upwards that holds this crate.
pub fn checkout_root(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .find(|directory| directory.join("crates/suite/toolbox/Cargo.toml").is_file())
        .map(Path::to_path_buf)
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
        let inside = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let root = checkout_root(&inside).expect("this crate lies in a checkout");
        assert!(root.join("Makefile").is_file() || root.join("Cargo.toml").is_file());
    }

    #[test]
    fn outside_a_checkout_there_is_none() {
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

//! The `.tools` directory of a checkout: one link per tool, pointing at the place the tool was found or installed in.
//!
//! Links, not copies, so that a checkout costs nothing and two checkouts share one installation. A link is replaced by
//! renaming a new one over it: a concurrent reader sees either the old or the new one.

use std::path::{Path, PathBuf};

/// Where the link of `name` is in `checkout`.
pub fn link_path(checkout: &Path, name: &str) -> PathBuf {
    checkout.join(".tools").join(name)
}

/// Why a link could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// A directory or file that `make setup` did not make is in the way.
    #[error("{} is not a link but a real file or directory, and it is not empty; move it away and run: make setup", .0.display())]
    Occupied(PathBuf),
    /// The file system refused.
    #[error("cannot link {} to {}: {source}", .link.display(), .target.display())]
    Refused {
        /// The link.
        link: PathBuf,
        /// Its intended target.
        target: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
}

/// Makes `.tools/NAME` of `checkout` point at `target`; true when it did not before.
///
/// An empty directory in its place is replaced; anything else that is not a link is left alone and reported.
pub fn link(checkout: &Path, name: &str, target: &Path) -> Result<bool, LinkError> {
    let link = link_path(checkout, name);
    if std::fs::read_link(&link).is_ok_and(|present| present == target) {
        return Ok(false);
    }
    let refused = |source| LinkError::Refused { link: link.clone(), target: target.to_path_buf(), source };
    if link.symlink_metadata().is_ok_and(|found| !found.is_symlink()) && std::fs::remove_dir(&link).is_err() {
        return Err(LinkError::Occupied(link));
    }
    std::fs::create_dir_all(checkout.join(".tools")).map_err(refused)?;
    let fresh = checkout.join(".tools").join(format!(".{name}.{}", std::process::id()));
    std::os::unix::fs::symlink(target, &fresh).map_err(refused)?;
    std::fs::rename(&fresh, &link).map_err(|source| {
        // The rename's failure is what counts; a left-over link only takes up a name.
        let _ = std::fs::remove_file(&fresh);
        refused(source)
    })?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_is_made_once_and_follows_its_target() {
        let checkout = tempfile::tempdir().expect("a temporary directory");
        let (old, new) = (checkout.path().join("old"), checkout.path().join("new"));

        assert!(link(checkout.path(), "tool", &old).expect("a first link"));
        assert!(!link(checkout.path(), "tool", &old).expect("the same link again"));
        assert!(link(checkout.path(), "tool", &new).expect("a moved link"));

        assert_eq!(std::fs::read_link(link_path(checkout.path(), "tool")).expect("a link"), new);
        assert_eq!(std::fs::read_dir(checkout.path().join(".tools")).expect("the directory").count(), 1);
    }

    #[test]
    fn empty_directory_in_the_way_is_replaced() {
        let checkout = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir_all(link_path(checkout.path(), "tool")).expect("create the directory");

        assert!(link(checkout.path(), "tool", Path::new("/somewhere")).expect("a link"));
    }

    #[test]
    fn occupied_directory_is_kept_and_named() {
        let checkout = tempfile::tempdir().expect("a temporary directory");
        let occupied = link_path(checkout.path(), "tool");
        std::fs::create_dir_all(occupied.join("precious")).expect("create the directory");

        let error = link(checkout.path(), "tool", Path::new("/somewhere")).expect_err("it is occupied");

        assert!(error.to_string().contains(".tools/tool"), "{error}");
        assert!(occupied.join("precious").is_dir());
    }
}

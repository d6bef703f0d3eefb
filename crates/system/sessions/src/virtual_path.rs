//! Paths as callers write them, parsed once into what they mean.

use std::path::PathBuf;

use crate::{FileError, mount::Mount};

/// Longest path, in bytes; the kernel accepts no longer one.
const MAX_PATH_BYTES: usize = 4095;
/// Longest component, in bytes.
const MAX_COMPONENT_BYTES: usize = 255;

/// A path inside a session, parsed. `/` is the session root, and a leading `/` is optional.
///
/// `.` and empty components are dropped and `..` is resolved by the text alone, before any file is looked at; a
/// `..` above the root is refused rather than ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualPath {
    given: String,
    place: Place,
}

/// Where a virtual path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Into the session's own folder; relative, empty for its root.
    Workspace(PathBuf),
    /// Into a read-only mount; relative to the mount, empty for the mount itself.
    Mount(Mount, PathBuf),
}

impl VirtualPath {
    /// Parses a caller's path.
    ///
    /// # Errors
    /// [`FileError::OutsideWorkspace`] for a `..` above the root; [`FileError::InvalidPath`] for a NUL character or
    /// a length that no file can have.
    pub fn parse(given: &str) -> Result<Self, FileError> {
        let invalid = |reason: String| FileError::InvalidPath { path: given.to_owned(), reason };
        if given.contains('\0') {
            return Err(invalid("it contains a NUL character".into()));
        }
        if given.len() > MAX_PATH_BYTES {
            return Err(invalid(format!("it has {} bytes, at most {MAX_PATH_BYTES} are possible", given.len())));
        }
        let mut components: Vec<&str> = Vec::new();
        for component in given.split('/') {
            match component {
                "" | "." => {}
                ".." => {
                    if components.pop().is_none() {
                        return Err(FileError::OutsideWorkspace { path: given.to_owned() });
                    }
                }
                name if name.len() > MAX_COMPONENT_BYTES => {
                    let length = name.len();
                    return Err(invalid(format!(
                        "a name in it has {length} bytes, at most {MAX_COMPONENT_BYTES} are possible"
                    )));
                }
                name => components.push(name),
            }
        }
        let place = match components.split_first() {
            Some((first, rest)) if let Some(mount) = Mount::named(first) => Place::Mount(mount, rest.iter().collect()),
            _ => Place::Workspace(components.iter().collect()),
        };
        Ok(Self { given: given.to_owned(), place })
    }

    /// The caller's spelling, for messages.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// Where it leads.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The path inside the session's own folder, relative, empty for its root.
    ///
    /// # Errors
    /// [`FileError::ReadOnly`] when it leads into a mount, whether or not anything is there.
    pub fn writable(&self) -> Result<&PathBuf, FileError> {
        match &self.place {
            Place::Workspace(inner) => Ok(inner),
            Place::Mount(mount, _) => Err(FileError::ReadOnly { path: self.given.clone(), mount: *mount }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn place(given: &str) -> Place {
        VirtualPath::parse(given).expect("a valid path").place
    }

    #[test]
    fn mount_matches_a_whole_path_component() {
        for spelling in ["config", "/config", "./config", "a/../config", "//config/", "/x/y/../../config/."] {
            assert_eq!(
                place(spelling),
                Place::Mount(Mount::named("config").expect("a mount"), PathBuf::new()),
                "{spelling}"
            );
        }
        assert_eq!(place("/config/x.yaml"), Place::Mount(Mount::named("config").expect("a mount"), "x.yaml".into()));
        for spelling in ["/config.yaml", "utils_x.py", "/a/config/x", "/Config/x"] {
            assert!(matches!(place(spelling), Place::Workspace(_)), "{spelling}");
        }
    }

    #[test]
    fn root_has_many_spellings_and_no_parent() {
        for spelling in ["/", "", ".", "./", "//", "a/..", "/a/b/../.."] {
            assert_eq!(place(spelling), Place::Workspace(PathBuf::new()), "{spelling}");
        }
        for spelling in ["..", "/..", "a/../..", "/../etc/passwd", "config/../../x"] {
            assert!(matches!(VirtualPath::parse(spelling), Err(FileError::OutsideWorkspace { .. })), "{spelling}");
        }
    }

    #[test]
    fn a_path_out_of_a_mount_is_a_workspace_path() {
        assert_eq!(place("/config/../x"), Place::Workspace(Path::new("x").into()));
    }

    #[test]
    fn impossible_file_names_are_refused() {
        for spelling in ["a\0b".to_owned(), "x".repeat(256), "y/".repeat(3000)] {
            assert!(matches!(VirtualPath::parse(&spelling), Err(FileError::InvalidPath { .. })), "{spelling:?}");
        }
    }
}

//! Walking through a folder without following a link.

use std::{
    io,
    path::{Path, PathBuf},
};

use cap_fs_ext::{DirExt, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, File, OpenOptions};

use folders::MAX_DEPTH;

use crate::FileError;

/// A regular file that was found.
pub(crate) struct Found<'a> {
    /// Path from where the walk started.
    pub(crate) path: &'a Path,
    folder: &'a Dir,
    name: &'a Path,
}

impl Found<'_> {
    /// Opens the file for reading; `None` when it is not a regular file any more.
    pub(crate) fn open(&self) -> io::Result<Option<File>> {
        let file = match self
            .folder
            .open_with(self.name, OpenOptions::new().read(true).nonblock(true).follow(cap_fs_ext::FollowSymlinks::No))
        {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(file.metadata()?.is_file().then_some(file))
    }
}

/// Visits all regular files below `folder` in the order of their paths. `enter` decides by its path, from where the
/// walk started, whether a file or folder is looked at.
pub(crate) fn walk(
    folder: &Dir,
    enter: &dyn Fn(&Path) -> bool,
    visit: &mut dyn FnMut(&Found<'_>) -> Result<(), FileError>,
) -> Result<(), FileError> {
    descend(folder, Path::new(""), 0, enter, visit)
}

fn descend(
    folder: &Dir,
    prefix: &Path,
    depth: usize,
    enter: &dyn Fn(&Path) -> bool,
    visit: &mut dyn FnMut(&Found<'_>) -> Result<(), FileError>,
) -> Result<(), FileError> {
    let shown = || format!("/{}", prefix.display());
    if depth > MAX_DEPTH {
        return Err(FileError::TooDeep { path: shown() });
    }
    let fail = |source| FileError::from_io("list", &shown(), source);
    let mut entries = Vec::new();
    for entry in folder.entries().map_err(fail)? {
        let entry = entry.map_err(fail)?;
        entries.push((PathBuf::from(entry.file_name()), entry.file_type().map_err(fail)?));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, kind) in entries {
        let path = prefix.join(&name);
        if !enter(&path) {
            continue;
        }
        if kind.is_dir() {
            match folder.open_dir_nofollow(&name) {
                Ok(child) => descend(&child, &path, depth + 1, enter, visit)?,
                // Somebody deleted it, or put something else in its place, since it was listed.
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(error) => return Err(fail(error)),
            }
        } else if kind.is_file() {
            visit(&Found { path: &path, folder, name: &name })?;
        }
    }
    Ok(())
}

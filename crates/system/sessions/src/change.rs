//! Changing a session's files: write, edit, delete. Each change is whole or does not happen.

use std::{io, os::unix::fs::PermissionsExt, path::Path};

use cap_std::fs::Permissions;
use contract::files::Edit;
use folders::{MAX_DEPTH, Quota};
use uuid::Uuid;

use crate::{FileError, Workspace, virtual_path::VirtualPath};

/// What happens to a file that exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It is replaced.
    Replace,
    /// It stays, and the write fails.
    Keep,
}

impl Workspace {
    /// Writes a file; missing directories are made. A reader sees the old content or the new, never a part.
    ///
    /// # Errors
    /// The path leads outside, into a mount or through a file; it is a directory; or it exists and is to be kept.
    pub fn write(&self, path: &str, content: &[u8], existing: Existing) -> Result<(), FileError> {
        let path = VirtualPath::parse(path)?;
        let inner = path.writable()?;
        let _alone = self.change_lock();
        self.require_room(path.given(), 1, content.len())?;
        self.put(&path, inner, content, existing)
    }

    /// Writes many files in place of those that are there, and looks once whether there is room for all; without it none
    /// is written. Where one cannot be written, those before it are.
    ///
    /// # Errors
    /// As for one file.
    pub fn write_all(&self, files: &[(String, Vec<u8>)]) -> Result<(), FileError> {
        let Some((first, _)) = files.first() else { return Ok(()) };
        let _alone = self.change_lock();
        self.require_room(first, files.len(), files.iter().map(|(_, content)| content.len()).sum())?;
        for (path, content) in files {
            let path = VirtualPath::parse(path)?;
            self.put(&path, path.writable()?, content, Existing::Replace)?;
        }
        Ok(())
    }

    /// Applies replacements in order, all or none. Each `old_string` must occur exactly once in the text as the
    /// earlier replacements left it.
    ///
    /// # Errors
    /// The file cannot be read as text or written, or a text does not occur exactly once.
    pub fn edit(&self, path: &str, edits: &[Edit]) -> Result<(), FileError> {
        let parsed = VirtualPath::parse(path)?;
        let inner = parsed.writable()?;
        let _alone = self.change_lock();
        let mut text = self.read_text(path)?;
        for edit in edits {
            let (path, searched) = (path.to_owned(), edit.old_string.clone());
            text = match occurrences(&text, &edit.old_string) {
                1 => text.replacen(&edit.old_string, &edit.new_string, 1),
                0 => return Err(FileError::EditNotFound { path, text: searched }),
                count => return Err(FileError::EditNotUnique { path, text: searched, count }),
            };
        }
        self.require_room(path, 1, text.len())?;
        self.put(&parsed, inner, text.as_bytes(), Existing::Replace)
    }

    /// Deletes a file, a link itself, or a directory with all that is in it.
    ///
    /// # Errors
    /// Nothing is there, or the path is the root, leads outside or into a mount.
    pub fn delete(&self, path: &str) -> Result<(), FileError> {
        let path = VirtualPath::parse(path)?;
        let inner = path.writable()?;
        if inner.as_os_str().is_empty() {
            return Err(FileError::SessionRoot { path: path.given().to_owned() });
        }
        let _alone = self.change_lock();
        let deleted = match self.root().symlink_metadata(inner) {
            Ok(metadata) if metadata.is_dir() => self.delete_folder(inner),
            Ok(_) => self.root().remove_file(inner),
            Err(error) => Err(error),
        };
        deleted.map_err(|error| match error.kind() {
            io::ErrorKind::NotADirectory => FileError::NotFound { path: path.given().to_owned() },
            _ => FileError::from_io("delete", path.given(), error),
        })
    }

    /// Takes the folder out of the workspace in one step, and empties it where no script reaches it.
    fn delete_folder(&self, inner: &Path) -> io::Result<()> {
        let taken = Uuid::new_v4().to_string();
        let incoming = self.incoming();
        match self.root().rename(inner, incoming.dir(), &taken) {
            // A folder whose own mode closes it cannot be moved.
            Err(error) if error.raw_os_error().is_some() && error.kind() == io::ErrorKind::PermissionDenied => {
                self.root().set_permissions(inner, Permissions::from_std(std::fs::Permissions::from_mode(0o700)))?;
                self.root().rename(inner, incoming.dir(), &taken)?;
            }
            renamed => renamed?,
        }
        incoming.remove(&taken)
    }

    /// Refuses files, of so many bytes together, that the session has no room for. A full session accepts one more,
    /// since that may replace another.
    fn require_room(&self, shown: &str, files: usize, bytes: usize) -> Result<(), FileError> {
        let mut usage = self.usage()?;
        usage.entries += files as u64 - 1;
        usage.bytes += bytes as u64;
        match Quota::SESSION.excess(&usage) {
            Some(excess) => Err(FileError::OverQuota { path: shown.to_owned(), excess }),
            None => Ok(()),
        }
    }

    /// Completes the file out of sight and moves it into place.
    fn put(&self, path: &VirtualPath, inner: &Path, content: &[u8], existing: Existing) -> Result<(), FileError> {
        let shown = path.given();
        if inner.as_os_str().is_empty() {
            return Err(FileError::SessionRoot { path: shown.to_owned() });
        }
        if inner.components().count() > MAX_DEPTH {
            return Err(FileError::TooDeep { path: shown.to_owned() });
        }
        match self.root().symlink_metadata(inner) {
            Ok(metadata) if metadata.is_dir() => return Err(FileError::IsDirectory { path: shown.to_owned() }),
            Ok(_) if existing == Existing::Keep => return Err(FileError::AlreadyExists { path: shown.to_owned() }),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.make_parent(inner, shown)?,
            Err(error) => return Err(FileError::from_io("write", shown, error)),
        }
        let draft = Uuid::new_v4().to_string();
        let incoming = self.incoming().dir();
        let placed = incoming.write(&draft, content).and_then(|()| match existing {
            Existing::Replace => incoming.rename(&draft, self.root(), inner),
            // A second name fails when the first is taken, at the same instant; a rename would replace it.
            Existing::Keep => {
                incoming.hard_link(&draft, self.root(), inner).and_then(|()| incoming.remove_file(&draft))
            }
        });
        placed.map_err(|error| {
            // The draft may not exist, when writing it is what failed; then there is nothing to take away.
            let _ = incoming.remove_file(&draft);
            FileError::from_io("write", shown, error)
        })
    }

    fn make_parent(&self, inner: &Path, shown: &str) -> Result<(), FileError> {
        let Some(parent) = inner.parent().filter(|parent| !parent.as_os_str().is_empty()) else { return Ok(()) };
        self.root().create_dir_all(parent).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => FileError::NotADirectory { path: shown.to_owned() },
            _ => FileError::from_io("make the directories of", shown, error),
        })
    }
}

/// How often `searched` occurs in `text`, overlapping places counted too: with those the one to replace would be a
/// guess.
fn occurrences(text: &str, searched: &str) -> usize {
    let step = searched.chars().next().map_or(1, char::len_utf8);
    let mut count = 0;
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(searched)) {
        count += 1;
        from += at + step;
    }
    count
}

//! Folders that belong to a process, and go with it even when it is killed.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::remove;

/// A folder of this process. It is removed when this is dropped; when the process is killed, the next one that makes a
/// folder in the same place removes it: the owner holds a lock on the folder, which the kernel releases when the owner
/// dies, however it dies. A lock on the parent keeps a sweep from running while a folder is made.
#[derive(Debug)]
pub struct OwnedFolder {
    path: PathBuf,
    /// Held for its lock.
    _lock: File,
}

impl OwnedFolder {
    /// Makes a folder with a unique name, `<prefix><unique>`, below `parent`, after removing those folders with that
    /// prefix whose owner has died. `parent` is made when it is missing.
    ///
    /// # Errors
    /// The operating system refuses. A dead owner's folder that cannot be removed is not an error; it is logged.
    pub fn create(parent: &Path, prefix: &str) -> io::Result<Self> {
        let _gate = Self::sweep(parent, prefix)?;
        let path = parent.join(format!("{prefix}{}", Uuid::new_v4()));
        fs::create_dir(&path)?;
        let lock = locked(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// Removes those folders with the prefix whose owner has died. The file that is returned keeps others from doing
    /// so, and from making one.
    ///
    /// # Errors
    /// `parent` cannot be made or locked.
    pub fn sweep(parent: &Path, prefix: &str) -> io::Result<File> {
        fs::create_dir_all(parent)?;
        let gate = locked(parent)?;
        sweep(parent, prefix);
        Ok(gate)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for OwnedFolder {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "a folder could not be removed");
        }
    }
}

/// Removes the folders of dead owners.
fn sweep(parent: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_ours = name.strip_prefix(prefix).is_some_and(|rest| Uuid::try_parse(rest).is_ok());
        if !is_ours || !is_orphaned(&path) {
            continue;
        }
        match remove(&path) {
            Ok(()) => tracing::info!(path = %path.display(), "removed the folder of a process that has died"),
            Err(error) => tracing::warn!(path = %path.display(), %error, "cannot remove a dead process's folder"),
        }
    }
}

/// Opens a folder and takes its lock.
fn locked(folder: &Path) -> io::Result<File> {
    let opened = File::open(folder)?;
    opened.lock()?;
    Ok(opened)
}

/// True when no process holds the folder's lock. The parent is locked, so none is about to take it.
fn is_orphaned(folder: &Path) -> bool {
    File::open(folder).is_ok_and(|opened| opened.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    impl OwnedFolder {
        #[expect(
            clippy::used_underscore_binding,
            reason = "the field is held for its lock, and only a test lets go of it"
        )]
        fn lose_lock(&self) {
            self._lock.unlock().expect("unlocked");
        }
    }

    #[test]
    fn only_folders_of_dead_owners_are_removed() {
        let parent = tempfile::tempdir().expect("a folder");
        let living = OwnedFolder::create(parent.path(), "run-").expect("made");
        let foreign = parent.path().join("run-mine");
        fs::create_dir(&foreign).expect("a folder of somebody else");
        let dead = OwnedFolder::create(parent.path(), "run-").expect("made");
        let dead_path = dead.path().to_owned();
        fs::create_dir_all(dead_path.join("left/by/a/run")).expect("folders");
        // As if its process were killed: the lock goes, the folder stays.
        dead.lose_lock();
        std::mem::forget(dead);
        let next = OwnedFolder::create(parent.path(), "run-").expect("made");
        assert!(!dead_path.exists(), "left over");
        assert!(living.path().exists() && next.path().exists() && foreign.exists());
        let path = next.path().to_owned();
        drop(next);
        assert!(!path.exists());
    }
}

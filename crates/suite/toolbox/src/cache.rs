//! The user's cache of tools: one directory per tool and version, and nothing half-made in it.
//!
//! Installing works on a [`Construction`]: a directory beside the final one, renamed into place when it is complete, or
//! the final directory itself for what cannot be moved (a Python environment knows its own path). Either way a marker
//! file is the last thing written and only a directory with the marker counts. A construction that is dropped removes
//! itself; what a killed setup left behind is removed by [`Cache::sweep`] at the next start.
//!
//! One lock per directory keeps two setups apart. The kernel releases it when its holder dies.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The file that says a directory of the cache is complete.
const COMPLETE: &str = ".complete";

/// What separates a slot's name from the rest in the name of an unfinished directory.
const PARTIAL: &str = ".partial-";

/// Why the cache could not be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// No variable says where the cache is.
    #[error("no cache directory: none of PROVING_GROUND_CACHE, XDG_CACHE_HOME and HOME is set; set one of them")]
    NoPlace,
    /// The file system refused.
    #[error("cannot {action} {}: {source}; check that the directory is yours and the disk is not full", .path.display())]
    Refused {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
}

impl CacheError {
    fn refused(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Refused { action, path, source }
    }
}

/// The cache directory as a whole.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The cache at `root`, which need not exist yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The cache that the environment names: `PROVING_GROUND_CACHE`, else `XDG_CACHE_HOME/proving-ground`, else
    /// `HOME/.cache/proving-ground`. Empty variables count as unset.
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, CacheError> {
        let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        path("PROVING_GROUND_CACHE")
            .or_else(|| path("XDG_CACHE_HOME").map(|cache| cache.join("proving-ground")))
            .or_else(|| path("HOME").map(|home| home.join(".cache/proving-ground")))
            .map(Self::at)
            .ok_or(CacheError::NoPlace)
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The place of one tool in one version, for example `mujoco-3.17.0`.
    pub fn slot(&self, name: impl Into<String>) -> Slot {
        Slot { root: self.root.clone(), name: name.into() }
    }

    /// The log file of the last installation of a component; its directory is created.
    pub fn log_file(&self, component: &str) -> Result<PathBuf, CacheError> {
        let logs = self.root.join("logs");
        std::fs::create_dir_all(&logs).map_err(CacheError::refused("create", &logs))?;
        Ok(logs.join(format!("{component}.log")))
    }

    /// Removes what setups that were killed left unfinished, and returns the removed directories.
    ///
    /// Only directories for which this cache holds a lock file are looked at, and only when no living setup holds that
    /// lock: the cache directory may be one that holds other things as well.
    pub fn sweep(&self) -> Result<Vec<PathBuf>, CacheError> {
        let Ok(entries) = std::fs::read_dir(&self.root) else { return Ok(Vec::new()) };
        let mut removed = Vec::new();
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let slot = self.slot(name.split_once(PARTIAL).map_or(name, |(slot, _)| slot));
            if !slot.lock_path().is_file() || path.join(COMPLETE).is_file() && !name.contains(PARTIAL) {
                continue;
            }
            if let Some(_lock) = slot.try_lock()? {
                // Between the look and the lock another setup may have finished it.
                if name.contains(PARTIAL) || !slot.is_complete() {
                    remove_tree(&path)?;
                    removed.push(path);
                }
            }
        }
        Ok(removed)
    }
}

/// The place of one tool in one version.
#[derive(Debug, Clone)]
pub struct Slot {
    root: PathBuf,
    name: String,
}

impl Slot {
    /// The directory in which the complete tool is, or will be.
    pub fn path(&self) -> PathBuf {
        self.root.join(&self.name)
    }

    /// Whether the tool was installed to the end.
    pub fn is_complete(&self) -> bool {
        self.path().join(COMPLETE).is_file()
    }

    /// Waits until no other setup works on this slot. `when_busy` is called once if there is anything to wait for.
    pub fn lock(&self, when_busy: impl FnOnce()) -> Result<SlotLock, CacheError> {
        if let Some(lock) = self.try_lock()? {
            return Ok(lock);
        }
        when_busy();
        let file = self.open_lock_file()?;
        file.lock().map_err(CacheError::refused("lock", &self.lock_path()))?;
        Ok(SlotLock { slot: self.clone(), _file: file })
    }

    /// The lock of this slot, or none when another setup holds it.
    pub fn try_lock(&self) -> Result<Option<SlotLock>, CacheError> {
        let file = self.open_lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(SlotLock { slot: self.clone(), _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(CacheError::refused("lock", &self.lock_path())(source)),
        }
    }

    fn lock_path(&self) -> PathBuf {
        self.root.join("locks").join(format!("{}.lock", self.name))
    }

    fn open_lock_file(&self) -> Result<File, CacheError> {
        let path = self.lock_path();
        let directory = self.root.join("locks");
        std::fs::create_dir_all(&directory).map_err(CacheError::refused("create", &directory))?;
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(CacheError::refused("open the lock file", &path))
    }
}

/// The right to change one slot, for as long as this value lives.
#[derive(Debug)]
pub struct SlotLock {
    slot: Slot,
    _file: File,
}

impl SlotLock {
    /// A fresh directory beside the slot, for what can be moved when it is done.
    pub fn stage(&self) -> Result<Construction<'_>, CacheError> {
        let work = self.slot.root.join(format!("{}{PARTIAL}{}", self.slot.name, std::process::id()));
        self.begin(work)
    }

    /// The slot's own directory, emptied, for what cannot be moved when it is done.
    pub fn build_in_place(&self) -> Result<Construction<'_>, CacheError> {
        self.begin(self.slot.path())
    }

    fn begin(&self, work: PathBuf) -> Result<Construction<'_>, CacheError> {
        remove_tree(&work)?;
        std::fs::create_dir_all(&work).map_err(CacheError::refused("create", &work))?;
        Ok(Construction { lock: self, work, finished: false })
    }
}

/// A tool being installed; removes itself unless [`Construction::finish`] is reached.
#[derive(Debug)]
pub struct Construction<'lock> {
    lock: &'lock SlotLock,
    work: PathBuf,
    finished: bool,
}

impl Construction<'_> {
    /// The directory to install into.
    pub fn path(&self) -> &Path {
        &self.work
    }

    /// Declares the tool complete: writes the marker with `note` in it and moves the directory to its final place.
    pub fn finish(mut self, note: &str) -> Result<PathBuf, CacheError> {
        let destination = self.lock.slot.path();
        let marker = self.work.join(COMPLETE);
        std::fs::write(&marker, format!("{note}\n")).map_err(CacheError::refused("write", &marker))?;
        if self.work != destination {
            remove_tree(&destination)?;
            std::fs::rename(&self.work, &destination).map_err(CacheError::refused("move into place", &destination))?;
        }
        self.finished = true;
        Ok(destination)
    }
}

impl Drop for Construction<'_> {
    fn drop(&mut self) {
        if !self.finished {
            // Best effort: the next setup sweeps what could not be removed here.
            let _ = remove_tree(&self.work);
        }
    }
}

fn remove_tree(path: &Path) -> Result<(), CacheError> {
    match std::fs::remove_dir_all(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(CacheError::refused("remove", path)(source)),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;

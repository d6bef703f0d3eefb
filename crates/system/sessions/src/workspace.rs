//! One session's files: looking at them. Changing, searching and packing are in modules of their own.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, MutexGuard},
};

use cap_fs_ext::OpenOptionsSyncExt;
use cap_std::{
    ambient_authority,
    fs::{Dir, File, OpenOptions},
};
use contract::files::FileInfo;
use folders::{OwnedFolder, Quota, Usage, measure};

use crate::{
    FileError,
    locks::Locks,
    mount::Mount,
    virtual_path::{Place, VirtualPath},
};

/// Largest file that is read or searched, in bytes.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// The files of one session. Cheap to clone. All calls block.
///
/// Paths are virtual, see [`VirtualPath`]. A symbolic link is followed only as far as it stays in the workspace.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: Arc<Dir>,
    path: PathBuf,
    incoming: Arc<Incoming>,
    mounts: Arc<Path>,
    locks: Arc<Locks>,
}

/// Where files are completed before they are moved into a workspace, and emptied after they left it. Out of reach of
/// scripts, on the same disk.
#[derive(Debug)]
pub(crate) struct Incoming {
    dir: Dir,
    path: PathBuf,
    /// Removed with the last workspace that uses it; a part of a scratch folder is removed with that.
    _owned: Option<OwnedFolder>,
}

impl Incoming {
    /// A folder of this process below `parent`.
    pub(crate) fn create(parent: &Path) -> io::Result<Self> {
        let owned = OwnedFolder::create(parent, "")?;
        let opened = Self::open(owned.path().to_owned())?;
        Ok(Self { _owned: Some(owned), ..opened })
    }

    /// A folder that another owner removes.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        Ok(Self { dir: Dir::open_ambient_dir(&path, ambient_authority())?, path, _owned: None })
    }

    /// The folder.
    pub(crate) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Removes what was moved here, of any kind.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        folders::remove(&self.path.join(name))
    }
}

/// What exists at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A link, wherever it leads, a pipe, a socket or a device.
    Other,
}

impl Workspace {
    pub(crate) fn new(root: Dir, path: PathBuf, incoming: Arc<Incoming>, mounts: Arc<Path>, locks: Arc<Locks>) -> Self {
        Self { root: Arc::new(root), path, incoming, mounts, locks }
    }

    /// The folder on disk, for programs that run in it. Nothing behind it may be trusted; services open files by
    /// the methods of this type and not by this path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Entries of a directory, sorted by path; empty when there is none. The root, written with a `/`, also shows
    /// the mounts that exist; `.` shows the session's own files only.
    ///
    /// # Errors
    /// The path leads outside, or to a file.
    pub fn list(&self, path: &str) -> Result<Vec<FileInfo>, FileError> {
        let path = VirtualPath::parse(path)?;
        let (folder, shown) = match path.place() {
            Place::Workspace(inner) => (folder(&self.root, inner), shown_as(None, inner)),
            Place::Mount(mount, inner) => {
                (self.mount(*mount).and_then(|mount| folder(&mount, inner)), shown_as(Some(*mount), inner))
            }
        };
        let folder = match folder {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            folder => folder.map_err(|error| FileError::from_io("list", path.given(), error))?,
        };
        let at_root = shown == "/";
        let mut entries = Vec::new();
        for entry in folder.entries().map_err(|error| FileError::from_io("list", path.given(), error))? {
            let entry = entry.map_err(|error| FileError::from_io("list", path.given(), error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // A file that vanished since, and what a mount hides, are not there for the caller.
            let Ok(metadata) = entry.metadata() else { continue };
            if at_root && Mount::named(&name).is_some() {
                continue;
            }
            entries.push(if metadata.is_dir() {
                FileInfo { path: format!("{shown}{name}/"), name, is_dir: true, size: Some(0) }
            } else {
                FileInfo { path: format!("{shown}{name}"), name, is_dir: false, size: Some(metadata.len()) }
            });
        }
        if at_root && path.given().starts_with('/') {
            entries.extend(Mount::all().filter(|mount| self.mount(*mount).is_ok()).map(|mount| FileInfo {
                path: format!("/{mount}"),
                name: mount.name().to_owned(),
                is_dir: true,
                size: None,
            }));
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    /// True when the path names something that may be seen. A path that leads outside names nothing.
    pub fn exists(&self, path: &str) -> bool {
        let Ok(path) = VirtualPath::parse(path) else { return false };
        match path.place() {
            Place::Workspace(inner) => self.root.metadata(or_here(inner)).is_ok(),
            Place::Mount(mount, inner) => self.mount(*mount).and_then(|mount| mount.metadata(or_here(inner))).is_ok(),
        }
    }

    /// What the path itself names, a link not followed; `None` when it names nothing.
    pub fn kind(&self, path: &str) -> Option<EntryKind> {
        let path = VirtualPath::parse(path).ok()?;
        let metadata = match path.place() {
            Place::Workspace(inner) => self.root.symlink_metadata(or_here(inner)),
            Place::Mount(mount, inner) => self.mount(*mount).and_then(|mount| mount.symlink_metadata(or_here(inner))),
        };
        let kind = metadata.ok()?.file_type();
        Some(match kind {
            kind if kind.is_dir() => EntryKind::Directory,
            kind if kind.is_file() => EntryKind::File,
            _ => EntryKind::Other,
        })
    }

    /// A file's bytes.
    ///
    /// # Errors
    /// It does not exist, is a directory or a device, leads outside, or has over [`MAX_FILE_BYTES`] bytes.
    pub fn read_bytes(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let path = VirtualPath::parse(path)?;
        let opened = match path.place() {
            Place::Workspace(inner) => open_for_reading(&self.root, or_here(inner)),
            Place::Mount(mount, inner) => self.mount(*mount).and_then(|mount| open_for_reading(&mount, or_here(inner))),
        };
        let file = opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotADirectory => FileError::NotFound { path: path.given().to_owned() },
            _ => FileError::from_io("open", path.given(), error),
        })?;
        read_whole(file, path.given())
    }

    /// A file's text.
    ///
    /// # Errors
    /// As [`Self::read_bytes`], and [`FileError::NotUtf8`].
    pub fn read_text(&self, path: &str) -> Result<String, FileError> {
        String::from_utf8(self.read_bytes(path)?)
            .map_err(|error| FileError::NotUtf8 { path: path.to_owned(), offset: error.utf8_error().valid_up_to() })
    }

    pub(crate) fn root(&self) -> &Dir {
        &self.root
    }

    pub(crate) fn incoming(&self) -> &Incoming {
        &self.incoming
    }

    /// What the session holds, measured up to the limits of [`Quota::SESSION`].
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn usage(&self) -> Result<Usage, FileError> {
        measure(&self.root, &Quota::SESSION).map_err(|error| FileError::from_io("measure", "/", error))
    }

    /// Keeps other changes of the same session waiting.
    pub(crate) fn change_lock(&self) -> MutexGuard<'_, ()> {
        self.locks.change()
    }

    /// A mount's folder. The operator made it, so a link in its own place is followed; inside it none leads out.
    pub(crate) fn mount(&self, mount: Mount) -> io::Result<Dir> {
        Dir::open_ambient_dir(self.mounts.join(mount.name()), ambient_authority())
    }
}

fn folder(base: &Dir, inner: &Path) -> io::Result<Dir> {
    base.open_dir(or_here(inner))
}

/// The empty path means the folder itself, which the operating system calls `.`.
pub(crate) fn or_here(inner: &Path) -> &Path {
    if inner.as_os_str().is_empty() { Path::new(".") } else { inner }
}

/// A folder as callers see it, with a `/` at both ends.
pub(crate) fn shown_as(mount: Option<Mount>, inner: &Path) -> String {
    let mut shown = "/".to_owned();
    for part in mount.map(Mount::name).into_iter().chain(inner.iter().filter_map(|part| part.to_str())) {
        shown.push_str(part);
        shown.push('/');
    }
    shown
}

/// Opens without waiting: a pipe in the place of a file must not hang the service.
fn open_for_reading(base: &Dir, inner: &Path) -> io::Result<File> {
    base.open_with(inner, OpenOptions::new().read(true).nonblock(true))
}

/// Reads a regular file to its end, within the limit.
pub(crate) fn read_whole(file: File, shown: &str) -> Result<Vec<u8>, FileError> {
    let fail = |source| FileError::from_io("read", shown, source);
    let metadata = file.metadata().map_err(fail)?;
    if metadata.is_dir() {
        return Err(FileError::IsDirectory { path: shown.to_owned() });
    }
    if !metadata.is_file() {
        return Err(FileError::InvalidPath { path: shown.to_owned(), reason: "it is not a regular file".into() });
    }
    let mut bytes = Vec::with_capacity(metadata.len().min(MAX_FILE_BYTES) as usize);
    // One byte more than allowed, so that a file that grows meanwhile is noticed too.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let size = metadata.len().max(bytes.len() as u64);
        return Err(FileError::TooLarge { path: shown.to_owned(), size, limit: MAX_FILE_BYTES });
    }
    Ok(bytes)
}

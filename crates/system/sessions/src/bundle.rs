//! A workspace as one gzip tar, and back. This is how a design travels to another worker.

use std::{
    io::{self, Read},
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use cap_std::{ambient_authority, fs::Dir};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use folders::{MAX_DEPTH, OwnedFolder};

use crate::{
    FileError, MAX_BUNDLE_BYTES, MAX_BUNDLE_ENTRIES, Workspace,
    locks::Locks,
    mount::Mount,
    walk::{Found, walk},
    workspace::{Incoming, read_whole},
};

/// Names that keep a path out of a bundle wherever they occur in it: results, history and caches.
const LEFT_OUT: [&str; 4] = ["renders", ".git", "__pycache__", "assets"];
/// Archive headers and padding, on top of the content.
const ARCHIVE_OVERHEAD_BYTES: u64 = 4096 * MAX_BUNDLE_ENTRIES as u64;

/// Why a bundle cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It is not a gzip tar, or a broken one.
    #[error("the bundle is not a readable gzip tar: {0}")]
    Malformed(#[source] io::Error),
    /// An entry would be outside the folder.
    #[error("the bundle's entry {0:?} leads outside the workspace; entries must be relative and without '..'")]
    Outside(PathBuf),
    /// An entry is a link, a device or a pipe.
    #[error("the bundle's entry {0:?} is neither a file nor a folder; links and devices are not unpacked")]
    NotAFile(PathBuf),
    /// Too many bytes.
    #[error("the bundle holds more than {MAX_BUNDLE_BYTES} bytes unpacked; leave out results that can be remade")]
    TooLarge,
    /// Too many entries.
    #[error("the bundle holds more than {MAX_BUNDLE_ENTRIES} entries; leave out results that can be remade")]
    TooManyEntries,
    /// Folders nested too deeply.
    #[error("the bundle holds folders nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// The operating system refused.
    #[error("cannot unpack the bundle: {0}")]
    Io(#[source] io::Error),
}

/// A workspace in a folder of its own that is removed when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    workspace: Workspace,
    _folder: OwnedFolder,
}

impl Scratch {
    /// The files.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }
}

impl Workspace {
    /// The session's files as a gzip tar, the same bytes for the same files. Left out: links, and any path with a
    /// component `renders`, `.git`, `__pycache__` or `assets`; the mounts are not the session's and are not in it.
    ///
    /// # Errors
    /// The files are over [`MAX_BUNDLE_BYTES`] or [`MAX_BUNDLE_ENTRIES`], or cannot be read.
    pub fn bundle(&self) -> Result<Vec<u8>, FileError> {
        let fail = |source| FileError::Io { action: "pack", path: "/".to_owned(), source };
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let (mut bytes, mut entries) = (0_u64, 0_usize);
        walk(self.root(), &is_packed, &mut |found: &Found<'_>| {
            let shown = format!("/{}", found.path.display());
            let fail = |source| FileError::from_io("pack", &shown, source);
            let Some(file) = found.open().map_err(fail)? else { return Ok(()) };
            // Read whole before it is packed: a file that shrinks meanwhile would break the archive.
            let content = read_whole(file, &shown)?;
            bytes += content.len() as u64;
            entries += 1;
            if bytes > MAX_BUNDLE_BYTES {
                return Err(FileError::TooLarge { path: "/".to_owned(), size: bytes, limit: MAX_BUNDLE_BYTES });
            }
            if entries > MAX_BUNDLE_ENTRIES {
                return Err(FileError::TooManyFiles);
            }
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(0);
            archive.append_data(&mut header, found.path, content.as_slice()).map_err(fail)
        })?;
        archive.into_inner().and_then(GzEncoder::finish).map_err(fail)
    }
}

fn is_packed(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let hidden_by_mount = path.components().count() == 1 && Mount::named(name).is_some();
    !LEFT_OUT.contains(&name) && !hidden_by_mount
}

/// Unpacks a bundle into a fresh folder below `parent`; `mounts_dir` holds the folders of the read-only mounts.
///
/// # Errors
/// The bundle is broken or too large, or an entry is anything but a file or folder inside. Nothing is left behind.
pub fn unbundle(bundle: &[u8], parent: &Path, mounts_dir: &Path) -> Result<Scratch, BundleError> {
    let folder = OwnedFolder::create(parent, "").map_err(BundleError::Io)?;
    let make = |name: &str| -> io::Result<PathBuf> {
        let path = folder.path().join(name);
        std::fs::create_dir(&path)?;
        path.canonicalize()
    };
    let path = make("session").map_err(BundleError::Io)?;
    let root = Dir::open_ambient_dir(&path, ambient_authority()).map_err(BundleError::Io)?;
    let incoming = make("incoming").and_then(Incoming::open).map_err(BundleError::Io)?;
    unpack(bundle, &root)?;
    let workspace = Workspace::new(root, path, Arc::new(incoming), mounts_dir.into(), Arc::new(Locks::default()));
    Ok(Scratch { workspace, _folder: folder })
}

fn unpack(bundle: &[u8], root: &Dir) -> Result<(), BundleError> {
    let plain = GzDecoder::new(bundle).take(MAX_BUNDLE_BYTES + ARCHIVE_OVERHEAD_BYTES);
    let mut archive = tar::Archive::new(plain);
    let mut left = MAX_BUNDLE_BYTES;
    for (index, entry) in archive.entries().map_err(BundleError::Malformed)?.enumerate() {
        if index == MAX_BUNDLE_ENTRIES {
            return Err(BundleError::TooManyEntries);
        }
        let mut entry = entry.map_err(BundleError::Malformed)?;
        let given = entry.path().map_err(BundleError::Malformed)?.into_owned();
        let path = inside(&given).ok_or_else(|| BundleError::Outside(given.clone()))?;
        if path.components().count() > MAX_DEPTH {
            return Err(BundleError::TooDeep);
        }
        let kind = entry.header().entry_type();
        if kind.is_dir() {
            if !path.as_os_str().is_empty() {
                root.create_dir_all(&path).map_err(BundleError::Io)?;
            }
            continue;
        }
        if !kind.is_file() || path.as_os_str().is_empty() {
            return Err(BundleError::NotAFile(given));
        }
        left = left.checked_sub(entry.size()).ok_or(BundleError::TooLarge)?;
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            root.create_dir_all(parent).map_err(BundleError::Io)?;
        }
        let mut file = root.create(&path).map_err(BundleError::Io)?;
        let expected = entry.size();
        let written = io::copy(&mut entry, &mut file).map_err(BundleError::Malformed)?;
        if written != expected {
            return Err(BundleError::Malformed(io::ErrorKind::UnexpectedEof.into()));
        }
    }
    Ok(())
}

/// The path without `.`; `None` when it could lead outside.
fn inside(path: &Path) -> Option<PathBuf> {
    path.components()
        .filter(|component| !matches!(component, Component::CurDir))
        .map(|component| match component {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect()
}

//! All sessions of a worker: where their folders are, and how one is opened.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use cap_fs_ext::DirExt;
use cap_std::{ambient_authority, fs::Dir};
use contract::{objectives::OBJECTIVES_FILE, session::SessionId};
use folders::OwnedFolder;
use service::ServiceError;
use uuid::Uuid;

use crate::{
    FileError, SessionLock, Workspace,
    bundle::{BundleError, Scratch, unbundle},
    locks::LockMap,
    template::OBJECTIVES_TEMPLATE,
    workspace::Incoming,
};

/// Folder beside the sessions where each worker has a folder of its own to complete files in before they are moved
/// into place. No session id starts with a dot, so none can be it.
const INCOMING: &str = ".incoming";
/// Folder beside the sessions where bundles are unpacked.
const BUNDLES: &str = ".bundles";

/// Folder beside the sessions with one file for each of them that was ever locked. It is out of reach of scripts.
const LOCKS: &str = ".locks";

/// The sessions below one folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    root: Dir,
    incoming: Arc<Incoming>,
    mounts: Arc<Path>,
    locks: LockMap,
}

impl Sessions {
    /// Sessions live in `root_dir`, which is made when it is missing; `mounts_dir` holds the folders of the
    /// read-only mounts, each of which may be missing.
    ///
    /// # Errors
    /// `root_dir` cannot be made or opened.
    pub fn new(root_dir: impl AsRef<Path>, mounts_dir: impl Into<PathBuf>) -> Result<Self, FileError> {
        let open = |root_dir: &Path| -> io::Result<Inner> {
            std::fs::create_dir_all(root_dir)?;
            let path = root_dir.canonicalize()?;
            let root = Dir::open_ambient_dir(&path, ambient_authority())?;
            let incoming = Arc::new(Incoming::create(&path.join(INCOMING))?);
            OwnedFolder::sweep(&path.join(BUNDLES), "")?;
            root.create_dir_all(LOCKS)?;
            let locks = LockMap::new(path.join(LOCKS));
            Ok(Inner { path, root, incoming, mounts: mounts_dir.into().into(), locks })
        };
        let root_dir = root_dir.as_ref();
        let inner = open(root_dir).map_err(|source| FileError::Io {
            action: "open the sessions folder",
            path: root_dir.display().to_string(),
            source,
        })?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The folder that holds all sessions.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Opens a session. The first touch makes its folder, with the template `objectives.yaml` in it; both appear
    /// together, so nobody sees a session without its template.
    ///
    /// # Errors
    /// The operating system refuses, or something that is no folder stands in the session's place.
    pub fn open(&self, session: &SessionId) -> Result<Workspace, FileError> {
        let inner = &self.inner;
        let name = session.as_str();
        let fail = |source| FileError::Io { action: "open the workspace of session", path: name.to_owned(), source };
        let dir = match inner.root.open_dir_nofollow(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.create(name).map_err(fail)?;
                inner.root.open_dir_nofollow(name).map_err(fail)?
            }
            opened => opened.map_err(fail)?,
        };
        Ok(Workspace::new(
            dir,
            inner.path.join(name),
            Arc::clone(&inner.incoming),
            Arc::clone(&inner.mounts),
            inner.locks.of(session),
        ))
    }

    /// Opens a session and works in it on a thread that may block. A caller that goes away does not stop the work
    /// half way.
    ///
    /// # Errors
    /// Whatever opening or `work` returns.
    pub async fn in_workspace<T, W>(&self, session: &SessionId, work: W) -> Result<T, ServiceError>
    where
        T: Send + 'static,
        W: FnOnce(&Workspace) -> Result<T, FileError> + Send + 'static,
    {
        let (sessions, session) = (self.clone(), session.clone());
        tokio::task::spawn_blocking(move || work(&sessions.open(&session)?))
            .await
            .map_err(|error| {
                ServiceError::internal(&anyhow::Error::new(error).context("file work panicked or was cancelled"))
            })?
            .map_err(Into::into)
    }

    /// Unpacks a bundle beside the sessions, where scripts may run but no session id leads. Blocks.
    ///
    /// # Errors
    /// The bundle is broken, too large, or holds anything but files and folders.
    pub fn unbundle(&self, bundle: &[u8]) -> Result<Scratch, BundleError> {
        unbundle(bundle, &self.inner.path.join(BUNDLES), &self.inner.mounts)
    }

    /// Waits until no script and no git command works in the session, whichever worker runs it, and keeps it so until
    /// the lock is dropped.
    ///
    /// # Errors
    /// The operating system refuses.
    pub async fn lock(&self, session: &SessionId) -> Result<SessionLock, FileError> {
        let locks = &self.inner.locks;
        let locked = locks.of(session).work(&locks.file_of(session)).await;
        locked.map_err(|source| FileError::Io { action: "lock session", path: session.to_string(), source })
    }

    /// The same lock if it is free now.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn try_lock(&self, session: &SessionId) -> Result<Option<SessionLock>, FileError> {
        let locks = &self.inner.locks;
        let locked = locks.of(session).try_work(&locks.file_of(session));
        locked.map_err(|source| FileError::Io { action: "lock session", path: session.to_string(), source })
    }

    /// Checks that sessions can be made: writes and removes a file beside them.
    ///
    /// # Errors
    /// The folder is gone, full or not writable.
    pub fn probe_writable(&self) -> Result<(), FileError> {
        let name = Uuid::new_v4().to_string();
        let fail = |source| FileError::Io {
            action: "write into the sessions folder",
            path: self.inner.path.display().to_string(),
            source,
        };
        // By the path and not by the handle: a handle stays valid after the folder behind it was removed.
        let folder = Dir::open_ambient_dir(self.inner.path.join(INCOMING), ambient_authority()).map_err(fail)?;
        folder.write(&name, b"probe").and_then(|()| folder.remove_file(&name)).map_err(fail)
    }

    /// Completes the folder out of sight and moves it into place. The second caller finds the first one's folder.
    fn create(&self, name: &str) -> io::Result<()> {
        let inner = &self.inner;
        let draft = Uuid::new_v4().to_string();
        let incoming = inner.incoming.dir();
        incoming.create_dir(&draft)?;
        let placed = incoming
            .write(Path::new(&draft).join(OBJECTIVES_FILE), OBJECTIVES_TEMPLATE)
            .and_then(|()| incoming.rename(&draft, &inner.root, name));
        let Err(error) = placed else { return Ok(()) };
        inner.incoming.remove(&draft)?;
        match error.kind() {
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => Ok(()),
            _ => Err(error),
        }
    }
}

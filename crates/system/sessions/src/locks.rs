//! Per-session locks: what must not happen twice at once in the same session.
//!
//! Several workers share the sessions, so the lock on long work is the operating system's, on a file beside the
//! sessions that no session id can name. In front of it is a lock of this process, which keeps the order of arrival and
//! lets one thread at most wait for each file.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread,
};

use contract::session::SessionId;
use tokio::sync::{OwnedMutexGuard, oneshot};

/// Forgotten sessions are dropped from the map whenever it has grown by this many entries.
const SWEEP_EVERY: usize = 256;

/// Held while a script runs and its events are collected, or while git works. Others wait for it, whichever worker
/// they are in. The operating system gives it back when the process dies.
#[derive(Debug)]
pub struct SessionLock {
    // Closing the file gives its lock back; before the others, so that the next caller finds it free.
    _file: File,
    _guard: OwnedMutexGuard<()>,
    /// The map knows a session's locks only while they are in use.
    _locks: Arc<Locks>,
}

/// The two locks of one session.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    /// Long work in this process: a script run, a git command.
    work: Arc<tokio::sync::Mutex<()>>,
    /// Short file changes that read before they write. Separate, so that a file can be written during a run.
    change: Mutex<()>,
}

impl Locks {
    /// Waits for the lock on long work. A caller that stops waiting leaves nothing locked.
    pub(crate) async fn work(self: Arc<Self>, path: &Path) -> io::Result<SessionLock> {
        let guard = Arc::clone(&self.work).lock_owned().await;
        let file = match lock_at_once(path)? {
            (file, true) => return Ok(SessionLock { _file: file, _guard: guard, _locks: self }),
            (file, false) => file,
        };
        // The operating system has no way to wait for a file that a task could leave, so a thread waits in its place.
        // It holds the guard: for one session there is never a second thread.
        let (hand_over, handed_over) = oneshot::channel();
        thread::Builder::new().name("session-lock".to_owned()).spawn(move || {
            let locked = wait_for(&file).map(|()| SessionLock { _file: file, _guard: guard, _locks: self });
            // When no caller waits any more, this releases the lock at once.
            drop(hand_over.send(locked));
        })?;
        handed_over.await.map_err(|_| io::Error::other("the thread that waited for the session ended"))?
    }

    /// The lock on long work if it is free now.
    pub(crate) fn try_work(self: Arc<Self>, path: &Path) -> io::Result<Option<SessionLock>> {
        let Ok(guard) = Arc::clone(&self.work).try_lock_owned() else { return Ok(None) };
        let (file, is_locked) = lock_at_once(path)?;
        Ok(is_locked.then(|| SessionLock { _file: file, _guard: guard, _locks: self }))
    }

    pub(crate) fn change(&self) -> MutexGuard<'_, ()> {
        // It guards no data, so a panic of its last holder leaves nothing broken behind it.
        self.change.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file of a lock, and whether it could be locked without waiting.
fn lock_at_once(path: &Path) -> io::Result<(File, bool)> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok((file, true)),
        Err(TryLockError::WouldBlock) => Ok((file, false)),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn wait_for(file: &File) -> io::Result<()> {
    loop {
        match file.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            locked => return locked,
        }
    }
}

/// Locks of all sessions in use.
#[derive(Debug)]
pub(crate) struct LockMap {
    folder: PathBuf,
    by_session: Mutex<HashMap<SessionId, Weak<Locks>>>,
}

impl LockMap {
    /// Locks with their files in `folder`, which exists.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, by_session: Mutex::default() }
    }

    /// The file that is locked for a session.
    pub(crate) fn file_of(&self, session: &SessionId) -> PathBuf {
        self.folder.join(session.as_str())
    }

    /// The locks of a session, the same for all who ask while anybody holds them.
    pub(crate) fn of(&self, session: &SessionId) -> Arc<Locks> {
        let mut map = self.by_session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(locks) = map.get(session).and_then(Weak::upgrade) {
            return locks;
        }
        if map.len() % SWEEP_EVERY == SWEEP_EVERY - 1 {
            map.retain(|_, locks| locks.strong_count() > 0);
        }
        let locks = Arc::new(Locks::default());
        map.insert(session.clone(), Arc::downgrade(&locks));
        locks
    }
}

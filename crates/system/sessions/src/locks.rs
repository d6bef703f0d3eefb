//! Per-session locks: what must not happen twice at once in the same session.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use contract::session::SessionId;
use tokio::sync::OwnedMutexGuard;

/// Forgotten sessions are dropped from the map whenever it has grown by this many entries.
const SWEEP_EVERY: usize = 256;

/// Held while a script runs and its events are collected, or while git works. Others wait for it.
#[derive(Debug)]
pub struct SessionLock {
    _guard: OwnedMutexGuard<()>,
    /// The map knows a session's locks only while somebody has them.
    _locks: Arc<Locks>,
}

/// The two locks of one session.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    /// Long work: a script run, a git command.
    work: Arc<tokio::sync::Mutex<()>>,
    /// Short file changes that read before they write. Separate, so that a file can be written during a run.
    change: Mutex<()>,
}

impl Locks {
    pub(crate) async fn work(self: Arc<Self>) -> SessionLock {
        SessionLock { _guard: Arc::clone(&self.work).lock_owned().await, _locks: self }
    }

    pub(crate) fn change(&self) -> MutexGuard<'_, ()> {
        // It guards no data, so a panic of its last holder leaves nothing broken behind it.
        self.change.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Locks of all sessions in use.
#[derive(Debug, Default)]
pub(crate) struct LockMap {
    by_session: Mutex<HashMap<SessionId, Weak<Locks>>>,
}

impl LockMap {
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

//! Who uses the stack, and since when it is unused.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use crate::control::Holder;

/// All leases of one stack.
#[derive(Debug, Clone)]
pub(super) struct Leases {
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    holders: BTreeMap<u64, Holder>,
    next: u64,
    idle_since: Instant,
    idle_limit: Duration,
    /// Connections to its services that are open, by whomever.
    open_connections: usize,
    is_closing: bool,
}

/// One lease; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct HeldLease {
    leases: Leases,
    number: u64,
}

impl Leases {
    /// No lease yet. Without one for `idle_limit`, [`Leases::idle`] returns.
    pub fn new(idle_limit: Duration) -> Self {
        let state = State {
            holders: BTreeMap::new(),
            next: 0,
            idle_since: Instant::now(),
            idle_limit,
            open_connections: 0,
            is_closing: false,
        };
        Self { state: Arc::new(Mutex::new(state)), changed: Arc::new(Notify::new()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is plain data that every step leaves consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a lease; `None` when the stack is stopping.
    pub fn take(&self, holder: Holder) -> Option<HeldLease> {
        let mut state = self.state();
        if state.is_closing {
            return None;
        }
        let number = state.next;
        state.next += 1;
        state.holders.insert(number, holder);
        drop(state);
        self.changed.notify_one();
        Some(HeldLease { leases: self.clone(), number })
    }

    /// Gives no lease from now on. With `only_if_idle`, does so only when nobody uses the stack, and otherwise reports
    /// who holds a lease.
    pub fn close(&self, only_if_idle: bool) -> Result<(), Vec<Holder>> {
        let mut state = self.state();
        if only_if_idle && (!state.holders.is_empty() || state.open_connections > 0) {
            return Err(state.holders.values().cloned().collect());
        }
        state.is_closing = true;
        Ok(())
    }

    /// Who uses the stack.
    pub fn holders(&self) -> Vec<Holder> {
        self.state().holders.values().cloned().collect()
    }

    /// Connections to its services that are open, by whomever.
    pub fn open_connections(&self) -> usize {
        self.state().open_connections
    }

    /// How long the stack stays if it remains unused; `None` while it is used.
    pub fn remaining(&self) -> Option<Duration> {
        let state = self.state();
        let is_idle = state.holders.is_empty() && state.open_connections == 0;
        is_idle.then(|| state.idle_limit.saturating_sub(state.idle_since.elapsed()))
    }

    /// Takes note of what was seen on the services' ports: that many connections are open, and `was_used` says whether
    /// there were any since the last look.
    pub fn note_connections(&self, open: usize, was_used: bool) {
        let mut state = self.state();
        if open == state.open_connections && !was_used {
            return;
        }
        state.open_connections = open;
        state.idle_since = Instant::now();
        drop(state);
        self.changed.notify_one();
    }

    /// From now on it ends with its last user.
    pub fn retire(&self) {
        self.state().idle_limit = Duration::ZERO;
        self.changed.notify_one();
    }

    /// Returns when nobody has used the stack for long enough; no lease is given from then on.
    pub async fn idle(&self) {
        loop {
            match self.remaining() {
                Some(remaining) if remaining.is_zero() => {
                    if self.close(true).is_ok() {
                        return;
                    }
                }
                Some(remaining) => {
                    tokio::select! { () = tokio::time::sleep(remaining) => {}, () = self.changed.notified() => {} }
                }
                None => self.changed.notified().await,
            }
        }
    }
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        let mut state = self.leases.state();
        state.holders.remove(&self.number);
        state.idle_since = Instant::now();
        drop(state);
        self.leases.changed.notify_one();
    }
}

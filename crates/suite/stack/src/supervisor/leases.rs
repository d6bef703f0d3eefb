//! Who uses the stack, and since when nobody does.

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
    idle_limit: Duration,
}

#[derive(Debug)]
struct State {
    holders: BTreeMap<u64, Holder>,
    next: u64,
    idle_since: Instant,
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
        let state = State { holders: BTreeMap::new(), next: 0, idle_since: Instant::now(), is_closing: false };
        Self { state: Arc::new(Mutex::new(state)), changed: Arc::new(Notify::new()), idle_limit }
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

    /// Gives no lease from now on. With `only_if_idle`, does so only when there is none, and else tells who has one.
    pub fn close(&self, only_if_idle: bool) -> Result<(), Vec<Holder>> {
        let mut state = self.state();
        if only_if_idle && !state.holders.is_empty() {
            return Err(state.holders.values().cloned().collect());
        }
        state.is_closing = true;
        Ok(())
    }

    /// Who uses the stack.
    pub fn holders(&self) -> Vec<Holder> {
        self.state().holders.values().cloned().collect()
    }

    /// How long the stack stays if nobody comes; `None` while it is used.
    pub fn remaining(&self) -> Option<Duration> {
        let state = self.state();
        state.holders.is_empty().then(|| self.idle_limit.saturating_sub(state.idle_since.elapsed()))
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

//! One attempt at a time for each episode, within this process.
//!
//! Temporal begins a new attempt when it has not heard from the old one for a while, as after an outage of its own. The
//! old one may well be running here. The new one then waits for it and finds its outcome, instead of running the script
//! a second time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

type Lock = Arc<tokio::sync::Mutex<()>>;

/// Hands out turns; clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns {
    locks: Arc<Mutex<HashMap<Uuid, Lock>>>,
}

/// The turn of one attempt; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    episode: Uuid,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until no other attempt of this episode runs.
    pub(crate) async fn take(&self, episode: Uuid) -> Turn {
        let lock = Arc::clone(self.locks().entry(episode).or_default());
        let guard = lock.lock_owned().await;
        Turn { turns: self.clone(), episode, guard: Some(guard) }
    }

    fn locks(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Lock>> {
        // The map is plain data that every step leaves consistent.
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut locks = self.turns.locks();
        self.guard = None;
        // Whoever waits holds the lock too.
        if locks.get(&self.episode).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.episode);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn second_attempt_waits_for_the_first() {
        let turns = Turns::default();
        let episode = Uuid::from_u128(1);
        let first = turns.take(episode).await;
        let mut second = Box::pin(turns.take(episode));
        assert!((&mut second).now_or_never().is_none(), "two attempts of one episode run side by side");
        assert!(turns.take(Uuid::from_u128(2)).now_or_never().is_some(), "episodes wait for each other");
        drop(first);
        drop(second.await);
        assert!(turns.locks().is_empty(), "locks of ended attempts are kept");
    }
}

//! One heavy call at a time. Calls wait in the order of their arrival and know their place.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use tokio::sync::{Semaphore, SemaphorePermit};

/// The queue in front of the one heavy slot of this worker.
#[derive(Debug, Clone)]
pub struct Queue {
    slot: Arc<Semaphore>,
    present: Arc<AtomicU32>,
}

/// A place in the queue. Dropping it, at the end of the work or when the caller goes away, frees the place.
#[derive(Debug)]
struct Place<'queue> {
    queue: &'queue Queue,
}

/// The slot itself: as long as it lives, no other heavy call works.
#[derive(Debug)]
pub struct Turn<'queue> {
    _permit: SemaphorePermit<'queue>,
    _place: Place<'queue>,
    position: u32,
}

impl Queue {
    /// An empty queue.
    pub fn new() -> Self {
        Self { slot: Arc::new(Semaphore::new(1)), present: Arc::default() }
    }

    /// Waits for the slot.
    pub async fn turn(&self) -> Turn<'_> {
        let position = self.present.fetch_add(1, Ordering::SeqCst) + 1;
        let place = Place { queue: self };
        let arrived = Instant::now();
        let permit = self.slot.acquire().await.expect("the semaphore is never closed");
        if position > 1 {
            tracing::info!(position, waited_ms = arrived.elapsed().as_millis(), "a heavy call had to wait");
        }
        Turn { _permit: permit, _place: place, position }
    }
}

impl Turn<'_> {
    /// How many calls, this one included, were present on arrival: 1 means that it ran at once.
    pub fn position(&self) -> u32 {
        self.position
    }

    /// What a message of a call that had to wait ends with.
    pub fn note(&self) -> String {
        if self.position > 1 { format!(" (Queued: wait position {})", self.position) } else { String::new() }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.present.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_call_waits_and_knows_its_place() {
        let queue = Queue::new();
        let first = queue.turn().await;
        let second = queue.turn();
        tokio::pin!(second);
        assert!(futures::poll!(&mut second).is_pending(), "two calls worked at once");
        assert_eq!((first.position(), first.note()), (1, String::new()));
        drop(first);
        let second = second.await;
        assert_eq!((second.position(), second.note().as_str()), (2, " (Queued: wait position 2)"));
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_frees_its_place() {
        let queue = Queue::new();
        let first = queue.turn().await;
        {
            let waiting = queue.turn();
            tokio::pin!(waiting);
            assert!(futures::poll!(&mut waiting).is_pending());
        }
        drop(first);
        assert_eq!(queue.turn().await.position(), 1);
    }
}

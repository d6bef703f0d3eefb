//! One heavy call at a time. Calls wait in the order of their arrival and know their place.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Instant,
};

use anyhow::Context;
use physics::CancelFlag;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The queue in front of the one heavy slot of this worker.
#[derive(Debug, Clone)]
pub struct Queue {
    slot: Arc<Semaphore>,
    present: Arc<AtomicU32>,
}

/// A place in the queue. Dropping it, at the end of the work or when the caller goes away, frees the place.
#[derive(Debug)]
struct Place {
    present: Arc<AtomicU32>,
}

/// The slot itself: as long as it lives, no other heavy call works.
#[derive(Debug)]
pub struct Turn {
    slot: Arc<Slot>,
    position: u32,
}

/// Fields are dropped in this order: the place is given back before the next call may work, so that the next but one
/// does not count a call that is over.
#[derive(Debug)]
struct Slot {
    _place: Place,
    _permit: OwnedSemaphorePermit,
}

impl Queue {
    /// An empty queue.
    pub fn new() -> Self {
        Self { slot: Arc::new(Semaphore::new(1)), present: Arc::default() }
    }

    /// Waits for the slot.
    pub async fn turn(&self) -> Turn {
        let position = self.present.fetch_add(1, Ordering::SeqCst) + 1;
        let place = Place { present: Arc::clone(&self.present) };
        let arrived = Instant::now();
        let permit = Arc::clone(&self.slot).acquire_owned().await.expect("the semaphore is never closed");
        if position > 1 {
            tracing::info!(position, waited_ms = arrived.elapsed().as_millis(), "a heavy call had to wait");
        }
        Turn { slot: Arc::new(Slot { _permit: permit, _place: place }), position }
    }
}

impl Turn {
    /// How many calls, this one included, were present on arrival: 1 means that it ran at once.
    pub fn position(&self) -> u32 {
        self.position
    }

    /// What a message of a call that had to wait ends with.
    pub fn note(&self) -> String {
        if self.position > 1 { format!(" (Queued: wait position {})", self.position) } else { String::new() }
    }

    /// Does work on a thread that may block. A caller that goes away sets the flag, and the slot is free for the next
    /// call when the work has ended, not before.
    ///
    /// # Errors
    /// When the work panics.
    pub async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&CancelFlag) -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        let cancel = Arc::new(AtomicBool::new(false));
        let _guard = SetOnDrop(Arc::clone(&cancel));
        let slot = Arc::clone(&self.slot);
        let working = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            work(&cancel)
        });
        working.await.context("the work was cut off")
    }
}

/// Sets its flag when it is dropped.
struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.present.fetch_sub(1, Ordering::SeqCst);
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

    #[tokio::test]
    async fn work_of_a_caller_that_went_away_is_told_and_keeps_the_slot_until_it_ends() {
        let queue = Queue::new();
        let (told, hear) = std::sync::mpsc::channel();
        let (release, released) = std::sync::mpsc::channel();
        let caller = {
            let turn = queue.turn().await;
            tokio::spawn(async move {
                turn.work(move |cancel| {
                    told.send(false).expect("the test listens");
                    while !cancel.load(Ordering::Relaxed) {
                        std::thread::yield_now();
                    }
                    told.send(true).expect("the test listens");
                    released.recv().expect("the test says when");
                })
                .await
            })
        };
        let hear = tokio::task::spawn_blocking(move || {
            assert_eq!(hear.recv(), Ok(false), "the work has begun");
            hear
        });
        let hear = hear.await.expect("it is heard");
        caller.abort();
        tokio::task::spawn_blocking(move || assert_eq!(hear.recv(), Ok(true), "the work is told to end"))
            .await
            .expect("it is heard");

        let next = queue.turn();
        tokio::pin!(next);
        assert!(futures::poll!(&mut next).is_pending(), "two calls worked at once");
        release.send(()).expect("the work waits");
        assert_eq!(next.await.position(), 2);
        assert_eq!(queue.turn().await.position(), 1);
    }
}

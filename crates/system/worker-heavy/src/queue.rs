//! One heavy call at a time. Calls wait in the order of their arrival and know their place.
//!
//! The whole of a call is work of the slot: it runs in a task of its own that holds the slot until everything the call
//! began has ended, whether or not the caller still waits. A caller that goes away sets the call's flag, which all of
//! its work watches.
//!
//! A call also has its session to itself while it runs scripts. It never waits for the session while it holds the slot,
//! since others could use that: where the session is busy, the call gives its turn to the next one and comes back.

use std::{
    any::Any,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use physics::CancelFlag;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tracing::Instrument;

/// The queue in front of the one heavy slot of this worker.
#[derive(Debug, Clone)]
pub struct Queue {
    slot: Arc<Semaphore>,
    present: Arc<AtomicU32>,
    /// Held while a call arrives: it is counted and, where the slot is free, gets it in one step.
    arrival: Arc<Mutex<()>>,
}

/// What a call has to itself besides the slot.
pub trait Room: Send + Sync + 'static {
    /// Keeps others out while it lives.
    type Lock: Send + 'static;

    /// Enters if it is empty.
    fn try_enter(&self) -> anyhow::Result<Option<Self::Lock>>;

    /// Waits until it is empty, and enters.
    fn enter(&self) -> impl Future<Output = anyhow::Result<Self::Lock>> + Send;
}

/// A call that has the slot. It is dropped when the work of the call has ended, all of it.
#[derive(Debug)]
pub struct Turn {
    position: u32,
    left: watch::Receiver<bool>,
    room: Mutex<Option<Box<dyn Any + Send>>>,
}

/// A piece of work: what it is called, how long it may take, and the size that decides how long it takes.
#[derive(Debug, Clone)]
pub struct Task {
    /// Such as `pricing`.
    pub name: &'static str,
    /// Longest time.
    pub limit: Duration,
    /// Such as `400000 triangles`.
    pub size: String,
}

/// Why a piece of work has no result.
#[derive(Debug, thiserror::Error)]
pub enum Unfinished {
    /// The caller has left.
    #[error("the caller hung up")]
    Left,
    /// It took longer than it may.
    #[error("{0}")]
    TooLong(String),
    /// It panicked.
    #[error("{0:#}")]
    Broken(anyhow::Error),
}

/// A place in the queue. Dropping it, at the end of the work or when a waiting caller goes away, frees the place.
#[derive(Debug)]
struct Place {
    present: Arc<AtomicU32>,
}

impl Queue {
    /// An empty queue.
    pub fn new() -> Self {
        Self { slot: Arc::new(Semaphore::new(1)), present: Arc::default(), arrival: Arc::default() }
    }

    /// Waits for the slot and for the room, and does a call. When the caller goes away before the call has its turn,
    /// it is forgotten; afterwards it is told, and keeps the slot until it has ended.
    ///
    /// # Errors
    /// The room cannot be entered, or the call panics.
    pub async fn run<T, W>(
        &self,
        room: impl Room,
        call: impl FnOnce(Arc<Turn>) -> W + Send + 'static,
    ) -> anyhow::Result<T>
    where
        T: Send + 'static,
        W: Future<Output = T> + Send + 'static,
    {
        let (present, free) = {
            let _arrival = self.arrival.lock().unwrap_or_else(PoisonError::into_inner);
            let present = self.present.fetch_add(1, Ordering::SeqCst) + 1;
            (present, Arc::clone(&self.slot).try_acquire_owned().ok())
        };
        let place = Place { present: Arc::clone(&self.present) };
        let (caller, left) = watch::channel(false);
        let slot = Arc::clone(&self.slot);
        let running = tokio::spawn(
            async move {
                let arrived = Instant::now();
                let mut gone = left.clone();
                let entered = tokio::select! {
                    entered = enter(slot, free, &room) => entered?,
                    // An error says that the caller's end of the channel is gone, and the caller with it.
                    _ = gone.wait_for(|left| *left) => return Err(anyhow!(Unfinished::Left)),
                };
                let (permit, lock, waited) = entered;
                let position = if waited { present } else { 1 };
                if waited {
                    tracing::info!(position, waited_ms = arrived.elapsed().as_millis(), "a heavy call had to wait");
                }
                let turn = Arc::new(Turn { position, left, room: Mutex::new(Some(Box::new(lock))) });
                let done = call(Arc::clone(&turn)).await;
                // The place is given back before the next call may work, so that the next but one does not count a
                // call that is over.
                drop((turn, place));
                drop(permit);
                Ok(done)
            }
            .in_current_span(),
        );
        let done = running.await.context("a heavy call panicked or was cancelled");
        drop(caller);
        done?
    }
}

/// The slot, the room, and whether either had to be waited for.
async fn enter<R: Room>(
    slot: Arc<Semaphore>,
    free: Option<OwnedSemaphorePermit>,
    room: &R,
) -> anyhow::Result<(OwnedSemaphorePermit, R::Lock, bool)> {
    const OPEN: &str = "the semaphore is never closed";
    if let Some(permit) = free {
        if let Some(lock) = room.try_enter()? {
            return Ok((permit, lock, false));
        }
        drop(permit);
    }
    let permit = Arc::clone(&slot).acquire_owned().await.expect(OPEN);
    if let Some(lock) = room.try_enter()? {
        return Ok((permit, lock, true));
    }
    drop(permit);
    let lock = room.enter().await?;
    Ok((slot.acquire_owned().await.expect(OPEN), lock, true))
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

    /// Lets others into the room: the call runs no script any more.
    pub fn leave_room(&self) {
        self.room.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Completes when the caller has gone away.
    pub fn caller_left(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut left = self.left.clone();
        async move { left.wait_for(|left| *left).await.map_or((), |_| ()) }
    }

    /// Between two pieces of its work, ends a call whose caller has left.
    pub fn go_on(&self) -> Result<(), Unfinished> {
        if self.left.has_changed().is_err() { Err(Unfinished::Left) } else { Ok(()) }
    }

    /// Does a piece of the call's work on a thread that may block. The flag is set when the caller goes away or the
    /// time is up; what the work returns is then discarded. It is waited for in any case.
    pub async fn work<T: Send + 'static>(
        &self,
        task: Task,
        work: impl FnOnce(&CancelFlag) -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        self.go_on()?;
        let begun = Instant::now();
        let cancel = Arc::new(AtomicBool::new(false));
        let mut working = tokio::task::spawn_blocking({
            let cancel = Arc::clone(&cancel);
            move || work(&cancel)
        });
        let fault = tokio::select! {
            done = &mut working => return done.map_err(|error| broken(&task, error)),
            () = self.caller_left() => None,
            () = tokio::time::sleep(task.limit) => Some(&task),
        };
        cancel.store(true, Ordering::Relaxed);
        working.await.map_err(|error| broken(&task, error))?;
        Err(match fault {
            None => Unfinished::Left,
            Some(Task { name, limit, size }) => Unfinished::TooLong(format!(
                "{name} took longer than its limit of {} s and was ended after {:.1} s; it had {size} to go through: use \
                 a simpler or more coarsely meshed shape",
                limit.as_secs_f64(),
                begun.elapsed().as_secs_f64()
            )),
        })
    }
}

fn broken(task: &Task, error: tokio::task::JoinError) -> Unfinished {
    Unfinished::Broken(anyhow::Error::new(error).context(format!("{} panicked or was cancelled", task.name)))
}

impl Drop for Place {
    fn drop(&mut self) {
        self.present.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    /// A room like a session's, of which another worker may hold the key.
    #[derive(Debug, Clone, Default)]
    struct Session(Arc<tokio::sync::Mutex<()>>);

    impl Room for Session {
        type Lock = tokio::sync::OwnedMutexGuard<()>;

        fn try_enter(&self) -> anyhow::Result<Option<Self::Lock>> {
            Ok(Arc::clone(&self.0).try_lock_owned().ok())
        }

        async fn enter(&self) -> anyhow::Result<Self::Lock> {
            Ok(Arc::clone(&self.0).lock_owned().await)
        }
    }

    fn task() -> Task {
        Task { name: "counting", limit: Duration::from_mins(10), size: "3 sheep".to_owned() }
    }

    /// A call that ends on request, and says when it begins.
    struct Call {
        began: oneshot::Receiver<(u32, String)>,
        end: oneshot::Sender<()>,
        done: tokio::task::JoinHandle<anyhow::Result<()>>,
    }

    fn call(queue: &Queue, room: &Session) -> Call {
        let (queue, room) = (queue.clone(), room.clone());
        let ((begin, began), (end, ended)) = (oneshot::channel(), oneshot::channel());
        let work = move |turn: Arc<Turn>| async move {
            begin.send((turn.position(), turn.note())).ok();
            ended.await.ok();
        };
        Call { began, end, done: tokio::spawn(async move { queue.run(room, work).await }) }
    }

    async fn present(queue: &Queue, expected: u32) {
        while queue.present.load(Ordering::SeqCst) != expected {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn second_call_waits_and_reports_its_position() {
        let queue = Queue::new();
        let mut first = call(&queue, &Session::default());
        assert_eq!((&mut first.began).await, Ok((1, String::new())));
        let mut second = call(&queue, &Session::default());
        present(&queue, 2).await;
        assert!(second.began.try_recv().is_err(), "two calls worked at once");
        first.end.send(()).expect("it works");
        assert_eq!((&mut second.began).await, Ok((2, " (Queued: wait position 2)".to_owned())));
        second.end.send(()).expect("it works");
        present(&queue, 0).await;
        assert_eq!(call(&queue, &Session::default()).began.await.expect("it begins").0, 1);
    }

    #[tokio::test]
    async fn departing_caller_frees_its_queue_place() {
        let queue = Queue::new();
        let mut first = call(&queue, &Session::default());
        (&mut first.began).await.expect("it begins");
        let waiting = call(&queue, &Session::default());
        present(&queue, 2).await;
        waiting.done.abort();
        present(&queue, 1).await;
        first.end.send(()).expect("it works");
        present(&queue, 0).await;
    }

    #[tokio::test]
    async fn abandoned_call_keeps_the_slot_until_it_ends() {
        let queue = Queue::new();
        let ((told, mut hear), (release, released)) = (mpsc::unbounded_channel(), std::sync::mpsc::channel());
        let caller = {
            let queue = queue.clone();
            tokio::spawn(async move {
                let work = move |turn: Arc<Turn>| async move {
                    let counting = turn.work(task(), move |cancel| {
                        told.send("begun").ok();
                        while !cancel.load(Ordering::Relaxed) {
                            std::thread::yield_now();
                        }
                        told.send("told to end").ok();
                        released.recv().expect("the test says when");
                        told
                    });
                    let ended = counting.await;
                    assert!(matches!(ended, Err(Unfinished::Left)), "{ended:?}");
                    // Work that follows does not begin any more.
                    assert!(matches!(turn.work(task(), |_| ()).await, Err(Unfinished::Left)));
                    turn.caller_left().await;
                };
                queue.run(Session::default(), work).await
            })
        };
        assert_eq!(hear.recv().await, Some("begun"));
        caller.abort();
        assert_eq!(hear.recv().await, Some("told to end"));
        let mut next = call(&queue, &Session::default());
        present(&queue, 2).await;
        assert!(next.began.try_recv().is_err(), "two calls worked at once");
        release.send(()).expect("the work waits");
        assert_eq!(next.began.await.expect("it begins").0, 2);
    }

    #[tokio::test]
    async fn overlong_work_reports_its_limit_and_size() {
        let short = Task { limit: Duration::from_millis(20), ..task() };
        let work = move |turn: Arc<Turn>| async move {
            let counting = turn.work(short, |cancel| {
                while !cancel.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
            });
            counting.await
        };
        let ended = Queue::new().run(Session::default(), work).await.expect("no panic");
        let sentence = ended.expect_err("it never ends by itself").to_string();
        assert!(sentence.starts_with("counting took longer than its limit of 0.02 s"), "{sentence}");
        assert!(sentence.contains("it had 3 sheep to go through"), "{sentence}");
    }

    #[tokio::test]
    async fn call_of_a_busy_session_yields_to_others() {
        let (queue, busy) = (Queue::new(), Session::default());
        let script = busy.enter().await.expect("free");
        let mut waiting = call(&queue, &busy);
        present(&queue, 1).await;
        let mut other = call(&queue, &Session::default());
        (&mut other.began).await.expect("the slot is free although the first call waits for its session");
        drop(script);
        assert!(waiting.began.try_recv().is_err(), "two calls worked at once");
        other.end.send(()).expect("it works");
        (&mut waiting.began).await.expect("it begins");
        assert!(busy.try_enter().expect("asked").is_none(), "the session is not the call's own");
    }

    #[tokio::test]
    async fn session_can_be_released_before_the_call_ends() {
        let (queue, session) = (Queue::new(), Session::default());
        let free = session.clone();
        let work = move |turn: Arc<Turn>| async move {
            assert!(free.try_enter().expect("asked").is_none());
            turn.leave_room();
            free.try_enter().expect("asked").is_some()
        };
        assert!(queue.run(session, work).await.expect("no panic"), "the session is still locked");
    }
}

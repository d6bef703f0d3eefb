//! The warm parent process, from the side of the service: keeping one alive, and communicating with it.
//!
//! One thread starts the process, reads its answers and waits for its end. It is a plain thread because the kernel
//! ties "die with your parent" to the thread that started the process, and threads of an asynchronous runtime may
//! come and go.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStderr, ChildStdin, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use crate::launch::LaunchPlan;

/// This many ends within [`FAILURE_WINDOW`] are a defect that restarting does not fix.
const FAILURE_LIMIT: usize = 5;
const FAILURE_WINDOW: Duration = Duration::from_mins(1);

/// A warm parent's report when it is ready.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Ready {
    pub(crate) import_s: f64,
    pub(crate) virtual_memory_kb: u64,
    pub(crate) python: String,
    pub(crate) build123d: String,
    pub(crate) sandbox: sandbox::Report,
}

/// How a child ended.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Ending {
    /// Why the child could not be sandboxed, from a pipe that closes before a script runs; then nothing has run.
    #[serde(default)]
    pub(crate) setup_error: Option<String>,
    pub(crate) exit_code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) ended_by: Option<EndedBy>,
    pub(crate) wall_s: f64,
    pub(crate) max_rss_kb: u64,
}

/// Why the warm parent ended a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EndedBy {
    TimeLimit,
    ThreadLimit,
    MemoryLimit,
    Cancel,
}

/// The answer to one request.
pub(crate) type Answer = Result<Ending, String>;

/// One request on the wire: 48 bytes that do not name a session. The warm parent's memory is what every child inherits,
/// so it learns no more about a run than when to end it; the child reads the rest from the run's folder.
///
/// Layout, little-endian: operation (u64), id (u64), time limit in seconds (f64), most threads (u64), name of the run's
/// folder (16 bytes of a UUID). `warm_parent.py` reads the same.
type Record = [u8; 48];

enum Request {
    Run { id: u64, timeout_s: f64, max_threads: u64, run: Uuid },
    Cancel { id: u64 },
}

impl Request {
    fn encode(&self) -> Record {
        let (operation, id, timeout_s, max_threads, run) = match *self {
            Self::Run { id, timeout_s, max_threads, run } => (1_u64, id, timeout_s, max_threads, run),
            Self::Cancel { id } => (2, id, 0.0, 0, Uuid::nil()),
        };
        let mut record = [0; 48];
        record[..8].copy_from_slice(&operation.to_le_bytes());
        record[8..16].copy_from_slice(&id.to_le_bytes());
        record[16..24].copy_from_slice(&timeout_s.to_le_bytes());
        record[24..32].copy_from_slice(&max_threads.to_le_bytes());
        record[32..].copy_from_slice(run.as_bytes());
        record
    }
}

#[derive(Deserialize)]
struct Line {
    id: Option<u64>,
    error: Option<String>,
    ready: Option<Ready>,
    #[serde(flatten)]
    ending: Option<Ending>,
}

/// State of the warm parent.
#[derive(Debug, Clone)]
pub(crate) enum State {
    /// Not started yet; the first use starts it.
    Idle,
    Starting,
    Ready(Arc<WarmParent>),
    /// Failed for good, with the reason.
    Failed(String),
}

/// A running warm parent.
#[derive(Debug)]
pub(crate) struct WarmParent {
    pub(crate) ready: Ready,
    requests: mpsc::Sender<Record>,
    pending: Arc<Mutex<HashMap<u64, oneshot::Sender<Answer>>>>,
    next_id: AtomicU64,
}

impl WarmParent {
    /// Asks for a child. The receiver gets its ending, or an error when the parent ends first.
    /// Its task is in the folder of the run.
    pub(crate) fn run(&self, run: Uuid, timeout: Duration, max_threads: u64) -> (u64, oneshot::Receiver<Answer>) {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        lock(&self.pending).insert(id, sender);
        self.send(&Request::Run { id, timeout_s: timeout.as_secs_f64(), max_threads, run });
        (id, receiver)
    }

    /// Asks to end a child; its ending arrives as usual.
    pub(crate) fn cancel(&self, id: u64) {
        self.send(&Request::Cancel { id });
    }

    fn send(&self, request: &Request) {
        // When the writer has ended, the process has too, and the reader notifies everyone who waits.
        let _ = self.requests.send(request.encode());
    }
}

/// Keeps one warm parent alive until dropped.
#[derive(Debug)]
pub(crate) struct Supervisor {
    state: watch::Receiver<State>,
    shared: Arc<Shared>,
    thread: Mutex<Thread>,
}

/// The thread that keeps the warm parent.
#[derive(Debug)]
enum Thread {
    Idle(Keeper),
    Started(JoinHandle<()>),
    Gone,
}

/// What the thread needs.
#[derive(Debug)]
struct Keeper {
    plan: Arc<LaunchPlan>,
    probe_policy: sandbox::Policy,
    state: watch::Sender<State>,
}

#[derive(Debug)]
struct Shared {
    stopping: AtomicBool,
    process: Mutex<Option<Child>>,
}

impl Supervisor {
    /// Keeps a warm parent from the first use on.
    pub(crate) fn new(plan: Arc<LaunchPlan>, probe_policy: sandbox::Policy) -> Self {
        let (sender, state) = watch::channel(State::Idle);
        let shared = Arc::new(Shared { stopping: AtomicBool::new(false), process: Mutex::new(None) });
        let thread = Mutex::new(Thread::Idle(Keeper { plan, probe_policy, state: sender }));
        Self { state, shared, thread }
    }

    /// Starts the thread unless it runs; the first warm parent starts in the background.
    fn start(&self) {
        let mut thread = lock(&self.thread);
        *thread = match std::mem::replace(&mut *thread, Thread::Gone) {
            Thread::Idle(keeper) => {
                let sender = keeper.state.clone();
                sender.send_replace(State::Starting);
                let shared = Arc::clone(&self.shared);
                let keep = move || supervise(&keeper.plan, &keeper.probe_policy, &shared, &keeper.state);
                match std::thread::Builder::new().name("cad-warm-parent".into()).spawn(keep) {
                    Ok(started) => Thread::Started(started),
                    Err(error) => {
                        sender.send_replace(State::Failed(format!("its thread could not be started: {error}")));
                        Thread::Gone
                    }
                }
            }
            other => other,
        };
    }

    /// The state now.
    pub(crate) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Starts it if need be, and waits until a warm parent is ready, or has failed for good.
    pub(crate) async fn settled(&self) -> State {
        self.start();
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| !matches!(state, State::Idle | State::Starting)).await;
        settled.map_or_else(|_| State::Failed("the supervising thread has ended".into()), |state| state.clone())
    }

    /// The process, while there is one.
    pub(crate) fn process_id(&self) -> Option<u32> {
        lock(&self.shared.process).as_ref().map(Child::id)
    }

    /// Ends the process; a new one is started.
    pub(crate) fn kill_process(&self) {
        self.shared.kill();
    }
}

impl Shared {
    fn kill(&self) {
        if let Some(process) = lock(&self.process).as_mut() {
            // It may have ended by itself; the supervising thread collects it either way.
            drop(process.kill());
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.kill();
        let thread = std::mem::replace(&mut *lock(&self.thread), Thread::Gone);
        if let Thread::Started(thread) = thread {
            // A panic there has been printed; there is nothing else to do.
            drop(thread.join());
        }
    }
}

fn supervise(plan: &LaunchPlan, probe_policy: &sandbox::Policy, shared: &Shared, state: &watch::Sender<State>) {
    let mut failures: Vec<Instant> = Vec::new();
    loop {
        let end = serve_one(plan, probe_policy, shared, state);
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        failures.retain(|at| at.elapsed() < FAILURE_WINDOW);
        failures.push(Instant::now());
        if let End::Refused(reason) = end {
            // A reason that it gave itself does not change with a restart.
            tracing::error!(%reason, "the warm Python process cannot serve");
            state.send_replace(State::Failed(reason));
            return;
        }
        let End::Died(how) = end else { continue };
        if failures.len() >= FAILURE_LIMIT {
            let reason = format!("it ended {FAILURE_LIMIT} times within {} s, last: {how}", FAILURE_WINDOW.as_secs());
            tracing::error!(%reason, "the warm Python process is given up on");
            state.send_replace(State::Failed(reason));
            return;
        }
        tracing::error!(%how, "the warm Python process ended unexpectedly; starting another");
        state.send_replace(State::Starting);
    }
}

enum End {
    /// It reported why it cannot serve.
    Refused(String),
    /// It ended, or could not be started.
    Died(String),
}

/// Starts one process and reads its answers until it ends.
fn serve_one(plan: &LaunchPlan, probe_policy: &sandbox::Policy, shared: &Shared, state: &watch::Sender<State>) -> End {
    let spawned =
        plan.command(probe_policy).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut process = match spawned {
        Ok(process) => process,
        Err(error) => return End::Refused(format!("it could not be started: {error}")),
    };
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (process.stdin.take(), process.stdout.take(), process.stderr.take())
    else {
        return End::Refused("its pipes are missing".into());
    };
    {
        let mut slot = lock(&shared.process);
        *slot = Some(process);
        // Stopping may have been asked for before there was a process to kill.
        if shared.stopping.load(Ordering::SeqCst)
            && let Some(process) = slot.as_mut()
        {
            drop(process.kill());
        }
    }
    let writer = spawn_writer(stdin);
    let last_words = spawn_logger(stderr);

    let pending = Arc::new(Mutex::new(HashMap::new()));
    let mut refusal = None;
    for line in BufReader::new(stdout).lines() {
        let Ok(line) = line else { break };
        match serde_json::from_str::<Line>(&line) {
            Ok(Line { ready: Some(ready), .. }) => {
                let parent = WarmParent {
                    ready,
                    requests: writer.clone(),
                    pending: Arc::clone(&pending),
                    next_id: AtomicU64::new(1),
                };
                state.send_replace(State::Ready(Arc::new(parent)));
            }
            Ok(Line { id: Some(id), error, ending, .. }) => {
                let answer = match (error, ending) {
                    (None, Some(ending)) => Ok(ending),
                    (error, _) => Err(error.unwrap_or_else(|| "the answer is incomplete".into())),
                };
                if let Some(waiting) = lock(&pending).remove(&id) {
                    // The caller may have stopped waiting.
                    drop(waiting.send(answer));
                }
            }
            Ok(Line { error: Some(error), .. }) => refusal = Some(error),
            Ok(_) | Err(_) => tracing::error!(%line, "the warm Python process sent an invalid line"),
        }
    }

    // No new request may find this parent; waiting requests learn that it is gone.
    if !matches!(&*state.borrow(), State::Failed(_)) {
        state.send_replace(State::Starting);
    }
    lock(&pending).clear();
    let process = lock(&shared.process).take();
    let status = process.map(|mut process| {
        // Its output has ended, so it is ending or useless.
        drop(process.kill());
        process.wait()
    });
    let last_words = last_words.join().unwrap_or_default();
    match (refusal, status) {
        (Some(reason), _) => End::Refused(reason),
        (None, Some(Ok(status))) => End::Died(format!("{status}; {last_words}")),
        (None, _) => End::Died(format!("unknown status; {last_words}")),
    }
}

/// Writes requests from a separate thread, so that a stopped process cannot block callers.
fn spawn_writer(mut stdin: ChildStdin) -> mpsc::Sender<Record> {
    let (sender, receiver) = mpsc::channel::<Record>();
    std::thread::spawn(move || {
        for record in receiver {
            if stdin.write_all(&record).and_then(|()| stdin.flush()).is_err() {
                return;
            }
        }
    });
    sender
}

/// Logs what the process prints as errors; returns the last line at its end.
fn spawn_logger(stderr: ChildStderr) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut last = String::new();
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            tracing::warn!(target: "cad_runtime::python", "{line}");
            last = line;
        }
        last
    })
}

/// Data behind these locks is replaced whole, so a panic elsewhere leaves it usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Serves a task queue for as long as the process lives, also through outages of Temporal.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use anyhow::Context;
use temporalio_common::worker::WorkerDeploymentOptions;
use temporalio_sdk::{
    Runtime, Worker, WorkerOptions, WorkerOptionsBuilder,
    runtime::worker_tuner::{FixedSizeSlotSupplier, TunerHolder, WorkerTuner},
};
use tokio::{sync::oneshot, time::timeout};

use crate::Frontend;

/// Pause after the first failure; doubled after each, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long running activities may continue after the stop signal; then they are cancelled and retried elsewhere.
const GRACE: Duration = Duration::from_secs(3);
/// How long a worker may take to end after the stop signal, before it is dropped.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);
/// Longest time between two heartbeats that reach Temporal. By default the SDK sends them at four fifths of the limit,
/// which a busy machine exceeds; a cancellation travels with the answer to one.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(2);
/// How long a task of a workflow waits for the process that did the one before it, and knows the workflow. A process that
/// was killed never comes; by default the SDK waits 10 s for it.
const SAME_PROCESS_LIMIT: Duration = Duration::from_secs(2);
/// Slots for tasks other than activities; they take moments.
const SHORT_TASK_SLOTS: usize = 100;

/// Polls one task queue. Clones share the state that [`QueuePoller::probe`] reports.
#[derive(Clone)]
pub struct QueuePoller {
    queue: &'static str,
    state: Arc<RwLock<State>>,
}

/// What the poller is doing.
#[derive(Debug, Clone)]
enum State {
    Waiting { reason: String },
    Polling,
    Stopped,
}

impl QueuePoller {
    /// A poller for `queue` that does nothing until [`QueuePoller::run`].
    pub fn new(queue: &'static str) -> Self {
        Self { queue, state: Arc::new(RwLock::new(State::Waiting { reason: "not started".to_owned() })) }
    }

    /// Whether the queue is being polled; a readiness probe.
    pub fn probe(&self) -> anyhow::Result<String> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Polling => Ok(format!("polling {}", self.queue)),
            State::Waiting { reason } => anyhow::bail!("not polling {}: {reason}", self.queue),
            State::Stopped => anyhow::bail!("not polling {}: this process is stopping", self.queue),
        }
    }

    /// Polls until `stop` completes, then lets running activities end (3 s; those that take longer are
    /// cancelled, and Temporal gives them to another worker). `options` makes the registrations; it is called
    /// again after a failure. While Temporal is down this waits and tries again.
    ///
    /// # Errors
    /// Only when `options` fails or no worker can be made at all; an outage of Temporal is not an error.
    pub async fn run(
        &self,
        frontend: &Frontend,
        options: impl Fn() -> anyhow::Result<WorkerOptions>,
        stop: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let runtime = Runtime::from_current_tokio(temporalio_sdk::runtime::RuntimeOptions::default())
            .context("Temporal's runtime does not start")?;
        tokio::pin!(stop);
        let mut pause = FIRST_PAUSE;
        loop {
            let client = tokio::select! {
                () = &mut stop => break,
                client = frontend.client() => client,
            };
            let failure = match client {
                Err(error) => error.to_string(),
                Ok(client) => {
                    let mut worker = Worker::new(&runtime, client, options()?)
                        .with_context(|| format!("no worker for queue {} can be made", self.queue))?;
                    let shut_down = worker.shutdown_handle();
                    tracing::info!(queue = self.queue, temporal = frontend.address(), "polling");
                    self.set(State::Polling);
                    pause = FIRST_PAUSE;
                    let running = worker.run();
                    tokio::pin!(running);
                    let ended = tokio::select! {
                        ended = &mut running => ended,
                        () = &mut stop => {
                            self.set(State::Stopped);
                            shut_down();
                            // The SDK's own shutdown does not always complete; what it leaves is retried elsewhere.
                            match timeout(SHUTDOWN_LIMIT, running).await {
                                Ok(Ok(())) => {}
                                Ok(Err(error)) => {
                                    tracing::warn!(queue = self.queue, %error, "the Temporal worker did not end cleanly");
                                }
                                Err(_) => {
                                    let limit_s = SHUTDOWN_LIMIT.as_secs();
                                    tracing::warn!(queue = self.queue, limit_s, "the Temporal worker did not end in time");
                                }
                            }
                            break;
                        }
                    };
                    ended.err().map_or_else(|| "the Temporal worker ended by itself".to_owned(), |e| e.to_string())
                }
            };
            tracing::warn!(queue = self.queue, failure, pause_ms = pause.as_millis(), "not polling; trying again");
            self.set(State::Waiting { reason: failure });
            tokio::select! {
                () = &mut stop => break,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
        self.set(State::Stopped);
        tracing::info!(queue = self.queue, "stopped polling");
        Ok(())
    }

    /// Polls for as long as `serving` runs: the HTTP side watches for the stop signal, and when it has ended, polling
    /// ends too. A failure of either ends both.
    ///
    /// # Errors
    /// Those of `serving`, and those of [`QueuePoller::run`].
    pub async fn run_beside(
        &self,
        frontend: &Frontend,
        options: impl Fn() -> anyhow::Result<WorkerOptions>,
        serving: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = async {
            let served = serving.await;
            drop(stop);
            served
        };
        // Either end of the channel going away is the signal.
        let poll = self.run(frontend, options, async { drop(stopped.await) });
        tokio::try_join!(serve, poll)?;
        Ok(())
    }

    fn set(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// Options of a worker for `queue` with what all workers of the stack have alike; the caller registers its
/// workflows and activities and calls `build`. At most `activities` activities run at a time; the others wait in
/// Temporal, where their clock does not run.
pub fn worker_options(
    queue: &'static str,
    activities: usize,
) -> WorkerOptionsBuilder<impl temporalio_sdk::worker_options_builder::State> {
    // The default build id hashes the whole executable, which takes a second with a debug build.
    WorkerOptions::new(queue)
        .deployment_options(WorkerDeploymentOptions::from_build_id(env!("CARGO_PKG_VERSION").to_owned()))
        .graceful_shutdown_period(GRACE)
        .max_heartbeat_throttle_interval(HEARTBEAT_INTERVAL)
        .sticky_queue_schedule_to_start_timeout(SAME_PROCESS_LIMIT)
        .tuner(slots(activities))
}

fn slots(activities: usize) -> WorkerTuner {
    let short = || FixedSizeSlotSupplier::new(SHORT_TASK_SLOTS);
    TunerHolder::builder()
        .workflow_task_slot_supplier(short())
        .activity_task_slot_supplier(FixedSizeSlotSupplier::new(activities))
        .local_activity_task_slot_supplier(short())
        .nexus_task_slot_supplier(short())
        .build()
        .into()
}

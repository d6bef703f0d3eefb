//! Finds episodes that no workflow carries, and starts or ends them.
//!
//! An episode is stored first and started second, by another process, in another store. Between the two the controller
//! may die; later Temporal may lose what it knew, or a workflow may be ended by hand. The sweeper compares both sides
//! again and again: a stored episode without a workflow is started (starting twice is harmless, an episode has one
//! workflow id), one whose workflow has ended without ending it fails with that reason. A workflow that is there but
//! cannot go on, as after an upgrade that changed its decisions, is reported: only a person can tell what to do then.
//! Of several processes one sweeps at a time.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use contract::{episodes::TraceType, lifecycle::EpisodeStatus, wiring::EPISODE_QUEUE};
use episode_store::{EpisodeStore, NewTrace, StoreError, Stored, Transition, TransitionOutcome, UnsettledEpisode};
use futures::{StreamExt, stream};
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;
use workflows::{EpisodeInput, Frontend, FrontendError, Progress, WorkflowState, episode_workflow_id};

use crate::shutdown::Shutdown;

/// Pause between two sweeps.
const PAUSE: Duration = Duration::from_secs(5);
/// An episode is looked at when its state has not changed for this long: the controller needs up to 8 s to start one.
const SETTLED_AFTER: Duration = Duration::from_secs(10);
/// Episodes looked at in one sweep; the next one continues behind them.
const BATCH: i64 = 200;
/// Pause between two rounds of asking the workflows themselves, which costs each of them a task.
const ASKING_PAUSE: Duration = Duration::from_mins(1);
/// Questions to Temporal at a time.
const SIDE_BY_SIDE: usize = 8;
/// Time without a sweep by any process after which readiness reports it.
const OVERDUE: Duration = Duration::from_mins(1);

/// The sweeper of this process; clones share what it reports.
#[derive(Clone)]
pub(crate) struct Sweeper {
    store: EpisodeStore,
    frontend: Frontend,
    latest: Arc<RwLock<Latest>>,
}

/// What the latest sweeps did.
#[derive(Debug)]
struct Latest {
    succeeded: Instant,
    failure: Option<String>,
    started: u64,
    ended: u64,
    /// Workflows that could not go on when they were asked last.
    stuck: usize,
}

/// A way once through all episodes, a batch at each sweep.
#[derive(Debug, Default)]
struct Round {
    /// The last episode that was looked at; nil at the beginning.
    after: Uuid,
    /// Whether the workflows that are there are asked if they can go on.
    asks: bool,
    /// Those that cannot, so far.
    stuck: usize,
}

/// Result of checking an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    Carried,
    Started,
    Ended,
    Stuck,
}

/// Why an episode could not be settled.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Temporal(#[from] FrontendError),
}

impl Sweeper {
    pub(crate) fn new(store: EpisodeStore, frontend: Frontend) -> Self {
        let latest = Latest { succeeded: Instant::now(), failure: None, started: 0, ended: 0, stuck: 0 };
        Self { store, frontend, latest: Arc::new(RwLock::new(latest)) }
    }

    /// Whether sweeps succeed; a readiness probe.
    pub(crate) fn probe(&self) -> anyhow::Result<String> {
        let latest = self.latest.read().unwrap_or_else(PoisonError::into_inner);
        let ago = latest.succeeded.elapsed();
        if ago > OVERDUE {
            let failure = latest.failure.as_deref().unwrap_or("it has not ended");
            anyhow::bail!("no sweep for abandoned episodes succeeded for {} s: {failure}", ago.as_secs());
        }
        let Latest { started, ended, stuck, .. } = *latest;
        let note =
            if stuck > 0 { format!("; workflows that cannot go on: {stuck}, the log says why") } else { String::new() };
        Ok(format!("{started} episodes started and {ended} ended so far{note}"))
    }

    /// Sweeps until the process ends.
    pub(crate) async fn run(&self, shutdown: Shutdown) {
        let (mut round, mut asked) = (Round::default(), Instant::now());
        loop {
            tokio::select! {
                () = shutdown.begun() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
            if round.after.is_nil() {
                round = Round { asks: asked.elapsed() > ASKING_PAUSE, ..Round::default() };
            }
            let swept = tokio::select! {
                () = shutdown.begun() => return,
                swept = self.sweep(&mut round) => swept,
            };
            let mut latest = self.latest.write().unwrap_or_else(PoisonError::into_inner);
            match swept {
                Ok(is_whole) => {
                    latest.succeeded = Instant::now();
                    latest.failure = None;
                    if is_whole && round.asks {
                        latest.stuck = round.stuck;
                        asked = Instant::now();
                    }
                }
                Err(error) => {
                    let failure = format!("{error:#}");
                    tracing::warn!(failure, "abandoned episodes cannot be looked for now");
                    latest.failure = Some(failure);
                }
            }
        }
    }

    /// One sweep over the next batch of a round; true when it was the last one. A batch in which something failed is
    /// looked at again.
    async fn sweep(&self, round: &mut Round) -> anyhow::Result<bool> {
        // Another process that sweeps does this one's work.
        let Some(turn) = self.store.take_sweeping_turn().await? else { return Ok(false) };
        // A server that has not found its namespace yet knows no workflow, and would seem to have lost them all.
        self.frontend.probe().await?;
        let episodes = self.store.unsettled_episodes(SETTLED_AFTER, round.after, BATCH).await?;
        let is_last_batch = i64::try_from(episodes.len()).is_ok_and(|count| count < BATCH);
        let next = episodes.last().filter(|_| !is_last_batch).map_or(Uuid::nil(), |episode| episode.id);
        let asks = round.asks;
        let settled: Vec<_> = stream::iter(episodes)
            .map(|episode| async move { self.settle(&episode, asks).await })
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await;
        drop(turn);
        let (mut first_failure, mut stuck) = (None, 0);
        let mut latest = self.latest.write().unwrap_or_else(PoisonError::into_inner);
        for outcome in settled {
            match outcome {
                Ok(Settled::Carried) => {}
                Ok(Settled::Started) => latest.started += 1,
                Ok(Settled::Ended) => latest.ended += 1,
                Ok(Settled::Stuck) => stuck += 1,
                Err(error) => first_failure = first_failure.or(Some(error)),
            }
        }
        if let Some(error) = first_failure {
            return Err(error.into());
        }
        round.after = next;
        round.stuck += stuck;
        Ok(is_last_batch)
    }

    async fn settle(&self, episode: &UnsettledEpisode, asks: bool) -> Result<Settled, SweepError> {
        match self.frontend.episode_workflow(episode.id).await? {
            WorkflowState::Running if asks => Ok(self.ask(episode.id).await),
            WorkflowState::Running => Ok(Settled::Carried),
            WorkflowState::Unknown => self.start(episode).await,
            WorkflowState::Closed { how } => {
                self.end(episode.id, format!("its workflow has ended ({how}) without ending the episode")).await
            }
        }
    }

    /// Whether a workflow can go on: one that cannot answers no question. One that only gives no answer in time waits for
    /// a process that has time for it.
    async fn ask(&self, episode_id: Uuid) -> Settled {
        match self.frontend.query(episode_id, Progress, ()).await {
            Err(error) if !error.is_outage() => {
                tracing::warn!(%episode_id, %error, "the workflow of an episode cannot go on");
                Settled::Stuck
            }
            _ => Settled::Carried,
        }
    }

    /// Starts a workflow that was never started, or that Temporal no longer knows. Its phases find what they stored by
    /// their checkpoints.
    async fn start(&self, episode: &UnsettledEpisode) -> Result<Settled, SweepError> {
        let session_id = match episode.worker_session_id.parse() {
            Ok(session_id) => session_id,
            Err(error) => {
                let reason = format!("it cannot be started: its session {:?}: {error}", episode.worker_session_id);
                return self.end(episode.id, reason).await;
            }
        };
        let input = EpisodeInput::new(episode.id, session_id, &episode.metadata);
        let workflow_id = self.frontend.start_episode(EPISODE_QUEUE, input).await?;
        let why = match episode.status {
            EpisodeStatus::Queued => "it was stored and never started",
            _ => "Temporal does not know its workflow any more",
        };
        tracing::warn!(episode_id = %episode.id, workflow_id, why, "abandoned episode started");
        unless_deleted(self.store.set_workflow(episode.id, &workflow_id).await)?;
        let note = NewTrace {
            trace_type: TraceType::Log,
            name: Some("sweeper".to_owned()),
            content: Some(format!("workflow {workflow_id} was started: {why}")),
            metadata: Some(json!({"workflow_id": workflow_id, "status": episode.status})),
        };
        unless_deleted(self.store.add_trace(episode.id, &note).await.map(|_| ()))?;
        Ok(Settled::Started)
    }

    async fn end(&self, episode_id: Uuid, reason: String) -> Result<Settled, SweepError> {
        let workflow_id = Some(episode_workflow_id(episode_id));
        let failed = Transition { status: EpisodeStatus::Failed, workflow_id, reason: Some(reason.clone()) };
        match self.store.transition(episode_id, &failed).await {
            Ok(TransitionOutcome::Changed) => {
                tracing::warn!(%episode_id, reason, "abandoned episode ended");
                Ok(Settled::Ended)
            }
            // It has ended, or was deleted, between the two looks.
            Ok(TransitionOutcome::Unchanged { .. }) | Err(StoreError::UnknownEpisode(_)) => Ok(Settled::Carried),
            Err(error) => Err(error.into()),
        }
    }
}

/// An episode that was deleted meanwhile needs nothing more.
fn unless_deleted(stored: Stored<()>) -> Stored<()> {
    match stored {
        Err(StoreError::UnknownEpisode(_)) => Ok(()),
        other => other,
    }
}

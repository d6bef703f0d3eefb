//! Activities of the episode workflow: running a script, and writing the end of an episode.

use std::{sync::Arc, time::Duration};

use contract::lifecycle::EpisodeStatus;
use episode_store::{EpisodeStore, StoreError, Transition, TransitionOutcome};
use http_reply::chain;
use serde::{Deserialize, Serialize};
use temporalio_macros::activities;
use temporalio_sdk::{
    ApplicationFailure,
    activities::{ActivityContext, ActivityError},
};
use tokio::time::Instant;
use uuid::Uuid;
use workflows::EpisodeResult;

use crate::{
    outcome::PhaseOutcome,
    script_phase::{Attempt, PhaseError, ScriptInput, ScriptPhase},
    shutdown::Shutdown,
};

/// Pause between two heartbeats; several fit into the heartbeat timeout of the workflow.
const HEARTBEAT_PAUSE: Duration = Duration::from_secs(1);

/// The short activities of an episode.
pub(crate) struct EpisodeActivities {
    store: EpisodeStore,
}

impl EpisodeActivities {
    pub(crate) fn new(store: EpisodeStore) -> Self {
        Self { store }
    }
}

/// How an episode shall end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FinishInput {
    pub(crate) episode_id: Uuid,
    pub(crate) status: EpisodeStatus,
    pub(crate) reason: Option<String>,
}

#[activities]
impl EpisodeActivities {
    /// The state of an episode as it is stored. One that was deleted counts as cancelled.
    #[activity]
    pub(crate) async fn look_at_episode(
        self: Arc<Self>,
        _context: ActivityContext,
        episode_id: Uuid,
    ) -> Result<EpisodeStatus, ActivityError> {
        match self.store.status(episode_id).await {
            Ok(status) => Ok(status),
            Err(StoreError::UnknownEpisode(_)) => Ok(EpisodeStatus::Cancelled),
            Err(error) => Err(activity_error(&error.into())),
        }
    }

    /// Brings an episode into its terminal state. One that is in a terminal state already keeps it.
    #[activity]
    pub(crate) async fn finish_episode(
        self: Arc<Self>,
        context: ActivityContext,
        input: FinishInput,
    ) -> Result<EpisodeResult, ActivityError> {
        let FinishInput { episode_id, status, reason } = input;
        let wanted = Transition { status, workflow_id: context.info().workflow_id.clone(), reason: reason.clone() };
        let status = match self.store.transition(episode_id, &wanted).await {
            Ok(TransitionOutcome::Unchanged { status }) => status,
            // Unknown: deleted meanwhile, and there is nothing left to write.
            Ok(TransitionOutcome::Changed) | Err(StoreError::UnknownEpisode(_)) => status,
            Err(error) => return Err(activity_error(&error.into())),
        };
        tracing::info!(%episode_id, ?status, reason, "episode ended");
        Ok(EpisodeResult { status, failure_reason: reason.filter(|_| status == EpisodeStatus::Failed) })
    }
}

/// Runs of scripts.
pub(crate) struct ScriptActivities {
    script_phase: ScriptPhase,
    shutdown: Shutdown,
}

impl ScriptActivities {
    pub(crate) fn new(script_phase: ScriptPhase, shutdown: Shutdown) -> Self {
        Self { script_phase, shutdown }
    }
}

#[activities]
impl ScriptActivities {
    /// Runs the episode's script in the light worker. A script that fails is an outcome; an error means that the
    /// attempt has no outcome and may be tried again.
    #[activity]
    pub(crate) async fn run_script_phase(
        self: Arc<Self>,
        context: ActivityContext,
        input: ScriptInput,
    ) -> Result<PhaseOutcome, ActivityError> {
        let info = context.info();
        let attempt = Attempt { number: info.attempt, workflow_id: info.workflow_id.clone() };
        tokio::select! {
            outcome = self.script_phase.run(&input, &attempt) => outcome.map_err(|error| activity_error(&error)),
            never = heartbeat_until_cancelled(&context) => Err(never),
            () = context.cancelled() => {
                self.script_phase.let_go(&input, &attempt).await;
                Err(self.cut_off(&attempt))
            }
        }
    }
}

impl ScriptActivities {
    /// Why a run is cut off: a process that ends hands it on to the next one, everything else cancels it.
    fn cut_off(&self, attempt: &Attempt) -> ActivityError {
        if self.shutdown.has_begun() {
            let message = format!("attempt {} is handed on: this process is ending", attempt.number);
            ActivityError::application(ApplicationFailure::new(message))
        } else {
            ActivityError::cancelled()
        }
    }
}

/// Sends Temporal a heartbeat every [`HEARTBEAT_PAUSE`], which also detects a cancellation. Ends only when a heartbeat
/// cannot be sent.
async fn heartbeat_until_cancelled(context: &ActivityContext) -> ActivityError {
    let begun = Instant::now();
    loop {
        if let Err(error) = context.record_heartbeat(begun.elapsed().as_secs()).await {
            return error.into();
        }
        tokio::time::sleep(HEARTBEAT_PAUSE).await;
    }
}

/// An error for Temporal: the whole chain in one message, and whether another attempt makes sense.
fn activity_error(error: &PhaseError) -> ActivityError {
    let retryable = !error.is_final();
    let message = chain(&error);
    tracing::warn!(message, retryable, "an activity has no outcome");
    let failure = if retryable { ApplicationFailure::new(message) } else { ApplicationFailure::non_retryable(message) };
    ActivityError::application(failure)
}

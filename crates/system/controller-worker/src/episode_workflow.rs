//! The workflow of an episode. Deterministic: it decides by what activities return, and does nothing itself.

use std::time::Duration;

use contract::{lifecycle::EpisodeStatus, wiring::SCRIPT_QUEUE};
use temporalio_common::{RetryPolicy, error::ActivityExecutionError};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{ActivityOptions, WorkflowCancellationToken, WorkflowContext, WorkflowResult};
use workflows::{EpisodeInput, EpisodeResult};

use crate::{
    activities::{EpisodeActivities, FinishInput, ScriptActivities},
    outcome::PhaseOutcome,
    script_phase::ScriptInput,
};

/// Attempts of a phase, as a last resort: the phase itself decides how often it waits for a worker and how many lost
/// runs it repeats, and needs fewer.
const PHASE_ATTEMPTS: u32 = 100;
/// First and longest pause between two attempts of a phase. Attempts that wait for a worker are short, so that they are
/// repeated often.
const FIRST_PHASE_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PHASE_PAUSE: Duration = Duration::from_secs(5);
/// What one attempt may take on top of its script's own limit: mostly waiting for a place in the light worker, which
/// others use too. Whether the attempt lives is told by its heartbeats.
const PHASE_OVERHEAD: Duration = Duration::from_hours(1);
/// A phase that gives no sign of life for this long counts as lost, and is begun anew.
const HEARTBEAT_LIMIT: Duration = Duration::from_secs(8);
/// How long writing the end of an episode may take in one attempt.
const FINISH_LIMIT: Duration = Duration::from_secs(30);
/// Longest pause between attempts to write the end of an episode; they are repeated until one works.
const LONGEST_FINISH_PAUSE: Duration = Duration::from_secs(10);

/// Carries one episode from `queued` to a terminal state.
#[workflow]
#[derive(Default)]
pub(crate) struct EpisodeWorkflow;

#[workflow_methods]
impl EpisodeWorkflow {
    /// Runs the one phase there is, then writes its end.
    #[run]
    pub(crate) async fn run(ctx: &mut WorkflowContext<Self>, input: EpisodeInput) -> WorkflowResult<EpisodeResult> {
        let episode_id = input.episode_id;
        let options = phase_options(input.script_timeout_s);
        let first_round = ScriptInput { episode: input, round: 1 };
        let phase = ctx.execute_activity(ScriptActivities::run_script_phase, first_round, options).await;
        let (status, reason) = match phase {
            Ok(PhaseOutcome::Completed) => (EpisodeStatus::Completed, None),
            Ok(PhaseOutcome::Failed { reason }) => (EpisodeStatus::Failed, Some(reason)),
            Ok(PhaseOutcome::NotBegun { status }) => return Ok(EpisodeResult { status, failure_reason: None }),
            Err(ActivityExecutionError::Cancelled(_)) => (EpisodeStatus::Cancelled, Some("cancelled".to_owned())),
            Err(error) => {
                let reason = format!("the script phase was given up: {}", innermost(&error));
                (EpisodeStatus::Failed, Some(reason))
            }
        };
        let finish = FinishInput { episode_id, status, reason };
        Ok(ctx.execute_activity(EpisodeActivities::finish_episode, finish, finish_options()).await?)
    }
}

fn phase_options(script_timeout_s: u32) -> ActivityOptions {
    let limit = Duration::from_secs(u64::from(script_timeout_s)) + PHASE_OVERHEAD;
    let retries = RetryPolicy::builder()
        .initial_interval(FIRST_PHASE_PAUSE)
        .backoff_coefficient(1.5)
        .maximum_interval(LONGEST_PHASE_PAUSE)
        .maximum_attempts(PHASE_ATTEMPTS)
        .build();
    ActivityOptions::with_start_to_close_timeout(limit)
        .task_queue(SCRIPT_QUEUE)
        .heartbeat_timeout(HEARTBEAT_LIMIT)
        .retry_policy(retries)
        .build()
}

/// The end is written even when the workflow is being cancelled, hence a token of its own.
pub(crate) fn finish_options() -> ActivityOptions {
    let retries = RetryPolicy::builder().maximum_interval(LONGEST_FINISH_PAUSE).build();
    ActivityOptions::with_start_to_close_timeout(FINISH_LIMIT)
        .retry_policy(retries)
        .cancellation_token(WorkflowCancellationToken::new())
        .build()
}

/// The message at the root of a failed activity: the wrappers around it only say that an activity failed.
fn innermost(error: &ActivityExecutionError) -> String {
    let Some(mut failure) = error.failure() else { return error.to_string() };
    while let Some(cause) = failure.cause.as_deref() {
        failure = cause;
    }
    failure.message.clone()
}

//! The workflow of an episode. Deterministic: it decides by what activities return, and does nothing itself.

use std::time::Duration;

use contract::{
    lifecycle::{EpisodeStatus, Phase},
    wiring::SCRIPT_QUEUE,
};
use temporalio_common::{RetryPolicy, error::ActivityExecutionError};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, SyncWorkflowContext, WaitConditionOptions, WorkflowCancellationToken, WorkflowContext,
    WorkflowContextView, WorkflowResult, workflows::select,
};
use workflows::{EPISODE_WORKFLOW, EpisodeInput, EpisodeProgress, EpisodeResult, PROGRESS_QUERY, REVIEWED_SIGNAL};

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
/// How long reading or writing the state of an episode may take in one attempt.
const SHORT_LIMIT: Duration = Duration::from_secs(30);
/// Longest pause between attempts to read or write the state of an episode; they are repeated until one works.
const LONGEST_SHORT_PAUSE: Duration = Duration::from_secs(10);

/// Carries one episode from `queued` to a terminal state.
#[workflow]
pub(crate) struct EpisodeWorkflow {
    progress: EpisodeProgress,
    /// Reviews by which the workflow has decided.
    heeded_reviews: usize,
}

impl Default for EpisodeWorkflow {
    fn default() -> Self {
        let progress = EpisodeProgress { phase: Phase::RunScript, round: 1, reviews: Vec::new() };
        Self { progress, heeded_reviews: 0 }
    }
}

#[workflow_methods]
impl EpisodeWorkflow {
    /// Runs the one phase there is, then writes its end. A review that ends the episode ends the phase.
    #[run(name = EPISODE_WORKFLOW)]
    pub(crate) async fn run(ctx: &mut WorkflowContext<Self>, input: EpisodeInput) -> WorkflowResult<EpisodeResult> {
        let episode_id = input.episode_id;
        let given_up = ctx.cancellation_token().child_token();
        let options = phase_options(input.script_timeout_s, given_up.clone());
        let input = ScriptInput { episode: input, round: ctx.state(|it| it.progress.round) };
        let mut phase = ctx.execute_activity(ScriptActivities::run_script_phase, input, options);
        let outcome = loop {
            select! {
                outcome = phase => break outcome,
                _ = ctx.wait_condition_with_options(Self::has_news, until_the_end()) => {}
            }
            ctx.state_mut(|it| it.heeded_reviews = it.progress.reviews.len());
            let stored = ctx.execute_activity(EpisodeActivities::look_at_episode, episode_id, short_options()).await?;
            if stored.is_terminal() {
                given_up.cancel_with_reason("a review ended the episode");
                // However the phase ends, the review has decided.
                let _ = phase.await;
                return Ok(EpisodeResult { status: stored, failure_reason: None });
            }
        };
        let (status, reason) = match outcome {
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
        Ok(ctx.execute_activity(EpisodeActivities::finish_episode, finish, short_options()).await?)
    }

    /// A review of this round is stored.
    #[signal(name = REVIEWED_SIGNAL)]
    pub(crate) fn reviewed(&mut self, _: &mut SyncWorkflowContext<Self>, round: u32) {
        self.progress.reviews.push(round);
    }

    /// How far the episode is.
    #[query(name = PROGRESS_QUERY)]
    pub(crate) fn progress(&self, _: &WorkflowContextView) -> EpisodeProgress {
        self.progress.clone()
    }
}

impl EpisodeWorkflow {
    fn has_news(&self) -> bool {
        self.progress.reviews.len() > self.heeded_reviews
    }
}

/// A wait that a cancellation of the workflow does not end: the phase ends with it, and that is waited for too.
fn until_the_end() -> WaitConditionOptions {
    WaitConditionOptions::builder().cancellation_token(WorkflowCancellationToken::new()).build()
}

fn phase_options(script_timeout_s: u32, given_up: WorkflowCancellationToken) -> ActivityOptions {
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
        .cancellation_token(given_up)
        .build()
}

/// Of the activities that read and write the state of an episode. They go on while the workflow is being cancelled,
/// hence a token of its own.
pub(crate) fn short_options() -> ActivityOptions {
    let retries = RetryPolicy::builder().maximum_interval(LONGEST_SHORT_PAUSE).build();
    ActivityOptions::with_start_to_close_timeout(SHORT_LIMIT)
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

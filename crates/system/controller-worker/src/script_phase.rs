//! The one phase of an episode so far: run a script of its workspace, keep what it produced.
//!
//! An attempt may be lost at any point and another begun, even while the first still runs somewhere. Therefore all
//! that a run produced (events, end of the tool call, outcome) is stored in one transaction that succeeds once per
//! phase and round; an attempt that comes second learns the outcome of the first and stores nothing. What is stored
//! before the run (state `running`, begin of the tool call with its attempt number) may be stored again and says so.
//!
//! Three kinds of failure are distinguished. A light worker that cannot be reached, or is not ready, has not run
//! anything: the phase waits for it ([`MAX_UNREACHABLE`]). A run whose answer was lost may have been the script's
//! doing: it is repeated a few times ([`MAX_LOST_RUNS`]). A script that fails is an outcome, and is never repeated.
//!
//! A run has no time limit here: the worker enforces the script's own, from the moment in which the run begins. How
//! long it waits for its turn before does not matter, as long as the worker answers.

use std::time::Duration;

use chrono::Utc;
use contract::{
    episodes::TraceType,
    events::{Event, EventBody, RunCommand, Source},
    execution::{ExecuteRequest, ExecuteResponse},
    lifecycle::{EpisodeStatus, Phase},
};
use episode_store::{
    EpisodeStore, NewTrace, PhaseKey, PhaseRecord, PhaseRecording, StepRecord, StoreError, Transition,
    TransitionOutcome,
};
use http_reply::chain;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;
use worker_api::{LightWorker, NoReply, Outcome, Reply, StatusCode, UnexpectedReply};
use workflows::EpisodeInput;

use crate::{
    outcome::{PhaseOutcome, judge},
    progress::{MAX_LOST_RUNS, MAX_UNREACHABLE, Progress},
    turns::Turns,
};

/// Which script of which episode runs, and in which round the workflow asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScriptInput {
    pub(crate) episode: EpisodeInput,
    /// From 1; each round has an outcome of its own.
    pub(crate) round: u32,
}

/// Interval at which to check whether the worker that holds a run still answers.
const LOOK_PAUSE: Duration = Duration::from_secs(3);
/// Checks in a row without an answer after which the run counts as lost.
const MAX_UNANSWERED_LOOKS: u32 = 3;
/// How long to retry storing the result of a run while the database is unreachable, before the run itself is repeated.
const STORING_PATIENCE: Duration = Duration::from_mins(2);
/// Pause between two such tries.
const STORING_PAUSE: Duration = Duration::from_secs(1);
/// Time limit for recording that a run was released: the process that does so is ending.
const FAREWELL_LIMIT: Duration = Duration::from_secs(1);
/// Name of the tool in traces.
const TOOL: &str = "execute";

/// Which attempt of which workflow this is.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// From 1.
    pub(crate) number: u32,
    /// Workflow that carries the episode.
    pub(crate) workflow_id: Option<String>,
}

/// Why an attempt has no outcome.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PhaseError {
    /// The store failed.
    #[error("the episode store failed")]
    Store(#[from] StoreError),
    /// The light worker did not answer.
    #[error("worker-light did not answer")]
    NoReply(#[from] NoReply),
    /// The light worker answered with an error of its own, or not as agreed.
    #[error("worker-light failed")]
    Reply(#[from] UnexpectedReply),
    /// A finished phase is stored in a form that this version does not know.
    #[error("the stored outcome of the phase cannot be read")]
    Checkpoint(#[from] serde_json::Error),
}

impl PhaseError {
    /// True when no later attempt can do better: the episode is gone, or its checkpoint unreadable.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Store(StoreError::UnknownEpisode(_)) | Self::Checkpoint(_))
    }

    /// True when the light worker has begun nothing: nothing listens there, or it says that it cannot work now.
    fn is_unreachable(&self) -> bool {
        match self {
            Self::NoReply(NoReply::Unreachable { .. } | NoReply::TimedOut { .. }) => true,
            Self::Reply(unexpected) => is_not_ready(unexpected.status()),
            Self::NoReply(NoReply::Unsendable { .. }) | Self::Store(_) | Self::Checkpoint(_) => false,
        }
    }
}

/// Statuses by which a worker, or anything in front of it, says "not now".
fn is_not_ready(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// Runs scripts of episodes in the light worker. Clones share their turns.
#[derive(Clone)]
pub(crate) struct ScriptPhase {
    store: EpisodeStore,
    worker_light_url: String,
    worker_token: Option<String>,
    http: reqwest::Client,
    turns: Turns,
}

/// A run, or why there was nothing to run.
enum Execution {
    Refused { reason: String },
    Ran(ExecuteResponse),
}

impl ScriptPhase {
    pub(crate) fn new(
        store: EpisodeStore,
        worker_light_url: String,
        worker_token: Option<String>,
        http: reqwest::Client,
    ) -> Self {
        Self { store, worker_light_url, worker_token, http, turns: Turns::default() }
    }

    /// One attempt. `Ok` is final for the episode; `Err` may be tried again unless [`PhaseError::is_final`].
    pub(crate) async fn run(&self, input: &ScriptInput, attempt: &Attempt) -> Result<PhaseOutcome, PhaseError> {
        let episode = &input.episode;
        let _turn = self.turns.take(episode.episode_id).await;
        let mut progress = match self.earlier(input).await? {
            Earlier::Finished(outcome) => return Ok(outcome),
            Earlier::UnderWay(progress) => progress.at_start_of_attempt(),
        };
        let running =
            Transition { status: EpisodeStatus::Running, workflow_id: attempt.workflow_id.clone(), reason: None };
        if let TransitionOutcome::Unchanged { status } = self.store.transition(episode.episode_id, &running).await?
            && status.is_terminal()
        {
            return Ok(PhaseOutcome::NotBegun { status });
        }
        if progress.lost_runs >= MAX_LOST_RUNS {
            let reason = format!(
                "{MAX_LOST_RUNS} runs of {} were lost together with worker-light or the connection to it, and no \
                 further one is begun; the traces tell each",
                episode.script_path
            );
            return self.record(input, attempt, Execution::Refused { reason }).await;
        }
        let worker = LightWorker::new(&self.worker_light_url, episode.session_id.as_str(), self.http.clone())
            .with_token(self.worker_token.as_deref());
        // Asked first because it answers at once: this detects a worker that hangs sooner than a call that may be slow.
        if let Err(error) = answers(&worker).await {
            return if error.is_unreachable() {
                self.not_reached(input, attempt, progress, error).await
            } else {
                self.lost(input, attempt, progress, error).await
            };
        }
        progress.begin_run();
        self.record_step(input, attempt, "run_begun", &progress, vec![tool_start(episode, attempt)]).await?;
        match execute(&worker, episode).await {
            Ok(execution) => self.record(input, attempt, execution).await,
            // It was alive a moment ago and says itself that the run has not begun.
            Err(error @ PhaseError::Reply(_)) if error.is_unreachable() => {
                self.not_reached(input, attempt, progress, error).await
            }
            Err(error) => self.lost(input, attempt, progress, error).await,
        }
    }

    /// Records that this process ended the run of this attempt, if there is one: by its own end or a cancellation. A
    /// failure to record it only changes a count.
    pub(crate) async fn let_go(&self, input: &ScriptInput, attempt: &Attempt) {
        let note = async {
            if let Earlier::UnderWay(mut progress) = self.earlier(input).await? {
                progress.let_go_of_run();
                self.record_step(input, attempt, "run_let_go", &progress, Vec::new()).await?;
            }
            Ok::<(), PhaseError>(())
        };
        match tokio::time::timeout(FAREWELL_LIMIT, note).await {
            Ok(Ok(()) | Err(PhaseError::Store(StoreError::UnknownEpisode(_)))) => {}
            Ok(Err(error)) => tracing::warn!(error = chain(&error), "a run that is handed on will count as lost"),
            Err(_) => tracing::warn!("a run that is handed on will count as lost: the database did not answer"),
        }
    }

    /// What earlier attempts left: an outcome that Temporal did not learn of, or how far they came.
    async fn earlier(&self, input: &ScriptInput) -> Result<Earlier, PhaseError> {
        Ok(match self.store.checkpoint(&key(input)).await? {
            None => Earlier::UnderWay(Progress::default()),
            Some(found) if found.finished_at.is_some() => Earlier::Finished(serde_json::from_value(found.state)?),
            Some(found) => Earlier::UnderWay(serde_json::from_value(found.state)?),
        })
    }

    /// Records the progress of the phase, and the traces that report it, in one write.
    async fn record_step(
        &self,
        input: &ScriptInput,
        attempt: &Attempt,
        name: &'static str,
        progress: &Progress,
        traces: Vec<NewTrace>,
    ) -> Result<(), PhaseError> {
        let state = serde_json::to_value(progress)?;
        let step = StepRecord { key: key(input), attempt: attempt.for_database(), name, state, traces };
        Ok(self.store.record_step(&step).await?)
    }

    /// The run, or the way to it, was lost: it is repeated, and counted.
    async fn lost(
        &self,
        input: &ScriptInput,
        attempt: &Attempt,
        mut progress: Progress,
        error: PhaseError,
    ) -> Result<PhaseOutcome, PhaseError> {
        progress.lose_run();
        let note = format!("attempt {} was lost: {}", attempt.number, chain(&error));
        let traces = vec![error_trace(&input.episode, attempt, note)];
        self.record_step(input, attempt, "run_lost", &progress, traces).await?;
        Err(error)
    }

    /// The light worker has begun nothing: wait for it, unless it has been away for too long.
    async fn not_reached(
        &self,
        input: &ScriptInput,
        attempt: &Attempt,
        mut progress: Progress,
        error: PhaseError,
    ) -> Result<PhaseOutcome, PhaseError> {
        let is_first = progress.unreachable_since.is_none();
        let away_for = progress.not_reached(Utc::now());
        if away_for >= MAX_UNREACHABLE {
            let reason = format!(
                "worker-light could not be reached for {} s, the limit is {} s; last: {}",
                away_for.as_secs(),
                MAX_UNREACHABLE.as_secs(),
                chain(&error)
            );
            return self.record(input, attempt, Execution::Refused { reason }).await;
        }
        let note = || format!("waiting for worker-light: {}", chain(&error));
        let traces = is_first.then(|| error_trace(&input.episode, attempt, note()));
        self.record_step(input, attempt, "worker_not_reached", &progress, traces.into_iter().collect()).await?;
        Err(error)
    }

    /// Stores all that the run produced, unless another attempt was first; returns the outcome that counts. It retries
    /// during an outage of the database, since the run would have to be repeated otherwise.
    async fn record(
        &self,
        input: &ScriptInput,
        attempt: &Attempt,
        execution: Execution,
    ) -> Result<PhaseOutcome, PhaseError> {
        let (outcome, record) = phase_record(input, attempt, execution)?;
        let begun = Instant::now();
        loop {
            match self.store.record_phase(&record).await {
                Ok(PhaseRecording::Recorded) => return Ok(outcome),
                Ok(PhaseRecording::AlreadyFinished { state }) => return Ok(serde_json::from_value(state)?),
                Err(error) if error.is_outage() && begun.elapsed() < STORING_PATIENCE => {
                    tracing::warn!(episode_id = %record.key.episode_id, %error, "a result is not stored yet");
                    tokio::time::sleep(STORING_PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What earlier attempts left.
enum Earlier {
    Finished(PhaseOutcome),
    UnderWay(Progress),
}

impl Attempt {
    fn for_database(&self) -> i32 {
        i32::try_from(self.number).unwrap_or(i32::MAX)
    }
}

fn key(input: &ScriptInput) -> PhaseKey {
    PhaseKey { episode_id: input.episode.episode_id, phase: Phase::RunScript, round: input.round }
}

async fn answers(worker: &LightWorker) -> Result<(), PhaseError> {
    worker.health().await?.expect_status(StatusCode::OK)?;
    Ok(())
}

/// Says what an episode needs here, since its task alone starts nothing.
fn nothing_to_run(input: &EpisodeInput) -> String {
    let (script, session) = (&input.script_path, &input.session_id);
    format!(
        "{script} does not exist in session {session}. This stack runs no agents that would work on the task: an \
         episode runs a script of its session, the one that metadata_vars.script_path names, else script.py"
    )
}

async fn execute(worker: &LightWorker, input: &EpisodeInput) -> Result<Execution, PhaseError> {
    let request = ExecuteRequest::file(&input.script_path, input.script_timeout_s);
    let ran = tokio::select! {
        ran = worker.execute_in_its_own_time(&request) => ran?,
        silence = silence_of(worker) => return Err(silence.into()),
    };
    if ran.status == StatusCode::NOT_FOUND {
        return Ok(Execution::Refused { reason: nothing_to_run(input) });
    }
    if let Some(reason) = refusal(&input.script_path, &ran) {
        return Ok(Execution::Refused { reason });
    }
    Ok(Execution::Ran(ran.expect(StatusCode::OK)?))
}

/// Returns when the worker has stopped answering; what it said last.
async fn silence_of(worker: &LightWorker) -> NoReply {
    let mut unanswered = 0;
    loop {
        tokio::time::sleep(LOOK_PAUSE).await;
        let look: Outcome = worker.health().await;
        match look {
            Ok(_) => unanswered = 0,
            Err(silence) => {
                unanswered += 1;
                if unanswered == MAX_UNANSWERED_LOOKS {
                    return silence;
                }
            }
        }
    }
}

/// All that a run leaves behind, and its outcome.
fn phase_record(
    input: &ScriptInput,
    attempt: &Attempt,
    execution: Execution,
) -> Result<(PhaseOutcome, PhaseRecord), PhaseError> {
    let episode = &input.episode;
    let (outcome, exit_code, facts, emitted) = match execution {
        Execution::Refused { reason } => (PhaseOutcome::Failed { reason }, None, json!({}), Vec::new()),
        Execution::Ran(run) => {
            let facts = json!({
                "exit_code": run.exit_code,
                "timed_out": run.timed_out,
                "violation": run.violation,
                "stdout": run.stdout,
                "stderr": run.stderr,
                "events": run.events.len(),
                "malformed_events": run.malformed_events,
            });
            (judge(&episode.script_path, episode.script_timeout_s, &run), Some(run.exit_code), facts, run.events)
        }
    };
    let command = EventBody::RunCommandTool(RunCommand {
        episode_id: episode.episode_id,
        session_id: episode.session_id.to_string(),
        command: format!("python {}", episode.script_path),
        exit_code,
    });
    let command = Event::new(Source::ControllerWorker, command).into_map();
    let record = PhaseRecord {
        key: key(input),
        attempt: attempt.for_database(),
        state: serde_json::to_value(&outcome)?,
        events: std::iter::once(command).chain(emitted).collect(),
        traces: vec![tool_end(episode, attempt.for_database(), &outcome, facts)],
    };
    Ok((outcome, record))
}

/// The reason in an answer that refuses the request itself (4xx, unless it only says "too many now"): trying again
/// would be refused again.
fn refusal(script: &str, reply: &Reply) -> Option<String> {
    let refused = reply.status.is_client_error() && reply.status != StatusCode::TOO_MANY_REQUESTS;
    refused.then(|| {
        let detail = match &reply.json()["detail"] {
            Value::String(sentence) => sentence.clone(),
            other => other.to_string(),
        };
        format!("worker-light refused {script} ({}): {detail}", reply.status)
    })
}

fn tool_start(input: &EpisodeInput, attempt: &Attempt) -> NewTrace {
    NewTrace {
        trace_type: TraceType::ToolStart,
        name: Some(TOOL.to_owned()),
        content: Some(format!("run {} for at most {} s", input.script_path, input.script_timeout_s)),
        metadata: Some(json!({
            "attempt": attempt.number,
            "session_id": input.session_id,
            "script_path": input.script_path,
            "timeout_s": input.script_timeout_s,
        })),
    }
}

fn error_trace(input: &EpisodeInput, attempt: &Attempt, content: String) -> NewTrace {
    NewTrace {
        trace_type: TraceType::Error,
        name: Some(TOOL.to_owned()),
        content: Some(content),
        metadata: Some(json!({"attempt": attempt.number, "session_id": input.session_id})),
    }
}

fn tool_end(input: &EpisodeInput, attempt: i32, outcome: &PhaseOutcome, facts: Value) -> NewTrace {
    let content = match outcome {
        PhaseOutcome::Failed { reason } => reason.clone(),
        PhaseOutcome::Completed | PhaseOutcome::NotBegun { .. } => format!("{} ran to its end", input.script_path),
    };
    let mut metadata = json!({"attempt": attempt, "session_id": input.session_id, "script_path": input.script_path});
    if let (Some(metadata), Value::Object(facts)) = (metadata.as_object_mut(), facts) {
        metadata.extend(facts);
    }
    NewTrace {
        trace_type: TraceType::ToolEnd,
        name: Some(TOOL.to_owned()),
        content: Some(content),
        metadata: Some(metadata),
    }
}

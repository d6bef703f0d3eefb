//! The one phase of an episode so far: run a script of its workspace, keep what came of it.
//!
//! An attempt may be lost at any point and another begun, even while the first still runs somewhere. Therefore all
//! that a run produced (events, end of the tool call, outcome) is stored in one transaction that succeeds once per
//! phase; an attempt that comes second learns the outcome of the first and stores nothing. What is told before the
//! run (state `running`, begin of the tool call with its attempt number) may be told again and says so.

use chrono::Utc;
use contract::{
    episodes::{EpisodeStatus, TraceType},
    events::{event, names::RUN_COMMAND_TOOL},
    execution::{ExecuteRequest, ExecuteResponse},
    files::{FileContent, PathRequest},
};
use episode_store::{EpisodeStore, NewTrace, PhaseRecord, PhaseRecording, StoreError, Transition, TransitionOutcome};
use serde_json::{Value, json};
use worker_api::{LightWorker, NoReply, Reply, StatusCode, UnexpectedReply};
use workflows::EpisodeInput;

use crate::outcome::{PhaseOutcome, judge};

/// Name of the phase in checkpoints.
const PHASE: &str = "run_script";
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

/// Why an attempt did not come to its end.
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
    #[error("the stored outcome of phase {PHASE} cannot be read")]
    Checkpoint(#[from] serde_json::Error),
}

impl PhaseError {
    /// True when no later attempt can do better: the episode is gone, or its checkpoint unreadable.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Store(StoreError::UnknownEpisode(_)) | Self::Checkpoint(_))
    }

    /// The error and all its causes in one line.
    pub(crate) fn chain(&self) -> String {
        let first: &dyn std::error::Error = self;
        let all = std::iter::successors(Some(first), |error| error.source()).map(ToString::to_string);
        all.collect::<Vec<_>>().join(": ")
    }
}

/// Runs scripts of episodes in the light worker.
pub(crate) struct ScriptPhase {
    store: EpisodeStore,
    worker_light_url: String,
    http: reqwest::Client,
}

/// A run, or why there was nothing to run.
enum Execution {
    Refused { reason: String },
    Ran(ExecuteResponse),
}

impl ScriptPhase {
    pub(crate) fn new(store: EpisodeStore, worker_light_url: String, http: reqwest::Client) -> Self {
        Self { store, worker_light_url, http }
    }

    /// One attempt. `Ok` is final for the episode; `Err` may be tried again unless [`PhaseError::is_final`].
    pub(crate) async fn run(&self, input: &EpisodeInput, attempt: &Attempt) -> Result<PhaseOutcome, PhaseError> {
        if let Some(outcome) = self.finished(input).await? {
            return Ok(outcome);
        }
        let running =
            Transition { status: EpisodeStatus::Running, workflow_id: attempt.workflow_id.clone(), reason: None };
        if let TransitionOutcome::Unchanged { status } = self.store.transition(input.episode_id, &running).await?
            && status.is_terminal()
        {
            return Ok(PhaseOutcome::NotBegun { status });
        }
        let number = i32::try_from(attempt.number).unwrap_or(i32::MAX);
        self.store.save_checkpoint(input.episode_id, PHASE, number, &json!({"step": "running"})).await?;
        self.store.add_trace(input.episode_id, &tool_start(input, attempt)).await?;
        match self.execute(input).await {
            Ok(execution) => self.record(input, number, execution).await,
            Err(error) => {
                self.note_lost_attempt(input, attempt, &error.chain()).await;
                Err(error)
            }
        }
    }

    /// The outcome of an earlier attempt that got to its end without Temporal learning of it.
    async fn finished(&self, input: &EpisodeInput) -> Result<Option<PhaseOutcome>, PhaseError> {
        let checkpoint = self.store.checkpoint(input.episode_id, PHASE).await?;
        let finished = checkpoint.filter(|checkpoint| checkpoint.finished_at.is_some());
        Ok(finished.map(|checkpoint| serde_json::from_value(checkpoint.state)).transpose()?)
    }

    async fn execute(&self, input: &EpisodeInput) -> Result<Execution, PhaseError> {
        let worker = LightWorker::new(&self.worker_light_url, input.session_id.as_str(), self.http.clone());
        let script = &input.script_path;
        let read = worker.read_file(&PathRequest { path: script.clone() }).await?;
        if read.status == StatusCode::NOT_FOUND {
            let reason = format!("{script} does not exist in session {}", input.session_id);
            return Ok(Execution::Refused { reason });
        }
        if let Some(reason) = refusal(script, &read) {
            return Ok(Execution::Refused { reason });
        }
        let code = read.expect::<FileContent>(StatusCode::OK)?.content;
        if code.trim().is_empty() {
            return Ok(Execution::Refused { reason: format!("{script} is empty") });
        }
        let ran = worker.execute(&ExecuteRequest { code, timeout: input.script_timeout_s }).await?;
        if let Some(reason) = refusal(script, &ran) {
            return Ok(Execution::Refused { reason });
        }
        Ok(Execution::Ran(ran.expect(StatusCode::OK)?))
    }

    /// Stores all that came of the run, unless another attempt was first; the outcome that counts.
    async fn record(
        &self,
        input: &EpisodeInput,
        number: i32,
        execution: Execution,
    ) -> Result<PhaseOutcome, PhaseError> {
        let (outcome, facts, emitted) = match execution {
            Execution::Refused { reason } => (PhaseOutcome::Failed { reason }, json!({}), Vec::new()),
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
                (judge(&input.script_path, input.script_timeout_s, &run), facts, run.events)
            }
        };
        let command = event(
            RUN_COMMAND_TOOL,
            Utc::now(),
            json!({
                "episode_id": input.episode_id,
                "session_id": input.session_id,
                "command": format!("python {}", input.script_path),
                "exit_code": facts.get("exit_code"),
            }),
        );
        let record = PhaseRecord {
            episode_id: input.episode_id,
            phase: PHASE,
            attempt: number,
            state: serde_json::to_value(&outcome)?,
            events: std::iter::once(command).chain(emitted).collect(),
            traces: vec![tool_end(input, number, &outcome, facts)],
        };
        match self.store.record_phase(&record).await? {
            PhaseRecording::Recorded => Ok(outcome),
            PhaseRecording::AlreadyFinished { state } => Ok(serde_json::from_value(state)?),
        }
    }

    /// Leaves a trace of an attempt that was lost. That this fails too, say because the database is what broke,
    /// changes nothing: the error itself goes to Temporal.
    async fn note_lost_attempt(&self, input: &EpisodeInput, attempt: &Attempt, cause: &str) {
        let trace = NewTrace {
            trace_type: TraceType::Error,
            name: Some(TOOL.to_owned()),
            content: Some(format!("attempt {} was lost: {cause}", attempt.number)),
            metadata: Some(json!({"attempt": attempt.number, "session_id": input.session_id})),
        };
        if let Err(error) = self.store.add_trace(input.episode_id, &trace).await {
            tracing::warn!(episode_id = %input.episode_id, %error, "the lost attempt left no trace");
        }
    }
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

//! Names, inputs and results of the workflows.

use contract::{
    benchmark::BenchmarkRequest,
    episodes::EpisodeMetadata,
    lifecycle::{EpisodeStatus, Phase},
    limits::DEFAULT_EXECUTE_TIMEOUT_S,
    session::SessionId,
};
use serde::{Deserialize, Serialize};
use temporalio_common::{HasWorkflowDefinition, QueryDefinition, SignalDefinition, WorkflowDefinition};
use uuid::Uuid;

/// Type of the workflow that sends a simulation to the heavy queue.
pub const HEAVY_SIMULATION_WORKFLOW: &str = "HeavySimulationWorkflow";
/// Memo under which a workflow carries the id of its episode.
pub const EPISODE_MEMO_KEY: &str = "episode_id";
/// Name of the signal that tells the workflow of an episode of a stored review.
pub const REVIEWED_SIGNAL: &str = "reviewed";
/// Name of the query for the progress of an episode's workflow.
pub const PROGRESS_QUERY: &str = "progress";
/// Type of the workflow that carries an episode.
pub const EPISODE_WORKFLOW: &str = "EpisodeWorkflow";
/// Script of the workspace that an episode runs unless its metadata names another.
const DEFAULT_SCRIPT: &str = "script.py";

/// Id of the workflow that carries an episode; one episode has one workflow.
pub fn episode_workflow_id(episode_id: Uuid) -> String {
    format!("episode-{episode_id}")
}

/// Input of the workflow of an episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeInput {
    /// Episode.
    pub episode_id: Uuid,
    /// Worker session in which the work happens.
    pub session_id: SessionId,
    /// Script of the workspace that is run.
    pub script_path: String,
    /// Wall-clock limit of the script, in seconds.
    pub script_timeout_s: u32,
}

impl EpisodeInput {
    /// The input of an episode's workflow, from what is stored with the episode: the same each time that the workflow
    /// is started.
    pub fn new(episode_id: Uuid, session_id: SessionId, metadata: &EpisodeMetadata) -> Self {
        Self {
            episode_id,
            session_id,
            script_path: metadata.script_path.clone().unwrap_or_else(|| DEFAULT_SCRIPT.to_owned()),
            script_timeout_s: metadata.script_timeout_s.unwrap_or(DEFAULT_EXECUTE_TIMEOUT_S),
        }
    }
}

/// How the workflow of an episode ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeResult {
    /// Terminal state.
    pub status: EpisodeStatus,
    /// Why it failed.
    pub failure_reason: Option<String>,
}

/// Represents the workflow of an episode where only its name and types are needed: on the side that starts it.
#[derive(Debug, Clone, Copy)]
pub struct EpisodeWorkflowStart;

impl WorkflowDefinition for EpisodeWorkflowStart {
    type Input = EpisodeInput;
    type Output = EpisodeResult;

    fn name(&self) -> &'static str {
        EPISODE_WORKFLOW
    }
}

impl HasWorkflowDefinition for EpisodeWorkflowStart {
    type Run = Self;
}

/// Tells the workflow of an episode that a review was stored; the input is the review's round. What follows, the
/// workflow decides by what is stored.
#[derive(Debug, Clone, Copy)]
pub struct Reviewed;

impl SignalDefinition for Reviewed {
    type Workflow = EpisodeWorkflowStart;
    type Input = u32;

    fn name(&self) -> &'static str {
        REVIEWED_SIGNAL
    }
}

/// Asks the workflow of an episode how far it is.
#[derive(Debug, Clone, Copy)]
pub struct Progress;

impl QueryDefinition for Progress {
    type Workflow = EpisodeWorkflowStart;
    type Input = ();
    type Output = EpisodeProgress;

    fn name(&self) -> &'static str {
        PROGRESS_QUERY
    }
}

/// How far the workflow of an episode is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeProgress {
    /// Phase that it is in.
    pub phase: Phase,
    /// Round of that phase, from 1.
    pub round: u32,
    /// Rounds of the reviews that it was told of, in the order of their arrival.
    pub reviews: Vec<u32>,
}

/// Input of a simulation on the heavy queue, both of the workflow and of the activity.
///
/// It travels inside Temporal's history, which takes about 2 MB: a workspace goes through the shared session
/// directory, not through `bundle_base64`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeavySimulationInput {
    /// Worker session whose design is simulated.
    pub session_id: SessionId,
    /// As the HTTP route takes it.
    pub request: BenchmarkRequest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_decides_script_and_limit() {
        let session: SessionId = "s".parse().expect("a valid session id");
        let plain = EpisodeInput::new(Uuid::nil(), session.clone(), &EpisodeMetadata::default());
        assert_eq!((plain.script_path.as_str(), plain.script_timeout_s), (DEFAULT_SCRIPT, DEFAULT_EXECUTE_TIMEOUT_S));
        let metadata = EpisodeMetadata {
            script_path: Some("lever.py".into()),
            script_timeout_s: Some(7),
            ..EpisodeMetadata::default()
        };
        let named = EpisodeInput::new(Uuid::nil(), session, &metadata);
        assert_eq!((named.script_path.as_str(), named.script_timeout_s), ("lever.py", 7));
    }

    #[test]
    fn input_with_an_escaping_session_id_is_refused() {
        let input = serde_json::json!({
            "episode_id": Uuid::nil(), "session_id": "../other", "script_path": "script.py", "script_timeout_s": 30,
        });
        assert!(serde_json::from_value::<EpisodeInput>(input).is_err());
    }
}

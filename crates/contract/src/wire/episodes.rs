//! Episodes: one task given to the agents, with its traces, assets and lifecycle.

use chrono::{DateTime, Utc};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    json_text::{no_nul, storable_object},
    lifecycle::{EpisodeStatus, NextAgent},
    status::ResponseStatus,
};

fn default_agent() -> String {
    "engineer_coder".to_owned()
}

/// Body of `POST /agent/run`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct AgentRunRequest {
    /// What is to be done.
    #[schemars(extend("pattern" = crate::json_text::NO_NUL))]
    #[garde(length(min = 1), custom(no_nul))]
    pub task: String,
    /// Worker session in which the work happens.
    #[schemars(extend("pattern" = crate::session::SESSION_ID_PATTERN))]
    #[garde(length(min = 1, max = 128), custom(valid_session_id))]
    pub session_id: String,
    /// Facts about the episode.
    #[serde(default)]
    #[garde(dive)]
    pub metadata_vars: Option<EpisodeMetadata>,
    /// Version of the skills that the agents see.
    #[serde(default)]
    #[schemars(extend("pattern" = crate::json_text::NO_NUL))]
    #[garde(inner(custom(no_nul)))]
    pub skill_git_hash: Option<String>,
    /// Which agent starts.
    #[serde(default = "default_agent")]
    #[schemars(extend("pattern" = crate::json_text::NO_NUL))]
    #[garde(length(min = 1), custom(no_nul))]
    pub agent_name: String,
}

fn valid_session_id<C>(text: &str, _: &C) -> garde::Result {
    text.parse::<crate::session::SessionId>().map(|_| ()).map_err(garde::Error::new)
}

/// Facts about an episode. Unknown keys are kept in `additional_info`; a known key of the wrong type is a 422.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct EpisodeMetadata {
    /// Worker session of the episode; set by the controller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = crate::json_text::NO_NUL))]
    #[garde(inner(custom(no_nul)))]
    pub worker_session_id: Option<String>,
    /// Script of the workspace that the episode runs, at most 4096 bytes, the longest path of the operating system;
    /// `script.py` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1, "maxLength" = 4096, "pattern" = crate::json_text::NO_NUL))]
    #[garde(inner(length(min = 1, max = 4096), custom(no_nul)))]
    pub script_path: Option<String>,
    /// Wall-clock limit of that script in seconds, 1 to 300; 30 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 1, "maximum" = 300))]
    #[garde(inner(range(min = 1, max = 300)))]
    pub script_timeout_s: Option<u32>,
    /// What a review that rejects the work does to the episode; it ends it when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub after_rejection: Option<AfterRejection>,
    /// Benchmark variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = crate::json_text::NO_NUL))]
    #[garde(inner(custom(no_nul)))]
    pub variant_id: Option<String>,
    /// Seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub seed: Option<i64>,
    /// Everything else.
    #[serde(default, flatten)]
    #[garde(custom(storable_object))]
    pub additional_info: Map<String, Value>,
}

/// What a review that rejects the work does to its episode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AfterRejection {
    /// The episode fails: nobody works on it any more.
    #[default]
    End,
    /// The episode keeps running and the agent that the decision names continues, for as many rejections as an episode
    /// may have.
    Continue,
}

/// Answer of `POST /agent/run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentRunResponse {
    /// `accepted`.
    pub status: ResponseStatus,
    /// The new episode.
    pub episode_id: Uuid,
}

/// Answer of `POST /test/episodes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestEpisodeResponse {
    /// The new episode; it runs, and no workflow carries it.
    pub episode_id: Uuid,
}

/// Answer of `DELETE /episodes/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeleteEpisodeResponse {
    /// `success`.
    pub status: ResponseStatus,
    /// Which episode is gone, and what went with it.
    pub message: String,
}

/// Kind of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceType {
    /// A tool call begins.
    ToolStart,
    /// A tool call ended.
    ToolEnd,
    /// A model call begins.
    LlmStart,
    /// A model call ended.
    LlmEnd,
    /// A note.
    Log,
    /// An error.
    Error,
    /// An observability event.
    Event,
}

/// Answer of `GET /episodes/{id}`, element of `GET /episodes/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Episode {
    /// Id.
    pub id: Uuid,
    /// What was asked.
    pub task: String,
    /// State.
    pub status: EpisodeStatus,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// Temporal workflow that carries it.
    pub workflow_id: Option<String>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Version of the skills.
    pub skill_git_hash: Option<String>,
    /// Facts about it.
    pub metadata_vars: Option<EpisodeMetadata>,
    /// Who goes on, by the newest review or refusal; nobody before the first, and nobody in a terminal state.
    #[serde(default)]
    pub next_agent: Option<NextAgent>,
    /// Versions of the templates that its workspace began with; null where none were written.
    #[serde(default)]
    pub template_versions: Option<Map<String, Value>>,
    /// The agents' to-do list; null before there is one.
    #[serde(default)]
    pub todo_list: Option<Map<String, Value>>,
    /// The agents' journal; null before there is one.
    #[serde(default)]
    pub journal: Option<String>,
    /// The plan that the work follows; null before there is one.
    #[serde(default)]
    pub plan: Option<String>,
    /// `validation_logs` of its metadata, where that is a list of texts.
    #[serde(default)]
    pub validation_logs: Option<Vec<String>>,
    /// Every state it went through, in order.
    #[serde(default)]
    pub transitions: Vec<EpisodeTransition>,
    /// What happened, in order.
    #[serde(default)]
    pub traces: Vec<Trace>,
    /// Number of the last trace given, where more follow: `after_trace_id` of the next request. Null when these are all.
    #[serde(default)]
    pub more_traces_after: Option<i64>,
    /// Files that it left.
    #[serde(default)]
    pub assets: Vec<EpisodeAsset>,
}

/// A file that an episode left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EpisodeAsset {
    /// Number.
    pub id: i64,
    /// Kind.
    pub asset_type: AssetType,
    /// Key in the object store.
    pub s3_path: String,
    /// Text, where it is one.
    pub content: Option<String>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
}

/// Kind of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetType {
    /// A film of a run.
    Video,
    /// A model for the simulator.
    Mjcf,
    /// A picture.
    Image,
    /// A model for exchange.
    Step,
    /// A mesh.
    Stl,
    /// A mesh with colours.
    Glb,
    /// A script.
    Python,
    /// Anything else.
    Other,
}

/// One change of an episode's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EpisodeTransition {
    /// The new state.
    pub status: EpisodeStatus,
    /// When.
    pub at: DateTime<Utc>,
    /// Workflow in which it happened.
    pub workflow_id: Option<String>,
    /// Why, where there is a reason.
    pub reason: Option<String>,
}

/// One trace of an episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// Number.
    pub id: i64,
    /// Kind.
    pub trace_type: TraceType,
    /// Name, such as the event type or the tool.
    pub name: Option<String>,
    /// Text.
    pub content: Option<String>,
    /// Data.
    pub metadata_vars: Option<Value>,
    /// Number of the run in Langfuse; null where none is connected.
    #[serde(default)]
    pub langfuse_trace_id: Option<String>,
    /// What a person thought of it: 1 good, 0 bad; null before anybody said.
    #[serde(default)]
    pub feedback_score: Option<i32>,
    /// Their words.
    #[serde(default)]
    pub feedback_comment: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Query of `GET /episodes/{id}`: which of its traces to answer with. A page holds as many as asked for, and fewer where
/// they are large; `more_traces_after` of the answer leads to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct EpisodeQuery {
    /// Only traces with a larger number.
    #[serde(default)]
    #[garde(range(min = 0))]
    pub after_trace_id: i64,
    /// At most this many, 0 to 10 000.
    #[serde(default = "default_traces")]
    #[garde(range(min = 0, max = 10_000))]
    pub trace_limit: i64,
}

impl Default for EpisodeQuery {
    fn default() -> Self {
        Self { after_trace_id: 0, trace_limit: default_traces() }
    }
}

fn default_traces() -> i64 {
    10_000
}

/// Query of `GET /episodes/`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct ListEpisodesQuery {
    /// At most this many.
    #[serde(default = "default_limit")]
    #[garde(range(min = 0))]
    pub limit: i64,
    /// Skip this many.
    #[serde(default)]
    #[garde(range(min = 0))]
    pub offset: i64,
}

impl Default for ListEpisodesQuery {
    fn default() -> Self {
        Self { limit: default_limit(), offset: 0 }
    }
}

fn default_limit() -> i64 {
    100
}

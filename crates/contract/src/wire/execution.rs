//! Running Python in a session, and what a script may get wrong.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::limits::DEFAULT_EXECUTE_TIMEOUT_S;

fn default_timeout() -> u32 {
    DEFAULT_EXECUTE_TIMEOUT_S
}

/// Body of `POST /runtime/execute`: source text, or a file of the session.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct ExecuteRequest {
    /// Python source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1))]
    #[garde(inner(length(min = 1)), custom(one_source(self.script_path.as_deref())))]
    pub code: Option<String>,
    /// File of the session that is run in place of `code`; tracebacks name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1, "maxLength" = 4096))]
    #[garde(inner(length(min = 1, max = 4096)))]
    pub script_path: Option<String>,
    /// Wall-clock limit in seconds, 1 to 300.
    #[serde(default = "default_timeout")]
    #[garde(range(min = 1, max = 300))]
    pub timeout: u32,
}

impl ExecuteRequest {
    /// Runs source text.
    pub fn text(code: impl Into<String>, timeout: u32) -> Self {
        Self { code: Some(code.into()), script_path: None, timeout }
    }

    /// Runs a file of the session.
    pub fn file(script_path: impl Into<String>, timeout: u32) -> Self {
        Self { code: None, script_path: Some(script_path.into()), timeout }
    }
}

fn one_source<C>(file: Option<&str>) -> impl FnOnce(&Option<String>, &C) -> garde::Result {
    move |code, _| match (code, file) {
        (None, None) => Err(garde::Error::new("is missing; give code, or the script_path of a file of the session")),
        (Some(_), Some(_)) => Err(garde::Error::new("stands beside script_path; give one of them")),
        _ => Ok(()),
    }
}

/// Answer of `POST /runtime/execute`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExecuteResponse {
    /// What the script printed, cut at 1 MiB.
    pub stdout: String,
    /// What the script printed as errors, cut at 1 MiB.
    pub stderr: String,
    /// The script's exit code; -1 when it was ended from outside.
    pub exit_code: i32,
    /// True when the time limit ended it.
    pub timed_out: bool,
    /// Why the script was refused or ended; absent when it ran to its own end, well or badly.
    pub violation: Option<ScriptFault>,
    /// Events that the script wrote, in order, each with `source: script`.
    pub events: Vec<Map<String, Value>>,
    /// Lines of the event file that are no JSON object; counted so that nothing is lost unseen.
    #[serde(default)]
    pub malformed_events: u64,
}

/// What a script did wrong, as a kind for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct ScriptFault {
    /// Kind.
    pub kind: ScriptFaultKind,
    /// Names the cause, the place and, for a limit, the limit.
    pub message: String,
    /// Line of the script, where there is one.
    pub line: Option<u32>,
}

/// Kinds of script faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScriptFaultKind {
    /// The script file does not exist.
    ScriptMissing,
    /// Python cannot parse it.
    SyntaxError,
    /// It defines no callable `build`.
    BuildMissing,
    /// `build()` returned something that is no shape, or nothing.
    NotAShape,
    /// A part carries no metadata, or metadata that does not fit the schema.
    Metadata,
    /// The script raised an error of its own.
    ScriptError,
    /// It ran longer than it may.
    TimeLimit,
    /// It asked for more memory than it may.
    MemoryLimit,
    /// It tried to start a process, or too many threads.
    ProcessLimit,
    /// It wrote a file larger than allowed.
    FileSizeLimit,
    /// It wrote more, or more files, than a session may hold.
    DiskLimit,
    /// It tried to use the network.
    NetworkDenied,
    /// It touched a file outside its session, or wrote a read-only folder.
    FileAccessDenied,
    /// It ended by a signal (a crash inside the CAD kernel, say).
    Crashed,
    /// The caller cancelled the run.
    Cancelled,
}

/// Body of `POST /lint`: a file of the session, or text.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema, Validate)]
pub struct LintRequest {
    /// File of the session.
    #[serde(default)]
    #[schemars(extend("minLength" = 1))]
    #[garde(inner(length(min = 1)))]
    pub path: Option<String>,
    /// Source text; wins over `path`.
    #[serde(default)]
    #[garde(skip)]
    pub content: Option<String>,
}

/// Answer of `POST /lint`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LintResponse {
    /// True when there is no error; warnings do not count.
    pub success: bool,
    /// Findings whose code starts with `E` or `F`, and syntax errors.
    pub errors: Vec<LintFinding>,
    /// All other findings.
    pub warnings: Vec<LintFinding>,
}

/// One finding of the linter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LintFinding {
    /// Rule, such as `F821`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

fn default_script() -> String {
    "script.py".to_owned()
}

/// Body of `POST /topology/inspect`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct InspectTopologyRequest {
    /// `part_<n>`, `face_<n>` or `edge_<n>`, counted from 0.
    #[garde(length(min = 1))]
    pub target_id: String,
    /// Script that builds the shape.
    #[serde(default = "default_script")]
    #[garde(length(min = 1))]
    pub script_path: String,
}

/// Answer of `POST /topology/inspect`; always 200.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InspectTopologyResponse {
    /// False when the id is unknown or the script fails.
    pub success: bool,
    /// What was found.
    pub properties: Option<TopologyProperties>,
    /// Why nothing was found.
    pub message: Option<String>,
}

/// Properties of a part, face or edge; lengths in mm, areas in mm².
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TopologyProperties {
    /// `part`, `face` or `edge`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Number within its kind.
    pub index: u32,
    /// Centre, mm.
    pub center: [f64; 3],
    /// Outward unit normal at the centre (faces).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<[f64; 3]>,
    /// Area, mm² (faces).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<f64>,
    /// Length, mm (edges).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<f64>,
    /// Axis-aligned bounds, mm.
    pub bbox: BoundingBox,
}

/// Axis-aligned box, mm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BoundingBox {
    /// Smallest corner.
    pub min: [f64; 3],
    /// Largest corner.
    pub max: [f64; 3],
}

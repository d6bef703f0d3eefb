//! The one form in which the heavy worker's tools answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    gate::{Finding, Gate},
    simulation::FailureReason,
};

/// Answer of a tool. Always 200; `success` says what came of it. What this tool gives beside that, `output`, is part of the
/// same object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Answer")]
pub struct ToolAnswer<T> {
    /// True when the tool succeeded.
    pub success: bool,
    /// One sentence, or one for each thing that is wrong. A failure begins with its upper-case name where it has one; a
    /// call that waited ends with its place in the queue.
    pub message: String,
    /// Why it failed.
    #[serde(default)]
    pub failure_reason: Option<FailureReason>,
    /// The first gate that refused, where one did.
    #[serde(default)]
    pub rejected_by: Option<Gate>,
    /// Everything that is wrong with the design and its files, as data.
    #[serde(default)]
    pub violations: Vec<Finding>,
    /// What is allowed and still deserves a look.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// How many calls, this one included, were in the queue on arrival: 1 means that it ran at once, 0 that it needs no
    /// turn.
    #[serde(default)]
    pub queue_position: u32,
    /// Events of this call, in order.
    #[serde(default)]
    pub events: Vec<Map<String, Value>>,
    /// What this tool gives.
    #[serde(flatten)]
    pub output: T,
}

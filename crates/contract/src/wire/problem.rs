//! The one shape of an error answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::violations::Violation;

/// Body of every 4xx and 5xx answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// A sentence, or for a request that does not fit its schema one entry for each fault.
    pub detail: ProblemDetail,
    /// What is wrong with an artifact that the request carries; only there when that is why it was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ProblemDetail {
    /// One readable sentence.
    Sentence(String),
    /// Faults of the request, each with its place.
    Faults(Vec<RequestFault>),
}

/// One fault of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestFault {
    /// Kind of fault, for programs: `missing_header`, `json`, `value`, `path`, `query`, `multipart`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where: `["body", "timeout"]`, `["header", "X-Session-ID"]`.
    pub loc: Vec<String>,
    /// What was expected and what was found.
    pub msg: String,
}

//! Words that stand in `status` fields.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Answer of calls that have nothing else to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusResponse {
    /// What became of the call.
    pub status: ResponseStatus,
}

impl StatusResponse {
    /// The call did what it was asked.
    pub const SUCCESS: Self = Self { status: ResponseStatus::Success };
}

/// Words that stand in `status` fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseStatus {
    /// Alive.
    Ok,
    /// Alive.
    Healthy,
    /// Taken on, not done yet.
    Accepted,
    /// Done.
    Completed,
    /// Done.
    Success,
    /// Not done.
    Error,
}

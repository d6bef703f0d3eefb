//! States of an episode, and the agent that acts next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// State of an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum EpisodeStatus {
    /// Stored, not yet picked up.
    Queued,
    /// Being worked on.
    Running,
    /// Waits for a confirmation.
    Planned,
    /// Done.
    Completed,
    /// Ended with a reason.
    Failed,
    /// Stopped by a person.
    Cancelled,
}

impl EpisodeStatus {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// True when the state never changes again.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// Who goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum NextAgent {
    /// Plans.
    Planner,
    /// Models.
    Coder,
    /// Reviews.
    Reviewer,
}

impl NextAgent {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A part of an episode's work that one activity does. Each round of it has an outcome of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Phase {
    /// A script of the workspace runs.
    RunScript,
}

impl Phase {
    /// The name in checkpoints.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

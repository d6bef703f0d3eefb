//! What stands between work and its hand-over, and the stages in which work is handed over.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What stands between work and its hand-over, in the order in which it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// `plan.md`.
    Plan,
    /// `todo.md`.
    Todo,
    /// `objectives.yaml`.
    Objectives,
    /// The environment and objectives are those that were handed over.
    Environment,
    /// `assembly_definition.yaml`.
    AssemblyDefinition,
    /// `validate` has passed for exactly this content.
    Validation,
    /// `validate_and_price` has been called for exactly this content.
    Pricing,
    /// The newest simulation of this content was no smoke run.
    Smoke,
    /// Every part can be made of its material.
    Manufacturability,
    /// The design stays in its build zone.
    BuildZone,
    /// The price keeps its cap.
    Cost,
    /// The weight keeps its cap.
    Weight,
}

/// Which part of the pipeline hands over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A solution.
    #[default]
    Engineering,
    /// A benchmark: environment and objectives.
    Benchmark,
}

impl Stage {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Engineering => "engineering",
            Self::Benchmark => "benchmark",
        }
    }
}

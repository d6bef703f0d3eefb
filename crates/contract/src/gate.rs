//! What stands between work and its hand-over, and the stages in which work is handed over.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::violations::Violation;

/// What stands between work and its hand-over. Of several that refuse at once, the first of these is named.
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
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
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
        self.into()
    }
}

/// What is wrong, with the gate that it stands against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The gate.
    pub gate: Gate,
    /// The broken rule.
    #[serde(flatten)]
    pub violation: Violation,
}

impl Gate {
    /// A violation that stands against this gate.
    pub fn finding(self, violation: Violation) -> Finding {
        Finding { gate: self, violation }
    }

    /// Violations that stand against this gate.
    pub fn findings(self, violations: impl IntoIterator<Item = Violation>) -> Vec<Finding> {
        violations.into_iter().map(|violation| self.finding(violation)).collect()
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.violation.fmt(formatter)
    }
}

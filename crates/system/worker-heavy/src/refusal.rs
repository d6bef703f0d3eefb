//! How a heavy tool says no: the same words and fields whatever the tool.

use contract::{gate::Gate, simulation::FailureReason, violations::Violation};
use service::ServiceError;

use crate::tools::{NotBuilt, sentences};

/// A call that was refused for something its caller can mend.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// One sentence for each thing that is wrong.
    pub message: String,
    /// The kind of failure.
    pub reason: FailureReason,
    /// The first gate that refused, where one did.
    pub gate: Option<Gate>,
    /// Everything that is wrong, as data.
    pub violations: Vec<Violation>,
}

impl Refusal {
    /// What stands between a design and a tool.
    pub fn of(findings: Vec<(Gate, Violation)>) -> Self {
        let first = findings.iter().map(|(gate, _)| *gate).min();
        let is_about_making = first == Some(Gate::Manufacturability);
        Self {
            message: sentences(&findings),
            reason: if is_about_making {
                FailureReason::ManufacturabilityFailed
            } else {
                FailureReason::ValidationFailed
            },
            gate: first,
            violations: findings.into_iter().map(|(_, violation)| violation).collect(),
        }
    }

    /// Why there is no design, or a 500 when the worker is at fault.
    pub fn not_built(cause: NotBuilt) -> Result<Self, ServiceError> {
        let sentence = match cause {
            NotBuilt::Worker(error) => return Err(error.into()),
            NotBuilt::Left => return Err(ServiceError::unavailable("the caller hung up")),
            NotBuilt::Rejected(findings) => return Ok(Self::of(findings)),
            NotBuilt::Script(fault) => fault.message,
            NotBuilt::Input(sentence) => sentence,
        };
        Ok(Self { message: sentence, reason: FailureReason::ValidationFailed, gate: None, violations: Vec::new() })
    }

    /// Upper-case name of the failure, then the sentences: how a message begins.
    pub fn named_message(&self) -> String {
        format!("{}: {}", self.reason.name().to_uppercase(), self.message)
    }
}

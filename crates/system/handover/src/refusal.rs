//! How a tool refuses: the same words and fields for every tool.

use contract::{
    gate::{Finding, Gate},
    simulation::FailureReason,
    tool::ToolAnswer,
};

use crate::{built::NotBuilt, message::message};

/// A call that was refused for something its caller can fix.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// One sentence for each thing that is wrong.
    pub message: String,
    /// The kind of failure.
    pub reason: FailureReason,
    /// Everything that is wrong, as data.
    pub findings: Vec<Finding>,
}

impl Refusal {
    /// What keeps a design from a tool.
    pub fn of(findings: Vec<Finding>) -> Self {
        let is_about_making = first_gate(&findings) == Some(Gate::Manufacturability);
        let reason =
            if is_about_making { FailureReason::ManufacturabilityFailed } else { FailureReason::ValidationFailed };
        Self { message: message(&findings), reason, findings }
    }

    /// Why there is no design.
    ///
    /// # Errors
    /// The cause itself, when the caller cannot fix it.
    pub fn not_built(cause: NotBuilt) -> Result<Self, NotBuilt> {
        let sentence = match cause {
            NotBuilt::Left | NotBuilt::Worker(_) => return Err(cause),
            NotBuilt::Rejected(findings) => return Ok(Self::of(findings)),
            NotBuilt::Script(fault) => fault.message,
            NotBuilt::Input(sentence) => sentence,
        };
        Ok(Self { message: sentence, reason: FailureReason::ValidationFailed, findings: Vec::new() })
    }

    /// Upper-case name of the failure, then the sentences: how a message begins.
    pub fn named_message(&self) -> String {
        format!("{}: {}", self.reason.name().to_uppercase(), self.message)
    }

    /// The answer of a tool that refused.
    pub fn answer<T: Default>(self, message: String) -> ToolAnswer<T> {
        ToolAnswer {
            message,
            failure_reason: Some(self.reason),
            rejected_by: first_gate(&self.findings),
            violations: self.findings,
            ..ToolAnswer::default()
        }
    }
}

/// The first gate that refused, where one did.
pub fn first_gate(findings: &[Finding]) -> Option<Gate> {
    findings.iter().map(|finding| finding.gate).min()
}

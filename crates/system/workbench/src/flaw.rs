//! A reason why a part cannot be made, before the part of the design is known.

use contract::violations::Violation;
use serde_json::Value;

/// The file that a design's violations are about.
const DESIGN_FILE: &str = "script.py";

/// One broken rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Flaw {
    /// `part.rule`.
    pub rule: &'static str,
    /// One sentence.
    pub message: String,
    /// What was found.
    pub measured: Option<Value>,
    /// What is allowed.
    pub limit: Option<Value>,
}

impl Flaw {
    /// A flaw without values.
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, message: message.into(), measured: None, limit: None }
    }

    /// The same, with what was found and what is allowed.
    pub fn against(mut self, measured: impl Into<Value>, limit: impl Into<Value>) -> Self {
        self.measured = Some(measured.into());
        self.limit = Some(limit.into());
        self
    }

    /// The violation by the part `label`.
    pub fn on(self, label: &str) -> Violation {
        let mut violation = part_violation(label, self.rule, self.message);
        violation.measured = self.measured;
        violation.limit = self.limit;
        violation
    }
}

/// A violation by the part `label`; the message names the part, so that it is clear on its own.
pub(crate) fn part_violation(label: &str, rule: &str, sentence: impl std::fmt::Display) -> Violation {
    let part = format!("part {label:?}");
    Violation::new(DESIGN_FILE, rule, format!("{part}: {sentence}")).at(part)
}

/// A violation by the design as a whole.
pub(crate) fn design_violation(rule: &str, message: String) -> Violation {
    Violation::new(DESIGN_FILE, rule, message)
}

/// A position for a message, mm.
pub(crate) fn position(at: [f64; 3]) -> String {
    // Adding zero turns a negative zero into a plain one.
    let [x, y, z] = at.map(|at| (at * 100.0).round() / 100.0 + 0.0);
    format!("({x:.2}, {y:.2}, {z:.2})")
}

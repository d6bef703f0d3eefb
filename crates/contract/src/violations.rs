//! What is wrong with an artifact: one violation for each rule that it breaks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One broken rule, as data and as a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// The file or thing that breaks it: `plan.md`, `objectives.yaml`, `script.py`.
    pub file: String,
    /// Where: a line (`line 12`), a field (`objectives.goal_zone.min[2]`) or a part (`part "arm"`).
    pub place: Option<String>,
    /// The rule, `subject.rule` in lower case: `plan.missing_section`, `objectives.zone_order`.
    pub rule: String,
    /// One sentence that a reader understands without the other fields.
    pub message: String,
    /// What was found.
    pub measured: Option<Value>,
    /// What is allowed.
    pub limit: Option<Value>,
}

impl Violation {
    /// A violation without place and values.
    pub fn new(file: impl Into<String>, rule: impl Into<String>, message: impl Into<String>) -> Self {
        let (file, rule, message) = (file.into(), rule.into(), message.into());
        Self { file, place: None, rule, message, measured: None, limit: None }
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The same, with what was found.
    #[must_use]
    pub fn measured(mut self, value: impl Into<Value>) -> Self {
        self.measured = Some(value.into());
        self
    }

    /// The same, with what is allowed.
    #[must_use]
    pub fn limit(mut self, value: impl Into<Value>) -> Self {
        self.limit = Some(value.into());
        self
    }
}

impl Violation {
    /// Its place and its sentence. A sentence that names the place itself need not name it twice.
    pub fn sentence(&self) -> String {
        match &self.place {
            Some(place) if !self.message.contains(place) => format!("{place}: {}", self.message),
            _ => self.message.clone(),
        }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.file, self.sentence())
    }
}

/// All sentences in one, for a message.
pub fn sentences(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What became of reading an artifact: its typed content when that could be had, and everything that is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked<T> {
    /// The content. Absent when the bytes do not fit the schema; present content may still break rules.
    pub value: Option<T>,
    /// Broken rules, in the order of the file.
    pub violations: Vec<Violation>,
}

impl<T> Checked<T> {
    /// The content, when nothing is wrong with it.
    pub fn sound(self) -> Result<T, Vec<Violation>> {
        match self.value {
            Some(value) if self.violations.is_empty() => Ok(value),
            _ => Err(self.violations),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violation_text_names_its_place_once() {
        let violation = Violation::new("script.py", "part.size", "it is too large").at("part \"arm\"");
        assert_eq!(violation.to_string(), "script.py: part \"arm\": it is too large");
        let named = Violation { message: "part \"arm\" is too large".into(), ..violation };
        assert_eq!(named.to_string(), "script.py: part \"arm\" is too large");
    }
}

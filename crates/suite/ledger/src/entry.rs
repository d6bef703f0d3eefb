//! One requirement of the catalogue.

use serde::{Deserialize, Serialize};

use crate::{Clause, RequirementId, Tier};

/// What is asked, how it is shown, and whether it is shown yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Entry {
    /// Its id.
    pub id: RequirementId,
    /// When its test has to pass.
    pub tier: Tier,
    /// A few words.
    pub title: String,
    /// What a stack must do.
    pub requirement: String,
    /// How a test shows it from outside.
    pub shown_by: String,
    /// The unit test in disguise that proves nothing about a running stack.
    pub does_not_count: String,
    /// What a reader of the table must know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether a test exists.
    #[serde(flatten)]
    pub state: State,
    /// The requirement part by part, each with what shows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<Clause>,
}

/// Whether a requirement has its test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// A test file of this id exists.
    Implemented,
    /// No test yet.
    Deferred {
        /// Which capability is missing.
        reason: String,
    },
}

impl State {
    /// The name in the table.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Implemented => "implemented",
            Self::Deferred { .. } => "deferred",
        }
    }

    /// Why there is no test yet.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Implemented => None,
            Self::Deferred { reason } => Some(reason),
        }
    }
}

impl Entry {
    /// True when a test file of this id has to exist.
    pub fn is_implemented(&self) -> bool {
        self.state == State::Implemented
    }

    /// Every text of the entry that is present, with the name of its field.
    pub fn texts(&self) -> Vec<(&'static str, &str)> {
        let always = [
            ("title", self.title.as_str()),
            ("requirement", &self.requirement),
            ("shown_by", &self.shown_by),
            ("does_not_count", &self.does_not_count),
        ];
        let optional = [("note", self.note.as_deref()), ("reason", self.state.reason())];
        always.into_iter().chain(optional.into_iter().filter_map(|(field, text)| Some((field, text?)))).collect()
    }
}

/// An entry as it is in the file, before state and reason are known to fit each other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: RequirementId,
    tier: Tier,
    title: String,
    requirement: String,
    shown_by: String,
    does_not_count: String,
    note: Option<String>,
    state: WrittenState,
    reason: Option<String>,
    #[serde(default)]
    clauses: Vec<Clause>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenState {
    Implemented,
    Deferred,
}

impl TryFrom<Written> for Entry {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { id, tier, title, requirement, shown_by, does_not_count, note, state, reason, clauses } = written;
        let state = match (state, reason) {
            (WrittenState::Implemented, None) => State::Implemented,
            (WrittenState::Deferred, Some(reason)) => State::Deferred { reason },
            (WrittenState::Implemented, Some(_)) => {
                return Err(format!("{id} is implemented and still has a `reason`: remove it"));
            }
            (WrittenState::Deferred, None) => {
                return Err(format!("{id} is deferred without a `reason`: say which capability is missing"));
            }
        };
        Ok(Self { id, tier, title, requirement, shown_by, does_not_count, note, state, clauses })
    }
}

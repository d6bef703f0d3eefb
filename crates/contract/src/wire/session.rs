//! The session id: which workspace a worker call is about.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Header that carries the session id on every worker call.
pub const SESSION_HEADER: &str = "X-Session-ID";
/// Header that carries the API key.
pub const API_KEY_HEADER: &str = "X-API-Key";
/// Header that carries the secret of the workers.
pub const WORKER_TOKEN_HEADER: &str = "X-Worker-Token";
/// Header that a test puts on its calls so that service logs can be told apart.
pub const TEST_ID_HEADER: &str = "X-Integration-Test-ID";

/// Longest session id, in characters. It becomes a directory name.
pub const MAX_SESSION_ID_LENGTH: usize = 128;

/// What every session id matches.
pub const SESSION_ID_PATTERN: &str = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$";

/// A valid session id: 1 to 128 of `A-Z a-z 0-9 . _ -`, not starting with a dot.
///
/// It is used as a directory name, so everything that could leave a directory is refused here, once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(String);

/// Why a text is no session id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSessionId {
    /// Nothing was given.
    #[error("session id is empty; 1 to {MAX_SESSION_ID_LENGTH} characters are needed")]
    Empty,
    /// Too many characters.
    #[error("session id has {0} characters, at most {MAX_SESSION_ID_LENGTH} are allowed")]
    TooLong(usize),
    /// A character that may not stand in a session id.
    #[error("session id contains {0:?}; only letters, digits, '.', '_' and '-' are allowed, and no leading '.'")]
    Character(char),
}

impl SessionId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for SessionId {
    fn schema_name() -> Cow<'static, str> {
        "SessionId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "1 to 128 of `A-Z a-z 0-9 . _ -`, not starting with a dot.",
            "type": "string",
            "pattern": SESSION_ID_PATTERN,
        })
    }
}

impl FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(InvalidSessionId::Empty);
        }
        let length = text.chars().count();
        if length > MAX_SESSION_ID_LENGTH {
            return Err(InvalidSessionId::TooLong(length));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
            return Err(InvalidSessionId::Character(bad));
        }
        if text.starts_with('.') {
            return Err(InvalidSessionId::Character('.'));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for SessionId {
    type Error = InvalidSessionId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_session_ids_are_refused() {
        for bad in ["", ".", "..", "../other", "a/b", "a\\b", "a b", "a\0b", ".hidden", "é"] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad:?} was accepted");
        }
        assert!("x".repeat(129).parse::<SessionId>().is_err());
        assert!("INT-003_a.b".parse::<SessionId>().is_ok());
    }
}

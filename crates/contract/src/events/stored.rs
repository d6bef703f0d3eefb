//! Storing events with an episode, and reading them back.

use chrono::{DateTime, Utc};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    json_text::{bounded_objects, storable_object},
    limits::MAX_EVENTS_PER_CALL,
};

/// A stored event, as `GET /episodes/{id}/events` answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StoredEvent {
    /// Number within the database; grows with the order of ingestion.
    pub id: i64,
    /// Name.
    pub event_type: String,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// The event as it was emitted.
    pub event: Map<String, Value>,
}

/// Query of `GET /episodes/{id}/events`: one page, in the order of ingestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct ListEventsQuery {
    /// Only events with a larger number; the last number of a page leads to the next one.
    #[serde(default)]
    #[garde(range(min = 0))]
    pub after_id: i64,
    /// At most this many, 1 to 10 000.
    #[serde(default = "default_page")]
    #[garde(range(min = 1, max = 10_000))]
    pub limit: i64,
}

impl Default for ListEventsQuery {
    fn default() -> Self {
        Self { after_id: 0, limit: default_page() }
    }
}

fn default_page() -> i64 {
    1000
}

/// Body of `POST /episodes/{id}/events`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct IngestEventsRequest {
    /// Events in order; each names itself in `event_type`. At most 10 000, which hold at most 1 000 000 values
    /// together; the rest goes into further calls.
    #[serde(deserialize_with = "bounded_events")]
    #[schemars(length(max = 10_000))]
    #[schemars(extend("items" = {
        "type": "object",
        "required": ["event_type"],
        "properties": { "event_type": { "type": "string", "minLength": 1, "pattern": crate::json_text::NO_NUL } },
    }))]
    #[garde(inner(custom(named), custom(storable_object)))]
    pub events: Vec<Map<String, Value>>,
}

/// Reading stops at the first event that is too much: what a caller sends must not decide what this process holds.
fn bounded_events<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Map<String, Value>>, D::Error> {
    bounded_objects(deserializer, "events", MAX_EVENTS_PER_CALL)
}

fn named<C>(event: &Map<String, Value>, _: &C) -> garde::Result {
    match event.get("event_type") {
        Some(Value::String(name)) if !name.is_empty() => Ok(()),
        Some(other) => Err(garde::Error::new(format!("event_type is {other}; a text that is not empty is needed"))),
        None => Err(garde::Error::new("event_type is missing")),
    }
}

/// Answer of `POST /episodes/{id}/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IngestEventsResponse {
    /// How many were stored: as many as came, less those that the episode has already, by `source` and `seq`.
    pub stored: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(events: usize) -> String {
        format!(r#"{{"events":[{}]}}"#, vec![r#"{"event_type":"e"}"#; events].join(","))
    }

    #[test]
    fn event_limit_per_call_is_enforced() {
        let whole: IngestEventsRequest = serde_json::from_str(&request(MAX_EVENTS_PER_CALL)).expect("within the limit");
        assert_eq!(whole.events.len(), MAX_EVENTS_PER_CALL);
        let error = serde_json::from_str::<IngestEventsRequest>(&request(MAX_EVENTS_PER_CALL + 1)).unwrap_err();
        assert!(error.to_string().contains("more than 10000 events"), "{error}");
    }
}

//! Observability events: one JSON object each, with a common envelope.

use chrono::{DateTime, Utc};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    json_text::{bounded_objects, storable_object},
    limits::MAX_EVENTS_PER_CALL,
};

/// File in a session's root to which scripts append events, one JSON object a line.
pub const EVENTS_FILE: &str = "events.jsonl";

/// Names of the events that services of this stack emit by themselves.
pub mod names {
    /// A simulation was asked for.
    pub const SIMULATION_REQUEST: &str = "simulation_request";
    /// A simulation ended.
    pub const SIMULATION_RESULT: &str = "simulation_result";
    /// Which engine was chosen.
    pub const SIMULATION_BACKEND_SELECTED: &str = "simulation_backend_selected";
    /// A run was aborted as unstable.
    pub const PHYSICS_INSTABILITY: &str = "physics_instability";
    /// A design was validated.
    pub const SCENE_VALIDATION: &str = "scene_validation";
    /// A part was checked against its manufacturing method, and priced.
    pub const MANUFACTURABILITY_CHECK: &str = "manufacturability_check";
    /// A plan or another document broke its rules.
    pub const LINT_FAILURE_DOCS: &str = "lint_failure_docs";
    /// Objectives, assembly or environment broke a rule of logic.
    pub const LOGIC_FAILURE: &str = "logic_failure";
    /// A benchmark planner handed over.
    pub const PLAN_SUBMISSION_BENCHMARK: &str = "plan_submission_benchmark";
    /// An engineering planner handed over.
    pub const PLAN_SUBMISSION_ENGINEER: &str = "plan_submission_engineer";
    /// Finished work was submitted for review, or refused.
    pub const SUBMISSION_VALIDATION: &str = "submission_validation";
    /// The catalogue was searched.
    pub const COTS_SEARCH: &str = "cots_search";
    /// A reviewer decided.
    pub const REVIEW_DECISION: &str = "review_decision";
    /// A coder refused the plan.
    pub const PLAN_REFUSAL: &str = "plan_refusal";
    /// The linter found errors.
    pub const LINT_FAILURE_CODE: &str = "lint_failure_code";
    /// An episode changed its state.
    pub const EPISODE_TRANSITION: &str = "episode_transition";
    /// A script ran for an episode.
    pub const RUN_COMMAND_TOOL: &str = "run_command_tool";
}

/// Field of an event that says who made it; only events of scripts have it.
pub const SOURCE_FIELD: &str = "source";
/// Its value on an event that a script wrote, whatever the event says of itself.
pub const SCRIPT_SOURCE: &str = "script";

/// Marks an event as a script's. A script may name its event as it likes; with the mark it never passes for one of the
/// services.
pub fn mark_as_script(event: &mut Map<String, Value>) {
    event.insert(SOURCE_FIELD.to_owned(), SCRIPT_SOURCE.into());
}

/// True for an event that a script wrote.
pub fn is_from_script(event: &Map<String, Value>) -> bool {
    event.get(SOURCE_FIELD).and_then(Value::as_str) == Some(SCRIPT_SOURCE)
}

/// Builds an event with its envelope: `event_type`, `timestamp` (ISO 8601, UTC), `unix_timestamp`, `agent_id`,
/// and the given fields beside them. `fields` must be a JSON object; anything else becomes `data`.
pub fn event(event_type: &str, at: DateTime<Utc>, fields: Value) -> Map<String, Value> {
    let mut map = match fields {
        Value::Object(map) => map,
        Value::Null => Map::new(),
        other => Map::from_iter([("data".to_owned(), other)]),
    };
    map.insert("event_type".into(), event_type.into());
    map.insert("timestamp".into(), at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true).into());
    map.insert("unix_timestamp".into(), (at.timestamp_micros() as f64 / 1e6).into());
    map.entry("agent_id").or_insert(Value::Null);
    map
}

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
    /// How many were stored; always as many as came.
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

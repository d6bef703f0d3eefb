//! Observability events: one JSON object each, with a common envelope.
//!
//! | Field | What it is |
//! |---|---|
//! | `event_type` | what happened; the other fields follow from it ([`EventBody`]) |
//! | `source` | who says so: a service, or `script` |
//! | `seq` | number that this source gives to no other event of an episode; it grows with time |
//! | `timestamp`, `unix_timestamp` | when: ISO 8601 in UTC, and seconds since 1970 |
//! | `trace_id` | what the event belongs to: the trace of the request that led to it, or null |
//! | `agent_id` | which agent caused it, or null |

mod body;
mod stored;

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use strum::IntoStaticStr;

pub use self::{
    body::{
        BackendSelected, CotsSearch, EpisodeTransitionEvent, EventBody, EventType, EvidenceStats, LintFailure,
        LogicFailure, ManufacturabilityCheck, ManufacturabilityFacts, PhysicsInstability, PlanRefusalEvent,
        PlanSubmission, ReviewDecisionEvent, RunCommand, RunFacts, SceneValidation, SimulationEnd, SimulationRequested,
        SubmissionValidation,
    },
    stored::{IngestEventsRequest, IngestEventsResponse, ListEventsQuery, StoredEvent},
};

/// File in a session's root to which scripts append events, one JSON object a line.
pub const EVENTS_FILE: &str = "events.jsonl";

/// Field of an event that says who made it.
pub const SOURCE_FIELD: &str = "source";
/// Its value on an event that a script wrote, whatever the event says of itself.
pub const SCRIPT_SOURCE: &str = "script";
/// Field of an event with its number.
pub const SEQ_FIELD: &str = "seq";

impl EventType {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Who says that something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Source {
    /// The controller.
    Controller,
    /// The controller's worker.
    ControllerWorker,
    /// The heavy worker.
    WorkerHeavy,
}

impl Source {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// An event of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Who says so.
    pub source: Source,
    /// Number of the event.
    pub seq: u64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What it belongs to.
    pub trace_id: Option<String>,
    /// What happened.
    pub body: EventBody,
}

impl Event {
    /// An event that happens now.
    pub fn new(source: Source, body: EventBody) -> Self {
        Self::at(Utc::now(), source, body)
    }

    /// An event of a given time.
    pub fn at(at: DateTime<Utc>, source: Source, body: EventBody) -> Self {
        Self { source, seq: next_seq(), at, trace_id: None, body }
    }

    /// The event as it is told.
    ///
    /// # Panics
    /// Never: every body is a JSON object.
    pub fn into_map(self) -> Map<String, Value> {
        let Self { source, seq, at, trace_id, body } = self;
        let Ok(Value::Object(mut map)) = serde_json::to_value(body) else { panic!("a body is a JSON object") };
        map.insert("timestamp".into(), at.to_rfc3339_opts(SecondsFormat::Micros, true).into());
        map.insert("unix_timestamp".into(), (at.timestamp_micros() as f64 / 1e6).into());
        map.insert(SOURCE_FIELD.into(), source.name().into());
        map.insert(SEQ_FIELD.into(), seq.into());
        map.insert("trace_id".into(), trace_id.into());
        map.entry("agent_id").or_insert(Value::Null);
        map
    }
}

/// Marks an event as a script's and numbers it. A script may name its event as it likes, and claim what it likes; with
/// the mark it never passes for one of the services.
pub fn mark_as_script(event: &mut Map<String, Value>) {
    event.insert(SOURCE_FIELD.to_owned(), SCRIPT_SOURCE.into());
    event.insert(SEQ_FIELD.to_owned(), next_seq().into());
}

/// True for an event that a script wrote.
pub fn is_from_script(event: &Map<String, Value>) -> bool {
    event.get(SOURCE_FIELD).and_then(Value::as_str) == Some(SCRIPT_SOURCE)
}

/// A number that this process has given to no event yet: the time in microseconds, or one more than the last number where
/// that is not later. It stays below 2^53, so that every reader of JSON keeps it exactly.
fn next_seq() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = u64::try_from(Utc::now().timestamp_micros()).unwrap_or_default();
    let next = |last: u64| now.max(last + 1);
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
    last.map_or(now, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_and_none_is_given_twice() {
        let numbers: Vec<u64> = (0..10_000).map(|_| next_seq()).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(numbers[9_999] < 1 << 53);
    }

    #[test]
    fn script_cannot_choose_its_source_and_number() {
        let mut event = Map::from_iter([("source".to_owned(), "worker-heavy".into()), ("seq".to_owned(), 7.into())]);
        mark_as_script(&mut event);
        assert!(is_from_script(&event) && event["seq"] != 7, "{event:?}");
    }

    #[test]
    fn event_has_its_envelope_beside_its_fields() {
        let body = EventBody::SceneValidation(SceneValidation { result: true, errors: Vec::new() });
        let map = Event::at(DateTime::UNIX_EPOCH, Source::WorkerHeavy, body).into_map();
        let keys: Vec<_> = map.keys().map(String::as_str).collect();
        let mut expected =
            ["agent_id", "errors", "event_type", "result", "seq", "source", "timestamp", "trace_id", "unix_timestamp"];
        expected.sort_unstable();
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected);
        assert_eq!(
            (&map["event_type"], &map["timestamp"]),
            (&"scene_validation".into(), &"1970-01-01T00:00:00.000000Z".into())
        );
    }
}

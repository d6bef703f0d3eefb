//! Reads observability events, wherever a stack shows them: in a worker's answer, or stored with an episode.
//!
//! It knows the envelope of an event and nothing of how events are emitted or stored.

use contract::events::StoredEvent;
use serde_json::{Map, Value};

/// Events in the order in which they were emitted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventLog {
    events: Vec<Map<String, Value>>,
}

impl EventLog {
    /// From the `events` array of a worker's answer.
    pub fn from_answer(events: &[Map<String, Value>]) -> Self {
        Self { events: events.to_vec() }
    }

    /// From the events that the controller stored for an episode.
    pub fn from_stored(stored: &[StoredEvent]) -> Self {
        Self { events: stored.iter().map(|entry| entry.event.clone()).collect() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Names, in order.
    pub fn names(&self) -> Vec<&str> {
        self.events.iter().map(event_type).collect()
    }

    /// All events of one type.
    pub fn of_type(&self, name: impl AsRef<str>) -> Vec<&Map<String, Value>> {
        self.events.iter().filter(|event| event_type(event) == name.as_ref()).collect()
    }

    /// The one event of a type.
    ///
    /// # Panics
    /// When there is none or more than one; the message lists what is there.
    #[track_caller]
    pub fn the_one(&self, name: impl AsRef<str>) -> &Map<String, Value> {
        let name = name.as_ref();
        match self.of_type(name)[..] {
            [event] => event,
            [] => panic!("no {name:?} event was emitted; there are {:?}", self.names()),
            _ => panic!("more than one {name:?} event was emitted; there are {:?}", self.names()),
        }
    }

    /// Events that lack a part of the envelope (`event_type`, `timestamp`, `unix_timestamp`), with what they lack.
    pub fn without_envelope(&self) -> Vec<String> {
        self.events
            .iter()
            .flat_map(|event| {
                ["event_type", "timestamp", "unix_timestamp"]
                    .into_iter()
                    .filter(|key| !event.contains_key(*key))
                    .map(|key| format!("{} lacks {key:?}", event_type(event)))
            })
            .collect()
    }
}

/// Time of an event in seconds since 1970, or `None` when its envelope lacks it.
pub fn unix_time(event: &Map<String, Value>) -> Option<f64> {
    event.get("unix_timestamp").and_then(Value::as_f64)
}

fn event_type(event: &Map<String, Value>) -> &str {
    event.get("event_type").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(names: &[&str]) -> EventLog {
        let events = names
            .iter()
            .map(|name| Map::from_iter([("event_type".to_owned(), Value::from(*name))]))
            .collect::<Vec<_>>();
        EventLog::from_answer(&events)
    }

    #[test]
    fn a_missing_envelope_is_named() {
        assert_eq!(log(&["a"]).without_envelope(), ["a lacks \"timestamp\"", "a lacks \"unix_timestamp\""]);
    }

    #[test]
    #[should_panic(expected = "more than one \"a\"")]
    fn the_one_panics_on_two_events() {
        log(&["a", "b", "a"]).the_one("a");
    }
}

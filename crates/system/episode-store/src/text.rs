//! NUL characters: Postgres can hold them neither in `text` nor in `jsonb`.
//!
//! Requests that hold one are refused before they get here. What a script printed or emitted cannot be refused
//! any more without losing it, so there the character becomes U+FFFD.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// What takes the place of a NUL character.
const REPLACEMENT: &str = "\u{FFFD}";

/// A text that the database can hold.
pub(crate) fn storable_text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', REPLACEMENT).into() } else { text.into() }
}

/// A JSON object that the database can hold.
pub(crate) fn storable_object(map: &Map<String, Value>) -> Value {
    Value::Object(map.iter().map(|(key, item)| (storable_text(key).into_owned(), storable_value(item))).collect())
}

/// A JSON value that the database can hold.
pub(crate) fn storable_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(storable_text(text).into_owned()),
        Value::Array(items) => items.iter().map(storable_value).collect(),
        Value::Object(map) => storable_object(map),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nul_in_an_event_is_replaced_and_the_rest_kept() {
        let stored = storable_value(&json!({"a\0": ["x\0y", 3], "b": {"c": "\0"}}));
        assert_eq!(stored, json!({"a\u{FFFD}": ["x\u{FFFD}y", 3], "b": {"c": "\u{FFFD}"}}));
    }
}

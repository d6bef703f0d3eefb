//! Texts inside free-form JSON.
//!
//! JSON may hold NUL characters; Postgres can hold them neither in `text` nor in `jsonb`, so requests that end up
//! there are refused with the place of the character. Nor can it hold any number of values in one `jsonb`.

use serde_json::{Map, Value};

/// Most values in one object, all depths together. Postgres fails at some ten millions, and nobody reads as many.
pub const MAX_JSON_VALUES: usize = 1_000_000;

/// A JSON object that the database can hold: without NUL characters in its keys and texts, at any depth, and with at
/// most [`MAX_JSON_VALUES`] values.
pub fn storable_object<C>(map: &Map<String, Value>, _: &C) -> garde::Result {
    if let Some(place) = nul_in_object(map) {
        return Err(garde::Error::new(format!("contains a NUL character at {place}")));
    }
    let values: usize = map.values().map(values_in).sum();
    if values > MAX_JSON_VALUES {
        let message = format!("holds {values} values, at most {MAX_JSON_VALUES} are stored; keep the bulk in a file");
        return Err(garde::Error::new(message));
    }
    Ok(())
}

/// The value itself and all inside it.
fn values_in(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values_in).sum(),
        Value::Object(map) => map.values().map(values_in).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Place of the first NUL character in an object, as a dotted path.
fn nul_in_object(map: &Map<String, Value>) -> Option<String> {
    map.iter().find_map(|(key, item)| {
        if key.contains('\0') {
            Some(key.replace('\0', "\\0"))
        } else {
            nul_in(item).map(|rest| format!("{key}{rest}"))
        }
    })
}

fn nul_in(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| nul_in(item).map(|rest| format!("[{index}]{rest}")))
        }
        Value::Object(map) => nul_in_object(map).map(|rest| format!(".{rest}")),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place(value: &Value) -> Option<String> {
        nul_in_object(value.as_object().expect("an object"))
    }

    #[test]
    fn the_place_of_a_nul_character_is_named() {
        assert_eq!(place(&json!({"a": [1, {"b": "x\0y"}]})), Some("a[1].b".to_owned()));
        assert_eq!(place(&json!({"k\0": 1})), Some("k\\0".to_owned()));
        assert_eq!(place(&json!({"a": ["b", null, 1.5, true]})), None);
    }

    #[test]
    fn more_values_than_are_stored_are_refused_with_their_number() {
        let object = |values: usize| Map::from_iter([("n".to_owned(), json!(vec![1; values - 1]))]);
        assert!(storable_object(&object(MAX_JSON_VALUES), &()).is_ok());
        let refused = storable_object(&object(MAX_JSON_VALUES + 1), &()).expect_err("it is one too many").to_string();
        assert!(refused.contains("1000001 values, at most 1000000"), "{refused}");
    }
}

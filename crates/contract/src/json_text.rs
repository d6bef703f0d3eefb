//! Texts inside free-form JSON.
//!
//! JSON may hold NUL characters; Postgres can hold them neither in `text` nor in `jsonb`, so requests that end up
//! there are refused with the place of the character.

use serde_json::{Map, Value};

/// A JSON object without NUL characters in its keys and texts, at any depth.
pub fn no_nul_in_object<C>(map: &Map<String, Value>, _: &C) -> garde::Result {
    match nul_in_object(map) {
        None => Ok(()),
        Some(place) => Err(garde::Error::new(format!("contains a NUL character at {place}"))),
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
}

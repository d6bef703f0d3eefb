//! Texts inside free-form JSON.
//!
//! JSON may hold NUL characters; Postgres can hold them neither in `text` nor in `jsonb`, so requests that end up
//! there are refused with the place of the character. Nor can it hold any number of values in one `jsonb`.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// What a text without NUL characters matches.
pub const NO_NUL: &str = r"^[^\x00]*$";
/// What a text without NUL characters, and not of white space alone, matches.
pub const NOT_BLANK: &str = r"^[^\x00]*[^\s\x00][^\x00]*$";

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

/// A list of at most `most` JSON objects that hold at most [`MAX_JSON_VALUES`] values together. Reading ends with an
/// error at the first value beyond either limit, so that a caller cannot make this process hold more than that.
/// `what` names the objects in the plural.
pub fn bounded_objects<'de, D: Deserializer<'de>>(
    deserializer: D,
    what: &'static str,
    most: usize,
) -> Result<Vec<Map<String, Value>>, D::Error> {
    deserializer.deserialize_seq(ObjectList { what, most })
}

struct ObjectList {
    what: &'static str,
    most: usize,
}

impl<'de> Visitor<'de> for ObjectList {
    type Value = Vec<Map<String, Value>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of {}", self.what)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let Self { what, most } = self;
        let mut values = 0;
        let mut objects = Vec::new();
        while let Some(object) = list.next_element_seed(BoundedObject { values: &mut values })? {
            if objects.len() == most {
                let message = format!("more than {most} {what} in one call; send the rest in further calls");
                return Err(A::Error::custom(message));
            }
            objects.push(object);
        }
        Ok(objects)
    }
}

/// Reads a JSON object, and counts its values together with those read before.
struct BoundedObject<'a> {
    values: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for BoundedObject<'_> {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for BoundedObject<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut read = Map::new();
        while let Some(key) = object.next_key()? {
            read.insert(key, object.next_value_seed(BoundedValue { values: self.values })?);
        }
        Ok(read)
    }
}

/// As [`BoundedObject`], for a value of any kind.
struct BoundedValue<'a> {
    values: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for BoundedValue<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        *self.values += 1;
        if *self.values > MAX_JSON_VALUES {
            let message = format!("holds more values than the at most {MAX_JSON_VALUES} that are stored at once");
            return Err(D::Error::custom(format!("{message}; send less in one call, and keep the bulk in a file")));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BoundedValue<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(BoundedValue { values: &mut *self.values })? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Value, A::Error> {
        BoundedObject { values: self.values }.visit_map(object).map(Value::Object)
    }
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

/// A text without NUL characters: they end a path early in some programs and not in others.
pub fn no_nul<C>(text: &str, _: &C) -> garde::Result {
    if text.contains('\0') { Err(garde::Error::new("contains a NUL character")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Vec<Map<String, Value>>, serde_json::Error> {
        bounded_objects(&mut serde_json::Deserializer::from_str(text), "events", 3)
    }

    #[test]
    fn objects_within_the_limits_are_read_unchanged() {
        let text = r#"[{"a": [1, -2, 2.5, "x", null, true, {"b": {}}]}, {}, {"c": 18446744073709551615}]"#;
        assert_eq!(json!(read(text).expect("within the limits")), serde_json::from_str::<Value>(text).expect("JSON"));
    }

    #[test]
    fn reading_stops_at_the_first_object_too_many() {
        // What follows is not even JSON: nobody gets that far.
        let error = read("[{}, {}, {}, {}, and so on").expect_err("four are too many");
        assert!(error.to_string().contains("more than 3 events in one call"), "{error}");
    }

    #[test]
    fn reading_stops_at_the_first_value_too_many() {
        let half = vec!["0"; MAX_JSON_VALUES / 2].join(",");
        // Two lists and their items are two more than the limit.
        let text = format!(r#"[{{"a": [{half}]}}, {{"b": [{half}, and so on"#);
        let error = read(&text).expect_err("together they hold too much");
        assert!(error.to_string().contains("at most 1000000"), "{error}");
    }

    #[test]
    fn anything_but_a_list_of_objects_is_refused() {
        assert!(read("[1]").is_err() && read(r#"{"a": 1}"#).is_err());
    }

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
    fn too_many_values_are_refused_with_their_count() {
        let object = |values: usize| Map::from_iter([("n".to_owned(), json!(vec![1; values - 1]))]);
        assert!(storable_object(&object(MAX_JSON_VALUES), &()).is_ok());
        let refused = storable_object(&object(MAX_JSON_VALUES + 1), &()).expect_err("it is one too many").to_string();
        assert!(refused.contains("1000001 values, at most 1000000"), "{refused}");
    }
}

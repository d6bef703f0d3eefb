//! The schema of a contract type, and one message for each way to violate it.
//!
//! The type itself is the authority: its JSON schema is generated, then simplified so that every error is a plain one
//! (no "valid under none of the given schemas"). Where a type accepts more spellings than its schema says, the gate
//! replaces that piece and checks it by hand.

use contract::violations::Violation;
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::{
    report::{Report, broken},
    wording::{listed, quoted},
};

/// How the YAML reader represents NaN and infinity.
const NON_FINITE: [&str; 3] = [".nan", ".inf", "-.inf"];

/// A compiled schema.
pub(crate) struct Schema {
    description: Value,
    validator: Validator,
}

impl Schema {
    /// The schema of a type, with the pieces at some JSON pointers replaced.
    ///
    /// # Panics
    /// When the schema does not compile or has no such piece; both are facts of the code, seen by the first check.
    pub(crate) fn of<T: JsonSchema>(replaced: &[(&str, Value)]) -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.inline_subschemas = true;
        let mut description = settings.into_generator().into_root_schema_for::<T>().to_value();
        for (pointer, piece) in replaced {
            *description.pointer_mut(pointer).expect("the contract type has the piece that is replaced") =
                piece.clone();
        }
        simplify(&mut description);
        let validator = jsonschema::validator_for(&description).expect("the schema of a contract type compiles");
        Self { description, validator }
    }

    /// Reports everything that does not fit. `place` is the value's path in its document; empty for the root.
    pub(crate) fn check(&self, report: &mut Report, value: &Value, place: &str) {
        for error in self.validator.iter_errors(value) {
            report.add(self.violation(&error, place));
        }
    }

    /// Writes whole numbers as such where the schema asks for them: 1.0 becomes 1. Returns their places.
    pub(crate) fn make_whole(&self, document: &mut Value) -> Vec<String> {
        let mut places = Vec::new();
        make_whole(&self.description, document, "", &mut places);
        places
    }

    fn violation(&self, error: &ValidationError, root: &str) -> Violation {
        let found: &Value = error.instance();
        let place = place_of(root, error.instance_path().as_str());
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let place = if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
                broken("missing_field", format!("{place} is missing")).at(place)
            }
            ValidationErrorKind::Type { .. } => {
                let expected = self.expected(error);
                if found.as_str().is_some_and(|text| NON_FINITE.contains(&text)) {
                    let message =
                        format!("{place} must be a finite number, found {}", found.as_str().unwrap_or_default());
                    return broken("not_finite", message).at(place).measured(found.clone()).limit(expected);
                }
                let message = format!("{place} must be {expected}, found {}", described(found));
                broken("wrong_type", message).at(place).measured(found.clone()).limit(expected)
            }
            ValidationErrorKind::Enum { options } => {
                let known: Vec<String> = options.as_array().into_iter().flatten().filter_map(name_of).collect();
                let message = format!("{place} must be one of {}, found {}", listed(&known), described(found));
                broken("unknown_value", message).at(place).measured(found.clone()).limit(known)
            }
            ValidationErrorKind::MinItems { limit } | ValidationErrorKind::MaxItems { limit } => {
                let count = found.as_array().map_or(0, Vec::len);
                let message = format!("{place} must have {limit} values, found {count}");
                broken("wrong_type", message).at(place).measured(count).limit(*limit)
            }
            ValidationErrorKind::Minimum { limit } => {
                let message = format!("{place} must be at least {limit}, found {}", described(found));
                broken("negative", message).at(place).measured(found.clone()).limit(limit.clone())
            }
            _ => broken("wrong_type", format!("{place} does not fit: {error}")).at(place),
        }
    }

    /// What the schema expects at the place of a type error, in words.
    fn expected(&self, error: &ValidationError) -> String {
        let types = self.description.pointer(error.schema_path().as_str());
        let names: Vec<&str> = match types {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        // A text may be written as a number or truth value; saying so would only confuse.
        let names: Vec<&str> = if names.contains(&"string") { vec!["string"] } else { names };
        let words: Vec<&str> = names.into_iter().filter(|name| *name != "null").map(in_words).collect();
        words.join(" or ")
    }
}

/// Largest magnitude up to which every whole number is exact as a floating-point one.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn make_whole(schema: &Value, value: &mut Value, place: &str, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let of_field = schema.get("properties").and_then(|known| known.get(key));
                if let Some(of_field) = of_field {
                    let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                    make_whole(of_field, field, &place, places);
                }
            }
        }
        Value::Array(items) => {
            let Some(of_items) = schema.get("items") else { return };
            for (index, item) in items.iter_mut().enumerate() {
                make_whole(of_items, item, &format!("{place}[{index}]"), places);
            }
        }
        Value::Number(number) => {
            let is_whole = match schema.get("type") {
                Some(Value::String(name)) => name == "integer",
                Some(Value::Array(names)) => names.iter().any(|name| name == "integer"),
                _ => false,
            };
            let whole = number.as_f64().filter(|float| is_whole && number.is_f64() && float.fract() == 0.0);
            if let Some(float) = whole.filter(|float| float.abs() <= EXACT) {
                *value = (float as i64).into();
                places.push(place.to_owned());
            }
        }
        _ => {}
    }
}

fn in_words(json_type: &str) -> &str {
    match json_type {
        "number" => "a number",
        "integer" => "a whole number",
        "string" => "a text",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a mapping of fields",
        other => other,
    }
}

/// The kind of a value, in words.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping of fields",
    }
}

fn described(value: &Value) -> String {
    match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("the text {}", quoted(text)),
        Value::Null | Value::Array(_) | Value::Object(_) => kind_of(value).to_owned(),
    }
}

fn name_of(option: &Value) -> Option<String> {
    option.as_str().map(str::to_owned)
}

/// A JSON pointer below a place, in the usual notation. Only known keys occur, and no known key is a number.
fn place_of(root: &str, pointer: &str) -> String {
    let mut place = root.to_owned();
    for step in pointer.split('/').skip(1) {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            place.push_str(&format!("[{step}]"));
        } else {
            if !place.is_empty() {
                place.push('.');
            }
            place.push_str(step);
        }
    }
    place
}

/// Turns the alternatives that schemars writes for options and enumerations into plain keywords, and lets a text be
/// written as a number or truth value, as `version: 1.0` is.
fn simplify(schema: &mut Value) {
    let Value::Object(map) = schema else {
        if let Value::Array(list) = schema {
            list.iter_mut().for_each(simplify);
        }
        return;
    };
    map.values_mut().for_each(simplify);
    if let Some(Value::Array(variants)) = map.get("oneOf") {
        let names: Option<Vec<Value>> = variants.iter().map(|variant| variant.get("const").cloned()).collect();
        if let Some(names) = names {
            map.remove("oneOf");
            map.insert("enum".to_owned(), Value::Array(names));
        }
    }
    let optional = match map.get("anyOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([Value::Object(inner), other]) if other.get("type") == Some(&json!("null")) => Some(inner.clone()),
        _ => None,
    };
    if let Some(inner) = optional {
        map.remove("anyOf");
        map.extend(inner);
        if let Some(Value::Array(names)) = map.get_mut("enum") {
            names.push(Value::Null);
        }
        if let Some(Value::String(single)) = map.get("type") {
            let with_null = json!([single, "null"]);
            map.insert("type".to_owned(), with_null);
        }
    }
    if !map.contains_key("enum") {
        match map.get_mut("type") {
            Some(single) if *single == "string" => *single = json!(["string", "number", "boolean"]),
            Some(Value::Array(types)) if types.contains(&json!("string")) && !types.contains(&json!("number")) => {
                types.extend([json!("number"), json!("boolean")]);
            }
            _ => {}
        }
    }
}

//! What makes a JSON document an OpenAPI 3.1 document, beyond its bones: the rules of the specification (3.1.1, the
//! section of each object is named below) for everything that client generators read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const PLACES: [&str; 4] = ["path", "query", "header", "cookie"];

/// Every rule that `document` breaks, each with the place.
pub(crate) fn faults(document: &Value) -> Vec<String> {
    let mut rules = Rules { document, faults: Vec::new(), operation_ids: BTreeSet::new() };
    rules.root();
    rules.faults
}

struct Rules<'a> {
    document: &'a Value,
    faults: Vec<String>,
    operation_ids: BTreeSet<String>,
}

impl<'a> Rules<'a> {
    fn fault(&mut self, place: &str, words: impl std::fmt::Display) {
        self.faults.push(format!("{place}: {words}"));
    }

    /// An object with no other keys than these and extensions. `None` where it is not an object, which is a fault.
    fn object(&mut self, place: &str, value: &'a Value, keys: &[&str]) -> Option<&'a Map<String, Value>> {
        let Some(map) = value.as_object() else {
            self.fault(place, format_args!("expected an object, found {value}"));
            return None;
        };
        for key in map.keys().filter(|key| !keys.contains(&key.as_str()) && !key.starts_with("x-")) {
            self.fault(place, format_args!("the key {key:?} does not belong here"));
        }
        Some(map)
    }

    /// A Reference Object is what it points at.
    fn resolved(&self, value: &'a Value) -> &'a Value {
        let target = value["$ref"].as_str().and_then(|reference| self.document.pointer(reference.strip_prefix('#')?));
        target.unwrap_or(value)
    }

    /// 4.8.1 OpenAPI Object.
    fn root(&mut self) {
        let keys = [
            "openapi",
            "info",
            "jsonSchemaDialect",
            "servers",
            "paths",
            "webhooks",
            "components",
            "security",
            "tags",
            "externalDocs",
        ];
        let Some(root) = self.object("#", self.document, &keys) else { return };
        for (path, item) in root.get("paths").and_then(Value::as_object).into_iter().flatten() {
            self.path(path, item);
        }
        let mut seen = BTreeMap::new();
        for path in root.get("paths").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
            let shape: String = path.split('/').map(|part| if part.contains('{') { "/{}" } else { part }).collect();
            if let Some(other) = seen.insert(shape, path) {
                self.fault(path, format_args!("is the same path as {other}"));
            }
        }
        if let Some(components) = root.get("components") {
            self.components(components);
        }
        self.security("#/security", root.get("security"));
    }

    /// 4.8.7 Components Object.
    fn components(&mut self, components: &'a Value) {
        let keys = [
            "schemas",
            "responses",
            "parameters",
            "examples",
            "requestBodies",
            "headers",
            "securitySchemes",
            "links",
            "callbacks",
            "pathItems",
        ];
        let Some(components) = self.object("#/components", components, &keys) else { return };
        for (section, entries) in components {
            for (name, entry) in entries.as_object().into_iter().flatten() {
                let place = format!("#/components/{section}/{name}");
                let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
                if name.is_empty() || !name.chars().all(fits) {
                    self.fault(&place, "a name holds letters, digits, '.', '-' and '_' only");
                }
                match section.as_str() {
                    "schemas" => self.schema(&place, entry),
                    "responses" => self.response(&place, entry),
                    "parameters" => drop(self.parameter(&place, entry)),
                    "requestBodies" => self.request_body(&place, entry),
                    _ => {}
                }
            }
        }
    }

    /// 4.8.8 Paths Object and 4.8.9 Path Item Object.
    fn path(&mut self, path: &'a str, item: &'a Value) {
        if !path.starts_with('/') {
            self.fault(path, "a path begins with a slash");
        }
        let mut templated = BTreeSet::new();
        for part in path.split('{').skip(1) {
            let name = part.split_once('}').map_or("", |(name, _)| name);
            if name.is_empty() || !templated.insert(name) {
                self.fault(path, "names in braces are there once, and not empty");
            }
        }
        let keys: Vec<_> =
            METHODS.into_iter().chain(["$ref", "summary", "description", "servers", "parameters"]).collect();
        let Some(item) = self.object(path, item, &keys) else { return };
        for (method, operation) in item.iter().filter(|(key, _)| METHODS.contains(&key.as_str())) {
            let place = format!("{} {path}", method.to_uppercase());
            self.operation(&place, operation, item.get("parameters"), &templated);
        }
    }

    /// 4.8.10 Operation Object.
    fn operation(&mut self, place: &str, operation: &'a Value, shared: Option<&'a Value>, templated: &BTreeSet<&str>) {
        let keys = [
            "tags",
            "summary",
            "description",
            "externalDocs",
            "operationId",
            "parameters",
            "requestBody",
            "responses",
            "callbacks",
            "deprecated",
            "security",
            "servers",
        ];
        let Some(operation) = self.object(place, operation, &keys) else { return };
        if let Some(id) = operation.get("operationId") {
            match id.as_str() {
                Some(id) if self.operation_ids.insert(id.to_owned()) => {}
                Some(id) => self.fault(place, format_args!("the operationId {id:?} is taken")),
                None => self.fault(place, format_args!("the operationId is {id}, not a text")),
            }
        }
        let mut declared = BTreeSet::new();
        for list in [shared, operation.get("parameters")].into_iter().flatten() {
            let mut in_this_list = BTreeSet::new();
            for parameter in list.as_array().into_iter().flatten() {
                let Some((name, kind)) = self.parameter(place, parameter) else { continue };
                if !in_this_list.insert((name, kind)) {
                    self.fault(place, format_args!("the {kind} parameter {name:?} is there twice"));
                }
                if kind == "path" {
                    declared.insert(name);
                    if !templated.contains(name) {
                        self.fault(place, format_args!("the path has no {{{name}}}"));
                    }
                }
            }
        }
        for name in templated.iter().filter(|name| !declared.contains(**name)) {
            self.fault(place, format_args!("the path parameter {{{name}}} is not declared"));
        }
        if let Some(body) = operation.get("requestBody") {
            self.request_body(place, body);
        }
        let responses = operation.get("responses").and_then(Value::as_object);
        if responses.is_none_or(Map::is_empty) {
            self.fault(place, "no answer is documented");
        }
        for (status, response) in responses.into_iter().flatten() {
            let place = format!("{place} → {status}");
            if !is_status(status) && !status.starts_with("x-") {
                self.fault(&place, "an answer is known by its status, a class such as 4XX, or `default`");
            }
            self.response(&place, response);
        }
        self.security(place, operation.get("security"));
    }

    /// 4.8.12 Parameter Object; its name and place.
    fn parameter(&mut self, place: &str, parameter: &'a Value) -> Option<(&'a str, &'a str)> {
        let parameter = self.resolved(parameter);
        let keys = [
            "name",
            "in",
            "description",
            "required",
            "deprecated",
            "allowEmptyValue",
            "style",
            "explode",
            "allowReserved",
            "schema",
            "example",
            "examples",
            "content",
        ];
        let map = self.object(place, parameter, &keys)?;
        let name = parameter["name"].as_str().filter(|name| !name.is_empty());
        let kind = parameter["in"].as_str().filter(|kind| PLACES.contains(kind));
        let (Some(name), Some(kind)) = (name, kind) else {
            self.fault(place, format_args!("a parameter has a name, and is in one of {PLACES:?}: {parameter}"));
            return None;
        };
        if kind == "path" && parameter["required"] != true {
            self.fault(place, format_args!("the path parameter {name:?} is required, and must say so"));
        }
        match (map.get("schema"), map.get("content")) {
            (Some(schema), None) => self.schema(&format!("{place}, {name}"), schema),
            (None, Some(content)) => self.content(place, content),
            _ => self.fault(place, format_args!("the parameter {name:?} has either a schema or content")),
        }
        Some((name, kind))
    }

    /// 4.8.13 Request Body Object.
    fn request_body(&mut self, place: &str, body: &'a Value) {
        let body = self.resolved(body);
        let Some(body) = self.object(place, body, &["description", "content", "required"]) else { return };
        match body.get("content") {
            Some(content) => self.content(place, content),
            None => self.fault(place, "a request body has content"),
        }
    }

    /// 4.8.17 Response Object.
    fn response(&mut self, place: &str, response: &'a Value) {
        let response = self.resolved(response);
        let Some(map) = self.object(place, response, &["description", "headers", "content", "links"]) else { return };
        if !response["description"].is_string() {
            self.fault(place, "an answer has a description");
        }
        if let Some(content) = map.get("content") {
            self.content(place, content);
        }
    }

    /// 4.8.14 Media Type Object, by media type.
    fn content(&mut self, place: &str, content: &'a Value) {
        for (kind, media) in content.as_object().into_iter().flatten() {
            let place = format!("{place}, {kind}");
            if !kind.contains('/') {
                self.fault(&place, "this is not a media type");
            }
            let Some(media) = self.object(&place, media, &["schema", "example", "examples", "encoding"]) else {
                continue;
            };
            if let Some(schema) = media.get("schema") {
                self.schema(&place, schema);
            }
        }
    }

    /// 4.8.24 Schema Object: JSON Schema of 2020-12.
    fn schema(&mut self, place: &str, schema: &Value) {
        if let Err(error) = jsonschema::draft202012::meta::validate(schema) {
            let found = error.to_string();
            self.fault(place, format_args!("not a JSON Schema: {found}"));
        }
    }

    /// 4.8.30 Security Requirement Object.
    fn security(&mut self, place: &str, requirements: Option<&'a Value>) {
        for requirement in requirements.and_then(Value::as_array).into_iter().flatten() {
            for name in requirement.as_object().into_iter().flat_map(Map::keys) {
                if self.document["components"]["securitySchemes"].get(name).is_none() {
                    self.fault(place, format_args!("the security scheme {name:?} is not defined"));
                }
            }
        }
    }
}

fn is_status(text: &str) -> bool {
    let bytes = text.as_bytes();
    text == "default"
        || (bytes.len() == 3
            && (b'1'..=b'5').contains(&bytes[0])
            && (&bytes[1..] == b"XX" || bytes[1..].iter().all(u8::is_ascii_digit)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sound() -> Value {
        json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
            "paths": { "/things/{id}": { "post": {
                "operationId": "change",
                "parameters": [
                    { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } },
                    { "$ref": "#/components/parameters/Key" }
                ],
                "requestBody": { "content": { "application/json": { "schema": { "type": ["object", "null"] } } } },
                "responses": { "200": { "description": "done" }, "4XX": { "description": "not done" } },
                "security": [{ "key": [] }]
            } } },
            "components": {
                "parameters": { "Key": { "name": "X-Key", "in": "header", "schema": { "type": "string" } } },
                "schemas": { "Thing": { "type": "object", "properties": { "size": { "type": "number" } } } },
                "securitySchemes": { "key": { "type": "apiKey", "name": "X-Key", "in": "header" } }
            }
        })
    }

    #[test]
    fn sound_document_breaks_no_rule() {
        assert_eq!(faults(&sound()), Vec::<String>::new());
    }

    #[test]
    fn every_broken_rule_is_found() {
        let operation = "/paths/~1things~1{id}/post";
        for (place, value, words) in [
            (format!("{operation}/parameters/0/in"), json!("body"), "is in one of"),
            (format!("{operation}/parameters/0/name"), json!("number"), "{id} is not declared"),
            (format!("{operation}/parameters/0/required"), json!(false), "must say so"),
            (format!("{operation}/parameters/0/schema"), json!({ "type": "text" }), "not a JSON Schema"),
            (format!("{operation}/parameters/0/schema"), json!(null), "not a JSON Schema"),
            (format!("{operation}/parameters"), json!([]), "{id} is not declared"),
            (format!("{operation}/operationId"), json!(7), "not a text"),
            (format!("{operation}/requestBody"), json!({ "required": true }), "has content"),
            (format!("{operation}/requestBody/content"), json!({ "json": {} }), "not a media type"),
            (format!("{operation}/responses"), json!({}), "no answer"),
            (format!("{operation}/responses"), json!({ "ok": { "description": "d" } }), "known by its status"),
            (format!("{operation}/responses/200"), json!({}), "has a description"),
            (format!("{operation}/security"), json!([{ "other": [] }]), "not defined"),
            (format!("{operation}/request_body"), json!({}), "does not belong here"),
            ("/components/schemas/Thing/properties".to_owned(), json!([]), "not a JSON Schema"),
            ("/components/schemas".to_owned(), json!({ "a thing": {} }), "a name holds"),
            ("/paths".to_owned(), json!({ "things": {} }), "begins with a slash"),
            ("/paths".to_owned(), json!({ "/a/{b}": {}, "/a/{c}": {} }), "the same path"),
        ] {
            let mut document = sound();
            let (parent, key) = place.rsplit_once('/').expect("a place below the root");
            let parent = document.pointer_mut(parent).expect("the place exists");
            match parent {
                Value::Array(list) => list[key.parse::<usize>().expect("a number")] = value,
                other => other[key] = value,
            }
            let found = faults(&document);
            assert!(found.iter().any(|fault| fault.contains(words)), "{place}: {words:?} is not in {found:#?}");
        }
    }
}

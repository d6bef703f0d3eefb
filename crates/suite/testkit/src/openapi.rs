//! Judges a live answer by the schema that the service itself serves.

use anyhow::{Context, anyhow, ensure};
use http_reply::Reply;
use serde_json::{Value, json};

use crate::openapi_rules;

/// An OpenAPI document as a service serves it.
#[derive(Debug, Clone)]
pub struct OpenApiDocument {
    document: Value,
}

impl OpenApiDocument {
    /// Takes a document that keeps the rules of OpenAPI 3.1: version, title and paths, every reference resolves, and
    /// operations, parameters, answers and schemas have the form that the specification gives them.
    pub fn new(document: Value) -> anyhow::Result<Self> {
        let version = document["openapi"].as_str().unwrap_or_default();
        ensure!(version.starts_with("3.1"), "the field `openapi` is {version:?}, not 3.1.x");
        ensure!(document["info"]["title"].is_string(), "`info.title` is missing");
        ensure!(document["info"]["version"].is_string(), "`info.version` is missing");
        let paths = document["paths"].as_object().context("`paths` is missing")?;
        ensure!(!paths.is_empty(), "`paths` is empty");
        let mut references = Vec::new();
        collect_references(&document, &mut references);
        for reference in references {
            let pointer = reference.strip_prefix('#').with_context(|| format!("{reference} points outside"))?;
            ensure!(document.pointer(pointer).is_some(), "{reference} points at nothing");
        }
        let faults = openapi_rules::faults(&document);
        ensure!(faults.is_empty(), "not a document of OpenAPI 3.1:\n  {}", faults.join("\n  "));
        Ok(Self { document })
    }

    /// The document.
    pub fn json(&self) -> &Value {
        &self.document
    }

    /// `METHOD path` of every operation, sorted.
    pub fn operations(&self) -> Vec<String> {
        let mut operations = Vec::new();
        for (path, item) in self.document["paths"].as_object().into_iter().flatten() {
            for method in ["get", "post", "put", "patch", "delete"] {
                if item.get(method).is_some() {
                    operations.push(format!("{} {path}", method.to_uppercase()));
                }
            }
        }
        operations.sort();
        operations
    }

    /// Checks that `reply`, an answer to `path` as the document spells it, is documented: status, content type, and
    /// for JSON the schema.
    pub fn check(&self, path: &str, reply: &Reply) -> anyhow::Result<()> {
        let method = reply.method.as_str().to_lowercase();
        let operation = &self.document["paths"][path][&method];
        ensure!(operation.is_object(), "{} {path} is not documented", reply.method);
        let status = reply.status.as_u16().to_string();
        let responses = &operation["responses"];
        // A success is documented as such; `default` is for what goes wrong.
        let default = responses.get("default").filter(|_| !reply.status.is_success());
        let response = responses.get(&status).or(default).ok_or_else(|| {
            anyhow!("{} {path} answered {status}, which is not documented: {responses}", reply.method)
        })?;
        let content = response["content"].as_object().cloned().unwrap_or_default();
        let kind = reply.content_type();
        let media = content.get(kind).or_else(|| content.get("*/*")).ok_or_else(|| {
            let known: Vec<_> = content.keys().collect();
            anyhow!("{} {path} answered {status} as {kind:?}; documented are {known:?}", reply.method)
        })?;
        let Some(schema) = media.get("schema") else { return Ok(()) };
        let whole = json!({ "components": self.document["components"], "allOf": [schema] });
        let validator = jsonschema::validator_for(&whole)
            .map_err(|error| anyhow!("the schema of {} {path} is not valid: {error}", reply.method))?;
        let body = reply.json();
        let faults: Vec<_> = validator.iter_errors(&body).map(|e| format!("{}: {e}", e.instance_path())).collect();
        ensure!(
            faults.is_empty(),
            "{} {path} answered {status} with a body that its own schema refuses:\n  {}\nbody: {body}",
            reply.method,
            faults.join("\n  ")
        );
        Ok(())
    }
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                found.push(reference.clone());
            }
            map.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dangling_reference_is_found() {
        let document = json!({
            "openapi": "3.1.0", "info": {"title": "t", "version": "1"},
            "paths": {"/a": {"get": {"responses": {"200": {"$ref": "#/components/responses/Gone"}}}}}
        });
        assert!(OpenApiDocument::new(document).expect_err("it dangles").to_string().contains("Gone"));
    }
}

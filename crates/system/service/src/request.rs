//! Request checks. Whatever does not fit its schema is a 422 that names the place; a handler sees typed values only.

use std::{
    any::TypeId,
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use aide::{
    generate::GenContext,
    openapi::{Operation, Parameter, ParameterData, ParameterSchemaOrContent, Response, SchemaObject},
    operation::{OperationInput, OperationOutput, add_parameters},
};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE, request::Parts},
};
use contract::{
    problem::RequestFault,
    session::{SESSION_HEADER, SessionId},
};
use garde::Validate;
use jsonschema::Validator;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::ServiceError;

/// Largest JSON body, in bytes. A workspace bundle travels inside one.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// Largest body that is also validated against its schema, in bytes. Larger ones are one large text or a bulk of
/// free-form objects, and a second copy of those costs more than it finds; the outermost value is still checked.
const MAX_CHECKED_BYTES: usize = 4 * 1024 * 1024;

/// A JSON body that fits its schema and its limits: 413 for one that is too large, 415 for one that does not say that
/// it is JSON, 422 for the rest.
#[derive(Debug, Clone)]
pub struct Valid<T>(pub T);

impl<S, T> FromRequest<S> for Valid<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()> + JsonSchema + 'static,
{
    type Rejection = ServiceError;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let kind = request.headers().get(CONTENT_TYPE).cloned();
        let body = read(request.into_body()).await?;
        if body.is_empty() {
            return Err(fault("json", vec!["body".into()], "the body is empty; a JSON object is required".into()));
        }
        if !kind.as_ref().is_some_and(is_json) {
            let given =
                kind.map_or("missing".to_owned(), |kind| format!("{:?}", String::from_utf8_lossy(kind.as_bytes())));
            let sentence = format!("the Content-Type is {given}; this route takes application/json");
            return Err(ServiceError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence));
        }
        let mut deserializer = serde_json::Deserializer::from_slice(&body);
        let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let mut place = vec!["body".to_owned()];
            place.extend(error.path().iter().map(ToString::to_string).filter(|segment| segment != "?"));
            fault("json", place, error.into_inner().to_string())
        })?;
        deserializer.end().map_err(|error| fault("json", vec!["body".into()], error.to_string()))?;
        check(&value, "body")?;
        check_form::<T>(&body)?;
        Ok(Self(value))
    }
}

/// The whole body.
async fn read(body: Body) -> Result<Bytes, ServiceError> {
    axum::body::to_bytes(body, MAX_BODY_BYTES).await.map_err(|error| {
        let causes = || std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        if causes().any(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>) {
            let sentence = format!("the body is larger than the limit of {MAX_BODY_BYTES} bytes");
            return ServiceError::new(StatusCode::PAYLOAD_TOO_LARGE, sentence);
        }
        if causes().any(<dyn std::error::Error>::is::<tower_http::timeout::TimeoutError>) {
            return ServiceError::new(StatusCode::REQUEST_TIMEOUT, "the rest of the body did not come");
        }
        fault("json", vec!["body".into()], format!("cannot be read: {error}"))
    })
}

/// True for `application/json` and for types that are built on it, whatever their parameters.
fn is_json(kind: &HeaderValue) -> bool {
    let text = kind.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Validates a body against the schema in the served document. Decoding alone accepts more: a list in the place of an
/// object, an object in the place of a name.
fn check_form<T: JsonSchema + 'static>(body: &[u8]) -> Result<(), ServiceError> {
    let place = || vec!["body".to_owned()];
    if body.len() > MAX_CHECKED_BYTES {
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        let is_object = first == Some(&b'{');
        return if is_object { Ok(()) } else { Err(fault("json", place(), "a JSON object is required".into())) };
    }
    let json: Value = serde_json::from_slice(body).map_err(|error| fault("json", place(), error.to_string()))?;
    let Some(validator) = validator::<T>() else { return Ok(()) };
    validator.validate(&json).map_err(|error| {
        let mut place = place();
        let path = error.instance_path().to_string();
        place.extend(path.split('/').filter(|segment| !segment.is_empty()).map(ToOwned::to_owned));
        fault("json", place, error.to_string())
    })
}

/// The compiled schema of a request type; made once.
fn validator<T: JsonSchema + 'static>() -> Option<Arc<Validator>> {
    static COMPILED: Mutex<BTreeMap<TypeId, Option<Arc<Validator>>>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let entry = compiled.entry(TypeId::of::<T>()).or_insert_with(|| {
        let schema = schemars::schema_for!(T).to_value();
        jsonschema::validator_for(&schema)
            .map(Arc::new)
            .inspect_err(
                |error| tracing::error!(%error, name = %T::schema_name(), "a request's schema does not compile"),
            )
            .ok()
    });
    entry.clone()
}

/// A query string that fits its schema and its limits.
#[derive(Debug, Clone)]
pub struct ValidQuery<T>(pub T);

impl<S, T> FromRequestParts<S> for ValidQuery<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        let deserializer = serde_urlencoded::Deserializer::new(form_pairs(query));
        let value: T = serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let place = vec!["query".to_owned(), error.path().to_string()];
            fault("query", place, error.into_inner().to_string())
        })?;
        check(&value, "query")?;
        Ok(Self(value))
    }
}

fn form_pairs(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

/// A UUID in the path.
#[derive(Debug, Clone, Copy)]
pub struct ValidId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for ValidId {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error| fault("path", vec!["path".into()], error.to_string()))?;
        let id = text.parse().map_err(|error| {
            fault("path", vec!["path".into(), "id".into()], format!("{text:?} is not a UUID: {error}"))
        })?;
        Ok(Self(id))
    }
}

/// The session that a worker call is about, from the `X-Session-ID` header.
#[derive(Debug, Clone)]
pub struct Session(pub SessionId);

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let place = || vec!["header".to_owned(), SESSION_HEADER.to_owned()];
        let Some(value) = parts.headers.get(SESSION_HEADER) else {
            return Err(fault("missing_header", place(), "the header is required; it names the session".into()));
        };
        let text = value.to_str().map_err(|_| fault("value", place(), "not printable ASCII".into()))?;
        text.parse()
            .map(Session)
            .map_err(|error: contract::session::InvalidSessionId| fault("value", place(), error.to_string()))
    }
}

fn check<T: Validate<Context = ()>>(value: &T, place: &str) -> Result<(), ServiceError> {
    let Err(report) = value.validate() else { return Ok(()) };
    let faults = report
        .iter()
        .map(|(path, error)| RequestFault {
            kind: "value".into(),
            loc: vec![place.to_owned(), path.to_string()],
            msg: error.to_string(),
        })
        .collect();
    Err(ServiceError::invalid(faults))
}

fn fault(kind: &str, loc: Vec<String>, msg: String) -> ServiceError {
    ServiceError::invalid(vec![RequestFault { kind: kind.to_owned(), loc, msg }])
}

fn unprocessable(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Response)> {
    ServiceError::operation_response(context, operation).map(|response| (Some(422), response)).into_iter().collect()
}

impl<T: JsonSchema> OperationInput for Valid<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        Json::<T>::operation_input(context, operation);
    }

    fn inferred_early_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Response)> {
        unprocessable(context, operation)
    }
}

impl<T: JsonSchema> OperationInput for ValidQuery<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        Query::<T>::operation_input(context, operation);
    }

    fn inferred_early_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Response)> {
        unprocessable(context, operation)
    }
}

impl OperationInput for ValidId {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let json_schema = context.schema.subschema_for::<Uuid>();
        add_parameters(
            context,
            operation,
            [Parameter::Path {
                parameter_data: parameter("id", json_schema, "Id."),
                style: aide::openapi::PathStyle::Simple,
            }],
        );
    }

    fn inferred_early_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Response)> {
        unprocessable(context, operation)
    }
}

impl OperationInput for Session {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let json_schema = context.schema.subschema_for::<SessionId>();
        let data = parameter(SESSION_HEADER, json_schema, "Session whose workspace the call is about.");
        add_parameters(
            context,
            operation,
            [Parameter::Header { parameter_data: data, style: aide::openapi::HeaderStyle::Simple }],
        );
    }

    fn inferred_early_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Response)> {
        unprocessable(context, operation)
    }
}

/// Describes a required parameter of an operation, for extractors of a service's own.
pub fn parameter(name: &str, json_schema: schemars::Schema, description: &str) -> ParameterData {
    ParameterData {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(SchemaObject { json_schema, example: None, external_docs: None }),
        example: None,
        examples: Default::default(),
        explode: None,
        extensions: Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use contract::{execution::ExecuteRequest, files::EditFileRequest, handover::PlanRequest};

    use super::*;

    async fn status<T>(kind: Option<&str>, body: impl Into<Body>) -> u16
    where
        T: DeserializeOwned + Validate<Context = ()> + JsonSchema + 'static,
    {
        let mut request = Request::builder().method("POST").uri("/");
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        let request = request.body(body.into()).expect("a request");
        Valid::<T>::from_request(request, &()).await.map_or_else(|refusal| refusal.status().as_u16(), |_| 200)
    }

    #[tokio::test]
    async fn body_must_be_declared_as_json() {
        let body = r#"{"code": "1"}"#;
        for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/x+json"] {
            assert_eq!(status::<ExecuteRequest>(Some(kind), body).await, 200, "{kind}");
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", ""] {
            assert_eq!(status::<ExecuteRequest>(Some(kind), body).await, 415, "{kind}");
        }
        assert_eq!(status::<ExecuteRequest>(None, body).await, 415);
    }

    #[tokio::test]
    async fn schema_invalid_body_is_refused() {
        let kind = Some("application/json");
        for body in ["", "[]", r#"["1", 20]"#, "null", "3", r#"{"code": ["1"]}"#, r#"{"code": "1"} {}"#] {
            assert_eq!(status::<ExecuteRequest>(kind, body).await, 422, "{body}");
        }
        for body in ["", r#"{"role": {"engineer_planner": null}}"#, r#"["engineer_planner"]"#] {
            assert_eq!(status::<PlanRequest>(kind, body).await, 422, "{body}");
        }
        assert_eq!(status::<PlanRequest>(kind, "{}").await, 200);
        let lists = r#"{"path": "a", "edits": [["x", "y"]]}"#;
        assert_eq!(status::<EditFileRequest>(kind, lists).await, 422);
        let large = format!("[{:?}, 20]", "x".repeat(MAX_CHECKED_BYTES));
        assert_eq!(status::<ExecuteRequest>(kind, large).await, 422);
    }

    #[tokio::test]
    async fn body_over_the_limit_is_too_large() {
        let kind = Some("application/json");
        let body = |length: usize| format!(r#"{{"code": "{}"}}"#, "x".repeat(length - r#"{"code": ""}"#.len()));
        assert_eq!(status::<ExecuteRequest>(kind, body(MAX_BODY_BYTES)).await, 200);
        assert_eq!(status::<ExecuteRequest>(kind, body(MAX_BODY_BYTES + 1)).await, 413);
    }
}

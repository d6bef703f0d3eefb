//! Request checks. Whatever does not fit its schema is a 422 that names the place; a handler sees typed values only.

use aide::{
    generate::GenContext,
    openapi::{Operation, Parameter, ParameterData, ParameterSchemaOrContent, Response, SchemaObject},
    operation::{OperationInput, OperationOutput, add_parameters},
};
use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::request::Parts,
};
use contract::{
    problem::RequestFault,
    session::{SESSION_HEADER, SessionId},
};
use garde::Validate;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::ServiceError;

/// Largest JSON body, in bytes. A workspace bundle travels inside one.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// A JSON body that fits its schema and its limits. An empty body counts as `{}`.
#[derive(Debug, Clone)]
pub struct Valid<T>(pub T);

impl<S, T> FromRequest<S> for Valid<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = ServiceError;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        let body = axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES).await.map_err(|error| {
            fault("json", vec!["body".into()], format!("cannot be read or is over {MAX_BODY_BYTES} bytes: {error}"))
        })?;
        let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let mut place = vec!["body".to_owned()];
            place.extend(error.path().iter().map(ToString::to_string).filter(|segment| segment != "?"));
            fault("json", place, error.into_inner().to_string())
        })?;
        deserializer.end().map_err(|error| fault("json", vec!["body".into()], error.to_string()))?;
        check(&value, "body")?;
        Ok(Self(value))
    }
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
            fault("path", vec!["path".into(), "id".into()], format!("{text:?} is no UUID: {error}"))
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
        let json_schema = context.schema.subschema_for::<String>();
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

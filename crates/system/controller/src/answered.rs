//! JSON answers with a status other than 200, documented as such.

use aide::{
    generate::GenContext,
    openapi::{Operation, Response},
    operation::OperationOutput,
};
use axum::{Json, http::StatusCode, response::IntoResponse};
use schemars::JsonSchema;
use serde::Serialize;

/// A JSON answer with the given status.
pub(crate) struct Answered<const STATUS: u16, T>(T);

/// 201: created.
pub(crate) type Created<T> = Answered<201, T>;

/// 202: accepted, not done yet.
pub(crate) type Accepted<T> = Answered<202, T>;

impl<const STATUS: u16, T> Answered<STATUS, T> {
    /// The answer with this body.
    pub(crate) fn with(body: T) -> Self {
        Self(body)
    }
}

impl<const STATUS: u16, T: Serialize> IntoResponse for Answered<STATUS, T> {
    fn into_response(self) -> axum::response::Response {
        let status = StatusCode::from_u16(STATUS).expect("the aliases above name statuses that exist");
        (status, Json(self.0)).into_response()
    }
}

impl<const STATUS: u16, T: JsonSchema> OperationOutput for Answered<STATUS, T> {
    type Inner = T;

    fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<Response> {
        Json::<T>::operation_response(context, operation)
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Response)> {
        Self::operation_response(context, operation).map(|response| (Some(STATUS), response)).into_iter().collect()
    }
}

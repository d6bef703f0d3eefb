//! Error answers: a status and a [`Problem`] body, and their place in the OpenAPI document.

use aide::{
    generate::GenContext,
    openapi::{MediaType, Operation, Response, SchemaObject},
    operation::OperationOutput,
};
use axum::{Json, http::StatusCode, response::IntoResponse};
use contract::{
    problem::{Problem, ProblemDetail, RequestFault},
    violations::Violation,
};

/// An answer that is not a success.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceError {
    status: StatusCode,
    detail: ProblemDetail,
    violations: Vec<Violation>,
}

impl ServiceError {
    /// An error with any status and one sentence.
    pub fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self { status, detail: ProblemDetail::Sentence(sentence.into()), violations: Vec::new() }
    }

    /// 403: not allowed, whoever asks.
    pub fn forbidden(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, sentence)
    }

    /// 404.
    pub fn not_found(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, sentence)
    }

    /// 409: the state does not allow it now.
    pub fn conflict(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, sentence)
    }

    /// 422: well-formed, but wrong.
    pub fn unprocessable(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, sentence)
    }

    /// 422 with the faults of the request, each with its place.
    pub fn invalid(faults: Vec<RequestFault>) -> Self {
        let detail = ProblemDetail::Faults(faults);
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, detail, violations: Vec::new() }
    }

    /// 422 for an artifact that breaks its rules: one sentence that lists them all, and each as data.
    pub fn violating(sentence: impl Into<String>, violations: Vec<Violation>) -> Self {
        Self { violations, ..Self::unprocessable(sentence) }
    }

    /// 503: something this service depends on does not answer.
    pub fn unavailable(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, sentence)
    }

    /// 500: our fault. The cause goes to the log in full and to the caller in one line.
    pub fn internal(error: &anyhow::Error) -> Self {
        tracing::error!(error = format!("{error:#}"), "a request failed inside the service");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"))
    }

    /// Status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl std::fmt::Display for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { status, detail, .. } = self;
        match detail {
            ProblemDetail::Sentence(sentence) => write!(f, "{status}: {sentence}"),
            ProblemDetail::Faults(faults) => {
                let sentences: Vec<_> = faults.iter().map(|f| format!("{}: {}", f.loc.join("."), f.msg)).collect();
                write!(f, "{status}: {}", sentences.join("; "))
            }
        }
    }
}

impl From<anyhow::Error> for ServiceError {
    fn from(error: anyhow::Error) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for ServiceError {
    fn into_response(self) -> axum::response::Response {
        (self.status, Json(Problem { detail: self.detail, violations: self.violations })).into_response()
    }
}

impl OperationOutput for ServiceError {
    type Inner = Problem;

    fn operation_response(context: &mut GenContext, _: &mut Operation) -> Option<Response> {
        let json_schema = context.schema.subschema_for::<Problem>();
        let schema = Some(SchemaObject { json_schema, example: None, external_docs: None });
        Some(Response {
            description: "The request was refused or failed; `detail` says why.".to_owned(),
            content: [("application/json".to_owned(), MediaType { schema, ..MediaType::default() })]
                .into_iter()
                .collect(),
            ..Response::default()
        })
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Response)> {
        Self::operation_response(context, operation).map(|response| (None, response)).into_iter().collect()
    }
}

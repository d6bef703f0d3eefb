//! Answers that are not JSON: raw bytes with a content type.

use aide::{
    generate::GenContext,
    openapi::{MediaType, Operation, Response},
    operation::OperationOutput,
};
use axum::{
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::IntoResponse,
};

/// A body of bytes.
#[derive(Debug, Clone)]
pub struct Bytes {
    content: Vec<u8>,
    mime_type: &'static str,
    file_name: Option<&'static str>,
}

impl Bytes {
    /// Bytes of the given MIME type.
    pub fn new(content: Vec<u8>, mime_type: &'static str) -> Self {
        Self { content, mime_type, file_name: None }
    }

    /// Offered for download under `file_name`.
    #[must_use]
    pub fn as_attachment(mut self, file_name: &'static str) -> Self {
        self.file_name = Some(file_name);
        self
    }
}

impl IntoResponse for Bytes {
    fn into_response(self) -> axum::response::Response {
        let mut response = ([(CONTENT_TYPE, self.mime_type)], self.content).into_response();
        if let Some(name) = self.file_name
            && let Ok(value) = format!("attachment; filename={name}").parse()
        {
            response.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
        response
    }
}

impl OperationOutput for Bytes {
    type Inner = Vec<u8>;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Response> {
        Some(Response {
            description: "The bytes; `Content-Type` says what they are.".to_owned(),
            content: [("*/*".to_owned(), MediaType::default())].into_iter().collect(),
            ..Response::default()
        })
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Response)> {
        Self::operation_response(context, operation).map(|response| (Some(200), response)).into_iter().collect()
    }
}

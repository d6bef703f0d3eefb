//! The multipart form of `POST /fs/upload_file`.

use aide::{
    generate::GenContext,
    openapi::{MediaType, Operation, RequestBody, Response, SchemaObject},
    operation::{OperationInput, OperationOutput, set_body},
};
use axum::{
    extract::{FromRequest, Multipart, Request, multipart::MultipartError},
    http::StatusCode,
};
use contract::problem::RequestFault;
use schemars::json_schema;
use service::ServiceError;

/// A file to write: the form's fields `path` and `file`.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Where it goes, from the session root.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = ServiceError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let mut form = Multipart::from_request(request, state)
            .await
            .map_err(|rejection| ServiceError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, rejection.body_text()))?;
        let (mut path, mut content) = (None, None);
        while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
            match field.name() {
                Some("path") => path = Some(field.text().await.map_err(|error| unreadable(&error))?),
                Some("file") => content = Some(field.bytes().await.map_err(|error| unreadable(&error))?.to_vec()),
                // Fields of a newer client are ignored.
                _ => {}
            }
        }
        let path = path.ok_or_else(|| fault(&["body", "path"], "the form has no field `path`".into()))?;
        if path.is_empty() {
            return Err(fault(&["body", "path"], "length is lower than 1".into()));
        }
        let content = content.ok_or_else(|| fault(&["body", "file"], "the form has no field `file`".into()))?;
        Ok(Self { path, content })
    }
}

fn fault(place: &[&str], msg: String) -> ServiceError {
    let loc = place.iter().map(ToString::to_string).collect();
    ServiceError::invalid(vec![RequestFault { kind: "multipart".into(), loc, msg }])
}

fn unreadable(error: &MultipartError) -> ServiceError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ServiceError::new(StatusCode::PAYLOAD_TOO_LARGE, error.body_text());
    }
    fault(&["body"], error.body_text())
}

impl OperationInput for Upload {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let json_schema = json_schema!({
            "type": "object",
            "required": ["path", "file"],
            "properties": {
                "path": { "type": "string", "minLength": 1, "description": "Where the file goes, from the session root." },
                "file": { "type": "string", "format": "binary", "description": "Its bytes." },
            },
        });
        let schema = Some(SchemaObject { json_schema, example: None, external_docs: None });
        let form = MediaType { schema, ..MediaType::default() };
        let body = RequestBody {
            content: [("multipart/form-data".to_owned(), form)].into_iter().collect(),
            required: true,
            ..RequestBody::default()
        };
        set_body(context, operation, body);
    }

    fn inferred_early_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Response)> {
        ServiceError::operation_response(context, operation).map(|response| (Some(422), response)).into_iter().collect()
    }
}

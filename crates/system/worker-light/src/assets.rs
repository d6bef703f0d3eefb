//! `GET /assets/{path}`: files of a session with their MIME type, unless the source behind them is broken.

use aide::{
    generate::GenContext,
    openapi::{Operation, Parameter, PathStyle, Response},
    operation::{OperationInput, OperationOutput, add_parameters},
};
use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderValue, header::X_CONTENT_TYPE_OPTIONS, request::Parts},
};
use contract::{
    assets::{SOURCE_CANDIDATES, mime_type},
    problem::RequestFault,
};
use percent_encoding::percent_decode_str;
use service::{Answer, Bytes, ServiceError, Session, parameter};
use sessions::{FileError, Place, VirtualPath, Workspace};

use crate::{source_syntax::syntax_fault, worker::Worker};

/// What precedes the path of an asset in the URL.
const PREFIX: &str = "/assets/";

/// The path of an asset, from the URL.
#[derive(Debug, Clone)]
pub struct AssetPath(String);

/// What is served, and the source that must be sound for it.
struct Asset {
    bytes: Vec<u8>,
    source: Option<Source>,
}

struct Source {
    name: String,
    content: Vec<u8>,
}

/// `GET /assets/{path}`
pub async fn asset(
    State(worker): State<Worker>,
    Session(session): Session,
    AssetPath(path): AssetPath,
) -> Answer<Bytes> {
    let mime_type = mime_type(&path);
    let find = move |workspace: &Workspace| match find(workspace, &path) {
        Err(FileError::NotFound { path } | FileError::IsDirectory { path }) => {
            Ok(Err(ServiceError::not_found(format!("Asset not found: {path}"))))
        }
        found => found.map(Ok),
    };
    let Asset { bytes, source } = worker.sessions.in_workspace(&session, find).await??;
    if let Some(Source { name, content }) = source {
        let fault = syntax_fault(&worker.ruff, &content).await.map_err(anyhow::Error::new)?;
        if let Some(fault) = fault {
            return Err(ServiceError::unprocessable(format!(
                "Source code {name} has syntax errors. Line {}: {}",
                fault.line, fault.message
            )));
        }
    }
    Ok(Bytes::new(bytes, mime_type))
}

/// A browser must take an asset for what we say it is: agents decide what it contains.
pub async fn forbid_sniffing(mut response: axum::response::Response) -> axum::response::Response {
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn find(workspace: &Workspace, path: &str) -> Result<Asset, FileError> {
    let bytes = workspace.read_bytes(path)?;
    let source = source_of(workspace, path, &bytes)?;
    Ok(Asset { bytes, source })
}

/// The source behind an asset: a Python file is its own; a model has the first of the session that bears its stem or
/// one of the usual names.
fn source_of(workspace: &Workspace, path: &str, bytes: &[u8]) -> Result<Option<Source>, FileError> {
    let parsed = VirtualPath::parse(path)?;
    let (Place::Workspace(inner) | Place::Mount(_, inner)) = parsed.place();
    let name = inner.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let extension = inner.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("py") => Ok(Some(Source { name, content: bytes.to_owned() })),
        Some("glb" | "stl") if matches!(parsed.place(), Place::Workspace(_)) => {
            let stem = inner.with_extension("py");
            let stem = stem.file_name().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            for candidate in std::iter::once(stem.as_str()).chain(SOURCE_CANDIDATES) {
                match workspace.read_bytes(candidate) {
                    Ok(content) => return Ok(Some(Source { name: candidate.to_owned(), content })),
                    // A mount bears the name, or a directory does: no source of the session.
                    Err(FileError::NotFound { .. } | FileError::IsDirectory { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AssetPath {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let path = parts.uri.path();
        let encoded = path.strip_prefix(PREFIX).unwrap_or(path);
        let decoded = percent_decode_str(encoded).decode_utf8().map_err(|error| {
            let (kind, loc) = ("path".to_owned(), vec!["path".to_owned(), "path".to_owned()]);
            ServiceError::invalid(vec![RequestFault { kind, loc, msg: format!("it is not UTF-8: {error}") }])
        })?;
        Ok(Self(decoded.into_owned()))
    }
}

impl OperationInput for AssetPath {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let json_schema = context.schema.subschema_for::<String>();
        let parameter_data = parameter("path", json_schema, "File, from the session root.");
        add_parameters(context, operation, [Parameter::Path { parameter_data, style: PathStyle::Simple }]);
    }

    fn inferred_early_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Response)> {
        ServiceError::operation_response(context, operation).map(|response| (Some(422), response)).into_iter().collect()
    }
}

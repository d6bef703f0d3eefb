//! `/fs/…`: a session's files.

use axum::{Json, extract::State};
use contract::{
    files::{
        EditFileRequest, ExistsResponse, FileContent, FileInfo, GrepMatch, GrepRequest, ListFilesRequest, PathRequest,
        WriteFileRequest,
    },
    status::StatusResponse,
};
use service::{Answer, Bytes, Session, Valid};
use sessions::{Existing, FileError};

use crate::{upload::Upload, worker::Worker};

/// `POST /fs/ls`
pub async fn list(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<ListFilesRequest>,
) -> Answer<Json<Vec<FileInfo>>> {
    worker.sessions.in_workspace(&session, move |workspace| workspace.list(&request.path)).await.map(Json)
}

/// `POST /fs/exists`
pub async fn exists(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<PathRequest>,
) -> Answer<Json<ExistsResponse>> {
    let exists = worker.sessions.in_workspace(&session, move |workspace| Ok(workspace.exists(&request.path))).await?;
    Ok(Json(ExistsResponse { exists }))
}

/// `POST /fs/read`
pub async fn read(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<PathRequest>,
) -> Answer<Json<FileContent>> {
    let content = worker.sessions.in_workspace(&session, move |workspace| workspace.read_text(&request.path)).await?;
    Ok(Json(FileContent { content }))
}

/// `POST /fs/read_blob`
pub async fn read_blob(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<PathRequest>,
) -> Answer<Bytes> {
    let bytes = worker.sessions.in_workspace(&session, move |workspace| workspace.read_bytes(&request.path)).await?;
    Ok(Bytes::new(bytes, "application/octet-stream"))
}

/// `POST /fs/write`
pub async fn write(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<WriteFileRequest>,
) -> Answer<Json<StatusResponse>> {
    let existing = if request.overwrite { Existing::Replace } else { Existing::Keep };
    worker
        .sessions
        .in_workspace(&session, move |workspace| workspace.write(&request.path, request.content.as_bytes(), existing))
        .await?;
    Ok(Json(StatusResponse::SUCCESS))
}

/// `POST /fs/edit`
pub async fn edit(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<EditFileRequest>,
) -> Answer<Json<StatusResponse>> {
    worker.sessions.in_workspace(&session, move |workspace| workspace.edit(&request.path, &request.edits)).await?;
    Ok(Json(StatusResponse::SUCCESS))
}

/// `POST /fs/upload_file`; a file that exists is replaced.
pub async fn upload(
    State(worker): State<Worker>,
    Session(session): Session,
    Upload { path, content }: Upload,
) -> Answer<Json<StatusResponse>> {
    worker
        .sessions
        .in_workspace(&session, move |workspace| workspace.write(&path, &content, Existing::Replace))
        .await?;
    Ok(Json(StatusResponse::SUCCESS))
}

/// `POST /fs/grep`
pub async fn grep(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<GrepRequest>,
) -> Answer<Json<Vec<GrepMatch>>> {
    worker
        .sessions
        .in_workspace(&session, move |workspace| {
            workspace.grep(&request.pattern, request.path.as_deref(), request.glob.as_deref())
        })
        .await
        .map(Json)
}

/// `POST /fs/bundle`
pub async fn bundle(State(worker): State<Worker>, Session(session): Session) -> Answer<Bytes> {
    let bundle = worker.sessions.in_workspace(&session, sessions::Workspace::bundle).await?;
    Ok(Bytes::new(bundle, "application/x-gzip").as_attachment("session.tar.gz"))
}

/// `POST /fs/delete`
pub async fn delete(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<PathRequest>,
) -> Answer<Json<StatusResponse>> {
    let deleted = move |workspace: &sessions::Workspace| match workspace.delete(&request.path) {
        // A path to delete may name a directory, so the answer does not speak of a file.
        Err(FileError::NotFound { path }) => {
            Ok(Err(service::ServiceError::not_found(format!("Path not found: {path}"))))
        }
        deleted => deleted.map(Ok),
    };
    worker.sessions.in_workspace(&session, deleted).await??;
    Ok(Json(StatusResponse::SUCCESS))
}

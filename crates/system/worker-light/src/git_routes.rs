//! `/git/…`.

use axum::{Json, extract::State};
use contract::{
    git::{CommitRequest, CommitResponse, CompleteMergeRequest, GitStatus, ResolveRequest},
    session::SessionId,
    status::StatusResponse,
};
use service::{Answer, ServiceError, Session, Valid};

use crate::{
    completion::run_detached,
    limited::Client,
    version_control::{Repository, RepositoryError},
    worker::Worker,
};

/// `POST /git/init`
pub async fn init(State(worker): State<Worker>, Session(session): Session) -> Answer<Json<StatusResponse>> {
    on_repository(worker, session, |repository| async move { repository.init().await }).await?;
    Ok(Json(StatusResponse::SUCCESS))
}

/// `POST /git/commit`
pub async fn commit(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<CommitRequest>,
) -> Answer<Json<CommitResponse>> {
    on_repository(worker, session, |repository| async move { repository.commit(&request.message).await })
        .await
        .map(Json)
}

/// `GET /git/status`
pub async fn status(State(worker): State<Worker>, Session(session): Session) -> Answer<Json<GitStatus>> {
    on_repository(worker, session, |repository| async move { repository.status().await }).await.map(Json)
}

/// `POST /git/resolve`
pub async fn resolve(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<ResolveRequest>,
) -> Answer<Json<StatusResponse>> {
    let ResolveRequest { file_path, strategy } = request;
    on_repository(worker, session, move |repository| async move { repository.resolve(&file_path, strategy).await })
        .await?;
    Ok(Json(StatusResponse::SUCCESS))
}

/// `POST /git/merge/abort`
pub async fn abort_merge(State(worker): State<Worker>, Session(session): Session) -> Answer<Json<StatusResponse>> {
    on_repository(worker, session, |repository| async move { repository.abort_merge().await }).await?;
    Ok(Json(StatusResponse::SUCCESS))
}

/// `POST /git/merge/complete`
pub async fn complete_merge(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<CompleteMergeRequest>,
) -> Answer<Json<CommitResponse>> {
    let CompleteMergeRequest { message } = request;
    on_repository(worker, session, |repository| async move { repository.complete_merge(message.as_deref()).await })
        .await
        .map(Json)
}

/// Opens the repository and works on it in a task of its own: when the client hangs up, git is asked to end, and the
/// session stays locked until it has.
async fn on_repository<T, W, F>(worker: Worker, session: SessionId, work: W) -> Result<T, ServiceError>
where
    T: Send + 'static,
    W: FnOnce(Repository) -> F + Send + 'static,
    F: Future<Output = Result<T, RepositoryError>> + Send + 'static,
{
    let (_client_is_here, client) = Client::present();
    run_detached(async move {
        let repository = Repository::open(&worker.git, &worker.sessions, &session, &client).await?;
        Ok(work(repository).await?)
    })
    .await
}

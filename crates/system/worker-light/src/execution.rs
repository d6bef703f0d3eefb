//! `POST /runtime/execute`: Python in the session, and the events that it wrote.

use std::time::Duration;

use axum::{Json, extract::State};
use cad_runtime::ScriptSource;
use contract::{
    execution::{ExecuteRequest, ExecuteResponse, ScriptFaultKind},
    session::SessionId,
};
use service::{Answer, ServiceError, Session, Valid};
use sessions::VirtualPath;
use tokio::sync::oneshot;

use crate::{
    completion::run_detached,
    worker::{Worker, runtime_failure},
};

/// `POST /runtime/execute`
pub async fn execute(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<ExecuteRequest>,
) -> Answer<Json<ExecuteResponse>> {
    // Dropped with this handler when the client hangs up; the run in its own task then ends the process, and keeps
    // the session locked until it is gone.
    let (_client_is_here, client_left) = oneshot::channel::<()>();
    run_detached(run(worker, session, request, async move { drop(client_left.await) })).await.map(Json)
}

async fn run(
    worker: Worker,
    session: SessionId,
    request: ExecuteRequest,
    client_left: impl Future<Output = ()> + Send,
) -> Result<ExecuteResponse, ServiceError> {
    tokio::pin!(client_left);
    let turn = async {
        // The session first: runs that wait for their own session must not hold permits that others could use.
        let lock = worker.sessions.lock(&session).await;
        let permit = worker.runs.acquire().await;
        (lock, permit)
    };
    let (lock, permit) = tokio::select! {
        turn = turn => turn,
        () = &mut client_left => return Err(ServiceError::unavailable("the client hung up before the run began")),
    };
    let _lock = lock?;
    let _permit = permit.map_err(|error| ServiceError::internal(&error.into()))?;

    let open = |workspace: &sessions::Workspace| workspace.discard_events().map(|()| workspace.clone());
    let workspace = worker.sessions.in_workspace(&session, open).await?;
    let timeout = Duration::from_secs(request.timeout.into());
    let script = script_of(&worker, &session, request).await?;
    let execution =
        worker.cad.execute(workspace.path(), script, timeout, client_left).await.map_err(runtime_failure)?;
    if execution.fault.as_ref().is_some_and(|fault| fault.kind == ScriptFaultKind::Cancelled) {
        // Nobody is there to hand events to.
        worker.sessions.in_workspace(&session, sessions::Workspace::discard_events).await?;
        return Err(ServiceError::unavailable("the client hung up during the run"));
    }
    let taken = worker.sessions.in_workspace(&session, sessions::Workspace::take_events).await?;
    if taken.malformed > 0 {
        tracing::warn!(%session, lines = taken.malformed, "a script wrote lines that are not events");
    }
    Ok(ExecuteResponse {
        stdout: execution.stdout,
        stderr: execution.stderr,
        exit_code: execution.exit_code,
        timed_out: execution.timed_out,
        violation: execution.fault,
        events: taken.events,
        malformed_events: taken.malformed,
    })
}

/// The script that is asked for. A file is looked at first, so that one that is missing, closed or empty is refused in the
/// words of the file routes; the interpreter reads it again.
async fn script_of(
    worker: &Worker,
    session: &SessionId,
    request: ExecuteRequest,
) -> Result<ScriptSource, ServiceError> {
    let Some(path) = request.script_path else { return Ok(ScriptSource::Text(request.code.unwrap_or_default())) };
    let wanted = path.clone();
    let text = worker.sessions.in_workspace(session, move |workspace| workspace.read_text(&wanted)).await?;
    if text.trim().is_empty() {
        return Err(ServiceError::unprocessable(format!("{path} is empty")));
    }
    // A script in a read-only mount is not below the session's folder; it is handed over as text.
    let own = VirtualPath::parse(&path).and_then(|path| path.writable().map(ToOwned::to_owned));
    Ok(own.ok().and_then(|own| own.to_str().map(str::to_owned)).map_or(ScriptSource::Text(text), ScriptSource::File))
}

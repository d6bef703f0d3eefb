//! `POST /topology/inspect`: one part, face or edge of what a script builds.

use std::time::Duration;

use axum::{Json, extract::State};
use contract::execution::{InspectTopologyRequest, InspectTopologyResponse};
use service::{Answer, Session, Valid};
use sessions::{Place, VirtualPath};

use crate::{completion::run_detached, worker::Worker};

/// Longest time that the script may take to build its shape.
const TIMEOUT: Duration = Duration::from_mins(1);

/// `POST /topology/inspect`; every failure is reported in a 200 answer.
pub async fn inspect(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<InspectTopologyRequest>,
) -> Answer<Json<InspectTopologyResponse>> {
    let script = match script_in_session(&request.script_path) {
        Ok(script) => script,
        Err(message) => return Ok(Json(failure(message))),
    };
    // The session stays locked until the script has ended, whether or not the client still waits.
    let inspecting = async move {
        let _lock = worker.sessions.lock(&session).await?;
        let _permit = worker.runs.acquire().await.map_err(anyhow::Error::new)?;
        let workspace = worker.sessions.in_workspace(&session, |workspace| Ok(workspace.clone())).await?;
        let inspected = worker.cad.inspect(workspace.path(), &script, &request.target_id, TIMEOUT).await;
        // Inspecting a shape is not a run whose events anybody waits for.
        worker.sessions.in_workspace(&session, sessions::Workspace::discard_events).await?;
        Ok(inspected.unwrap_or_else(|error| {
            tracing::error!(%session, %error, "a topology inspection failed inside the worker");
            failure(error.to_string())
        }))
    };
    run_detached(inspecting).await.map(Json)
}

fn script_in_session(path: &str) -> Result<String, String> {
    let parsed = VirtualPath::parse(path).map_err(|error| error.to_string())?;
    match parsed.place() {
        Place::Workspace(inner) => Ok(inner.to_string_lossy().into_owned()),
        Place::Mount(mount, _) => Err(format!("{path} lies in the mount /{mount}; name a script of the session")),
    }
}

fn failure(message: String) -> InspectTopologyResponse {
    InspectTopologyResponse { success: false, properties: None, message: Some(message) }
}

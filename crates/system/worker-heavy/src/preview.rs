//! `preview`: one picture of the design from any direction.

use contract::{
    benchmark::{PreviewRequest, PreviewResponse},
    session::SessionId,
};
use physics::{Camera, PhysicsError, render_preview};
use service::ServiceError;

use crate::{
    queue::{Task, Turn},
    refusal::Refusal,
    scene::scene_of,
    tools::{CHECK_LIMIT, NotBuilt, Tools, size_of},
};

/// Serves one preview; the call waits for its turn.
pub async fn preview(
    tools: &Tools,
    session: &SessionId,
    request: &PreviewRequest,
) -> Result<PreviewResponse, ServiceError> {
    let (session, request) = (session.clone(), request.clone());
    tools
        .in_turn(&[&session.clone()], move |tools, turn| async move {
            let mut events = Vec::new();
            let (success, message, image_path) = match draw(&tools, &turn, &session, &request, &mut events).await {
                Ok(path) => (true, "Preview rendered".to_owned(), Some(path)),
                Err(cause) => (false, Refusal::not_built(cause)?.message, None),
            };
            let message = format!("{message}{}", turn.note());
            Ok(PreviewResponse { success, message, image_path, queue_position: turn.position(), events })
        })
        .await
}

async fn draw(
    tools: &Tools,
    turn: &Turn,
    session: &SessionId,
    request: &PreviewRequest,
    events: &mut Vec<serde_json::Map<String, serde_json::Value>>,
) -> Result<String, NotBuilt> {
    let built = tools.build(turn, session, &request.design, false, events).await?;
    turn.leave_room();
    let (scene, _) = scene_of(&built.scene_sources()).map_err(NotBuilt::Input)?;
    let camera = Camera { pitch_deg: request.pitch, yaw_deg: request.yaw };
    let task = Task { name: "drawing", limit: CHECK_LIMIT, size: size_of(&built.design) };
    let rendered = turn.work(task, move |cancel| render_preview(&scene, camera, cancel)).await?;
    let picture = rendered.map_err(|error| match error {
        PhysicsError::Render(_) | PhysicsError::Cancelled => NotBuilt::Worker(anyhow::Error::new(error)),
        PhysicsError::Scene(_) | PhysicsError::Engine(_) => NotBuilt::Input(error.to_string()),
    })?;
    let path = format!("renders/preview_pitch{:.0}_yaw{:.0}.jpg", request.pitch, request.yaw);
    tools.keep(session, vec![(path.clone(), picture)]).await?;
    Ok(path)
}

//! `preview`: one picture of the design from any direction.

use contract::{
    benchmark::{PreviewOutput, PreviewRequest, PreviewResponse},
    session::SessionId,
};
use handover::{NotBuilt, Workshop};
use physics::{Camera, PhysicsError, render_preview};
use scene::scene_of;
use service::ServiceError;

use crate::{
    call::Call,
    queue::Task,
    scenes::scene_sources,
    tools::{CHECK_LIMIT, Tools, size_of},
};

/// Serves one preview; the call waits for its turn.
pub async fn preview(
    tools: &Tools,
    session: &SessionId,
    request: &PreviewRequest,
) -> Result<PreviewResponse, ServiceError> {
    let request = request.clone();
    tools.call(session, &request.design.clone(), move |call| async move { draw(&call, &request).await }).await
}

async fn draw(call: &Call, request: &PreviewRequest) -> Result<PreviewResponse, NotBuilt> {
    let built = call.build_checked(&request.design, false).await?;
    call.turn.leave_room();
    let (scene, _) = scene_of(&scene_sources(&built)).map_err(NotBuilt::Input)?;
    let camera = Camera { pitch_deg: request.pitch, yaw_deg: request.yaw };
    let task = Task { name: "drawing", limit: CHECK_LIMIT, size: size_of(&built.design) };
    let rendered = call.turn.work(task, move |cancel| render_preview(&scene, camera, cancel)).await?;
    let picture = rendered.map_err(|error| match error {
        PhysicsError::Render(_) | PhysicsError::Cancelled => NotBuilt::Worker(anyhow::Error::new(error)),
        PhysicsError::Scene(_) | PhysicsError::Engine(_) => NotBuilt::Input(error.to_string()),
    })?;
    let path = format!("renders/preview_pitch{:.0}_yaw{:.0}.jpg", request.pitch, request.yaw);
    call.keep(vec![(path.clone(), picture)]).await?;
    Ok(PreviewResponse {
        success: true,
        message: "Preview rendered".to_owned(),
        output: PreviewOutput { image_path: Some(path) },
        ..PreviewResponse::default()
    })
}

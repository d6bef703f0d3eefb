//! What a simulation leaves in its session.

use anyhow::Context;
use contract::{session::SessionId, simulation::SimulationResult};
use physics::ExportedScene;
use sessions::FileError;

use crate::{
    pictures,
    tools::{Tools, blocking},
};

/// The scene as it ran, from the session root; its meshes are beside it.
pub const SCENE_FILE: &str = "assets/scene.xml";

/// Removes the files of the previous run from the session, so that no picture of another design is beside this one's.
pub async fn forget_previous(tools: &Tools, session: &SessionId) -> anyhow::Result<()> {
    let workspace = tools.workspace(session).await?;
    let forgotten = blocking(move || {
        for folder in ["renders", "assets"] {
            let entries = match workspace.list(folder) {
                Ok(entries) => entries,
                Err(FileError::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            let mut outputs = entries.iter().filter(|entry| is_output(&format!("{folder}/{}", entry.name)));
            outputs.try_for_each(|entry| workspace.delete(&entry.path))?;
        }
        Ok(())
    });
    forgotten.await?.context("the files of the previous run cannot be removed")
}

/// True for files that a simulation writes. Previews are beside its pictures.
fn is_output(path: &str) -> bool {
    path == SCENE_FILE
        || path == pictures::VIDEO_FILE
        || path.strip_prefix("renders/render_").is_some_and(|rest| rest.strip_suffix(".png").is_some())
        || path.strip_prefix("assets/").is_some_and(|rest| rest.strip_suffix(".obj").is_some())
}

/// Scene and result as files of the session.
pub fn files(scene: &ExportedScene, result: &SimulationResult) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let result = serde_json::to_vec_pretty(result).context("a result is always JSON")?;
    let meshes = scene.meshes.iter().map(|(name, content)| (format!("assets/{name}"), content.clone().into_bytes()));
    let documents =
        [(SCENE_FILE.to_owned(), scene.document.clone().into_bytes()), ("simulation_result.json".to_owned(), result)];
    Ok(meshes.chain(documents).collect())
}

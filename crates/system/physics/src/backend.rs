//! What every engine must do: take a scene, and run it from several starts.

use crate::{
    PhysicsError,
    cancel::CancelFlag,
    decompose::BodyCollision,
    report::{ManyReport, RunSettings, Start},
    scene::Scene,
};

/// Something that can run scenes.
pub trait PhysicsBackend: Send + Sync {
    /// Name of the provider of the backend: `native` is this project's own composition of engines.
    fn provider(&self) -> &'static str;

    /// Engine and version that really run, such as `mujoco 3.17.0`.
    fn engine(&self) -> String;

    /// Prepares a scene for runs with these settings. Blocks meanwhile; `cancel` ends it early.
    ///
    /// # Errors
    /// The scene contradicts itself or the engine refuses it; [`PhysicsError::Cancelled`] when the flag is set.
    fn prepare(
        &self,
        scene: &Scene,
        settings: &RunSettings,
        cancel: &CancelFlag,
    ) -> Result<Box<dyn Prepared>, PhysicsError>;
}

/// A scene that is ready to run.
pub trait Prepared: Send + Sync {
    /// Runs it once from each start until that run is decided, `threads` at a time. Blocks until the runs have ended;
    /// `cancel` ends all of them within a step.
    ///
    /// # Errors
    /// The engine cannot continue. An outcome of a run is not an error but a report.
    fn run(&self, starts: &[Start], threads: usize, cancel: &CancelFlag) -> Result<ManyReport, PhysicsError>;

    /// What collides in place of each body's mesh; bodies that are primitives have no entry.
    fn collisions(&self) -> &[BodyCollision];

    /// The scene in the engine's own format, as the first start of the newest run ran it, else as it was prepared;
    /// `None` for an engine without such a format.
    fn export(&self) -> Option<ExportedScene>;
}

/// A scene in the format of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedScene {
    /// The document.
    pub document: String,
    /// Mesh files that the document names, with their content.
    pub meshes: Vec<(String, String)>,
}

//! Rigid-body simulation: a scene goes in, a judged run comes out.
//!
//! The crate knows millimetre scenes, MuJoCo and the rules that decide an outcome. It knows nothing of HTTP,
//! sessions, files or CAD scripts; whoever calls it has already made meshes and masses.

mod backend;
mod judge;
mod mjcf;
mod preview;
mod run;
mod scene;

pub use backend::{Mujoco, PhysicsBackend, backend_for};
pub use mjcf::{Mjcf, write_mjcf};
pub use preview::{Camera, render_preview};
pub use run::{CancelFlag, RunReport, RunSettings};
pub use scene::{Body, Geometry, MassProperties, Mobility, Scene, SceneZone, ZoneKind};

/// Why a scene could not be simulated or drawn. None of these is an outcome of a run.
#[derive(Debug, thiserror::Error)]
pub enum PhysicsError {
    /// The scene contradicts itself.
    #[error("the scene is not valid: {0}")]
    Scene(String),
    /// The engine refused the model.
    #[error("the physics engine refused the model: {0}")]
    Engine(String),
    /// Nothing can be drawn here.
    #[error("offscreen rendering failed: {0}; it needs EGL with Mesa's drivers (run: make setup)")]
    Render(String),
}

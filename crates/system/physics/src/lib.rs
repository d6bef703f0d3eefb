//! Rigid-body simulation: a scene goes in, a judged run comes out.
//!
//! The crate knows millimetre scenes, MuJoCo and the rules that decide an outcome. It knows nothing of HTTP,
//! sessions, files or CAD scripts; whoever calls it has already made meshes and masses.

mod actuator;
mod backend;
mod check;
mod controller;
mod decompose;
mod drive;
mod judge;
mod many;
mod mass;
mod mjcf;
mod pace;
mod render;
mod run;
mod scene;
mod start;

pub use actuator::{Actuator, ActuatorKind, DEFAULT_KP, DEFAULT_KV};
pub use backend::{Mujoco, PhysicsBackend, backend_for};
pub use controller::{Controller, Waypoint};
pub use decompose::{CollisionKind, CollisionShape, ConvexPiece, Primitive, collision_shape, tolerance_mm};
pub use many::{ManyReport, SeedReport, Start};
pub use mass::MassProperties;
pub use mjcf::{BodyCollision, MIN_RESTITUTION, Mjcf, restitution_error, write_mjcf, write_mjcf_unless};
pub use render::{
    Camera, PICTURE_HEIGHT, PICTURE_WIDTH, Picture, Stage, VIDEO_FRAMES_PER_S, VIEW_ELEVATIONS_DEG, Video, VideoError,
    View, render_frames, render_preview, render_video, render_views,
};
pub use run::{CancelFlag, MotorLoad, RunReport, RunSettings, SampledState};
pub use scene::{Body, Geometry, Mobility, Scene, SceneZone, Weld, ZoneKind};

/// Why a scene could not be simulated or drawn. None of these is an outcome of a run.
#[derive(Debug, thiserror::Error)]
pub enum PhysicsError {
    /// The scene contradicts itself.
    #[error("the scene is not valid: {0}")]
    Scene(String),
    /// The engine refused the model.
    #[error("the physics engine refused the model: {0}")]
    Engine(String),
    /// The caller set the flag before there was anything to run.
    #[error("cancelled")]
    Cancelled,
    /// Nothing can be drawn here.
    #[error("offscreen rendering failed: {0}; it needs EGL with Mesa's drivers (run: make setup)")]
    Render(String),
}

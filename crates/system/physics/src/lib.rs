//! Rigid-body simulation: a scene goes in, a judged run comes out.
//!
//! The crate knows millimetre scenes, MuJoCo and the rules that decide an outcome. It knows nothing of HTTP, sessions,
//! files or CAD scripts; the caller supplies meshes and masses.

mod actuator;
mod backend;
mod cancel;
mod check;
mod controller;
mod decompose;
mod geometry;
mod judge;
mod mass;
mod mujoco;
mod render;
mod report;
mod scene;
mod units;

use contract::backend::SimulatorBackend;

pub use actuator::{Actuator, ActuatorKind, DEFAULT_KP, DEFAULT_KV};
pub use backend::{ExportedScene, PhysicsBackend, Prepared};
pub use cancel::CancelFlag;
pub use controller::{Controller, Waypoint};
pub use decompose::{
    BodyCollision, CollisionKind, CollisionShape, ConvexPiece, Primitive, collision_shape, tolerance_mm,
};
pub use geometry::Geometry;
pub use judge::Frame;
pub use mass::MassProperties;
pub use mujoco::{MIN_RESTITUTION, Mujoco, restitution_error};
pub use render::{
    Camera, PICTURE_HEIGHT, PICTURE_WIDTH, Picture, Stage, VIDEO_FRAMES_PER_S, VIEW_ELEVATIONS_DEG, Video, VideoError,
    View, render_frames, render_preview, render_video, render_views,
};
pub use report::{ManyReport, MotorLoad, Pose, RunReport, RunSettings, SampledState, SeedReport, Start};
pub use scene::{Body, Mobility, Scene, SceneZone, Weld, ZoneKind};

/// The engine behind a backend name. With the native provider, MuJoCo also simulates the rigid bodies of the
/// multi-physics backend `genesis`; the answer always names the engine that ran.
pub fn backend_for(backend: SimulatorBackend) -> Box<dyn PhysicsBackend> {
    match backend {
        SimulatorBackend::Mujoco | SimulatorBackend::Genesis => Box::new(Mujoco),
    }
}

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

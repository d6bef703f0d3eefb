//! Rigid bodies by MuJoCo. Only this module converts lengths to metres.

mod drive;
mod engine;
mod frame;
mod mjcf;
mod overlaps;
mod pace;
mod prepared;
mod run;

pub use self::mjcf::{MIN_RESTITUTION, restitution_error};
use self::prepared::PreparedScene;
pub(crate) use self::{
    engine::{find, load},
    mjcf::{GROUND, Mjcf, write_mjcf},
};
use crate::{
    PhysicsError,
    backend::{PhysicsBackend, Prepared},
    cancel::CancelFlag,
    report::RunSettings,
    scene::Scene,
};

/// Rigid bodies by MuJoCo.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mujoco;

impl PhysicsBackend for Mujoco {
    fn provider(&self) -> &'static str {
        "native"
    }

    fn engine(&self) -> String {
        format!("mujoco {}", mujoco_rs::mujoco_version())
    }

    fn prepare(
        &self,
        scene: &Scene,
        settings: &RunSettings,
        cancel: &CancelFlag,
    ) -> Result<Box<dyn Prepared>, PhysicsError> {
        Ok(Box::new(PreparedScene::new(scene, settings, cancel)?))
    }
}

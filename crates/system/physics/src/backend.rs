//! Which engine serves which backend of the contract.

use contract::simulation::SimulatorBackend;

use crate::{
    PhysicsError,
    many::{ManyReport, Start, run_many, simulate},
    mjcf::Mjcf,
    run::{CancelFlag, Compiled, RunReport, RunSettings},
    scene::Scene,
};

/// Something that can run a scene.
pub trait PhysicsBackend: Send + Sync {
    /// Name of what serves the backend: `native` is this project's own composition of engines.
    fn provider(&self) -> &'static str;

    /// Engine and version that really run, such as `mujoco 3.17.0`.
    fn engine(&self) -> String;

    /// Runs `scene`, whose MJCF is `mjcf`, until it is decided. Blocks for the length of the run; `cancel` ends it
    /// within a step.
    fn run(
        &self,
        scene: &Scene,
        mjcf: &Mjcf,
        settings: &RunSettings,
        cancel: &CancelFlag,
    ) -> Result<RunReport, PhysicsError>;

    /// Runs `scene` once from each start, `threads` at a time. `cancel` ends all of them within a step.
    fn run_many(
        &self,
        scene: &Scene,
        mjcf: &Mjcf,
        settings: &RunSettings,
        starts: &[Start],
        threads: usize,
        cancel: &CancelFlag,
    ) -> Result<ManyReport, PhysicsError>;

    /// Writes `scene` and runs it once from each start, with steps of the engine that its fastest bodies need. Answers
    /// the MJCF of the first run, too.
    fn simulate(
        &self,
        scene: &Scene,
        settings: &RunSettings,
        starts: &[Start],
        threads: usize,
        cancel: &CancelFlag,
    ) -> Result<(Mjcf, ManyReport), PhysicsError>;
}

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

    fn run(
        &self,
        scene: &Scene,
        mjcf: &Mjcf,
        settings: &RunSettings,
        cancel: &CancelFlag,
    ) -> Result<RunReport, PhysicsError> {
        Compiled::new(scene, mjcf, settings)?.run([0.0; 3], true, cancel)
    }

    fn run_many(
        &self,
        scene: &Scene,
        mjcf: &Mjcf,
        settings: &RunSettings,
        starts: &[Start],
        threads: usize,
        cancel: &CancelFlag,
    ) -> Result<ManyReport, PhysicsError> {
        run_many(scene, mjcf, settings, starts, threads, cancel)
    }

    fn simulate(
        &self,
        scene: &Scene,
        settings: &RunSettings,
        starts: &[Start],
        threads: usize,
        cancel: &CancelFlag,
    ) -> Result<(Mjcf, ManyReport), PhysicsError> {
        simulate(scene, settings, starts, threads, cancel)
    }
}

/// The engine behind a backend name. Rigid bodies of the multi-physics backend `genesis` are MuJoCo's, too, with the
/// native provider; the answer always names the engine that ran.
pub fn backend_for(backend: SimulatorBackend) -> Box<dyn PhysicsBackend> {
    match backend {
        SimulatorBackend::Mujoco | SimulatorBackend::Genesis => Box::new(Mujoco),
    }
}

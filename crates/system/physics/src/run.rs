//! The loop: step, look, decide.

use std::sync::atomic::{AtomicBool, Ordering};

use contract::{
    limits::{MAX_KINETIC_ENERGY_J, MAX_SIMULATION_STEPS, SIMULATION_STEP_S, SMOKE_SIMULATION_STEPS},
    simulation::{BodyPosition, FailureReason, RunEnd},
};
use mujoco_rs::{prelude::*, wrappers::mj_auxiliary::MjVfs};

use crate::{
    PhysicsError,
    judge::{Judge, Verdict},
    mjcf::{MM_PER_M, Mjcf, with_zone_volumes},
    scene::Scene,
};

/// Set by the caller to end a run early.
pub type CancelFlag = AtomicBool;

/// How long and how a run goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunSettings {
    /// Most steps.
    pub max_steps: u64,
    /// Time step, s.
    pub step_s: f64,
    /// Kinetic energy above which the run counts as unstable, J.
    pub max_kinetic_energy_j: f64,
}

impl RunSettings {
    /// The contract's full run: 30 s in steps of 2 ms.
    pub fn full() -> Self {
        Self { max_steps: MAX_SIMULATION_STEPS, step_s: SIMULATION_STEP_S, max_kinetic_energy_j: MAX_KINETIC_ENERGY_J }
    }

    /// The contract's smoke run: half a second.
    pub fn smoke() -> Self {
        Self { max_steps: SMOKE_SIMULATION_STEPS, ..Self::full() }
    }
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReport {
    /// True when the goal was reached, or when there was none and the run stayed stable.
    pub success: bool,
    /// Why it failed.
    pub failure: Option<FailureReason>,
    /// When, where and with which body it ended.
    pub ended: RunEnd,
    /// Steps computed.
    pub steps: u64,
    /// Kinetic energy at the end, J.
    pub kinetic_energy_j: f64,
    /// Where each body is at the end.
    pub final_positions: Vec<BodyPosition>,
}

pub(crate) fn load(mjcf: &Mjcf, xml: &str) -> Result<MjModel, PhysicsError> {
    let refused = |error: &dyn std::fmt::Display| PhysicsError::Engine(error.to_string());
    let mut files = MjVfs::new();
    for (name, content) in &mjcf.meshes {
        files.add_from_buffer(name, content.as_bytes()).map_err(|error| refused(&error))?;
    }
    files.add_from_buffer("scene.xml", xml.as_bytes()).map_err(|error| refused(&error))?;
    MjModel::from_xml_vfs("scene.xml", &files).map_err(|error| refused(&error))
}

/// Runs `scene` until something decides the outcome or the steps are used up.
pub(crate) fn run(
    scene: &Scene,
    mjcf: &Mjcf,
    settings: &RunSettings,
    cancel: &CancelFlag,
) -> Result<RunReport, PhysicsError> {
    let model = load(mjcf, &with_zone_volumes(mjcf, &scene.zones))?;
    let judge = Judge::new(scene, &model, settings)?;
    let mut data = MjData::new(&model);
    data.forward();

    let mut steps = 0;
    let verdict = loop {
        if let Some(verdict) = judge.look(&mut data) {
            break verdict;
        }
        if steps >= settings.max_steps {
            break judge.out_of_time();
        }
        if cancel.load(Ordering::Relaxed) {
            break Verdict::failed(FailureReason::Cancelled);
        }
        data.step();
        steps += 1;
    };

    let position = |body: usize| data.xipos()[body].map(|metres| metres * MM_PER_M);
    Ok(RunReport {
        success: verdict.failure.is_none(),
        failure: verdict.failure,
        ended: RunEnd {
            time_s: steps as f64 * settings.step_s,
            position_mm: verdict.body.map(position),
            body: verdict.body.map(|body| judge.label(body).to_owned()),
            zone: verdict.zone.map(|zone| scene.zones[zone].name().to_owned()),
        },
        steps,
        kinetic_energy_j: data.energy()[1],
        final_positions: judge
            .bodies()
            .map(|(body, label)| BodyPosition { body: label.to_owned(), position_mm: position(body) })
            .collect(),
    })
}

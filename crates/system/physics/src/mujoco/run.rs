//! The loop: command, step, check, decide.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use contract::simulation::{BodyPosition, FailureReason, RunEnd, TrajectoryPoint};
use mujoco_rs::prelude::*;

use super::{
    drive::Drives,
    engine::{engine_warnings, load},
    frame::{Bodies, EngineFrame},
    mjcf::{Mjcf, with_zone_volumes},
    overlaps::overlaps,
    pace::Pace,
};
use crate::{
    PhysicsError,
    cancel::CancelFlag,
    judge::{Frame, Judge, Verdict},
    report::{Pose, RunReport, RunSettings, SampledState},
    scene::Scene,
    units::MM_PER_M,
};

/// A scene that the engine has compiled. Runs share it; each has its own state.
pub(super) struct Compiled {
    scene: Arc<Scene>,
    model: MjModel,
    bodies: Bodies,
    settings: RunSettings,
    /// Steps of the engine per step of the run.
    parts: u32,
    /// What the scene's MJCF leaves out.
    notes: Vec<String>,
}

impl Compiled {
    /// Compiles a scene that was written for runs of these settings.
    pub fn new(scene: Arc<Scene>, mjcf: &Mjcf, settings: &RunSettings) -> Result<Self, PhysicsError> {
        let model = load(mjcf, &with_zone_volumes(mjcf, &scene.zones))?;
        let bodies = Bodies::of(&scene, &model)?;
        Ok(Self { scene, model, bodies, settings: *settings, parts: mjcf.parts, notes: mjcf.notes.clone() })
    }

    /// Coordinates that shift the moved object with everything that is fastened to it; `None` when it cannot be shifted
    /// because it is fixed or moves on a joint.
    fn shift(&self) -> Option<usize> {
        let moved = self.scene.moved_object.as_ref()?;
        let body = self.model.name_to_id(MjtObjBase::mjOBJ_BODY, moved)?;
        let root = usize::try_from(self.model.body_weldid()[body]).ok().filter(|root| *root != 0)?;
        let joint = usize::try_from(self.model.body_jntadr()[root]).ok()?;
        let is_free = self.model.jnt_type()[joint] == MjtJoint::mjJNT_FREE;
        is_free.then(|| self.model.jnt_qposadr()[joint] as usize)
    }

    /// True when the start of the moved object can be shifted.
    pub fn can_shift(&self) -> bool {
        self.shift().is_some()
    }

    /// Runs until something decides the outcome or the steps are used up; `None` as soon as something moves more than
    /// `most_share` times too far for the engine's step. The moved object starts `offset_mm` away from its place in the
    /// scene. States are kept when the settings and `may_keep_states` say so.
    pub fn run_unless_too_fast(
        &self,
        offset_mm: [f64; 3],
        may_keep_states: bool,
        most_share: f64,
        cancel: &CancelFlag,
    ) -> Result<Option<RunReport>, PhysicsError> {
        let Self { scene, model, bodies, settings, parts, notes } = self;
        let engine_step_s = model.opt().timestep;
        let begun = Instant::now();
        let mut judge = Judge::new(scene, settings.max_kinetic_energy_j);
        let mut pace = Pace::new(scene, model, bodies, settings.step_s);
        let mut drives = Drives::new(scene, model, engine_step_s)?;
        let mut data = MjData::try_new(model).map_err(|error| PhysicsError::Engine(error.to_string()))?;
        if let Some(address) = self.shift() {
            for (coordinate, offset) in data.qpos_mut()[address..].iter_mut().zip(offset_mm) {
                *coordinate += offset / MM_PER_M;
            }
        }
        data.forward();
        let label = |place: usize| scene.bodies[place].label.as_str();
        let mut warnings = notes.clone();
        warnings.extend(overlaps(&data, |id| bodies.place_of(id).map(label)));

        let followed = judge.followed(&EngineFrame { bodies, data: &mut data });
        let mut recorder = Recorder::new(followed, settings, may_keep_states);
        let mut steps = 0;
        let mut overload = None;
        let mut last = LastFinite::default();
        let verdict = loop {
            let mut frame = EngineFrame { bodies, data: &mut data };
            if frame.is_finite() {
                last.note(&frame);
                recorder.note(&frame, steps);
                pace.look(frame.data, bodies);
                if pace.too_fast().is_some_and(|it| it.share > most_share) {
                    return Ok(None);
                }
            }
            if let Some(verdict) = judge.look(&mut frame).or(overload.map(|motor| Verdict::overloaded(scene, motor))) {
                break verdict;
            }
            if steps >= settings.max_steps {
                break judge.out_of_time();
            }
            if cancel.load(Ordering::Relaxed) {
                break Verdict::failed(FailureReason::Cancelled, None);
            }
            overload = None;
            for part in 0..u64::from(*parts) {
                drives.command(&mut data, (steps * u64::from(*parts) + part) as f64 * engine_step_s);
                data.step();
                overload = overload.or(drives.look(&data));
            }
            // The integrator leaves the positions of its last trial behind; these are the positions of the new state.
            data.kinematics();
            steps += 1;
        };

        let (max_speed_m_s, max_kinetic_energy_j) = judge.peaks();
        let frame = EngineFrame { bodies, data: &mut data };
        if frame.is_finite() {
            recorder.note_end(&frame, steps);
        }
        warnings.extend(pace.too_fast().map(|it| it.sentence(engine_step_s)));
        warnings.extend(engine_warnings(&data));
        let final_positions = scene.bodies.iter().zip(&last.positions_mm);
        Ok(Some(RunReport {
            success: verdict.failure.is_none(),
            failure: verdict.failure,
            ended: RunEnd {
                time_s: steps as f64 * settings.step_s,
                position_mm: verdict.body.map(|body| last.positions_mm[body]),
                body: verdict.body.map(|body| label(body).to_owned()),
                zone: verdict.zone.map(|zone| scene.zones[zone].name().to_owned()),
                instability: verdict.instability,
            },
            steps,
            compute_time: begun.elapsed(),
            kinetic_energy_j: last.kinetic_energy_j,
            max_kinetic_energy_j,
            max_speed_m_s,
            final_positions: final_positions
                .map(|(body, position_mm)| BodyPosition { body: body.label.clone(), position_mm: *position_mm })
                .collect(),
            trajectory: recorder.trajectory,
            overloaded_motor: verdict.motor.map(|motor| scene.actuators[motor].body.clone()),
            motor_loads: drives.loads(&last.coordinates),
            states: recorder.states,
            warnings,
        }))
    }
}

/// The engine's current state, while a run continues.
type Running<'frame, 'model> = EngineFrame<'frame, &'model MjModel>;

/// The last state without NaN or infinity: such a position is useless, and JSON cannot represent it.
#[derive(Default)]
struct LastFinite {
    positions_mm: Vec<[f64; 3]>,
    coordinates: Vec<f64>,
    kinetic_energy_j: f64,
}

impl LastFinite {
    fn note(&mut self, frame: &Running<'_, '_>) {
        self.positions_mm.clear();
        self.positions_mm.extend((0..frame.bodies.bodies.len()).map(|body| frame.position_mm(body)));
        self.coordinates.clear();
        self.coordinates.extend_from_slice(frame.data.qpos());
        self.kinetic_energy_j = frame.kinetic_energy_j();
    }
}

/// Keeps samples of a run's course.
struct Recorder {
    followed: Option<usize>,
    sample_steps: u64,
    step_s: f64,
    keep_states: bool,
    noted: Option<u64>,
    trajectory: Vec<TrajectoryPoint>,
    states: Vec<SampledState>,
}

impl Recorder {
    fn new(followed: Option<usize>, settings: &RunSettings, may_keep_states: bool) -> Self {
        Self {
            followed,
            sample_steps: settings.sample_steps.max(1),
            step_s: settings.step_s,
            keep_states: settings.keep_states && may_keep_states,
            noted: None,
            trajectory: Vec::new(),
            states: Vec::new(),
        }
    }

    fn note(&mut self, frame: &Running<'_, '_>, steps: u64) {
        if steps.is_multiple_of(self.sample_steps) {
            self.note_end(frame, steps);
        }
    }

    fn note_end(&mut self, frame: &Running<'_, '_>, steps: u64) {
        if self.noted == Some(steps) {
            return;
        }
        self.noted = Some(steps);
        let time_s = steps as f64 * self.step_s;
        let pose = |body: usize| frame.pose(body);
        if let Some(body) = self.followed {
            let Pose { position_mm, quaternion } = pose(body);
            self.trajectory.push(TrajectoryPoint { time_s, position_mm, quaternion });
        }
        if self.keep_states {
            let poses = (0..frame.bodies.bodies.len()).map(pose).collect();
            self.states.push(SampledState { time_s, poses });
        }
    }
}

//! The loop: command, step, look, decide.

use std::{
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use contract::{
    limits::{MAX_KINETIC_ENERGY_J, MAX_SIMULATION_STEPS, SIMULATION_STEP_S, SMOKE_SIMULATION_STEPS},
    simulation::{BodyPosition, FailureReason, RunEnd, TrajectoryPoint},
};
use mujoco_rs::{prelude::*, wrappers::mj_auxiliary::MjVfs};

use crate::{
    PhysicsError,
    drive::Drives,
    judge::{Judge, Verdict, is_finite, kinetic_energy},
    mjcf::{MM_PER_M, Mjcf, with_zone_volumes},
    scene::Scene,
    start::overlaps,
};

/// Set by the caller to end a run early. It is looked at before every step.
pub type CancelFlag = AtomicBool;

/// Steps between two samples of the course: 30 ms, a frame of the contract's video.
const SAMPLE_STEPS: u64 = 15;

/// How long and how a run goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunSettings {
    /// Most steps.
    pub max_steps: u64,
    /// Time step, s: a motor is commanded, and the run judged, that often. The one that the scene's MJCF was written for;
    /// the engine may divide it.
    pub step_s: f64,
    /// Kinetic energy above which the run counts as unstable, J.
    pub max_kinetic_energy_j: f64,
    /// Steps between two samples of the trajectory, at least 1.
    pub sample_steps: u64,
    /// Whether each sample also keeps the whole state, so that pictures can be drawn of it later; of several runs the
    /// first one's.
    pub keep_states: bool,
}

impl RunSettings {
    /// The contract's full run: 30 s in steps of 2 ms.
    pub fn full() -> Self {
        Self {
            max_steps: MAX_SIMULATION_STEPS,
            step_s: SIMULATION_STEP_S,
            max_kinetic_energy_j: MAX_KINETIC_ENERGY_J,
            sample_steps: SAMPLE_STEPS,
            keep_states: false,
        }
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
    /// How long computing them took.
    pub compute_time: Duration,
    /// Kinetic energy at the end, J; of the last finite state.
    pub kinetic_energy_j: f64,
    /// Highest kinetic energy of the run, J.
    pub max_kinetic_energy_j: f64,
    /// Highest speed of any body, m/s.
    pub max_speed_m_s: f64,
    /// Where each body is at the end, of the last finite state.
    pub final_positions: Vec<BodyPosition>,
    /// Course of the moved object, or of the first body that moves, from the start to the end.
    pub trajectory: Vec<TrajectoryPoint>,
    /// The motor that was at its limit for too long.
    pub overloaded_motor: Option<String>,
    /// How hard each motor worked.
    pub motor_loads: Vec<MotorLoad>,
    /// States at the times of the samples, when the settings ask for them.
    pub states: Vec<SampledState>,
    /// What the engine could not do as it should, a sentence each.
    pub warnings: Vec<String>,
}

/// What a motor did.
#[derive(Debug, Clone, PartialEq)]
pub struct MotorLoad {
    /// Name of the motor, which is its body's.
    pub motor: String,
    /// Highest effort either way, N·m or N.
    pub peak_force: f64,
    /// Highest speed of its joint either way, rad/s or mm/s.
    pub peak_speed: f64,
    /// Its limit, N·m or N.
    pub force_limit: Option<f64>,
    /// Share of its command that it got.
    pub power: f64,
    /// Place of its joint at the end, rad or mm; 0 is where it started.
    pub final_place: f64,
}

/// The engine's coordinates at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct SampledState {
    /// Simulated time, s.
    pub time_s: f64,
    /// `qpos` of the model that the scene's MJCF compiles to.
    pub coordinates: Vec<f64>,
}

/// Keeps the engine from writing its warnings to a file in whatever the working directory is, and from keeping compiled
/// meshes: it knows a mesh again by its file name and a checksum that different plates share, so a changed part could
/// be answered with its former shape. The cache also holds 500 MB.
static ENGINE_SETTINGS: Once = Once::new();

pub(crate) fn load(mjcf: &Mjcf, xml: &str) -> Result<MjModel, PhysicsError> {
    let refused = |error: &dyn std::fmt::Display| PhysicsError::Engine(error.to_string());
    ENGINE_SETTINGS.call_once(|| {
        // SAFETY: every use of the engine in this crate begins with a call of this function, and all of them wait here.
        unsafe { set_log_config(log_config().with_logto_file(false)) };
        MjCache::current().set_capacity(0);
    });
    let mut files = MjVfs::new();
    for (name, content) in &mjcf.meshes {
        files.add_from_buffer(name, content.as_bytes()).map_err(|error| refused(&error))?;
    }
    files.add_from_buffer("scene.xml", xml.as_bytes()).map_err(|error| refused(&error))?;
    MjModel::from_xml_vfs("scene.xml", &files).map_err(|error| refused(&error))
}

pub(crate) fn find(model: &MjModel, kind: MjtObjBase, name: &str) -> Result<usize, PhysicsError> {
    model.name_to_id(kind, name).ok_or_else(|| PhysicsError::Engine(format!("{name:?} got lost in the model")))
}

/// A scene that the engine has compiled. Runs share it; each has its own state.
pub(crate) struct Compiled<'scene> {
    scene: &'scene Scene,
    model: MjModel,
    settings: RunSettings,
    /// Steps of the engine for one of the run's.
    parts: u32,
    /// What the scene's MJCF leaves out.
    notes: Vec<String>,
}

impl<'scene> Compiled<'scene> {
    pub fn new(scene: &'scene Scene, mjcf: &Mjcf, settings: &RunSettings) -> Result<Self, PhysicsError> {
        let model = load(mjcf, &with_zone_volumes(mjcf, &scene.zones))?;
        let (engine_step_s, parts) = (model.opt().timestep, mjcf.parts);
        if engine_step_s != settings.step_s / f64::from(parts) {
            let (written, asked) = (engine_step_s * f64::from(parts), settings.step_s);
            let sentence = format!("it was written for steps of {written} s, and the run asks for {asked} s");
            return Err(PhysicsError::Scene(sentence));
        }
        Ok(Self { scene, model, settings: *settings, parts, notes: mjcf.notes.clone() })
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

    /// Runs until something decides the outcome or the steps are used up. The moved object starts `offset_mm` away from
    /// its place in the scene. States are kept when the settings and `may_keep_states` say so.
    pub fn run(
        &self,
        offset_mm: [f64; 3],
        may_keep_states: bool,
        cancel: &CancelFlag,
    ) -> Result<RunReport, PhysicsError> {
        let report = self.run_unless_too_fast(offset_mm, may_keep_states, f64::INFINITY, cancel)?;
        report.ok_or_else(|| PhysicsError::Engine("a run that nothing can end early has ended early".into()))
    }

    /// The same; nothing as soon as something moves more than `most_share` times too far for the engine's step.
    pub fn run_unless_too_fast(
        &self,
        offset_mm: [f64; 3],
        may_keep_states: bool,
        most_share: f64,
        cancel: &CancelFlag,
    ) -> Result<Option<RunReport>, PhysicsError> {
        let Self { scene, model, settings, parts, notes } = self;
        let engine_step_s = model.opt().timestep;
        let begun = Instant::now();
        let mut judge = Judge::new(scene, model, settings)?;
        let mut drives = Drives::new(scene, model, engine_step_s)?;
        let mut data = MjData::try_new(model).map_err(|error| PhysicsError::Engine(error.to_string()))?;
        if let Some(address) = self.shift() {
            for (coordinate, offset) in data.qpos_mut()[address..].iter_mut().zip(offset_mm) {
                *coordinate += offset / MM_PER_M;
            }
        }
        data.forward();
        let mut warnings = notes.clone();
        warnings.extend(overlaps(&data, |body| judge.bodies().find(|(id, _)| *id == body).map(|(_, label)| label)));

        let mut recorder = Recorder::new(judge.followed(), settings, may_keep_states);
        let mut steps = 0;
        let mut overload = None;
        let mut last = LastFinite::default();
        let verdict = loop {
            last.note(&data);
            recorder.note(&data, steps);
            let decided = judge.look(&mut data);
            if judge.too_fast().is_some_and(|it| it.share > most_share) {
                return Ok(None);
            }
            if let Some(verdict) = decided.or(overload.map(Verdict::overloaded)) {
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
            // The integrator leaves the places of its last trial behind; these are the places of the new state.
            data.kinematics();
            steps += 1;
        };

        let (max_speed_m_s, max_kinetic_energy_j) = judge.peaks();
        let position = |body: usize| last.positions[body].map(|metres| metres * MM_PER_M);
        recorder.note_end(&data, steps);
        warnings.extend(judge.too_fast().map(|it| it.sentence(engine_step_s)));
        warnings.extend(engine_warnings(&data));
        Ok(Some(RunReport {
            success: verdict.failure.is_none(),
            failure: verdict.failure,
            ended: RunEnd {
                time_s: steps as f64 * settings.step_s,
                position_mm: verdict.body.map(position),
                body: verdict.body.map(|body| judge.label(body).to_owned()),
                zone: verdict.zone.map(|zone| scene.zones[zone].name().to_owned()),
                instability: verdict.instability,
            },
            steps,
            compute_time: begun.elapsed(),
            kinetic_energy_j: last.kinetic_energy_j,
            max_kinetic_energy_j,
            max_speed_m_s,
            final_positions: judge
                .bodies()
                .map(|(body, label)| BodyPosition { body: label.to_owned(), position_mm: position(body) })
                .collect(),
            trajectory: recorder.trajectory,
            overloaded_motor: verdict.motor.map(str::to_owned),
            motor_loads: drives.loads(&last.coordinates),
            states: recorder.states,
            warnings,
        }))
    }
}

/// The last state whose numbers are numbers: a place that is none is of no use to anybody, and JSON cannot say it.
#[derive(Default)]
struct LastFinite {
    positions: Vec<[f64; 3]>,
    coordinates: Vec<f64>,
    kinetic_energy_j: f64,
}

impl LastFinite {
    fn note(&mut self, data: &MjData<&MjModel>) {
        if is_finite(data) {
            self.positions.clear();
            self.positions.extend_from_slice(data.xipos());
            self.coordinates.clear();
            self.coordinates.extend_from_slice(data.qpos());
            self.kinetic_energy_j = kinetic_energy(data);
        }
    }
}

/// What the engine counted and otherwise keeps to itself: from then on it computed something else than the scene.
fn engine_warnings(data: &MjData<&MjModel>) -> Vec<String> {
    let sentences = [
        (MjtWarning::mjWARN_INERTIA, "an inertia became singular"),
        (
            MjtWarning::mjWARN_CONTACTFULL,
            "there were more contacts than the engine has room for, and some did not count",
        ),
        (
            MjtWarning::mjWARN_CNSTRFULL,
            "there were more constraints than the engine has room for, and some did not count",
        ),
        (MjtWarning::mjWARN_BADCTRL, "a motor was told no number, and all motors stood still"),
    ];
    let counted = |kind: MjtWarning| data.warning()[kind as usize].number;
    let told = sentences.into_iter().filter(|(kind, _)| counted(*kind) > 0);
    told.map(|(kind, sentence)| format!("the physics engine warns, {} times: {sentence}", counted(kind))).collect()
}

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

    fn note(&mut self, data: &MjData<&MjModel>, steps: u64) {
        if steps.is_multiple_of(self.sample_steps) {
            self.note_end(data, steps);
        }
    }

    fn note_end(&mut self, data: &MjData<&MjModel>, steps: u64) {
        if self.noted == Some(steps) || !is_finite(data) {
            return;
        }
        self.noted = Some(steps);
        let time_s = steps as f64 * self.step_s;
        if let Some(body) = self.followed {
            let position_mm = data.xipos()[body].map(|metres| metres * MM_PER_M);
            self.trajectory.push(TrajectoryPoint { time_s, position_mm, quaternion: data.xquat()[body] });
        }
        if self.keep_states {
            self.states.push(SampledState { time_s, coordinates: data.qpos().to_vec() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_counts_is_told_and_the_rest_is_silence() {
        let model = MjModel::from_xml_string("<mujoco/>").expect("an empty world");
        let mut data = MjData::try_new(&model).expect("a state");
        assert_eq!(engine_warnings(&data), Vec::<String>::new());
        data.warning_mut()[MjtWarning::mjWARN_CONTACTFULL as usize].number = 3;
        let told = engine_warnings(&data);
        assert!(matches!(&told[..], [one] if one.contains("3 times") && one.contains("contacts")), "{told:?}");
    }
}

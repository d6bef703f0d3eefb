//! Settings and results of a run, independent of the engine.

use std::time::Duration;

use contract::{
    limits::{MAX_KINETIC_ENERGY_J, MAX_SIMULATION_STEPS, SIMULATION_STEP_S, SMOKE_SIMULATION_STEPS},
    simulation::{BodyPosition, FailureReason, RunEnd, TrajectoryPoint},
};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Steps between two samples of the trajectory: 30 ms, a frame of the contract's video.
const SAMPLE_STEPS: u64 = 15;

/// Settings of a run.
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

/// Result of a run.
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
    /// Trajectory of the moved object, or of the first body that moves, from the start to the end.
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
    /// Highest effort in either direction, N·m or N.
    pub peak_force: f64,
    /// Highest speed of its joint in either direction, rad/s or mm/s.
    pub peak_speed: f64,
    /// Its limit, N·m or N.
    pub force_limit: Option<f64>,
    /// Share of its command that it got.
    pub power: f64,
    /// Place of its joint at the end, rad or mm; 0 is where it started.
    pub final_place: f64,
}

/// Where all bodies are at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct SampledState {
    /// Simulated time, s.
    pub time_s: f64,
    /// Of each body of the scene, in its order.
    pub poses: Vec<Pose>,
}

/// Where a body is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Its centre of mass, mm.
    pub position_mm: [f64; 3],
    /// How it is turned since the start: w, x, y, z.
    pub quaternion: [f64; 4],
}

/// Where the moved object starts in one of several runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Start {
    /// Seed of the deviation.
    pub seed: u64,
    /// Deviation from the place in the scene, mm.
    pub offset_mm: [f64; 3],
}

impl Start {
    /// A deviation that is uniform within ± the limit of each axis, mm; the same for the same seed.
    pub fn jittered(seed: u64, limits_mm: [f64; 3]) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        Self { seed, offset_mm: limits_mm.map(|limit| random.random_range(-1.0..=1.0) * limit) }
    }

    /// An object that is fixed or on a joint starts where it is built.
    pub(crate) fn where_it_starts(self, can_shift: bool) -> Self {
        if can_shift { self } else { Self { offset_mm: [0.0; 3], ..self } }
    }
}

/// Results of several runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ManyReport {
    /// Runs.
    pub num_runs: usize,
    /// Runs that succeeded.
    pub success_count: usize,
    /// Their share; 0 without runs.
    pub success_rate: f64,
    /// True when all runs ended the same way: all succeeded, or all failed for the same reason.
    pub is_consistent: bool,
    /// Reasons of failure, each once, in order of appearance.
    pub fail_reasons: Vec<FailureReason>,
    /// The runs, in the order of their starts.
    pub individual_results: Vec<SeedReport>,
}

/// One of several runs.
#[derive(Debug, Clone, PartialEq)]
pub struct SeedReport {
    /// Where it really started: an object that is fixed or on a joint has no deviation.
    pub start: Start,
    /// Its result.
    pub report: RunReport,
}

impl ManyReport {
    pub(crate) fn of(individual_results: Vec<SeedReport>) -> Self {
        let num_runs = individual_results.len();
        let success_count = individual_results.iter().filter(|result| result.report.success).count();
        let mut fail_reasons = Vec::new();
        for reason in individual_results.iter().filter_map(|result| result.report.failure) {
            if !fail_reasons.contains(&reason) {
                fail_reasons.push(reason);
            }
        }
        Self {
            num_runs,
            success_count,
            success_rate: if num_runs == 0 { 0.0 } else { success_count as f64 / num_runs as f64 },
            is_consistent: success_count == num_runs || (success_count == 0 && fail_reasons.len() == 1),
            fail_reasons,
            individual_results,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_bounded_and_reproducible_by_seed() {
        for seed in 0..200 {
            let start = Start::jittered(seed, [2.0, 0.0, 1.0]);
            let [x, y, z] = start.offset_mm;
            assert!(x.abs() <= 2.0 && y == 0.0 && z.abs() <= 1.0, "{start:?}");
            assert_eq!(start, Start::jittered(seed, [2.0, 0.0, 1.0]));
        }
        assert_ne!(Start::jittered(1, [1.0; 3]).offset_mm, Start::jittered(2, [1.0; 3]).offset_mm);
    }
}

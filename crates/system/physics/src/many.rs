//! The same scene from several starts, side by side, and how often it works.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use contract::simulation::FailureReason;
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    PhysicsError,
    mjcf::Mjcf,
    run::{CancelFlag, Compiled, RunReport, RunSettings},
    scene::Scene,
};

/// Where the moved object starts in one of several runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Start {
    /// What the deviation was drawn with.
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
}

/// What came of several runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ManyReport {
    /// Runs.
    pub num_runs: usize,
    /// Runs that succeeded.
    pub success_count: usize,
    /// Their share; 0 without runs.
    pub success_rate: f64,
    /// True when all runs ended alike: all succeeded, or all failed for the same reason.
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
    /// What came of it.
    pub report: RunReport,
}

impl ManyReport {
    fn of(individual_results: Vec<SeedReport>) -> Self {
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

/// Runs a compiled scene from each start on at most `threads` threads. A run gives the same result whatever runs beside
/// it: all share the model, which nothing writes, and each has its own state.
pub(crate) fn run_many(
    scene: &Scene,
    mjcf: &Mjcf,
    settings: &RunSettings,
    starts: &[Start],
    threads: usize,
    cancel: &CancelFlag,
) -> Result<ManyReport, PhysicsError> {
    let compiled = Compiled::new(scene, mjcf, settings)?;
    let can_shift = compiled.can_shift();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(starts.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, starts.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(start) = starts.get(place) else { break };
                    let start = if can_shift { *start } else { Start { offset_mm: [0.0; 3], ..*start } };
                    let report = compiled.run(start.offset_mm, place == 0, cancel);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push((place, report.map(|report| SeedReport { start, report })));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    Ok(ManyReport::of(done.into_iter().map(|(_, result)| result).collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_its_limits_and_repeats_with_its_seed() {
        for seed in 0..200 {
            let start = Start::jittered(seed, [2.0, 0.0, 1.0]);
            let [x, y, z] = start.offset_mm;
            assert!(x.abs() <= 2.0 && y == 0.0 && z.abs() <= 1.0, "{start:?}");
            assert_eq!(start, Start::jittered(seed, [2.0, 0.0, 1.0]));
        }
        assert_ne!(Start::jittered(1, [1.0; 3]).offset_mm, Start::jittered(2, [1.0; 3]).offset_mm);
    }
}

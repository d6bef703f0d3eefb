//! The same scene from several starts, side by side, and how often it works.

use std::sync::{
    Mutex, OnceLock, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use contract::simulation::FailureReason;
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    PhysicsError,
    mjcf::{Mjcf, write_mjcf_in_parts},
    pace::MOST_PARTS,
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

    /// An object that is fixed or on a joint starts where it is built.
    fn where_it_starts(self, can_shift: bool) -> Self {
        if can_shift { self } else { Self { offset_mm: [0.0; 3], ..self } }
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
    side_by_side(starts, threads, |place, start| {
        let start = start.where_it_starts(can_shift);
        let report = compiled.run(start.offset_mm, place == 0, cancel)?;
        Ok(SeedReport { start, report })
    })
}

/// Writes a scene and runs it from each start, each with as small a step of the engine as its own speeds need. Answers
/// the scene as the first of the starts ran it, too.
pub(crate) fn simulate(
    scene: &Scene,
    settings: &RunSettings,
    starts: &[Start],
    threads: usize,
    cancel: &CancelFlag,
) -> Result<(Mjcf, ManyReport), PhysicsError> {
    let written = |parts: u32| -> Result<_, PhysicsError> {
        let mjcf = write_mjcf_in_parts(scene, Some(settings.step_s), parts, cancel)?;
        let compiled = Compiled::new(scene, &mjcf, settings)?;
        Ok((mjcf, compiled))
    };
    // By the number of halvings. Most scenes need the first only.
    let first = written(1)?;
    let finer: [OnceLock<_>; MOST_PARTS.ilog2() as usize] = std::array::from_fn(|_| OnceLock::new());
    let can_shift = first.1.can_shift();
    let exported = Mutex::new(None);
    let report = side_by_side(starts, threads, |place, start| {
        let start = start.where_it_starts(can_shift);
        let mut now = &first;
        loop {
            let parts = 2 * now.0.parts;
            let is_finest = parts > MOST_PARTS;
            let most_share = if is_finest { f64::INFINITY } else { 1.0 };
            let (mjcf, compiled) = now;
            if let Some(report) = compiled.run_unless_too_fast(start.offset_mm, place == 0, most_share, cancel)? {
                if place == 0 {
                    *exported.lock().unwrap_or_else(PoisonError::into_inner) = Some(mjcf.clone());
                }
                return Ok(SeedReport { start, report });
            }
            let made =
                finer[parts.ilog2() as usize - 1].get_or_init(|| written(parts).map_err(|error| error.to_string()));
            now = made.as_ref().map_err(|sentence| PhysicsError::Scene(sentence.clone()))?;
        }
    })?;
    let exported = exported.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((exported.unwrap_or(first.0), report))
}

/// Makes a run of each start on at most `threads` threads; the reports are in the order of the starts.
fn side_by_side(
    starts: &[Start],
    threads: usize,
    run: impl Fn(usize, Start) -> Result<SeedReport, PhysicsError> + Sync,
) -> Result<ManyReport, PhysicsError> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(starts.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, starts.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(start) = starts.get(place) else { break };
                    let report = run(place, *start);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push((place, report));
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

//! A scene that is ready for parallel runs, with as small a step of the engine as its speeds need.

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use super::{
    mjcf::{Mjcf, write_mjcf_in_parts},
    pace::MOST_PARTS,
    run::Compiled,
};
use crate::{
    PhysicsError,
    backend::{ExportedScene, Prepared},
    cancel::CancelFlag,
    decompose::BodyCollision,
    report::{ManyReport, RunSettings, SeedReport, Start},
    scene::Scene,
};

/// A scene with its MJCF and model for one length of the engine's step.
type Written = (Mjcf, Compiled);

/// A scene that MuJoCo has compiled. All runs share the models, which are never written, and each has its own state: a
/// run gives the same result whatever else runs at the same time.
pub(super) struct PreparedScene {
    scene: Arc<Scene>,
    settings: RunSettings,
    first: Written,
    /// Models with finer steps, by the number of halvings. Most scenes need none.
    finer: [OnceLock<Result<Written, String>>; MOST_PARTS.ilog2() as usize],
    /// The scene as the first start of the newest run ran it.
    ran: Mutex<Option<Mjcf>>,
}

impl PreparedScene {
    pub fn new(scene: &Scene, settings: &RunSettings, cancel: &CancelFlag) -> Result<Self, PhysicsError> {
        let scene = Arc::new(scene.clone());
        let first = written(&scene, settings, 1, cancel)?;
        let finer = std::array::from_fn(|_| OnceLock::new());
        Ok(Self { scene, settings: *settings, first, finer, ran: Mutex::new(None) })
    }

    fn run_one(&self, place: usize, start: Start, cancel: &CancelFlag) -> Result<SeedReport, PhysicsError> {
        let start = start.where_it_starts(self.first.1.can_shift());
        let mut now = &self.first;
        loop {
            let (mjcf, compiled) = now;
            let parts = 2 * mjcf.parts;
            let is_finest = parts > MOST_PARTS;
            let most_share = if is_finest { f64::INFINITY } else { 1.0 };
            if let Some(report) = compiled.run_unless_too_fast(start.offset_mm, place == 0, most_share, cancel)? {
                if place == 0 {
                    *self.ran.lock().unwrap_or_else(PoisonError::into_inner) = Some(mjcf.clone());
                }
                return Ok(SeedReport { start, report });
            }
            let finer = self.finer[parts.ilog2() as usize - 1]
                .get_or_init(|| written(&self.scene, &self.settings, parts, cancel).map_err(|error| error.to_string()));
            now = finer.as_ref().map_err(|sentence| PhysicsError::Scene(sentence.clone()))?;
        }
    }
}

fn written(
    scene: &Arc<Scene>,
    settings: &RunSettings,
    parts: u32,
    cancel: &CancelFlag,
) -> Result<Written, PhysicsError> {
    let mjcf = write_mjcf_in_parts(scene, Some(settings.step_s), parts, cancel)?;
    let compiled = Compiled::new(Arc::clone(scene), &mjcf, settings)?;
    Ok((mjcf, compiled))
}

impl Prepared for PreparedScene {
    fn run(&self, starts: &[Start], threads: usize, cancel: &CancelFlag) -> Result<ManyReport, PhysicsError> {
        side_by_side(starts, threads, |place, start| self.run_one(place, start, cancel))
    }

    fn collisions(&self) -> &[BodyCollision] {
        &self.first.0.collisions
    }

    fn export(&self) -> Option<ExportedScene> {
        let ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Mjcf { xml, meshes, .. } = ran.unwrap_or_else(|| self.first.0.clone());
        Some(ExportedScene { document: xml, meshes })
    }
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

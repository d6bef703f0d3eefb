//! The runs of one simulation: how they are set, and the words, events and numbers that report them.

use std::{ops::Range, time::Duration};

use anyhow::Context;
use contract::{
    backend::SimulatorBackend,
    benchmark::BenchmarkRequest,
    events::{BackendSelected, EventBody, PhysicsInstability, RunFacts, SimulationEnd},
    limits::OVERLOAD_S,
    objectives::Objectives,
    simulation::{
        CollisionReport, CollisionShapeKind, FailureReason, MotorReport, MultiRunResult, SeedResult, SimulationResult,
    },
    variation::StaticVariation,
};
use handover::NotBuilt;
use physics::{
    BodyCollision, CollisionKind, ExportedScene, ManyReport, PhysicsError, Primitive, RunReport, RunSettings,
    SampledState, Scene, SeedReport, Start, backend_for,
};

use crate::queue::{Task, Turn};

/// Longest time of all runs of one simulation, from the meshes to the verdict.
const SIMULATION_LIMIT: Duration = Duration::from_mins(8);

/// Seed of the start jitter when the request gives none.
const DEFAULT_SEED: u64 = 42;
/// Runs of a simulation whose start jitters, when the request gives neither seed nor number.
const DEFAULT_NUM_SEEDS: u32 = 5;

/// The variation that is asked for, or that the objectives name.
pub fn variation_id<'call>(
    request: &'call BenchmarkRequest,
    objectives: Option<&'call Objectives>,
) -> Option<&'call str> {
    let of_objectives = || objectives.and_then(|objectives| objectives.randomization.static_variation_id.as_deref());
    request.static_variation_id.as_deref().or_else(of_objectives)
}

/// Largest deviation of the start on each axis, ± mm.
fn jitter_mm(objectives: Option<&Objectives>) -> [f64; 3] {
    let jitters = |it: &&Objectives| it.randomization.runtime_jitter_enabled != Some(false);
    objectives.filter(jitters).map_or([0.0; 3], |it| it.moved_object.runtime_jitter)
}

/// The seeds of the runs that are asked for. Where the start jitters, one run says little about a design: without a
/// word about seeds a full simulation makes [`DEFAULT_NUM_SEEDS`] runs.
pub fn seeds_of(request: &BenchmarkRequest, objectives: Option<&Objectives>) -> Range<u64> {
    let is_open = request.seed.is_none() && !request.smoke_test_mode && jitter_mm(objectives) != [0.0; 3];
    let count = u64::from(request.num_seeds.unwrap_or(if is_open { DEFAULT_NUM_SEEDS } else { 1 }));
    let first = request.seed.unwrap_or(DEFAULT_SEED);
    // Seeds are names: a first seed too close to the largest number is lowered so that all fit.
    let first = first.min(u64::MAX - count);
    first..first + count
}

/// Settings of the runs, and the words that report them.
pub struct Run {
    settings: RunSettings,
    backend: SimulatorBackend,
    smoke: bool,
    starts: Vec<Start>,
    variation: Option<StaticVariation>,
    fem_enabled: bool,
    compute_target: String,
    has_goal: bool,
}

/// Results of all runs.
pub struct Ran {
    /// The runs.
    pub many: ManyReport,
    /// What collided in place of each body's mesh.
    pub collisions: Vec<BodyCollision>,
    /// The scene in the engine's format, where it has one.
    pub exported: Option<ExportedScene>,
}

impl Run {
    /// As the request says, else the objectives, else the contract.
    pub fn new(
        request: &BenchmarkRequest,
        objectives: Option<&Objectives>,
        variation: Option<StaticVariation>,
        seeds: Range<u64>,
    ) -> Self {
        let physics = objectives.map(|objectives| objectives.physics.clone()).unwrap_or_default();
        let mut settings = if request.smoke_test_mode { RunSettings::smoke() } else { RunSettings::full() };
        if let Some(limit) = physics.max_kinetic_energy_j {
            settings.max_kinetic_energy_j = limit;
        }
        settings.keep_states = request.video && !request.smoke_test_mode;
        let limits = jitter_mm(objectives);
        Self {
            settings,
            backend: request.backend.or(physics.backend).unwrap_or_default(),
            smoke: request.smoke_test_mode,
            starts: seeds.map(|seed| Start::jittered(seed, limits)).collect(),
            variation,
            fem_enabled: physics.fem_enabled,
            compute_target: physics.compute_target.unwrap_or_else(|| "auto".into()),
            has_goal: objectives.is_some(),
        }
    }

    /// Prepares the scene for the engine and runs it from all starts.
    pub async fn go(&self, turn: &Turn, scene: Scene, size: String) -> Result<Ran, NotBuilt> {
        let (settings, backend, starts) = (self.settings, self.backend, self.starts.clone());
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let task =
            Task { name: "simulation", limit: SIMULATION_LIMIT, size: format!("{size} and {} runs", starts.len()) };
        let ran = turn.work(task, move |cancel| {
            let prepared = backend_for(backend).prepare(&scene, &settings, cancel)?;
            let many = prepared.run(&starts, threads, cancel)?;
            Ok(Ran { many, collisions: prepared.collisions().to_vec(), exported: prepared.export() })
        });
        ran.await?.map_err(|error: PhysicsError| NotBuilt::Input(error.to_string()))
    }

    fn static_variation_id(&self) -> Option<&str> {
        self.variation.as_ref().map(|variation| variation.id.as_str())
    }

    /// The first run's states, when a video of them is wanted. A smoke run has none.
    pub fn states_for_video(&self, report: &ManyReport) -> Option<Vec<SampledState>> {
        let first = report.individual_results.first().filter(|_| self.settings.keep_states)?;
        Some(first.report.states.clone())
    }

    /// The event that says which engine really runs.
    pub fn backend_selected(&self) -> EventBody {
        let engine = backend_for(self.backend);
        EventBody::SimulationBackendSelected(BackendSelected {
            backend: self.backend,
            provider: engine.provider(),
            engine: engine.engine(),
            fem_enabled: self.fem_enabled,
            compute_target: self.compute_target.clone(),
        })
    }

    /// The event of a run that was aborted as unstable.
    pub fn instability(&self, seed: &SeedReport) -> EventBody {
        EventBody::PhysicsInstability(PhysicsInstability {
            kinetic_energy: seed.report.kinetic_energy_j,
            threshold: self.settings.max_kinetic_energy_j,
            step: seed.report.steps,
            cause: seed.report.ended.instability,
            runtime_seed: seed.start.seed,
        })
    }

    /// The event of the end of one run.
    pub fn ended(&self, seed: &SeedReport) -> EventBody {
        let SeedReport { start, report } = seed;
        EventBody::SimulationResult(SimulationEnd {
            success: report.success,
            failure_reason: report.failure.map_or("none", FailureReason::name).to_owned(),
            time_elapsed_s: report.ended.time_s,
            compute_time_ms: report.compute_time.as_secs_f64() * 1000.0,
            metadata: RunFacts {
                num_steps: report.steps,
                runtime_seed: start.seed,
                start_offset_mm: start.offset_mm,
                static_variation_id: self.static_variation_id().map(str::to_owned),
                static_variation: self.variation.clone(),
                overloaded_motor: report.overloaded_motor.clone(),
            },
        })
    }

    /// The first run in full, with the outcomes of all where there are several.
    pub fn result(&self, Ran { many, collisions, .. }: &Ran) -> anyhow::Result<SimulationResult> {
        let first = many.individual_results.first().context("a simulation has at least one run")?;
        let report = &first.report;
        let motors = report.motor_loads.iter().map(|load| MotorReport {
            part: load.motor.clone(),
            peak_force: load.peak_force,
            force_limit: load.force_limit,
            power: load.power,
            final_place: load.final_place,
        });
        Ok(SimulationResult {
            success: report.success,
            summary: self.summary(report),
            failure_reason: report.failure,
            ended: report.ended.clone(),
            steps: report.steps,
            step_s: self.settings.step_s,
            engine: backend_for(self.backend).engine(),
            backend: self.backend,
            static_variation_id: self.static_variation_id().map(str::to_owned),
            static_variation: self.variation.clone(),
            runtime_seed: first.start.seed,
            final_positions: report.final_positions.clone(),
            trajectory: report.trajectory.clone(),
            motors: motors.collect(),
            collision_shapes: collisions.iter().map(collision).collect(),
            max_speed_m_s: report.max_speed_m_s,
            max_kinetic_energy_j: report.max_kinetic_energy_j,
            runs: (many.num_runs > 1).then(|| aggregate(many)),
            confidence: if self.smoke { "approximate" } else { "high" }.to_owned(),
        })
    }

    /// What the answer says: the one run's summary, or how many of several succeeded and what the first failure was.
    pub fn message(&self, many: &ManyReport) -> String {
        let failed = many.individual_results.iter().find(|seed| !seed.report.success);
        match (many.num_runs, failed) {
            (1, _) => many.individual_results.first().map(|seed| self.summary(&seed.report)).unwrap_or_default(),
            (runs, None) if self.has_goal => format!("Goal achieved with all {runs} seeds."),
            (runs, None) => format!("Simulation stable with all {runs} seeds."),
            (runs, Some(seed)) => format!(
                "{} of {runs} seeds succeeded; seed {}: {}",
                many.success_count,
                seed.start.seed,
                self.summary(&seed.report)
            ),
        }
    }

    /// One sentence: the upper-case name of a failure, then who, where and when.
    fn summary(&self, report: &RunReport) -> String {
        let Some(reason) = report.failure else {
            return if self.has_goal { "Goal achieved." } else { "Simulation stable." }.to_owned();
        };
        let name = reason.name().to_uppercase();
        let body = report.ended.body.as_deref().unwrap_or("the system");
        let zone = report.ended.zone.as_deref().unwrap_or_default();
        let time = report.ended.time_s;
        let place = report.ended.position_mm.map(|[x, y, z]| format!(" at ({x:.1}, {y:.1}, {z:.1}) mm"));
        let place = place.unwrap_or_default();
        match reason {
            FailureReason::ForbidZoneHit => {
                format!("{name}: {body} touched forbidden zone {zone:?} after {time:.3} s{place}")
            }
            FailureReason::OutOfBounds => format!("{name}: {body} left simulation_bounds after {time:.3} s{place}"),
            FailureReason::Timeout => format!("{name}: {body} had not reached the goal after {time:.3} s{place}"),
            FailureReason::MotorOverload => {
                let motor = report.overloaded_motor.as_deref().unwrap_or(body);
                format!("{name}: the motor of {motor:?} was at its limit for {OVERLOAD_S} s until {time:.3} s")
            }
            FailureReason::PhysicsInstability => {
                let cause = report.ended.instability.map(|cause| format!("; {cause}")).unwrap_or_default();
                format!("{name}: {body} became unstable after {time:.3} s{place}{cause}")
            }
            _ => format!("{name} after {time:.3} s{place}"),
        }
    }
}

fn collision(BodyCollision { body, shape }: &BodyCollision) -> CollisionReport {
    CollisionReport {
        body: body.clone(),
        shape: match &shape.kind {
            CollisionKind::Primitive(Primitive::Sphere { .. }) => CollisionShapeKind::Sphere,
            CollisionKind::Primitive(Primitive::Cuboid { .. }) => CollisionShapeKind::Box,
            CollisionKind::Primitive(Primitive::Cylinder { .. }) => CollisionShapeKind::Cylinder,
            CollisionKind::Convex => CollisionShapeKind::ConvexMesh,
            CollisionKind::Pieces(_) => CollisionShapeKind::ConvexPieces,
        },
        pieces: shape.count() as u32,
        collision_error_mm: shape.error_mm(),
        tolerance_mm: shape.tolerance_mm,
    }
}

/// The warnings of bodies that collide as something else than their mesh.
pub fn collision_warnings(collisions: &[BodyCollision]) -> impl Iterator<Item = String> + '_ {
    let coarse = collisions.iter().filter(|it| it.shape.error_mm() > it.shape.tolerance_mm);
    coarse.map(|BodyCollision { body, shape }| {
        format!(
            "{body:?} collides as {} convex pieces that deviate from its shape by up to {:.2} mm (tolerance {:.2} mm); \
             contacts inside its hollows are uncertain by that much",
            shape.count(),
            shape.error_mm(),
            shape.tolerance_mm
        )
    })
}

fn aggregate(many: &ManyReport) -> MultiRunResult {
    let results = many.individual_results.iter().map(|SeedReport { start, report }| SeedResult {
        runtime_seed: start.seed,
        start_offset_mm: start.offset_mm,
        success: report.success,
        failure_reason: report.failure,
        ended: report.ended.clone(),
        steps: report.steps,
    });
    MultiRunResult {
        num_runs: many.num_runs as u32,
        success_count: many.success_count as u32,
        success_rate: many.success_rate,
        is_consistent: many.is_consistent,
        fail_reasons: many.fail_reasons.clone(),
        individual_results: results.collect(),
    }
}

//! `simulate`: build, run, judge, report.

use std::ops::Range;

use anyhow::Context;
use chrono::Utc;
use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse, SimulationArtifacts},
    events::{event, names},
    handover::Gate,
    limits::OVERLOAD_S,
    objectives::{Objectives, StaticVariation},
    session::SessionId,
    simulation::{FailureReason, MotorReport, MultiRunResult, SeedResult, SimulationResult, SimulatorBackend},
    violations::Violation,
};
use physics::{
    ManyReport, Mjcf, PhysicsError, RunReport, RunSettings, SampledState, Scene, SeedReport, Start, backend_for,
    write_mjcf_unless,
};
use serde_json::{Map, Value, json};
use service::ServiceError;
use sessions::FileError;

use crate::{
    content::sha256,
    pictures::{self, Wanted},
    price::missing_price,
    queue::Turn,
    records::Simulated,
    refusal::Refusal,
    scene::{SceneSources, scene_of},
    tools::{Built, MaterialData, NotBuilt, Tools, blocking},
    validate::refused,
};

/// Seed of the start jitter when the request gives none.
const DEFAULT_SEED: u64 = 42;
/// Runs of a simulation whose start jitters, when the request gives neither seed nor number.
const DEFAULT_NUM_SEEDS: u32 = 5;

/// The scene as it ran, from the session root; its meshes stand beside it.
const SCENE_FILE: &str = "assets/scene.xml";

/// Serves one simulation, of one seed or of several side by side. The call waits for its turn; if the caller goes away,
/// all runs end within a step. Only a design that `validate_and_price` passed as it is now is simulated.
pub async fn simulate(
    tools: &Tools,
    session: &SessionId,
    request: &BenchmarkRequest,
) -> Result<BenchmarkResponse, ServiceError> {
    let turn = tools.queue.turn().await;
    let begun = Utc::now();
    let mut events = Vec::new();
    let built = tools.build(session, &request.design, false, &mut events).await;
    let objectives = built.as_ref().ok().and_then(|built| built.objectives.as_ref());
    let seeds = seeds_of(request, objectives);
    let asked = json!({
        "script_path": request.design.script_path,
        "static_variation_id": variation_id(request, objectives),
        "runtime_seed": seeds.start,
        "num_seeds": seeds.end - seeds.start,
    });
    events.insert(0, event(names::SIMULATION_REQUEST, begun, asked));
    let built = match built {
        Ok(built) => built,
        Err(cause) => return Ok(refused(Refusal::not_built(cause)?, &turn, events)),
    };
    if let Some(findings) = missing_price(tools, session, &built.key).await? {
        return Ok(refused(Refusal::of(findings), &turn, events));
    }
    if let Some(findings) = unsound_assembly(&built) {
        return Ok(refused(Refusal::of(findings), &turn, events));
    }
    let (scene, variation) = match scene_for(&built, &tools.materials, request) {
        Ok(scene) => scene,
        Err(sentence) => return Ok(refused(Refusal::not_built(NotBuilt::Input(sentence))?, &turn, events)),
    };
    let run = Run::new(request, built.objectives.as_ref(), variation, seeds);
    events.push(run.backend_selected());
    let (mjcf, report) = match run.go(&turn, scene.clone()).await? {
        Ok(done) => done,
        Err(error) => return Ok(refused(Refusal::not_built(NotBuilt::Input(error.to_string()))?, &turn, events)),
    };
    for seed in &report.individual_results {
        if seed.report.failure == Some(FailureReason::PhysicsInstability) {
            events.push(run.instability(seed));
        }
        events.push(run.ended(seed));
    }
    let result = run.result(&report)?;

    let warnings = warnings(request, &scene, &report);
    let wanted = Wanted { views: request.render, video: run.states_for_video(&report) };
    let pictures = pictures::draw(&turn, scene, mjcf.clone(), wanted, tools.ffmpeg.clone()).await?;
    let files: Vec<_> = pictures.files.into_iter().chain(files(&mjcf, &result)?).collect();
    let hashes = files.iter().map(|(path, content)| (path.clone(), sha256(content))).collect();
    forget_previous(tools, session).await?;
    tools.keep(session, files).await?;
    let record = Simulated {
        is_smoke: request.smoke_test_mode,
        scene_path: SCENE_FILE.to_owned(),
        files: hashes,
        at: Utc::now(),
    };
    tools.note_content(session, &built.key, record).await?;
    let failed = report.individual_results.iter().find(|seed| !seed.report.success);
    Ok(BenchmarkResponse {
        success: failed.is_none(),
        message: format!("{}{}", run.message(&report), turn.note()),
        failure_reason: failed.and_then(|seed| seed.report.failure),
        confidence: result.confidence.clone(),
        queue_position: turn.position(),
        rejected_by: None,
        violations: Vec::new(),
        warnings,
        result: Some(result),
        artifacts: Some(SimulationArtifacts {
            render_paths: pictures.render_paths,
            video_path: pictures.video_path,
            mjcf_content: Some(mjcf.xml),
            scene_path: Some(SCENE_FILE.to_owned()),
        }),
        events,
    })
}

/// Takes the files of the run before out of the session, so that no picture of another design stands beside this one's.
async fn forget_previous(tools: &Tools, session: &SessionId) -> anyhow::Result<()> {
    let workspace = tools.workspace(session).await?;
    let forgotten = blocking(move || {
        for folder in ["renders", "assets"] {
            let entries = match workspace.list(folder) {
                Ok(entries) => entries,
                Err(FileError::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            let mut outputs = entries.iter().filter(|entry| is_output(&format!("{folder}/{}", entry.name)));
            outputs.try_for_each(|entry| workspace.delete(&entry.path))?;
        }
        Ok(())
    });
    forgotten.await?.context("the files of the previous run cannot be removed")
}

/// True for files that a simulation writes. Previews lie beside its pictures.
fn is_output(path: &str) -> bool {
    path == SCENE_FILE
        || path == pictures::VIDEO_FILE
        || (path.starts_with("renders/render_") && path.ends_with(".png"))
        || (path.starts_with("assets/") && path.ends_with(".obj"))
}

/// What is wrong with the assembly definition, which says what drives the design.
fn unsound_assembly(built: &Built) -> Option<Vec<(Gate, Violation)>> {
    let violations = built.assembly.as_ref().map(|checked| checked.violations.clone()).unwrap_or_default();
    let findings: Vec<_> = violations.into_iter().map(|violation| (Gate::AssemblyDefinition, violation)).collect();
    (!findings.is_empty()).then_some(findings)
}

/// What the request asks for and does not get, what no real motor could do, and what the engine could not do.
fn warnings(request: &BenchmarkRequest, scene: &Scene, report: &ManyReport) -> Vec<String> {
    let has_none = request.video && request.smoke_test_mode;
    let video = has_none.then(|| "a smoke run has no video; simulate without smoke_test_mode".to_owned());
    let unlimited = scene.actuators.iter().filter(|motor| motor.force_limit.is_none()).map(|motor| {
        let part = &motor.body;
        format!(
            "the motor of {part:?} has no force limit and never tires; give its control a force_limit, or let {part:?} \
             turn on a servo of the catalogue"
        )
    });
    let told = report.individual_results.iter().flat_map(|seed| {
        seed.report.warnings.iter().map(|warning| format!("seed {}: {warning}", seed.start.seed))
    });
    video.into_iter().chain(unlimited).chain(told).collect()
}

/// The variation that is asked for, or that the objectives name.
fn variation_id<'call>(request: &'call BenchmarkRequest, objectives: Option<&'call Objectives>) -> Option<&'call str> {
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
fn seeds_of(request: &BenchmarkRequest, objectives: Option<&Objectives>) -> Range<u64> {
    let is_open = request.seed.is_none() && !request.smoke_test_mode && jitter_mm(objectives) != [0.0; 3];
    let count = u64::from(request.num_seeds.unwrap_or(if is_open { DEFAULT_NUM_SEEDS } else { 1 }));
    let first = request.seed.unwrap_or(DEFAULT_SEED);
    // Seeds are names: at the end of the numbers they go on from the other side by staying below it.
    let first = first.min(u64::MAX - count);
    first..first + count
}

/// What the objectives ask of physics that no engine of this worker computes. Leaving it out silently would call a run
/// a success that was never judged.
fn beyond_rigid_bodies(objectives: &Objectives) -> Option<String> {
    let asked = [
        ("physics.fem_enabled", objectives.physics.fem_enabled),
        ("objectives.stress_objectives", !objectives.objectives.stress_objectives.is_empty()),
        ("objectives.fluid_objectives", !objectives.objectives.fluid_objectives.is_empty()),
        ("fluids", !objectives.fluids.is_empty()),
    ];
    let fields: Vec<_> = asked.iter().filter(|(_, is_asked)| *is_asked).map(|(field, _)| *field).collect();
    (!fields.is_empty()).then(|| {
        let fields = fields.join(", ");
        format!("objectives.yaml: {fields}: this worker simulates rigid bodies only; take the field out")
    })
}

/// The scene of a design in the variation that is asked for, or why there is none.
fn scene_for(
    built: &Built,
    materials: &MaterialData,
    request: &BenchmarkRequest,
) -> Result<(Scene, Option<StaticVariation>), String> {
    if let Some(sentence) = built.objectives.as_ref().and_then(beyond_rigid_bodies) {
        return Err(sentence);
    }
    let sources = built.scene_sources(materials);
    let (scene, variation) = scene_of(&SceneSources {
        motor_power: &request.motor_power,
        variation_id: variation_id(request, built.objectives.as_ref()),
        ..sources
    })?;
    let driven = |part: &String| scene.actuators.iter().any(|motor| motor.body == *part);
    if let Some(part) = request.motor_power.keys().find(|part| !driven(part)) {
        return Err(format!("motor_power names {part:?}, which nothing drives"));
    }
    Ok((scene, variation))
}

/// Settings of the runs, and the words that report them.
struct Run {
    settings: RunSettings,
    backend: SimulatorBackend,
    smoke: bool,
    starts: Vec<Start>,
    variation: Option<StaticVariation>,
    fem_enabled: bool,
    compute_target: String,
    has_goal: bool,
}

impl Run {
    fn new(
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

    /// Writes the scene for the engine and runs it from all starts. Dropping the future ends all of that.
    async fn go(&self, turn: &Turn, scene: Scene) -> anyhow::Result<Result<(Mjcf, ManyReport), PhysicsError>> {
        let (settings, backend, starts) = (self.settings, self.backend, self.starts.clone());
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let report = turn.work(move |cancel| {
            let mjcf = write_mjcf_unless(&scene, None, cancel)?;
            let report = backend_for(backend).run_many(&scene, &mjcf, &settings, &starts, threads, cancel)?;
            Ok((mjcf, report))
        });
        report.await
    }

    fn static_variation_id(&self) -> Option<&str> {
        self.variation.as_ref().map(|variation| variation.id.as_str())
    }

    /// The first run's states, when a video of them is wanted. A smoke run has none.
    fn states_for_video(&self, report: &ManyReport) -> Option<Vec<SampledState>> {
        let first = report.individual_results.first().filter(|_| self.settings.keep_states)?;
        Some(first.report.states.clone())
    }

    fn backend_selected(&self) -> Map<String, Value> {
        let engine = backend_for(self.backend);
        event(
            names::SIMULATION_BACKEND_SELECTED,
            Utc::now(),
            json!({
                "backend": self.backend,
                "provider": engine.provider(),
                "engine": engine.engine(),
                "fem_enabled": self.fem_enabled,
                "compute_target": self.compute_target,
            }),
        )
    }

    fn instability(&self, seed: &SeedReport) -> Map<String, Value> {
        let fields = json!({
            "kinetic_energy": seed.report.kinetic_energy_j,
            "threshold": self.settings.max_kinetic_energy_j,
            "step": seed.report.steps,
            "cause": seed.report.ended.instability,
            "runtime_seed": seed.start.seed,
        });
        event(names::PHYSICS_INSTABILITY, Utc::now(), fields)
    }

    fn ended(&self, seed: &SeedReport) -> Map<String, Value> {
        let SeedReport { start, report } = seed;
        let fields = json!({
            "success": report.success,
            "failure_reason": report.failure.map_or("none".to_owned(), FailureReason::name),
            "time_elapsed_s": report.ended.time_s,
            "compute_time_ms": report.compute_time.as_secs_f64() * 1000.0,
            "metadata": {
                "num_steps": report.steps,
                "runtime_seed": start.seed,
                "start_offset_mm": start.offset_mm,
                "static_variation_id": self.static_variation_id(),
                "static_variation": self.variation,
                "overloaded_motor": report.overloaded_motor,
            },
        });
        event(names::SIMULATION_RESULT, Utc::now(), fields)
    }

    /// The first run in full, with what became of all where there are several.
    fn result(&self, many: &ManyReport) -> anyhow::Result<SimulationResult> {
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
            max_speed_m_s: report.max_speed_m_s,
            max_kinetic_energy_j: report.max_kinetic_energy_j,
            runs: (many.num_runs > 1).then(|| aggregate(many)),
            confidence: if self.smoke { "approximate" } else { "high" }.to_owned(),
        })
    }

    /// What the answer says: the one run's summary, or how many of several succeeded and what the first failure was.
    fn message(&self, many: &ManyReport) -> String {
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

/// Scene and result as files of the session.
fn files(mjcf: &Mjcf, result: &SimulationResult) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let result = serde_json::to_vec_pretty(result).context("a result is always JSON")?;
    let meshes = mjcf.meshes.iter().map(|(name, content)| (format!("assets/{name}"), content.clone().into_bytes()));
    let documents =
        [(SCENE_FILE.to_owned(), mjcf.xml.clone().into_bytes()), ("simulation_result.json".to_owned(), result)];
    Ok(meshes.chain(documents).collect())
}

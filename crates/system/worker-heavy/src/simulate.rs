//! `simulate`: build, run, judge, report.

use std::time::Instant;

use anyhow::Context;
use chrono::Utc;
use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse, SimulationArtifacts},
    events::{event, names},
    objectives::Objectives,
    session::SessionId,
    simulation::{FailureReason, SimulationResult, SimulatorBackend},
};
use physics::{Mjcf, RunReport, RunSettings, Scene, backend_for, write_mjcf};
use serde_json::{Map, Value, json};
use service::ServiceError;

use crate::{
    price::missing_price,
    records::Simulated,
    refusal::Refusal,
    scene::scene_of,
    tools::{Built, CancelOnDrop, MaterialData, NotBuilt, Tools},
    validate::refused,
};

/// Seed of the start jitter when the request gives none.
const DEFAULT_SEED: u64 = 42;

/// The scene as it ran, from the session root; its meshes stand beside it.
const SCENE_FILE: &str = "assets/scene.xml";

/// Serves one simulation. The call waits for its turn; if the caller goes away, the run ends within a step. Only a
/// design that `validate_and_price` passed as it is now is simulated.
pub async fn simulate(
    tools: &Tools,
    session: &SessionId,
    request: &BenchmarkRequest,
) -> Result<BenchmarkResponse, ServiceError> {
    let turn = tools.queue.turn().await;
    let seed = request.seed.unwrap_or(DEFAULT_SEED);
    let mut events = vec![event(
        names::SIMULATION_REQUEST,
        Utc::now(),
        json!({ "script_path": request.design.script_path, "runtime_seed": seed }),
    )];
    let built = match tools.build(session, &request.design, false, &mut events).await {
        Ok(built) => built,
        Err(cause) => return Ok(refused(Refusal::not_built(cause)?, &turn, events)),
    };
    if let Some(findings) = missing_price(tools, session, &built.key).await? {
        return Ok(refused(Refusal::of(findings), &turn, events));
    }
    let prepared = match prepare(&built, &tools.materials, seed) {
        Ok(prepared) => prepared,
        Err(sentence) => return Ok(refused(Refusal::not_built(NotBuilt::Input(sentence))?, &turn, events)),
    };
    let (scene, mjcf) = prepared;
    let run = Run::new(request, built.objectives.as_ref(), seed);
    events.push(run.backend_selected());
    let begun = Instant::now();
    let report = match run.go(scene, mjcf.clone()).await? {
        Ok(report) => report,
        Err(error) => return Ok(refused(Refusal::not_built(NotBuilt::Input(error.to_string()))?, &turn, events)),
    };
    let result = run.result(&report);
    if result.failure_reason == Some(FailureReason::PhysicsInstability) {
        events.push(run.instability(&report));
    }
    events.push(run.ended(&result, begun));

    tools.keep(session, files(&mjcf, &result)?).await?;
    let record = Simulated { is_smoke: request.smoke_test_mode, scene_path: SCENE_FILE.to_owned(), at: Utc::now() };
    tools.note_content(session, &built.key, record).await?;
    Ok(BenchmarkResponse {
        success: result.success,
        message: format!("{}{}", result.summary, turn.note()),
        failure_reason: result.failure_reason,
        confidence: result.confidence.clone(),
        queue_position: turn.position(),
        rejected_by: None,
        violations: Vec::new(),
        warnings: Vec::new(),
        result: Some(result),
        artifacts: Some(SimulationArtifacts {
            render_paths: Vec::new(),
            mjcf_content: Some(mjcf.xml),
            scene_path: Some(SCENE_FILE.to_owned()),
        }),
        events,
    })
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

/// The scene of a design, and the document that the engine reads; or why there is none.
fn prepare(built: &Built, materials: &MaterialData, seed: u64) -> Result<(Scene, Mjcf), String> {
    if let Some(sentence) = built.objectives.as_ref().and_then(beyond_rigid_bodies) {
        return Err(sentence);
    }
    let scene = scene_of(&built.design, built.objectives.as_ref(), materials, seed)?;
    let mjcf = write_mjcf(&scene, None).map_err(|error| error.to_string())?;
    Ok((scene, mjcf))
}

/// Settings of one run, and the words that report it.
struct Run {
    settings: RunSettings,
    backend: SimulatorBackend,
    smoke: bool,
    seed: u64,
    static_variation_id: Option<String>,
    fem_enabled: bool,
    compute_target: String,
    has_goal: bool,
}

impl Run {
    fn new(request: &BenchmarkRequest, objectives: Option<&Objectives>, seed: u64) -> Self {
        let physics = objectives.map(|objectives| objectives.physics.clone()).unwrap_or_default();
        let mut settings = if request.smoke_test_mode { RunSettings::smoke() } else { RunSettings::full() };
        if let Some(limit) = physics.max_kinetic_energy_j {
            settings.max_kinetic_energy_j = limit;
        }
        Self {
            settings,
            backend: request.backend.or(physics.backend).unwrap_or_default(),
            smoke: request.smoke_test_mode,
            seed,
            static_variation_id: objectives.and_then(|o| o.randomization.static_variation_id.clone()),
            fem_enabled: physics.fem_enabled,
            compute_target: physics.compute_target.unwrap_or_else(|| "auto".into()),
            has_goal: objectives.is_some(),
        }
    }

    /// Runs on a thread of its own. Dropping the future sets the flag that ends the run.
    async fn go(&self, scene: Scene, mjcf: Mjcf) -> Result<Result<RunReport, physics::PhysicsError>, ServiceError> {
        let (guard, cancel) = CancelOnDrop::new();
        let (settings, backend) = (self.settings, self.backend);
        let report =
            tokio::task::spawn_blocking(move || backend_for(backend).run(&scene, &mjcf, &settings, &cancel)).await;
        drop(guard);
        Ok(report.context("the simulation thread died")?)
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

    fn instability(&self, report: &RunReport) -> Map<String, Value> {
        let fields = json!({
            "kinetic_energy": report.kinetic_energy_j,
            "threshold": self.settings.max_kinetic_energy_j,
            "step": report.steps,
        });
        event(names::PHYSICS_INSTABILITY, Utc::now(), fields)
    }

    fn ended(&self, result: &SimulationResult, begun: Instant) -> Map<String, Value> {
        let fields = json!({
            "success": result.success,
            "failure_reason": result.failure_reason.map_or("none".to_owned(), FailureReason::name),
            "time_elapsed_s": result.ended.time_s,
            "compute_time_ms": begun.elapsed().as_secs_f64() * 1000.0,
            "metadata": {
                "num_steps": result.steps,
                "runtime_seed": self.seed,
                "static_variation_id": self.static_variation_id,
            },
        });
        event(names::SIMULATION_RESULT, Utc::now(), fields)
    }

    fn result(&self, report: &RunReport) -> SimulationResult {
        SimulationResult {
            success: report.success,
            summary: self.summary(report),
            failure_reason: report.failure,
            ended: report.ended.clone(),
            steps: report.steps,
            step_s: self.settings.step_s,
            engine: backend_for(self.backend).engine(),
            backend: self.backend,
            static_variation_id: self.static_variation_id.clone(),
            runtime_seed: self.seed,
            final_positions: report.final_positions.clone(),
            confidence: if self.smoke { "approximate" } else { "high" }.to_owned(),
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
            FailureReason::PhysicsInstability => format!(
                "{name}: {body} became unstable after {time:.3} s{place}; kinetic energy {:.3e} J, limit {:.3e} J",
                report.kinetic_energy_j, self.settings.max_kinetic_energy_j
            ),
            _ => format!("{name} after {time:.3} s{place}"),
        }
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

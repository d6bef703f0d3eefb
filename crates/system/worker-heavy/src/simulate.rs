//! `simulate`: build, run, judge, report.

mod outputs;
mod run;

use anyhow::Context;
use chrono::Utc;
use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse, SimulationArtifacts},
    events::{event, names},
    gate::Gate,
    objectives::Objectives,
    session::SessionId,
    simulation::FailureReason,
    variation::StaticVariation,
    violations::Violation,
};
use physics::{Actuator, Controller, ManyReport, Mobility, Scene};
use serde_json::json;
use service::ServiceError;

use self::{
    outputs::{SCENE_FILE, files, forget_previous},
    run::{Run, seeds_of, variation_id},
};
use crate::{
    content::sha256,
    pictures::{self, Wanted},
    price::missing_price,
    queue::Turn,
    records::Simulated,
    refusal::Refusal,
    scene::{SceneSources, scene_of},
    tools::{Built, NotBuilt, Tools, size_of},
    validate::{below_ground, refused},
};

/// How much faster than its servo a part may turn before that is told, as a factor.
const SPEED_SLACK: f64 = 1.02;

/// Serves one simulation, of one seed or of several side by side. The call waits for its turn; if the caller goes away,
/// all runs end within a step. Only a design that `validate_and_price` passed as it is now is simulated.
pub async fn simulate(
    tools: &Tools,
    session: &SessionId,
    request: &BenchmarkRequest,
) -> Result<BenchmarkResponse, ServiceError> {
    let (session, request) = (session.clone(), request.clone());
    tools
        .in_turn(&[&session.clone()], move |tools, turn| async move {
            simulate_in_turn(&tools, &turn, &session, &request).await
        })
        .await
}

async fn simulate_in_turn(
    tools: &Tools,
    turn: &Turn,
    session: &SessionId,
    request: &BenchmarkRequest,
) -> Result<BenchmarkResponse, ServiceError> {
    let begun = Utc::now();
    let mut events = Vec::new();
    let built = tools.build(turn, session, &request.design, false, &mut events).await;
    turn.leave_room();
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
        Err(cause) => return Ok(refused(Refusal::not_built(cause)?, turn, events)),
    };
    if let Some(findings) = missing_price(tools, session, &built).await? {
        return Ok(refused(Refusal::of(findings), turn, events));
    }
    if let Some(findings) = unsound_assembly(&built) {
        return Ok(refused(Refusal::of(findings), turn, events));
    }
    let (scene, variation) = match scene_for(&built, request) {
        Ok(scene) => scene,
        Err(sentence) => return Ok(refused(Refusal::not_built(NotBuilt::Input(sentence))?, turn, events)),
    };
    let run = Run::new(request, built.objectives.as_ref(), variation, seeds);
    events.push(run.backend_selected());
    let ran = match run.go(turn, scene.clone(), size_of(&built.design)).await {
        Ok(done) => done,
        Err(cause) => return Ok(refused(Refusal::not_built(cause)?, turn, events)),
    };
    let report = &ran.many;
    for seed in &report.individual_results {
        if seed.report.failure == Some(FailureReason::PhysicsInstability) {
            events.push(run.instability(seed));
        }
        events.push(run.ended(seed));
    }
    let result = run.result(&ran)?;

    let warnings = run::collision_warnings(&ran.collisions).chain(warnings(request, &scene, report)).collect();
    let wanted = Wanted { views: request.render, video: run.states_for_video(report) };
    let pictures = match pictures::draw(turn, scene, wanted, tools.ffmpeg.clone()).await {
        Ok(pictures) => pictures,
        Err(cause) => return Ok(refused(Refusal::not_built(cause)?, turn, events)),
    };
    let exported = ran.exported.as_ref().context("the engine gave no scene to keep")?;
    let files: Vec<_> = pictures.files.into_iter().chain(files(exported, &result)?).collect();
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
        message: format!("{}{}", run.message(report), turn.note()),
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
            mjcf_content: Some(exported.document.clone()),
            scene_path: Some(SCENE_FILE.to_owned()),
            // Objectives that ask for stress or fluids are refused before, as nothing here computes them.
            stress_summaries: Vec::new(),
            fluid_metrics: Vec::new(),
        }),
        events,
    })
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
    let told = report
        .individual_results
        .iter()
        .flat_map(|seed| seed.report.warnings.iter().map(|warning| format!("seed {}: {warning}", seed.start.seed)));
    let fast = scene.actuators.iter().filter_map(|motor| faster_than_its_servo(motor, report));
    let buried = scene.below_ground().filter(|(body, _)| body.mobility == Mobility::Fixed);
    let buried = buried.map(|(body, depth_mm)| below_ground(body, depth_mm));
    video.into_iter().chain(unlimited).chain(fast).chain(buried).chain(told).collect()
}

/// What a servo is told, or did, beyond the speed that the catalogue gives it.
fn faster_than_its_servo(motor: &Actuator, report: &ManyReport) -> Option<String> {
    let (part, limit) = (&motor.body, motor.speed_limit?);
    if let Controller::Constant { value } = motor.control {
        return (value.abs() > limit).then(|| {
            format!(
                "part {part:?} is to turn at {value} rad/s, but its servo reaches {limit:.2} rad/s, and that is what it \
                 turned at; lower the speed, or take a faster servo"
            )
        });
    }
    let loads = report.individual_results.iter().flat_map(|seed| &seed.report.motor_loads);
    let peak = loads.filter(|load| load.motor == *part).map(|load| load.peak_speed).fold(0.0, f64::max);
    (peak > SPEED_SLACK * limit).then(|| {
        format!(
            "part {part:?} turned at up to {peak:.2} rad/s, but its servo reaches {limit:.2} rad/s: the real one comes \
             later; let it go there more slowly, or take a faster servo"
        )
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

/// The scene of a design in the variation that is asked for, or why there is none.
fn scene_for(built: &Built, request: &BenchmarkRequest) -> Result<(Scene, Option<StaticVariation>), String> {
    if let Some(sentence) = built.objectives.as_ref().and_then(beyond_rigid_bodies) {
        return Err(sentence);
    }
    let sources = built.scene_sources();
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

//! `simulate`: build, run, judge, report.

mod outputs;
mod run;

use anyhow::Context;
use chrono::Utc;
use contract::{
    benchmark::{BenchmarkOutput, BenchmarkRequest, BenchmarkResponse, SimulationArtifacts},
    events::{EventBody, SimulationRequested},
    objectives::Objectives,
    session::SessionId,
    simulation::FailureReason,
    variation::StaticVariation,
};
use handover::{Built, NotBuilt, Simulated, Workshop, missing_price, sha256};
use physics::{Actuator, Controller, ManyReport, Mobility, Scene};
use scene::{SceneSources, scene_of};
use service::ServiceError;

use self::{
    outputs::{SCENE_FILE, files, forget_previous},
    run::{Run, seeds_of, variation_id},
};
use crate::{
    call::Call,
    pictures::{self, Wanted},
    scenes::{below_ground, scene_sources},
    tools::{Tools, size_of},
};

/// How much faster than its servo a part may turn before a warning, as a factor.
const SPEED_SLACK: f64 = 1.02;

/// Serves one simulation, of one seed or of several side by side. The call waits for its turn; if the caller goes away,
/// all runs end within a step. Only a design that `validate_and_price` passed as it is now is simulated.
pub async fn simulate(
    tools: &Tools,
    session: &SessionId,
    request: &BenchmarkRequest,
) -> Result<BenchmarkResponse, ServiceError> {
    let request = request.clone();
    tools.call(session, &request.design.clone(), move |call| async move { run(&call, &request).await }).await
}

async fn run(call: &Call, request: &BenchmarkRequest) -> Result<BenchmarkResponse, NotBuilt> {
    let begun = Utc::now();
    let built = call.build_checked(&request.design, false).await;
    call.turn.leave_room();
    let objectives = built.as_ref().ok().and_then(|built| built.objectives.as_ref());
    let seeds = seeds_of(request, objectives);
    let asked = SimulationRequested {
        script_path: request.design.script_path.clone(),
        static_variation_id: variation_id(request, objectives).map(str::to_owned),
        runtime_seed: seeds.start,
        num_seeds: seeds.end - seeds.start,
    };
    call.emit_first(begun, EventBody::SimulationRequest(asked));
    let built = built?;
    NotBuilt::unless_empty(missing_price(call.receipts(), &built).await?)?;
    NotBuilt::unless_empty(built.unsound_assembly())?;
    let (scene, variation) = scene_for(&built, request).map_err(NotBuilt::Input)?;
    let run = Run::new(request, built.objectives.as_ref(), variation, seeds);
    call.emit(run.backend_selected());
    let ran = run.go(&call.turn, scene.clone(), size_of(&built.design)).await?;
    let report = &ran.many;
    for seed in &report.individual_results {
        if seed.report.failure == Some(FailureReason::PhysicsInstability) {
            call.emit(run.instability(seed));
        }
        call.emit(run.ended(seed));
    }
    let result = run.result(&ran)?;

    let warnings = run::collision_warnings(&ran.collisions).chain(warnings(request, &scene, report)).collect();
    let wanted = Wanted { views: request.render, video: run.states_for_video(report) };
    let pictures = pictures::draw(&call.turn, scene, wanted, call.tools.ffmpeg.clone()).await?;
    let exported = ran.exported.as_ref().context("the engine gave no scene to keep")?;
    let files: Vec<_> = pictures.files.into_iter().chain(files(exported, &result)?).collect();
    let hashes = files.iter().map(|(path, content)| (path.clone(), sha256(content))).collect();
    forget_previous(&call.tools, call.session()).await?;
    call.keep(files).await?;
    let receipt = Simulated {
        is_smoke: request.smoke_test_mode,
        scene_path: SCENE_FILE.to_owned(),
        files: hashes,
        at: Utc::now(),
    };
    call.receipts().write_of_content(&built.key, receipt).await?;
    let failed = report.individual_results.iter().find(|seed| !seed.report.success);
    Ok(BenchmarkResponse {
        success: failed.is_none(),
        message: run.message(report),
        failure_reason: failed.and_then(|seed| seed.report.failure),
        warnings,
        output: BenchmarkOutput {
            confidence: result.confidence.clone(),
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
        },
        ..BenchmarkResponse::default()
    })
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

/// What a servo is commanded to do, or did, beyond the speed that the catalogue gives it.
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
    let sources = scene_sources(built);
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

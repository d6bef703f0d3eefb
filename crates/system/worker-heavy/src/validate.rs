//! `validate`: is the geometry sound, do joints hold, and does the benchmark work wherever its randomisation puts the
//! moved object?

use chrono::Utc;
use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    events::{event, names},
    gate::Gate,
    handover::Baseline,
    session::SessionId,
    violations::Violation,
};
use physics::{Body, CancelFlag, Mobility, Scene};
use serde_json::{Map, Value, json};
use service::ServiceError;

use crate::{
    queue::{Task, Turn},
    records::Validated,
    refusal::Refusal,
    scene::{mesh_at_start, scene_of},
    tools::{Built, CHECK_LIMIT, Tools, size_of},
};

/// Serves one validation; the call waits for its turn.
pub async fn validate(
    tools: &Tools,
    session: &SessionId,
    request: &BenchmarkRequest,
) -> Result<BenchmarkResponse, ServiceError> {
    let (session, request) = (session.clone(), request.clone());
    tools
        .in_turn(&[&session.clone()], move |tools, turn| async move {
            validate_in_turn(&tools, &turn, &session, &request).await
        })
        .await
}

async fn validate_in_turn(
    tools: &Tools,
    turn: &Turn,
    session: &SessionId,
    request: &BenchmarkRequest,
) -> Result<BenchmarkResponse, ServiceError> {
    let mut events = Vec::new();
    let built = match tools.build(turn, session, &request.design, true, &mut events).await {
        Ok(built) => built,
        Err(cause) => return Ok(refused(Refusal::not_built(cause)?, turn, events)),
    };

    let baseline = tools.session_note::<Baseline>(session).await?;
    let in_benchmark = baseline.is_some();
    let task = Task { name: "validation", limit: CHECK_LIMIT, size: size_of(&built.design) };
    let checking = turn.work(task, move |cancel| {
        let scene = scene_of(&built.scene_sources()).map(|(scene, _)| scene);
        let warnings = warnings(&built, scene.as_ref().ok());
        let findings = findings(&built, scene.err(), baseline.as_ref(), cancel);
        (built, findings, warnings)
    });
    let (built, findings, warnings) = match checking.await {
        Ok(checked) => checked,
        Err(cause) => return Ok(refused(Refusal::not_built(cause.into())?, turn, events)),
    };
    let passed = findings.is_empty();
    let sentences: Vec<_> = findings.iter().map(|(_, violation)| violation.message.as_str()).collect();
    events.push(event(names::SCENE_VALIDATION, Utc::now(), json!({ "result": passed, "errors": sentences })));
    let message = if passed { "Validation successful".to_owned() } else { sentences.join("; ") };
    let record = Validated { passed, findings: findings.clone(), in_benchmark, at: Utc::now() };
    let built = tools.keep_parts(session, built).await?;
    tools.note_content(session, &built.key, record).await?;
    // For whoever reads the workspace; the gates ask the record above.
    let seconds = Utc::now().timestamp_micros() as f64 / 1e6;
    let file = json!({ "success": passed, "message": message, "timestamp": seconds });
    tools.keep(session, vec![("validation_results.json".to_owned(), file.to_string().into_bytes())]).await?;
    if !passed {
        return Ok(BenchmarkResponse {
            message: format!("{message}{}", turn.note()),
            warnings,
            ..refused(Refusal::of(findings), turn, events)
        });
    }
    Ok(BenchmarkResponse {
        success: true,
        message: format!("{message}{}", turn.note()),
        failure_reason: None,
        confidence: "high".into(),
        queue_position: turn.position(),
        rejected_by: None,
        violations: Vec::new(),
        warnings,
        result: None,
        artifacts: None,
        events,
    })
}

/// Everything that is wrong; `no_scene` says why the design cannot be simulated, where it cannot. Once `cancel` is set it
/// ends, and what it returns counts for nothing.
fn findings(
    built: &Built,
    no_scene: Option<String>,
    baseline: Option<&Baseline>,
    cancel: &CancelFlag,
) -> Vec<(Gate, Violation)> {
    let Built { design, objectives, materials, .. } = built;
    let category = |id: &str| materials.bought(id).map(|part| part.category);
    let zone = objectives.as_ref().map(|objectives| &objectives.objectives.build_zone);
    let in_validation = |found: Vec<Violation>| found.into_iter().map(|violation| (Gate::Validation, violation));

    let mut findings: Vec<_> = in_validation(design_rules::check_solids(design)).collect();
    for part in design.parts.iter().filter(|part| !part.is_zone() && !built.is_environment(part, baseline)) {
        let outside = workbench::build_zone_violation(&part.label, &part.bounding_box, zone);
        findings.extend(outside.map(|violation| (Gate::BuildZone, violation)));
    }
    findings.extend(in_validation(design_rules::check_joints(design, &category, cancel)));
    if let Some(objectives) = objectives {
        let mesh = mesh_at_start(objectives, built.files.moved_mesh.as_deref());
        findings.extend(in_validation(design_rules::check_randomization(design, objectives, mesh.as_ref(), cancel)));
    }
    // The scene is made to see that materials and masses are known; it is not run.
    if let Some(sentence) = no_scene {
        findings.push((Gate::Manufacturability, Violation::new("script.py", "design.no_scene", sentence)));
    }
    findings
}

fn warnings(built: &Built, scene: Option<&Scene>) -> Vec<String> {
    let parts: Vec<_> = built.design.parts.iter().filter(|part| !part.is_zone()).collect();
    let free = workbench::dof_count(parts.iter().map(|part| part.is_fixed()));
    let buried = scene.into_iter().flat_map(Scene::below_ground).map(|(body, depth_mm)| below_ground(body, depth_mm));
    built.design.notes.iter().cloned().chain(workbench::dof_warning(free)).chain(buried).collect()
}

/// What is said about a body that reaches below the ground.
pub fn below_ground(body: &Body, depth_mm: f64) -> String {
    let label = &body.label;
    if body.mobility == Mobility::Fixed {
        format!(
            "{label:?} reaches {depth_mm:.1} mm below z = 0, where the simulation has its ground: nothing that moves gets \
             there; build upwards from z = 0"
        )
    } else {
        format!(
            "{label:?} starts {depth_mm:.1} mm below z = 0, where the simulation has its ground, and is thrown up at the \
             start; lift it"
        )
    }
}

/// The answer to a call that was refused.
pub fn refused(refusal: Refusal, turn: &Turn, events: Vec<Map<String, Value>>) -> BenchmarkResponse {
    BenchmarkResponse {
        success: false,
        message: format!("{}{}", refusal.named_message(), turn.note()),
        failure_reason: Some(refusal.reason),
        confidence: "high".into(),
        queue_position: turn.position(),
        rejected_by: refusal.gate,
        violations: refusal.violations,
        warnings: Vec::new(),
        result: None,
        artifacts: None,
        events,
    }
}

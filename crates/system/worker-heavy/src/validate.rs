//! `validate`: is the geometry sound, do joints hold, and does the benchmark work wherever its randomisation puts the
//! moved object?

use chrono::Utc;
use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    events::{EventBody, SceneValidation},
    gate::{Finding, Gate},
    session::SessionId,
    violations::Violation,
};
use handover::{Built, NotBuilt, Refusal, Validated, Workshop, keep_parts, message};
use physics::{CancelFlag, Scene};
use scene::{mesh_at_start, scene_of};
use serde_json::json;
use service::ServiceError;

use crate::{
    call::Call,
    queue::Task,
    scenes::{below_ground, scene_sources},
    tools::{CHECK_LIMIT, Tools, size_of},
};

/// Serves one validation; the call waits for its turn.
pub async fn validate(
    tools: &Tools,
    session: &SessionId,
    request: &BenchmarkRequest,
) -> Result<BenchmarkResponse, ServiceError> {
    let request = request.clone();
    tools.call(session, &request.design.clone(), move |call| async move { check(&call, &request).await }).await
}

async fn check(call: &Call, request: &BenchmarkRequest) -> Result<BenchmarkResponse, NotBuilt> {
    let built = call.build_checked(&request.design, true).await?;
    let task = Task { name: "validation", limit: CHECK_LIMIT, size: size_of(&built.design) };
    let checking = call.turn.work(task, move |cancel| {
        let scene = scene_of(&scene_sources(&built)).map(|(scene, _)| scene);
        let warnings = warnings(&built, scene.as_ref().ok());
        let findings = findings(&built, scene.err(), cancel);
        (built, findings, warnings)
    });
    let (built, findings, warnings) = checking.await?;
    let passed = findings.is_empty();
    let errors = findings.iter().map(|finding| finding.violation.message.clone()).collect();
    call.emit(EventBody::SceneValidation(SceneValidation { result: passed, errors }));
    let message = if passed { "Validation successful".to_owned() } else { message(&findings) };
    let in_benchmark = built.baseline.is_some();
    let receipt = Validated { passed, findings: findings.clone(), in_benchmark, at: Utc::now() };
    let built = keep_parts(call.receipts(), built).await?;
    call.receipts().write_of_content(&built.key, receipt).await?;
    // For readers of the workspace; the gates use the receipt above.
    let seconds = Utc::now().timestamp_micros() as f64 / 1e6;
    let file = json!({ "success": passed, "message": message, "timestamp": seconds });
    call.keep(vec![("validation_results.json".to_owned(), file.to_string().into_bytes())]).await?;
    let answer = if passed {
        BenchmarkResponse { success: true, message, ..BenchmarkResponse::default() }
    } else {
        Refusal::of(findings).answer(message)
    };
    Ok(BenchmarkResponse { warnings, ..answer })
}

/// Everything that is wrong; `no_scene` says why the design cannot be simulated, where it cannot. Once `cancel` is set
/// it ends, and what it returns is discarded.
fn findings(built: &Built, no_scene: Option<String>, cancel: &CancelFlag) -> Vec<Finding> {
    let Built { design, objectives, materials, .. } = built;
    let category = |id: &str| materials.bought(id).map(|part| part.category);
    let zone = objectives.as_ref().map(|objectives| &objectives.objectives.build_zone);

    let mut findings = Gate::Validation.findings(design_rules::check_solids(design));
    for part in design.parts.iter().filter(|part| !part.is_zone() && !built.is_environment(part)) {
        let outside = workbench::build_zone_violation(&part.label, &part.bounding_box, zone);
        findings.extend(outside.map(|violation| Gate::BuildZone.finding(violation)));
    }
    findings.extend(Gate::Validation.findings(design_rules::check_joints(design, &category, cancel)));
    if let Some(objectives) = objectives {
        let mesh = mesh_at_start(objectives, built.files.moved_mesh.as_deref());
        findings.extend(Gate::Validation.findings(design_rules::check_randomization(
            design,
            objectives,
            mesh.as_ref(),
            cancel,
        )));
    }
    // The scene is made to see that materials and masses are known; it is not run.
    if let Some(sentence) = no_scene {
        findings.push(Gate::Manufacturability.finding(Violation::new("script.py", "design.no_scene", sentence)));
    }
    findings
}

fn warnings(built: &Built, scene: Option<&Scene>) -> Vec<String> {
    let parts: Vec<_> = built.design.parts.iter().filter(|part| !part.is_zone()).collect();
    let free = workbench::dof_count(parts.iter().map(|part| part.is_fixed()));
    let buried = scene.into_iter().flat_map(Scene::below_ground).map(|(body, depth_mm)| below_ground(body, depth_mm));
    built.design.notes.iter().cloned().chain(workbench::dof_warning(free)).chain(buried).collect()
}

//! `submit_plan` and `validate_costing_and_price`: what a planner does at its end.

use chrono::Utc;
use contract::{
    assembly::ASSEMBLY_DEFINITION_FILE,
    events::{event, names},
    handover::{Gate, PlanRequest, PlanResponse, PlannerRole, Stage},
    session::SessionId,
    violations::{Violation, sentences},
    workbench::CostingResponse,
};
use gates::todo::TodoStage;
use serde_json::json;
use service::ServiceError;
use sessions::OBJECTIVES_FILE;

use crate::{
    artifacts::{Artifacts, PLAN_FILE, failure_events, message},
    content::{objectives_changed, sha256},
    records::PlanRecord,
    refusal::Refusal,
    tools::{NotBuilt, Tools, objectives_of, read_file},
};

/// Serves one hand-over of a plan. What passes is recorded: from then on no item of the to-do list may vanish, and the
/// objectives may not change.
pub async fn submit_plan(
    tools: &Tools,
    session: &SessionId,
    request: &PlanRequest,
) -> Result<PlanResponse, ServiceError> {
    // Two hand-overs of one session must not both take the same number.
    let _lock = tools.sessions.lock(session).await;
    let workspace = tools.workspace(session).await?;
    let artifacts = match Artifacts::read(&workspace).await {
        Ok(artifacts) => artifacts,
        Err(cause) => return Ok(unreadable(Refusal::not_built(cause)?)),
    };
    let (stage, submitted) = match request.role {
        PlannerRole::EngineerPlanner => (Stage::Engineering, names::PLAN_SUBMISSION_ENGINEER),
        PlannerRole::BenchmarkPlanner => (Stage::Benchmark, names::PLAN_SUBMISSION_BENCHMARK),
    };
    let mut judged = artifacts.judge(stage, TodoStage::HandedOver, None, &tools.materials);
    let earlier = tools.session_note::<PlanRecord>(session).await?;
    let recorded = recorded_objectives(tools, session, earlier.as_ref()).await?;
    if let Some(recorded) = recorded {
        let changed = objectives_changed(&recorded, artifacts.objectives.as_deref());
        judged.findings.extend(changed.map(|violation| (Gate::Environment, violation)));
    }
    let mut events = vec![event(
        submitted,
        Utc::now(),
        json!({ "plan_path": PLAN_FILE, "accepted": judged.findings.is_empty(), "artifacts_present": artifacts.present() }),
    )];
    events.extend(failure_events(&judged.findings));
    let (Some(todo), Some(objectives), true) = (judged.todo, &artifacts.objectives, judged.findings.is_empty()) else {
        let words = message(&judged.findings);
        let refusal = Refusal::of(judged.findings);
        return Ok(PlanResponse {
            success: false,
            message: words,
            rejected_by: refusal.gate,
            violations: refusal.violations,
            estimate: judged.estimate,
            revision: None,
            events,
        });
    };
    let revision = earlier.map_or(0, |earlier| earlier.revision) + 1;
    let record =
        PlanRecord { role: request.role, revision, todo, objectives_sha256: sha256(objectives), at: Utc::now() };
    tools.note_session(session, record).await?;
    Ok(PlanResponse {
        success: true,
        message: "Plan handed over".to_owned(),
        rejected_by: None,
        violations: Vec::new(),
        estimate: judged.estimate,
        revision: Some(revision),
        events,
    })
}

/// The hash that the objectives of a session must have: from the benchmark's hand-over, else from the plan's. A
/// benchmark's own planner may still change them.
pub async fn recorded_objectives(
    tools: &Tools,
    session: &SessionId,
    plan: Option<&PlanRecord>,
) -> Result<Option<String>, ServiceError> {
    let baseline = tools.session_note::<contract::handover::Baseline>(session).await?;
    let of_plan =
        || plan.filter(|plan| plan.role == PlannerRole::EngineerPlanner).map(|plan| plan.objectives_sha256.clone());
    Ok(baseline.map(|baseline| baseline.objectives_sha256).or_else(of_plan))
}

fn unreadable(refusal: Refusal) -> PlanResponse {
    PlanResponse {
        success: false,
        message: refusal.message,
        rejected_by: refusal.gate,
        violations: refusal.violations,
        estimate: None,
        revision: None,
        events: Vec::new(),
    }
}

/// Serves one recomputation of the planner's estimate; the file in the session gets the computed figures.
pub async fn validate_costing_and_price(tools: &Tools, session: &SessionId) -> Result<CostingResponse, ServiceError> {
    let _lock = tools.sessions.lock(session).await;
    let workspace = tools.workspace(session).await?;
    let failed = |violations: Vec<Violation>| CostingResponse {
        success: false,
        message: sentences(&violations),
        violations,
        estimate: None,
        events: Vec::new(),
    };
    let read = async {
        let assembly = read_file(&workspace, ASSEMBLY_DEFINITION_FILE).await?;
        let objectives = objectives_of(read_file(&workspace, OBJECTIVES_FILE).await?.as_deref())?;
        Ok((assembly, objectives))
    };
    let (assembly, objectives) = match read.await {
        Ok((Some(assembly), objectives)) => (assembly, objectives),
        Ok((None, _)) => {
            let sentence = format!("{ASSEMBLY_DEFINITION_FILE} is missing; write it first");
            return Ok(failed(vec![Violation::new(ASSEMBLY_DEFINITION_FILE, "file.missing", sentence)]));
        }
        Err(NotBuilt::Worker(error)) => return Err(error.into()),
        Err(NotBuilt::Rejected(findings)) => return Ok(failed(findings.into_iter().map(|(_, found)| found).collect())),
        Err(cause) => {
            return Ok(failed(vec![Violation::new(ASSEMBLY_DEFINITION_FILE, "file.unreadable", cause.to_string())]));
        }
    };
    let costing = agent_tools::validate_costing_and_price(
        &assembly,
        objectives.as_ref(),
        &tools.materials.config,
        &tools.materials.catalog,
    );
    if let Some(text) = costing.assembly_yaml {
        tools.keep(session, vec![(ASSEMBLY_DEFINITION_FILE.to_owned(), text.into_bytes())]).await?;
    }
    let findings: Vec<_> =
        costing.violations.iter().map(|violation| (Gate::AssemblyDefinition, violation.clone())).collect();
    let message = match &costing.estimate {
        Some(estimate) if findings.is_empty() => format!(
            "Costing is sound: ${:.2} and {:.1} g a unit",
            estimate.estimated_unit_cost_usd, estimate.estimated_weight_g
        ),
        _ => sentences(&costing.violations),
    };
    Ok(CostingResponse {
        success: findings.is_empty(),
        message,
        violations: costing.violations,
        estimate: costing.estimate,
        events: failure_events(&findings),
    })
}

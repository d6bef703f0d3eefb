//! `submit_plan` and `validate_costing_and_price`: the last steps of a planner. Neither needs a design.

use chrono::Utc;
use contract::{
    assembly::ASSEMBLY_DEFINITION_FILE,
    events::{EventBody, PlanSubmission},
    gate::Gate,
    handover::{PlanOutput, PlanResponse, PlannerRole},
    objectives::Objectives,
    violations::Violation,
    workbench::{CostingOutput, CostingResponse},
};
use gates::todo::TodoStage;
use materials::Materials;

use crate::{
    content::sha256,
    documents::{Documents, PLAN_FILE},
    handed_over::HandedOver,
    message::{MISSING, failure_events, message},
    receipts::{PlanRecord, Receipts, SessionReceipts},
    refusal::first_gate,
};

/// Hands a plan over, and notes the events of that. What passes is recorded: from then on no item of the to-do list may
/// vanish, and neither objectives nor stage may change.
///
/// # Errors
/// A receipt cannot be read or written.
pub async fn submit_plan<R: Receipts>(
    receipts: &SessionReceipts<R>,
    handed_over: &HandedOver,
    documents: &Documents,
    role: PlannerRole,
    materials: &Materials,
    mut emit: impl FnMut(EventBody),
) -> anyhow::Result<PlanResponse> {
    let judged = handed_over.judge(documents, role.stage(), TodoStage::HandedOver, materials);
    let accepted = judged.findings.is_empty();
    let submission = PlanSubmission {
        plan_path: PLAN_FILE.to_owned(),
        accepted,
        artifacts_present: documents.present().into_iter().map(str::to_owned).collect(),
    };
    emit(match role {
        PlannerRole::EngineerPlanner => EventBody::PlanSubmissionEngineer(submission),
        PlannerRole::BenchmarkPlanner => EventBody::PlanSubmissionBenchmark(submission),
    });
    failure_events(&judged.findings).into_iter().for_each(&mut emit);
    let mut output = PlanOutput { estimate: judged.estimate, revision: None };
    let (Some(todo), Some(objectives), true) = (judged.todo, &documents.objectives, accepted) else {
        return Ok(PlanResponse {
            message: message(&judged.findings),
            rejected_by: first_gate(&judged.findings),
            violations: judged.findings,
            output,
            ..PlanResponse::default()
        });
    };
    let revision = handed_over.plan.as_ref().map_or(0, |earlier| earlier.revision) + 1;
    receipts.write(PlanRecord { role, revision, todo, objectives_sha256: sha256(objectives), at: Utc::now() }).await?;
    output.revision = Some(revision);
    Ok(PlanResponse {
        success: true,
        message: "Plan handed over".to_owned(),
        warnings: handed_over.not_compared(role.stage()),
        output,
        ..PlanResponse::default()
    })
}

/// Recomputes a planner's estimate. The text is the file with the computed figures, where it could be read.
pub fn costing(
    assembly: Option<&[u8]>,
    objectives: Option<&Objectives>,
    materials: &Materials,
    emit: impl FnMut(EventBody),
) -> (CostingResponse, Option<String>) {
    let Some(assembly) = assembly else {
        let sentence = format!("{ASSEMBLY_DEFINITION_FILE} is missing; write it first");
        let missing = Violation::new(ASSEMBLY_DEFINITION_FILE, MISSING, sentence);
        return (costing_answer(vec![missing], CostingOutput::default(), emit), None);
    };
    let costing = agent_tools::validate_costing_and_price(assembly, objectives, &materials.config, &materials.catalog);
    let output = CostingOutput { estimate: costing.estimate };
    (costing_answer(costing.violations, output, emit), costing.assembly_yaml)
}

fn costing_answer(violations: Vec<Violation>, output: CostingOutput, emit: impl FnMut(EventBody)) -> CostingResponse {
    let findings = Gate::AssemblyDefinition.findings(violations);
    failure_events(&findings).into_iter().for_each(emit);
    let message = match &output.estimate {
        Some(estimate) if findings.is_empty() => format!(
            "Costing is sound: ${:.2} and {:.1} g a unit",
            estimate.estimated_unit_cost_usd, estimate.estimated_weight_g
        ),
        _ => message(&findings),
    };
    CostingResponse {
        success: findings.is_empty(),
        message,
        rejected_by: first_gate(&findings),
        violations: findings,
        output,
        ..CostingResponse::default()
    }
}

#[cfg(test)]
mod tests;

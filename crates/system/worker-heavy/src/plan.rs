//! `submit_plan` and `validate_costing_and_price`: what a planner does at its end.

use chrono::Utc;
use contract::{
    assembly::ASSEMBLY_DEFINITION_FILE,
    events::{event, names},
    gate::{Gate, Stage},
    handover::{Baseline, PlanRequest, PlanResponse, PlannerRole},
    session::SessionId,
    violations::{Violation, sentences},
    workbench::CostingResponse,
};
use gates::todo::TodoStage;
use serde_json::json;
use service::ServiceError;
use sessions::OBJECTIVES_FILE;

use crate::{
    artifacts::{Artifacts, Judged, OTHER_STAGE, PLAN_FILE, failure_events, message},
    content::{objectives_changed, sha256},
    records::PlanRecord,
    refusal::Refusal,
    tools::{NotBuilt, Tools, blocking, objectives_of, read_file},
};
use materials::Materials;

/// What was handed over in a session so far; it binds whoever hands over next.
#[derive(Debug, Clone, Default)]
pub struct HandedOver {
    /// The benchmark that came into the session.
    baseline: Option<Baseline>,
    /// The newest plan of the session.
    plan: Option<PlanRecord>,
    /// SHA-256 of the objectives in the session's first commit.
    first_commit: Option<String>,
}

impl HandedOver {
    /// Reads what is recorded.
    pub async fn in_session(tools: &Tools, session: &SessionId) -> anyhow::Result<Self> {
        let (baseline, plan) = (tools.session_note(session).await?, tools.session_note(session).await?);
        let (sessions, id) = (tools.sessions.clone(), session.clone());
        let committed = blocking(move || sessions.first_commit(&id)).await??;
        Ok(Self { baseline, plan, first_commit: committed.as_deref().map(sha256) })
    }

    /// Judges the documents of the next hand-over: by themselves, and against what was handed over. A planner to whom
    /// the work came back may plan anew, but no item of the earlier list may vanish from the new one.
    pub fn judge(&self, artifacts: &Artifacts, stage: Stage, todo_stage: TodoStage, materials: &Materials) -> Judged {
        if let Some(finding) = self.other_stage(stage) {
            return Judged { findings: vec![(Gate::Plan, finding)], ..Judged::default() };
        }
        let todo = self.plan.as_ref().map(|plan| &plan.todo);
        let mut judged = artifacts.judge(stage, todo_stage, todo, materials);
        let changed = self.objectives(stage).and_then(|hash| objectives_changed(hash, artifacts.objectives.as_deref()));
        judged.findings.extend(changed.map(|violation| (Gate::Environment, violation)));
        judged.findings.sort_by_key(|(gate, _)| *gate);
        judged
    }

    /// Why a hand-over does not fit the stage in which the session is. Callers name their role and stage themselves, so
    /// one that could be changed would let go of what the other one had fixed.
    fn other_stage(&self, wanted: Stage) -> Option<Violation> {
        let (held, why) = match (&self.baseline, &self.plan) {
            (Some(baseline), _) => {
                (Stage::Engineering, format!("holds the benchmark of session {}", baseline.benchmark_session_id))
            }
            (None, Some(plan)) => (plan.role.stage(), format!("was planned in the stage {}", plan.role.stage().name())),
            (None, None) => return None,
        };
        (held != wanted).then(|| {
            let sentence = format!(
                "this session {why}, so nothing is handed over here in the stage {}; use a session of its own for that, \
                 or the stage {}",
                wanted.name(),
                held.name()
            );
            Violation::new(PLAN_FILE, OTHER_STAGE, sentence).measured(wanted.name()).limit(held.name())
        })
    }

    /// SHA-256 that the objectives must have: the benchmark's, else those of the plan, else those of the first commit. A
    /// benchmark's own planner may still change them.
    fn objectives(&self, stage: Stage) -> Option<&str> {
        let of_benchmark = || self.baseline.as_ref().map(|baseline| &baseline.objectives_sha256);
        let of_plan = || self.plan.as_ref().map(|plan| &plan.objectives_sha256);
        let fixed = || of_benchmark().or_else(of_plan).or(self.first_commit.as_ref());
        (stage == Stage::Engineering).then(fixed).flatten().map(String::as_str)
    }

    /// What a solution is compared with nothing for, because nothing was recorded.
    pub fn not_compared(&self, stage: Stage) -> Vec<String> {
        if stage == Stage::Benchmark || self.baseline.is_some() {
            return Vec::new();
        }
        let sentence = if self.objectives(stage).is_some() {
            "no baseline was recorded for the environment, since no benchmark was handed over into this session: \
             objectives.yaml is compared with the session's plan or first commit, the environment with nothing"
        } else {
            "no baseline was recorded, since this session has no benchmark handed over, no plan and no objectives in a \
             first commit: objectives.yaml and the environment are compared with nothing"
        };
        vec![sentence.to_owned()]
    }
}

/// Serves one hand-over of a plan. What passes is recorded: from then on no item of the to-do list may vanish, and
/// neither objectives nor stage may change.
pub async fn submit_plan(
    tools: &Tools,
    session: &SessionId,
    request: &PlanRequest,
) -> Result<PlanResponse, ServiceError> {
    // Two hand-overs of one session must not both take the same number.
    let _lock = tools.sessions.lock(session).await?;
    let workspace = tools.workspace(session).await?;
    let artifacts = match Artifacts::read(&workspace).await {
        Ok(artifacts) => artifacts,
        Err(cause) => return Ok(unreadable(Refusal::not_built(cause)?)),
    };
    let submitted = match request.role {
        PlannerRole::EngineerPlanner => names::PLAN_SUBMISSION_ENGINEER,
        PlannerRole::BenchmarkPlanner => names::PLAN_SUBMISSION_BENCHMARK,
    };
    let handed_over = HandedOver::in_session(tools, session).await?;
    let judged = handed_over.judge(&artifacts, request.role.stage(), TodoStage::HandedOver, &tools.materials);
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
            warnings: Vec::new(),
            estimate: judged.estimate,
            revision: None,
            events,
        });
    };
    let warnings = handed_over.not_compared(request.role.stage());
    let revision = handed_over.plan.map_or(0, |earlier| earlier.revision) + 1;
    let record =
        PlanRecord { role: request.role, revision, todo, objectives_sha256: sha256(objectives), at: Utc::now() };
    tools.note_session(session, record).await?;
    Ok(PlanResponse {
        success: true,
        message: "Plan handed over".to_owned(),
        rejected_by: None,
        violations: Vec::new(),
        warnings,
        estimate: judged.estimate,
        revision: Some(revision),
        events,
    })
}

fn unreadable(refusal: Refusal) -> PlanResponse {
    PlanResponse {
        success: false,
        message: refusal.message,
        rejected_by: refusal.gate,
        violations: refusal.violations,
        warnings: Vec::new(),
        estimate: None,
        revision: None,
        events: Vec::new(),
    }
}

/// Serves one recomputation of the planner's estimate; the file in the session gets the computed figures.
pub async fn validate_costing_and_price(tools: &Tools, session: &SessionId) -> Result<CostingResponse, ServiceError> {
    let _lock = tools.sessions.lock(session).await?;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn planned(role: PlannerRole) -> HandedOver {
        let plan = PlanRecord {
            role,
            revision: 1,
            todo: gates::todo::TodoItems::default(),
            objectives_sha256: "of the plan".to_owned(),
            at: Utc::now(),
        };
        HandedOver { plan: Some(plan), ..HandedOver::default() }
    }

    fn with_benchmark(handed_over: HandedOver) -> HandedOver {
        let baseline = Baseline {
            benchmark_session_id: "benchmark".parse().expect("valid"),
            objectives_sha256: "of the benchmark".to_owned(),
            moved_mesh_sha256: None,
            environment: BTreeMap::new(),
            recorded_at: Utc::now(),
        };
        HandedOver { baseline: Some(baseline), ..handed_over }
    }

    #[test]
    fn hand_over_fixes_the_stage_of_a_session() {
        let (engineer, benchmark) = (planned(PlannerRole::EngineerPlanner), planned(PlannerRole::BenchmarkPlanner));
        for (handed_over, held) in [
            (HandedOver::default(), None),
            (engineer, Some(Stage::Engineering)),
            (benchmark.clone(), Some(Stage::Benchmark)),
            (with_benchmark(HandedOver::default()), Some(Stage::Engineering)),
            (with_benchmark(benchmark), Some(Stage::Engineering)),
        ] {
            for wanted in [Stage::Engineering, Stage::Benchmark] {
                let refused = handed_over.other_stage(wanted);
                assert_eq!(refused.is_some(), held.is_some_and(|held| held != wanted), "{handed_over:?}: {refused:?}");
            }
        }
    }

    #[test]
    fn benchmark_objectives_override_plan_and_commit() {
        let engineering = Stage::Engineering;
        let committed = HandedOver { first_commit: Some("of the first commit".to_owned()), ..HandedOver::default() };
        let engineer =
            HandedOver { first_commit: committed.first_commit.clone(), ..planned(PlannerRole::EngineerPlanner) };
        assert_eq!(HandedOver::default().objectives(engineering), None);
        assert_eq!(committed.objectives(engineering), Some("of the first commit"));
        assert_eq!(engineer.objectives(engineering), Some("of the plan"));
        assert_eq!(planned(PlannerRole::BenchmarkPlanner).objectives(Stage::Benchmark), None);
        assert_eq!(committed.objectives(Stage::Benchmark), None);
        assert_eq!(with_benchmark(engineer).objectives(engineering), Some("of the benchmark"));
    }

    #[test]
    fn missing_baselines_are_reported() {
        let told = |handed_over: &HandedOver, stage| handed_over.not_compared(stage).concat();
        let engineer = planned(PlannerRole::EngineerPlanner);
        let nothing = told(&HandedOver::default(), Stage::Engineering);
        assert!(nothing.ends_with("objectives.yaml and the environment are compared with nothing"), "{nothing}");
        let half = told(&engineer, Stage::Engineering);
        assert!(half.ends_with("first commit, the environment with nothing"), "{half}");
        assert_eq!(told(&with_benchmark(engineer), Stage::Engineering), "");
        assert_eq!(told(&HandedOver::default(), Stage::Benchmark), "");
    }
}

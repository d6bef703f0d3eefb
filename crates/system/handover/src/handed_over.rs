//! What was handed over in a session so far. It binds the next hand-over.

use contract::{
    gate::{Gate, Stage},
    handover::Baseline,
    violations::Violation,
};
use gates::todo::TodoStage;
use materials::Materials;

use crate::{
    baseline::objectives_changed,
    content::sha256,
    documents::{Documents, Judged, PLAN_FILE},
    message::OTHER_STAGE,
    receipts::{PlanRecord, Receipts, SessionReceipts},
};

/// What was handed over in a session so far.
#[derive(Debug, Clone, Default)]
pub struct HandedOver {
    /// The benchmark that came into the session.
    baseline: Option<Baseline>,
    /// The newest plan of the session.
    pub(crate) plan: Option<PlanRecord>,
    /// SHA-256 of the objectives in the session's first commit.
    first_commit: Option<String>,
}

impl HandedOver {
    /// Reads what is recorded. `first_commit` holds the objectives of the session's first commit, where it has one.
    ///
    /// # Errors
    /// A receipt cannot be read.
    pub async fn in_session<R: Receipts>(
        receipts: &SessionReceipts<R>,
        first_commit: Option<&[u8]>,
    ) -> anyhow::Result<Self> {
        let (baseline, plan) = (receipts.note().await?, receipts.note().await?);
        Ok(Self { baseline, plan, first_commit: first_commit.map(sha256) })
    }

    /// Judges the documents of the next hand-over: by themselves, and against what was handed over. A planner to whom
    /// the work came back may plan anew, but no item of the earlier list may vanish from the new one.
    pub fn judge(&self, documents: &Documents, stage: Stage, todo_stage: TodoStage, materials: &Materials) -> Judged {
        if let Some(finding) = self.other_stage(stage) {
            return Judged { findings: vec![Gate::Plan.finding(finding)], ..Judged::default() };
        }
        let todo = self.plan.as_ref().map(|plan| &plan.todo);
        let mut judged = documents.judge(stage, todo_stage, todo, materials);
        let changed = self.objectives(stage).and_then(|hash| objectives_changed(hash, documents.objectives.as_deref()));
        judged.findings.extend(changed.map(|violation| Gate::Environment.finding(violation)));
        judged.findings.sort_by_key(|finding| finding.gate);
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

    /// What in a solution is compared with nothing, because nothing was recorded.
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::Utc;
    use contract::handover::PlannerRole;

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

//! Plans of a session in memory are handed over: what is recorded, what binds the next one, and what is reported.

use std::collections::BTreeMap;

use contract::{
    design_source::DesignSource,
    events::{Event, EventType, Source},
    gate::Finding,
    objectives::OBJECTIVES_FILE,
};
use gates::todo::TodoItems;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::{
    documents::TODO_FILE,
    fake_workshop::{ASSEMBLY, BENCHMARK_PLAN, FakeWorkshop, OBJECTIVES, types_of},
    workshop::{Workshop, deciding_files},
};

const ENGINEER: PlannerRole = PlannerRole::EngineerPlanner;
const BENCHMARK: PlannerRole = PlannerRole::BenchmarkPlanner;

/// A solution as its planner leaves it: nothing is done yet.
fn planned() -> FakeWorkshop {
    let workshop = FakeWorkshop::solution();
    workshop.edit(TODO_FILE, "- [x]", "- [ ]");
    workshop
}

/// What the session holds, handed over by a planner.
async fn hand_over(workshop: &FakeWorkshop, role: PlannerRole) -> PlanResponse {
    let files = deciding_files(workshop, &DesignSource::default()).await.expect("files can be read");
    let documents = Documents::new(workshop.file(PLAN_FILE), workshop.file(TODO_FILE), &files);
    let receipts = workshop.receipts();
    let first_commit = workshop.first_objectives.as_deref();
    let handed_over = HandedOver::in_session(receipts, first_commit).await.expect("receipts can be read");
    let mut events = Vec::new();
    let emit = |body: EventBody| events.push(Event::new(Source::WorkerHeavy, body).into_map());
    let answer = submit_plan(receipts, &handed_over, &documents, role, workshop.materials(), emit).await;
    PlanResponse { events, ..answer.expect("a receipt can be written") }
}

async fn recorded(workshop: &FakeWorkshop) -> Option<PlanRecord> {
    workshop.receipts().note().await.expect("receipts can be read")
}

fn items(texts: &[&str]) -> TodoItems {
    TodoItems(texts.iter().map(|text| (*text).to_owned()).collect())
}

fn rules(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.violation.rule.as_str()).collect()
}

#[tokio::test]
async fn accepted_plan_is_recorded_and_told() {
    let workshop = planned();

    let answer = hand_over(&workshop, ENGINEER).await;

    assert_eq!((answer.success, answer.message.as_str()), (true, "Plan handed over"), "{answer:#?}");
    assert_eq!((answer.rejected_by, answer.violations), (None, Vec::new()));
    let estimate = answer.output.estimate.expect("the definition can be priced");
    assert_eq!([estimate.estimated_unit_cost_usd, estimate.estimated_weight_g], [108.5981, 10.8]);
    let record = recorded(&workshop).await.expect("what passed is recorded");
    let expected = PlanRecord {
        role: ENGINEER,
        revision: 1,
        todo: items(&["Model the bracket", "Check that it can be made", "Submit"]),
        objectives_sha256: sha256(OBJECTIVES.as_bytes()),
        at: record.at,
    };
    assert_eq!(record, expected);
    assert_eq!(types_of(&answer.events), [EventType::PlanSubmissionEngineer.name()]);
    let present = ["plan.md", "todo.md", "objectives.yaml", "assembly_definition.yaml"];
    assert_eq!(answer.events[0]["artifacts_present"], json!(present));
    assert_eq!(answer.events[0]["accepted"], true);
}

#[tokio::test]
async fn revision_counts_up() {
    let workshop = planned();
    for revision in 1..=3 {
        assert_eq!(hand_over(&workshop, ENGINEER).await.output.revision, Some(revision));
        assert_eq!(recorded(&workshop).await.map(|record| record.revision), Some(revision));
    }
}

#[rstest]
#[case::plan(PLAN_FILE, "## 5. Risk Assessment", "## 5. Risks", Gate::Plan, EventType::LintFailureDocs.name())]
#[case::todo(TODO_FILE, "- [ ] Submit", "- [?] Submit", Gate::Todo, EventType::LintFailureDocs.name())]
#[case::objectives(OBJECTIVES_FILE, "0.0, 500.0]", "0.0, 60.0]", Gate::Objectives, EventType::LogicFailure.name())]
#[case::definition(
    ASSEMBLY_DEFINITION_FILE,
    "estimated_weight_g: 10.8",
    "estimated_weight_g: 5.0",
    Gate::AssemblyDefinition,
    EventType::LogicFailure.name()
)]
#[tokio::test]
async fn refused_plan_records_nothing(
    #[case] file: &str,
    #[case] from: &str,
    #[case] to: &str,
    #[case] gate: Gate,
    #[case] event: &str,
) {
    let workshop = planned();
    workshop.edit(file, from, to);

    let answer = hand_over(&workshop, ENGINEER).await;

    assert_eq!((answer.success, answer.rejected_by), (false, Some(gate)), "{answer:#?}");
    assert!(answer.message.starts_with(&format!("{file} invalid: [")), "{}", answer.message);
    assert_eq!((answer.output.revision, recorded(&workshop).await), (None, None));
    assert_eq!(types_of(&answer.events), [EventType::PlanSubmissionEngineer.name(), event]);
    let facts = (&answer.events[0]["accepted"], &answer.events[1]["file_path"]);
    assert_eq!(facts, (&Value::from(false), &Value::from(file)));
    assert_eq!(answer.warnings, [""; 0]);
}

#[tokio::test]
async fn missing_documents_are_named_together() {
    let workshop = planned();
    let all = [PLAN_FILE, TODO_FILE, OBJECTIVES_FILE, ASSEMBLY_DEFINITION_FILE];
    for file in all {
        workshop.delete(file);
    }
    let answer = hand_over(&workshop, ENGINEER).await;
    let sentences = all.map(|file| format!("{file} is missing (required for submission)"));
    assert_eq!(answer.message, sentences.join("; "));
    assert_eq!(rules(&answer.violations), [MISSING; 4]);
    assert_eq!((answer.rejected_by, answer.output), (Some(Gate::Plan), PlanOutput::default()));
    assert_eq!(recorded(&workshop).await, None);
}

#[tokio::test]
async fn planned_item_may_be_skipped_but_not_vanish() {
    let workshop = planned();
    hand_over(&workshop, ENGINEER).await;
    let before = recorded(&workshop).await;
    let item = "- [ ] Check that it can be made\n";
    workshop.edit(TODO_FILE, item, "");

    let refused = hand_over(&workshop, ENGINEER).await;
    assert_eq!((refused.rejected_by, rules(&refused.violations)), (Some(Gate::Todo), vec!["todo.deleted_items"]));
    assert!(refused.message.contains("Check that it can be made"), "{}", refused.message);
    assert_eq!(recorded(&workshop).await, before);

    let skipped = item.replace("[ ]", "[-]");
    workshop.edit(TODO_FILE, "- [ ] Submit", &format!("- [ ] Paint it\n{skipped}- [ ] Submit"));
    assert_eq!(hand_over(&workshop, ENGINEER).await.output.revision, Some(2));
    let now = recorded(&workshop).await.map(|record| record.todo);
    assert_eq!(now, Some(items(&["Model the bracket", "Paint it", "Check that it can be made", "Submit"])));
}

#[tokio::test]
async fn other_role_is_refused_after_a_plan() {
    let workshop = planned();
    hand_over(&workshop, ENGINEER).await;
    let before = recorded(&workshop).await;
    workshop.write(PLAN_FILE, BENCHMARK_PLAN);
    let answer = hand_over(&workshop, BENCHMARK).await;
    assert_eq!((answer.rejected_by, rules(&answer.violations)), (Some(Gate::Plan), vec!["plan.other_stage"]));
    assert_eq!(recorded(&workshop).await, before);
}

#[rstest]
#[case::of_a_solution(planned(), ENGINEER, Some(Gate::Environment))]
#[case::of_a_benchmark(FakeWorkshop::benchmark(), BENCHMARK, None)]
#[tokio::test]
async fn plan_fixes_the_objectives_of_a_solution(
    #[case] workshop: FakeWorkshop,
    #[case] role: PlannerRole,
    #[case] rejected_by: Option<Gate>,
) {
    assert!(hand_over(&workshop, role).await.success);
    workshop.edit(OBJECTIVES_FILE, "constraints:", "# Mine.\nconstraints:");

    let answer = hand_over(&workshop, role).await;

    assert_eq!((answer.success, answer.rejected_by), (rejected_by.is_none(), rejected_by), "{answer:#?}");
    let record = recorded(&workshop).await.expect("the first plan passed");
    let is_new = record.objectives_sha256 != sha256(OBJECTIVES.as_bytes());
    assert_eq!((is_new, record.revision), (rejected_by.is_none(), if rejected_by.is_none() { 2 } else { 1 }));
}

#[tokio::test]
async fn role_decides_what_a_plan_must_hold() {
    // No assembly definition, and the three topics of a benchmark.
    let benchmark = FakeWorkshop::benchmark();
    let refused = hand_over(&benchmark, ENGINEER).await;
    let gates: Vec<_> = refused.violations.iter().map(|finding| finding.gate).collect();
    let mut expected = vec![Gate::Plan; 5];
    expected.push(Gate::AssemblyDefinition);
    assert_eq!(gates, expected, "{refused:#?}");

    let answer = hand_over(&benchmark, BENCHMARK).await;
    assert!(answer.success, "{answer:#?}");
    assert_eq!(types_of(&answer.events), [EventType::PlanSubmissionBenchmark.name()]);
    assert_eq!(recorded(&benchmark).await.map(|record| record.role), Some(BENCHMARK));

    let refused = hand_over(&planned(), BENCHMARK).await;
    assert_eq!(rules(&refused.violations), ["plan.missing_section"; 3]);
}

/// What the hand-over of a plan warns of.
async fn warnings(workshop: &FakeWorkshop, role: PlannerRole) -> String {
    let answer = hand_over(workshop, role).await;
    assert!(answer.success, "{answer:#?}");
    answer.warnings.join("; ")
}

#[tokio::test]
async fn missing_baseline_is_warned_of() {
    let (nothing, half) =
        ("and the environment are compared with nothing", "first commit, the environment with nothing");
    let bare = planned();
    let told = warnings(&bare, ENGINEER).await;
    assert!(told.ends_with(nothing), "{told}");
    // By now the first plan fixes the objectives.
    let told = warnings(&bare, ENGINEER).await;
    assert!(told.ends_with(half), "{told}");

    let mut committed = planned();
    committed.first_objectives = Some(OBJECTIVES.as_bytes().to_vec());
    let told = warnings(&committed, ENGINEER).await;
    assert!(told.ends_with(half), "{told}");

    let solving = planned();
    solving.receive(BTreeMap::new()).await;
    assert_eq!(warnings(&solving, ENGINEER).await, "");
    assert_eq!(warnings(&FakeWorkshop::benchmark(), BENCHMARK).await, "");
}

#[test]
fn costing_of_a_missing_file_is_refused() {
    let mut events = Vec::new();
    let (answer, text) = costing(None, None, FakeWorkshop::solution().materials(), |body| events.push(body));
    assert_eq!((answer.success, answer.rejected_by), (false, Some(Gate::AssemblyDefinition)));
    assert_eq!(answer.message, "assembly_definition.yaml is missing; write it first");
    assert!(matches!(&events[..], [EventBody::LogicFailure(_)]), "{events:?}");
    assert_eq!((answer.output, text), (CostingOutput::default(), None));
}

#[test]
fn costing_fills_the_computed_figures_in() {
    let estimated = ASSEMBLY.replace("108.5981", "1.0").replace("10.8", "1.0");
    let mut events = Vec::new();
    let (answer, text) =
        costing(Some(estimated.as_bytes()), None, FakeWorkshop::solution().materials(), |body| events.push(body));
    assert_eq!((answer.success, answer.message.as_str()), (true, "Costing is sound: $108.60 and 10.8 g a unit"));
    assert_eq!(events, []);
    let text = text.expect("the file could be read");
    assert_eq!(text.matches("108.5981").count(), 2, "{text}");
    assert!(text.contains("estimated_weight_g: 10.8"), "{text}");
}

//! INT-005 — the planner hands over four artifacts, or nothing.
//!
//! Seam: session files → worker-heavy `submit_plan` → gates → record and events
//! Requirement: hand-over is blocked unless `plan.md`, `todo.md`, `objectives.yaml` and `assembly_definition.yaml` are
//! present and valid; the refusal names each file that is at fault, all at once.

use contract::{
    events::EventType,
    gate::Gate,
    handover::{PlanRequest, PlannerRole, SubmitRequest},
};
use rstest::rstest;
use testkit::{
    Context, EventLog, Workspace,
    solutions::{Benchmark, Solution},
};

use crate::ctx;

#[rstest]
#[tokio::test]
async fn sound_plan_is_handed_over(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("plan");
    session.must_hold(&Solution::bracket().planned()).await;

    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;

    assert!(answer.success, "{answer:#?}");
    assert_eq!((answer.rejected_by, answer.output.revision), (None, Some(1)));
    assert_eq!(answer.violations, []);
    let submitted = EventLog::from_answer(&answer.events);
    let submitted = submitted.the_one(EventType::PlanSubmissionEngineer);
    assert_eq!(submitted["accepted"], true);
    assert_eq!(submitted["plan_path"], "plan.md");

    let again = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert_eq!(again.output.revision, Some(2), "a plan that comes back is counted");
    Ok(())
}

#[rstest]
#[case::plan("plan.md", Gate::Plan, EventType::LintFailureDocs)]
#[case::todo("todo.md", Gate::Todo, EventType::LintFailureDocs)]
#[case::objectives("objectives.yaml", Gate::Objectives, EventType::LogicFailure)]
#[case::assembly("assembly_definition.yaml", Gate::AssemblyDefinition, EventType::LogicFailure)]
#[tokio::test]
async fn missing_artifact_blocks_the_hand_over(
    #[future(awt)] ctx: Context,
    #[case] file: &str,
    #[case] gate: Gate,
    #[case] event: EventType,
) -> anyhow::Result<()> {
    let session = ctx.session("missing");
    session.must_hold(&Solution::bracket().planned()).await;
    session.light.must_delete_file(file).await;

    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;

    assert!(!answer.success, "a plan without {file} was handed over");
    assert_eq!(answer.rejected_by, Some(gate));
    assert_eq!(answer.output.revision, None);
    assert!(answer.message.contains(&format!("{file} is missing (required for submission)")), "{}", answer.message);
    let of_file: Vec<_> = answer.violations.iter().filter(|violation| violation.violation.file == file).collect();
    assert!(matches!(of_file[..], [only] if only.violation.rule == "file.missing"), "{:#?}", answer.violations);
    let told = EventLog::from_answer(&answer.events);
    assert_eq!(told.the_one(event)["file_path"], file);
    assert_eq!(told.the_one(EventType::PlanSubmissionEngineer)["accepted"], false);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn untouched_objectives_template_counts_as_missing(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    // Every session begins with the template, which nobody wrote.
    let session = ctx.session("template");
    session.must_hold(&Solution::bracket().planned().files().without("objectives.yaml")).await;
    assert!(session.light.must_exist_or_not("objectives.yaml").await, "expected the session to have its template");

    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;

    assert_eq!(answer.rejected_by, Some(Gate::Objectives), "{}", answer.message);
    assert!(answer.message.contains("objectives.yaml is missing"), "{}", answer.message);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn all_faults_are_reported_at_once(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("all");
    let solution = Solution::bracket()
        .planned()
        .with_objectives(|it| it.max_unit_cost = -1.0)
        .files()
        .changed("plan.md", "## 5. Risk Assessment", "## 5. Risks")
        .changed("todo.md", "- [ ] Submit", "- [?] Submit")
        .changed("assembly_definition.yaml", "quantity: 1", "quantity: none");
    session.must_hold(&solution).await;

    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;

    assert_eq!(answer.rejected_by, Some(Gate::Plan), "the first gate in the order refuses");
    for file in ["plan.md", "todo.md", "objectives.yaml", "assembly_definition.yaml"] {
        assert!(
            answer.violations.iter().any(|violation| violation.violation.file == file),
            "{file}: {:#?}",
            answer.violations
        );
        assert!(answer.message.contains(file), "{file} is not named: {}", answer.message);
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn another_role_does_not_release_the_fixed_plan(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("role");
    session.must_hold(&Solution::bracket().planned()).await;
    assert!(session.heavy.must_submit_plan(&PlanRequest::default()).await.success);
    session.light.must_write_file("plan.md", Benchmark::bystander().plan).await;

    let as_other = PlanRequest { role: PlannerRole::BenchmarkPlanner };
    let answer = session.heavy.must_submit_plan(&as_other).await;

    assert_eq!((answer.success, answer.rejected_by), (false, Some(Gate::Plan)), "{answer:#?}");
    assert!(answer.message.contains("stage benchmark") && answer.message.contains("session"), "{}", answer.message);

    let eased = Solution::bracket()
        .with_objectives(|it| it.max_unit_cost = 1500.0)
        .with_assembly(|it| it.benchmark.usd = 1500.0);
    session.must_hold(&eased).await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    let submitted = session.heavy.must_submit(&SubmitRequest::default()).await;
    assert_eq!(submitted.rejected_by, Some(Gate::Environment), "{submitted:#?}");
    Ok(())
}

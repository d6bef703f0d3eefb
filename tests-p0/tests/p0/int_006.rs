//! INT-006 — plan.md has its five sections.
//!
//! Seam: session files → worker-heavy `submit_plan` → gates
//! Requirement: the five headings stand exactly as required and in their order, each with the content that it needs;
//! every violation names the line and the rule.

use contract::{
    events::EventType,
    gate::Gate,
    handover::{PlanRequest, PlanResponse},
};
use rstest::rstest;
use testkit::{Context, EventLog, Files, Workspace, solutions::Solution};

use crate::ctx;

/// The bracket's files, as its planner leaves them.
fn files() -> Files {
    Solution::bracket().planned().files()
}

async fn hand_over(ctx: &Context, files: &Files) -> PlanResponse {
    let session = ctx.session("plan");
    session.must_hold(files).await;
    session.heavy.must_submit_plan(&PlanRequest::default()).await
}

#[rstest]
#[case::and_written_out("Cost & Weight", "Cost and Weight")]
#[case::further_heading("## 2. Parts List", "## Assumptions\nNone.\n\n## 2. Parts List")]
#[case::bullets_for_a_table(
    "| part | cost | weight |\n|---|---|---|\n| bracket | 108.60 USD | 10.8 g |",
    "- bracket: 108.60 USD"
)]
#[tokio::test]
async fn sound_plan_passes(#[future(awt)] ctx: Context, #[case] from: &str, #[case] to: &str) -> anyhow::Result<()> {
    let answer = hand_over(&ctx, &files().changed("plan.md", from, to)).await;
    assert!(answer.success, "{}", answer.message);
    Ok(())
}

#[rstest]
#[case::missing("## 5. Risk Assessment\n", "", "Missing required section: ## 5. Risk Assessment")]
#[case::renamed("## 2. Parts List", "## 2. Parts", "Missing required section: ## 2. Parts List")]
#[case::level_three(
    "## 3. Assembly Strategy",
    "### 3. Assembly Strategy",
    "Missing required section: ## 3. Assembly Strategy"
)]
#[case::other_case(
    "## 1. Solution Overview",
    "## 1. solution overview",
    "Missing required section: ## 1. Solution Overview"
)]
#[case::in_a_code_block(
    "## 1. Solution Overview",
    "```\n## 1. Solution Overview\n```",
    "Missing required section: ## 1. Solution Overview"
)]
#[case::parts_as_prose("- bracket: a block", "bracket: a block", "Parts List must contain a bullet list or table")]
#[case::steps_unnumbered(
    "1. Mill the bracket.\n2. Stand",
    "Mill the bracket. Stand",
    "Assembly Strategy must contain a numbered list"
)]
#[case::budget_as_prose(
    "| part | cost | weight |\n|---|---|---|\n| bracket | 108.60 USD | 10.8 g |",
    "It costs 108.60 USD.",
    "Cost & Weight Budget must contain"
)]
#[case::risks_as_prose("- The ball may roll", "The ball may roll", "Risk Assessment must contain")]
#[tokio::test]
async fn malformed_plan_is_refused(
    #[future(awt)] ctx: Context,
    #[case] from: &str,
    #[case] to: &str,
    #[case] words: &str,
) -> anyhow::Result<()> {
    let answer = hand_over(&ctx, &files().changed("plan.md", from, to)).await;

    assert!(!answer.success, "the plan passed");
    assert_eq!(answer.rejected_by, Some(Gate::Plan));
    assert!(answer.message.contains("plan.md invalid"), "{}", answer.message);
    assert!(answer.message.contains(words), "{words:?} is not in: {}", answer.message);
    let [only] = &answer.violations[..] else { panic!("one thing is wrong, reported are {:#?}", answer.violations) };
    assert_eq!(only.violation.file, "plan.md");
    assert!(only.violation.rule.starts_with("plan."), "{only:?}");
    let told = EventLog::from_answer(&answer.events);
    assert!(told.the_one(EventType::LintFailureDocs)["errors"].to_string().contains("plan.md"), "{told:?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn sections_out_of_order_are_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let swapped = files()
        .changed("plan.md", "## 2. Parts List", "## X")
        .changed(
            "plan.md",
            "## 3. Assembly Strategy\n1. Mill the bracket.\n2. Stand it beside the goal.\n",
            "## 2. Parts List\n- bracket\n",
        )
        .changed("plan.md", "## X\n", "## 3. Assembly Strategy\n1. Mill it.\n");
    let answer = hand_over(&ctx, &swapped).await;
    assert_eq!(answer.rejected_by, Some(Gate::Plan), "{}", answer.message);
    assert!(
        answer.violations.iter().any(|violation| violation.violation.rule.contains("order")),
        "{:#?}",
        answer.violations
    );
    Ok(())
}

#[rstest]
#[tokio::test]
async fn several_faults_are_reported_with_their_lines(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let broken = files()
        .changed("plan.md", "- bracket: a block", "bracket: a block")
        .changed("plan.md", "## 5. Risk Assessment\n", "")
        .changed("plan.md", "1. Mill the bracket.\n2. Stand", "Mill the bracket. Stand");
    let answer = hand_over(&ctx, &broken).await;
    assert!(answer.violations.len() >= 3, "{:#?}", answer.violations);
    let of_parts = answer.violations.iter().find(|violation| violation.violation.message.contains("Parts List"));
    // The heading of section 2 is the sixth line of the file.
    assert_eq!(
        of_parts.and_then(|violation| violation.violation.place.as_deref()),
        Some("line 6"),
        "{:#?}",
        answer.violations
    );
    Ok(())
}

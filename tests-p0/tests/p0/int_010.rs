//! INT-010 — the planner's price is computed and capped.
//!
//! Seam: worker-heavy `validate_costing_and_price` and `submit_plan`; worker-light execute → agent tools → workbench
//! Requirement: `validate_costing_and_price` recomputes cost and weight and writes them back; declared totals that are
//! off and totals over their caps block the hand-over; scripts reach the same engine.

use contract::{
    assembly::CostingEstimate,
    handover::{Gate, PlanRequest},
};
use rstest::rstest;
use testkit::{Context, Session, solutions::Solution};

use crate::ctx;

/// The bracket's price and weight, derived at [`Solution::bracket`]: 100 + 0.0648 + 8.5333 USD, 10.8 g.
const UNIT_COST: f64 = 100.0 + 0.0648 + 1600.0 / 250.0 / 60.0 * 80.0;
const WEIGHT_G: f64 = 10.8;

fn close(found: f64, expected: f64) -> bool {
    // Figures in files have four decimals.
    (found - expected).abs() <= 1e-4
}

fn must_be_the_brackets(estimate: Option<&CostingEstimate>) {
    let estimate = estimate.expect("a sound file is priced");
    assert!(close(estimate.estimated_unit_cost_usd, UNIT_COST), "{estimate:?}, expected {UNIT_COST}");
    assert!(close(estimate.estimated_weight_g, WEIGHT_G), "{estimate:?}, expected {WEIGHT_G}");
}

async fn holding(ctx: &Context, purpose: &str, solution: &Solution) -> Session {
    let session = ctx.session(purpose);
    session.must_hold_solution(solution).await;
    session
}

#[rstest]
#[tokio::test]
async fn totals_are_computed_and_written_back(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let guessed = Solution::bracket()
        .planned()
        .with("assembly_definition.yaml", "estimated_unit_cost_usd: 108.5981", "estimated_unit_cost_usd: 12.0")
        .with("assembly_definition.yaml", "estimated_weight_g: 10.8", "estimated_weight_g: 1.0")
        .with("assembly_definition.yaml", "version: \"1.0\"", "version: \"1.0\"\nremark: kept");
    let session = holding(&ctx, "costing", &guessed).await;
    let refused = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert_eq!(
        refused.rejected_by,
        Some(Gate::AssemblyDefinition),
        "declared totals are off by a factor: {refused:#?}"
    );

    let costing = session.heavy.must_validate_costing_and_price().await;

    assert!(costing.success, "{costing:#?}");
    must_be_the_brackets(costing.estimate.as_ref());
    let written: serde_json::Value =
        serde_yaml::from_str(&session.light.must_read_file("assembly_definition.yaml").await)?;
    let total = written["totals"]["estimated_unit_cost_usd"].as_f64().unwrap_or_default();
    assert!(close(total, UNIT_COST), "{written:#}");
    assert!(close(written["manufactured_parts"][0]["estimated_unit_cost_usd"].as_f64().unwrap_or_default(), UNIT_COST));
    assert_eq!(written["remark"], "kept", "what the tool does not know was lost");
    let handed_over = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert!(handed_over.success, "{handed_over:#?}");
    must_be_the_brackets(handed_over.estimate.as_ref());
    Ok(())
}

#[rstest]
#[case::four_percent(104.3, true)]
#[case::six_percent(102.0, false)]
#[tokio::test]
async fn declared_total_may_be_off_by_five_percent(
    #[future(awt)] ctx: Context,
    #[case] declared: f64,
    #[case] passes: bool,
) -> anyhow::Result<()> {
    // 104.3 is 3.96 % below 108.5981, 102.0 is 6.08 % below.
    let guessed = Solution::bracket().planned().with(
        "assembly_definition.yaml",
        "totals:\n  estimated_unit_cost_usd: 108.5981",
        &format!("totals:\n  estimated_unit_cost_usd: {declared}"),
    );
    let session = holding(&ctx, "declared", &guessed).await;
    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert_eq!(answer.success, passes, "{answer:#?}");
    Ok(())
}

#[rstest]
#[case::cost("planner_target_max_unit_cost_usd: 120.0", "planner_target_max_unit_cost_usd: 105.0", "108.5981")]
#[case::weight("planner_target_max_weight_g: 20.0", "planner_target_max_weight_g: 10.0", "10.8")]
#[tokio::test]
async fn over_its_cap_nothing_is_handed_over(
    #[future(awt)] ctx: Context,
    #[case] from: &str,
    #[case] to: &str,
    #[case] measured: &str,
) -> anyhow::Result<()> {
    let session = holding(&ctx, "cap", &Solution::bracket().planned().with("assembly_definition.yaml", from, to)).await;
    let costing = session.heavy.must_validate_costing_and_price().await;
    assert!(!costing.success, "{costing:#?}");
    must_be_the_brackets(costing.estimate.as_ref());
    assert!(costing.message.contains("exceeds target limit"), "{}", costing.message);
    assert!(costing.message.contains(measured), "{measured} is not told: {}", costing.message);
    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert_eq!(answer.rejected_by, Some(Gate::AssemblyDefinition), "{answer:#?}");
    assert_eq!(answer.revision, None);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn cheaper_declaration_does_not_help(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    // 104.3 USD is under the cap of 105 and within 5 % of what it really costs, which is over the cap.
    let cheat = Solution::bracket()
        .planned()
        .with(
            "assembly_definition.yaml",
            "planner_target_max_unit_cost_usd: 120.0",
            "planner_target_max_unit_cost_usd: 105.0",
        )
        .with(
            "assembly_definition.yaml",
            "totals:\n  estimated_unit_cost_usd: 108.5981",
            "totals:\n  estimated_unit_cost_usd: 104.3",
        );
    let session = holding(&ctx, "cheat", &cheat).await;
    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert_eq!(answer.rejected_by, Some(Gate::AssemblyDefinition), "{answer:#?}");
    assert!(answer.message.contains("exceeds target limit"), "{}", answer.message);
    Ok(())
}

/// Both names of the planner's script, as an agent runs them.
#[rstest]
#[case("validate_costing_and_price.py")]
#[case("validate_and_price.py")]
#[tokio::test]
async fn scripts_reach_the_same_engine(#[future(awt)] ctx: Context, #[case] script: &str) -> anyhow::Result<()> {
    let guessed = Solution::bracket().planned().with(
        "assembly_definition.yaml",
        "estimated_unit_cost_usd: 108.5981",
        "estimated_unit_cost_usd: 12.0",
    );
    let session = holding(&ctx, "script", &guessed).await;
    let code = format!(
        "import runpy\nrunpy.run_path('/skills/manufacturing-knowledge/scripts/{script}', run_name='__main__')"
    );

    let run = session.light.must_execute(&code, 60).await;

    assert_eq!(run.exit_code, 0, "{} {}", run.stdout, run.stderr);
    assert!(run.stdout.contains("108.6"), "the price is not printed: {}", run.stdout);
    let written: serde_json::Value =
        serde_yaml::from_str(&session.light.must_read_file("assembly_definition.yaml").await)?;
    assert!(close(written["totals"]["estimated_unit_cost_usd"].as_f64().unwrap_or_default(), UNIT_COST), "{written:#}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn script_over_its_cap_fails_and_says_why(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let dear = Solution::bracket().planned().with(
        "assembly_definition.yaml",
        "planner_target_max_unit_cost_usd: 120.0",
        "planner_target_max_unit_cost_usd: 105.0",
    );
    let session = holding(&ctx, "script", &dear).await;
    let code = "from utils import validate_costing_and_price\nresult = validate_costing_and_price()\n\
                print(result['success'], [v['message'] for v in result['violations']])";
    let run = session.light.must_execute(code, 60).await;
    assert_eq!(run.exit_code, 0, "{}", run.stderr);
    assert!(run.stdout.starts_with("False") && run.stdout.contains("exceeds target limit"), "{}", run.stdout);
    assert!(run.events.iter().any(|event| event["event_type"] == "logic_failure"), "{:?}", run.events);
    Ok(())
}

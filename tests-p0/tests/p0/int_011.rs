//! INT-011 — planner caps stay under the customer's caps.
//!
//! Seam: session files → worker-heavy `submit_plan` → gates
//! Requirement: the planner's own caps are at most those of the benchmark, as the assembly definition repeats them and
//! as `objectives.yaml` really sets them.

use contract::{
    gate::Gate,
    handover::{PlanRequest, PlanResponse},
};
use rstest::rstest;
use testkit::{Context, assembly::Assembly, solutions::Solution};

use crate::ctx;

/// Hands the bracket over with another assembly definition.
async fn hand_over(ctx: &Context, change: impl FnOnce(&mut Assembly)) -> PlanResponse {
    let session = ctx.session("caps");
    session.must_hold(&Solution::bracket().planned().with_assembly(change)).await;
    session.heavy.must_submit_plan(&PlanRequest::default()).await
}

#[rstest]
#[case::below(|it: &mut Assembly| it.planner.usd = 149.99)]
#[case::equal(|it: &mut Assembly| it.planner.usd = 150.0)]
#[case::equal_weight(|it: &mut Assembly| it.planner.g = 50.0)]
#[tokio::test]
async fn caps_up_to_the_customers_pass(
    #[future(awt)] ctx: Context,
    #[case] cap: fn(&mut Assembly),
) -> anyhow::Result<()> {
    let answer = hand_over(&ctx, cap).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

#[rstest]
#[case::cost(|it: &mut Assembly| it.planner.usd = 151.0, "must be less than or equal to benchmark max cost")]
#[case::weight(|it: &mut Assembly| it.planner.g = 50.5, "must be less than or equal to benchmark max weight")]
#[tokio::test]
async fn caps_over_the_customers_are_refused(
    #[future(awt)] ctx: Context,
    #[case] cap: fn(&mut Assembly),
    #[case] words: &str,
) -> anyhow::Result<()> {
    let answer = hand_over(&ctx, cap).await;
    assert_eq!(answer.rejected_by, Some(Gate::AssemblyDefinition), "{answer:#?}");
    assert!(answer.message.contains(words), "{words:?} is not in: {}", answer.message);
    assert_eq!(answer.output.revision, None, "a refused plan was recorded");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn repeated_cap_cannot_raise_the_customers_cap(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    // The file agrees with itself, but objectives.yaml still says 150.
    let answer = hand_over(&ctx, |it| (it.benchmark.usd, it.planner.usd) = (300.0, 290.0)).await;
    assert_eq!(answer.rejected_by, Some(Gate::AssemblyDefinition), "{answer:#?}");
    let tells_both = answer
        .violations
        .iter()
        .any(|violation| violation.violation.message.contains("290") && violation.violation.message.contains("150"));
    assert!(tells_both, "no violation compares 290 with the customer's 150: {:#?}", answer.violations);
    Ok(())
}

//! INT-019 — cost, weight and build zone are hard limits.
//!
//! Seam: session files → worker-heavy `validate_and_price`, simulate, submit → workbench
//! Requirement: simulation and submission are blocked for a design over its price, over its weight or out of its build
//! zone; each refusal names the measured value and the limit. The environment is free of charge, and nothing else is.

use contract::{
    benchmark::BenchmarkRequest,
    gate::Gate,
    handover::SubmitRequest,
    workbench::{PriceRequest, PriceResponse},
};
use rstest::rstest;
use serde_json::Value;
use testkit::{
    Context, Session, Workspace, designs,
    solutions::{Benchmark, BracketScript, Solution},
};

use crate::ctx;

/// The bracket of another shape.
fn shaped(shape: &str) -> Solution {
    Solution::bracket().with_script(|it| it.shape = shape.into())
}

async fn price(session: &Session) -> PriceResponse {
    session.heavy.must_validate_and_price(&PriceRequest::default()).await
}

fn number(value: Option<&Value>) -> f64 {
    value.and_then(Value::as_f64).unwrap_or_else(|| panic!("{value:?} is not a number"))
}

#[rstest]
#[tokio::test]
async fn design_within_its_limits_is_priced(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("within");
    session.must_hold(&Solution::bracket()).await;
    let answer = price(&session).await;
    assert!(answer.success, "{answer:#?}");
    let report = answer.output.report.expect("a design that was built has a report");
    // Derived at `Solution::bracket`. The faces of a block are exact, so only rounding of the sum remains.
    assert!((report.unit_cost - (100.0 + 0.0648 + 8.0 * 16.0 / 15.0)).abs() < 1e-6, "{report:#?}");
    assert!((report.weight_g - 10.8).abs() < 1e-6, "{report:#?}");
    assert_eq!((report.max_unit_cost, report.max_weight_g), (Some(150.0), Some(50.0)));
    Ok(())
}

#[rstest]
// 60 × 60 × 10 mm: stock 36 cm³ · 2.7 · 6 / 1000 = 0.5832; 9600 mm² / 250 mm²/min = 38.4 min = 51.2; 151.7832 USD.
// It also weighs 97.2 g.
#[case::too_dear(
    "Pos(70, 0, 5) * Box(60, 60, 10)",
    Gate::Cost,
    151.7832,
    150.0,
    "Unit cost $151.78 exceeds limit $150.00"
)]
// 30 × 30 × 25 mm: 22.5 cm³ · 2.7 g/cm³ = 60.75 g; 0.3645 + 4800 / 250 / 60 · 80 + 100 = 125.9645 USD.
#[case::too_heavy("Pos(70, 0, 15) * Box(30, 30, 25)", Gate::Weight, 60.75, 50.0, "exceeds limit")]
#[tokio::test]
async fn design_over_a_cap_is_blocked(
    #[future(awt)] ctx: Context,
    #[case] block: &str,
    #[case] gate: Gate,
    #[case] measured: f64,
    #[case] limit: f64,
    #[case] words: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("over");
    session.must_hold(&shaped(block)).await;
    session.must_be_valid().await;

    let answer = price(&session).await;
    assert!(!answer.success, "{answer:#?}");
    assert_eq!(answer.rejected_by, Some(gate), "{answer:#?}");
    assert!(answer.message.contains(words), "{words:?} is not in: {}", answer.message);
    let found = &answer.violations[0];
    assert!((number(found.violation.measured.as_ref()) - measured).abs() < 1e-4, "{found:#?}, expected {measured}");
    assert!((number(found.violation.limit.as_ref()) - limit).abs() < 1e-9, "{found:#?}");

    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert_eq!((simulated.rejected_by, simulated.output.result), (Some(gate), None), "{}", simulated.message);
    let submitted = session.heavy.must_submit(&SubmitRequest::default()).await;
    assert_eq!(submitted.rejected_by, Some(gate), "{submitted:#?}");
    assert!(submitted.message.contains("Submission rejected ("), "{}", submitted.message);
    assert_eq!(submitted.output.manifest, None);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn both_exceeded_caps_are_reported_together(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("both");
    session.must_hold(&shaped("Pos(70, 0, 5) * Box(60, 60, 10)")).await;
    let answer = price(&session).await;
    assert!(answer.message.contains("cost") && answer.message.contains("97.2"), "{}", answer.message);
    Ok(())
}

#[rstest]
// The price is 108.5981333…: a cap just above it passes, one just below it does not.
#[case::just_enough(108.5982, true)]
#[case::just_short(108.598, false)]
#[tokio::test]
async fn cap_is_enforced_to_the_last_digit(
    #[future(awt)] ctx: Context,
    #[case] cap: f64,
    #[case] passes: bool,
) -> anyhow::Result<()> {
    let session = ctx.session("edge");
    session.must_hold(&Solution::bracket().with_objectives(|it| it.max_unit_cost = cap)).await;
    let answer = price(&session).await;
    assert_eq!(answer.success, passes, "{answer:#?}");
    Ok(())
}

#[rstest]
#[case::across_the_border("Pos(295, 0, 5) * Box(20, 20, 10)", "X max (305.000) > build zone max (300.000)")]
#[case::wholly_outside("Pos(0, -400, 5) * Box(20, 20, 10)", "Y min (-410.000) < build zone min (-300.000)")]
#[tokio::test]
async fn design_outside_the_build_zone_is_blocked(
    #[future(awt)] ctx: Context,
    #[case] block: &str,
    #[case] words: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("zone");
    session.must_hold(&shaped(block)).await;

    let answer = price(&session).await;
    assert_eq!(answer.rejected_by, Some(Gate::BuildZone), "{answer:#?}");
    assert!(answer.message.contains("Build zone violation") && answer.message.contains(words), "{}", answer.message);
    let validated = session.heavy.must_validate(&BenchmarkRequest::default()).await;
    assert!(!validated.success && validated.message.contains(words), "{}", validated.message);

    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert_eq!(
        (simulated.rejected_by, simulated.output.result),
        (Some(Gate::BuildZone), None),
        "{}",
        simulated.message
    );
    assert!(!session.heavy.must_submit(&SubmitRequest::default()).await.success);
    Ok(())
}

/// A design that passed everything is not submitted once the zone no longer holds it. Which gate speaks first is the
/// stack's affair; validation and price name the zone.
#[rstest]
#[tokio::test]
async fn submission_out_of_the_build_zone_is_blocked(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("shrunk");
    session.must_hold(&Solution::bracket()).await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    let (from, to) = (
        "build_zone: {min: [-300.0, -300.0, -10.0], max: [300.0,",
        "build_zone: {min: [-300.0, -300.0, -10.0], max: [79.0,",
    );
    session.light.must_edit_file("objectives.yaml", from, to).await;
    for tool in ["validated", "priced"] {
        let told = match tool {
            "validated" => session.heavy.must_validate(&BenchmarkRequest::default()).await.message,
            _ => price(&session).await.message,
        };
        assert!(told.contains("X max (80.000) > build zone max (79.000)"), "{tool}: {told}");
    }
    let answer = session.heavy.must_submit(&SubmitRequest::default()).await;
    assert!(!answer.success && answer.output.manifest.is_none(), "{answer:#?}");
    assert!(matches!(answer.rejected_by, Some(Gate::BuildZone | Gate::Validation)), "{answer:#?}");
    Ok(())
}

/// What is bought is bought into the same zone: the servo of 40.7 mm sticks out by 1 mm.
#[rstest]
#[tokio::test]
async fn bought_part_must_fit_the_build_zone(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let script = designs::script(
        "servo = Pos(280.65, 0, 21.45) * Box(40.7, 19.7, 42.9)\n\
         servo.label = \"servo\"\n\
         servo.metadata = PartMetadata(cots_id=\"MG996R\")\n\
         return Compound(children=[servo])",
    );
    let session = ctx.session("bought");
    session.must_hold(&designs::Design { script, ..designs::ball_at_rest_beside_goal() }).await;
    let words = "X max (301.000) > build zone max (300.000)";
    let validated = session.heavy.must_validate(&BenchmarkRequest::default()).await;
    assert!(!validated.success && validated.message.contains(words), "{}", validated.message);
    let answer = price(&session).await;
    assert_eq!(answer.rejected_by, Some(Gate::BuildZone), "{answer:#?}");
    assert!(answer.message.contains(words), "{}", answer.message);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn price_uses_the_quantity_of_the_objectives(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("quantity");
    // At ten units the set-up of 100 USD counts 10 USD a unit: 10 + 0.0648 + 8.5333 = 18.5981.
    let files = Solution::bracket().files();
    session.must_hold(&files.changed("objectives.yaml", "max_unit_cost:", "target_quantity: 10, max_unit_cost:")).await;
    let report = price(&session).await.output.report.expect("a design that was built has a report");
    assert_eq!(report.quantity, 10);
    assert!((report.unit_cost - (10.0 + 0.0648 + 8.0 * 16.0 / 15.0)).abs() < 1e-6, "{report:#?}");
    Ok(())
}

/// Metadata of a part that is held in place and names no method.
const FIXED: &str = "PartMetadata(material_id=\"aluminum_6061\", fixed=True)";

#[rstest]
#[case::part(|it: &mut BracketScript| it.metadata = FIXED.into(), Gate::Manufacturability, "do not fix what you build")]
#[case::compound(
    |it: &mut BracketScript| it.metadata = "CompoundMetadata(fixed=True)".into(),
    Gate::Manufacturability,
    "a compound cannot be priced"
)]
// What names its method is priced, fixed or not: 151.7832 USD as above.
#[case::part_with_a_method(
    |it: &mut BracketScript| {
        it.shape = "Pos(70, 0, 5) * Box(60, 60, 10)".into();
        it.after = "bracket.metadata.is_fixed = True\n".into();
    },
    Gate::Cost,
    "Unit cost $151.78 exceeds limit $150.00"
)]
#[tokio::test]
async fn fixing_a_part_does_not_make_it_cheaper(
    #[future(awt)] ctx: Context,
    #[case] change: fn(&mut BracketScript),
    #[case] gate: Gate,
    #[case] words: &str,
) -> anyhow::Result<()> {
    let solution = Solution::bracket_in_environment().with_script(change);
    let session = ctx.solving(&ctx.bystander().await, &solution).await;
    session.must_be_valid().await;

    let answer = price(&session).await;
    assert!(!answer.success && answer.rejected_by == Some(gate), "{answer:#?}");
    assert!(answer.message.contains(words), "{words:?} is not in: {}", answer.message);
    assert_eq!(session.heavy.must_simulate(&BenchmarkRequest::default()).await.rejected_by, Some(gate));
    assert_eq!(session.heavy.must_submit(&SubmitRequest::default()).await.rejected_by, Some(gate));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn environment_is_exempt_from_price_and_build_zone(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    // A fixed block outside of the build zone, and a loose one that is milled: with it in the sum, 217 USD.
    let benchmark = Benchmark {
        script: designs::script(
            "fixed = part(Pos(150, 150, 20) * Box(40, 40, 40), \"bystander\", fixed=True)\n\
             return Compound(children=[fixed, part(Pos(-70, 0, 5) * Box(20, 20, 10), \"loose\")])",
        ),
        ..Benchmark::bystander().with_objectives(|it| it.build_zone = [[-100.0, -100.0, -10.0], [100.0, 100.0, 600.0]])
    };
    let benchmark = ctx.submitted(&benchmark).await;
    let session = ctx.solving(&benchmark, &Solution::bracket_in_environment()).await;

    session.must_be_valid().await;
    let answer = price(&session).await;
    assert!(answer.success, "{answer:#?}");
    let report = answer.output.report.expect("a design that was built has a report");
    let priced: Vec<_> = report.parts.iter().map(|part| part.label.as_str()).collect();
    assert_eq!(priced, ["bracket"]);
    assert!((report.unit_cost - (100.0 + 0.0648 + 8.0 * 16.0 / 15.0)).abs() < 1e-6, "{report:#?}");
    assert!(session.heavy.must_submit(&SubmitRequest::default()).await.success);

    // The engineer's own part is held to the zone by both.
    session.light.must_edit_file("script.py", "Pos(70, 0, 5)", "Pos(95, 0, 5)").await;
    assert_eq!(price(&session).await.rejected_by, Some(Gate::BuildZone));
    let validated = session.heavy.must_validate(&BenchmarkRequest::default()).await;
    assert!(validated.message.contains("part \"bracket\": X max (105.000)"), "{}", validated.message);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn benchmark_of_fixed_parts_costs_nothing(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("free");
    session.must_hold(&Benchmark::bystander()).await;
    let answer = price(&session).await;
    assert!(answer.success && answer.message.contains("0 parts, $0.00 and 0.0 g"), "{answer:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn price_from_before_the_hand_over_does_not_count(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let benchmark = ctx.bystander().await;
    let session = ctx.session("early");
    // Where nothing was handed over, what is fixed is an environment, and costs nothing.
    let solution = Solution::bracket_in_environment().with_script(|it| it.metadata = FIXED.into());
    session.must_hold(&solution).await;
    session.light.must_write_file("environment.py", &Benchmark::bystander().script).await;
    session.must_be_priced().await;

    session.must_receive(&benchmark).await;
    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert_eq!((simulated.rejected_by, simulated.output.result), (Some(Gate::Pricing), None), "{}", simulated.message);
    Ok(())
}

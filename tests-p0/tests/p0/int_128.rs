//! INT-128 — electronics requirements follow their schema.
//!
//! Seam: session files → worker-heavy `submit_plan` and simulate → gates
//! Requirement: `power_supply_available`, `wiring_constraints` and `circuit_validation_required` of `objectives.yaml` are
//! validated; malformed entries are rejected by field, before anything is simulated.

use contract::{benchmark::BenchmarkRequest, gate::Gate, handover::PlanRequest};
use rstest::rstest;
use testkit::{Context, solutions::Solution};

use crate::ctx;

fn with(requirements: &str) -> Solution {
    Solution::bracket().planned().with_objectives(|it| it.more = format!("electronics_requirements: {requirements}\n"))
}

#[rstest]
#[case::supply_only("{power_supply_available: {voltage_dc: 24.0, max_current_a: 5.0}}")]
#[case::everything(
    "{power_supply_available: {type: battery, voltage_dc: 12.0, max_current_a: 7.0, location: [0, 0, 10]}, \
     wiring_constraints: {max_total_wire_length_mm: 800.0, restricted_zones: [{name: hot, min: [0, 0, 0], max: [10, 10, 10]}]}, \
     circuit_validation_required: false}"
)]
#[case::none_at_all("null")]
#[tokio::test]
async fn well_formed_requirements_pass(#[future(awt)] ctx: Context, #[case] requirements: &str) -> anyhow::Result<()> {
    let session = ctx.session("electronics");
    session.must_hold(&with(requirements)).await;
    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

const SUPPLY: &str = "power_supply_available: {voltage_dc: 24.0, max_current_a: 5.0}";

#[rstest]
#[case::no_supply("{circuit_validation_required: true}".to_owned(), "power_supply_available")]
#[case::no_voltage("{power_supply_available: {max_current_a: 5.0}}".to_owned(), "power_supply_available.voltage_dc")]
#[case::voltage_in_words("{power_supply_available: {voltage_dc: high, max_current_a: 5.0}}".to_owned(), "power_supply_available.voltage_dc")]
#[case::no_potential("{power_supply_available: {voltage_dc: 0.0, max_current_a: 5.0}}".to_owned(), "power_supply_available.voltage_dc")]
#[case::negative_current("{power_supply_available: {voltage_dc: 24.0, max_current_a: -5.0}}".to_owned(), "power_supply_available.max_current_a")]
#[case::flat_location("{power_supply_available: {voltage_dc: 24.0, max_current_a: 5.0, location: [1, 2]}}".to_owned(), "power_supply_available.location")]
#[case::no_length_budget(format!("{{{SUPPLY}, wiring_constraints: {{restricted_zones: []}}}}"), "wiring_constraints.max_total_wire_length_mm")]
#[case::negative_length_budget(format!("{{{SUPPLY}, wiring_constraints: {{max_total_wire_length_mm: -1.0}}}}"), "wiring_constraints.max_total_wire_length_mm")]
#[case::zone_upside_down(
    format!("{{{SUPPLY}, wiring_constraints: {{max_total_wire_length_mm: 100.0, restricted_zones: [{{name: hot, min: [0, 0, 20], max: [10, 10, 10]}}]}}}}"),
    "wiring_constraints.restricted_zones[0]"
)]
#[case::nameless_zone(
    format!("{{{SUPPLY}, wiring_constraints: {{max_total_wire_length_mm: 100.0, restricted_zones: [{{min: [0, 0, 0], max: [10, 10, 10]}}]}}}}"),
    "wiring_constraints.restricted_zones[0].name"
)]
#[case::word_for_a_switch(format!("{{{SUPPLY}, circuit_validation_required: sometimes}}"), "circuit_validation_required")]
#[case::a_list("[24, 5]".to_owned(), "")]
#[tokio::test]
async fn malformed_requirements_are_refused_by_field(
    #[future(awt)] ctx: Context,
    #[case] requirements: String,
    #[case] field: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("malformed");
    session.must_hold(&with(&requirements)).await;

    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;

    assert_eq!(answer.rejected_by, Some(Gate::Objectives), "{answer:#?}");
    let field = format!("electronics_requirements{}{field}", if field.is_empty() { "" } else { "." });
    let places: Vec<_> =
        answer.violations.iter().filter_map(|violation| violation.violation.place.as_deref()).collect();
    assert!(places.iter().any(|place| place.starts_with(&field)), "no violation at {field}: {:#?}", answer.violations);

    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert_eq!(
        (simulated.rejected_by, simulated.output.result),
        (Some(Gate::Objectives), None),
        "{}",
        simulated.message
    );
    Ok(())
}

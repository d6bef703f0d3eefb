//! INT-008 — objectives.yaml makes geometric sense.
//!
//! Seam: session files → worker-heavy `submit_plan`, validate and simulate → gates
//! Requirement: zones are ordered and inside the bounds, nothing intersects that must not, names are unique, moving
//! parts are well defined; every violation names its field, the measured value and the limit.

use contract::{
    benchmark::BenchmarkRequest, events::EventType, gate::Gate, handover::PlanRequest, simulation::FailureReason,
};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Context, EventLog, solutions::Solution};

use crate::ctx;

/// Goal (-50…50, -50…50, 0…100), bounds (-300…300, -300…300, -10…600), start (0, 0, 500), a ball of radius 10.
const GOAL: &str = "goal_zone: {min: [-50.0, -50.0, 0.0], max: [50.0, 50.0, 100.0]}";
const NO_TRAPS: &str = "forbid_zones: []";
const START: &str = "start_position: [0.0, 0.0, 500.0]";
const JITTER: &str = "runtime_jitter: [0.0, 0.0, 0.0]";
const CAPS: &str = "constraints: {";
const BUILD_ZONE: &str = "build_zone: {min: [-300.0, -300.0, -10.0], max: [300.0, 300.0, 600.0]}";
const BOUNDS: &str = "simulation_bounds: {min: [-300.0, -300.0, -10.0], max: [300.0, 300.0, 600.0]}";

#[rstest]
#[case::trap_beside(NO_TRAPS, "forbid_zones: [{name: trap, min: [100, 100, 0], max: [120, 120, 20]}]")]
#[case::wide_jitter(JITTER, "runtime_jitter: [40.0, 40.0, 40.0]")]
#[case::weight_in_kilograms("max_weight_g: 50.0", "max_weight: 0.05")]
#[case::moving_part(
    CAPS,
    "moving_parts: [{part_name: fan, type: motor, dofs: [rotate_z], control: {mode: sinusoidal, speed: 2.0, frequency: 1.0}}]\nconstraints: {"
)]
#[case::unknown_key(CAPS, "remark: made by hand\nconstraints: {")]
#[tokio::test]
async fn sound_objectives_pass(
    #[future(awt)] ctx: Context,
    #[case] from: &str,
    #[case] to: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("sound");
    session.must_hold_solution(&Solution::bracket().planned().with("objectives.yaml", from, to)).await;
    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

#[rstest]
#[case::goal_upside_down(
    GOAL,
    "goal_zone: {min: [-50.0, -50.0, 100.0], max: [50.0, 50.0, 0.0]}",
    "objectives.goal_zone"
)]
#[case::goal_without_depth(
    GOAL,
    "goal_zone: {min: [-50.0, -50.0, 50.0], max: [50.0, 50.0, 50.0]}",
    "objectives.goal_zone"
)]
#[case::goal_outside(GOAL, "goal_zone: {min: [-50.0, -50.0, 0.0], max: [350.0, 50.0, 100.0]}", "objectives.goal_zone")]
#[case::trap_in_goal(
    NO_TRAPS,
    "forbid_zones: [{name: trap, min: [40, 40, 90], max: [90, 90, 120]}]",
    "objectives.forbid_zones[0]"
)]
#[case::trap_outside(
    NO_TRAPS,
    "forbid_zones: [{name: trap, min: [100, 100, 0], max: [120, 120, 620]}]",
    "objectives.forbid_zones[0]"
)]
#[case::trap_upside_down(
    NO_TRAPS,
    "forbid_zones: [{name: trap, min: [100, 120, 0], max: [120, 100, 20]}]",
    "objectives.forbid_zones[0]"
)]
#[case::build_zone_upside_down(
    BUILD_ZONE,
    "build_zone: {min: [-300.0, -300.0, 600.0], max: [300.0, 300.0, -10.0]}",
    "objectives.build_zone"
)]
#[case::build_zone_outside(
    BUILD_ZONE,
    "build_zone: {min: [-300.0, -300.0, -10.0], max: [300.0, 301.0, 600.0]}",
    "objectives.build_zone"
)]
#[case::bounds_upside_down(
    BOUNDS,
    "simulation_bounds: {min: [-300.0, 300.0, -10.0], max: [300.0, -300.0, 600.0]}",
    "simulation_bounds"
)]
#[case::two_traps_of_one_name(
    NO_TRAPS,
    "forbid_zones: [{name: trap, min: [100, 100, 0], max: [120, 120, 20]}, {name: trap, min: [200, 200, 0], max: [220, 220, 20]}]",
    "objectives.forbid_zones[1]"
)]
#[case::start_in_goal(START, "start_position: [0.0, 0.0, 60.0]", "moved_object")]
#[case::start_outside(START, "start_position: [0.0, 0.0, 700.0]", "moved_object")]
#[case::start_in_trap(
    NO_TRAPS,
    "forbid_zones: [{name: trap, min: [-20, -20, 480], max: [20, 20, 520]}]",
    "moved_object"
)]
#[case::jitter_into_goal(JITTER, "runtime_jitter: [0.0, 0.0, 395.0]", "moved_object")]
#[case::jitter_out_of_bounds(JITTER, "runtime_jitter: [295.0, 0.0, 0.0]", "moved_object")]
#[case::negative_jitter(JITTER, "runtime_jitter: [0.0, -1.0, 0.0]", "moved_object.runtime_jitter")]
#[case::radius_range_reversed(
    "radius: [10.0, 10.0]",
    "radius: [12.0, 10.0]",
    "moved_object.static_randomization.radius"
)]
#[case::cap_of_nothing("max_unit_cost: 150.0", "max_unit_cost: 0.0", "constraints.max_unit_cost")]
#[case::weight_below_nothing("max_weight_g: 50.0", "max_weight_g: -5.0", "constraints.max_weight_g")]
#[case::word_for_a_number("max_weight_g: 50.0", "max_weight_g: heavy", "constraints")]
#[case::two_numbers_for_three(START, "start_position: [0.0, 0.0]", "moved_object.start_position")]
#[case::motor_without_control(
    CAPS,
    "moving_parts: [{part_name: fan, type: motor, dofs: [rotate_z]}]\nconstraints: {",
    "moving_parts[0]"
)]
#[case::passive_with_control(
    CAPS,
    "moving_parts: [{part_name: fan, type: passive, dofs: [rotate_z], control: {mode: constant, speed: 1.0}}]\nconstraints: {",
    "moving_parts[0]"
)]
#[case::part_that_names_no_freedom(
    CAPS,
    "moving_parts: [{part_name: fan, type: passive}]\nconstraints: {",
    "moving_parts[0]"
)]
#[case::part_of_an_unknown_kind(
    CAPS,
    "moving_parts: [{part_name: fan, type: magic, dofs: [rotate_z]}]\nconstraints: {",
    "moving_parts[0].type"
)]
#[case::part_defined_twice(
    CAPS,
    "moving_parts: [{part_name: fan, type: passive, dofs: [rotate_z]}, {part_name: fan, type: passive, dofs: [rotate_x]}]\nconstraints: {",
    "moving_parts[1]"
)]
#[case::unknown_freedom(
    CAPS,
    "moving_parts: [{part_name: fan, type: passive, dofs: [wobble]}]\nconstraints: {",
    "moving_parts[0].dofs"
)]
#[case::moving_part_that_cannot_move(
    CAPS,
    "moving_parts: [{part_name: fan, type: passive, dofs: []}]\nconstraints: {",
    "moving_parts[0].dofs"
)]
#[case::sine_of_no_frequency(
    CAPS,
    "moving_parts: [{part_name: fan, type: motor, dofs: [rotate_z], control: {mode: sinusoidal, speed: 1.0, frequency: 0.0}}]\nconstraints: {",
    "moving_parts[0].control"
)]
#[tokio::test]
async fn invalid_objectives_are_refused_by_field(
    #[future(awt)] ctx: Context,
    #[case] from: &str,
    #[case] to: &str,
    #[case] field: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("nonsense");
    session.must_hold_solution(&Solution::bracket().planned().with("objectives.yaml", from, to)).await;

    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;

    assert_eq!(answer.rejected_by, Some(Gate::Objectives), "{answer:#?}");
    let places: Vec<_> =
        answer.violations.iter().filter_map(|violation| violation.violation.place.as_deref()).collect();
    assert!(
        places.iter().any(|place| place.starts_with(field)),
        "no violation is placed at {field}: {:#?}",
        answer.violations
    );
    let told = EventLog::from_answer(&answer.events);
    assert!(
        told.of_type(EventType::LogicFailure).iter().any(|event| event["file_path"] == "objectives.yaml"),
        "{told:?}"
    );
    Ok(())
}

#[rstest]
#[tokio::test]
async fn violation_carries_measured_value_and_limit(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("numbers");
    let outside = "goal_zone: {min: [-50.0, -50.0, 0.0], max: [350.0, 50.0, 100.0]}";
    session.must_hold_solution(&Solution::bracket().planned().with("objectives.yaml", GOAL, outside)).await;
    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    let found =
        answer.violations.iter().find(|violation| violation.violation.place.as_deref() == Some("objectives.goal_zone"));
    let found = found.unwrap_or_else(|| panic!("the goal is not named: {:#?}", answer.violations));
    let largest_x = |zone: &Option<Value>| zone.as_ref().map(|zone| zone["max"][0].clone());
    assert_eq!(largest_x(&found.violation.measured), Some(json!(350.0)), "{found:#?}");
    assert_eq!(largest_x(&found.violation.limit), Some(json!(300.0)), "{found:#?}");
    assert!(found.violation.message.contains("350") && found.violation.message.contains("300"), "{found:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn invalid_objectives_reach_no_tool(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("tools");
    session
        .must_hold_solution(&Solution::bracket().with("objectives.yaml", START, "start_position: [0.0, 0.0, 60.0]"))
        .await;
    let request = BenchmarkRequest::default();
    for answer in [session.heavy.must_validate(&request).await, session.heavy.must_simulate(&request).await] {
        assert_eq!(answer.failure_reason, Some(FailureReason::ValidationFailed), "{answer:#?}");
        assert_eq!(answer.rejected_by, Some(Gate::Objectives));
        assert_eq!(answer.output.result, None, "something was simulated");
    }
    Ok(())
}

#[rstest]
#[case::nothing("", "Empty or invalid YAML content")]
#[case::broken("objectives: [", "YAML parse error")]
#[case::a_list("- a\n- b\n", "objectives.yaml")]
#[case::placeholder("objectives: {goal_zone: {min: [x_min, 0, 0], max: [1, 1, 1]}}\n", "template placeholders")]
#[tokio::test]
async fn invalid_objectives_file_is_reported(
    #[future(awt)] ctx: Context,
    #[case] content: &str,
    #[case] words: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("broken");
    session.must_hold_solution(&Solution { objectives: content.into(), ..Solution::bracket().planned() }).await;
    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert_eq!(answer.rejected_by, Some(Gate::Objectives), "{answer:#?}");
    assert!(answer.message.contains(words), "{words:?} is not in: {}", answer.message);
    Ok(())
}

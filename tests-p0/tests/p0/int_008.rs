//! INT-008 — objectives.yaml makes geometric sense.
//!
//! Seam: session files → worker-heavy `submit_plan`, validate and simulate → gates
//! Requirement: zones are ordered and inside the bounds, nothing intersects that must not, names are unique, moving
//! parts are well defined; every violation names its field, the measured value and the limit.

use contract::{
    benchmark::BenchmarkRequest,
    events::EventType,
    gate::Gate,
    handover::{PlanRequest, PlanResponse},
    simulation::FailureReason,
};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Context, EventLog, Files, Workspace, objectives::Objectives, solutions::Solution};

use crate::ctx;

/// Name of the file.
const FILE: &str = "objectives.yaml";

/// The planned bracket with other objectives: goal (-50…50, -50…50, 0…100), bounds and build zone (-300…300, -300…300,
/// -10…600), start (0, 0, 500), a ball of radius 10.
fn with(change: impl FnOnce(&mut Objectives)) -> Files {
    Solution::bracket().planned().with_objectives(change).files()
}

/// The same with parts that move.
fn moving(parts: &str) -> Files {
    with(|it| it.more = format!("moving_parts: [{parts}]\n"))
}

/// The same with another text in its objectives.
fn changed(from: &str, to: &str) -> Files {
    Solution::bracket().planned().files().changed(FILE, from, to)
}

/// What a planner's hand-over of these files says.
async fn hand_over(ctx: &Context, files: &Files) -> PlanResponse {
    let session = ctx.session("objectives");
    session.must_hold(files).await;
    session.heavy.must_submit_plan(&PlanRequest::default()).await
}

#[rstest]
#[case::trap_beside(with(|it| it.forbid_zones = vec![("trap", [[100.0, 100.0, 0.0], [120.0, 120.0, 20.0]])]))]
#[case::wide_jitter(with(|it| it.jitter = [40.0; 3]))]
#[case::weight_in_kilograms(changed("max_weight_g: 50.0", "max_weight: 0.05"))]
#[case::moving_part(moving(
    "{part_name: fan, type: motor, dofs: [rotate_z], control: {mode: sinusoidal, speed: 2.0, frequency: 1.0}}"
))]
#[case::unknown_key(with(|it| it.more = "remark: made by hand\n".into()))]
#[tokio::test]
async fn sound_objectives_pass(#[future(awt)] ctx: Context, #[case] files: Files) -> anyhow::Result<()> {
    let answer = hand_over(&ctx, &files).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

#[rstest]
#[case::goal_upside_down(with(|it| it.goal = [[-50.0, -50.0, 100.0], [50.0, 50.0, 0.0]]), "objectives.goal_zone")]
#[case::goal_without_depth(with(|it| it.goal = [[-50.0, -50.0, 50.0], [50.0; 3]]), "objectives.goal_zone")]
#[case::goal_outside(with(|it| it.goal[1][0] = 350.0), "objectives.goal_zone")]
#[case::trap_in_goal(
    with(|it| it.forbid_zones = vec![("trap", [[40.0, 40.0, 90.0], [90.0, 90.0, 120.0]])]),
    "objectives.forbid_zones[0]"
)]
#[case::trap_outside(
    with(|it| it.forbid_zones = vec![("trap", [[100.0, 100.0, 0.0], [120.0, 120.0, 620.0]])]),
    "objectives.forbid_zones[0]"
)]
#[case::trap_upside_down(
    with(|it| it.forbid_zones = vec![("trap", [[100.0, 120.0, 0.0], [120.0, 100.0, 20.0]])]),
    "objectives.forbid_zones[0]"
)]
#[case::build_zone_upside_down(
    with(|it| it.build_zone = [[-300.0, -300.0, 600.0], [300.0, 300.0, -10.0]]),
    "objectives.build_zone"
)]
#[case::build_zone_outside(with(|it| it.build_zone[1][1] = 301.0), "objectives.build_zone")]
#[case::bounds_upside_down(
    with(|it| it.bounds = [[-300.0, 300.0, -10.0], [300.0, -300.0, 600.0]]),
    "simulation_bounds"
)]
#[case::two_traps_of_one_name(
    with(|it| it.forbid_zones = [100.0, 200.0].map(|x| ("trap", [[x, x, 0.0], [x + 20.0, x + 20.0, 20.0]])).into()),
    "objectives.forbid_zones[1]"
)]
#[case::start_in_goal(with(|it| it.start[2] = 60.0), "moved_object")]
#[case::start_outside(with(|it| it.start[2] = 700.0), "moved_object")]
#[case::start_in_trap(
    with(|it| it.forbid_zones = vec![("trap", [[-20.0, -20.0, 480.0], [20.0, 20.0, 520.0]])]),
    "moved_object"
)]
#[case::jitter_into_goal(with(|it| it.jitter[2] = 395.0), "moved_object")]
#[case::jitter_out_of_bounds(with(|it| it.jitter[0] = 295.0), "moved_object")]
#[case::negative_jitter(with(|it| it.jitter[1] = -1.0), "moved_object.runtime_jitter")]
#[case::radius_range_reversed(with(|it| it.radius = Some([12.0, 10.0])), "moved_object.static_randomization.radius")]
#[case::cap_of_nothing(with(|it| it.max_unit_cost = 0.0), "constraints.max_unit_cost")]
#[case::weight_below_nothing(with(|it| it.max_weight_g = -5.0), "constraints.max_weight_g")]
#[case::word_for_a_number(changed("max_weight_g: 50.0", "max_weight_g: heavy"), "constraints")]
#[case::two_numbers_for_three(
    changed("start_position: [0.0, 0.0, 500.0]", "start_position: [0.0, 0.0]"),
    "moved_object.start_position"
)]
#[case::motor_without_control(moving("{part_name: fan, type: motor, dofs: [rotate_z]}"), "moving_parts[0]")]
#[case::passive_with_control(
    moving("{part_name: fan, type: passive, dofs: [rotate_z], control: {mode: constant, speed: 1.0}}"),
    "moving_parts[0]"
)]
#[case::part_that_names_no_freedom(moving("{part_name: fan, type: passive}"), "moving_parts[0]")]
#[case::part_of_an_unknown_kind(moving("{part_name: fan, type: magic, dofs: [rotate_z]}"), "moving_parts[0].type")]
#[case::part_defined_twice(
    moving("{part_name: fan, type: passive, dofs: [rotate_z]}, {part_name: fan, type: passive, dofs: [rotate_x]}"),
    "moving_parts[1]"
)]
#[case::unknown_freedom(moving("{part_name: fan, type: passive, dofs: [wobble]}"), "moving_parts[0].dofs")]
#[case::moving_part_that_cannot_move(moving("{part_name: fan, type: passive, dofs: []}"), "moving_parts[0].dofs")]
#[case::sine_of_no_frequency(
    moving("{part_name: fan, type: motor, dofs: [rotate_z], control: {mode: sinusoidal, speed: 1.0, frequency: 0.0}}"),
    "moving_parts[0].control"
)]
#[tokio::test]
async fn invalid_objectives_are_refused_by_field(
    #[future(awt)] ctx: Context,
    #[case] files: Files,
    #[case] field: &str,
) -> anyhow::Result<()> {
    let answer = hand_over(&ctx, &files).await;

    assert_eq!(answer.rejected_by, Some(Gate::Objectives), "{answer:#?}");
    let places: Vec<_> =
        answer.violations.iter().filter_map(|violation| violation.violation.place.as_deref()).collect();
    assert!(
        places.iter().any(|place| place.starts_with(field)),
        "no violation is placed at {field}: {:#?}",
        answer.violations
    );
    let told = EventLog::from_answer(&answer.events);
    assert!(told.of_type(EventType::LogicFailure).iter().any(|event| event["file_path"] == FILE), "{told:?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn violation_carries_measured_value_and_limit(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let answer = hand_over(&ctx, &with(|it| it.goal[1][0] = 350.0)).await;
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
    session.must_hold(&Solution::bracket().with_objectives(|it| it.start[2] = 60.0)).await;
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
    let answer = hand_over(&ctx, &Solution::bracket().planned().files().with(FILE, content)).await;
    assert_eq!(answer.rejected_by, Some(Gate::Objectives), "{answer:#?}");
    assert!(answer.message.contains(words), "{words:?} is not in: {}", answer.message);
    Ok(())
}

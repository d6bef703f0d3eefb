//! Every obstacle of a start and of a goal, found where it is and not found where it is not.

use rstest::rstest;

use super::*;
use crate::fixture::{NEVER, connection, cuboid, design, goal_zone, metadata_of, objectives, rules};

/// The ball of the fixture has 5 to 10 mm and starts at (±2, ±2, 10): the largest just rests on z = 0, and reaches to
/// ±12 mm sideways.
#[rstest]
#[case::floor(vec![cuboid("floor", [-50.0, -50.0, -5.0], [50.0, 50.0, 0.0])], &[])]
#[case::wall_beyond_the_jitter(vec![cuboid("wall", [12.0, -50.0, 0.0], [14.0, 50.0, 50.0])], &[])]
#[case::wall_within_the_jitter(vec![cuboid("wall", [11.5, -50.0, 0.0], [14.0, 50.0, 50.0])], &["randomization.start_in_part"])]
#[case::post_that_no_corner_meets(vec![cuboid("post", [-0.1, -0.1, 4.0], [0.1, 0.1, 16.0])], &["randomization.start_in_part"])]
#[case::around_everything(vec![cuboid("block", [-80.0; 3], [80.0; 3])], &["randomization.start_in_part"])]
#[case::two_parts(
    vec![cuboid("left", [-20.0, -1.0, 9.0], [-8.0, 1.0, 11.0]), cuboid("right", [8.0, -1.0, 9.0], [20.0, 1.0, 11.0])],
    &["randomization.start_in_part", "randomization.start_in_part"]
)]
#[case::a_zone_is_no_obstacle(vec![goal_zone(cuboid("zone_goal", [-80.0; 3], [80.0; 3]))], &[])]
fn parts_in_the_way_of_a_start_are_found(#[case] parts: Vec<Part>, #[case] expected: &[&str]) {
    assert_eq!(rules(&check_randomization(&design(parts), &objectives(), None, &NEVER)), expected);
}

/// A block of 20 mm that is the moved object; it jitters by ±2 mm along x and y.
fn ball_at(x: f64) -> Part {
    cuboid("ball", [x - 10.0, -10.0, 0.0], [x + 10.0, 10.0, 20.0])
}

/// The goal of the fixture begins at x = 100, the forbidden zone ends at x = -100, both at ±10 mm along y; the bounds end
/// at x = ±200.
#[rstest]
#[case::clear(0.0, &[])]
#[case::corner_touches_the_goal(88.0, &["randomization.start_in_goal"])]
#[case::corner_in_the_goal(89.0, &["randomization.start_in_goal"])]
#[case::beside_the_goal(87.9, &[])]
#[case::corner_in_the_forbidden_zone(-89.0, &["randomization.start_in_forbid_zone"])]
#[case::corner_out_of_bounds(188.5, &["randomization.start_out_of_bounds"])]
#[case::within_bounds(188.0, &[])]
fn moved_part_must_start_clear_of_zones(#[case] x: f64, #[case] expected: &[&str]) {
    let found = check_randomization(&design(vec![ball_at(x)]), &objectives(), None, &NEVER);
    assert_eq!(rules(&found), expected, "{found:#?}");
}

#[test]
fn mesh_object_is_checked_like_a_part() {
    let mut objectives = objectives();
    objectives.moved_object.shape = "mesh".into();
    let wall = design(vec![cuboid("wall", [11.5, -50.0, -5.0], [40.0, 50.0, 50.0])]);
    assert_eq!(rules(&check_randomization(&wall, &objectives, None, &NEVER)), [] as [&str; 0]);
    let mesh = ball_at(0.0).mesh;
    let found = check_randomization(&wall, &objectives, Some(&mesh), &NEVER).remove(0);
    assert_eq!(found.rule, "randomization.start_in_part");
    let measured = found.measured.expect("what was found");
    assert_eq!((measured["depth_mm"].as_f64(), measured["radius_mm"].as_f64()), (Some(0.5), None), "{measured}");
    assert!(!found.message.contains("radius"), "{}", found.message);
    assert_eq!(
        rules(&check_randomization(&design(vec![]), &objectives, Some(&ball_at(89.0).mesh), &NEVER)),
        ["randomization.start_in_goal"]
    );
}

/// A wall 1 mm beside a block that jitters by 2 mm.
#[rstest]
#[case::alone(|_: &mut Part, _: &mut Part| {}, &["randomization.start_in_part"])]
#[case::on_a_joint(|ball: &mut Part, _: &mut Part| {
    let text = serde_json::json!({ "type": "slide", "axis": [1, 0, 0] });
    metadata_of(ball).joint = Some(serde_json::from_value(text).expect("a joint"));
}, &[])]
#[case::fastened(|ball: &mut Part, _: &mut Part| metadata_of(ball).rigid_connections = vec![connection("wall", &["a", "b"])], &[])]
#[case::held_by_the_other(|_: &mut Part, wall: &mut Part| wall.constraint = Some("weld:ball".into()), &[])]
fn only_an_unattached_part_jitters(#[case] change: fn(&mut Part, &mut Part), #[case] expected: &[&str]) {
    let (mut ball, mut wall) = (ball_at(0.0), cuboid("wall", [11.0, -50.0, -5.0], [40.0, 50.0, 50.0]));
    change(&mut ball, &mut wall);
    assert_eq!(rules(&check_randomization(&design(vec![ball, wall]), &objectives(), None, &NEVER)), expected);
}

#[test]
fn a_fixed_part_cannot_be_the_moved_object() {
    let mut ball = ball_at(0.0);
    metadata_of(&mut ball).is_fixed = true;
    let found = check_randomization(&design(vec![ball]), &objectives(), None, &NEVER);
    assert_eq!(rules(&found), ["randomization.moved_object_fixed"]);
}

#[test]
fn violation_reports_the_worst_case() {
    let wall = cuboid("wall", [11.5, -50.0, 0.0], [14.0, 50.0, 50.0]);
    let found = check_randomization(&design(vec![wall]), &objectives(), None, &NEVER).remove(0);
    let measured = found.measured.expect("what was found");
    assert_eq!(measured["depth_mm"], 0.5);
    assert_eq!(measured["radius_mm"], 10.0);
    assert_eq!(measured["offset_mm"][0], 2.0);
    let (failing, cases) = (measured["failing_cases"].as_u64(), measured["cases"].as_u64());
    // Of the corners, the two with the largest radius on the side of the wall, as z does not jitter.
    assert!(failing >= Some(2) && failing < Some(8), "{measured}");
    // 1 nominal, 2 radii × 4 corners, 32 samples.
    assert_eq!(cases, Some(41));
    for part in ["\"wall\"", "0.50 mm deep", "of 41", "radius 10 mm", "move it"] {
        assert!(found.message.contains(part), "{} lacks {part}", found.message);
    }
}

/// The goal of the fixture is 20 × 20 × 20 mm; a wall of 8 of these 20 mm fills 40 %, which are 6 or 7 of 16 layers.
#[rstest]
#[case::little(106.0, false)]
#[case::too_much(108.0, true)]
fn an_obstructed_goal_is_found(#[case] wall_to: f64, #[case] expected: bool) {
    let wall = cuboid("wall", [90.0, -50.0, 0.0], [wall_to, 50.0, 50.0]);
    let zone = goal_zone(cuboid("zone_goal", [100.0, -10.0, 0.0], [120.0, 10.0, 20.0]));
    let found = check_randomization(&design(vec![wall, zone]), &objectives(), None, &NEVER);
    let expected: &[&str] = if expected { &["randomization.goal_obstructed"; 2] } else { &[] };
    assert_eq!(rules(&found), expected);
    assert!(found.iter().all(|violation| violation.message.contains("\"wall\"") && violation.message.contains("16")));
}

/// A ball that starts in a wall, a block that starts in another, and a goal that is full: the check is cancelled.
#[rstest]
#[case::ball_in_a_wall(vec![cuboid("wall", [11.5, -50.0, 0.0], [14.0, 50.0, 50.0])])]
#[case::block_in_a_wall(vec![ball_at(0.0), cuboid("wall", [5.0, -50.0, 0.0], [14.0, 50.0, 50.0])])]
#[case::block_in_the_goal(vec![ball_at(110.0)])]
#[case::full_goal(vec![cuboid("block", [90.0, -20.0, -10.0], [130.0, 20.0, 30.0])])]
fn cancelled_check_finds_nothing(#[case] parts: Vec<Part>) {
    let design = design(parts);
    assert_ne!(check_randomization(&design, &objectives(), None, &NEVER), []);
    assert_eq!(check_randomization(&design, &objectives(), None, &AtomicBool::new(true)), []);
}

//! Every obstacle of a start and of a goal, found where it is and not found where it is not.

use rstest::rstest;

use super::*;
use crate::fixture::{cuboid, design, goal_zone, objectives, rules};

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
#[case::the_moved_object_is_a_part(vec![cuboid("ball", [-80.0; 3], [80.0; 3])], &[])]
#[case::a_zone_is_no_obstacle(vec![goal_zone(cuboid("zone_goal", [-80.0; 3], [80.0; 3]))], &[])]
fn parts_in_the_way_of_a_start_are_found(#[case] parts: Vec<Part>, #[case] expected: &[&str]) {
    assert_eq!(rules(&check_randomization(&design(parts), &objectives())), expected);
}

#[rstest]
#[case::nothing(|_: &mut Objectives| {}, &[])]
#[case::forbidden(|it: &mut Objectives| it.moved_object.start_position[0] = -89.0, &["randomization.start_in_forbid_zone"])]
#[case::goal(|it: &mut Objectives| it.moved_object.start_position[0] = 89.0, &["randomization.start_in_goal"])]
#[case::bounds(|it: &mut Objectives| it.moved_object.start_position[2] = 191.0, &["randomization.start_out_of_bounds"])]
#[case::no_jitter(|it: &mut Objectives| {
    it.moved_object.start_position[0] = 89.0;
    it.randomization.runtime_jitter_enabled = Some(false);
}, &[])]
#[case::shape(|it: &mut Objectives| it.moved_object.shape = "torus".into(), &["randomization.unknown_shape"])]
#[case::radius(|it: &mut Objectives| it.moved_object.static_randomization.radius = Some([0.0, 1.0]), &["randomization.radius_range"])]
fn starts_in_zones_and_beyond_bounds_are_found(#[case] change: fn(&mut Objectives), #[case] expected: &[&str]) {
    let mut objectives = objectives();
    change(&mut objectives);
    assert_eq!(rules(&check_randomization(&design(vec![]), &objectives)), expected);
}

#[test]
fn the_worst_case_is_told() {
    let wall = cuboid("wall", [11.5, -50.0, 0.0], [14.0, 50.0, 50.0]);
    let found = check_randomization(&design(vec![wall]), &objectives()).remove(0);
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
    let found = check_randomization(&design(vec![wall, zone]), &objectives());
    let expected: &[&str] = if expected { &["randomization.goal_obstructed"; 2] } else { &[] };
    assert_eq!(rules(&found), expected);
    assert!(found.iter().all(|violation| violation.message.contains("\"wall\"") && violation.message.contains("16")));
}

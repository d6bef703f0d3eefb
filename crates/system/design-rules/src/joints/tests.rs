//! A sound design of each kind of joint, and every way to break it.

use contract::part_metadata::{JointMetadata, JointSupport, JointType};
use design::Mesh;
use rstest::rstest;

use super::*;
use crate::fixture::{NEVER, bought, connection, cuboid, design, drill, metadata_of, pair, rules};

fn category(id: &str) -> Option<String> {
    match id {
        "bearing_608" => Some("bearing".into()),
        "servo_mg996r" => Some("servo".into()),
        "screw_m3" => Some("screw".into()),
        _ => None,
    }
}

fn check(parts: Vec<Part>) -> Vec<Violation> {
    check_joints(&design(parts), &category, &NEVER)
}

/// A plate on a base, both 5 mm thick, with two screws from above: the plate's holes go through, the base's are 4 mm
/// deep. The plate declares the connection.
fn bolted() -> [Part; 2] {
    let mut plate = cuboid("plate", [0.0, 0.0, 5.0], [40.0, 20.0, 10.0]);
    let mut base = cuboid("base", [0.0, 0.0, 0.0], [40.0, 20.0, 5.0]);
    for (id, x) in [("a", 10.0), ("b", 30.0)] {
        drill(&mut plate, id, [x, 10.0, 10.0], 5.0, 3.4, true);
        drill(&mut base, id, [x, 10.0, 5.0], 4.0, 3.4, false);
    }
    metadata_of(&mut plate).rigid_connections = vec![connection("base", &["a", "b"])];
    [plate, base]
}

fn move_up(part: &mut Part, by: f64) {
    for bore in &mut part.bores {
        bore.start_mm[2] += by;
        bore.end_mm[2] += by;
    }
    part.holes.iter_mut().for_each(|hole| hole.position_mm[2] += by);
}

/// Replaces the bores by counterbored ones: 6.5 mm wide down to 3 mm, then as declared.
fn counterbore(part: &mut Part) {
    for mut bore in std::mem::take(&mut part.bores) {
        let mut wide = bore;
        wide.diameter_mm = 6.5;
        wide.end_mm[2] = wide.start_mm[2] - 3.0;
        bore.start_mm[2] -= 3.0;
        part.bores.extend([bore, wide]);
    }
}

/// Makes the plate 15 mm thick, with bores in its upper and lower 5 mm: solid between them, or with a slot.
fn bore_from_both_sides(plate: &mut Part, has_slot: bool) {
    let [upper, lower] = [[15.0, 20.0], [5.0, 10.0]].map(|[from, to]| cuboid("", [0.0, 0.0, from], [40.0, 20.0, to]));
    plate.mesh = if has_slot {
        let triangles = lower.mesh.triangles.iter().map(|triangle| triangle.map(|corner| corner + 8));
        Mesh {
            triangles: upper.mesh.triangles.iter().copied().chain(triangles).collect(),
            vertices_mm: [upper.mesh.vertices_mm, lower.mesh.vertices_mm].concat(),
            normals: Vec::new(),
            is_watertight: true,
        }
    } else {
        cuboid("", [0.0, 0.0, 5.0], [40.0, 20.0, 20.0]).mesh
    };
    let lower = plate.bores.clone();
    move_up(plate, 10.0);
    plate.bores.extend(lower);
}

type Change = fn(&mut Part, &mut Part);

#[rstest]
#[case::as_it_should_be(|_: &mut Part, _: &mut Part| {}, &[])]
#[case::declared_by_both(|_: &mut Part, base: &mut Part| metadata_of(base).rigid_connections = vec![connection("plate", &["b", "a"])], &[])]
#[case::drilled_from_below(|_: &mut Part, base: &mut Part| for hole in &mut base.holes {
    hole.position_mm[2] = 1.0;
    hole.axis = [0.0, 0.0, 1.0];
}, &[])]
#[case::counterbored(|plate: &mut Part, _: &mut Part| counterbore(plate), &[])]
#[case::within_the_gap(|plate: &mut Part, _: &mut Part| move_up(plate, 0.9), &[])]
#[case::across_a_slot(|plate: &mut Part, _: &mut Part| bore_from_both_sides(plate, true), &[])]
#[case::with_material_between(
    |plate: &mut Part, _: &mut Part| bore_from_both_sides(plate, false),
    &["joint.gap_too_wide", "joint.gap_too_wide"]
)]
#[case::one_fastener(
    |plate: &mut Part, _: &mut Part| metadata_of(plate).rigid_connections = vec![connection("base", &["a"])],
    &["joint.too_few_fasteners"]
)]
#[case::same_pair_twice(
    |plate: &mut Part, _: &mut Part| metadata_of(plate).rigid_connections = vec![connection("base", &["a", "a"])],
    &["joint.too_few_fasteners"]
)]
#[case::two_names_for_one_place(
    |plate: &mut Part, base: &mut Part| {
        drill(plate, "c", [10.5, 10.0, 10.0], 5.0, 3.4, true);
        drill(base, "c", [10.5, 10.0, 5.0], 4.0, 3.4, false);
        metadata_of(plate).rigid_connections = vec![connection("base", &["a", "c"])];
    },
    &["joint.too_few_fasteners"]
)]
#[case::side_by_side(
    |plate: &mut Part, base: &mut Part| {
        drill(plate, "c", [13.5, 10.0, 10.0], 5.0, 3.4, true);
        drill(base, "c", [13.5, 10.0, 5.0], 4.0, 3.4, false);
        metadata_of(plate).rigid_connections = vec![connection("base", &["a", "c"])];
    },
    &[]
)]
#[case::unknown_part(
    |plate: &mut Part, _: &mut Part| metadata_of(plate).rigid_connections = vec![connection("table", &["a", "b"])],
    &["joint.unknown_part"]
)]
#[case::itself(
    |plate: &mut Part, _: &mut Part| metadata_of(plate).rigid_connections = vec![connection("plate", &["a", "b"])],
    &["joint.self_connection"]
)]
#[case::unknown_hole(|_: &mut Part, base: &mut Part| base.holes[0].hole_id = "c".into(), &["joint.unknown_hole"])]
#[case::hole_used_twice(|plate: &mut Part, _: &mut Part| {
    metadata_of(plate).rigid_connections[0].holes.push(pair("a", "b"));
}, &["joint.holes_offset", "joint.hole_reused", "joint.hole_reused"])]
#[case::other_diameter(|_: &mut Part, base: &mut Part| {
    base.holes[0].diameter_mm = 4.5;
    base.bores[0].diameter_mm = 4.5;
}, &["joint.diameter_mismatch"])]
#[case::both_fasten(|_: &mut Part, base: &mut Part| base.holes[1].adds_fastener = true, &["joint.fastener_twice"])]
#[case::neither_fastens(|plate: &mut Part, _: &mut Part| plate.holes[1].adds_fastener = false, &["joint.fastener_missing"])]
#[case::tilted(|_: &mut Part, base: &mut Part| {
    base.holes[0].axis = [0.0, 0.05, -0.9987];
    base.bores[0].end_mm = [10.0, 10.2, 1.0];
}, &["joint.holes_not_parallel"])]
#[case::beside(|_: &mut Part, base: &mut Part| {
    base.holes[0].position_mm[0] += 0.2;
    base.bores[0].start_mm[0] += 0.2;
    base.bores[0].end_mm[0] += 0.2;
}, &["joint.holes_offset"])]
#[case::apart(|plate: &mut Part, _: &mut Part| move_up(plate, 1.1), &["joint.gap_too_wide", "joint.gap_too_wide"])]
#[case::blind_hole_that_ends_before_the_base(
    |plate: &mut Part, _: &mut Part| plate.bores[0].end_mm[2] = 7.0,
    &["joint.gap_too_wide"]
)]
#[case::not_cut(|_: &mut Part, base: &mut Part| { base.bores.remove(0); }, &["joint.hole_not_cut"])]
#[case::cut_narrower(|_: &mut Part, base: &mut Part| base.bores[0].diameter_mm = 3.3, &["joint.hole_not_cut"])]
#[case::cut_wider(|_: &mut Part, base: &mut Part| base.bores[0].diameter_mm = 3.5, &["joint.hole_not_cut"])]
#[case::cut_elsewhere(|_: &mut Part, base: &mut Part| {
    base.bores[0].start_mm[2] = 3.5;
    base.bores[0].end_mm[2] = 0.5;
}, &["joint.hole_not_cut"])]
fn bolted_connection_must_satisfy_every_rule(#[case] change: Change, #[case] expected: &[&str]) {
    let [mut plate, mut base] = bolted();
    change(&mut plate, &mut base);
    let found = check(vec![plate, base]);
    assert_eq!(rules(&found), expected, "{found:#?}");
    assert!(found.iter().all(|violation| violation.file == "script.py" && violation.place.is_some()));
}

#[test]
fn a_violation_names_parts_holes_values_and_limit() {
    let [plate, mut base] = bolted();
    base.holes[0].diameter_mm = 4.5;
    let found = check(vec![plate, base]);
    let mismatch = found.iter().find(|it| it.rule == "joint.diameter_mismatch").expect("diameters differ");
    assert_eq!(mismatch.place.as_deref(), Some("part \"plate\" → \"base\""));
    assert_eq!(mismatch.measured, Some(1.1.into()));
    for part in ["\"a\" of \"plate\"", "3.4", "4.5", "same size"] {
        assert!(mismatch.message.contains(part), "{} lacks {part}", mismatch.message);
    }
}

#[rstest]
#[case::with_fasteners(|_: &mut Part, _: &mut Part| {}, "weld:base", &[])]
#[case::declared_by_the_other(|plate: &mut Part, base: &mut Part| {
    metadata_of(plate).rigid_connections.clear();
    metadata_of(base).rigid_connections = vec![connection("plate", &["a", "b"])];
}, "weld:base", &[])]
#[case::without(|plate: &mut Part, _: &mut Part| metadata_of(plate).rigid_connections.clear(), "weld:base", &["joint.weld_without_fasteners"])]
#[case::to_a_bought_part(|plate: &mut Part, base: &mut Part| {
    metadata_of(plate).rigid_connections.clear();
    *base = bought("bearing_608", base.clone());
}, "weld:base", &[])]
#[case::to_nothing(|_: &mut Part, _: &mut Part| {}, "weld:table", &["joint.unknown_part"])]
fn a_weld_between_made_parts_needs_fasteners(
    #[case] change: Change,
    #[case] constraint: &str,
    #[case] expected: &[&str],
) {
    let [mut plate, mut base] = bolted();
    change(&mut plate, &mut base);
    plate.constraint = Some(constraint.into());
    assert_eq!(rules(&check(vec![plate, base])), expected);
}

fn hinge(via: Option<JointSupport>, to: Option<&str>) -> JointMetadata {
    let (to, axis) = (to.map(Into::into), [0.0, 0.0, 2.0]);
    JointMetadata { kind: JointType::Hinge, axis, range: None, via, to, holes: None }
}

/// An arm 0.5 mm beside its support.
#[rstest]
#[case::bearing(hinge(Some(JointSupport::Bearing), Some("support")), "bearing_608", 0.5, &[])]
#[case::servo(hinge(Some(JointSupport::Motor), Some("support")), "servo_mg996r", 0.5, &[])]
#[case::on_nothing(hinge(None, None), "bearing_608", 0.5, &["joint.support_missing"])]
#[case::on_no_part(hinge(Some(JointSupport::Motor), None), "servo_mg996r", 0.5, &["joint.support_missing"])]
#[case::on_an_absent_part(hinge(Some(JointSupport::Motor), Some("x")), "servo_mg996r", 0.5, &["joint.unknown_part"])]
#[case::other_category(hinge(Some(JointSupport::Bearing), Some("support")), "screw_m3", 0.5, &["joint.wrong_support"])]
#[case::not_in_the_catalogue(hinge(Some(JointSupport::Motor), Some("support")), "m9", 0.5, &["joint.wrong_support"])]
#[case::motor_for_bearing(hinge(Some(JointSupport::Bearing), Some("support")), "servo_mg996r", 0.5, &["joint.wrong_support"])]
#[case::too_far(hinge(Some(JointSupport::Bearing), Some("support")), "bearing_608", 1.5, &["joint.gap_too_wide"])]
#[case::slide(JointMetadata { kind: JointType::Slide, ..hinge(None, None) }, "screw_m3", 9.0, &[])]
#[case::slide_on_a_servo(
    JointMetadata { kind: JointType::Slide, ..hinge(Some(JointSupport::Motor), Some("support")) },
    "servo_mg996r", 0.5, &["joint.motor_on_slide"]
)]
#[case::slide_on_an_absent_part(
    JointMetadata { kind: JointType::Slide, ..hinge(None, Some("rail")) }, "screw_m3", 9.0, &["joint.unknown_part"]
)]
fn hinge_needs_a_valid_support(
    #[case] joint: JointMetadata,
    #[case] cots_id: &str,
    #[case] gap: f64,
    #[case] expected: &[&str],
) {
    let mut arm = cuboid("arm", [0.0; 3], [10.0; 3]);
    metadata_of(&mut arm).joint = Some(joint);
    let support = bought(cots_id, cuboid("support", [10.0 + gap, 0.0, 0.0], [20.0 + gap, 10.0, 10.0]));
    let found = check(vec![arm, support]);
    assert_eq!(rules(&found), expected, "{found:#?}");
}

#[rstest]
#[case::as_it_should_be(|_: &mut Part, _: &mut Part| {}, &[])]
#[case::declared_by_both(|plate: &mut Part, base: &mut Part| {
    let joint = metadata_of(plate).joint.clone();
    metadata_of(base).joint = joint.map(|joint| JointMetadata { to: Some("plate".into()), ..joint });
}, &[])]
#[case::without_holes(|plate: &mut Part, _: &mut Part| if let Some(joint) = &mut metadata_of(plate).joint { joint.holes = None; }, &["joint.support_missing"])]
#[case::other_axis(|plate: &mut Part, _: &mut Part| if let Some(joint) = &mut metadata_of(plate).joint { joint.axis = [1.0, 0.0, 0.0]; }, &["joint.axis_off_hole"])]
#[case::apart(|plate: &mut Part, _: &mut Part| move_up(plate, 1.1), &["joint.gap_too_wide"])]
#[case::other_diameter(|plate: &mut Part, _: &mut Part| {
    plate.holes[0].diameter_mm = 4.0;
    plate.bores[0].diameter_mm = 4.0;
}, &["joint.diameter_mismatch"])]
#[case::not_cut(|plate: &mut Part, _: &mut Part| plate.bores.clear(), &["joint.hole_not_cut"])]
#[case::hole_has_a_screw_already(
    |plate: &mut Part, _: &mut Part| metadata_of(plate).rigid_connections = vec![connection("base", &["a", "b"])],
    &["joint.hole_reused", "joint.hole_reused"]
)]
fn shaft_needs_a_hole_in_each_part(#[case] change: Change, #[case] expected: &[&str]) {
    let [mut plate, mut base] = bolted();
    let metadata = metadata_of(&mut plate);
    metadata.rigid_connections.clear();
    metadata.joint =
        Some(JointMetadata { holes: Some(pair("a", "a")), ..hinge(Some(JointSupport::ThroughHole), Some("base")) });
    change(&mut plate, &mut base);
    let found = check(vec![plate, base]);
    assert_eq!(rules(&found), expected, "{found:#?}");
}

/// An arm that turns about the vertical on a bearing below it, which has a bore of 8 mm; a shaft of M8 passes the arm's
/// hole and the bore.
#[rstest]
#[case::as_it_should_be(|_: &mut Part, _: &mut Part| {}, &[])]
#[case::without_a_hole(|arm: &mut Part, _: &mut Part| joint_of(arm).holes = None, &[])]
#[case::solid_bearing(|_: &mut Part, bearing: &mut Part| bearing.bores.clear(), &[])]
#[case::bearing_turned_over(
    |arm: &mut Part, bearing: &mut Part| {
        joint_of(arm).holes = None;
        bearing.bores[0].end_mm = [25.0, 5.0, 0.0];
    },
    &["joint.axis_mismatch"]
)]
#[case::other_axis(
    |arm: &mut Part, _: &mut Part| joint_of(arm).axis = [1.0, 0.0, 0.0],
    &["joint.axis_mismatch", "joint.axis_off_hole"]
)]
#[case::misspelt_hole(
    |arm: &mut Part, _: &mut Part| joint_of(arm).holes = Some(pair("pivto", "bore")),
    &["joint.unknown_hole"]
)]
#[case::hole_beside_the_bore(
    |_: &mut Part, bearing: &mut Part| {
        bearing.bores[0].start_mm[0] += 0.5;
        bearing.bores[0].end_mm[0] += 0.5;
    },
    &["joint.holes_offset"]
)]
#[case::hole_for_a_thinner_shaft(|arm: &mut Part, _: &mut Part| arm.holes[0].size = "M6".into(), &["joint.diameter_mismatch"])]
#[case::not_cut(|arm: &mut Part, _: &mut Part| arm.bores.clear(), &["joint.hole_not_cut"])]
#[case::hole_has_a_screw_already(
    |arm: &mut Part, bearing: &mut Part| {
        drill(arm, "b", [5.0, -5.0, 12.0], 5.0, 9.0, true);
        drill(bearing, "pivot", [5.0, 5.0, 7.0], 7.0, 9.0, true);
        drill(bearing, "b", [5.0, -5.0, 7.0], 7.0, 9.0, false);
        metadata_of(arm).rigid_connections = vec![connection("bearing", &["pivot", "b"])];
    },
    &["joint.hole_reused"]
)]
fn hinge_in_a_bearing_must_match_its_bore(#[case] change: Change, #[case] expected: &[&str]) {
    let mut arm = cuboid("arm", [0.0, 0.0, 7.0], [10.0, 10.0, 12.0]);
    drill(&mut arm, "pivot", [5.0, 5.0, 12.0], 5.0, 9.0, false);
    arm.holes[0].size = "M8".into();
    let joint = hinge(Some(JointSupport::Bearing), Some("bearing"));
    metadata_of(&mut arm).joint = Some(JointMetadata { holes: Some(pair("pivot", "bore")), ..joint });
    let mut bearing = bought("bearing_608", cuboid("bearing", [0.0; 3], [10.0, 10.0, 7.0]));
    bearing.bores = vec![Bore { diameter_mm: 8.0, start_mm: [5.0, 5.0, 0.0], end_mm: [5.0, 5.0, 7.0] }];
    change(&mut arm, &mut bearing);
    let found = check(vec![arm, bearing]);
    assert_eq!(rules(&found), expected, "{found:#?}");
}

/// The bores of a motor are for its screws: they say nothing of its shaft, the part's own hole does.
#[rstest]
#[case::along_the_hole([0.0, 0.0, 1.0], &[])]
#[case::across_the_hole([1.0, 0.0, 0.0], &["joint.axis_off_hole"])]
fn motor_axis_must_follow_the_parts_hole(#[case] axis: [f64; 3], #[case] expected: &[&str]) {
    let mut arm = cuboid("arm", [0.0, 0.0, 7.0], [10.0, 10.0, 12.0]);
    drill(&mut arm, "pivot", [5.0, 5.0, 12.0], 5.0, 3.4, false);
    let joint = hinge(Some(JointSupport::Motor), Some("servo"));
    metadata_of(&mut arm).joint = Some(JointMetadata { axis, holes: Some(pair("pivot", "shaft")), ..joint });
    let mut servo = bought("servo_mg996r", cuboid("servo", [0.0; 3], [10.0, 10.0, 7.0]));
    servo.bores = vec![Bore { diameter_mm: 4.0, start_mm: [0.0, 2.0, 2.0], end_mm: [10.0, 2.0, 2.0] }];
    let found = check(vec![arm, servo]);
    assert_eq!(rules(&found), expected, "{found:#?}");
}

fn joint_of(part: &mut Part) -> &mut JointMetadata {
    metadata_of(part).joint.as_mut().expect("the part has a joint")
}

#[test]
fn cancelled_check_finds_nothing() {
    let mut arm = cuboid("arm", [0.0, 0.0, 9.0], [10.0, 10.0, 14.0]);
    metadata_of(&mut arm).joint = Some(hinge(Some(JointSupport::Bearing), Some("bearing")));
    let design = design(vec![arm, bought("bearing_608", cuboid("bearing", [0.0; 3], [10.0, 10.0, 7.0]))]);
    assert_ne!(check_joints(&design, &category, &NEVER), [], "the arm is 2 mm above its bearing");
    assert_eq!(check_joints(&design, &category, &AtomicBool::new(true)), []);
}

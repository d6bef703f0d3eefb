//! Bodies that are not convex: things roll inside them and fall through them.

use physics::{Body, Geometry, Mobility, Scene, Weld, ZoneKind, collision_shape};

use crate::{
    scenes::{GRAVITY_M_S2, ball, cuboid_mesh, meshed, revolved, run_for, solid, tilted, zone},
    solids::{channel, placed},
};

/// Pieces and time of a decomposition, for the record.
fn record(name: &str, geometry: &Geometry) {
    if let Geometry::Mesh { vertices, triangles } = geometry {
        let begun = std::time::Instant::now();
        let shape = collision_shape(vertices, triangles, false, &false.into()).expect("nobody cancels");
        println!("{name}: {} triangles, {} pieces, {:?}", triangles.len(), shape.count(), begun.elapsed());
    }
}

/// A funnel: a cone from 60 mm radius at the top to a spout of 15 mm, wall 3 mm, spout open at the bottom.
fn funnel(bottom: f64) -> Geometry {
    let inside = [[60.0, 110.0], [15.0, 50.0], [15.0, 20.0]];
    let outside = [[18.0, 20.0], [18.0, 50.0], [63.0, 110.0]];
    let profile: Vec<[f64; 2]> = inside.iter().chain(&outside).map(|[radius, z]| [*radius, z + bottom]).collect();
    revolved(&profile, 48)
}

#[test]
fn ball_leaves_a_funnel_through_its_spout() {
    let geometry = funnel(60.0);
    record("funnel", &geometry);
    let scene = Scene {
        bodies: vec![meshed("funnel", geometry, Mobility::Fixed), ball("ball", [40.0, 5.0, 200.0])],
        zones: vec![zone(ZoneKind::Goal, [-20.0, -20.0, 0.0], [20.0, 20.0, 30.0])],
        moved_object: Some("ball".into()),
        ..Scene::default()
    };
    let report = run_for(&scene, 5000);
    assert!(report.success, "{:?}", report.ended);
    // It cannot have fallen past the funnel: it touched the cone, which pushed it towards the axis.
    let straight_s = (2.0 * 0.16 / GRAVITY_M_S2).sqrt();
    assert!(report.ended.time_s > straight_s, "{:?}", report.ended);
}

#[test]
fn a_ball_rolls_along_a_channel_as_on_a_slope() {
    let angle = 0.1_f64;
    let place = |point: [f64; 3]| {
        let [x, y, z] = tilted(point, angle);
        [x, y, z + 100.0]
    };
    // Its inner floor is at z = 0 before it is placed.
    let geometry = placed(channel(30.0, 20.0, 4.0, 400.0), |[x, y, z]| place([x, y, z - 4.0]));
    record("channel", &geometry);
    let start = place([-150.0, 0.0, 10.0]);
    let scene = Scene {
        bodies: vec![meshed("channel", geometry, Mobility::Fixed), ball("ball", start)],
        moved_object: Some("ball".into()),
        ..Scene::default()
    };
    let steps = 350;
    let report = run_for(&scene, steps);
    let end = report.trajectory[steps as usize].position_mm;
    let way_mm = (0..3).map(|axis| (end[axis] - start[axis]).powi(2)).sum::<f64>().sqrt();
    let expected_mm = 500.0 * 5.0 / 7.0 * GRAVITY_M_S2 * angle.sin() * 0.7 * 0.7;
    // As on a plain slope: the floor of the channel is where CAD has it, to rounding.
    assert!((way_mm / expected_mm - 1.0).abs() < 0.005, "{way_mm} mm, expected {expected_mm} mm");
}

/// A round plate, 100 mm wide and 5 mm thick at a height of 200 mm, with a hole of 30 mm.
fn plate() -> Geometry {
    revolved(&[[15.0, 205.0], [15.0, 200.0], [50.0, 200.0], [50.0, 205.0]], 64)
}

#[test]
fn ball_falls_through_a_hole_and_rests_beside_it() {
    record("plate", &plate());
    let end = |x: f64| {
        let scene = Scene {
            bodies: vec![meshed("plate", plate(), Mobility::Fixed), ball("ball", [x, 0.0, 230.0])],
            moved_object: Some("ball".into()),
            ..Scene::default()
        };
        run_for(&scene, 500).trajectory
    };
    // Through the middle of the hole it falls freely: 5 mm of air all around it.
    let through = end(0.0);
    let time_s = 0.15_f64;
    let expected = 230.0 - 500.0 * GRAVITY_M_S2 * time_s * time_s;
    assert!((through[75].position_mm[2] - expected).abs() < 1e-6, "{:?}, expected {expected} mm", through[75]);
    let beside = end(35.0);
    let z = beside[500].position_mm[2];
    assert!((z - 215.0).abs() < 0.2, "it lies at {z} mm");
}

#[test]
fn a_bucket_carries_a_ball_inside() {
    // A cup of 25 mm inner radius with a floor of 4 mm, free to move; its hull would hold the ball out.
    let cup = revolved(&[[0.01, 4.0], [0.01, 0.0], [28.0, 0.0], [28.0, 40.0], [25.0, 40.0], [25.0, 4.0]], 32);
    record("cup", &cup);
    let scene = Scene {
        bodies: vec![meshed("cup", cup, Mobility::Free), ball("ball", [8.0, 0.0, 60.0])],
        moved_object: Some("ball".into()),
        ..Scene::default()
    };
    let report = run_for(&scene, 1500);
    let [x, y, z] = report.final_positions[1].position_mm;
    assert!((z - 14.0).abs() < 0.5 && x.hypot(y) < 16.0, "it is at ({x}, {y}, {z})");
}

#[test]
fn a_welded_pair_falls_as_one() {
    let mut beam: Vec<Body> = [-20.0, 20.0]
        .iter()
        .map(|x| {
            let place = |corner: [f64; 3]| [corner[0] + x, corner[1], corner[2] + 100.0];
            meshed(&format!("half at {x}"), cuboid_mesh([20.0, 10.0, 5.0], place), Mobility::Free)
        })
        .collect();
    // A post under one half only: alone, the other half would fall to the floor.
    beam.push(solid("post", Geometry::Cuboid { half_size: [30.0, 30.0, 40.0] }, [-25.0, 0.0, 50.0], Mobility::Fixed));
    let welds = vec![Weld { one: beam[0].label.clone(), other: beam[1].label.clone() }];
    let report = run_for(&Scene { bodies: beam, welds, ..Scene::default() }, 1000);
    let [left, right] = [0, 1].map(|half| report.final_positions[half].position_mm);
    let gap = (0..3).map(|axis| (left[axis] - right[axis]).powi(2)).sum::<f64>().sqrt();
    assert!((gap - 40.0).abs() < 1e-9, "the halves are {gap} mm apart");
    assert!((right[2] - 95.0).abs() < 0.2, "the free half hangs at {} mm", right[2]);
}

#[test]
fn shaft_overlapping_its_bore_does_not_collide() {
    // The shaft is thicker than the bore: without the exclusion of jointed neighbours the wheel would be blown off.
    let wheel = revolved(&[[8.0, 110.0], [8.0, 100.0], [40.0, 100.0], [40.0, 110.0]], 32);
    let mobility = Mobility::Hinge { axis: [0.0, 0.0, 1.0], anchor_mm: None, range_rad: None };
    let shaft =
        solid("shaft", Geometry::Cylinder { radius: 8.2, half_height: 60.0 }, [0.0, 0.0, 60.0], Mobility::Fixed);
    let wheel = Body { parent: Some("shaft".into()), ..meshed("wheel", wheel, mobility) };
    let report = run_for(&Scene { bodies: vec![shaft, wheel], ..Scene::default() }, 500);
    assert!(report.success && report.max_speed_m_s < 1e-9, "{report:?}");
}

//! Everyday shapes that a convex hull, or a few convex pieces, would fill: things fall through their holes, rest on
//! their floors and roll out of them. And round parts, which roll as rounds and not as polygons.

use std::sync::atomic::AtomicBool;

use physics::{
    Body, CollisionKind, CollisionShape, Geometry, Mobility, Primitive, Scene, collision_shape, tolerance_mm,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    scenes::{GRAVITY_M_S2, STEP_S, ball, cuboid_mesh, exported, meshed, run_for, solid, tilted},
    solids::{
        FACETS, ball_mesh, bowl, channel, cup, cylinder_mesh, elbow, funnel, hollow_box, hollow_cylinder, perforated,
        placed, tray, turned,
    },
};

/// A ball of 10 mm sinks by less than this into what carries it: its weight over the contact's stiffness is 0.04 mm, and
/// bouncing of the last micrometres adds less than that.
const SINKING_MM: f64 = 0.1;

fn shape_of(mesh: &Geometry) -> CollisionShape {
    let Geometry::Mesh { vertices, triangles } = mesh else { panic!("it is a mesh") };
    let begun = std::time::Instant::now();
    let shape = collision_shape(vertices, triangles, false, &AtomicBool::new(false)).expect("nobody cancels");
    println!(
        "{} triangles, {} pieces, filled {:.3} mm, missing {:.3} mm, tolerance {:.3} mm, {:?}",
        triangles.len(),
        shape.count(),
        shape.filled_mm,
        shape.missing_mm,
        shape.tolerance_mm,
        begun.elapsed()
    );
    CollisionShape::clone(&shape)
}

fn raised(mesh: Geometry, by: f64) -> Geometry {
    placed(mesh, |[x, y, z]| [x, y, z + by])
}

/// End position of a ball of a given radius and start, with one fixed part around it.
fn dropped(part: Geometry, radius: f64, start: [f64; 3], steps: u64) -> [f64; 3] {
    let shape = shape_of(&part);
    assert!(shape.error_mm() <= shape.tolerance_mm, "the collision shape is {} mm off", shape.error_mm());
    let moved = solid("ball", Geometry::Sphere { radius }, start, Mobility::Free);
    let scene = Scene {
        bodies: vec![meshed("part", part, Mobility::Fixed), moved],
        moved_object: Some("ball".into()),
        ..Scene::default()
    };
    run_for(&scene, steps).final_positions[1].position_mm
}

#[test]
fn thin_sheet_lets_a_ball_through_its_hole() {
    // 0.5 mm thin, a hole of 26 mm, 100 mm up; after half a second of free fall the ball would be far below the ground.
    let [x, y, z] = dropped(raised(perforated(100.0, 0.5, 1, 26.0), 100.0), 10.0, [0.0, 0.0, 130.0], 500);
    assert!((z - 10.0).abs() < SINKING_MM && x.hypot(y) < 1.0, "the ball is at ({x}, {y}, {z})");
}

#[test]
fn perforated_plate_lets_a_ball_through_each_hole() {
    let plate = perforated(300.0, 6.0, 9, 18.0);
    for hole in [0.0, 1.0, 4.0] {
        let x = hole * 300.0 / 9.0;
        let end = dropped(raised(plate.clone(), 100.0), 6.0, [x, x, 115.0], 500);
        assert!((end[2] - 6.0).abs() < SINKING_MM, "the ball over hole {hole} is at {end:?}");
    }
}

#[test]
fn filleted_cup_carries_a_ball_on_its_floor() {
    // The floor is flat, and beside the fillet its pieces may rise by a fifth of the tolerance, 0.08 mm.
    let cup = raised(cup(80.0, 60.0, 3.0, 5.0), 72.0);
    let z = dropped(cup, 10.0, [3.0, 0.0, 110.0], 1500)[2];
    assert!(z > 85.0 - SINKING_MM && z < 85.1, "the ball rests at {z} mm, the floor is at 75 mm");
}

#[test]
fn filleted_tray_carries_a_ball_on_its_floor() {
    let z = dropped(raised(tray([100.0, 80.0, 30.0], 8.0, 8.0), 80.0), 10.0, [5.0, 5.0, 110.0], 1500)[2];
    assert!(z > 98.0 - SINKING_MM && z < 98.1, "the ball rests at {z} mm, the floor is at 88 mm");
}

#[test]
fn bowl_carries_a_ball_at_its_bottom() {
    let part = bowl(100.0, 3.0);
    let error = tolerance_mm(206.0 * 3.0_f64.sqrt());
    let [x, y, z] = dropped(raised(part, 47.0), 10.0, [2.0, 0.0, 70.0], 2000);
    // The floor of a round hollow is a chord: higher by the tolerance at most.
    assert!(z > 60.0 - SINKING_MM && z < 60.0 + error, "the ball rests at ({x}, {y}, {z}), the bottom is at 50 mm");
}

#[test]
fn closed_box_keeps_a_ball_inside() {
    let [x, y, z] = dropped(hollow_box(60.0, 2.0), 10.0, [3.0, 2.0, 30.0], 1000);
    assert!((z - 12.0).abs() < SINKING_MM, "the ball rests at ({x}, {y}, {z}), the floor is at 2 mm");
}

#[test]
fn elbow_lets_a_ball_out() {
    // Turned over, so that one end faces up at (-60, 0) and the other towards +x, 20 mm above the ground.
    let bend = placed(elbow(60.0, 24.0, 3.0), |[x, y, z]| [-x, y, 95.0 - z]);
    let [x, _, z] = dropped(bend, 10.0, [-60.0, 0.0, 110.0], 600);
    assert!(x > 20.0, "the ball stopped at x = {x} mm, z = {z} mm");
}

/// In some poses many corners are within rounding of the planes that cut the mesh.
#[test]
fn collision_shape_does_not_depend_on_the_pose() {
    let mut random = StdRng::seed_from_u64(8);
    for (name, part) in [
        ("filleted cup", cup(80.0, 60.0, 3.0, 5.0)),
        ("filleted tray", tray([100.0, 80.0, 30.0], 8.0, 8.0)),
        ("bowl", bowl(100.0, 3.0)),
        ("funnel", funnel(60.0, 15.0, 3.0)),
        ("perforated plate", perforated(100.0, 6.0, 3, 18.0)),
        ("elbow", elbow(60.0, 24.0, 3.0)),
        ("pipe", hollow_cylinder(30.0, 28.0, 100.0)),
    ] {
        let turned = |[about_x, about_z]: [f64; 2]| {
            let (sx, cx) = about_x.sin_cos();
            let (sz, cz) = about_z.sin_cos();
            placed(part.clone(), move |[x, y, z]| {
                let [y, z] = [cx * y - sx * z, sx * y + cx * z];
                [cz * x - sz * y + 7.0, sz * x + cz * y, z]
            })
        };
        let mut angle = || random.random_range(-3.0..3.0);
        for turn in [[0.0, 0.0], [1.0, 0.0], [0.0, 1e-4], [angle(), angle()], [angle(), angle()]] {
            let shape = shape_of(&turned(turn));
            let (error, tolerance) = (shape.error_mm(), shape.tolerance_mm);
            assert!(error <= tolerance, "{name} turned by {turn:?} rad: {error} mm, and not {tolerance}");
        }
    }
}

/// Acceleration of a steel body down a slope at the end of half a second, m/s².
fn acceleration(body: &str, geometry: Geometry, height: f64, angle: f64) -> f64 {
    let place = |[x, y, z]: [f64; 3]| {
        let [x, y, z] = tilted([x, y, z], angle);
        [x, y, z + 100.0]
    };
    let ramp = cuboid_mesh([300.0, 100.0, 10.0], |[x, y, z]| place([x, y, z - 10.0]));
    let rolling = meshed(body, placed(geometry, |[x, y, z]| place([x - 200.0, y, z + height])), Mobility::Free);
    let scene = Scene {
        bodies: vec![meshed("ramp", ramp, Mobility::Fixed), rolling],
        moved_object: Some(body.into()),
        ..Scene::default()
    };
    let steps = 250_u64;
    let course = run_for(&scene, steps).trajectory;
    let way = |step: u64| {
        let [from, to] = [0, step as usize].map(|step| course[step].position_mm);
        (0..3).map(|axis| (to[axis] - from[axis]).powi(2)).sum::<f64>().sqrt() / 1e3
    };
    // Between two times, so that settling in the first steps does not count.
    let [half, whole] = [way(steps / 2), way(steps)];
    let time = steps as f64 * STEP_S;
    // s = a·t²/2 + v·t, from both.
    4.0 * (whole - 2.0 * half) / (time * time)
}

#[test]
fn round_parts_roll_at_the_analytic_acceleration() {
    let roller = lying(raised(cylinder_mesh(10.0, 40.0, FACETS), -20.0));
    for (name, mesh, degrees, share) in
        [("sphere", ball_mesh(10.0, [0.0; 3]), 2.0_f64, 5.0 / 7.0), ("cylinder", roller, 5.0, 2.0 / 3.0)]
    {
        let angle = degrees.to_radians();
        let measured = acceleration(name, mesh, 10.0, angle);
        let expected = share * GRAVITY_M_S2 * angle.sin();
        // Rolling without slip; rolling friction of 0.1 µm on 10 mm takes 1e-5 of the weight, below 1e-3 of this.
        assert!((measured / expected - 1.0).abs() < 0.01, "{name}: {measured} m/s², expected {expected} m/s²");
    }
}

#[test]
fn wheels_roll_like_smooth_cylinders() {
    // A wheel with a bore, and one with a bevelled tread: neither is a primitive.
    let wheel = lying(hollow_cylinder(20.0, 5.0, 12.0));
    let roller = lying(turned(&[[18.0, -10.0], [20.0, -8.0], [20.0, 8.0], [18.0, 10.0]], FACETS));
    for (name, mesh) in [("wheel", wheel), ("roller", roller)] {
        let inertia = mesh.mass_properties([0.0; 3], 1000.0).expect("a solid");
        let [_, about_axis, ..] = inertia.inertia_kg_m2;
        let share = 1.0 / (1.0 + about_axis / (inertia.mass_kg * 0.02 * 0.02));
        let angle = 2.0_f64.to_radians();
        let measured = acceleration(name, mesh, 20.0, angle);
        let expected = share * GRAVITY_M_S2 * angle.sin();
        // A thousand facets instead of a round: each takes (2π/n)²·m·r²/(I + m·r²) of the energy, a deceleration of
        // share·(2π/n)/r·v²/2, 1 % at the 0.12 m/s of the end; the damping of a contact that lies between two facets
        // takes a few times that. With the 63 facets of the mesh the wheel would not leave its place on 2°.
        assert!(
            measured < 1.01 * expected && measured > 0.9 * expected,
            "{name}: {measured} m/s², expected {expected} m/s²"
        );
    }
}

/// A body of revolution on its side, its axis along y.
fn lying(mesh: Geometry) -> Geometry {
    placed(mesh, |[x, y, z]| [x, z, -y])
}

#[test]
fn primitives_are_recognised_in_any_attitude() {
    let turn = |[x, y, z]: [f64; 3]| {
        let [x, y, z] = tilted([x, y, z], 0.4);
        let (sin, cos) = 1.1_f64.sin_cos();
        [cos * x - sin * y + 30.0, sin * x + cos * y - 7.0, z + 250.0]
    };
    let center = [30.0, -7.0, 250.0];
    let near = |one: [f64; 3], other: [f64; 3]| (0..3).all(|axis| (one[axis] - other[axis]).abs() < 1e-6);
    match shape_of(&placed(ball_mesh(12.0, [0.0; 3]), turn)).kind {
        CollisionKind::Primitive(Primitive::Sphere { center: found, radius }) => {
            assert!(near(found, center) && (radius - 12.0).abs() < 1e-6, "{found:?}, {radius}");
        }
        other => panic!("the ball is {other:?}"),
    }
    match shape_of(&placed(raised(cylinder_mesh(8.0, 50.0, FACETS), -25.0), turn)).kind {
        CollisionKind::Primitive(Primitive::Cylinder { center: found, radius, half_height, axis }) => {
            assert!(near(found, center) && (radius - 8.0).abs() < 1e-6 && (half_height - 25.0).abs() < 1e-6);
            let [up, origin] = [[0.0, 0.0, 1.0], [0.0; 3]].map(turn);
            let cosine: f64 = (0..3).map(|i| axis[i] * (up[i] - origin[i])).sum();
            assert!(cosine.abs() > 1.0 - 1e-9, "the axis is {axis:?}");
        }
        other => panic!("the cylinder is {other:?}"),
    }
    match shape_of(&cuboid_mesh([5.0, 10.0, 20.0], turn)).kind {
        CollisionKind::Primitive(Primitive::Cuboid { center: found, mut half_size, .. }) => {
            half_size.sort_by(f64::total_cmp);
            assert!(near(found, center) && near(half_size, [5.0, 10.0, 20.0]), "{found:?}, {half_size:?}");
        }
        other => panic!("the box is {other:?}"),
    }
}

#[test]
fn near_primitives_are_not_taken_for_primitives() {
    // Six, twelve and 36 sides; a ball with a flat; a rod with a bore and one with a cone: none of them is a primitive.
    for sides in [6, 12, 36] {
        let shape = shape_of(&cylinder_mesh(10.0, 20.0, sides));
        assert_eq!(shape.kind, CollisionKind::Convex, "a prism of {sides} sides");
    }
    let flat = placed(ball_mesh(10.0, [0.0; 3]), |[x, y, z]| [x, y, z.min(9.5)]);
    assert_eq!(shape_of(&flat).kind, CollisionKind::Convex, "a ball with a flat");
    let cone = placed(cylinder_mesh(10.0, 20.0, FACETS), |[x, y, z]| [x * (1.0 - z / 50.0), y * (1.0 - z / 50.0), z]);
    assert_eq!(shape_of(&cone).kind, CollisionKind::Convex, "a cone");
    let wedge = cuboid_mesh([10.0; 3], |[x, y, z]| [x + 0.1 * z, y, z]);
    assert_eq!(shape_of(&wedge).kind, CollisionKind::Convex, "a leaning block");
    let tube = shape_of(&cup(30.0, 20.0, 3.0, 0.0));
    assert!(matches!(tube.kind, CollisionKind::Pieces(_)), "a cup is not a cylinder");
}

#[test]
fn error_is_measured_and_reported() {
    let plate = shape_of(&channel(30.0, 20.0, 4.0, 400.0));
    assert!(plate.error_mm() < 1e-9 && plate.count() == 3, "flat faces stay where they are: {}", plate.error_mm());
    let spout = shape_of(&funnel(60.0, 15.0, 3.0));
    assert!(spout.error_mm() <= spout.tolerance_mm && spout.count() > 20, "{} mm", spout.error_mm());
    let bowl = shape_of(&bowl(100.0, 3.0));
    // Chords of a round stand off it: an exact fit would be a wrong measurement.
    assert!(bowl.filled_mm > 0.05 && bowl.filled_mm <= bowl.tolerance_mm, "{} mm", bowl.filled_mm);
}

#[test]
fn reused_label_does_not_reuse_the_shape() {
    // Prisms, which the engine compiles as meshes. The same label each time, and a label that was never used before.
    let mut random = StdRng::seed_from_u64(1);
    for round in 0..80 {
        let height = random.random_range(5.0..150.0_f64).round();
        let radius = random.random_range(40.0..120.0_f64).round();
        let sides = random.random_range(5..9);
        let rest = |label: &str| {
            let plate: Body = meshed(label, cylinder_mesh(radius, height, sides), Mobility::Fixed);
            let scene = Scene {
                bodies: vec![plate, ball("ball", [0.0, 0.0, height + 10.5])],
                moved_object: Some("ball".into()),
                ..Scene::default()
            };
            run_for(&scene, 150).final_positions[1].position_mm[2]
        };
        let (known, fresh) = (rest("plate"), rest(&format!("plate {round}")));
        assert_eq!(known, fresh, "a plate of {height} mm under a known and a new name");
        assert!((known - height - 10.0).abs() < 0.5, "the ball rests at {known} mm on a plate of {height} mm");
    }
}

#[test]
fn meshes_are_named_by_their_content() {
    let prism = |height: f64| cylinder_mesh(20.0, height, 6);
    let names = |label: &str, mesh: Geometry| {
        let scene = Scene { bodies: vec![meshed(label, mesh, Mobility::Fixed)], ..Scene::default() };
        exported(&scene).meshes.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_ne!(names("prism", prism(10.0)), names("prism", prism(10.000_001)), "one label, two contents");
    assert_eq!(names("prism", prism(10.0)), names("another", prism(10.0)), "two labels, one content");
    let long = "x".repeat(300);
    assert!(names(&long, prism(10.0)).iter().all(|name| name.len() < 64), "a file name does not grow with the label");
    let long = meshed(&long, prism(10.0), Mobility::Fixed);
    run_for(&Scene { bodies: vec![long, ball("ball", [0.0, 0.0, 25.0])], ..Scene::default() }, 10);
}

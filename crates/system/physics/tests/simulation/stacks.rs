//! Bodies that rest on each other: stacks, heavy on light, and slipping bodies.
//!
//! How far a contact sinks is derived in `mjcf/contact.rs`: with steps of 1 ms it is at most 25 µm deep as long as it
//! carries less than 1600 times the weight of what it accelerates, and above that n·g·(1 − d)/(d·K) for n times that
//! weight, d = 0.999 and K = (0.8/step)².

use physics::{Body, Geometry, Mobility, Scene};

use crate::scenes::{GRAVITY_M_S2, cuboid_mesh, meshed, run_for, solid, tilted};

/// Depth of one contact with steps of 1 ms, mm.
const SKIN_MM: f64 = 0.025;

/// A body with the contact of ABS and a given mass.
fn abs(body: Body, density_kg_m3: f64) -> Body {
    let mass = body.geometry.mass_properties(body.mass.center_mm, density_kg_m3).expect("it has a volume");
    Body { mass, friction: 0.5, restitution: 0.6, ..body }
}

/// A box that is a mesh, as parts of a design are.
fn block(label: &str, half_size: [f64; 3], middle: [f64; 3], density_kg_m3: f64) -> Body {
    let place = |corner: [f64; 3]| std::array::from_fn(|axis| corner[axis] + middle[axis]);
    abs(meshed(label, cuboid_mesh(half_size, place), Mobility::Free), density_kg_m3)
}

/// How far the last body is below and beside the place where it was built, mm, after 5 s.
fn settled(bodies: Vec<Body>) -> (f64, f64) {
    let scene = Scene { bodies, ..Scene::default() };
    let report = run_for(&scene, 2500);
    let last = scene.bodies.len() - 1;
    let (built, end) = (scene.bodies[last].mass.center_mm, report.final_positions[last].position_mm);
    let low_and_aside = (built[2] - end[2], (end[0] - built[0]).hypot(end[1] - built[1]));
    println!("{low_and_aside:?} mm");
    low_and_aside
}

#[test]
fn ten_cubes_stand_on_each_other() {
    for edge in [20.0, 5.0] {
        let cube =
            |i: u32| block(&format!("cube_{i}"), [edge / 2.0; 3], [0.0, 0.0, edge * (f64::from(i) + 0.5)], 1040.0);
        let (low, aside) = settled((0..10).map(cube).collect());
        assert!((0.0..10.0 * SKIN_MM).contains(&low), "cubes of {edge} mm: {low} mm low");
        assert!(aside < 0.1, "cubes of {edge} mm: {aside} mm aside");
    }
}

#[test]
fn twenty_coins_stand_on_each_other() {
    let coin = |i: u32| {
        let geometry = Geometry::Cylinder { radius: 10.0, half_height: 1.0 };
        abs(solid(&format!("coin_{i}"), geometry, [0.0, 0.0, 2.0 * f64::from(i) + 1.0], Mobility::Free), 2700.0)
    };
    let (low, aside) = settled((0..20).map(coin).collect());
    assert!((0.0..20.0 * SKIN_MM).contains(&low) && aside < 0.2, "{low} mm low, {aside} mm aside");
}

#[test]
fn kilogram_rests_on_a_gram() {
    // A cube of 10 mm and 1 g below one of 50 mm and 1 kg: two contacts.
    let light = block("light", [5.0; 3], [0.0, 0.0, 5.0], 1000.0);
    let heavy = block("heavy", [25.0; 3], [0.0, 0.0, 35.0], 8000.0);
    let (low, aside) = settled(vec![light, heavy]);
    assert!((0.0..2.0 * SKIN_MM).contains(&low) && aside < 0.1, "{low} mm low, {aside} mm aside");
}

#[test]
fn table_of_21_kg_stands_on_feet_of_half_a_gram() {
    let mut bodies: Vec<Body> = [[50.0, 50.0], [50.0, -50.0], [-50.0, 50.0], [-50.0, -50.0]]
        .iter()
        .enumerate()
        .map(|(i, [x, y])| block(&format!("foot_{i}"), [3.75; 3], [*x, *y, 3.75], 0.0005 / 0.0075_f64.powi(3)))
        .collect();
    bodies.push(block("table", [70.0; 3], [0.0, 0.0, 77.5], 21.6 / 0.14_f64.powi(3)));
    let (low, aside) = settled(bodies);
    // Each foot carries 10 800 times its weight, in two contacts.
    let contact_mm = 1e3 * 10_800.0 * GRAVITY_M_S2 * 0.001 / 0.999 / (0.8_f64 / 0.001).powi(2);
    assert!((0.0..2.0 * contact_mm).contains(&low) && aside < 0.2, "{low} mm low, {aside} mm aside");
}

#[test]
fn cube_slides_on_silicone_and_does_not_tumble() {
    let friction = 0.8_f64;
    let angle = friction.atan() + 0.5_f64.to_radians();
    let above = |along: f64, off: f64| {
        let [x, y, z] = tilted([along, 0.0, off], angle);
        [x, y, z + 600.0]
    };
    let shape = |half: [f64; 3], middle: [f64; 3]| {
        cuboid_mesh(half, |corner| {
            let corner = tilted(corner, angle);
            std::array::from_fn(|axis| corner[axis] + middle[axis])
        })
    };
    let mat = meshed("mat", shape([500.0, 100.0, 10.0], above(0.0, -10.0)), Mobility::Fixed);
    let mat = Body { friction, restitution: 0.1, ..mat };
    let start = above(-300.0, 10.0);
    let cube = abs(meshed("cube", shape([10.0; 3], start), Mobility::Free), 1040.0);
    let moved_object = Some("cube".into());
    let report = run_for(&Scene { bodies: vec![mat, cube], moved_object, ..Scene::default() }, 750);
    let end = report.trajectory[750];
    let way_mm = (0..3).map(|axis| (end.position_mm[axis] - start[axis]).powi(2)).sum::<f64>().sqrt();
    let measured = 2.0 * way_mm / 1e3 / 1.5 / 1.5;
    let expected = GRAVITY_M_S2 * (angle.sin() - friction * angle.cos());
    println!("{measured} m/s², expected {expected}");
    // A difference of forces that are 55 times larger: what friction lacks while the cube sinks into its skin, in the
    // first milliseconds, is a start of 5 mm/s, which is 5 % of the way.
    assert!((measured / expected - 1.0).abs() < 0.1, "{measured} m/s², expected {expected}");
    let turned = 2.0 * end.quaternion[0].abs().min(1.0).acos().to_degrees();
    assert!(turned < 2.0, "the cube has turned by {turned}°");
}

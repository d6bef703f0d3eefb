//! What is too fast for a step, what starts in the wrong place, and what joints and servos hold.

use physics::{Actuator, Body, Controller, Geometry, Mobility, RunReport, RunSettings, Scene, Start};

use crate::scenes::{ball, engine_steps, prepared, refusal, run_for, solid};

/// Runs with as small a step as the scene needs; the parts of a step, too.
fn simulate(scene: &Scene, steps: u64, start_mm: f64) -> (u64, RunReport) {
    let settings = RunSettings { max_steps: steps, sample_steps: 1, ..RunSettings::full() };
    let starts = [Start { seed: 1, offset_mm: [0.0, 0.0, start_mm] }];
    let prepared = prepared(scene, settings);
    let report = prepared.run(&starts, 1, &false.into()).expect("it runs").individual_results.remove(0).report;
    (engine_steps(&prepared.export().expect("MJCF")), report)
}

/// A plate of 2 mm at a height of 100 mm, and a ball above it.
fn over_a_plate(radius: f64, drop_mm: f64) -> Scene {
    let plate = Geometry::Cuboid { half_size: [100.0, 100.0, 1.0] };
    let ball = solid("ball", Geometry::Sphere { radius }, [0.0, 0.0, 100.0 + radius + drop_mm], Mobility::Free);
    Scene {
        bodies: vec![solid("plate", plate, [0.0, 0.0, 99.0], Mobility::Fixed), ball],
        moved_object: Some("ball".into()),
        ..Scene::default()
    }
}

#[test]
fn fast_ball_does_not_pass_through_a_plate() {
    // 6 m/s after a fall of 1.835 m, 12 mm in 2 ms; where in a step it arrives differs by the start.
    for shift in 0..16 {
        let (parts, report) = simulate(&over_a_plate(10.0, 1835.0), 600, 0.75 * f64::from(shift));
        let lowest = report.trajectory.iter().map(|point| point.position_mm[2]).fold(f64::INFINITY, f64::min);
        // Three quarters of its radius a step times 1.3, the depth of an impact: it stays on its side of the plate.
        assert!(lowest > 100.0, "shift {shift}: the ball sank to {lowest} mm");
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
        assert_eq!(parts, 2);
    }
}

#[test]
fn slow_scene_keeps_the_contracts_step() {
    let (parts, _) = simulate(&over_a_plate(10.0, 300.0), 300, 0.0);
    assert_eq!(parts, 1);
}

#[test]
fn ball_too_fast_for_any_step_is_reported() {
    // 4.4 m/s, 0.55 mm in the smallest step: more than three quarters of its radius of 0.5 mm.
    let (parts, report) = simulate(&over_a_plate(0.5, 1000.0), 300, 0.0);
    assert_eq!(parts, 16);
    assert!(
        report.warnings.iter().any(|told| told.contains("\"ball\"") && told.contains("m/s")),
        "{:?}",
        report.warnings
    );
}

#[test]
fn body_passed_through_is_named() {
    // 20 m/s after a fall of 20 m: 2.5 mm in the smallest step, more than the plate is thick.
    let scene = over_a_plate(0.5, 20_000.0);
    let told = run_for(&scene, 1100).warnings;
    assert!(told.iter().any(|told| told.contains("\"ball\"") && told.contains("through \"plate\"")), "{told:?}");
}

#[test]
fn overlapping_bodies_are_reported() {
    let cube = |label: &str, half: f64| {
        solid(label, Geometry::Cuboid { half_size: [half; 3] }, [0.0, 0.0, 50.0], Mobility::Free)
    };
    let scene = Scene { bodies: vec![cube("case", 20.0), cube("core", 5.0)], ..Scene::default() };
    let told = run_for(&scene, 1).warnings;
    assert!(
        told.iter().any(|told| ["\"case\"", "\"core\"", "overlap"].iter().all(|word| told.contains(word))),
        "{told:?}"
    );
    let apart =
        Scene { bodies: vec![ball("one", [0.0, 0.0, 50.0]), ball("two", [20.0, 0.0, 50.0])], ..Scene::default() };
    assert_eq!(run_for(&apart, 1).warnings, Vec::<String>::new());
}

#[test]
fn start_below_the_ground_is_reported_with_its_depth() {
    let scene = Scene { bodies: vec![ball("ball", [0.0, 0.0, -20.0])], ..Scene::default() };
    let told = run_for(&scene, 1).warnings;
    // 20 mm below, and a radius of 10 mm.
    assert!(told.iter().any(|told| told.contains("\"ball\"") && told.contains("30.0 mm below the ground")), "{told:?}");
    let buried: Vec<_> = scene.below_ground().map(|(body, depth)| (body.label.as_str(), depth)).collect();
    assert_eq!(buried, [("ball", 30.0)]);
    let above = Scene { bodies: vec![ball("ball", [0.0, 0.0, 10.0])], ..Scene::default() };
    assert_eq!((run_for(&above, 1).warnings, above.below_ground().count()), (Vec::new(), 0));
}

/// An arm of ABS that a motor turns about the vertical against a stop at 0.4 rad.
fn stopped_arm(half_size: [f64; 3]) -> Body {
    let [half, ..] = half_size;
    let mobility =
        Mobility::Hinge { axis: [0.0, 0.0, 1.0], anchor_mm: Some([-half, 0.0, 100.0]), range_rad: Some([-0.3, 0.4]) };
    let arm = solid("arm", Geometry::Cuboid { half_size }, [0.0, 0.0, 100.0], mobility);
    Body { mass: arm.geometry.mass_properties([0.0, 0.0, 100.0], 1040.0).expect("a primitive"), ..arm }
}

#[test]
fn stop_of_a_joint_holds_a_light_arm() {
    // 1.5 g with 0.98 N·m, and 43 g with 5 N·m.
    for (half_size, limit) in [([30.0, 2.5, 2.4], 0.98), ([60.0, 13.0, 13.25], 5.0)] {
        for control in [Controller::Constant { value: 3.0 }, Controller::Position { target: 2.0 }] {
            let told = format!("{control:?} with {limit} N·m");
            let motor = Actuator { force_limit: Some(limit), ..Actuator::new("arm", control) };
            let scene = Scene { bodies: vec![stopped_arm(half_size)], actuators: vec![motor], ..Scene::default() };
            let (_, report) = simulate(&scene, 500, 0.0);
            let angle = |[w, _, _, z]: [f64; 4]| 2.0 * f64::atan2(z, w);
            let angles: Vec<_> = report.trajectory.iter().map(|point| angle(point.quaternion)).collect();
            let most = angles.iter().copied().fold(0.0, f64::max);
            // It meets the stop with at most 0.015 of the range a step, of which a critically damped stop lets
            // 2/e through; at rest τ/I·(1 − d)/(d·K) is left, with I = kv·step/2.4 and 1/K = (2·step)²: 1.2e-3 rad.
            assert!(most < 0.4 + 0.015 * 0.7 * 0.74 + 2e-3, "{told}: it turned to {most} rad");
            let end = angles[angles.len() - 1];
            assert!((end - 0.4).abs() < 2e-3, "{told}: it rests at {end} rad");
        }
    }
}

#[test]
fn stop_of_a_slide_holds_two_grams() {
    let mobility = Mobility::Slide { axis: [1.0, 0.0, 0.0], range_mm: Some([-25.0, 25.0]) };
    let sled = solid("sled", Geometry::Cuboid { half_size: [6.0, 4.0, 10.0] }, [0.0, 0.0, 100.0], mobility);
    let sled = Body { mass: sled.geometry.mass_properties([0.0, 0.0, 100.0], 1040.0).expect("a primitive"), ..sled };
    for control in [Controller::Constant { value: 100.0 }, Controller::Position { target: 60.0 }] {
        let told = format!("{control:?}");
        let motor = Actuator { force_limit: Some(50.0), ..Actuator::new("sled", control) };
        let scene = Scene { bodies: vec![sled.clone()], actuators: vec![motor], ..Scene::default() };
        let (_, report) = simulate(&scene, 500, 0.0);
        let most = report.trajectory.iter().map(|point| point.position_mm[0]).fold(0.0, f64::max);
        assert!(most < 25.0 + 0.015 * 50.0 * 0.74 + 0.05, "{told}: it slid to {most} mm");
        let end = report.final_positions[0].position_mm[0];
        assert!((end - 25.0).abs() < 0.05, "{told}: it rests at {end} mm");
    }
}

/// A servo of the catalogue on a disc: stiffness is torque over 0.2 rad, damping a tenth of that.
fn servo(control: Controller) -> Actuator {
    let (kp, kv) = (0.98 / 0.2, 0.098 / 0.2);
    Actuator { kp, kv, force_limit: Some(0.98), speed_limit: Some(6.16), ..Actuator::new("disc", control) }
}

/// A disc that turns about the vertical.
fn disc(radius: f64, half_height: f64) -> Body {
    let mobility = Mobility::Hinge { axis: [0.0, 0.0, 1.0], anchor_mm: None, range_rad: None };
    let disc = solid("disc", Geometry::Cylinder { radius, half_height }, [0.0, 0.0, 100.0], mobility);
    Body { mass: disc.geometry.mass_properties([0.0, 0.0, 100.0], 2700.0).expect("a primitive"), ..disc }
}

fn turned(disc: Body, motor: Actuator, steps: u64) -> RunReport {
    let scene = Scene { bodies: vec![disc], actuators: vec![motor], ..Scene::default() };
    run_for(&scene, steps)
}

#[test]
fn servo_answers_a_step_with_the_contracts_gains() {
    // 136 g: 40 mm radius, 10 mm high. The poles of I·θ″ + kv·θ′ + kp·θ = kp·θ* are 10.02/s and 4503/s, so that
    // θ = 1 − 1.0022·e^(−10.02·t) but for the first milliseconds: there the torque is at its limit, for 1.5 ms instead of
    // none, which costs 1 ms · 10 rad/s · e^(−10·t) at most.
    let report = turned(disc(40.0, 5.0), servo(Controller::Position { target: 1.0 }), 45);
    for (steps, expected) in [(15, 0.258), (30, 0.451), (45, 0.593)] {
        let [w, _, _, z] = report.trajectory[steps].quaternion;
        let angle = 2.0 * f64::atan2(z, w);
        println!("{angle} rad after {} ms", 2 * steps);
        assert!((angle - expected).abs() < 0.005, "{angle} rad after {} ms, expected {expected}", 2 * steps);
    }
    // A horn of a fifth of a gram has negligible inertia: θ = 1 − e^(−10·t), less what its rotor costs.
    let report = turned(disc(5.0, 0.5), servo(Controller::Position { target: 1.0 }), 45);
    for steps in [15, 30, 45] {
        let [w, _, _, z] = report.trajectory[steps].quaternion;
        let (angle, expected) = (2.0 * f64::atan2(z, w), 1.0 - (-10.0 * 0.002 * steps as f64).exp());
        assert!((angle - expected).abs() < 0.005, "{angle} rad after {} ms, expected {expected}", 2 * steps);
    }
}

#[test]
fn servo_keeps_its_catalogue_speed_limit() {
    let report = turned(disc(40.0, 5.0), servo(Controller::Constant { value: 100.0 }), 500);
    let load = &report.motor_loads[0];
    assert!((load.peak_speed / 6.16 - 1.0).abs() < 0.01, "{load:?}");
    // The energy is the horn's own, ½·I·ω², without the inertia that its joint got because of the step.
    let horn = disc(5.0, 0.5);
    let expected = horn.mass.inertia_kg_m2[2] * 6.16 * 6.16 / 2.0;
    let report = turned(horn, servo(Controller::Constant { value: 100.0 }), 500);
    assert!((report.kinetic_energy_j / expected - 1.0).abs() < 0.01, "{} J, not {expected} J", report.kinetic_energy_j);
    // A position-controlled motor follows its gains, and its speed is reported.
    let report = turned(disc(40.0, 5.0), servo(Controller::Position { target: 1.0 }), 45);
    assert!(report.motor_loads[0].peak_speed > 1.02 * 6.16, "{:?}", report.motor_loads);
}

#[test]
fn body_too_small_for_the_engine_is_refused() {
    let speck = solid("speck", Geometry::Sphere { radius: 0.1 }, [0.0, 0.0, 50.0], Mobility::Free);
    let error = refusal(&Scene { bodies: vec![speck], ..Scene::default() }).expect("too small");
    assert!(error.contains("\"speck\"") && error.contains("too small"), "{error}");
    let grain = solid("grain", Geometry::Sphere { radius: 0.3 }, [0.0, 0.0, 50.0], Mobility::Free);
    assert_eq!(refusal(&Scene { bodies: vec![grain], ..Scene::default() }), None);
}

//! Motors against closed forms, limits and gates.

use contract::simulation::FailureReason;
use physics::{
    Actuator, Body, Controller, Geometry, Mobility, RunReport, RunSettings, Scene, Start, Waypoint, ZoneKind,
};

use crate::scenes::{GRAVITY_M_S2, STEP_S, ball, run_for, run_many, solid, zone};

/// A flywheel that turns about the vertical, high above the floor.
fn flywheel() -> Body {
    let mobility = Mobility::Hinge { axis: [0.0, 0.0, 1.0], anchor_mm: None, range_rad: None };
    solid("wheel", Geometry::Cylinder { radius: 50.0, half_height: 5.0 }, [0.0, 0.0, 300.0], mobility)
}

/// An arm of 200 mm that a hinge at its end holds out horizontally.
fn arm() -> Body {
    let mobility = Mobility::Hinge { axis: [0.0, 1.0, 0.0], anchor_mm: Some([-100.0, 0.0, 500.0]), range_rad: None };
    solid("arm", Geometry::Cuboid { half_size: [100.0, 5.0, 5.0] }, [0.0, 0.0, 500.0], mobility)
}

fn driven(body: Body, actuator: Actuator, steps: u64) -> RunReport {
    let moved_object = Some(body.label.clone());
    run_for(&Scene { bodies: vec![body], actuators: vec![actuator], moved_object, ..Scene::default() }, steps)
}

/// Turn of the wheel at each sample, rad; whole turns are counted.
fn turns(report: &RunReport) -> Vec<f64> {
    let mut total = 0.0;
    let mut before = 0.0;
    let angle = |[w, _, _, z]: [f64; 4]| 2.0 * f64::atan2(z, w);
    report
        .trajectory
        .iter()
        .map(|point| {
            let now = angle(point.quaternion);
            let step = (now - before).rem_euclid(std::f64::consts::TAU);
            total += if step > std::f64::consts::PI { step - std::f64::consts::TAU } else { step };
            before = now;
            total
        })
        .collect()
}

#[test]
fn wheel_accelerates_by_torque_over_inertia() {
    let inertia = flywheel().mass.inertia_kg_m2[2];
    let torque = 0.01;
    let motor = Actuator::new("wheel", Controller::OnOff { value: torque, frequency_hz: 0.01 });
    let report = driven(flywheel(), motor, 1000);
    for (step, angle) in turns(&report).iter().enumerate() {
        let time_s = step as f64 * STEP_S;
        let expected = 0.5 * torque / inertia * time_s * time_s;
        // Constant acceleration is exact for a fourth-order integrator; an angle from a quaternion has an error of
        // 1e-15.
        assert!((angle - expected).abs() < 1e-9 * (1.0 + expected), "{angle} rad after {time_s} s, not {expected}");
    }
}

#[test]
fn torque_scales_with_power_above_its_minimum() {
    let turned = |power: f64| {
        let control = Controller::OnOff { value: 0.01, frequency_hz: 0.01 };
        let report = driven(flywheel(), Actuator { power, ..Actuator::new("wheel", control) }, 500);
        turns(&report)[500]
    };
    let full = turned(1.0);
    assert!((turned(0.5) / full - 0.5).abs() < 1e-9);
    assert_eq!(turned(0.0), 0.0);
    // Less than a motor needs to start at all.
    assert_eq!(turned(0.049), 0.0);
    assert!(turned(0.05) > 0.0);
}

#[test]
fn unpowered_motor_exerts_no_torque() {
    // The arm swings as an undriven pendulum, whatever the motor's command.
    let arm_after = |actuators: Vec<Actuator>| {
        let scene = Scene { bodies: vec![arm()], actuators, moved_object: Some("arm".into()), ..Scene::default() };
        run_for(&scene, 300).final_positions[0].position_mm
    };
    let free = arm_after(Vec::new());
    for control in [Controller::Hold, Controller::Constant { value: 3.0 }, Controller::Position { target: -1.0 }] {
        let told = format!("{control:?}");
        let motor = |power: f64| {
            let actuator = Actuator { power, force_limit: Some(2.0), ..Actuator::new("arm", control.clone()) };
            arm_after(vec![actuator])
        };
        assert_eq!(motor(0.0), free, "{told} without power");
        let difference = (motor(1.0)[2] - free[2]).abs();
        assert!(difference > 10.0, "{told} does nothing with power either: {difference} mm");
    }
}

#[test]
fn half_power_halves_strength_and_speed() {
    let inertia = flywheel().mass.inertia_kg_m2[2];
    let kv = inertia / 0.02;
    let run = |power: f64, control: Controller, limit: f64| {
        let actuator = Actuator { kv, power, force_limit: Some(limit), ..Actuator::new("wheel", control) };
        let report = driven(flywheel(), actuator, 1000);
        let turns = turns(&report);
        ((turns[1000] - turns[900]) / (100.0 * STEP_S), report.motor_loads[0].clone())
    };
    let (speed, _) = run(0.5, Controller::Constant { value: 4.0 }, 1.0);
    assert!((speed - 2.0).abs() < 1e-6, "{speed} rad/s");
    // Far from its target, it gives all it has.
    let (_, load) = run(0.5, Controller::Position { target: 3.0 }, 0.004);
    assert!((load.peak_force - 0.002).abs() < 1e-12, "{load:?}");
    assert_eq!(load.force_limit, Some(0.002));
}

#[test]
fn position_step_response_is_a_damped_oscillation() {
    let inertia = flywheel().mass.inertia_kg_m2[2];
    let (target, frequency, ratio) = (1.0, 15.0, 0.3);
    let (kp, kv) = (inertia * frequency * frequency, 2.0 * ratio * frequency * inertia);
    let control = Controller::Position { target };
    let report = driven(flywheel(), Actuator { kp, kv, ..Actuator::new("wheel", control) }, 500);
    let damped = frequency * (1.0_f64 - ratio * ratio).sqrt();
    for (step, angle) in turns(&report).iter().enumerate() {
        let t = step as f64 * STEP_S;
        let (sin, cos) = (damped * t).sin_cos();
        let decay = (-ratio * frequency * t).exp();
        let expected = target * (1.0 - decay * (cos + ratio * frequency / damped * sin));
        // Global error of fourth order: (ωh)⁴·ωt/120 = 1e-7 with ωh = 0.03, ωt = 15.
        assert!((angle - expected).abs() < 2e-7, "{angle} rad after {t} s, expected {expected}");
    }
}

#[test]
fn speed_controller_settles_without_overshoot() {
    let inertia = flywheel().mass.inertia_kg_m2[2];
    let (speed, time_constant_s) = (3.0, 0.1);
    let kv = inertia / time_constant_s;
    let report =
        driven(flywheel(), Actuator { kv, ..Actuator::new("wheel", Controller::Constant { value: speed }) }, 500);
    // Critically damped: ω = ω*·(1 − e^(−pt)·(1 + pt)) with p = kv / 2I, and its integral.
    let p = 1.0 / (2.0 * time_constant_s);
    for (step, angle) in turns(&report).iter().enumerate() {
        let t = step as f64 * STEP_S;
        let expected = speed * (t - 2.0 / p + (-p * t).exp() * (2.0 / p + t));
        // The integral is a sum that counts the first error half a step too long, which is worth ω*·step/2 in the end.
        assert!((angle - expected).abs() < speed * STEP_S / 2.0, "{angle} rad after {t} s, expected {expected}");
    }
}

/// Angle of the arm about its hinge, rad.
fn arm_angle(report: &RunReport, sample: usize) -> f64 {
    let [w, _, y, _] = report.trajectory[sample].quaternion;
    2.0 * f64::atan2(y, w)
}

#[test]
fn a_speed_controller_keeps_its_speed_under_a_load() {
    // Lifted about −y from the horizontal; gravity pulls with m·g·l/2 of nearly half of what the motor has.
    let load = arm().mass.mass_kg * GRAVITY_M_S2 * 0.1;
    let (speed, limit) = (-0.5, 2.2 * load);
    let control = Controller::Constant { value: speed };
    let report = driven(arm(), Actuator { force_limit: Some(limit), ..Actuator::new("arm", control) }, 1000);
    let lifted = |from: usize, to: usize| arm_angle(&report, to) - arm_angle(&report, from);
    // The load changes with cos(θ), at most by ω·load·sin(θ) a second; the integral answers with a lag of T = 4·I/kv,
    // 8 ms, so the speed is off by T·ω·load·sin(θ)/kv, where kv = I/step: less than 1 %.
    for from in [200, 500, 800] {
        let turned = lifted(from, from + 200);
        assert!((turned / (speed * 0.4) - 1.0).abs() < 0.01, "it turned by {turned} rad in 0.4 s from step {from} on");
    }
    let motor = &report.motor_loads[0];
    assert!(motor.peak_force < limit && motor.peak_force > 0.99 * load, "{motor:?}, load {load} N·m");
}

#[test]
fn slide_follows_its_waypoints_in_millimetres() {
    let mobility = Mobility::Slide { axis: [1.0, 0.0, 0.0], range_mm: None };
    let sled = solid("sled", Geometry::Cuboid { half_size: [10.0; 3] }, [0.0, 0.0, 300.0], mobility);
    let points = [(0.0, 0.0), (0.5, 50.0)].map(|(time_s, value)| Waypoint { time_s, value });
    // Stiff and critically damped: ω = √(kp/m) = 126/s, so after 2 s nothing is left of the transient.
    let mass = sled.mass.mass_kg;
    let kp = 1.0;
    let kv = 2.0 * (1e3 * kp * mass).sqrt() / 1e3;
    let motor = Actuator { kp, kv, ..Actuator::new("sled", Controller::Waypoints(points.to_vec())) };
    let report = driven(sled, motor, 1000);
    let x = report.final_positions[0].position_mm[0];
    assert!((x - 50.0).abs() < 1e-6, "it is at {x} mm");
}

#[test]
fn stalled_motor_overloads_after_two_seconds() {
    // A stop at 0.1 rad keeps it from its target, so it is at its limit from the first step on.
    let mut stopped = flywheel();
    stopped.mobility = Mobility::Hinge { axis: [0.0, 0.0, 1.0], anchor_mm: None, range_rad: Some([-0.1, 0.1]) };
    let limit = 0.05;
    let control = Controller::Position { target: 2.0 };
    let motor = Actuator { kv: 0.0, force_limit: Some(limit), ..Actuator::new("wheel", control) };
    let report = driven(stopped, motor, 15_000);
    assert_eq!(report.failure, Some(FailureReason::MotorOverload), "{:?}", report.ended);
    assert_eq!(report.overloaded_motor.as_deref(), Some("wheel"));
    assert_eq!(report.ended.body.as_deref(), Some("wheel"));
    assert_eq!((report.steps, report.ended.time_s), (1000, 2.0));
    let motor = &report.motor_loads[0];
    assert!((motor.peak_force - limit).abs() < 1e-12, "the limit clamps: {motor:?}");
}

#[test]
fn motor_holding_its_load_is_not_overloaded() {
    let load = arm().mass.mass_kg * GRAVITY_M_S2 * 0.1;
    let hold = Actuator { kp: 100.0, force_limit: Some(3.0 * load), ..Actuator::new("arm", Controller::Hold) };
    let report = driven(arm(), hold, 2000);
    assert!(report.success, "{:?}", report.ended);
    // It sags by load / kp and holds exactly the load there.
    let sag = load / 100.0;
    let angle = 2.0 * f64::atan2(report.trajectory[2000].quaternion[2], report.trajectory[2000].quaternion[0]);
    assert!((angle - sag).abs() < 0.01 * sag, "it sags by {angle} rad, expected {sag}");
}

#[test]
fn a_motor_driven_paddle_sweeps_a_ball_into_the_goal() {
    // A paddle of 200 mm turns about a post at its end and pushes the ball round by a quarter of a turn.
    let hinge = Mobility::Hinge { axis: [0.0, 0.0, 1.0], anchor_mm: Some([0.0, 0.0, 15.0]), range_rad: None };
    let post = solid("post", Geometry::Cylinder { radius: 6.0, half_height: 20.0 }, [0.0, 0.0, 20.0], Mobility::Fixed);
    let blade = Geometry::Cuboid { half_size: [100.0, 3.0, 12.0] };
    let paddle = Body { parent: Some("post".into()), ..solid("paddle", blade, [100.0, 0.0, 15.0], hinge) };
    let scene = Scene {
        bodies: vec![post, paddle, ball("ball", [150.0, 25.0, 10.0])],
        actuators: vec![Actuator {
            force_limit: Some(0.5),
            ..Actuator::new("paddle", Controller::Constant { value: 2.0 })
        }],
        zones: vec![zone(ZoneKind::Goal, [-60.0, 100.0, 0.0], [40.0, 400.0, 40.0])],
        moved_object: Some("ball".into()),
        ..Scene::default()
    };
    let starts: Vec<Start> = (42..47).map(|seed| Start::jittered(seed, [4.0, 4.0, 0.0])).collect();
    let begun = std::time::Instant::now();
    let report = run_many(&scene, RunSettings::full(), &starts, 2);
    println!("five seeds of the paddle: {:?}", begun.elapsed());
    assert_eq!((report.success_rate, report.is_consistent), (1.0, true), "{:?}", report.fail_reasons);
    for result in &report.individual_results {
        // Without the paddle the ball would stay; with it a quarter of a turn takes about π/2 / 2 rad/s.
        assert!((0.2..3.0).contains(&result.report.ended.time_s), "{:?}", result.report.ended);
    }
}

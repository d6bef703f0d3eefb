//! INT-038 — every controller function runs.
//!
//! Seam: control mode of the assembly definition → worker-heavy simulate → motion
//! Requirement: each mode drives a motor without a failure of schema or tool, and the motion is the one that the mode
//! prescribes: it is compared with the equation of motion of the driven mass, solved here.

use std::f64::consts::TAU;

use contract::{benchmark::BenchmarkRequest, limits::SIMULATION_STEP_S};
use rstest::rstest;
use testkit::{Context, mechanisms};

use crate::ctx;

/// The carriage: 16 cm³ of aluminium.
const MASS_KG: f64 = 0.0432;
/// The contract's gains, 10 N/mm and 1 N·s/mm, in N/m and N·s/m.
const KP: f64 = 10_000.0;
const KV: f64 = 1000.0;
/// Reset time of the integral of a speed-controlled motor, s.
const RESET_S: f64 = 4.0 * SIMULATION_STEP_S;
/// Steps of the solution, a hundredth of the simulation's own.
const STEP_S: f64 = SIMULATION_STEP_S / 100.0;

/// Gravity along the rail, m/s²: none along x, all of it along z.
const LEVEL: f64 = 0.0;
const UPRIGHT: f64 = -9.81;

/// Place of the carriage, mm, at each of `times`, when its motor pulls it towards `command` (mm) against `gravity`.
fn solved(command: fn(f64) -> f64, gravity: f64, times: &[f64]) -> Vec<f64> {
    let acceleration =
        |time: f64, place: f64, speed: f64| gravity + (KP * (command(time) / 1000.0 - place) - KV * speed) / MASS_KG;
    let (mut place, mut speed, mut steps) = (0.0_f64, 0.0_f64, 0_u64);
    let mut places = Vec::new();
    for time in times {
        while (steps as f64) * STEP_S < time - STEP_S / 2.0 {
            // The midpoint rule: error of second order, 10⁻⁴ of that of the simulation's own step.
            let now = steps as f64 * STEP_S;
            let half_speed = speed + acceleration(now, place, speed) * STEP_S / 2.0;
            let half_place = place + speed * STEP_S / 2.0;
            speed += acceleration(now + STEP_S / 2.0, half_place, half_speed) * STEP_S;
            place += half_speed * STEP_S;
            steps += 1;
        }
        places.push(place * 1000.0);
    }
    places
}

fn sine(time: f64) -> f64 {
    40.0 * (TAU * 0.5 * time).sin()
}

fn sine_of_one_hertz(time: f64) -> f64 {
    40.0 * (TAU * time).sin()
}

fn swing(time: f64) -> f64 {
    10.0 + 30.0 * (TAU * 0.5 * time).sin()
}

fn away(_: f64) -> f64 {
    40.0
}

fn still(_: f64) -> f64 {
    0.0
}

fn square(time: f64) -> f64 {
    if (time * 0.5).rem_euclid(1.0) < 0.5 { 40.0 } else { -40.0 }
}

fn trapezoid(time: f64) -> f64 {
    let phase = (time * 0.5).rem_euclid(1.0);
    let triangle = 1.0 - 4.0 * ((phase + 0.25).rem_euclid(1.0) - 0.5).abs();
    40.0 * (2.0 * triangle).clamp(-1.0, 1.0)
}

fn waypoints(time: f64) -> f64 {
    if time < 2.0 { 20.0 * time } else { (40.0 - 10.0 * (time - 2.0)).max(-20.0) }
}

#[rstest]
#[case::sinusoidal("{mode: sinusoidal, speed: 40.0, frequency: 0.5}", sine)]
#[case::sinusoidal_without_frequency("{mode: sinusoidal, speed: 40.0}", sine_of_one_hertz)]
#[case::square("{mode: square, speed: 40.0, frequency: 0.5}", square)]
#[case::trapezoidal("{mode: trapezoidal, speed: 40.0, frequency: 0.5}", trapezoid)]
#[case::position("{mode: position, speed: 40.0}", away)]
#[case::waypoint("{mode: waypoint, waypoints: [[0.0, 0.0], [2.0, 40.0], [8.0, -20.0]]}", waypoints)]
#[case::oscillate("{mode: oscillate, center: 10.0, speed: 30.0, frequency: 0.5}", swing)]
#[tokio::test]
async fn position_follows_its_commanded_course(
    #[future(awt)] ctx: Context,
    #[case] control: &str,
    #[case] command: fn(f64) -> f64,
) -> anyhow::Result<()> {
    let session = ctx.session("course");
    // With the carriage itself as the moved object, its course is what the answer reports.
    let carriage = mechanisms::driven_carriage(control).with(|it| it.label = "carriage");
    session.must_hold_priced(&carriage).await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    let result = response.output.result.unwrap_or_else(|| panic!("nothing was simulated: {}", response.message));

    let times: Vec<_> = result.trajectory.iter().map(|point| point.time_s).collect();
    assert!(times.len() > 100, "the course has {} points", times.len());
    let a_step_before: Vec<_> = times.iter().map(|time| time - SIMULATION_STEP_S).collect();
    let before = solved(command, LEVEL, &a_step_before);
    for ((point, expected), before) in result.trajectory.iter().zip(solved(command, LEVEL, &times)).zip(before) {
        // A command that jumps reaches the motor up to one step late. What the engine adds to 43 g so that its step can
        // follow 1000 N·s/m, 0.17 kg at 0.5 ms, delays a place by 0.17 ms: a twelfth of a step.
        let allowed = (expected - before).abs() + 0.05;
        let [x, y, z] = point.position_mm;
        assert!((x - expected).abs() < allowed, "at {} s: {x} mm, expected {expected} ± {allowed} mm", point.time_s);
        assert!((y - 150.0).abs() < 1e-6 && (z - 100.0).abs() < 1e-6, "it left its rail: {point:?}");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn held_position_resists_gravity(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("hold");
    let carriage = mechanisms::lifted_carriage("{mode: hold}").with(|it| it.label = "carriage");
    session.must_hold_priced(&carriage).await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    let result = response.output.result.unwrap_or_else(|| panic!("nothing was simulated: {}", response.message));

    let times: Vec<_> = result.trajectory.iter().map(|point| point.time_s).collect();
    assert!(times.len() > 100, "the course has {} points", times.len());
    for (point, sunk) in result.trajectory.iter().zip(solved(still, UPRIGHT, &times)) {
        // No command jumps.
        let (z, expected) = (point.position_mm[2], 100.0 + sunk);
        assert!((z - expected).abs() < 0.01, "at {} s: {z} mm, expected {expected} mm", point.time_s);
    }
    // At rest the motor's pull kp·sag is the weight: the sag is 0.04 mm, and the floor is 90 mm below.
    let sag_mm = 1000.0 * MASS_KG * UPRIGHT / KP;
    let rest = result.motors[0].final_place;
    assert!((rest - sag_mm).abs() < 0.001, "it rests at {rest} mm, expected {sag_mm} mm");
    Ok(())
}

#[rstest]
// A constant speed of 5 mm/s, regulated with an integral: effort = kv·(z − v), ż = (v* − v)/T. When it moves evenly no
// effort is left, so z = v*, and what it gathered on the way is the distance that the carriage is behind:
// ∫(v* − v) dt = T·v* = 0.008 s · 5 mm/s = 0.04 mm.
#[case::constant("{mode: constant, speed: 5.0}", 150.0 - 5.0 * RESET_S)]
// On for one half of each second: the mean of m·x'' = F/2 over 30 s and the lead of the first half second, F = 10⁻⁵ N.
#[case::on_off("{mode: on_off, speed: 0.00001, frequency: 1.0}", 1000.0 * (1e-5 / MASS_KG) * (0.5 * 30.0 * 30.0 / 2.0 + 0.125 * 30.0))]
#[tokio::test]
async fn speed_and_effort_reach_the_predicted_position(
    #[future(awt)] ctx: Context,
    #[case] control: &str,
    #[case] expected_mm: f64,
) -> anyhow::Result<()> {
    let session = ctx.session("end");
    session.must_hold_priced(&mechanisms::driven_carriage(control)).await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    let result = response.output.result.unwrap_or_else(|| panic!("nothing was simulated: {}", response.message));
    let place = result.motors[0].final_place;
    assert!((place - expected_mm).abs() <= 0.002 * expected_mm, "{place} mm, expected {expected_mm} mm");
    Ok(())
}

#[rstest]
#[case::unknown_mode("{mode: wobble, speed: 1.0}", "mode")]
#[case::no_frequency("{mode: square, speed: 1.0, frequency: 0.0}", "frequency")]
#[tokio::test]
async fn impossible_control_is_refused(
    #[future(awt)] ctx: Context,
    #[case] control: &str,
    #[case] field: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("impossible");
    session.must_hold_priced(&mechanisms::driven_carriage(control)).await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(!response.success && response.message.contains(field), "{}", response.message);
    assert_eq!(response.output.result, None);
    Ok(())
}

//! Free motion, pendulum, bounce: closed forms, with tolerances derived from the step size.

use mujoco_rs::prelude::*;
use physics::{Body, Geometry, Mobility, RunReport, Scene, restitution_error};

use crate::scenes::{GRAVITY_M_S2, STEP_S, ball, exported, run_for, solid};

fn alone(body: Body) -> Scene {
    let moved_object = Some(body.label.clone());
    Scene { bodies: vec![body], moved_object, ..Scene::default() }
}

#[test]
fn a_thrown_ball_follows_a_parabola() {
    let exported = exported(&alone(ball("ball", [0.0, 0.0, 500.0])));
    let model = MjModel::from_xml_string(&exported.document).expect("the engine takes the model");
    let mut data = MjData::new(&model);
    let (sideways, up) = (1.5, 2.0);
    data.qvel_mut()[..3].copy_from_slice(&[sideways, 0.0, up]);
    for step in 1..=200 {
        data.step();
        let t = f64::from(step) * STEP_S;
        let expected = [sideways * t, 0.0, 0.5 + up * t - 0.5 * GRAVITY_M_S2 * t * t];
        for (at, expected) in data.qpos()[..3].iter().zip(expected) {
            // A fourth-order integrator is exact for constant acceleration; what is left is rounding.
            assert!((at - expected).abs() < 1e-12, "at {:?} after {t} s, expected {expected:?}", &data.qpos()[..3]);
        }
    }
}

const PENDULUM_LENGTH_MM: f64 = 200.0;

/// A ball on a weightless rod, turned aside by an angle.
fn pendulum(angle_rad: f64) -> Scene {
    let (sin, cos) = angle_rad.sin_cos();
    let anchor = [0.0, 0.0, 600.0];
    let mut bob = ball("bob", [PENDULUM_LENGTH_MM * sin, 0.0, anchor[2] - PENDULUM_LENGTH_MM * cos]);
    bob.mobility = Mobility::Hinge { axis: [0.0, 1.0, 0.0], anchor_mm: Some(anchor), range_rad: None };
    alone(bob)
}

#[test]
fn pendulum_has_its_analytic_period() {
    for angle in [0.05_f64, 0.5] {
        let report = run_for(&pendulum(angle), 3000);
        // A ball about a point at distance L: I = 2/5 m r² + m L². The series in the amplitude is that of the complete
        // elliptic integral; its next term is 173 θ⁶ / 737280, 4e-6 at 0.5 rad.
        let (length, radius) = (PENDULUM_LENGTH_MM / 1e3, 0.01);
        let small =
            std::f64::consts::TAU * ((0.4 * radius * radius + length * length) / (GRAVITY_M_S2 * length)).sqrt();
        let expected = small * (1.0 + angle.powi(2) / 16.0 + 11.0 * angle.powi(4) / 3072.0);
        let crossings = upward_crossings(&report);
        let period = (crossings[crossings.len() - 1] - crossings[0]) / (crossings.len() - 1) as f64;
        // A straight line through two samples misses the crossing by less than h·(ωh)²/8 = 4e-8 s; the rest is the
        // series.
        let error = (period / expected - 1.0).abs();
        assert!(error < 5e-6, "{period} s at {angle} rad, expected {expected} s");
    }
}

/// Times at which the bob passes the middle towards positive x.
fn upward_crossings(report: &RunReport) -> Vec<f64> {
    let pairs = report.trajectory.windows(2).map(|pair| (pair[0], pair[1]));
    pairs
        .filter(|(a, b)| a.position_mm[0] < 0.0 && b.position_mm[0] >= 0.0)
        .map(|(a, b)| a.time_s - a.position_mm[0] * STEP_S / (b.position_mm[0] - a.position_mm[0]))
        .collect()
}

#[test]
fn a_free_pendulum_keeps_its_energy() {
    let model = MjModel::from_xml_string(&exported(&pendulum(1.5)).document).expect("the engine takes the model");
    let mut data = MjData::new(&model);
    data.forward();
    let swing = 0.033 * GRAVITY_M_S2 * 0.2 * (1.0 - 1.5_f64.cos());
    let energy = |data: &MjData<&MjModel>| data.energy()[0] + data.energy()[1];
    let start = energy(&data);
    for _ in 0..5000 {
        data.step();
    }
    data.forward();
    // Fourth order loses (ωh)⁶/72 of an oscillation's energy a step: ωh = 7·0.002, 1e-13; 5e-10 in 5000 steps.
    let drift = (energy(&data) - start).abs() / swing;
    assert!(drift < 1e-8, "{drift:e} of the energy is gone after 10 s");
}

/// Share of its speed that a ball keeps, which is dropped onto a surface at a height.
fn bounce(mut scene: Scene, surface_mm: f64, drop_mm: f64, restitution: f64) -> f64 {
    let mut dropped = ball("ball", [0.0, 0.0, surface_mm + 10.0 + drop_mm]);
    dropped.restitution = restitution;
    scene.bodies.push(dropped);
    scene.moved_object = Some("ball".into());
    let report = run_for(&scene, 500);
    let heights: Vec<f64> = report.trajectory.iter().map(|point| point.position_mm[2] - surface_mm - 10.0).collect();
    let hit = heights.iter().position(|height| *height < 0.0).expect("it hits the surface");
    let leaves = hit + heights[hit..].iter().position(|height| *height > 0.0).expect("it leaves the surface");
    let apex = heights[leaves..].iter().take_while(|height| **height > 0.0).copied().fold(0.0, f64::max);
    (apex / drop_mm).sqrt()
}

#[test]
fn ball_bounces_with_its_restitution() {
    for restitution in [0.3, 0.6, 0.9] {
        for drop_mm in [100.0, 200.0, 300.0] {
            let measured = bounce(Scene::default(), 0.0, drop_mm, restitution);
            let allowed = restitution_error(restitution);
            println!("restitution {restitution}: {measured:.3} from {drop_mm} mm, allowed ±{allowed:.3}");
            assert!((measured - restitution).abs() < allowed, "{measured} for {restitution} from {drop_mm} mm");
            assert!(measured <= 1.0, "it gained energy: {measured} for {restitution} from {drop_mm} mm");
        }
    }
}

#[test]
fn lower_restitution_of_a_pair_wins() {
    for [of_plate, of_ball] in [[0.3, 0.9], [0.9, 0.3]] {
        let geometry = Geometry::Cuboid { half_size: [100.0, 100.0, 10.0] };
        let plate = Body { restitution: of_plate, ..solid("plate", geometry, [0.0, 0.0, 90.0], Mobility::Fixed) };
        let measured = bounce(Scene { bodies: vec![plate], ..Scene::default() }, 100.0, 200.0, of_ball);
        assert!((measured - 0.3).abs() < restitution_error(0.3), "{measured} of plate {of_plate} and ball {of_ball}");
    }
}

#[test]
fn ball_of_any_restitution_comes_to_rest() {
    for restitution in [0.0, 0.5, 0.9] {
        let mut dropped = ball("ball", [0.0, 0.0, 40.0]);
        dropped.restitution = restitution;
        let report = run_for(&alone(dropped), 5000);
        let [before, after] = [4000, 5000].map(|step| report.trajectory[step].position_mm[2]);
        // The contact's soft skin is 0.5 mm deep; it rests in a small part of that.
        assert!((after - 10.0).abs() < 0.1 && (after - before).abs() < 1e-3, "{restitution}: {before}, {after} mm");
    }
}

//! Each outcome, on scenes that a reader can judge by eye.

use std::sync::atomic::AtomicBool;

use contract::{objectives::Zone, simulation::FailureReason};
use physics::{
    Actuator, Camera, Controller, Geometry, Mobility, RunSettings, Scene, SceneZone, ZoneKind, render_preview,
};

use crate::scenes::{AS_BUILT, GRAVITY_M_S2, ball, cuboid_mesh, prepared, refusal, run, solid, zone};

fn falling_ball(zones: Vec<SceneZone>) -> Scene {
    Scene {
        bodies: vec![ball("ball", [0.0, 0.0, 500.0])],
        zones,
        moved_object: Some("ball".into()),
        ..Scene::default()
    }
}

#[test]
fn free_fall_follows_half_g_t_squared() {
    let steps = 100;
    let report = run(&falling_ball(vec![]), RunSettings { max_steps: steps, ..RunSettings::full() });
    let time_s = steps as f64 * 0.002;
    let expected_mm = 500.0 - 0.5 * GRAVITY_M_S2 * time_s * time_s * 1000.0;
    // A fourth-order integrator is exact for constant acceleration; what is left is rounding.
    let z = report.final_positions[0].position_mm[2];
    assert!((z - expected_mm).abs() < 1e-6, "fell to {z} mm, expected {expected_mm} mm");
}

#[test]
fn ball_reaches_the_goal_as_free_fall_predicts() {
    let goal = zone(ZoneKind::Goal, [-50.0, -50.0, 0.0], [50.0, 50.0, 100.0]);
    let report = run(&falling_ball(vec![goal]), RunSettings::full());
    assert!(report.success, "{report:?}");
    assert_eq!(report.ended.zone.as_deref(), Some("goal_zone"));
    // Its lowest point, 490 mm up, reaches 100 mm after sqrt(2·0.39/9.81) s; one step of slack for sampling.
    let expected_s = (2.0 * 0.39 / GRAVITY_M_S2).sqrt();
    assert!(
        (report.ended.time_s - expected_s).abs() <= 0.002 + 1e-9,
        "{} s instead of {expected_s} s",
        report.ended.time_s
    );
}

#[test]
fn forbidden_zone_wins_over_a_goal_below_it() {
    let goal = zone(ZoneKind::Goal, [-50.0, -50.0, 0.0], [50.0, 50.0, 100.0]);
    let trap = zone(ZoneKind::Forbidden { name: "trap".into() }, [-50.0, -50.0, 200.0], [50.0, 50.0, 250.0]);
    let report = run(&falling_ball(vec![goal, trap]), RunSettings::full());
    assert_eq!(report.failure, Some(FailureReason::ForbidZoneHit));
    assert_eq!(report.ended.zone.as_deref(), Some("trap"));
    assert_eq!(report.ended.body.as_deref(), Some("ball"));
}

#[test]
fn ball_beside_the_goal_times_out_on_the_floor() {
    let goal = zone(ZoneKind::Goal, [200.0, -50.0, 0.0], [300.0, 50.0, 100.0]);
    let report = run(&falling_ball(vec![goal]), RunSettings::full());
    assert_eq!(report.failure, Some(FailureReason::Timeout));
    assert_eq!(report.steps, contract::limits::MAX_SIMULATION_STEPS);
    assert!((report.ended.time_s - 30.0).abs() < 1e-9);
    // It lies on the floor, its centre one radius up; it sinks in by far less than a tenth of it.
    let z = report.final_positions[0].position_mm[2];
    assert!((9.0..=10.1).contains(&z), "it lies at {z} mm");
}

#[test]
fn ball_falling_below_the_bounds_is_out_of_bounds() {
    let mut scene = falling_ball(vec![zone(ZoneKind::Goal, [200.0, 0.0, 400.0], [300.0, 50.0, 450.0])]);
    scene.bounds = Some(Zone { min: [-100.0, -100.0, 300.0], max: [400.0, 100.0, 600.0] });
    let report = run(&scene, RunSettings::full());
    assert_eq!(report.failure, Some(FailureReason::OutOfBounds));
    let place = report.ended.position_mm.expect("the place is reported");
    assert!(place[2] < 300.0 && place[2] > 290.0, "left the bounds at {place:?}");
}

#[test]
fn fixed_part_in_a_forbidden_zone_is_not_a_hit() {
    let mut scene = falling_ball(vec![zone(ZoneKind::Forbidden { name: "post".into() }, [80.0; 3], [120.0; 3])]);
    let post = Geometry::Cuboid { half_size: [20.0; 3] };
    scene.bodies.push(solid("post", post, [100.0; 3], Mobility::Fixed));
    let report = run(&scene, RunSettings::smoke());
    assert!(report.success, "{report:?}");
}

#[test]
fn too_much_kinetic_energy_is_an_instability() {
    let settings = RunSettings { max_kinetic_energy_j: 1e-3, ..RunSettings::full() };
    let report = run(&falling_ball(vec![]), settings);
    assert_eq!(report.failure, Some(FailureReason::PhysicsInstability));
    assert!(report.kinetic_energy_j > 1e-3);
}

#[test]
fn a_set_cancel_flag_ends_the_run_at_once() {
    let scene = falling_ball(vec![]);
    let many = prepared(&scene, RunSettings::full()).run(&[AS_BUILT], 1, &AtomicBool::new(true)).expect("it runs");
    let report = &many.individual_results[0].report;
    assert_eq!((report.failure, report.steps), (Some(FailureReason::Cancelled), 0));
}

#[test]
fn a_mesh_rests_where_the_same_box_rests() {
    let cuboid = Geometry::Cuboid { half_size: [10.0; 3] };
    let mut mesh = solid("mesh", cuboid, [10.0, 10.0, 60.0], Mobility::Free);
    mesh.geometry =
        cuboid_mesh([10.0; 3], |corner| std::array::from_fn(|axis| corner[axis] + mesh.mass.center_mm[axis]));
    let scene = Scene { bodies: vec![mesh], ..Scene::default() };
    let report = run(&scene, RunSettings { max_steps: 1000, ..RunSettings::full() });
    let place = report.final_positions[0].position_mm;
    assert!((place[2] - 10.0).abs() < 1.0 && (place[0] - 10.0).abs() < 1.0, "it lies at {place:?}");
}

fn thrown_sled(force_n: f64) -> Scene {
    let mut sled = ball("sled", [0.0, 0.0, 500.0]);
    sled.mobility = Mobility::Slide { axis: [1.0, 0.0, 0.0], range_mm: None };
    let push = Controller::OnOff { value: force_n, frequency_hz: 0.01 };
    Scene { bodies: vec![sled], actuators: vec![Actuator::new("sled", push)], ..Scene::default() }
}

#[test]
fn speed_above_1000_m_per_s_is_an_instability() {
    // 1e4 N on 33 g gain 608 m/s a step: too fast after two steps, with 24 kJ, far below the limit of the energy.
    let report = run(&thrown_sled(1e4), RunSettings::full());
    assert_eq!((report.failure, report.steps), (Some(FailureReason::PhysicsInstability), 2), "{report:?}");
    assert_eq!(report.ended.body.as_deref(), Some("sled"));
    assert!(report.max_speed_m_s > 1000.0 && report.max_kinetic_energy_j < 1e6, "{report:?}");
}

#[test]
fn command_beyond_the_engines_limit_is_refused() {
    let error = refusal(&thrown_sled(2e10)).expect("the engine would stop all motors");
    assert!(error.contains("sled") && error.contains("1e9"), "{error}");
}

#[test]
fn preview_is_a_non_blank_jpeg() {
    let scene = falling_ball(vec![zone(ZoneKind::Goal, [-50.0, -50.0, 0.0], [50.0, 50.0, 100.0])]);
    let camera = Camera { pitch_deg: -30.0, yaw_deg: 45.0 };
    let bytes = render_preview(&scene, camera, &AtomicBool::new(false)).expect("it renders");
    let picture = image::load_from_memory(&bytes).expect("a JPEG").to_rgb8();
    assert_eq!(picture.dimensions(), (640, 480));
    let greenish = picture.pixels().filter(|p| p[1] > p[0].saturating_add(20)).count();
    assert!(greenish > 500, "the goal zone is not visible: {greenish} green pixels");
}

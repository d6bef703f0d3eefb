//! Runs against closed forms and against each outcome, on scenes that a reader can judge by eye.

use std::sync::atomic::AtomicBool;

use contract::{
    objectives::Zone,
    simulation::{FailureReason, SimulatorBackend},
};
use physics::{
    Body, Camera, Geometry, Mobility, RunReport, RunSettings, Scene, SceneZone, ZoneKind, backend_for, render_preview,
    write_mjcf,
};

const STEEL_KG_M3: f64 = 7850.0;
const GRAVITY_M_S2: f64 = 9.81;

fn ball(label: &str, center_mm: [f64; 3]) -> Body {
    solid(label, Geometry::Sphere { radius: 10.0 }, center_mm, Mobility::Free)
}

fn solid(label: &str, geometry: Geometry, center_mm: [f64; 3], mobility: Mobility) -> Body {
    let mass = geometry.mass_properties(center_mm, STEEL_KG_M3).expect("a primitive");
    Body { label: label.into(), geometry, mass, mobility, friction: 0.6, color: [0.5; 3] }
}

fn zone(kind: ZoneKind, min: [f64; 3], max: [f64; 3]) -> SceneZone {
    SceneZone { kind, zone: Zone { min, max } }
}

fn run(scene: &Scene, settings: RunSettings) -> RunReport {
    let mjcf = write_mjcf(scene, Some(settings.step_s)).expect("a valid scene");
    let cancel = AtomicBool::new(false);
    backend_for(SimulatorBackend::Genesis).run(scene, &mjcf, &settings, &cancel).expect("the engine takes the scene")
}

fn falling_ball(zones: Vec<SceneZone>) -> Scene {
    Scene { bodies: vec![ball("ball", [0.0, 0.0, 500.0])], zones, bounds: None, moved_object: Some("ball".into()) }
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
fn a_ball_above_the_goal_arrives_at_the_time_that_free_fall_predicts() {
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
fn a_forbidden_zone_on_the_way_wins_over_the_goal_below_it() {
    let goal = zone(ZoneKind::Goal, [-50.0, -50.0, 0.0], [50.0, 50.0, 100.0]);
    let trap = zone(ZoneKind::Forbidden { name: "trap".into() }, [-50.0, -50.0, 200.0], [50.0, 50.0, 250.0]);
    let report = run(&falling_ball(vec![goal, trap]), RunSettings::full());
    assert_eq!(report.failure, Some(FailureReason::ForbidZoneHit));
    assert_eq!(report.ended.zone.as_deref(), Some("trap"));
    assert_eq!(report.ended.body.as_deref(), Some("ball"));
}

#[test]
fn a_ball_that_falls_beside_the_goal_runs_out_of_time_on_the_floor() {
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
fn a_ball_that_falls_below_the_bounds_is_out_of_bounds() {
    let mut scene = falling_ball(vec![zone(ZoneKind::Goal, [200.0, 0.0, 400.0], [300.0, 50.0, 450.0])]);
    scene.bounds = Some(Zone { min: [-100.0, -100.0, 300.0], max: [400.0, 100.0, 600.0] });
    let report = run(&scene, RunSettings::full());
    assert_eq!(report.failure, Some(FailureReason::OutOfBounds));
    let place = report.ended.position_mm.expect("the place is reported");
    assert!(place[2] < 300.0 && place[2] > 290.0, "left the bounds at {place:?}");
}

#[test]
fn an_obstacle_in_a_forbidden_zone_is_no_hit() {
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
    let mjcf = write_mjcf(&scene, None).expect("a valid scene");
    let cancel = AtomicBool::new(true);
    let backend = backend_for(SimulatorBackend::Mujoco);
    let report = backend.run(&scene, &mjcf, &RunSettings::full(), &cancel).expect("the engine takes the scene");
    assert_eq!((report.failure, report.steps), (Some(FailureReason::Cancelled), 0));
}

#[test]
fn a_mesh_rests_where_the_same_box_rests() {
    let corners: Vec<[f64; 3]> = (0..8)
        .map(|i| [f64::from(i & 1) * 20.0, f64::from(i >> 1 & 1) * 20.0, 50.0 + f64::from(i >> 2 & 1) * 20.0])
        .collect();
    let triangles = [
        [0, 2, 1],
        [1, 2, 3],
        [4, 5, 6],
        [5, 7, 6],
        [0, 1, 4],
        [1, 5, 4],
        [2, 6, 3],
        [3, 6, 7],
        [0, 4, 2],
        [2, 4, 6],
        [1, 3, 5],
        [3, 7, 5],
    ];
    let cuboid = Geometry::Cuboid { half_size: [10.0; 3] };
    let mut mesh = solid("mesh", cuboid, [10.0, 10.0, 60.0], Mobility::Free);
    mesh.geometry = Geometry::Mesh { vertices: corners, triangles: triangles.to_vec() };
    let scene = Scene { bodies: vec![mesh], ..Scene::default() };
    let report = run(&scene, RunSettings { max_steps: 1000, ..RunSettings::full() });
    let place = report.final_positions[0].position_mm;
    assert!((place[2] - 10.0).abs() < 1.0 && (place[0] - 10.0).abs() < 1.0, "it lies at {place:?}");
}

#[test]
fn a_preview_is_a_jpeg_that_is_not_blank() {
    let scene = falling_ball(vec![zone(ZoneKind::Goal, [-50.0, -50.0, 0.0], [50.0, 50.0, 100.0])]);
    let mjcf = write_mjcf(&scene, None).expect("a valid scene");
    let bytes = render_preview(&scene, &mjcf, Camera { pitch_deg: -30.0, yaw_deg: 45.0 }).expect("it renders");
    let picture = image::load_from_memory(&bytes).expect("a JPEG").to_rgb8();
    assert_eq!(picture.dimensions(), (640, 480));
    let greenish = picture.pixels().filter(|p| p[1] > p[0].saturating_add(20)).count();
    assert!(greenish > 500, "the goal zone is not visible: {greenish} green pixels");
}

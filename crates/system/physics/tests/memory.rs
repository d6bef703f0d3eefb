//! Two hundred simulations in one process: memory stays flat. In a separate binary, since it measures the whole
//! process.

use std::sync::atomic::AtomicBool;

use contract::backend::SimulatorBackend;
use physics::{Body, Geometry, Mobility, RunSettings, Scene, Start, backend_for};

/// Resident memory of this process, bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux tells");
    pages.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") * 4096
}

/// A plate with a rim, which the engine takes as five convex pieces.
fn tray() -> Geometry {
    let square = |half: f64, z: f64| [[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]];
    let vertices = [square(60.0, 0.0), square(60.0, 30.0), square(50.0, 30.0), square(50.0, 10.0)].concat();
    let mut triangles = vec![[0, 2, 1], [0, 3, 2], [12, 13, 14], [12, 14, 15]];
    for ring in 0..3 {
        for i in 0..4 {
            let (a, b) = (4 * ring + i, 4 * ring + (i + 1) % 4);
            triangles.extend([[a, b, b + 4], [a, b + 4, a + 4]]);
        }
    }
    Geometry::Mesh { vertices, triangles }
}

#[test]
fn two_hundred_simulations_leak_no_memory() {
    let body = |label: String, geometry: Geometry, center: [f64; 3], mobility: Mobility| {
        let mass = geometry.mass_properties(center, 1000.0).expect("a closed solid");
        let (parent, color) = (None, [0.5; 3]);
        Body { label, geometry, mass, mobility, parent, friction: 0.5, restitution: 0.5, color }
    };
    let ball = |i: u32| {
        let center = [0.0, 0.0, 50.0 + 25.0 * f64::from(i)];
        body(format!("ball_{i}"), Geometry::Sphere { radius: 10.0 }, center, Mobility::Free)
    };
    let mut bodies: Vec<Body> = (0..5).map(ball).collect();
    bodies.push(body("tray".into(), tray(), [0.0; 3], Mobility::Fixed));
    let scene = Scene { bodies, moved_object: Some("ball_0".into()), ..Scene::default() };
    let settings = RunSettings { max_steps: 25, keep_states: true, ..RunSettings::full() };
    let backend = backend_for(SimulatorBackend::Genesis);
    let starts: Vec<Start> = (42..44).map(|seed| Start::jittered(seed, [2.0, 2.0, 0.0])).collect();
    let simulate = || {
        let cancel = AtomicBool::new(false);
        let prepared = backend.prepare(&scene, &settings, &cancel).expect("a valid scene");
        assert!(prepared.export().expect("MJCF").meshes.len() > 5, "the tray is not cut into pieces");
        let report = prepared.run(&starts, 2, &cancel).expect("it runs");
        assert_eq!(report.num_runs, 2);
    };
    for _ in 0..20 {
        simulate();
    }
    let before = resident();
    for _ in 0..200 {
        simulate();
    }
    let grown = resident().saturating_sub(before);
    // One leaked state of this model would be above 100 kB a run, 40 MB in all. The heaps of the threads, which the
    // allocator keeps, come and go by up to 9 MB.
    assert!(grown < 20 << 20, "{grown} bytes more after 200 simulations");
}

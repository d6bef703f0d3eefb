//! Two hundred runs in one process: memory stays flat. In a binary of its own, since it looks at the whole process.

use std::sync::atomic::AtomicBool;

use contract::simulation::SimulatorBackend;
use physics::{Body, Geometry, Mobility, RunSettings, Scene, backend_for, write_mjcf};

/// Resident memory of this process, bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux tells");
    pages.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") * 4096
}

#[test]
fn two_hundred_runs_leave_nothing_behind() {
    let bodies = (0..5).map(|i| {
        let geometry = Geometry::Sphere { radius: 10.0 };
        let mass = geometry.mass_properties([0.0, 0.0, 30.0 + 25.0 * f64::from(i)], 1000.0).expect("a primitive");
        let label = format!("ball_{i}");
        let (parent, color) = (None, [0.5; 3]);
        Body { label, geometry, mass, mobility: Mobility::Free, parent, friction: 0.5, restitution: 0.5, color }
    });
    let scene = Scene { bodies: bodies.collect(), moved_object: Some("ball_0".into()), ..Scene::default() };
    let settings = RunSettings { max_steps: 50, ..RunSettings::full() };
    let backend = backend_for(SimulatorBackend::Genesis);
    let run = || {
        let mjcf = write_mjcf(&scene, None).expect("a valid scene");
        backend.run(&scene, &mjcf, &settings, &AtomicBool::new(false)).expect("it runs")
    };
    for _ in 0..20 {
        run();
    }
    let before = resident();
    for _ in 0..200 {
        run();
    }
    let grown = resident().saturating_sub(before);
    // One leaked state of this model would be above 100 kB a run, 20 MB in all.
    assert!(grown < 4 << 20, "{grown} bytes more after 200 runs");
}

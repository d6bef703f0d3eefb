//! Simulated seconds per wall second: a judged run beside a bare engine loop on the same model, in the same process.
//!
//! Prints one line per model: `throughput MODEL judged BARE RATIO`. `make bench` reads it.

use std::{sync::atomic::AtomicBool, time::Instant};

use contract::{backend::SimulatorBackend, objectives::Zone};
use mujoco_rs::prelude::*;
use physics::{Body, Geometry, Mobility, RunSettings, Scene, SceneZone, Start, ZoneKind, backend_for};

/// The best of several: whatever else runs on the machine can only make a run slower.
const REPEATS: usize = 9;

fn main() {
    for (blocks, steps) in [(1, 8000), (12, 2000), (48, 500)] {
        let scene = heap(blocks);
        let settings = RunSettings { max_steps: steps, ..RunSettings::full() };
        let simulated_s = steps as f64 * settings.step_s;
        let backend = backend_for(SimulatorBackend::Mujoco);
        let go_on = AtomicBool::new(false);
        let prepared = backend.prepare(&scene, &settings, &go_on).expect("a valid scene");
        let exported = prepared.export().expect("MJCF");
        let model = MjModel::from_xml_string(&exported.document).expect("the engine takes the model");
        let engine_steps = (simulated_s / model.opt().timestep).round() as u64;
        let start = Start { seed: 0, offset_mm: [0.0; 3] };
        // Alternating, so that a machine that slows down slows both.
        let (mut judged, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..REPEATS {
            let begun = Instant::now();
            let report = prepared.run(&[start], 1, &go_on).expect("it runs").individual_results.remove(0).report;
            judged.push(begun.elapsed().as_secs_f64());
            assert_eq!(report.steps, steps, "something ended the run early: {report:?}");

            let begun = Instant::now();
            let mut data = MjData::new(&model);
            for _ in 0..engine_steps {
                data.step();
            }
            bare.push(begun.elapsed().as_secs_f64());
        }
        let (judged, bare) = (simulated_s / best(&judged), simulated_s / best(&bare));
        println!("throughput {blocks}_blocks {judged:.1} {bare:.1} {:.3}", judged / bare);
    }
}

fn best(seconds: &[f64]) -> f64 {
    seconds.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Loose blocks above the floor, a goal that none of them reaches, and bounds that none leaves.
fn heap(blocks: usize) -> Scene {
    let bodies = (0..blocks).map(|index| {
        let geometry = Geometry::Cuboid { half_size: [12.5; 3] };
        let place = [30.0 * (index % 4) as f64, 30.0 * (index / 4 % 3) as f64, 15.0 + 30.0 * (index / 12) as f64];
        Body {
            label: format!("block_{index}"),
            mass: geometry.mass_properties(place, 2700.0).expect("a primitive"),
            geometry,
            mobility: Mobility::Free,
            parent: None,
            friction: 0.6,
            restitution: 0.3,
            color: [0.5; 3],
        }
    });
    Scene {
        bodies: bodies.collect(),
        zones: vec![SceneZone {
            kind: ZoneKind::Goal,
            zone: Zone { min: [900.0, 900.0, 0.0], max: [950.0, 950.0, 50.0] },
        }],
        bounds: Some(Zone { min: [-1000.0, -1000.0, -100.0], max: [1000.0, 1000.0, 1000.0] }),
        moved_object: Some("block_0".into()),
        ..Scene::default()
    }
}

//! The exported scene, run by the engine's own Python package.

use std::path::{Path, PathBuf};

use contract::backend::SimulatorBackend;
use physics::{Actuator, Body, Controller, Geometry, Mobility, RunSettings, Scene, ZoneKind, backend_for};

use crate::scenes::{AS_BUILT, ball, meshed, prepared, revolved, solid, zone};

/// Loads a scene, holds the commands, steps, and prints the centres of mass after every hundredth step of 2 ms, which the
/// document may divide.
const SCRIPT: &str = r"
import json, sys
import mujoco
folder, steps, commands = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
model = mujoco.MjModel.from_xml_path(folder + '/scene.xml')
parts = round(0.002 / model.opt.timestep)
data = mujoco.MjData(model)
places = []
for step in range(steps):
    for name, command in commands.items():
        data.actuator(name).ctrl = command
    for part in range(parts):
        mujoco.mj_step(model, data)
    if (step + 1) % 100 == 0:
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        places.append({model.body(i).name: data.xipos[i].tolist() for i in range(1, model.nbody)})
print(json.dumps({'version': mujoco.__version__, 'places': places}))
";

/// The Python of `MUJOCO_PYTHON`, else the one that `make setup` links into the checkout.
fn interpreter() -> PathBuf {
    std::env::var_os("MUJOCO_PYTHON")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.tools/python/bin/python"), PathBuf::from)
}

/// A funnel with a ball, a wheel that sweeps about the vertical, and a servo arm.
fn scene() -> Scene {
    let profile = [[60.0, 170.0], [15.0, 110.0], [15.0, 80.0], [18.0, 80.0], [18.0, 110.0], [63.0, 170.0]];
    let hinge = |axis: [f64; 3], anchor_mm: Option<[f64; 3]>| Mobility::Hinge { axis, anchor_mm, range_rad: None };
    let paddle = Geometry::Cuboid { half_size: [60.0, 5.0, 12.0] };
    let arm = Geometry::Cuboid { half_size: [40.0, 5.0, 5.0] };
    Scene {
        bodies: vec![
            meshed("funnel", revolved(&profile, 24), Mobility::Fixed),
            Body { restitution: 0.7, ..ball("ball", [35.0, 3.0, 220.0]) },
            solid("paddle", paddle, [0.0, 60.0, 15.0], hinge([0.0, 0.0, 1.0], None)),
            solid("arm", arm, [0.0, 200.0, 200.0], hinge([0.0, 1.0, 0.0], Some([-40.0, 200.0, 200.0]))),
        ],
        actuators: vec![
            // Both kinds whose command is what the scene says: a speed's command goes through a regulator first.
            Actuator { force_limit: Some(0.5), ..Actuator::new("paddle", Controller::Position { target: 4.0 }) },
            Actuator::new("arm", Controller::OnOff { value: 0.05, frequency_hz: 0.01 }),
        ],
        zones: vec![zone(ZoneKind::Goal, [900.0; 3], [950.0; 3])],
        moved_object: Some("ball".into()),
        ..Scene::default()
    }
}

#[test]
fn python_mujoco_computes_the_same_trajectories() {
    const STEPS: u64 = 1500;
    let python = interpreter();
    let advice = "run `make setup`, or set MUJOCO_PYTHON to a Python that has the package mujoco";
    assert!(python.exists(), "{} does not exist: {advice}", python.display());
    let scene = scene();
    let settings = RunSettings { max_steps: STEPS, sample_steps: 100, ..RunSettings::full() };
    let prepared = prepared(&scene, settings);
    let ours = prepared.run(&[AS_BUILT], 1, &false.into()).expect("it runs").individual_results.remove(0).report;
    let exported = prepared.export().expect("MJCF");
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in exported.meshes.iter().chain([&("scene.xml".to_owned(), exported.document.clone())]) {
        std::fs::write(folder.path().join(name), content).expect("a file");
    }
    let output = std::process::Command::new(&python)
        // The engine writes its warnings to a file in the working directory.
        .current_dir(folder.path())
        .args(["-I", "-c", SCRIPT])
        .arg(folder.path())
        .args([STEPS.to_string(), r#"{"paddle": 4.0, "arm": 0.05}"#.to_owned()])
        .output()
        .expect("the interpreter starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} could not run the scene: {advice}\n{complaint}", python.display());
    let theirs: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{complaint}", String::from_utf8_lossy(&output.stdout)));
    let engine = backend_for(SimulatorBackend::Mujoco);
    assert_eq!(engine.engine(), format!("mujoco {}", theirs["version"].as_str().unwrap_or("?")), "{advice}");

    let close = |what: &str, ours_mm: [f64; 3], theirs: &serde_json::Value| {
        for (axis, ours_mm) in ours_mm.iter().enumerate() {
            let theirs_m = theirs[axis].as_f64().expect("a number");
            // The same library and the same numbers: what may differ is the last digit of the file.
            assert!((ours_mm / 1e3 - theirs_m).abs() < 1e-9, "{what}: {ours_mm} mm here, {theirs_m} m there");
        }
    };
    for (sample, point) in ours.trajectory.iter().skip(1).enumerate() {
        close(&format!("ball after {} s", point.time_s), point.position_mm, &theirs["places"][sample]["ball"]);
    }
    for body in &ours.final_positions {
        close(&body.body, body.position_mm, &theirs["places"][STEPS as usize / 100 - 1][&body.body]);
    }
    let travelled = ours.trajectory[0].position_mm[2] - ours.final_positions[1].position_mm[2];
    assert!(travelled > 30.0, "nothing moved, so nothing was compared: {travelled} mm");
}

//! The written document, element by element.

use super::*;
use crate::{Actuator, Body, Controller, Geometry, Mobility, Weld};

/// The scene for the contract's time step.
fn written(scene: &Scene) -> Result<Mjcf, PhysicsError> {
    write_mjcf(scene, None, &CancelFlag::new(false))
}

const HINGE: Mobility = Mobility::Hinge { axis: [0.0, 1.0, 0.0], anchor_mm: Some([10.0, 0.0, 50.0]), range_rad: None };

fn body(label: &str, mobility: Mobility, parent: Option<&str>) -> Body {
    let geometry = Geometry::Cuboid { half_size: [5.0; 3] };
    Body {
        label: label.into(),
        mass: geometry.mass_properties([0.0, 0.0, 50.0], 1e6).expect("a primitive"),
        geometry,
        mobility,
        parent: parent.map(str::to_owned),
        friction: 0.5,
        restitution: 0.5,
        color: [0.5; 3],
    }
}

fn weld(one: &str, other: &str) -> Weld {
    Weld { one: one.into(), other: other.into() }
}

#[test]
fn welded_parts_follow_the_jointed_one() {
    let bodies = vec![
        body("paddle", Mobility::Free, None),
        body("shaft", HINGE, Some("frame")),
        body("frame", Mobility::Fixed, None),
        body("bolt", Mobility::Free, None),
        body("cover", Mobility::Free, None),
    ];
    let welds = vec![weld("paddle", "bolt"), weld("bolt", "shaft"), weld("cover", "frame")];
    let assembly = Assembly::of(&Scene { bodies, welds, ..Scene::default() }).expect("a tree");
    assert_eq!(assembly.carrier, [Some(1), None, None, Some(1), None]);
    assert_eq!(assembly.has_joint, [false, true, false, false, false]);
    assert_eq!((assembly.is_static(4), assembly.is_static(0)), (true, false));
    assert!(assembly.loops.is_empty());
    assert!(assembly.excluded.contains(&[1, 2]), "jointed neighbours pass through each other");
}

#[test]
fn loop_closing_weld_becomes_a_constraint() {
    let bodies = vec![body("one", HINGE, None), body("two", HINGE, None)];
    let scene = Scene { bodies, welds: vec![weld("one", "two")], ..Scene::default() };
    let xml = written(&scene).expect("a valid scene").xml;
    assert!(xml.contains("<weld body1=\"one\" body2=\"two\"/>"), "{xml}");
}

#[test]
fn a_ring_of_joints_is_refused() {
    let bodies = vec![body("one", HINGE, Some("two")), body("two", HINGE, Some("one"))];
    let scene = Scene { bodies, ..Scene::default() };
    let error = written(&scene).expect_err("a ring").to_string();
    assert!(error.contains("ring"), "{error}");
}

#[test]
fn each_kind_of_motor_has_its_own_attributes() {
    let slide = Mobility::Slide { axis: [1.0, 0.0, 0.0], range_mm: Some([-20.0, 20.0]) };
    let bodies = vec![body("wheel", HINGE, None), body("hammer", HINGE, None), body("sled", slide, None)];
    let mut servo = Actuator::new("sled", Controller::Position { target: 5.0 });
    (servo.force_limit, servo.kp, servo.kv) = (Some(2.0), 0.03, 0.001);
    let actuators = vec![
        Actuator { kv: 0.05, ..Actuator::new("wheel", Controller::Constant { value: 1.0 }) },
        Actuator::new("hammer", Controller::OnOff { value: 1.0, frequency_hz: 1.0 }),
        servo,
    ];
    let xml = written(&Scene { bodies, actuators, ..Scene::default() }).expect("a valid scene").xml;
    for expected in [
        "<velocity name=\"wheel\" joint=\"wheel_joint\" kv=\"0.05\"/>",
        "<motor name=\"hammer\" joint=\"hammer_joint\" gear=\"1\"/>",
        "<position name=\"sled\" joint=\"sled_joint\" kp=\"30\" kv=\"1\" forcerange=\"-2 2\"/>",
        "<joint name=\"wheel_joint\" type=\"hinge\" axis=\"0 1 0\" pos=\"0.01 0 0\"/>",
        "<joint name=\"sled_joint\" type=\"slide\" axis=\"1 0 0\" range=\"-0.02 0.02\"/>",
    ] {
        assert!(xml.contains(expected), "{expected} is missing:\n{xml}");
    }
}

#[test]
fn main_camera_exists_only_with_a_target_box() {
    let scene = |label| Scene { bodies: vec![body(label, Mobility::Free, None)], ..Scene::default() };
    assert!(written(&scene("target_box")).expect("a valid scene").xml.contains("<camera name=\"main\""));
    assert!(!written(&scene("ball")).expect("a valid scene").xml.contains("<camera"));
}

#[test]
fn stiff_motor_divides_the_step_and_then_adds_inertia() {
    // A cube of 10 mm and 1 kg about its middle has 1/6 · 1 kg · (0.01 m)² = 1.667e-5 kg·m².
    let hinge = Mobility::Hinge { axis: [0.0, 0.0, 2.0], anchor_mm: None, range_rad: None };
    let written = |kv: f64| {
        let actuators = vec![Actuator { kp: 10.0 * kv, kv, ..Actuator::new("cube", Controller::Hold) }];
        let scene = Scene { bodies: vec![body("cube", hinge, None)], actuators, ..Scene::default() };
        written(&scene).expect("a valid scene")
    };
    let inertia = 1.0 / 6.0 * 1e-4;
    // kv·step/I of 1, 4, 8 and 100 with steps of 2 ms; a step follows 2.4.
    for (rate, parts) in [(1.0, 1), (4.0, 2), (8.0, 4), (100.0, 4)] {
        let kv = rate * inertia / 0.002;
        let mjcf = written(kv);
        assert_eq!(mjcf.parts, parts, "{rate}");
        assert!(mjcf.xml.contains(&format!("kp=\"{}\" kv=\"{kv}\"", 10.0 * kv)), "the gains are changed: {}", mjcf.xml);
        let rotor = mjcf.xml.split_once("armature=\"").and_then(|(_, rest)| rest.split_once('"'));
        let rotor = rotor.map_or(0.0, |(number, _)| number.parse::<f64>().expect("a number"));
        let needed = (kv * 0.002 / f64::from(parts) / 2.4 - inertia).max(0.0);
        assert!((rotor - needed).abs() < 1e-9 * inertia, "{rotor} kg·m² for a rate of {rate}, expected {needed}");
    }
}

#[test]
fn several_moving_bodies_halve_the_step() {
    let parts = |bodies: Vec<Body>| written(&Scene { bodies, ..Scene::default() }).expect("valid").parts;
    let post = || body("post", Mobility::Fixed, None);
    assert_eq!(parts(vec![body("one", Mobility::Free, None), post()]), 1);
    assert_eq!(parts(vec![body("one", Mobility::Free, None), post(), body("two", HINGE, Some("post"))]), 2);
}

#[test]
fn inelastic_pairs_are_written_unless_fastened() {
    let soft = |label: &str, mobility: Mobility| Body { restitution: 0.1, ..body(label, mobility, None) };
    let bodies = vec![
        soft("pad", Mobility::Free),
        body("block", Mobility::Free, None),
        soft("mat", Mobility::Fixed),
        body("table", Mobility::Fixed, None),
    ];
    let scene = Scene { bodies, welds: vec![weld("pad", "block")], ..Scene::default() };
    let mjcf = written(&scene).expect("a valid scene");
    let pairs: Vec<_> = mjcf.xml.lines().filter(|line| line.contains("<pair ")).collect();
    let has =
        |one: &str, other: &str| pairs.iter().any(|line| line.contains(&format!("geom1=\"{one}\" geom2=\"{other}\"")));
    assert!(has("pad", "mat") && has("pad", "table") && has("block", "mat") && has("pad", "/ground"), "{pairs:#?}");
    // Fastened to each other, both still, both lively.
    assert_eq!(pairs.len(), 4, "{pairs:#?}");
    assert_eq!(mjcf.parts, 4);
}

#[test]
fn excess_inelastic_pairs_are_reported() {
    // Many copies of a rubber block: each body can touch each other one, in one pair of shapes.
    let bodies = (0..70).map(|i| Body { restitution: 0.1, ..body(&format!("block_{i}"), Mobility::Free, None) });
    let mjcf = written(&Scene { bodies: bodies.collect(), ..Scene::default() }).expect("a valid scene");
    // 70·69/2 pairs of blocks and 70 with the ground are 2485.
    assert_eq!(mjcf.xml.matches("<pair ").count(), 2000);
    assert_eq!(mjcf.notes.len(), 485);
    assert!(mjcf.notes[484].contains("block_69") && mjcf.notes[484].contains("the ground"), "{}", mjcf.notes[484]);
}

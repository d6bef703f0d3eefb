//! INT-037 — CAD joints become the right MJCF.
//!
//! Seam: build123d assembly and assembly definition → worker-heavy simulate → exported scene
//! Requirement: hinge, slide, free and fixed parts, fasteners and motors of a design turn into the joints, constraints
//! and actuators of the exported scene, each with the attributes that its kind has and no others.

use contract::benchmark::BenchmarkRequest;
use roxmltree::{Document, Node};
use rstest::rstest;
use testkit::{
    Changed, Context,
    designs::{self, Design},
    mechanisms::{self, Mechanism, driven},
};

use crate::ctx;

async fn exported(ctx: &Context, mechanism: &Mechanism) -> String {
    let session = ctx.session("scene");
    session.must_hold_priced(mechanism).await;
    let smoke = BenchmarkRequest { smoke_test_mode: true, ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&smoke).await;
    let scene = response.output.artifacts.and_then(|artifacts| artifacts.mjcf_content);
    scene.unwrap_or_else(|| panic!("no scene was exported: {}", response.message))
}

fn body<'a>(scene: &'a Document, name: &str) -> Node<'a, 'a> {
    let found = scene.descendants().find(|node| node.has_tag_name("body") && node.attribute("name") == Some(name));
    found.unwrap_or_else(|| panic!("the scene has no body {name:?}"))
}

fn own<'a>(body: Node<'a, 'a>, tag: &str) -> Vec<Node<'a, 'a>> {
    body.children().filter(|node| node.has_tag_name(tag)).collect()
}

fn numbers(text: Option<&str>) -> Vec<f64> {
    text.unwrap_or_default().split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

#[rstest]
#[tokio::test]
async fn every_kind_of_joint_is_mapped(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let script = "\
base = part(Pos(0, 150, 10) * Box(40, 40, 20), \"base\", fixed=True)
loose = part(Pos(0, 220, 10) * Box(10, 10, 10), \"loose\")
door = part(Pos(60, 150, 50) * Box(60, 5, 20), \"door\")
door.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1), range=(-0.5, 1.5))
drawer = part(Pos(-80, 150, 50) * Box(20, 40, 10), \"drawer\")
drawer.metadata.joint = JointMetadata(type=\"slide\", axis=(0, 1, 0), range=(-5, 25))
return Compound(children=[base, loose, door, drawer])";
    let mechanism = Mechanism::new(script, driven("door", "rotate_z", "{mode: constant, speed: 1.0}"));
    let text = exported(&ctx, &mechanism).await;
    let scene = Document::parse(&text)?;

    assert!(own(body(&scene, "base"), "joint").is_empty() && own(body(&scene, "base"), "freejoint").is_empty());
    assert_eq!(own(body(&scene, "loose"), "freejoint").len(), 1);
    let hinge = own(body(&scene, "door"), "joint");
    assert_eq!((hinge[0].attribute("name"), hinge[0].attribute("type")), (Some("door_joint"), Some("hinge")));
    assert_eq!(numbers(hinge[0].attribute("axis")), [0.0, 0.0, 1.0]);
    assert_eq!(numbers(hinge[0].attribute("range")), [-0.5, 1.5], "a hinge's range is in radians");
    let slide = own(body(&scene, "drawer"), "joint");
    assert_eq!((slide[0].attribute("name"), slide[0].attribute("type")), (Some("drawer_joint"), Some("slide")));
    assert_eq!(numbers(slide[0].attribute("range")), [-0.005, 0.025], "a slide's range is in metres");
    Ok(())
}

/// Where a point that a body's node names (`pos`) is in the world, mm. Bodies stand within bodies, none of them turned.
fn in_world(body: Node, named: Option<&str>) -> [f64; 3] {
    let places = body.ancestors().filter(|node| node.has_tag_name("body")).map(|node| node.attribute("pos"));
    let mut sum = [0.0; 3];
    for place in places.chain([named]) {
        for (total, part) in sum.iter_mut().zip(numbers(place)) {
            *total += 1000.0 * part;
        }
    }
    sum
}

#[track_caller]
fn near(found: &[f64], expected: &[f64]) {
    let is_near =
        found.len() == expected.len() && found.iter().zip(expected).all(|(one, other)| (one - other).abs() < 1e-6);
    assert!(is_near, "{found:?}, expected {expected:?}");
}

/// A door on a fixed base, both with an M6 hole at x = 20, y = 150: 20 mm beside the middle of the door.
const ON_A_PIN: &str = "\
from utils import fastener_hole
base = part(fastener_hole(Pos(0, 150, 10) * Box(60, 60, 20), (20, 150, 20), \"pin\", size=\"M6\"), \"base\", fixed=True)
door = part(fastener_hole(Pos(40, 150, 25) * Box(80, 40, 10), (20, 150, 30), \"eye\", size=\"M6\"), \"door\")
door.metadata.joint = JointMetadata(
    type=\"hinge\", axis=(0, 0, 1), via=\"through_hole\", to=\"base\", holes=(\"eye\", \"pin\")
)
return Compound(children=[base, door])";

/// A door on a bearing at x = 10, y = 150.
const ON_A_BEARING: &str = "\
bearing = Pos(10, 150, 3.5) * (Cylinder(11, 7) - Cylinder(4, 7))
bearing.label = \"bearing\"
bearing.metadata = PartMetadata(cots_id=\"SingleRowDeepGrooveBallBearing_M8-22-7\", fixed=True)
door = part(Pos(40, 150, 12) * Box(80, 40, 10), \"door\")
door.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1), via=\"bearing\", to=\"bearing\")
return Compound(children=[bearing, door])";

/// A door on a servo whose middle is at x = 0, y = 150 and whose shaft is at x = 10: the door's hole says so.
const ON_A_SHAFT: &str = "\
from utils import fastener_hole
servo = Pos(0, 150, 21.45) * Box(40.7, 19.7, 42.9)
servo.label = \"servo\"
servo.metadata = PartMetadata(cots_id=\"MG996R\", fixed=True)
door = part(fastener_hole(Pos(40, 150, 48) * Box(80, 40, 10), (10, 150, 53), \"shaft\"), \"door\")
door.metadata.joint = JointMetadata(
    type=\"hinge\", axis=(0, 0, 1), via=\"motor\", to=\"servo\", holes=(\"shaft\", \"shaft\")
)
return Compound(children=[servo, door])";

/// The design of `script`, in which a motor drives the part `door`.
fn driven_door(script: &str) -> Mechanism {
    Mechanism::new(script, driven("door", "rotate_z", "{mode: constant, speed: 0.1}"))
}

#[rstest]
#[case::through_hole(ON_A_PIN, 20.0)]
#[case::bearing(ON_A_BEARING, 10.0)]
#[case::shaft_beside_the_middle(ON_A_SHAFT, 10.0)]
#[tokio::test]
async fn hinge_axis_passes_through_its_support(
    #[future(awt)] ctx: Context,
    #[case] script: &str,
    #[case] x: f64,
) -> anyhow::Result<()> {
    let text = exported(&ctx, &driven_door(script)).await;
    let scene = Document::parse(&text)?;
    let door = body(&scene, "door");
    let joints = own(door, "joint");
    let [joint] = joints[..] else { panic!("one hinge, {} joints", joints.len()) };
    // The axis is vertical: any height is on it.
    near(&in_world(door, joint.attribute("pos"))[..2], &[x, 150.0]);
    near(&numbers(joint.attribute("axis")), &[0.0, 0.0, 1.0]);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn screwed_parts_are_one_body_without_a_joint_between(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let script = "\
from shared.models.schemas import HolePair, RigidConnection
from utils import fastener_hole
lower, upper = Pos(0, 150, 5) * Box(60, 40, 10), Pos(0, 150, 15) * Box(60, 40, 10)
for name, x in ((\"a\", -20), (\"b\", 20)):
    upper = fastener_hole(upper, (x, 150, 20), name, size=\"M4\", add_fastener=True)
    lower = fastener_hole(lower, (x, 150, 10), name, size=\"M4\")
lower, upper = part(lower, \"lower\"), part(upper, \"door\")
upper.metadata.rigid_connections = [RigidConnection(to=\"lower\", holes=[HolePair(\"a\", \"a\"), HolePair(\"b\", \"b\")])]
return Compound(children=[lower, upper])";
    let text = exported(&ctx, &Mechanism::new(script, driven("door", "rotate_z", "null"))).await;
    let scene = Document::parse(&text)?;
    let (lower, upper) = (body(&scene, "lower"), body(&scene, "door"));
    let holds = |outer: Node, inner: Node| inner.parent() == Some(outer);
    let (outer, inner) = if holds(lower, upper) { (lower, upper) } else { (upper, lower) };
    assert!(holds(outer, inner), "neither body stands in the other: {text}");
    assert_eq!(own(outer, "freejoint").len(), 1);
    assert!(own(inner, "joint").is_empty() && own(inner, "freejoint").is_empty(), "{inner:?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn zones_are_sites_of_the_scene(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let trap = ("trap", [[100.0, -200.0, 0.0], [140.0, -100.0, 50.0]]);
    let mechanism = mechanisms::driven_disc("{mode: constant, speed: 1.0}").with(|it| it.forbid_zones.push(trap));
    let text = exported(&ctx, &mechanism).await;
    let scene = Document::parse(&text)?;
    // Middle and half size, in metres; the goal reaches from (200, -50, 0) to (280, 50, 80) mm.
    for (name, middle, half) in [
        ("zone_goal", [0.24, 0.0, 0.04], [0.04, 0.05, 0.04]),
        ("zone_forbid_0_trap", [0.12, -0.15, 0.025], [0.02, 0.05, 0.025]),
    ] {
        let site = scene.descendants().find(|node| node.has_tag_name("site") && node.attribute("name") == Some(name));
        let site = site.unwrap_or_else(|| panic!("no site {name}: {text}"));
        assert_eq!(site.attribute("type"), Some("box"));
        near(&numbers(site.attribute("pos")), &middle);
        near(&numbers(site.attribute("size")), &half);
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn servo_gives_its_torque_to_a_hinge(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let text = exported(&ctx, &driven_door(ON_A_SHAFT)).await;
    let scene = Document::parse(&text)?;
    let motor = scene.descendants().find(|node| node.attribute("joint") == Some("door_joint"));
    // The catalogue gives an MG996R 0.98 N·m.
    near(&numbers(motor.and_then(|motor| motor.attribute("forcerange"))), &[-0.98, 0.98]);
    Ok(())
}

#[rstest]
#[case::speed("{mode: constant, speed: 1.0, force_limit: 2.0}", "velocity", &["kv"])]
#[case::effort("{mode: on_off, speed: 1.0, frequency: 1.0, force_limit: 2.0}", "motor", &["gear"])]
#[case::place("{mode: position, speed: 1.0, force_limit: 2.0}", "position", &["kp", "kv"])]
#[case::sine("{mode: sinusoidal, speed: 1.0, frequency: 1.0, force_limit: 2.0}", "position", &["kp", "kv"])]
#[tokio::test]
async fn motor_becomes_the_actuator_of_its_mode(
    #[future(awt)] ctx: Context,
    #[case] control: &str,
    #[case] kind: &str,
    #[case] gains: &[&str],
) -> anyhow::Result<()> {
    let text = exported(&ctx, &mechanisms::driven_disc(control)).await;
    let scene = Document::parse(&text)?;
    let actuators: Vec<_> = scene
        .descendants()
        .filter(|node| node.has_tag_name("actuator"))
        .flat_map(|node| node.children().filter(Node::is_element))
        .collect();
    let [only] = actuators[..] else { panic!("one motor, {} actuators", actuators.len()) };
    assert_eq!(only.tag_name().name(), kind);
    assert_eq!((only.attribute("name"), only.attribute("joint")), (Some("disc"), Some("disc_joint")));
    assert_eq!(numbers(only.attribute("forcerange")), [-2.0, 2.0]);
    let present: Vec<_> = ["kp", "kv", "gear"].into_iter().filter(|name| only.attribute(*name).is_some()).collect();
    assert_eq!(present, gains, "{only:?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn fastened_parts_move_as_one(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let body = "\
lower = part(Pos(0, 150, 210) * Box(60, 40, 20), \"lower\")
upper = part(Pos(0, 150, 225) * Box(20, 20, 10), \"upper\")
upper.constraint = \"weld:lower\"
return Compound(children=[lower, upper])";
    let plain = mechanisms::driven_disc("{mode: constant, speed: 1.0}");
    let session = ctx.session("welded");
    session.must_hold_priced(&Design { script: designs::script(body), ..plain.design }).await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    let result = response.output.result.expect("it was simulated");
    let place = |label: &str| {
        result
            .final_positions
            .iter()
            .find(|body| body.body == label)
            .map(|body| body.position_mm)
            .expect("a body of the scene")
    };
    // They fall 200 mm onto the floor together and stay 15 mm apart.
    let (lower, upper) = (place("lower"), place("upper"));
    assert!(lower[2] < 50.0, "nothing fell: {lower:?}");
    let distance = (0..3).map(|axis| (upper[axis] - lower[axis]).powi(2)).sum::<f64>().sqrt();
    assert!((distance - 15.0).abs() < 0.1, "they came apart: {distance} mm");
    Ok(())
}

#[rstest]
#[case::without_a_joint(ON_A_SHAFT, "door.metadata.joint = ", "_ = ", "no joint")]
#[case::fixed(ON_A_SHAFT, "\"door\")\n", "\"door\", fixed=True)\n", "is fixed")]
#[case::servo_that_is_to_push(ON_A_SHAFT, "type=\"hinge\"", "type=\"slide\"", "slides via motor")]
#[case::misspelt_hole(ON_A_SHAFT, "holes=(\"shaft\"", "holes=(\"shift\"", "\"shift\"")]
#[case::pin_in_a_misspelt_hole(ON_A_PIN, "holes=(\"eye\"", "holes=(\"eyes\"", "\"eyes\"")]
#[case::misspelt_part(ON_A_PIN, "return", "door.constraint = \"weld:bsae\"\nreturn", "\"bsae\"")]
#[tokio::test]
async fn impossible_joint_is_refused(
    #[future(awt)] ctx: Context,
    #[case] script: &str,
    #[case] from: &str,
    #[case] to: &str,
    #[case] named: &str,
) -> anyhow::Result<()> {
    refused(&ctx, &driven_door(&script.changed(from, to)), &["\"door\"", named]).await;
    Ok(())
}

#[rstest]
#[tokio::test]
async fn motor_stronger_than_its_servo_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let control = "{mode: constant, speed: 1.0, force_limit: 5.0}";
    let paddle = mechanisms::paddle().with_assembly(|it| it.placed[1].control = control.into());
    refused(&ctx, &paddle, &["\"paddle\"", "5 N·m", "0.98 N·m"]).await;
    Ok(())
}

/// Checks that the mechanism is not simulated, and that the answer says why.
async fn refused(ctx: &Context, mechanism: &Mechanism, words: &[&str]) {
    let session = ctx.session("impossible");
    session.must_hold_priced(mechanism).await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(!response.success && response.output.result.is_none(), "it was simulated: {}", response.message);
    for word in words {
        assert!(response.message.contains(word), "{word} is not named: {}", response.message);
    }
}

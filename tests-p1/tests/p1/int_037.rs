//! INT-037 — CAD joints become the right MJCF.
//!
//! Seam: build123d assembly and assembly definition → worker-heavy simulate → exported scene
//! Requirement: hinge, slide, free and fixed parts, fasteners and motors of a design turn into the joints, constraints
//! and actuators of the exported scene, each with the attributes that its kind has and no others.

use contract::benchmark::BenchmarkRequest;
use roxmltree::{Document, Node};
use rstest::rstest;
use testkit::{
    Context,
    designs::{self, Design},
    mechanisms::{self, Mechanism},
};

use crate::ctx;

async fn exported(ctx: &Context, mechanism: &Mechanism) -> String {
    let session = ctx.session("scene");
    session.must_hold_mechanism(mechanism).await;
    let smoke = BenchmarkRequest { smoke_test_mode: true, ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&smoke).await;
    let scene = response.artifacts.and_then(|artifacts| artifacts.mjcf_content);
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
    let script = designs::script(
        "base = part(Pos(0, 150, 10) * Box(40, 40, 20), \"base\", fixed=True)\n\
         loose = part(Pos(0, 220, 10) * Box(10, 10, 10), \"loose\")\n\
         door = part(Pos(60, 150, 50) * Box(60, 5, 20), \"door\")\n\
         door.metadata.joint = JointMetadata(type=\"hinge\", axis=(0, 0, 1), range=(-0.5, 1.5))\n\
         drawer = part(Pos(-80, 150, 50) * Box(20, 40, 10), \"drawer\")\n\
         drawer.metadata.joint = JointMetadata(type=\"slide\", axis=(0, 1, 0), range=(-5, 25))\n\
         return Compound(children=[base, loose, door, drawer])",
    );
    let mechanism = mechanisms::driven_disc("{mode: constant, speed: 1.0}");
    let mechanism = Mechanism { design: Design { script, ..mechanism.design }, assembly: mechanism.assembly };
    let mechanism = mechanism.with_assembly("disc", "door");
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
    let script = designs::script(
        "lower = part(Pos(0, 150, 210) * Box(60, 40, 20), \"lower\")\n\
         upper = part(Pos(0, 150, 225) * Box(20, 20, 10), \"upper\")\n\
         upper.constraint = \"weld:lower\"\n\
         return Compound(children=[lower, upper])",
    );
    let plain = mechanisms::driven_disc("{mode: constant, speed: 1.0}");
    let session = ctx.session("welded");
    session.must_hold_priced(&Design { script, ..plain.design }).await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    let result = response.result.expect("it was simulated");
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
#[tokio::test]
async fn motor_of_a_part_without_a_joint_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("jointless");
    let mechanism = mechanisms::driven_disc("{mode: constant, speed: 1.0}");
    let script = mechanism.design.script.replace("disc.metadata.joint = ", "_ = ");
    assert_ne!(script, mechanism.design.script);
    session.must_hold_mechanism(&Mechanism { design: Design { script, ..mechanism.design }, ..mechanism }).await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(!response.success && response.message.contains("\"disc\""), "{}", response.message);
    assert!(response.message.contains("no joint"), "{}", response.message);
    Ok(())
}

//! INT-023 — fasteners and joints obey their rules.
//!
//! Seam: script metadata and real geometry → worker-heavy validate → design rules
//! Requirement: a rigid connection has at least two fasteners through equal holes that meet, from one side; a hinge turns
//! on a bearing, a motor or through holes; every broken rule is named. Joints are defined in `PartMetadata`.

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    gate::Gate,
};
use rstest::rstest;
use testkit::{Changed, Context};

use crate::ctx;

/// Two plates of 60 × 40 × 5 mm on top of each other, held by two M4 screws from above.
const FASTENED: &str = r#"
from build123d import *
from shared.models.schemas import HolePair, JointMetadata, PartMetadata, RigidConnection
from utils import fastener_hole


def plate(label, z, holes, **metadata):
    shape = Pos(0, 0, z + 2.5) * Box(60, 40, 5)
    for hole_id, x, size, adds in holes:
        shape = fastener_hole(shape, (x, 0, z + 5), hole_id, size=size, add_fastener=adds)
    shape.label = label
    shape.metadata = PartMetadata(material_id="aluminum_6061", manufacturing_method="cnc", **metadata)
    return shape


def build():
    lower = plate("lower", 0, [("l1", -20, "M4", False), ("l2", 20, "M4", False)])
    upper = plate(
        "upper", 5, [("u1", -20, "M4", True), ("u2", 20, "M4", True)],
        rigid_connections=[RigidConnection(to="lower", holes=[HolePair("u1", "l1"), HolePair("u2", "l2")])],
    )
    return Compound(children=[lower, upper])
"#;

/// An arm that turns on a ball bearing which stands on the floor.
const ON_A_BEARING: &str = r#"
from build123d import *
from shared.models.schemas import JointMetadata, PartMetadata


def build():
    bearing = Pos(0, 0, 3.5) * (Cylinder(11, 7) - Cylinder(4, 7))
    bearing.label = "bearing"
    bearing.metadata = PartMetadata(cots_id="SingleRowDeepGrooveBallBearing_M8-22-7")
    arm = Pos(20, 0, 10) * Box(60, 10, 6)
    arm.label = "arm"
    arm.metadata = PartMetadata(
        material_id="aluminum_6061", manufacturing_method="cnc",
        joint=JointMetadata(type="hinge", axis=(0, 0, 1), via="bearing", to="bearing"),
    )
    return Compound(children=[bearing, arm])
"#;

/// An arm on the shaft of a servo, which is not in the servo's middle: the arm's hole says where.
const ON_A_MOTOR: &str = r#"
from build123d import *
from shared.models.schemas import JointMetadata, PartMetadata
from utils import fastener_hole


def build():
    servo = Pos(0, 0, 21.45) * Box(40.7, 19.7, 42.9)
    servo.label = "servo"
    servo.metadata = PartMetadata(cots_id="MG996R", fixed=True)
    arm = fastener_hole(Pos(40, 0, 46) * Box(120, 10, 6), (10, 0, 49), "shaft")
    arm.label = "arm"
    arm.metadata = PartMetadata(
        material_id="aluminum_6061", manufacturing_method="cnc",
        joint=JointMetadata(type="hinge", axis=(0, 0, 1), via="motor", to="servo", holes=("shaft", "shaft")),
    )
    return Compound(children=[servo, arm])
"#;

const CONNECTED: &str =
    "rigid_connections=[RigidConnection(to=\"lower\", holes=[HolePair(\"u1\", \"l1\"), HolePair(\"u2\", \"l2\")])]";
/// In place of [`CONNECTED`]: the upper plate turns on a pin in one hole of each.
const ON_A_PIN: &str =
    "joint=JointMetadata(type=\"hinge\", axis=(0, 0, 1), via=\"through_hole\", to=\"lower\", holes=(\"u1\", \"l1\"))";

/// An M8 shaft in a hole of the arm and in the bore of the bearing, which measures 8 mm.
fn with_a_shaft(size: &str, x: f64) -> String {
    let holed = ON_A_BEARING.changed(
        "Pos(20, 0, 10) * Box(60, 10, 6)",
        &format!("fastener_hole(Pos(20, 0, 10) * Box(60, 20, 6), ({x:?}, 0, 13), \"shaft\", size=\"{size}\")"),
    );
    let holed = holed.changed("to=\"bearing\"", "to=\"bearing\", holes=(\"shaft\", \"bore\")");
    holed.changed("\n\n\ndef build", "\nfrom utils import fastener_hole\n\n\ndef build")
}

/// The holes whose names end in 2 are declared in the bores of those that end in 1.
const DECLARED_TWICE: &str = "        from utils.fasteners import FastenerJoint
        if hole_id.endswith(\"2\"):
            place = Plane(origin=(-20, 0, z + 5)).location
            FastenerJoint(
                hole_id, shape, place, size=size, diameter_mm=4.5, depth_mm=5.0, length_mm=10.0, adds_fastener=adds
            )
        else:
            shape = fastener_hole(shape, (x, 0, z + 5), hole_id, size=size, add_fastener=adds)";

async fn validate(ctx: &Context, script: String) -> BenchmarkResponse {
    let mut request = BenchmarkRequest::default();
    request.design.script_content = Some(script);
    ctx.session("joints").heavy.must_validate(&request).await
}

#[rstest]
#[case::two_screws(FASTENED.to_owned())]
#[case::gap_of_a_washer(FASTENED.changed("\"upper\", 5,", "\"upper\", 5.9,"))]
#[case::declared_from_below(
    FASTENED.changed("(\"l1\", -20, \"M4\", False), (\"l2\", 20, \"M4\", False)", "(\"l1\", -20, \"M4\", True), (\"l2\", 20, \"M4\", True)")
        .changed("(\"u1\", -20, \"M4\", True), (\"u2\", 20, \"M4\", True)", "(\"u1\", -20, \"M4\", False), (\"u2\", 20, \"M4\", False)")
)]
#[case::on_a_bearing(ON_A_BEARING.to_owned())]
#[case::on_a_bearing_with_a_shaft(with_a_shaft("M8", 0.0))]
#[case::on_a_motor(ON_A_MOTOR.to_owned())]
#[case::on_a_pin(FASTENED.changed(CONNECTED, ON_A_PIN))]
#[tokio::test]
async fn sound_connection_passes(#[future(awt)] ctx: Context, #[case] script: String) -> anyhow::Result<()> {
    let answer = validate(&ctx, script).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

#[rstest]
#[case::single_screw(FASTENED, ", HolePair(\"u2\", \"l2\")", "", "joint.too_few_fasteners")]
#[case::unequal_diameters(
    FASTENED,
    "(\"l1\", -20, \"M4\", False)",
    "(\"l1\", -20, \"M5\", False)",
    "joint.diameter_mismatch"
)]
#[case::screws_from_both_sides(
    FASTENED,
    "(\"l1\", -20, \"M4\", False)",
    "(\"l1\", -20, \"M4\", True)",
    "joint.fastener_twice"
)]
#[case::no_screw(FASTENED, "(\"u1\", -20, \"M4\", True)", "(\"u1\", -20, \"M4\", False)", "joint.fastener_missing")]
#[case::holes_apart(FASTENED, "(\"l1\", -20, \"M4\", False)", "(\"l1\", -19, \"M4\", False)", "joint.holes_offset")]
#[case::gap(FASTENED, "\"upper\", 5,", "\"upper\", 6.5,", "joint.gap_too_wide")]
#[case::unknown_hole(FASTENED, "HolePair(\"u1\", \"l1\")", "HolePair(\"u1\", \"l9\")", "joint.unknown_hole")]
#[case::unknown_part(FASTENED, "to=\"lower\"", "to=\"middle\"", "joint.unknown_part")]
#[case::one_hole_twice(FASTENED, "HolePair(\"u2\", \"l2\")", "HolePair(\"u2\", \"l1\")", "joint.hole_reused")]
#[case::hole_filled_again(
    FASTENED,
    "    shape.label = label",
    "    shape = shape if label == \"upper\" else _filled(shape, z)\n    shape.label = label",
    "joint.hole_not_cut"
)]
#[case::glued(
    FASTENED,
    "    return Compound(children=[lower, upper])",
    "    upper.metadata.rigid_connections = []\n    upper.constraint = \"weld:lower\"\n    return Compound(children=[lower, upper])",
    "joint.weld_without_fasteners"
)]
#[case::two_names_for_one_hole(
    FASTENED,
    "        shape = fastener_hole(shape, (x, 0, z + 5), hole_id, size=size, add_fastener=adds)",
    DECLARED_TWICE,
    "joint.too_few_fasteners"
)]
#[case::pin_beside_its_axis(FASTENED, CONNECTED, &ON_A_PIN.changed("(0, 0, 1)", "(0, 1, 0)"), "joint.axis_off_hole")]
#[case::pin_in_an_absent_hole(FASTENED, CONNECTED, &ON_A_PIN.changed("\"u1\"", "\"u9\""), "joint.unknown_hole")]
#[case::pin_in_holes_apart(FASTENED, CONNECTED, &ON_A_PIN.changed("\"l1\"", "\"l2\""), "joint.holes_offset")]
#[case::motor_across_its_hole(ON_A_MOTOR, "axis=(0, 0, 1)", "axis=(1, 0, 0)", "joint.axis_off_hole")]
#[case::motor_in_an_absent_hole(ON_A_MOTOR, "holes=(\"shaft\"", "holes=(\"shift\"", "joint.unknown_hole")]
#[case::motor_that_is_to_push(ON_A_MOTOR, "type=\"hinge\"", "type=\"slide\"", "joint.motor_on_slide")]
#[case::bearing_across_its_bore(ON_A_BEARING, "axis=(0, 0, 1)", "axis=(1, 0, 0)", "joint.axis_mismatch")]
#[case::thin_shaft_in_a_bearing(&with_a_shaft("M6", 0.0), "", "", "joint.diameter_mismatch")]
#[case::shaft_beside_the_bore(&with_a_shaft("M8", 2.0), "", "", "joint.holes_offset")]
#[case::hinge_on_nothing(ON_A_BEARING, ", via=\"bearing\", to=\"bearing\"", "", "joint.support_missing")]
#[case::hinge_on_a_plain_part(ON_A_BEARING, "to=\"bearing\"", "to=\"block\"", "joint.wrong_support")]
#[case::bearing_for_a_motor(ON_A_BEARING, "via=\"bearing\"", "via=\"motor\"", "joint.wrong_support")]
#[case::arm_above_its_bearing(ON_A_BEARING, "Pos(20, 0, 10)", "Pos(20, 0, 12)", "joint.gap_too_wide")]
#[tokio::test]
async fn broken_rule_is_refused_and_named(
    #[future(awt)] ctx: Context,
    #[case] script: &str,
    #[case] from: &str,
    #[case] to: &str,
    #[case] rule: &str,
) -> anyhow::Result<()> {
    // Used by one case each: a plug of the same material for every hole, and a block that is not a bearing.
    let plug = "def _filled(shape, z):\n    joints = dict(shape.joints)\n    \
                plugged = shape + Pos(-20, 0, z + 2.5) * Cylinder(3, 5)\n    \
                plugged.joints.update(joints)\n    return plugged\n\n\ndef build():";
    let block = "children=[bearing, arm, _block()])";
    let makes_block = "def _block():\n    block = Pos(20, 0, 3.5) * Box(8, 8, 7)\n    block.label = \"block\"\n    \
                       block.metadata = PartMetadata(material_id=\"aluminum_6061\", fixed=True)\n    return block\n\n\n\
                       def build():";
    let mut script = script.changed(from, to);
    if script.contains("_filled") {
        script = script.changed("def build():", plug);
    }
    if script.contains("\"block\"") {
        script = script.changed("children=[bearing, arm])", block).changed("def build():", makes_block);
    }

    let answer = validate(&ctx, script).await;

    assert!(!answer.success, "the design passed");
    assert_eq!(answer.rejected_by, Some(Gate::Validation), "{answer:#?}");
    let rules: Vec<_> = answer.violations.iter().map(|violation| violation.violation.rule.as_str()).collect();
    assert!(rules.contains(&rule), "{rule} is not among {rules:?}: {}", answer.message);
    Ok(())
}

#[rstest]
#[case::three(3, false)]
#[case::four(4, true)]
#[tokio::test]
async fn many_loose_parts_draw_a_warning_and_no_refusal(
    #[future(awt)] ctx: Context,
    #[case] count: u32,
    #[case] warned: bool,
) -> anyhow::Result<()> {
    let script = format!(
        "from build123d import *\nfrom shared.models.schemas import PartMetadata\n\n\ndef build():\n    parts = []\n    \
         for i in range({count}):\n        block = Pos(30 * i, 0, 5) * Box(10, 10, 10)\n        \
         block.label = f\"block_{{i}}\"\n        \
         block.metadata = PartMetadata(material_id=\"aluminum_6061\", manufacturing_method=\"cnc\")\n        \
         parts.append(block)\n    return Compound(children=parts)\n"
    );
    let answer = validate(&ctx, script).await;
    assert!(answer.success, "{answer:#?}");
    assert_eq!(answer.warnings.iter().any(|warning| warning.contains("free to move")), warned, "{:?}", answer.warnings);
    Ok(())
}

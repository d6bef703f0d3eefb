//! What a design says about corners, bores, holes and what fastens its parts.

use cad_runtime::{BuildRequest, ScriptSource};
use contract::execution::ScriptFaultKind;
use contract::part_metadata::{HolePair, JointSupport};
use design::{Bore, Part, PartRole};

use crate::fixture::{Fixture, PLENTY};

/// Positions result from the kernel's arithmetic on round numbers; a micrometre is a thousand times the rounding error.
const CLOSE_MM: f64 = 1e-3;

const SHAPES: &str = r"
from build123d import *
from build123d.topology import SkipClean
from utils import PartMetadata

def build():
    pocket = Box(40, 30, 20) - Pos(0, 0, 5) * Box(20, 10, 20)
    inner = [e for e in pocket.edges().filter_by(Axis.Z) if abs(e.center().X) < 11]
    plate = Box(60, 40, 6) - Pos(-20, 0, 0) * Cylinder(1.7, 6) - Rot(90, 0, 0) * Cylinder(2, 100)
    half = extrude(make_face(Polyline((-3, 0), (3, 0)) + CenterArc((0, 0), 3, 0, 180)), 5)
    with SkipClean():
        halves = Pos(0, 0, 2.5) * Box(20, 20, 5) - half - Rot(0, 0, 180) * half
    shapes = {
        'pocket': Rot(0, 0, 30) * pocket,
        'filleted': fillet(inner, 2),
        'plain': Box(10, 10, 10),
        'boss': Box(40, 30, 20) + Pos(0, 0, 15) * Cylinder(5, 10),
        'plate': plate,
        'halves': halves,
        'slot': Box(40, 20, 5) - extrude(SlotOverall(20, 6), 10, both=True),
        'zone_goal': pocket,
        'ellipse': Rot(20, 30, 40) * (Box(60, 40, 20) - extrude(Ellipse(20, 10), 20)),
        'oval_boss': Box(60, 40, 20) + extrude(Ellipse(20, 10), 20),
        'loft': Box(60, 40, 20) - Solid.make_loft([Pos(0, 0, z) * Ellipse(20, 10).wire() for z in (0, 20)]),
        'spline': Box(60, 40, 20) - extrude(make_face(Spline((-20, 0), (0, 1.5), (20, 0), (0, -1.5), periodic=True)), 20),
    }
    for number, (label, shape) in enumerate(shapes.items()):
        shape.label = label
        shape.metadata = PartMetadata(material_id='steel')
        shapes[label] = Pos(0, 100 * number, 0) * shape
    return Compound(children=list(shapes.values()))
";

const FASTENED: &str = r"
from build123d import *
from utils import CompoundMetadata, JointMetadata, PartMetadata, RigidConnection
from utils.fasteners import fastener_hole

def build():
    base = Pos(5, 0, 0) * Box(40, 30, 10)
    base.label, base.constraint = 'base', 'weld:arm'
    base.metadata = PartMetadata(material_id='steel', fixed=True, rigid_connections=[
        RigidConnection(to='arm', holes=[('left', 'l'), {'own': 'right', 'other': 'r'}])])
    base = fastener_hole(base, (-5, 0, 5), 'left', add_fastener=True)
    base = fastener_hole(base, (15, 0, 5), 'right', size='m4', counterbore=True)
    base = fastener_hole(base, (25, 0, 0), 'side', axis=(-1, 0, 0), size='M3-0.5', depth=8)
    # Cut once more, which puts the part's own origin elsewhere; then moved in each of the ways that there are.
    label, metadata, constraint = base.label, base.metadata, base.constraint
    base = Pos(0, 0, 100) * base - Pos(5, 12, 100) * Box(2, 2, 50)
    base.label, base.metadata, base.constraint = label, metadata, constraint
    base = (Rot(0, 0, 90) * base).moved(Pos(0, 50, 0))
    base.location = Pos(0, 0, -100) * base.location

    def bracket(name, x):
        part = fastener_hole(Box(10, 10, 10), (0, 0, 5), 'h')
        part.label = name
        return Pos(x, 0, 0) * part

    frame = Pos(0, 0, 40) * Compound(label='frame', children=[bracket('near', 20), bracket('far', 60)])
    frame.metadata = CompoundMetadata(joint=JointMetadata(
        type='hinge', axis=(0, 0, 1), via='through_hole', to='base', holes=('near.h', 'left')))
    return Pos(1000, 0, 0) * Compound(children=[base, frame])
";

async fn parts(fixture: &Fixture, name: &str, script: &str) -> anyhow::Result<Vec<Part>> {
    let session = fixture.session(name, script)?;
    let request = BuildRequest::new(ScriptSource::File("script.py".into()));
    Ok(fixture.runtime.build(&session, &request, PLENTY).await??.parts)
}

fn near(found: [f64; 3], expected: [f64; 3]) -> bool {
    found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < CLOSE_MM)
}

fn has_bore(part: &Part, diameter_mm: f64, ends: [[f64; 3]; 2]) -> bool {
    part.bores.iter().any(|bore: &Bore| {
        (bore.diameter_mm - diameter_mm).abs() < CLOSE_MM
            && (near(bore.start_mm, ends[0]) && near(bore.end_mm, ends[1])
                || near(bore.start_mm, ends[1]) && near(bore.end_mm, ends[0]))
    })
}

#[tokio::test]
async fn corners_bores_and_holes_are_located() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let shapes = parts(&fixture, "shapes", SHAPES).await?;
    let part = |label: &str| shapes.iter().find(|part| part.label == label).expect(label);
    let upright = |label: &str| part(label).internal_corners.iter().filter(|corner| corner.axis[2].abs() > 0.999);
    let radii = |label: &str| upright(label).map(|corner| corner.radius_mm).collect::<Vec<_>>();

    assert_eq!(radii("pocket"), [0.0; 4], "four sharp corners, whichever way it is turned");
    assert!(upright("pocket").all(|corner| (corner.length_mm - 15.0).abs() < CLOSE_MM));
    // Where the walls meet the floor, along the part's own x and y.
    let (sine, cosine) = 30.0_f64.to_radians().sin_cos();
    for (axis, length_mm) in [([cosine, sine, 0.0], 20.0), ([-sine, cosine, 0.0], 10.0)] {
        let is_along = |found: &[f64; 3]| near(*found, axis) || near(found.map(|at| -at), axis);
        let edges = part("pocket").internal_corners.iter().filter(|corner| is_along(&corner.axis));
        assert_eq!(edges.filter(|corner| (corner.length_mm - length_mm).abs() < CLOSE_MM).count(), 2, "along {axis:?}");
    }
    let filleted = part("filleted");
    assert!(radii("filleted").len() == 4 && radii("filleted").iter().all(|radius| (radius - 2.0).abs() < CLOSE_MM));
    // The middle of a quarter turn of 2 in the corner (10, 5) of the pocket; z runs from -5 to 10.
    let inset = 2.0 - 2.0_f64.sqrt();
    let corner = [10.0 - inset, 100.0 + 5.0 - inset, 2.5];
    assert!(filleted.internal_corners.iter().any(|found| near(found.position_mm, corner)), "{filleted:?}");
    for label in ["plain", "boss", "plate", "halves", "zone_goal"] {
        assert_eq!(radii(label), [0.0; 0], "{label} has no internal corner");
    }
    assert_eq!(radii("slot").len(), 2, "the round ends of a slot are no bores");
    for label in ["pocket", "filleted", "plain", "boss", "slot", "zone_goal"] {
        assert!(part(label).bores.is_empty(), "{label} has no bore");
    }
    // An ellipse is bent most at the ends of its longer axis, by a radius of 10² / 20.
    let bends = |label: &str| -> Vec<f64> {
        let round = part(label).internal_corners.iter().filter(|corner| corner.radius_mm > 0.0);
        round.inspect(|corner| assert!((corner.length_mm - 10.0).abs() < CLOSE_MM)).map(|it| it.radius_mm).collect()
    };
    for label in ["ellipse", "loft"] {
        assert!(matches!(bends(label)[..], [radius] if (radius - 5.0).abs() < CLOSE_MM), "{label}: {:?}", bends(label));
    }
    assert!(bends("oval_boss").is_empty(), "{:?}", bends("oval_boss"));
    assert!(matches!(bends("spline")[..], [radius] if radius < 1.0), "{:?}", bends("spline"));
    let plate = part("plate");
    assert_eq!(plate.bores.len(), 2);
    assert!(has_bore(plate, 3.4, [[-20.0, 400.0, -3.0], [-20.0, 400.0, 3.0]]), "{:?}", plate.bores);
    assert!(has_bore(plate, 4.0, [[0.0, 380.0, 0.0], [0.0, 420.0, 0.0]]), "{:?}", plate.bores);
    assert_eq!(part("halves").bores.len(), 1, "two half faces are one bore");
    assert!(has_bore(part("halves"), 6.0, [[0.0, 500.0, 0.0], [0.0, 500.0, 5.0]]), "{:?}", part("halves").bores);

    let fastened = parts(&fixture, "fastened", FASTENED).await?;
    let [base, frame] = fastened.as_slice() else { anyhow::bail!("{fastened:?}") };
    assert_eq!((base.label.as_str(), base.constraint.as_deref()), ("base", Some("weld:arm")));
    let PartRole::Part(metadata) = &base.role else { anyhow::bail!("{:?}", base.role) };
    let pair = |own: &str, other: &str| HolePair { own: own.into(), other: other.into() };
    assert_eq!(metadata.rigid_connections[0].holes, [pair("left", "l"), pair("right", "r")]);

    // A quarter turn about z, then 50 along y; the assembly stands at x 1000.
    let turned = |[x, y, z]: [f64; 3]| [1000.0 - y, 50.0 + x, z];
    let expected = [
        ("left", "M3", 3.4, [-5.0, 0.0, 5.0], [0.0, 0.0, -1.0], 10.0, true),
        ("right", "M4", 4.5, [15.0, 0.0, 5.0], [0.0, 0.0, -1.0], 10.0, false),
        ("side", "M3", 3.4, [25.0, 0.0, 0.0], [0.0, -1.0, 0.0], 8.0, false),
    ];
    assert_eq!(base.holes.len(), expected.len());
    for (hole, (id, size, diameter, entry, axis, depth, adds_fastener)) in base.holes.iter().zip(expected) {
        assert_eq!((hole.hole_id.as_str(), hole.size.as_str(), hole.adds_fastener), (id, size, adds_fastener));
        assert!(near(hole.position_mm, turned(entry)) && near(hole.axis, axis), "{hole:?}");
        assert!((hole.diameter_mm - diameter).abs() < CLOSE_MM && (hole.depth_mm - depth).abs() < CLOSE_MM, "{hole:?}");
    }
    assert!(has_bore(base, 3.4, [turned([-5.0, 0.0, 5.0]), turned([-5.0, 0.0, -5.0])]), "{:?}", base.bores);
    // The head of an M4 screw is 7 wide and 4 high (ISO 4762: 7.22 knurled); 0.2 are left around it.
    assert!(has_bore(base, 4.5, [turned([15.0, 0.0, 1.0]), turned([15.0, 0.0, -5.0])]), "{:?}", base.bores);
    assert!(has_bore(base, 7.22 + 0.4, [turned([15.0, 0.0, 5.0]), turned([15.0, 0.0, 1.0])]), "{:?}", base.bores);
    assert!(has_bore(base, 3.4, [turned([25.0, 0.0, 0.0]), turned([17.0, 0.0, 0.0])]), "{:?}", base.bores);

    let joint = frame.joint().ok_or_else(|| anyhow::anyhow!("{:?}", frame.role))?;
    assert_eq!((joint.via, joint.to.as_deref()), (Some(JointSupport::ThroughHole), Some("base")));
    assert_eq!(joint.holes, Some(pair("near.h", "left")));
    let members: Vec<(&str, [f64; 3])> =
        frame.holes.iter().map(|hole| (hole.hole_id.as_str(), hole.position_mm.map(f64::round))).collect();
    assert_eq!(members, [("near.h", [1020.0, 0.0, 45.0]), ("far.h", [1060.0, 0.0, 45.0])]);

    for (call, expected) in [
        ("fastener_hole(part, (0, 0, 5), 'x', size='M7')", "known sizes are M1.6 (pitch 0.35), M2"),
        ("fastener_hole(fastener_hole(part, (0, 0, 5), 'x'), (3, 0, 5), 'x')", "already has a hole or joint 'x'"),
        ("fastener_hole(part, (0, 0, 0), 'x')", "starts inside the material of 'block'"),
        ("fastener_hole(part, (50, 0, 5), 'x')", "misses 'block'"),
        ("PartMetadata(material_id='a', rigid_connections=[{'to': 'b', 'holes': ['h']}])", "HolePair(own, other)"),
    ] {
        let script = format!(
            "from build123d import *\nfrom utils import PartMetadata, fastener_hole\n\ndef build():\n    \
             part = Box(10, 10, 10)\n    part.label = 'block'\n    return {call}\n"
        );
        let session = fixture.folder.path().join("sessions/fastened");
        let request = BuildRequest::new(ScriptSource::Text(script));
        let Err(fault) = fixture.runtime.build(&session, &request, PLENTY).await? else {
            anyhow::bail!("{call} was accepted")
        };
        assert!(matches!(fault.kind, ScriptFaultKind::ScriptError | ScriptFaultKind::Metadata), "{fault:?}");
        assert!(fault.message.contains(expected), "{fault:?}");
    }
    Ok(())
}

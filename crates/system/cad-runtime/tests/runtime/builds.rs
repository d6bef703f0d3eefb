//! Results of correct scripts.

use cad_runtime::{BuildRequest, ScriptSource};
use contract::part_metadata::{JointType, ManufacturingMethod};
use design::{Design, PartRole, Zone};

use crate::fixture::{Fixture, PLENTY};

/// The CAD kernel integrates planar solids exactly; what is left is rounding.
const EXACT: f64 = 1e-9;

const ASSEMBLY: &str = r"
from build123d import *
from shared.enums import ManufacturingMethod
from shared.models.schemas import CompoundMetadata, JointMetadata, PartMetadata
import sibling

def build():
    base = Box(10, 20, 30)
    base.label = 'base'
    base.metadata = PartMetadata(material_id='steel', fixed=True, manufacturing_method=ManufacturingMethod.CNC)
    lid = Pos(0, 0, 20) * Cylinder(sibling.RADIUS, 10)
    lid.label = 'lid'
    lid.constraint = 'weld:base'
    lid.metadata = PartMetadata(cots_id='M3', joint=JointMetadata(type='hinge', axis=(0, 0, 2), range=(-1, 1)))
    twins = Compound(label='twins', children=[Pos(40, 0, 0) * Box(2, 2, 2), Pos(46, 0, 0) * Box(2, 2, 2)])
    twins.metadata = CompoundMetadata(joint=JointMetadata(type='slide', axis=[1, 0, 0]))
    goal = Pos(0, 0, 60) * Box(5, 5, 5)
    goal.label = 'zone_goal_bin'
    trap = Pos(0, 60, 0) * Sphere(5)
    trap.label = 'zone_trap'
    nameless = Pos(0, 0, -20) * Box(10, 10, 14)
    nameless.metadata = {'material_id': 'oak', 'manufacturing_method': '3dp'}
    print('built')
    return Pos(100, 0, 0) * Compound(label='assembly', children=[base, lid, twins, goal, trap, nameless])
";

fn request(check_interference: bool) -> BuildRequest {
    BuildRequest { check_interference, ..BuildRequest::new(ScriptSource::File("/script.py".into())) }
}

/// Volume that a mesh encloses, by the divergence theorem: the sum of the signed tetrahedra of its triangles.
fn enclosed_volume(design: &Design, part: usize) -> f64 {
    let mesh = &design.parts[part].mesh;
    mesh.triangles
        .iter()
        .map(|corners| {
            let [a, b, c] = corners.map(|corner| mesh.vertices_mm[corner as usize]);
            (a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
                + a[2] * (b[0] * c[1] - b[1] * c[0]))
                / 6.0
        })
        .sum()
}

fn assert_close(found: f64, expected: f64, what: &str) {
    let scale = expected.abs().max(1.0);
    assert!((found - expected).abs() <= EXACT * scale, "{what}: expected {expected}, found {found}");
}

#[tokio::test]
async fn assembly_becomes_parts_in_world_coordinates() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let session = fixture.session("assembly", ASSEMBLY)?;
    std::fs::write(session.join("sibling.py"), "RADIUS = 4.0\n")?;
    let design = fixture.runtime.build(&session, &request(true), PLENTY).await??;

    assert_eq!(design.stdout, "built\n");
    let labels: Vec<&str> = design.parts.iter().map(|part| part.label.as_str()).collect();
    assert_eq!(labels, ["base", "lid", "twins", "zone_goal_bin", "zone_trap", "part_5"]);

    // A box of 10 x 20 x 30: V = 6000, I = V/12 * (sum of the squares of the two other sides).
    let base = &design.parts[0];
    assert_close(base.volume_mm3, 6000.0, "volume");
    assert_close(base.area_mm2, 2200.0, "area");
    assert_close(base.center_of_mass_mm[0], 100.0, "centre of mass, placed by the parent");
    for (axis, expected) in [650_000.0, 500_000.0, 250_000.0].into_iter().enumerate() {
        assert_close(base.inertia_mm5[axis][axis], expected, "moment of inertia about the centre of mass");
    }
    assert_eq!(base.bounding_box.min.map(f64::round), [95.0, -10.0, -15.0]);
    assert_eq!(base.bounding_box.max.map(f64::round), [105.0, 10.0, 15.0]);
    assert_eq!((base.mesh.vertices_mm.len(), base.mesh.triangles.len()), (8, 12), "a box has shared corners");
    assert!(base.is_fixed() && base.is_valid && base.mesh.is_watertight);
    let PartRole::Part(metadata) = &base.role else { anyhow::bail!("base is {:?}", base.role) };
    assert_eq!(metadata.manufacturing_method, Some(ManufacturingMethod::Cnc));

    let lid = &design.parts[1];
    assert_eq!(lid.constraint.as_deref(), Some("weld:base"));
    assert_eq!(lid.joint().map(|joint| (joint.kind, joint.range)), Some((JointType::Hinge, Some([-1.0, 1.0]))));
    assert!(lid.mesh.is_watertight);

    // Two boxes of side 2, each 3 from their common centre along x: Steiner adds m d² to y and z.
    let twins = &design.parts[2];
    assert!(matches!(twins.role, PartRole::Compound(_)));
    assert_eq!(twins.solid_count, 2);
    assert_close(twins.center_of_mass_mm[0], 143.0, "common centre of mass");
    let own = 8.0 / 12.0 * (4.0 + 4.0);
    assert_close(twins.inertia_mm5[0][0], 2.0 * own, "about the line of centres");
    assert_close(twins.inertia_mm5[1][1], 2.0 * (own + 8.0 * 9.0), "across it");

    assert_eq!(design.parts[3].role, PartRole::Zone(Zone::Goal));
    assert_eq!(design.parts[4].role, PartRole::Zone(Zone::Forbid));
    assert!(design.parts[4].mesh.is_watertight, "poles and seam of a sphere are welded");
    for index in 0..design.parts.len() {
        let exact = design.parts[index].volume_mm3;
        let meshed = enclosed_volume(&design, index);
        // A chord within 0.1 rad of the arc loses at most 1 - sin(0.1)/0.1 = 0.17 % per direction of curvature.
        assert!((meshed / exact - 1.0).abs() < 0.005, "{}: {meshed} against {exact}", design.parts[index].label);
    }

    // The lid (z 15 to 25) stands on the base; the nameless box (z -27 to -13) sinks 2 into it: 10 * 10 * 2.
    let [overlap] = design.interferences.as_slice() else { anyhow::bail!("{:?}", design.interferences) };
    assert_eq!((overlap.first.as_str(), overlap.second.as_str()), ("base", "part_5"));
    assert_close(overlap.volume_mm3, 200.0, "overlap");
    Ok(())
}

#[tokio::test]
async fn repeated_geometry_has_the_same_measures() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let script = |radius: &str, label: &str, material: &str| {
        format!(
            "import os\nfrom build123d import *\nfrom utils import PartMetadata\n\ndef build():\n    print(os.getpid())\n    \
             part = Box(20, 40, 60) - Cylinder({radius}, 60)\n    part.label = '{label}'\n    \
             part.metadata = PartMetadata(material_id='{material}')\n    return part\n"
        )
    };
    let first_session = fixture.session("first", &script("5", "tube", "steel"))?;
    let second_session = fixture.session("second", &script("5", "tube", "steel"))?;
    let first = fixture.runtime.build(&first_session, &request(false), PLENTY).await??;
    let again = fixture.runtime.build(&second_session, &request(false), PLENTY).await??;
    // The cache key. If the bytes differed each time, every call would measure again.
    assert_eq!(again.geometry, first.geometry);
    assert_ne!(again.stdout, first.stdout, "the script ran a second time");
    assert_eq!(Design { stdout: first.stdout.clone(), ..again }, first);

    // Any difference is measured separately.
    let exact = |radius: f64| 20.0 * 40.0 * 60.0 - std::f64::consts::PI * radius * radius * 60.0;
    assert_close(first.parts[0].volume_mm3, exact(5.0), "volume");
    for (radius, label, material) in
        [("5.000001", "tube", "steel"), ("5", "pipe", "steel"), ("5", "tube", "abs"), ("6", "tube", "steel")]
    {
        let other = BuildRequest::new(ScriptSource::Text(script(radius, label, material)));
        let built = fixture.runtime.build(&first_session, &other, PLENTY).await??;
        assert_close(built.parts[0].volume_mm3, exact(radius.parse()?), "volume");
        assert_eq!(built.parts[0].label, label);
        let PartRole::Part(metadata) = &built.parts[0].role else { anyhow::bail!("{:?}", built.parts[0].role) };
        assert_eq!(metadata.material_id.as_deref(), Some(material));
    }
    let mut coarse = request(false);
    coarse.tessellation.angle_rad = 0.5;
    let coarse = fixture.runtime.build(&first_session, &coarse, PLENTY).await??;
    assert!(coarse.parts[0].mesh.triangles.len() < first.parts[0].mesh.triangles.len(), "another fineness");
    Ok(())
}

#[tokio::test]
async fn script_text_is_built_and_inspected() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let script = "from build123d import *\nfrom utils import PartMetadata\n\ndef build():\n    part = Box(2, 4, 6)\n    \
                  part.metadata = PartMetadata(material_id='steel')\n    return part\n";
    let session = fixture.session("text", script)?;
    let request = BuildRequest::new(ScriptSource::Text(script.to_owned()));
    let design = fixture.runtime.build(&session, &request, PLENTY).await??;
    assert_eq!(design.parts[0].label, "part_0");

    let face = fixture.runtime.inspect(&session, "script.py", "face_0", PLENTY).await?;
    let properties = face.properties.ok_or_else(|| anyhow::anyhow!("{:?}", face.message))?;
    let normal = properties.normal.unwrap_or_default();
    assert_close(normal.iter().map(|component| component * component).sum::<f64>(), 1.0, "length of the normal");
    // The centre of a face of a box around the origin lies in the direction of its outward normal.
    assert!(normal.iter().zip(properties.center).all(|(n, c)| (n * c.abs() - c).abs() < 1e-6), "{properties:?}");
    let edge = fixture.runtime.inspect(&session, "script.py", "edge_11", PLENTY).await?;
    assert!(matches!(edge.properties.and_then(|found| found.length), Some(length) if length > 1.9));
    let part = fixture.runtime.inspect(&session, "/script.py", "part_0", PLENTY).await?;
    assert_eq!(part.properties.map(|found| found.bbox.max.map(f64::round)), Some([1.0, 2.0, 3.0]));

    for (target, expected) in [("face_6", "face_0 to face_5"), ("vertex_1", "part_<n>"), ("face_x", "part_<n>")] {
        let missing = fixture.runtime.inspect(&session, "script.py", target, PLENTY).await?;
        assert!(!missing.success);
        assert!(missing.message.as_deref().is_some_and(|text| text.contains(expected)), "{:?}", missing.message);
    }
    let absent = fixture.runtime.inspect(&session, "absent.py", "face_0", PLENTY).await?;
    assert_eq!(absent.message.as_deref(), Some("The session has no script 'absent.py'."));
    Ok(())
}

/// What `build()` returns after the header, and labels of the parts.
const RETURNED: &[(&str, &[&str])] = &[
    ("return [part('a'), Pos(20, 0, 0) * part('b')]", &["a", "b"]),
    ("return (part('a'),)", &["a"]),
    ("return [part(''), Pos(20, 0, 0) * part('b')]", &["part_0", "b"]),
    // A disc in a ring, whose round faces coincide and are cut into other triangles: crossing by that is not an overlap.
    (
        "pair = Compound(children=[Cylinder(80, 2), Cylinder(100, 2) - Rot(0, 0, 1) * Cylinder(80, 2)])\n    \
         pair.label = 'pair'\n    pair.metadata = PartMetadata(material_id='abs')\n    return [pair]",
        &["pair"],
    ),
];

#[tokio::test]
async fn lists_of_parts_are_assemblies() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let session = fixture.session("lists", "")?;
    for (body, labels) in RETURNED {
        let script = format!(
            "from build123d import *\nfrom utils import PartMetadata\n\ndef part(label):\n    box = Box(2, 4, 6)\n    \
             box.label = label\n    box.metadata = PartMetadata(material_id='abs')\n    return box\n\ndef build():\n    \
             {body}\n"
        );
        let request = BuildRequest::new(ScriptSource::Text(script));
        let design = fixture.runtime.build(&session, &request, PLENTY).await??;
        assert_eq!(design.parts.iter().map(|part| part.label.as_str()).collect::<Vec<_>>(), *labels);
    }
    Ok(())
}

#[tokio::test]
async fn inside_out_solids_are_reoriented() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let script = "from build123d import *\nfrom utils import PartMetadata\n\ndef build():\n    \
                  part = Solid(Box(2, 4, 6).solids()[0].wrapped.Reversed())\n    part.label = 'bent'\n    \
                  part.metadata = PartMetadata(material_id='abs')\n    return part\n";
    let session = fixture.session("inward", script)?;
    let design = fixture.runtime.build(&session, &request(false), PLENTY).await??;
    assert_close(design.parts[0].volume_mm3, 48.0, "volume");
    assert_close(enclosed_volume(&design, 0), 48.0, "volume of the mesh");
    assert!(design.notes[0].contains("'bent'") && design.notes[0].contains("turned round"), "{:?}", design.notes);
    Ok(())
}

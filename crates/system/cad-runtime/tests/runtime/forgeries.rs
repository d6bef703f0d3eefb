//! Scripts that forge their results. Whatever a script does to its process, a design is measured from the shapes that
//! it hands over, and the outcome follows from how the process really ended.

use cad_runtime::{BuildRequest, ScriptSource};
use contract::execution::{ScriptFault, ScriptFaultKind};
use design::{Design, ExportFormat};

use crate::fixture::{Fixture, PLENTY};

/// A block of aluminium with edges of 120 mm, and ways to the process around the script.
const PRELUDE: &str = r"
import json, os, sys
from build123d import *
from OCP.BinTools import BinTools, BinTools_FormatVersion
from utils import PartMetadata

def block(size=120):
    part = Box(size, size, size)
    part.label = 'block'
    part.metadata = PartMetadata(material_id='aluminum_6061', manufacturing_method='cnc')
    return part

def around(name):
    frame = sys._getframe()
    while frame is not None:
        for names in (frame.f_locals, frame.f_globals):
            if name in names:
                return names[name]
        frame = frame.f_back
    raise LookupError(name)

def leave(name, content):
    mode = 'wb' if isinstance(content, bytes) else 'w'
    with open(os.path.join(around('job')['run_dir'], name), mode) as file:
        file.write(content)

def declare(**changed):
    look = {'label': 'block', 'color': None, 'members': []}
    metadata = {'material_id': 'aluminum_6061', 'cots_id': None, 'is_fixed': False, 'manufacturing_method': 'cnc'}
    part = {'label': 'block', 'metadata': metadata, 'is_compound': False, 'constraint': None, 'holes': [], 'look': look}
    leave('declarations.json', json.dumps({'assembly_label': None, 'parts': [{**part, **changed}]}))

def shapes(*shapes, with_triangles=False):
    path = os.path.join(around('job')['run_dir'], 'shapes.bin')
    version = BinTools_FormatVersion.BinTools_FormatVersion_VERSION_4
    BinTools.Write_s(Compound(list(shapes)).wrapped, path, with_triangles, False, version)
";

async fn build(fixture: &Fixture, body: &str) -> anyhow::Result<Result<Design, ScriptFault>> {
    let session = fixture.folder.path().join("sessions/forger");
    std::fs::create_dir_all(&session)?;
    let indented = body.replace('\n', "\n    ");
    let script = format!("{PRELUDE}\ndef build():\n    {indented}\n");
    let request = BuildRequest::new(ScriptSource::Text(script));
    Ok(fixture.runtime.build(&session, &request, PLENTY).await?)
}

/// Volume of the block, mm³.
const VOLUME_MM3: f64 = 120.0 * 120.0 * 120.0;

#[tokio::test]
async fn figures_come_from_the_shapes_alone() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    for body in [
        "return block()",
        // The functions that once measured in the script's own process, and those that hand over.
        "geometry = sys.modules.get('runtime.geometry') or around('handover').count_solids.__globals__\n\
         names = geometry if isinstance(geometry, dict) else vars(geometry)\n\
         names['mass_properties'] = names['bounds'] = names['face_measures'] = lambda shape: 0.027\n\
         return block()",
        // Results in an earlier format, forged completely.
        "leave('design.json', '{\"parts\": [], \"interferences\": [], \"notes\": []}')\n\
         leave('meshes.bin', b'')\n\
         return block()",
        // Triangles of a small block in the faces of the large one.
        "from OCP.BRep import BRep_Builder, BRep_Tool\n\
         from OCP.BRepMesh import BRepMesh_IncrementalMesh\n\
         from OCP.TopLoc import TopLoc_Location\n\
         large, small = block(), block(3)\n\
         BRepMesh_IncrementalMesh(small.wrapped, 0.1)\n\
         for one, other in zip(large.faces(), small.faces()):\n    \
         BRep_Builder().UpdateFace(one.wrapped, BRep_Tool.Triangulation_s(other.wrapped, TopLoc_Location()))\n\
         shapes(large, with_triangles=True)\n\
         declare()\n\
         os._exit(0)",
    ] {
        let design = build(&fixture, body).await?.map_err(|fault| anyhow::anyhow!("{body}: {fault:?}"))?;
        let part = &design.parts[0];
        assert!((part.volume_mm3 / VOLUME_MM3 - 1.0).abs() < 1e-9, "{body}: {}", part.volume_mm3);
        assert!((part.area_mm2 / (6.0 * 120.0 * 120.0) - 1.0).abs() < 1e-9, "{body}: {}", part.area_mm2);
        assert!((part.inertia_mm5[0][0] / (VOLUME_MM3 * 120.0 * 120.0 / 6.0) - 1.0).abs() < 1e-9, "{body}");
        assert!((part.bounding_box.max[2] - 60.0).abs() < 1e-6, "{body}: {:?}", part.bounding_box);
        assert!(part.mesh.is_watertight && part.mesh.triangles.len() == 12, "{body}");
    }
    Ok(())
}

/// What a script does, and words of the fault.
const REFUSED: &[(&str, &str)] = &[
    ("leave('design.json', '{}')\nleave('meshes.bin', b'')\nos._exit(0)", "left no design"),
    ("leave('shapes.bin', b'not a shape' * 1000)\ndeclare()\nos._exit(0)", "not a readable design"),
    ("leave('shapes.bin', b'')\ndeclare()\nos._exit(0)", "not a readable design"),
    ("shapes(block())\nleave('declarations.json', '[')\nos._exit(0)", "not a readable design"),
    ("shapes(block(), block())\ndeclare()\nos._exit(0)", "2 shapes for 1 declared parts"),
    ("shapes(block().faces()[0])\ndeclare()\nos._exit(0)", "contains no solid"),
    ("shapes(block())\ndeclare(metadata={'mass': 1})\nos._exit(0)", "has no field mass"),
    ("shapes(block())\ndeclare(label=7)\nos._exit(0)", "7 is not text"),
    (
        "shapes(block())\ndeclare(holes=[{'hole_id': 'h', 'size': 'M3', 'diameter_mm': float('nan'), 'depth_mm': 1, \
         'position_mm': [0, 0, 0], 'axis': [0, 0, 1], 'adds_fastener': True}])\nos._exit(0)",
        "nan is not a finite number",
    ),
    // Cut off in the middle of a surface.
    (
        "shapes(block())\npath = os.path.join(around('job')['run_dir'], 'shapes.bin')\n\
         os.truncate(path, os.path.getsize(path) // 2)\ndeclare()\nos._exit(0)",
        "",
    ),
    (
        "path = os.path.join(around('job')['run_dir'], 'shapes.bin')\nos.mkdir(path)\ndeclare()\nos._exit(0)",
        "left no design",
    ),
    ("leave('outcome.json', '{\"setup_error\": \"no sandbox\"}')\nos._exit(0)", "left no design"),
    ("leave('outcome.json', '{\"setup_error\": \"no sandbox\"}')\nos._exit(70)", "exit code 70"),
    (
        "leave('outcome.json', '{\"fault\": {\"kind\": \"cancelled\", \"message\": \"bye\", \"line\": null}}')\nos._exit(0)",
        "false statement",
    ),
    (
        "leave('outcome.json', '{\"fault\": {\"kind\": \"time_limit\", \"message\": \"bye\", \"line\": null}}')\nos._exit(1)",
        "false statement",
    ),
    ("leave('outcome.json', '{\"fault\": ' + '[' * 100000)\nos._exit(0)", "left no design"),
];

#[tokio::test]
async fn forged_files_are_refused_with_a_reason() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    for (body, words) in REFUSED {
        let Err(fault) = build(&fixture, body).await? else { anyhow::bail!("{body} became a design") };
        assert!(fault.message.contains(words), "{body}: {fault:?}");
        let claims = [ScriptFaultKind::Cancelled, ScriptFaultKind::TimeLimit];
        assert!(!claims.contains(&fault.kind), "{body}: {fault:?}");
    }
    // The parent that forked all of them is the same and well.
    assert!(build(&fixture, "return block()").await?.is_ok());
    assert!(fixture.leftover_runs()?.is_empty());
    Ok(())
}

#[tokio::test]
async fn executions_cannot_claim_a_failed_setup() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let session = fixture.session("claims", "")?;
    let claim = |text: &str, code: u8| {
        format!(
            "import os, sys\nframe = sys._getframe()\nwhile 'job' not in frame.f_locals:\n    frame = frame.f_back\n\
             open(os.path.join(frame.f_locals['job']['run_dir'], 'outcome.json'), 'w').write({text:?})\nos._exit({code})\n"
        )
    };
    let setup = fixture.execute(&session, &claim("{\"setup_error\": \"no sandbox\"}", 0)).await?;
    assert_eq!((setup.exit_code, setup.fault), (0, None));
    let cancelled = "{\"fault\": {\"kind\": \"cancelled\", \"message\": \"bye\", \"line\": null}}";
    let cancelled = fixture.execute(&session, &claim(cancelled, 3)).await?;
    assert_eq!(cancelled.exit_code, 3);
    assert_eq!(cancelled.fault.map(|fault| fault.kind), Some(ScriptFaultKind::ScriptError));
    Ok(())
}

#[tokio::test]
async fn exports_contain_the_measured_shape() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    // The script builds something else each time that it runs.
    let body = "runs = int(open('runs').read()) if os.path.exists('runs') else 0\n\
                open('runs', 'w').write(str(runs + 1))\nreturn block(120 + runs)";
    let design = build(&fixture, body).await??;
    let session = fixture.folder.path().join("sessions/forger");
    let formats = [ExportFormat::Step, ExportFormat::Stl, ExportFormat::Glb];
    let files = fixture.runtime.export(&session, &design, &formats, PLENTY, std::future::pending()).await??;
    let [step, stl, glb] = files.as_slice() else { anyhow::bail!("{} files", files.len()) };
    let step = String::from_utf8_lossy(step);
    assert!(step.starts_with("ISO-10303-21") && step.contains("'block'"), "the label is kept");
    assert!(step.contains("60.") && !step.contains("60.5"), "the block of 120 mm, not of 121 mm");
    // A binary STL has 84 bytes of header and 50 for each triangle.
    assert_eq!(stl.len(), 84 + 12 * 50);
    assert_eq!(&glb[..4], b"glTF");
    assert_eq!(std::fs::read_to_string(session.join("runs"))?, "1", "an export runs no script");
    assert!(fixture.leftover_runs()?.is_empty());
    Ok(())
}

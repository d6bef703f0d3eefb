//! The jobs that build and measure a design, and the measured design. Lengths in mm, world axes.

use contract::execution::{BoundingBox, ScriptFault, ScriptFaultKind};
use contract::limits::MAX_OVERLAP_MM3;
use design::{Bore, Design, Face, FastenerHole, Geometry, Interference, InternalCorner, Mesh, Part, PartRole, Zone};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::figures::compare;
use crate::request::{BuildRequest, ScriptSource, Tessellation};
use crate::run::{Input, Job, Outcome};
use crate::run_directory::RunDirectory;
use crate::winding::doubly_enclosed;
use crate::{geometry, label};

/// Most bytes that the description of a measured design may have, and its meshes.
const DESIGN_LIMIT_BYTES: u64 = 256 << 20;
const MESHES_LIMIT_BYTES: u64 = 1 << 30;

/// The job that runs a script until its shapes are handed over. `with_metadata` requires metadata, so that the parts
/// can be made.
pub(crate) fn script_job(script: &ScriptSource, with_metadata: bool) -> Result<Job, ScriptFault> {
    Ok(Job { mode: "build", input: input_of(script)?, extra: json!({ "with_metadata": with_metadata }) })
}

/// Where the child finds a script.
pub(crate) fn input_of(script: &ScriptSource) -> Result<Input, ScriptFault> {
    Ok(match script {
        ScriptSource::File(path) => Input::File(relative(path)?),
        ScriptSource::Text(text) => Input::Text(text.clone()),
    })
}

/// The job that measures what was handed over.
pub(crate) fn measuring_job(geometry: Geometry, request: &BuildRequest) -> Job {
    Job {
        mode: "measure",
        input: Input::Geometry(geometry),
        extra: json!({
            "tolerance_mm": request.tessellation.tolerance_mm,
            "angle_rad": request.tessellation.angle_rad,
            "interference_threshold_mm3": request.check_interference.then_some(MAX_OVERLAP_MM3),
        }),
    }
}

/// The shapes that a script handed over before its process ended.
pub(crate) fn handed_over(outcome: &Outcome) -> Result<Geometry, ScriptFault> {
    if let Some(fault) = &outcome.fault {
        return Err(fault.clone());
    }
    let fault = |message: String| ScriptFault { kind: ScriptFaultKind::ScriptError, message, line: None };
    match outcome.ending.exit_code {
        Some(0) => geometry::take(&outcome.directory)
            .ok_or_else(|| fault("The run left no design, or one that is too large; build() must return it.".into())),
        code => Err(fault(format!(
            "The script ended its process with exit code {} before the design was complete; build() must return.",
            code.unwrap_or(-1)
        ))),
    }
}

/// A path below the session's root, without leading slash.
pub(crate) fn relative(path: &str) -> Result<String, ScriptFault> {
    let trimmed = path.trim_start_matches('/');
    let stays_inside = !trimmed.is_empty() && !trimmed.contains('\0') && trimmed.split('/').all(|part| part != "..");
    if stays_inside {
        Ok(trimmed.to_owned())
    } else {
        Err(ScriptFault {
            kind: ScriptFaultKind::FileAccessDenied,
            message: format!("'{path}' is not a path below the session folder."),
            line: None,
        })
    }
}

#[derive(Deserialize)]
struct DesignFile {
    parts: Vec<PartFile>,
    interferences: Vec<Interference>,
    notes: Vec<String>,
}

#[derive(Deserialize)]
struct PartFile {
    label: String,
    role: RoleName,
    metadata: Value,
    constraint: Option<String>,
    solid_count: u32,
    is_valid: bool,
    volume_mm3: f64,
    area_mm2: f64,
    center_of_mass_mm: [f64; 3],
    inertia_mm5: [[f64; 3]; 3],
    bounding_box: BoundingBox,
    faces: Vec<Face>,
    mesh: MeshPlace,
    internal_corners: Vec<InternalCorner>,
    bores: Vec<Bore>,
    holes: Vec<FastenerHole>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RoleName {
    Part,
    Compound,
    GoalZone,
    ForbidZone,
}

/// Position of a mesh in `meshes.bin`.
#[derive(Deserialize)]
struct MeshPlace {
    vertices: Place,
    triangles: Place,
    normals: Place,
}

/// Number of triples of numbers, or of triples of triples.
#[derive(Deserialize)]
struct Place {
    offset: usize,
    count: usize,
}

/// Reads the measurement from its run folder, and compares every part's figures with its mesh. The script's output is
/// not included.
pub(crate) fn load(
    directory: &RunDirectory,
    geometry: Geometry,
    tessellation: Tessellation,
) -> Result<Design, ScriptFault> {
    let fault = |kind, message| ScriptFault { kind, message, line: None };
    let unreadable = |what: &str| {
        fault(ScriptFaultKind::ScriptError, format!("Measuring the design left nothing readable ({what})."))
    };
    let text = directory
        .result("design.json", DESIGN_LIMIT_BYTES)
        .ok_or_else(|| unreadable("its description is missing or too large"))?;
    let file: DesignFile = serde_json::from_slice(&text).map_err(|error| unreadable(&error.to_string()))?;
    file.parts.iter().try_for_each(|part| label::check(&part.label))?;
    let meshes = directory
        .result("meshes.bin", MESHES_LIMIT_BYTES)
        .ok_or_else(|| unreadable("its triangles are missing or too large"))?;
    let mut parts = Vec::with_capacity(file.parts.len());
    for part in file.parts {
        let mut part = part.load(&meshes).map_err(|problem| unreadable(&problem))?;
        check(&mut part, tessellation.tolerance_mm).map_err(|problem| fault(ScriptFaultKind::NotAShape, problem))?;
        parts.push(part);
    }
    let bounding_box = parts
        .iter()
        .map(|part| part.bounding_box)
        .reduce(|one, two| union(&one, &two))
        .ok_or_else(|| unreadable("it has no part"))?;
    let (stdout, stderr) = (String::new(), String::new());
    Ok(Design { parts, bounding_box, interferences: file.interferences, notes: file.notes, geometry, stdout, stderr })
}

/// Refuses a part whose figures are not those of its mesh, or whose mesh runs through itself, and widens its bounds to
/// all vertices: they lie on the surface, and the kernel's search for extremes can miss one.
///
/// A mesh that is not closed encloses no volume to compare with; `is_watertight` says so, and the part is refused when
/// it is checked or made.
fn check(part: &mut Part, tolerance_mm: f64) -> Result<(), String> {
    let label = part.label.clone();
    let Some(meshed) = part.mesh.moments() else { return Ok(()) };
    part.bounding_box = union(&part.bounding_box, &meshed.bounds);
    if !part.mesh.is_watertight {
        return Ok(());
    }
    compare(part, &meshed, tolerance_mm).map_err(|figure| {
        format!(
            "The surfaces of part '{label}' contradict each other: {figure}. Rebuild it from simpler features, or check \
             it with `part.is_valid`."
        )
    })?;
    let folded = if part.is_zone() { None } else { doubly_enclosed(&part.mesh, tolerance_mm) };
    let Some([x, y, z]) = folded else { return Ok(()) };
    let (what, remedy) = if part.solid_count > 1 {
        ("Solids of part", "join them with `a + b`, or move them apart")
    } else {
        ("The surface of part", "widen the bend of the sweep, or rebuild the shape from solids joined with `a + b`")
    };
    Err(format!(
        "{what} '{label}' run through each other near ({x:.2}, {y:.2}, {z:.2}) mm, so that space would count twice or \
         not at all; {remedy}."
    ))
}

/// Bounds of both.
fn union(one: &BoundingBox, two: &BoundingBox) -> BoundingBox {
    BoundingBox {
        min: std::array::from_fn(|axis| one.min[axis].min(two.min[axis])),
        max: std::array::from_fn(|axis| one.max[axis].max(two.max[axis])),
    }
}

impl PartFile {
    fn load(self, meshes: &[u8]) -> Result<Part, String> {
        let wrong = |error: serde_json::Error| format!("metadata of '{}': {error}", self.label);
        let role = match self.role {
            RoleName::Part => PartRole::Part(serde_json::from_value(self.metadata).map_err(wrong)?),
            RoleName::Compound => PartRole::Compound(serde_json::from_value(self.metadata).map_err(wrong)?),
            RoleName::GoalZone => PartRole::Zone(Zone::Goal),
            RoleName::ForbidZone => PartRole::Zone(Zone::Forbid),
        };
        let mesh = self.mesh.load(meshes).ok_or_else(|| format!("mesh of '{}' is damaged", self.label))?;
        Ok(Part {
            label: self.label,
            role,
            constraint: self.constraint,
            solid_count: self.solid_count,
            is_valid: self.is_valid,
            volume_mm3: self.volume_mm3,
            area_mm2: self.area_mm2,
            center_of_mass_mm: self.center_of_mass_mm,
            inertia_mm5: self.inertia_mm5,
            bounding_box: self.bounding_box,
            faces: self.faces,
            mesh,
            internal_corners: self.internal_corners,
            bores: self.bores,
            holes: self.holes,
        })
    }
}

impl MeshPlace {
    fn load(&self, meshes: &[u8]) -> Option<Mesh> {
        let vertices_mm: Vec<[f64; 3]> =
            triples(meshes, &self.vertices)?.map(|bytes: [[u8; 8]; 3]| bytes.map(f64::from_le_bytes)).collect();
        let triangles: Vec<[u32; 3]> =
            triples(meshes, &self.triangles)?.map(|bytes: [[u8; 4]; 3]| bytes.map(u32::from_le_bytes)).collect();
        let corners = Place { offset: self.normals.offset, count: self.normals.count.checked_mul(3)? };
        let normals: Vec<[f32; 3]> =
            triples(meshes, &corners)?.map(|bytes: [[u8; 4]; 3]| bytes.map(f32::from_le_bytes)).collect();
        let (normals, _) = normals.as_chunks::<3>();
        let consistent = vertices_mm.iter().flatten().all(|coordinate| coordinate.is_finite())
            && triangles.iter().flatten().all(|corner| (*corner as usize) < vertices_mm.len())
            && normals.len() == triangles.len()
            && normals.iter().flatten().flatten().all(|component| component.is_finite());
        let is_watertight = ::geometry::is_closed(&triangles);
        consistent.then(|| Mesh { vertices_mm, triangles, normals: normals.to_vec(), is_watertight })
    }
}

/// Triples of `WIDTH`-byte numbers at a place; None when they do not fit into the data.
fn triples<'data, const WIDTH: usize>(
    data: &'data [u8],
    place: &Place,
) -> Option<impl Iterator<Item = [[u8; WIDTH]; 3]> + use<'data, WIDTH>> {
    let length = place.count.checked_mul(3 * WIDTH)?;
    let bytes = data.get(place.offset..place.offset.checked_add(length)?)?;
    let (numbers, _) = bytes.as_chunks::<WIDTH>();
    let (triples, _) = numbers.as_chunks::<3>();
    Some(triples.iter().copied())
}

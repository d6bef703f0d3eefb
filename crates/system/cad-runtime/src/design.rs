//! A design as the rest of the system sees it: parts with metadata, masses and meshes. Lengths in mm, world axes.

use contract::execution::{BoundingBox, ScriptFault, ScriptFaultKind};
use contract::limits::MAX_OVERLAP_MM3;
use contract::part_metadata::{CompoundMetadata, JointMetadata, PartMetadata};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::features::{Bore, FastenerHole, InternalCorner};
use crate::label;
use crate::run::{Job, Outcome};

/// What to build, and what to make of it.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// The script.
    pub script: ScriptSource,
    /// How fine the meshes are.
    pub tessellation: Tessellation,
    /// Whether to compute the overlaps of all parts ([`Design::interferences`]); costs a boolean operation for each
    /// pair whose bounds overlap.
    pub check_interference: bool,
    /// Files to write into the session.
    pub exports: Vec<Export>,
}

impl BuildRequest {
    /// Builds a script with the default fineness, without interference check and exports.
    pub fn new(script: ScriptSource) -> Self {
        Self { script, tessellation: Tessellation::default(), check_interference: false, exports: Vec::new() }
    }
}

/// Where a script comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptSource {
    /// A file, relative to the session's root; a leading slash is the root.
    File(String),
    /// The text itself.
    Text(String),
}

/// How fine triangles follow curved faces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tessellation {
    /// Largest distance between triangle and face, mm.
    pub tolerance_mm: f64,
    /// Largest angle between neighbouring triangles of a face, rad.
    pub angle_rad: f64,
}

impl Default for Tessellation {
    /// 0.1 mm and 0.1 rad.
    fn default() -> Self {
        Self { tolerance_mm: 0.1, angle_rad: 0.1 }
    }
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Format.
    pub format: ExportFormat,
    /// Path relative to the session's root; missing folders are made.
    pub path: String,
}

/// Formats that a design can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Binary glTF.
    Glb,
    /// STEP.
    Step,
    /// Binary STL.
    Stl,
}

impl ExportFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Glb => "glb",
            Self::Step => "step",
            Self::Stl => "stl",
        }
    }
}

/// A built design.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Top-level parts in the script's order, zones included.
    pub parts: Vec<Part>,
    /// Bounds of everything.
    pub bounding_box: BoundingBox,
    /// Pairs that share more than [`MAX_OVERLAP_MM3`]; empty when the check was not asked for. Zones do not count.
    pub interferences: Vec<Interference>,
    /// What the script printed.
    pub stdout: String,
    /// What the script printed as errors.
    pub stderr: String,
}

/// A top-level part.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Unique label: the script's, `part_<n>` without one, `<label>_<n>` from the second of the same name on.
    pub label: String,
    /// What it is, with its metadata.
    pub role: PartRole,
    /// The attribute `constraint` of the script, such as `weld:base`.
    pub constraint: Option<String>,
    /// Number of solids.
    pub solid_count: u32,
    /// Whether the CAD kernel finds it consistent.
    pub is_valid: bool,
    /// Volume, mm³; greater than 0.
    pub volume_mm3: f64,
    /// Surface, mm².
    pub area_mm2: f64,
    /// Centre of mass at uniform density, mm.
    pub center_of_mass_mm: [f64; 3],
    /// Inertia about the centre of mass at density 1, world axes, mm⁵. Times the density in t/mm³ it is t·mm².
    pub inertia_mm5: [[f64; 3]; 3],
    /// Bounds.
    pub bounding_box: BoundingBox,
    /// Surface triangles.
    pub mesh: Mesh,
    /// Concave edges and fillets parallel to z (the tool axis of a mill).
    pub internal_corners: Vec<InternalCorner>,
    /// Round holes that the geometry really has: concave cylinders that close around their axis.
    pub bores: Vec<Bore>,
    /// Holes that the script declared.
    pub holes: Vec<FastenerHole>,
}

impl Part {
    /// True for a goal or forbidden zone, which has no mass and no metadata.
    pub fn is_zone(&self) -> bool {
        matches!(self.role, PartRole::Zone(_))
    }

    /// True when it is held in place.
    pub fn is_fixed(&self) -> bool {
        match &self.role {
            PartRole::Part(metadata) => metadata.is_fixed,
            PartRole::Compound(metadata) => metadata.is_fixed,
            PartRole::Zone(_) => true,
        }
    }

    /// How it moves against the world.
    pub fn joint(&self) -> Option<&JointMetadata> {
        match &self.role {
            PartRole::Part(metadata) => metadata.joint.as_ref(),
            PartRole::Compound(metadata) => metadata.joint.as_ref(),
            PartRole::Zone(_) => None,
        }
    }

    /// Label of the part that the attribute `constraint` holds it to.
    pub fn weld(&self) -> Option<&str> {
        self.constraint.as_deref()?.strip_prefix("weld:").map(str::trim)
    }
}

/// What a part is.
#[derive(Debug, Clone, PartialEq)]
pub enum PartRole {
    /// A part that is made or bought.
    Part(PartMetadata),
    /// A sub-assembly that acts as one body.
    Compound(CompoundMetadata),
    /// A region of space (label `zone_…`).
    Zone(Zone),
}

/// Kinds of zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Where something shall arrive (the label contains `goal`).
    Goal,
    /// Where nothing may come.
    Forbid,
}

/// Triangles with shared vertices, outward by the right-hand rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Mesh {
    /// Vertices, mm.
    pub vertices_mm: Vec<[f64; 3]>,
    /// Corners as indices into `vertices_mm`.
    pub triangles: Vec<[u32; 3]>,
    /// Whether it is closed and consistently oriented.
    pub is_watertight: bool,
}

/// Two parts that share volume.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Interference {
    /// Label.
    pub first: String,
    /// Label.
    pub second: String,
    /// Shared volume, mm³.
    pub volume_mm3: f64,
}

/// The job for a build request, or the fault of a request that cannot be one.
pub(crate) fn job(request: &BuildRequest) -> Result<Job, ScriptFault> {
    let exports = request
        .exports
        .iter()
        .map(|export| Ok(json!({ "format": export.format.name(), "path": relative(&export.path)? })))
        .collect::<Result<Vec<Value>, ScriptFault>>()?;
    let (script_path, source) = match &request.script {
        ScriptSource::File(path) => (Some(relative(path)?), None),
        ScriptSource::Text(text) => (None, Some(text.clone())),
    };
    Ok(Job {
        mode: "build",
        script_path,
        source,
        extra: json!({
            "tolerance_mm": request.tessellation.tolerance_mm,
            "angle_rad": request.tessellation.angle_rad,
            "interference_threshold_mm3": request.check_interference.then_some(MAX_OVERLAP_MM3),
            "exports": exports,
        }),
    })
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
            message: format!("'{path}' is no path below the session folder."),
            line: None,
        })
    }
}

#[derive(Deserialize)]
struct DesignFile {
    parts: Vec<PartFile>,
    bounding_box: BoundingBox,
    interferences: Vec<Interference>,
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

/// Where a mesh lies in `meshes.bin`.
#[derive(Deserialize)]
struct MeshPlace {
    is_watertight: bool,
    vertices_offset: usize,
    vertex_count: usize,
    triangles_offset: usize,
    triangle_count: usize,
}

impl Design {
    /// Reads what a build left in its run folder. The script could write there too, so everything is checked.
    pub(crate) fn load(outcome: Outcome) -> Result<Self, ScriptFault> {
        let Outcome { ending, fault, stdout, stderr, directory, .. } = outcome;
        if let Some(fault) = fault {
            return Err(fault);
        }
        let unreadable = |what: &str| ScriptFault {
            kind: ScriptFaultKind::ScriptError,
            message: match ending.exit_code {
                Some(code) if code != 0 => format!(
                    "The script ended its process with exit code {code} before the \
                    design was complete; build() must return."
                ),
                _ => format!("The run left no readable design ({what})."),
            },
            line: None,
        };
        let text = directory.result("design.json").ok_or_else(|| unreadable("design.json is missing"))?;
        let file: DesignFile = serde_json::from_slice(&text).map_err(|error| unreadable(&error.to_string()))?;
        file.parts.iter().try_for_each(|part| label::check(&part.label))?;
        let meshes = directory.result("meshes.bin").ok_or_else(|| unreadable("meshes.bin is missing"))?;
        let parts = file
            .parts
            .into_iter()
            .map(|part| part.load(&meshes).map_err(|problem| unreadable(&problem)))
            .collect::<Result<_, _>>()?;
        Ok(Self { parts, bounding_box: file.bounding_box, interferences: file.interferences, stdout, stderr })
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
            mesh,
            internal_corners: self.internal_corners,
            bores: self.bores,
            holes: self.holes,
        })
    }
}

impl MeshPlace {
    fn load(&self, meshes: &[u8]) -> Option<Mesh> {
        let vertices_mm: Vec<[f64; 3]> = triples(meshes, self.vertices_offset, self.vertex_count)?
            .map(|bytes: [[u8; 8]; 3]| bytes.map(f64::from_le_bytes))
            .collect();
        let triangles: Vec<[u32; 3]> = triples(meshes, self.triangles_offset, self.triangle_count)?
            .map(|bytes: [[u8; 4]; 3]| bytes.map(u32::from_le_bytes))
            .collect();
        let consistent = vertices_mm.iter().flatten().all(|coordinate| coordinate.is_finite())
            && triangles.iter().flatten().all(|corner| (*corner as usize) < vertices_mm.len());
        consistent.then_some(Mesh { vertices_mm, triangles, is_watertight: self.is_watertight })
    }
}

/// `count` triples of `WIDTH`-byte numbers from `offset` on; None when they do not fit into the data.
fn triples<const WIDTH: usize>(
    data: &[u8],
    offset: usize,
    count: usize,
) -> Option<impl Iterator<Item = [[u8; WIDTH]; 3]>> {
    let length = count.checked_mul(3 * WIDTH)?;
    let bytes = data.get(offset..offset.checked_add(length)?)?;
    let (numbers, _) = bytes.as_chunks::<WIDTH>();
    let (triples, _) = numbers.as_chunks::<3>();
    Some(triples.iter().copied())
}

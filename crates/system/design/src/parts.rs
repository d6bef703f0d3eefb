//! Parts of a design with what they declare, their masses and their meshes.

use contract::{
    execution::BoundingBox,
    part_metadata::{CompoundMetadata, JointMetadata, PartMetadata},
};
use serde::Deserialize;

use crate::{
    features::{Bore, Face, FastenerHole, InternalCorner},
    geometry::Geometry,
    mesh::Mesh,
};

/// A built design.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Top-level parts in the script's order, zones included.
    pub parts: Vec<Part>,
    /// Bounds of everything.
    pub bounding_box: BoundingBox,
    /// Pairs that share more than [`MAX_OVERLAP_MM3`]; empty when the check was not asked for. Zones do not count.
    pub interferences: Vec<Interference>,
    /// What was corrected while measuring, one sentence each.
    pub notes: Vec<String>,
    /// The shapes themselves, for export.
    pub geometry: Geometry,
    /// The script's output.
    pub stdout: String,
    /// The script's error output.
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
    /// Faces of the true geometry.
    pub faces: Vec<Face>,
    /// Surface triangles.
    pub mesh: Mesh,
    /// Straight concave edges and fillets.
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

    /// True when it is fixed.
    pub fn is_fixed(&self) -> bool {
        match &self.role {
            PartRole::Part(metadata) => metadata.is_fixed,
            PartRole::Compound(metadata) => metadata.is_fixed,
            PartRole::Zone(_) => true,
        }
    }

    /// Metadata of a part that is made or bought; `None` for a sub-assembly or zone.
    pub fn metadata(&self) -> Option<&PartMetadata> {
        match &self.role {
            PartRole::Part(metadata) => Some(metadata),
            PartRole::Compound(_) | PartRole::Zone(_) => None,
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
    /// Where something must arrive (the label contains `goal`).
    Goal,
    /// Where nothing may enter.
    Forbid,
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

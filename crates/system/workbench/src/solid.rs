//! A part's geometry, as the caller passes it.

use contract::execution::BoundingBox;
use design::{Face, InternalCorner, Part};

/// Geometry of one part, world axes.
#[derive(Debug, Clone, Copy)]
pub struct Solid<'a> {
    /// Volume, mm³.
    pub volume_mm3: f64,
    /// Surface, mm².
    pub area_mm2: f64,
    /// Extent, mm.
    pub bounding_box: BoundingBox,
    /// Number of bodies.
    pub solid_count: u32,
    /// Whether the CAD kernel finds its topology sound.
    pub is_valid: bool,
    /// Whether its surface is closed.
    pub is_watertight: bool,
    /// Vertices of its surface, mm.
    pub vertices_mm: &'a [[f64; 3]],
    /// Triangles of its surface, counter-clockwise seen from outside.
    pub triangles: &'a [[u32; 3]],
    /// Outward unit normals of the true face at the corners of each triangle; empty where the triangles are the faces.
    pub normals: &'a [[[f32; 3]; 3]],
    /// Faces of the true geometry: area, mm², and its centre, mm. They do not depend on the tessellation.
    pub faces: &'a [Face],
    /// Straight concave edges and fillets, as the CAD kernel finds them.
    pub internal_corners: &'a [InternalCorner],
}

impl Solid<'_> {
    /// Edges of the bounding box, mm.
    pub(crate) fn size_mm(&self) -> [f64; 3] {
        std::array::from_fn(|axis| self.bounding_box.max[axis] - self.bounding_box.min[axis])
    }
}

impl<'part> From<&'part Part> for Solid<'part> {
    fn from(part: &'part Part) -> Self {
        Self {
            volume_mm3: part.volume_mm3,
            area_mm2: part.area_mm2,
            bounding_box: part.bounding_box,
            solid_count: part.solid_count,
            is_valid: part.is_valid,
            is_watertight: part.mesh.is_watertight,
            vertices_mm: &part.mesh.vertices_mm,
            triangles: &part.mesh.triangles,
            normals: &part.mesh.normals,
            faces: &part.faces,
            internal_corners: &part.internal_corners,
        }
    }
}

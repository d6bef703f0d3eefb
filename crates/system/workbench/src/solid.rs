//! What a caller says about a part's geometry.

use contract::execution::BoundingBox;

/// Geometry of one part, world axes.
#[derive(Debug, Clone, Copy)]
pub struct Solid<'a> {
    /// Volume, mm³.
    pub volume_mm3: f64,
    /// Surface, mm².
    pub area_mm2: f64,
    /// Extent, mm.
    pub bounding_box: BoundingBox,
    /// Bodies that it consists of.
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
    /// Faces of the true geometry: area, mm², and its centre, mm. However a face is cut up, these stay.
    pub faces: &'a [Face],
    /// Straight concave edges and fillets, as the CAD kernel finds them.
    pub internal_corners: &'a [InternalCorner],
}

/// A face of the true geometry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    /// Area, mm².
    pub area_mm2: f64,
    /// Centre of the area, mm.
    pub center_mm: [f64; 3],
}

/// A straight concave edge, or where a wall is hollowed most. No tool of a larger radius that comes along it gets into
/// it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InternalCorner {
    /// Radius, mm; 0 for a sharp edge.
    pub radius_mm: f64,
    /// Direction of the edge, a unit vector of either sense.
    pub axis: [f64; 3],
    /// Middle of the edge or fillet, mm.
    pub position_mm: [f64; 3],
    /// Length along the axis, mm.
    pub length_mm: f64,
}

impl Solid<'_> {
    /// Edges of the bounding box, mm.
    pub(crate) fn size_mm(&self) -> [f64; 3] {
        std::array::from_fn(|axis| self.bounding_box.max[axis] - self.bounding_box.min[axis])
    }
}

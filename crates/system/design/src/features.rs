//! Features that determine how a part is made and fastened: corners, bores and declared holes. Lengths in mm, world
//! axes.

use serde::Deserialize;

/// A face of the true geometry. Two parts of one shape have the same faces, however each is cut into triangles.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Face {
    /// Area, mm².
    pub area_mm2: f64,
    /// Centre of the area.
    pub center_mm: [f64; 3],
}

/// A straight concave edge, or where a wall is hollowed most, be it a fillet, an ellipse or a spline. A mill of a
/// larger radius along this axis does not fit into it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct InternalCorner {
    /// Radius, mm; 0 for a sharp edge.
    pub radius_mm: f64,
    /// Direction of the edge, a unit vector of either sense.
    pub axis: [f64; 3],
    /// Middle of the edge, or of the fillet's face.
    pub position_mm: [f64; 3],
    /// Length along the axis, mm.
    pub length_mm: f64,
}

/// A round hole that the geometry really has: a concave cylinder that closes around its axis.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Bore {
    /// Diameter, mm.
    pub diameter_mm: f64,
    /// One end of its axis.
    pub start_mm: [f64; 3],
    /// The other end of its axis.
    pub end_mm: [f64; 3],
}

/// A hole that the script declared with `utils.fasteners.fastener_hole`. It must be checked against the [`Bore`]s: the
/// script may have closed it again.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FastenerHole {
    /// Name, unique within the part.
    pub hole_id: String,
    /// Thread of the fastener, such as `M3`.
    pub size: String,
    /// Diameter of the hole, mm.
    pub diameter_mm: f64,
    /// Where it enters, on the face.
    pub position_mm: [f64; 3],
    /// Unit vector from the entry into the part.
    pub axis: [f64; 3],
    /// Depth from the entry, mm.
    pub depth_mm: f64,
    /// Whether this hole adds the fastener; exactly one of two mated holes does.
    pub adds_fastener: bool,
}

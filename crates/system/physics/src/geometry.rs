//! Shapes of bodies.

/// Shape of a body, mm.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// Closed triangle mesh; collides as its convex pieces.
    Mesh {
        /// Vertices.
        vertices: Vec<[f64; 3]>,
        /// Triangles, counter-clockwise seen from outside.
        triangles: Vec<[u32; 3]>,
    },
    /// Sphere.
    Sphere {
        /// Radius.
        radius: f64,
    },
    /// Box.
    Cuboid {
        /// Half the edge lengths.
        half_size: [f64; 3],
    },
    /// Cylinder along z.
    Cylinder {
        /// Radius.
        radius: f64,
        /// Half the height.
        half_height: f64,
    },
}

//! A part's surface as triangles.

use std::sync::atomic::AtomicBool;

use geometry::{Moments, Surface};

/// Triangles with shared vertices, outward by the right-hand rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Mesh {
    /// Vertices, mm.
    pub vertices_mm: Vec<[f64; 3]>,
    /// Corners as indices into `vertices_mm`.
    pub triangles: Vec<[u32; 3]>,
    /// Outward unit normals of the true face at the corners of each triangle; empty where only triangles are known.
    pub normals: Vec<[[f32; 3]; 3]>,
    /// Whether it is closed and consistently oriented.
    pub is_watertight: bool,
}

impl Mesh {
    /// Its figures; `None` without a triangle.
    pub fn moments(&self) -> Option<Moments> {
        Moments::of(&self.vertices_mm, &self.triangles)
    }

    /// Its surface, prepared for queries; `None` without a triangle. Once `cancel` is set, queries end early.
    pub fn surface<'a>(&self, cancel: &'a AtomicBool) -> Option<Surface<'a>> {
        Surface::of(&self.vertices_mm, &self.triangles, self.is_watertight, cancel)
    }

    /// The corners of the triangles, mm.
    pub fn facets(&self) -> impl Iterator<Item = [[f64; 3]; 3]> + '_ {
        self.triangles.iter().map(|corners| corners.map(|corner| self.vertices_mm[corner as usize]))
    }
}

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
    /// Whether triangles are closed and consistently oriented: every directed edge occurs once, and so does its reverse.
    pub fn is_closed(triangles: &[[u32; 3]]) -> bool {
        let ends = |[a, b, c]: [u32; 3]| [(a, b), (b, c), (c, a)];
        let mut edges: Vec<(u32, u32)> = triangles.iter().flat_map(|corners| ends(*corners)).collect();
        edges.sort_unstable();
        !edges.is_empty()
            && edges.windows(2).all(|pair| pair[0] != pair[1])
            && edges.iter().all(|(from, to)| edges.binary_search(&(*to, *from)).is_ok())
    }

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

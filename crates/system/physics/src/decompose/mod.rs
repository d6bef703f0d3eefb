//! Convex pieces of a body's mesh, because the engine collides a mesh as its convex hull: without them a funnel is a
//! plug and a plate has no hole.
//!
//! A mesh of CAD is a polyhedron, so its own faces say where to cut. As long as some point of a piece's surface lies
//! deeper inside the piece's hull than the tolerance, the piece is cut by a plane through one of its notches (edges
//! where the solid is wider than half a turn); the deepest piece goes first. A flat face stays exactly where it is,
//! and a round one moves by no more than the tolerance.
//!
//! Measured with this crate optimised, on two busy cores; the time of a debug build is about six times that. "Off" is
//! the deepest point of the surface inside a piece, sampled at 45 points a triangle.
//!
//! | Part | Triangles | Pieces | Time | Off | Tolerance |
//! |---|---|---|---|---|---|
//! | U-shaped channel of 300 mm | 28 | 3 | 0.3 ms | 0 | 0.5 mm |
//! | Channel with a hole through its floor | 200 | 26 | 4 ms | 0.18 mm | 0.41 mm |
//! | Tray with rounded corners, wall 3 mm | 380 | 25 | 9 ms | 0.20 mm | 0.22 mm |
//! | Gear of twelve teeth | 456 | 35 | 9 ms | 0.18 mm | 0.20 mm |
//! | Tube with a cross bore | 812 | 68 | 17 ms | 0.13 mm | 0.13 mm |
//! | Funnel, wall 3 mm | 672 | 82 | 38 ms | 0.47 mm | 0.40 mm |
//! | Plate with five holes | 872 | 104 | 50 ms | 0.23 mm | 0.26 mm |
//! | Spherical bowl, wall 3 mm | 1038 | 193 | 163 ms | 0.67 mm | 0.18 mm |
//!
//! A surface that curves both ways, such as the bowl's, runs into [`MAX_PIECES`] and keeps its deepest error small, but
//! above the tolerance. The voxel method (V-HACD, in `parry3d`) puts every cut on a voxel's edge, so the floor of that
//! channel could rise by up to 300 mm / 64 = 4.7 mm; cuts along the part's own faces leave it where it is.

mod concavity;
mod cut;
mod surface;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
};

use sha2::{Digest, Sha256};

use concavity::{Depth, depth_below_hull};
use surface::Surface;

use crate::run::CancelFlag;

/// Most pieces of one mesh: the engine looks at each in every step.
const MAX_PIECES: usize = 192;

/// Meshes whose pieces are kept.
const CACHED_MESHES: usize = 128;

/// A convex solid.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvexPiece {
    /// Corners, mm.
    pub vertices: Vec<[f64; 3]>,
    /// Faces, counter-clockwise seen from outside.
    pub triangles: Vec<[u32; 3]>,
}

type Pieces = Arc<[ConvexPiece]>;

static CACHE: Mutex<VecDeque<([u8; 32], Pieces)>> = Mutex::new(VecDeque::new());

/// Cuts a closed mesh into convex pieces, which together fill it to within [`tolerance_mm`]. A convex mesh is one
/// piece. The answer for a mesh is kept, so a design that is simulated again is not cut again. Nothing when `cancel` is
/// set, which is looked at before every cut.
pub fn convex_pieces(vertices: &[[f64; 3]], triangles: &[[u32; 3]], cancel: &CancelFlag) -> Option<Pieces> {
    let digest = digest(vertices, triangles);
    let lock = || CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, pieces)) = lock().iter().find(|(known, _)| *known == digest) {
        return Some(Arc::clone(pieces));
    }
    let pieces: Pieces = decompose(Surface::welded(vertices, triangles), cancel)?.into();
    let mut cache = lock();
    if cache.len() >= CACHED_MESHES {
        cache.pop_front();
    }
    cache.push_back((digest, Arc::clone(&pieces)));
    Some(pieces)
}

/// How far the pieces may stand out of a mesh of this size, mm: 0.2 % of the diagonal, at least 0.05 and at most
/// 0.5 mm. CAD meshes deviate from round faces by 0.1 mm already.
pub fn tolerance_mm(diagonal_mm: f64) -> f64 {
    (0.002 * diagonal_mm).clamp(0.05, 0.5)
}

fn digest(vertices: &[[f64; 3]], triangles: &[[u32; 3]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    vertices.iter().flatten().for_each(|value| hash.update(value.to_le_bytes()));
    hash.update([0xff]);
    triangles.iter().flatten().for_each(|index| hash.update(index.to_le_bytes()));
    hash.finalize().into()
}

struct Candidate {
    surface: Surface,
    depth: Depth,
}

fn decompose(mesh: Surface, cancel: &CancelFlag) -> Option<Vec<ConvexPiece>> {
    let tolerance = tolerance_mm(mesh.diagonal());
    let mut pieces: Vec<Candidate> = mesh.solids().into_iter().filter_map(candidate).collect();
    while pieces.len() < MAX_PIECES {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        let deepest = (0..pieces.len()).max_by(|a, b| pieces[*a].depth.mm.total_cmp(&pieces[*b].depth.mm));
        let Some(deepest) = deepest.filter(|index| pieces[*index].depth.mm > tolerance) else { break };
        let Candidate { surface, depth } = &pieces[deepest];
        let parts: Vec<_> = concavity::cutting_planes(surface, depth.at)
            .into_iter()
            .map(|plane| cut::cut(surface, &plane).into_iter().flat_map(Surface::solids).collect::<Vec<_>>())
            .find(|parts| parts.len() > 1)
            .unwrap_or_default();
        if parts.is_empty() {
            // No plane divides it: it stays as it is and is not looked at again.
            pieces[deepest].depth.mm = 0.0;
            continue;
        }
        pieces.swap_remove(deepest);
        pieces.extend(parts.into_iter().filter_map(candidate));
    }
    Some(pieces.into_iter().map(|piece| piece.depth.hull).collect())
}

fn candidate(surface: Surface) -> Option<Candidate> {
    let depth = depth_below_hull(&surface)?;
    Some(Candidate { surface, depth })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

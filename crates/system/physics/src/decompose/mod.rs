//! Collision shape of a mesh: a primitive where the mesh is one, else convex pieces. The engine collides a mesh as its
//! convex hull: without pieces, a funnel is a plug and a plate has no hole.
//!
//! CAD draws a ball and a shaft as polyhedra, which roll over their facets. Where all corners lie on a sphere, a
//! cylinder or a box and all facets within the tessellation's tolerance of it, the engine gets that (`primitive`).
//!
//! Otherwise the mesh is cut. A CAD mesh is a polyhedron, so its faces define where to cut. As long as the hull of a
//! piece fills free space that is farther from the part than the tolerance (`fill`), the piece is cut by a plane
//! through one of its notches (edges where the solid is wider than half a turn); the worst piece goes first. Rounds are
//! cut across and not along their facets (`planes`), a cut that leaves a hole in the surface is not made, and corners
//! that no longer change the shape are removed (`simplify`). A round face moves by no more than the tolerance, a flat
//! one by a fifth of it and mostly not at all. Walls of voids belong to their solid, so a closed box stays hollow. The
//! error of the result is measured in both directions and reported with it.
//!
//! The voxel method (V-HACD, in `parry3d`) puts every cut on a voxel's edge, so the floor of a channel of 300 mm could
//! rise by up to 300 mm / 64 = 4.7 mm; cuts along the part's own faces leave it where it is.

mod cache;
mod cut;
mod fill;
mod planes;
mod primitive;
mod rounding;
mod simplify;
mod surface;

use std::sync::{Arc, atomic::Ordering};

use fill::{Filled, Part};
pub use primitive::Primitive;
use surface::Surface;

use crate::cancel::CancelFlag;

/// Most pieces of one mesh: the engine looks at each that is near another body in every step.
const MAX_PIECES: usize = 1536;

/// Most comparisons of a point with a plane that one mesh may take: some seconds. A count, and not a time, so that the
/// same mesh always gives the same pieces.
const MAX_EFFORT: u64 = 4_000_000_000;

/// Cost of cutting a triangle, in comparisons of a point with a plane.
const EFFORT_OF_CUTTING: u64 = 300;

/// Weight of free space above a flat face: bodies rest on flat faces, and a wedge over a floor tilts them.
const FLAT_WEIGHT: f64 = 5.0;

/// Fillings below this share of the tolerance are not measured.
const NEGLIGIBLE: f64 = 0.02;

/// What is cut off and thinner than this share of the tolerance is left out.
const FLAKE: f64 = 4e-4;

/// A piece that fills this many times the tolerance is cut without measuring how much more it is.
const ENOUGH: f64 = 4.0;

/// A convex solid.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvexPiece {
    /// Corners, mm.
    pub vertices: Vec<[f64; 3]>,
    /// Faces, counter-clockwise seen from outside.
    pub triangles: Vec<[u32; 3]>,
}

/// What the engine collides in place of a mesh, and its deviation from the mesh.
#[derive(Debug, Clone, PartialEq)]
pub struct CollisionShape {
    /// The shape.
    pub kind: CollisionKind,
    /// Largest distance from the part of a point in free space that the shape fills, mm.
    pub filled_mm: f64,
    /// Largest distance from the shape of a point of the part that it leaves out, mm.
    pub missing_mm: f64,
    /// What either may be at most, mm.
    pub tolerance_mm: f64,
}

/// The collision shape of a body whose geometry is a mesh.
#[derive(Debug, Clone, PartialEq)]
pub struct BodyCollision {
    /// Label of the body.
    pub body: String,
    /// What the engine collides, and its deviation from the mesh.
    pub shape: Arc<CollisionShape>,
}

/// Kinds of collision shapes.
#[derive(Debug, Clone, PartialEq)]
pub enum CollisionKind {
    /// The mesh is a primitive to within its tessellation.
    Primitive(Primitive),
    /// The mesh is convex.
    Convex,
    /// Convex pieces.
    Pieces(Vec<ConvexPiece>),
}

impl CollisionShape {
    /// The larger of both errors, mm.
    pub fn error_mm(&self) -> f64 {
        self.filled_mm.max(self.missing_mm)
    }

    /// Shapes that the engine collides.
    pub fn count(&self) -> usize {
        match &self.kind {
            CollisionKind::Primitive(_) | CollisionKind::Convex => 1,
            CollisionKind::Pieces(pieces) => pieces.len(),
        }
    }
}

/// The collision shape of a closed mesh, to within [`tolerance_mm`] where the limits on pieces and effort allow; of a
/// body that may roll also with its rounds as CAD means them. The result for a mesh is cached, so a design that is
/// simulated again is not cut again. `None` when `cancel` is set, which is checked before every cut.
pub fn collision_shape(
    vertices: &[[f64; 3]],
    triangles: &[[u32; 3]],
    may_roll: bool,
    cancel: &CancelFlag,
) -> Option<Arc<CollisionShape>> {
    let content = cache::content(vertices, triangles, may_roll);
    if let Some(known) = cache::get(&content) {
        return Some(known);
    }
    let shape = Arc::new(shape_of(&Surface::welded(vertices, triangles), may_roll, cancel)?);
    cache::keep(content, &shape);
    Some(shape)
}

/// How far collision shape and mesh of this size may differ, mm: 0.2 % of the diagonal, at least 0.05 and at most 0.5
/// mm. CAD meshes deviate from round faces by 0.1 mm already.
pub fn tolerance_mm(diagonal_mm: f64) -> f64 {
    (0.002 * diagonal_mm).clamp(0.05, 0.5)
}

fn shape_of(mesh: &Surface, may_roll: bool, cancel: &CancelFlag) -> Option<CollisionShape> {
    let tolerance_mm = tolerance_mm(mesh.diagonal());
    if let Some((primitive, error_mm)) = primitive::recognise(mesh) {
        let kind = CollisionKind::Primitive(primitive);
        return Some(CollisionShape { kind, filled_mm: error_mm, missing_mm: error_mm, tolerance_mm });
    }
    let (mut pieces, filled_mm) = pieces_of(mesh, tolerance_mm, cancel)?;
    let missing_mm = fill::missing_mm(mesh, &pieces);
    let is_rounded = may_roll && rounding::rounded(mesh, &mut pieces);
    let kind = if pieces.len() > 1 || is_rounded { CollisionKind::Pieces(pieces) } else { CollisionKind::Convex };
    Some(CollisionShape { kind, filled_mm, missing_mm, tolerance_mm })
}

/// A part that is being cut.
struct Cutting {
    part: Part,
    flake_mm: f64,
    negligible_mm: f64,
    enough_mm: f64,
    pieces: Vec<Candidate>,
    effort: u64,
}

struct Candidate {
    surface: Surface,
    filled: Filled,
    /// No plane divides it any further.
    is_last: bool,
}

impl Cutting {
    fn add(&mut self, solids: Vec<Surface>) {
        for surface in solids {
            if let Some(filled) = self.part.filled_by(&surface, FLAT_WEIGHT, self.negligible_mm, self.enough_mm) {
                self.effort += filled.effort;
                self.pieces.push(Candidate { surface, filled, is_last: false });
            }
        }
    }

    /// Cuts the piece that fills most; false when none has to be cut, or can be.
    fn cut_worst(&mut self, tolerance_mm: f64) -> bool {
        let divisible = self.pieces.iter().enumerate().filter(|(_, it)| !it.is_last && it.filled.mm > tolerance_mm);
        let worst = divisible.max_by(|(_, one), (_, other)| one.filled.mm.total_cmp(&other.filled.mm));
        let Some((worst, Candidate { surface, filled, .. })) = worst else { return false };
        let (open, mut tried) = (surface.open_edges().len(), 0);
        let parts = planes::cutting_planes(surface, filled.at).into_iter().find_map(|plane| {
            tried += surface.triangles.len() as u64;
            let sides = cut::cut(surface, &plane);
            // Where many corners nearly lie in the plane, the rim may cross itself and have no cap.
            let is_sound = sides.iter().all(|side| side.open_edges().len() <= open);
            let solids = sides.into_iter().flat_map(Surface::solids);
            let parts = solids.filter(|solid| solid.mean_thickness() > self.flake_mm).map(simplify::simplified);
            let parts: Vec<_> = parts.collect();
            (is_sound && parts.len() > 1).then_some(parts)
        });
        self.effort += tried * EFFORT_OF_CUTTING;
        if let Some(parts) = parts {
            self.pieces.swap_remove(worst);
            self.add(parts);
        } else {
            self.pieces[worst].is_last = true;
        }
        true
    }
}

/// The pieces, and the deepest free space that one of them fills.
fn pieces_of(mesh: &Surface, tolerance_mm: f64, cancel: &CancelFlag) -> Option<(Vec<ConvexPiece>, f64)> {
    let Some(part) = Part::of(mesh) else { return Some((Vec::new(), 0.0)) };
    let [flake_mm, negligible_mm, enough_mm] = [FLAKE, NEGLIGIBLE, ENOUGH].map(|share| share * tolerance_mm);
    let mut cutting = Cutting { part, flake_mm, negligible_mm, enough_mm, pieces: Vec::new(), effort: 0 };
    cutting.add(mesh.clone().solids());
    loop {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        let is_spent = cutting.pieces.len() >= MAX_PIECES || cutting.effort >= MAX_EFFORT;
        if is_spent || !cutting.cut_worst(tolerance_mm) {
            break;
        }
    }
    let unweighted =
        |piece: &Candidate| cutting.part.filled_by(&piece.surface, 1.0, cutting.negligible_mm, f64::INFINITY);
    let filled_mm = cutting.pieces.iter().filter_map(unweighted).map(|filled| filled.mm).fold(0.0, f64::max);
    Some((cutting.pieces.into_iter().map(|piece| piece.filled.hull).collect(), filled_mm))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

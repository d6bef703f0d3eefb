//! Restores what the tessellation cut off the rounds of a part that rolls.
//!
//! A wheel with a bore is not a primitive, and CAD draws its tread with 63 facets: it would stay at rest on a slope of
//! 2.8°. Edges that run along a round, from one facet to the next, are chords of arcs; points of these arcs are added
//! to the convex pieces that hold the chords. No piece is cut again: the tread then has a thousand facets.

use geometry::{Edges, Joint};
use parry3d_f64::{math::Vector, transformation::try_convex_hull};

use super::{
    ConvexPiece,
    cut::Plane,
    surface::{SMOOTH_RAD, Surface},
};

/// Largest angle between neighbouring points of a round, rad.
const STEP_RAD: f64 = 0.00625;

/// Rounds that turn less than this along an edge are flat, rad.
const FLAT_RAD: f64 = 1e-3;

/// How unequal the angles between a chord and the normals at its ends may be, as a share of their sum.
const UNEVEN: f64 = 0.2;

/// Most points that are added to one part.
const MAX_POINTS: usize = 30_000;

/// A point of an arc, and the point of its chord below it.
struct RoundPoint {
    chord: Vector,
    arc: Vector,
}

/// A mesh with the data that finds its rounds.
struct Facets<'mesh> {
    mesh: &'mesh Surface,
    normals: Vec<Vector>,
    edges: Edges<'mesh>,
}

/// How a round turns along an edge.
struct Turn {
    /// Outward normal halfway, across the edge.
    outward: Vector,
    /// Angle between both ends, rad; positive on a round that bulges out.
    angle: f64,
    /// Normal at the start.
    start: Vector,
}

/// The pieces with the rounds of the part; a single piece when `pieces` has just the hull of the part.
pub(super) fn rounded(mesh: &Surface, pieces: &mut [ConvexPiece]) -> bool {
    let points = round_points(mesh);
    let reach = 1e-6 * mesh.diagonal();
    let mut has_rounds = false;
    for piece in pieces {
        let corners: Vec<Vector> = piece.vertices.iter().copied().map(Vector::from_array).collect();
        let planes: Vec<Plane> = piece
            .triangles
            .iter()
            .filter_map(|triangle| {
                let [a, b, c] = triangle.map(|corner| corners[corner as usize]);
                Plane::through(a, (b - a).cross(c - a))
            })
            .collect();
        let [low, high] = Surface::whole(corners.clone(), Vec::new()).extent();
        let is_within = |point: Vector| {
            (low - point).max(point - high).max_element() <= reach
                && planes.iter().all(|plane| plane.height(point) <= reach)
        };
        let added: Vec<Vector> = points.iter().filter(|point| is_within(point.chord)).map(|point| point.arc).collect();
        if added.is_empty() {
            continue;
        }
        if let Ok((corners, triangles)) = try_convex_hull(&[corners, added].concat()) {
            *piece = ConvexPiece { vertices: corners.iter().map(Vector::to_array).collect(), triangles };
            has_rounds = true;
        }
    }
    has_rounds
}

fn round_points(mesh: &Surface) -> Vec<RoundPoint> {
    let facets = Facets::of(mesh);
    let mut points = Vec::new();
    for Joint { edge, left, right } in facets.edges.joints() {
        let turns = [left, right].map(|side| facets.turn(side, edge));
        let [Some(one), Some(other)] = turns else { continue };
        let is_smooth = facets.are_smooth(left, right);
        let (round, beside) = if one.angle >= other.angle { (one, other) } else { (other, one) };
        if !(FLAT_RAD..2.0 * SMOOTH_RAD).contains(&round.angle) {
            continue;
        }
        let [start, end] = edge.map(|corner| mesh.points[corner as usize]);
        let mut outward = round.outward;
        if !is_smooth && beside.angle.abs() < FLAT_RAD {
            // The edge of a flat end: its points stay in the end's plane.
            let within = (outward - beside.start * outward.dot(beside.start)).normalize_or_zero();
            let cosine = within.dot(outward);
            if cosine < 0.3 {
                continue;
            }
            outward = within / cosine;
        }
        let half = round.angle / 2.0;
        let radius = (end - start).length() / (2.0 * half.sin());
        let steps = (round.angle / STEP_RAD).ceil() as u32;
        for step in 1..steps {
            let share = f64::from(step) / f64::from(steps);
            let chord = start + (end - start) * share;
            let along = (share - 0.5) * (end - start).length();
            let height = (radius * radius - along * along).sqrt() - radius * half.cos();
            points.push(RoundPoint { chord, arc: chord + outward * height });
        }
        if points.len() > MAX_POINTS {
            break;
        }
    }
    points
}

impl<'mesh> Facets<'mesh> {
    fn of(mesh: &'mesh Surface) -> Self {
        let normals = mesh.triangles.iter().map(|triangle| mesh.normal(*triangle)).collect();
        Self { mesh, normals, edges: Edges::of(&mesh.triangles) }
    }

    fn are_smooth(&self, one: usize, other: usize) -> bool {
        self.normals[one].dot(self.normals[other]) > SMOOTH_RAD.cos()
    }

    /// How the round that a triangle belongs to turns along an edge; `None` where it is not an arc.
    fn turn(&self, triangle: usize, [from, to]: [u32; 2]) -> Option<Turn> {
        let [start, end] = [from, to].map(|corner| self.mesh.points[corner as usize]);
        let along = (end - start).try_normalize()?;
        let normals = [from, to].map(|corner| self.normal_at(triangle, corner));
        let [one, other] = normals.map(|normal| normal.dot(along).clamp(-1.0, 1.0).asin());
        if (one + other).abs() > UNEVEN * (other - one).abs() + 1e-6 {
            return None;
        }
        let sum = normals[0] + normals[1];
        let outward = (sum - along * sum.dot(along)).try_normalize()?;
        Some(Turn { outward, angle: other - one, start: normals[0] })
    }

    /// Normal at a corner of the round that a triangle belongs to: of the triangles about the corner that are reached
    /// over smooth edges, by their angles at the corner.
    fn normal_at(&self, triangle: usize, corner: u32) -> Vector {
        let mut sum = self.weighted_normal(triangle, corner);
        for is_forward in [true, false] {
            let mut at = triangle;
            while let Some(next) = self.beside(at, corner, is_forward)
                && next != triangle
                && self.are_smooth(at, next)
            {
                sum += self.weighted_normal(next, corner);
                at = next;
            }
            if self.beside(at, corner, is_forward) == Some(triangle) && at != triangle {
                // All around: the other way meets the same triangles.
                break;
            }
        }
        sum.normalize_or_zero()
    }

    /// The next triangle about a corner, either way round.
    fn beside(&self, triangle: usize, corner: u32, is_forward: bool) -> Option<usize> {
        let [a, b, c] = self.mesh.triangles[triangle];
        let (next, previous) = match corner {
            corner if corner == a => (b, c),
            corner if corner == b => (c, a),
            _ => (a, b),
        };
        let edge = if is_forward { [corner, previous] } else { [next, corner] };
        self.edges.left_of(edge)
    }

    fn weighted_normal(&self, triangle: usize, corner: u32) -> Vector {
        let corners = self.mesh.triangles[triangle];
        let place = self.mesh.points[corner as usize];
        let mut others = corners.iter().filter(|it| **it != corner).map(|it| self.mesh.points[*it as usize] - place);
        let (Some(one), Some(other)) = (others.next(), others.next()) else { return Vector::ZERO };
        self.normals[triangle] * one.angle_between(other)
    }
}

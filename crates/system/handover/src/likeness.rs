//! When two parts count as one part: the numbers of two runs of a script differ by less than can be manufactured.
//!
//! A hash changes with the last digit, and so does the way in which a mesher cuts a face into triangles. So a part that
//! passed a check is kept with its shape, and a later one that follows the same surfaces to within [`TOLERANCE_MM`]
//! bears its hash. It is always compared with what was checked and never with what was recognised since, so small
//! differences do not add up.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicBool, Ordering},
};

use contract::execution::BoundingBox;
use design::{FastenerHole, Part, words_hash};
use serde::{Deserialize, Serialize};

/// Largest difference of a coordinate, mm: a thousandth of the distance that triangles keep from their face.
const TOLERANCE_MM: f64 = 1e-4;

/// Largest difference of a component of a unit normal.
const TOLERANCE_NORMAL: f64 = 1e-4;

/// Axes of holes are compared by their points at this distance from the entry, mm.
const AXIS_MM: f64 = 100.0;

/// Most points of a surface that are kept, some 5 MB; a larger part counts by its hash alone.
const MAX_POINTS: usize = 50_000;

/// A point of a surface, mm, and the outward unit normal of the true face there.
type SurfacePoint = [[f64; 3]; 2];

/// What a part is recognised by. The points are on the true faces, no farther apart than triangles may be long, and
/// with their normals they do not depend on how the triangles are cut. The faces' areas and centres say what is between
/// them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Likeness {
    /// SHA-256 of everything that is not a length, hexadecimal.
    words: String,
    /// Number of solids, whether they are consistent, and whether they are closed.
    soundness: (u32, bool, bool),
    bounds: BoundingBox,
    volume_mm3: f64,
    area_mm2: f64,
    /// Of each declared hole: entry, a point of the axis, diameter and depth, mm.
    holes_mm: Vec<[f64; 8]>,
    /// Of each face: centre, mm, and area, mm².
    faces: Vec<[f64; 4]>,
    points: Vec<SurfacePoint>,
}

impl Likeness {
    /// What a part is recognised by; `None` where it has no normals or too many points.
    pub fn of(part: &Part) -> Option<Self> {
        let hole = |hole: &FastenerHole| {
            let [x, y, z] = hole.position_mm;
            let [far_x, far_y, far_z] = std::array::from_fn(|axis| hole.position_mm[axis] + AXIS_MM * hole.axis[axis]);
            [x, y, z, far_x, far_y, far_z, hole.diameter_mm, hole.depth_mm]
        };
        Some(Self {
            words: words_hash(part),
            soundness: (part.solid_count, part.is_valid, part.mesh.is_watertight),
            bounds: part.bounding_box,
            volume_mm3: part.volume_mm3,
            area_mm2: part.area_mm2,
            holes_mm: part.holes.iter().map(hole).collect(),
            faces: part.faces.iter().map(|face| with(face.center_mm, face.area_mm2)).collect(),
            points: surface_points(part)?,
        })
    }

    /// Whether both are one part to within the tolerance.
    pub fn is_like(&self, other: &Self, cancel: &AtomicBool) -> bool {
        let near = |one: &[f64], two: &[f64]| one.iter().zip(two).all(|(one, two)| (one - two).abs() <= TOLERANCE_MM);
        self.words == other.words
            && self.soundness == other.soundness
            && near(&self.bounds.min, &other.bounds.min)
            && near(&self.bounds.max, &other.bounds.max)
            && (self.volume_mm3 - other.volume_mm3).abs() <= TOLERANCE_MM * self.area_mm2
            && self.holes_mm.len() == other.holes_mm.len()
            && self.holes_mm.iter().zip(&other.holes_mm).all(|(one, two)| near(one, two))
            && self.has_faces_of(other, cancel)
            && covers(&self.points, &other.points, cancel)
            && covers(&other.points, &self.points, cancel)
    }

    /// Whether the faces are the same, in any order: a face's area may differ by what the tolerance adds along the
    /// part's diagonal, and each face has one partner.
    fn has_faces_of(&self, other: &Self, cancel: &AtomicBool) -> bool {
        let BoundingBox { min, max } = self.bounds;
        let diagonal = (0..3).map(|axis| (max[axis] - min[axis]).powi(2)).sum::<f64>().sqrt();
        let near = |one: &[f64; 4], two: &[f64; 4]| {
            (0..3).all(|axis| (one[axis] - two[axis]).abs() <= TOLERANCE_MM)
                && (one[3] - two[3]).abs() <= TOLERANCE_MM * diagonal
        };
        let mut unmatched: Vec<_> = other.faces.iter().collect();
        let mut is_matched = |face| {
            let twin = unmatched.iter().position(|other| near(face, other));
            twin.map(|index| unmatched.swap_remove(index)).is_some() && !cancel.load(Ordering::Relaxed)
        };
        self.faces.len() == other.faces.len() && self.faces.iter().all(&mut is_matched)
    }

    /// The first figure by which a later part differs from this one, in words.
    pub fn difference(&self, now: &Self) -> String {
        let size = |bounds: &BoundingBox, axis: usize| bounds.max[axis] - bounds.min[axis];
        let of_bounds = ["x", "y", "z"].into_iter().enumerate().flat_map(|(axis, name)| {
            let (before, after) = (&self.bounds, &now.bounds);
            [
                (format!("size along {name}"), size(before, axis), size(after, axis), "mm"),
                (format!("lowest {name}"), before.min[axis], after.min[axis], "mm"),
            ]
        });
        let of_holes = self.holes_mm.iter().zip(&now.holes_mm).enumerate().flat_map(|(index, (before, after))| {
            let names = ["x", "y", "z", "x of the axis", "y of the axis", "z of the axis", "diameter", "depth"];
            let named = names.into_iter().zip(before.iter().zip(after));
            named.map(move |(name, (before, after))| (format!("{name} of hole {}", index + 1), *before, *after, "mm"))
        });
        let of_all = [
            ("volume".to_owned(), self.volume_mm3, now.volume_mm3, "mm³"),
            ("surface".to_owned(), self.area_mm2, now.area_mm2, "mm²"),
            ("number of faces".to_owned(), self.faces.len() as f64, now.faces.len() as f64, ""),
        ];
        let moved =
            of_bounds.chain(of_holes).chain(of_all).find(|(_, before, after, _)| (before - after).abs() > TOLERANCE_MM);
        match moved {
            _ if self.words != now.words => "its metadata, its joint or its declared holes".to_owned(),
            Some((name, before, after, unit)) => {
                format!("{name} {before:.4} → {after:.4} {unit}").trim_end().to_owned()
            }
            None => "the course of its surface, its size and volume being the same".to_owned(),
        }
    }
}

fn with([x, y, z]: [f64; 3], fourth: f64) -> [f64; 4] {
    [x, y, z, fourth]
}

/// Corners of the triangles with the normals that they have there, each once.
fn surface_points(part: &Part) -> Option<Vec<SurfacePoint>> {
    let mesh = &part.mesh;
    if mesh.normals.len() != mesh.triangles.len() {
        return None;
    }
    let (mut seen, mut points) = (HashSet::new(), Vec::new());
    for (corner, normal) in mesh.triangles.iter().flatten().zip(mesh.normals.iter().flatten()) {
        let normal = normal.map(f64::from);
        if !seen.insert((*corner, normal.map(|component| (component / TOLERANCE_NORMAL).round() as i64))) {
            continue;
        }
        points.push([mesh.vertices_mm[*corner as usize], normal]);
        if points.len() > MAX_POINTS {
            return None;
        }
    }
    Some(points)
}

/// Whether each of `points` has one of `others` within the tolerances.
fn covers(others: &[SurfacePoint], points: &[SurfacePoint], cancel: &AtomicBool) -> bool {
    // Cells are so large that a neighbour within the tolerance is in the cell of a corner of the cube about a point.
    let cell = |point: [f64; 3]| point.map(|coordinate| (coordinate / (4.0 * TOLERANCE_MM)).floor() as i64);
    let mut cells: HashMap<[i64; 3], Vec<&SurfacePoint>> = HashMap::new();
    for other in others {
        cells.entry(cell(other[0])).or_default().push(other);
    }
    let near = |one: &SurfacePoint, two: &SurfacePoint| {
        let within = |at: usize, limit: f64| (0..3).all(|axis| (one[at][axis] - two[at][axis]).abs() <= limit);
        within(0, TOLERANCE_MM) && within(1, TOLERANCE_NORMAL)
    };
    points.iter().all(|point| {
        !cancel.load(Ordering::Relaxed)
            && (0..8).any(|corner| {
                let at = std::array::from_fn(|axis| {
                    point[0][axis] + if corner >> axis & 1 == 0 { -TOLERANCE_MM } else { TOLERANCE_MM }
                });
                cells.get(&cell(at)).is_some_and(|others| others.iter().any(|other| near(point, other)))
            })
    })
}

#[cfg(test)]
mod tests;

//! How much free space the hull of a piece would fill, and how much of the part its pieces leave out.
//!
//! A point of free space inside a hull is in error by its distance to the part, so a chord across a bore counts by its
//! height and a hole by its radius, however thin the sheet around it is. Two kinds of samples find such points: those of
//! the hull's own faces, which span holes, and rays from the piece's surface along the outward normal until they leave
//! the hull or reach the part again, which cross voids that no face of the hull touches.

use parry3d_f64::{
    math::Vector,
    query::{PointQueryWithLocation, Ray},
    shape::{CompositeShapeRef, TriMesh, TriMeshFlags},
    transformation::try_convex_hull,
    utils::obb,
};

use super::{
    ConvexPiece,
    cut::Plane,
    surface::{FaceKind, Surface},
};

/// A triangle is sampled in cells of this share of the part's diagonal.
const CELL: f64 = 1.0 / 12.0;

/// Most cells along an edge of a triangle.
const MAX_CELLS: u32 = 6;

/// Cost of measuring a distance from the part, in comparisons of a point with a plane.
const EFFORT_OF_DISTANCE: u64 = 500;

/// A sample that cannot be so many times deeper than what is known is not measured: the middle of a hollow ball is as far
/// from each of its facets, and the search for the nearest looks at all of them. The reported depth may be too low by
/// that share.
const DEEPER: f64 = 1.01;

/// Where distances are measured on a ray that leaves the hull, as shares of its length in free space.
const STATIONS: [f64; 2] = [0.5, 1.0];

/// The whole part, to measure how far a point is from it.
pub(super) struct Part {
    mesh: TriMesh,
    kinds: Vec<FaceKind>,
    diagonal: f64,
}

/// The hull of a piece, and the deepest free space in it.
pub(super) struct Filled {
    pub hull: ConvexPiece,
    /// Largest distance of a filled point from the part, mm, above flat faces times the weight; 0 where it is negligible.
    pub mm: f64,
    /// The sample that found it: a point of the hull or of the piece's surface.
    pub at: Vector,
    /// Comparisons of a point with a plane that measuring took.
    pub effort: u64,
}

impl Part {
    pub fn of(surface: &Surface) -> Option<Self> {
        // With orientation, so that the inside and the outside differ.
        let mesh =
            TriMesh::with_flags(surface.points.clone(), surface.triangles.clone(), TriMeshFlags::ORIENTED).ok()?;
        Some(Self { mesh, kinds: surface.kinds.clone(), diagonal: surface.diagonal() })
    }

    /// Distance of a point from the part, 0 inside, and whether the nearest face is flat.
    fn distance(&self, point: Vector) -> (f64, bool) {
        let (nearest, (triangle, _)) = self.mesh.project_local_point_and_get_location(point, false);
        let mm = if nearest.is_inside { 0.0 } else { (nearest.point - point).length() };
        (mm, self.kinds.get(triangle as usize) == Some(&FaceKind::Flat))
    }

    /// Largest distance from the part of the points in free space on a ray that starts on its surface, up to `exit`; 0
    /// where it cannot be more than `known_mm`.
    fn free_space_mm(&self, start: Vector, outward: Vector, exit: f64, known_mm: f64) -> f64 {
        let off = 1e-6 * self.diagonal;
        let ray = Ray::new(start + outward * off, outward);
        let hit = CompositeShapeRef(&self.mesh).cast_local_ray(&ray, exit - off, false).map(|(_, way)| way + off);
        // Where the ray reaches the part again, its end is part; the middle is the farthest.
        let stations = if hit.is_some() { &STATIONS[..1] } else { &STATIONS[..] };
        let way = hit.unwrap_or(exit);
        // Every point between its ends is as near as they are.
        if hit.is_some() && way / 2.0 <= known_mm {
            return 0.0;
        }
        stations.iter().map(|share| self.distance(start + outward * (way * share)).0).fold(0.0, f64::max)
    }

    /// Measures what the hull of a piece fills; up to `negligible_mm` counts as nothing, above a flat face it counts
    /// `flat_weight` times, and anything above `enough_mm` is not measured further. `None` for a piece without
    /// thickness.
    pub fn filled_by(&self, surface: &Surface, flat_weight: f64, negligible_mm: f64, enough_mm: f64) -> Option<Filled> {
        let (points, triangles) = try_convex_hull(&surface.points).ok()?;
        let mut faces = hull_planes(&points, &triangles, 1e-6 * surface.diagonal());
        faces.extend(box_planes(&points));
        let mut effort = (faces.len() * (points.len() + faces.len() / 2)) as u64;
        let mut deepest = (negligible_mm, surface.points.first().copied()?);
        // Neighbouring samples leave the hull by the same face.
        let mut last = 0;
        for (triangle, kind) in surface.triangles.iter().zip(&surface.kinds) {
            let outward = surface.normal(*triangle);
            if *kind == FaceKind::Cut || outward == Vector::ZERO {
                continue;
            }
            if deepest.0 >= enough_mm {
                break;
            }
            let weight = if *kind == FaceKind::Flat { flat_weight } else { 1.0 };
            each_sample(surface.corners(*triangle), CELL * self.diagonal, |point| {
                let mut exit = f64::INFINITY;
                for place in std::iter::once(last).chain(0..faces.len()) {
                    effort += 1;
                    let Some(face) = faces.get(place) else { continue };
                    let rate = face.normal().dot(outward);
                    if rate > 1e-9 {
                        let way = (-face.height(point)).max(0.0) / rate;
                        if way < exit {
                            (exit, last) = (way, place);
                        }
                        // The distance to the part is no longer than the way from it.
                        if way * weight <= deepest.0 * DEEPER {
                            return;
                        }
                    }
                }
                if exit.is_finite() {
                    let mm = self.free_space_mm(point, outward, exit, deepest.0 * DEEPER / weight) * weight;
                    if mm > deepest.0 {
                        deepest = (mm, point);
                    }
                }
            });
        }
        let hull = Surface::whole(points, triangles);
        for triangle in &hull.triangles {
            let corners = hull.corners(*triangle);
            let longest = (0..3).map(|i| (corners[i] - corners[(i + 1) % 3]).length()).fold(0.0, f64::max);
            // The corners lie on the part: no point of the face is farther from it than this.
            if deepest.0 >= enough_mm || longest * flat_weight <= deepest.0 * DEEPER {
                continue;
            }
            each_cell(corners, CELL * self.diagonal, |point| {
                effort += EFFORT_OF_DISTANCE;
                let (mm, is_flat) = self.distance(point);
                let mm = if is_flat { mm * flat_weight } else { mm };
                if mm > deepest.0 {
                    deepest = (mm, point);
                }
            });
        }
        // The hull of a sliver may be broken; the engine then makes its own from the solid.
        let whole = if hull.volume() < surface.volume() * (1.0 - 1e-6) { surface } else { &hull };
        let vertices = whole.points.iter().map(Vector::to_array).collect();
        let hull = ConvexPiece { vertices, triangles: whole.triangles.clone() };
        let mm = if deepest.0 > negligible_mm { deepest.0 } else { 0.0 };
        Some(Filled { hull, mm, at: deepest.1, effort })
    }
}

/// Largest distance of the part's surface from its pieces, where it is outside all of them, mm.
pub(super) fn missing_mm(part: &Surface, pieces: &[ConvexPiece]) -> f64 {
    let reach = 1e-6 * part.diagonal();
    let pieces: Vec<_> = pieces
        .iter()
        .map(|piece| {
            let points: Vec<Vector> = piece.vertices.iter().copied().map(Vector::from_array).collect();
            let planes = hull_planes(&points, &piece.triangles, reach);
            (Surface::whole(points, Vec::new()).extent(), planes)
        })
        .collect();
    let mut worst: f64 = 0.0;
    for triangle in &part.triangles {
        let [a, b, c] = part.corners(*triangle);
        let middle = (a + b + c) / 3.0;
        let mut nearest = f64::INFINITY;
        for ([low, high], planes) in &pieces {
            let beside = (*low - middle).max(middle - *high).max(Vector::ZERO).length();
            if beside < nearest {
                let outside = planes.iter().map(|plane| plane.height(middle)).fold(beside, f64::max);
                nearest = nearest.min(outside);
            }
            if nearest <= reach {
                break;
            }
        }
        if nearest.is_finite() && nearest > reach {
            worst = worst.max(nearest);
        }
    }
    worst
}

/// Calls `look` with points spread evenly over a triangle, and with three points near its corners.
fn each_sample([a, b, c]: [Vector; 3], cell: f64, mut look: impl FnMut(Vector)) {
    for (u, v) in [(0.04, 0.04), (0.92, 0.04), (0.04, 0.92)] {
        look(a + (b - a) * u + (c - a) * v);
    }
    each_cell([a, b, c], cell, look);
}

/// Calls `look` with the middles of cells that fill a triangle.
fn each_cell([first, second, third]: [Vector; 3], cell: f64, mut look: impl FnMut(Vector)) {
    let [along, up] = [second - first, third - first];
    let longest = along.length().max(up.length()).max((third - second).length());
    let cells = (longest / cell).ceil().clamp(1.0, f64::from(MAX_CELLS)) as u32;
    let step = 1.0 / f64::from(cells);
    for row in 0..cells {
        for column in 0..cells - row {
            let corner = first + (along * f64::from(column) + up * f64::from(row)) * step;
            look(corner + (along + up) * (step / 3.0));
            if row + column + 1 < cells {
                look(corner + (along + up) * (2.0 * step / 3.0));
            }
        }
    }
}

/// The faces of a box around points, oriented along them. The hull of a flake lacks faces, and a ray would never leave
/// it.
fn box_planes(points: &[Vector]) -> impl Iterator<Item = Plane> {
    let turned = obb(points).0.rotation;
    let axes = [Vector::X, Vector::Y, Vector::Z].map(|axis| turned * axis);
    axes.into_iter().flat_map(|axis| [axis, -axis]).filter_map(|outward| {
        let outermost = points.iter().max_by(|one, other| one.dot(outward).total_cmp(&other.dot(outward)))?;
        Plane::through(*outermost, outward)
    })
}

/// One plane per flat face of the hull: many of its triangles share one. A zero-width triangle has an arbitrary normal;
/// its plane has points of the hull on both sides and is left out.
fn hull_planes(points: &[Vector], triangles: &[[u32; 3]], tolerance: f64) -> Vec<Plane> {
    let mut planes: Vec<Plane> = Vec::new();
    for triangle in triangles {
        let [a, b, c] = triangle.map(|corner| points[corner as usize]);
        let Some(plane) = Plane::through(a, (b - a).cross(c - a)) else { continue };
        if !planes.iter().any(|known| known.is_near(&plane))
            && points.iter().all(|point| plane.height(*point) <= tolerance)
        {
            planes.push(plane);
        }
    }
    planes
}

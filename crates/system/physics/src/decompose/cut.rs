//! Cuts a closed surface with a plane into two closed surfaces.

use std::collections::{HashMap, HashSet};

use geometry::Groups;
use parry3d_f64::math::Vector;
use spade::{
    CdtEdge, ConstrainedDelaunayTriangulation, Point2, Triangulation,
    handles::{DirectedEdgeHandle, FaceHandle, InnerTag},
};

use super::surface::{FaceKind, Surface};

/// Zero-width triangles that may be side by side in a cap.
const SLIVERS_IN_A_ROW: usize = 32;

/// An oriented plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane {
    normal: Vector,
    offset: f64,
}

impl Plane {
    /// The plane through a point; `None` for a zero normal.
    pub fn through(point: Vector, normal: Vector) -> Option<Self> {
        let normal = normal.try_normalize()?;
        Some(Self { normal, offset: normal.dot(point) })
    }

    /// Signed distance of a point, mm; positive on the normal's side.
    pub fn height(&self, point: Vector) -> f64 {
        self.normal.dot(point) - self.offset
    }

    pub fn normal(&self) -> Vector {
        self.normal
    }

    pub fn is_near(&self, other: &Self) -> bool {
        self.normal.dot(other.normal) > 1.0 - 1e-9 && (self.offset - other.offset).abs() < 1e-4
    }
}

/// What lies below the plane and what lies above it, each closed with a cap.
///
/// A face that lies in the plane goes to the side of the solid that it bounds, so cutting along a face is exact.
pub(super) fn cut(surface: &Surface, plane: &Plane) -> [Surface; 2] {
    let tolerance = 1e-6 * surface.diagonal();
    let mut points = surface.points.clone();
    let mut heights: Vec<f64> = points.iter().map(|point| plane.height(*point)).collect();
    for height in &mut heights {
        if height.abs() <= tolerance {
            *height = 0.0;
        }
    }
    let mut crossings: HashMap<[u32; 2], u32> = HashMap::new();
    let mut sides: [Vec<([u32; 3], FaceKind)>; 2] = Default::default();
    for (triangle, kind) in surface.triangles.iter().zip(surface.kinds.iter().copied()) {
        let h = triangle.map(|corner| heights[corner as usize]);
        let is_below = h.iter().any(|height| *height < 0.0);
        let is_above = h.iter().any(|height| *height > 0.0);
        match (is_below, is_above) {
            (true, false) => sides[0].push((*triangle, kind)),
            (false, true) => sides[1].push((*triangle, kind)),
            (false, false) => {
                let side = usize::from(surface.normal(*triangle).dot(plane.normal) < 0.0);
                sides[side].push((*triangle, kind));
            }
            (true, true) => {
                let mut polygons: [Vec<u32>; 2] = Default::default();
                for corner in 0..3 {
                    let (from, to) = (triangle[corner], triangle[(corner + 1) % 3]);
                    let (at, next) = (heights[from as usize], heights[to as usize]);
                    if at <= 0.0 {
                        polygons[0].push(from);
                    }
                    if at >= 0.0 {
                        polygons[1].push(from);
                    }
                    if at * next < 0.0 {
                        let key = [from.min(to), from.max(to)];
                        let crossing = *crossings.entry(key).or_insert_with(|| {
                            let [low, high] = key.map(|end| (points[end as usize], heights[end as usize]));
                            let share = low.1 / (low.1 - high.1);
                            points.push(low.0 + (high.0 - low.0) * share);
                            points.len() as u32 - 1
                        });
                        polygons[0].push(crossing);
                        polygons[1].push(crossing);
                    }
                }
                for (side, polygon) in polygons.iter().enumerate() {
                    let fan = (2..polygon.len()).map(|i| [polygon[0], polygon[i - 1], polygon[i]]);
                    sides[side].extend(fan.map(|triangle| (triangle, kind)));
                }
            }
        }
    }
    let is_in_plane = |corner: u32| heights.get(corner as usize).is_none_or(|height| *height == 0.0);
    let mut outward = plane.normal;
    sides.map(|faces| {
        let (triangles, kinds) = faces.into_iter().unzip();
        let mut part = Surface { points: points.clone(), triangles, kinds };
        let mut rim = part.open_edges();
        rim.retain(|edge| edge.iter().all(|corner| is_in_plane(*corner)));
        let cap = cap(&part.points, &rim, outward);
        part.kinds.extend(std::iter::repeat_n(FaceKind::Cut, cap.len()));
        part.triangles.extend(cap);
        outward = -outward;
        part
    })
}

/// Triangles that close a rim in a plane. Holes and several rims at once need no special case: see [`Region`].
fn cap(points: &[Vector], rim: &[[u32; 2]], outward: Vector) -> Vec<[u32; 3]> {
    let across = outward.any_orthonormal_vector();
    let up = outward.cross(across);
    let flat = |corner: u32| {
        let point = points[corner as usize];
        Point2::new(point.dot(across), point.dot(up))
    };
    let mut triangulation = ConstrainedDelaunayTriangulation::<Point2<f64>>::new();
    let mut corner_of = HashMap::new();
    let mut handle_of = HashMap::new();
    for corner in rim.iter().flatten() {
        if let Ok(handle) = triangulation.insert(flat(*corner)) {
            corner_of.entry(handle.index()).or_insert(*corner);
            handle_of.insert(*corner, handle);
        }
    }
    for [from, to] in rim {
        if let (Some(from), Some(to)) = (handle_of.get(from), handle_of.get(to))
            && from != to
            && triangulation.can_add_constraint(*from, *to)
        {
            triangulation.add_constraint(*from, *to);
        }
    }
    let region = Region {
        edges: rim.iter().map(|[from, to]| [flat(*to), flat(*from)]).collect(),
        rim: rim
            .iter()
            .filter_map(|[from, to]| {
                let [from, to] = [handle_of.get(from)?.index(), handle_of.get(to)?.index()];
                Some([from.min(to), from.max(to)])
            })
            .collect(),
    };
    let group = divided_by_constraints(&triangulation);
    let mut largest: HashMap<usize, Face<'_>> = HashMap::new();
    for face in triangulation.inner_faces() {
        let known = largest.entry(group[face.fix().index()]).or_insert(face);
        if face.area() > known.area() {
            *known = face;
        }
    }
    let held: HashSet<usize> =
        largest.into_iter().filter(|(_, face)| region.holds(*face, 0)).map(|(group, _)| group).collect();
    triangulation
        .inner_faces()
        .filter(|face| held.contains(&group[face.fix().index()]))
        .map(|face| face.vertices().map(|vertex| corner_of[&vertex.fix().index()]))
        .collect()
}

/// A number for each face of a triangulation; faces that no constraint separates have the same number.
fn divided_by_constraints(triangulation: &ConstrainedDelaunayTriangulation<Point2<f64>>) -> Vec<usize> {
    let mut undivided = Groups::of_single(triangulation.num_all_faces());
    for edge in triangulation.undirected_edges().filter(|edge| !edge.is_constraint_edge()) {
        let [here, there] = [edge.as_directed(), edge.as_directed().rev()].map(|side| side.face().fix().index());
        undivided.join(here, there);
    }
    undivided.all_firsts()
}

type Face<'rim> = FaceHandle<'rim, InnerTag, Point2<f64>, (), CdtEdge<()>, ()>;

/// What a rim encloses.
struct Region {
    /// The rim, with the inside to its left.
    edges: Vec<[Point2<f64>; 2]>,
    /// The rim as pairs of corners, either way round.
    rim: HashSet<[usize; 2]>,
}

impl Region {
    /// True when a triangle belongs to the region: the rim winds about its middle. The middle of a triangle without
    /// width says nothing: three points in a row of a straight rim make one. It belongs to what is across its longest
    /// edge, unless that edge is the rim.
    fn holds(&self, face: Face<'_>, looked: usize) -> bool {
        let edges = face.adjacent_edges();
        let length_2 = |edge: &DirectedEdgeHandle<'_, Point2<f64>, (), CdtEdge<()>, ()>| edge.length_2();
        let Some(longest) = edges.iter().max_by(|a, b| length_2(a).total_cmp(&length_2(b))) else { return false };
        if face.area() > 1e-9 * length_2(longest) || looked > SLIVERS_IN_A_ROW {
            let middle = face.center();
            return self.edges.iter().map(|edge| winding(*edge, middle)).sum::<i32>() > 0;
        }
        let [from, to] = [longest.from().index(), longest.to().index()];
        let is_rim = self.rim.contains(&[from.min(to), from.max(to)]);
        let across = longest.rev().face().as_inner().is_some_and(|across| self.holds(across, looked + 1));
        across != is_rim
    }
}

/// What an edge adds to the number of turns about a point: a ray to the right crosses it upwards (1) or downwards.
fn winding([from, to]: [Point2<f64>; 2], about: Point2<f64>) -> i32 {
    let is_left = (to.x - from.x) * (about.y - from.y) - (about.x - from.x) * (to.y - from.y);
    match (from.y <= about.y, to.y <= about.y) {
        (true, false) if is_left > 0.0 => 1,
        (false, true) if is_left < 0.0 => -1,
        _ => 0,
    }
}

//! Queries on the surface of one solid: containment and distance.

use std::sync::atomic::{AtomicBool, Ordering};

use contract::execution::BoundingBox;
use parry3d_f64::bounding_volume::{Aabb, BoundingVolume as _};
use parry3d_f64::math::{Pose, Vector};
use parry3d_f64::query::{self, PointQuery as _};
use parry3d_f64::shape::{Cuboid, Shape, TriMesh};

/// The triangles of a solid, with a tree over them. Building the tree costs more than a bounding-box test: do that
/// first.
pub struct Surface<'a> {
    mesh: TriMesh,
    is_closed: bool,
    cancel: &'a AtomicBool,
}

impl<'a> Surface<'a> {
    /// The surface that triangles make; `None` without a triangle. Only a closed one has an inside. Once `cancel` is set,
    /// every query ends early, and its answer must not be used.
    pub fn of(
        vertices_mm: &[[f64; 3]],
        triangles: &[[u32; 3]],
        is_closed: bool,
        cancel: &'a AtomicBool,
    ) -> Option<Self> {
        let vertices = vertices_mm.iter().map(|vertex| Vector::from(*vertex)).collect();
        let mesh = TriMesh::new(vertices, triangles.to_vec()).ok()?;
        Some(Self { mesh, is_closed, cancel })
    }

    /// The triangles by their corners, mm.
    pub fn triangles(&self) -> impl Iterator<Item = [[f64; 3]; 3]> + '_ {
        self.mesh.triangles().map(|triangle| [triangle.a, triangle.b, triangle.c].map(Into::into))
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Its bounds, mm.
    pub fn bounds(&self) -> BoundingBox {
        let bounds = self.mesh.local_aabb();
        BoundingBox { min: bounds.mins.into(), max: bounds.maxs.into() }
    }

    /// True when the point lies in the material. An open surface has no inside.
    pub fn contains(&self, point: [f64; 3]) -> bool {
        self.is_closed && self.times_enclosed(point) != 0
    }

    /// How often the surface encloses a point, as [`times_enclosed`].
    pub fn times_enclosed(&self, point: [f64; 3]) -> i32 {
        let bounds = self.mesh.local_aabb();
        let [x, y, _] = point;
        if !bounds.contains_local_point(point.into()) {
            return 0;
        }
        let above = Aabb::new(point.into(), Vector::new(x, y, bounds.maxs.z));
        let near = self.mesh.bvh().intersect_aabb(&above).map(|index| self.mesh.triangle(index));
        times_enclosed(near.map(|triangle| [triangle.a, triangle.b, triangle.c].map(Into::into)), point)
    }

    /// Distance from a point to the nearest point of the surface, mm.
    pub fn distance_to(&self, point: [f64; 3]) -> f64 {
        let point = Vector::from(point);
        (self.mesh.project_local_point(point, false).point - point).length()
    }

    /// How deep this solid, shifted by an offset, and another reach into each other, mm; 0 when they do not. Looked at
    /// are the corners of both and the middles of their triangles: two bars that cross without either are not found.
    pub fn depth_in(&self, offset: [f64; 3], other: &Self) -> f64 {
        let offset = Vector::from(offset);
        self.deepest_point_in(offset, other).max(other.deepest_point_in(-offset, self))
    }

    fn deepest_point_in(&self, offset: Vector, other: &Self) -> f64 {
        let middles = self.mesh.triangles().map(|triangle| (triangle.a + triangle.b + triangle.c) / 3.0);
        let points = self.mesh.vertices().iter().copied().chain(middles).map(|point| (point + offset).into());
        let points = points.take_while(|_| !self.is_cancelled());
        points.filter(|point| other.contains(*point)).map(|point| other.distance_to(point)).fold(0.0, f64::max)
    }

    /// Whether this solid, shifted by an offset, has a point in a box that is larger than given by `margin` on each
    /// side.
    pub fn meets_box(&self, offset: [f64; 3], region: BoundingBox, margin: f64) -> bool {
        let middle = std::array::from_fn(|axis| f64::midpoint(region.min[axis], region.max[axis]) - offset[axis]);
        let half: [f64; 3] = std::array::from_fn(|axis| (region.max[axis] - region.min[axis]) / 2.0 + margin);
        let (place, shape) = (Pose::from_translation(Vector::from(middle)), Cuboid::new(half.into()));
        self.contains(middle) || self.meets(&place, &shape)
    }

    /// Whether the surface has a point in a convex shape at a place.
    ///
    /// # Panics
    /// The shape is not one that a mesh can be tested against, as another mesh is.
    pub fn meets(&self, place: &Pose, shape: &dyn Shape) -> bool {
        query::intersection_test(&Pose::IDENTITY, &self.mesh, place, shape)
            .expect("a mesh can be tested against every convex form")
            .intersecting
    }

    /// Whether two surfaces come within `limit_mm` of each other; otherwise how far apart they are, mm.
    pub fn is_within(&self, other: &Self, limit_mm: f64) -> Result<(), f64> {
        let own_bounds = self.mesh.local_aabb().loosened(limit_mm);
        let other_bounds = other.mesh.local_aabb();
        let is_near = own_bounds.intersects(&other_bounds)
            && self.mesh.bvh().intersect_aabb(&other_bounds.loosened(limit_mm)).any(|index| {
                let triangle = self.mesh.triangle(index);
                let reach = triangle.compute_local_aabb().loosened(limit_mm);
                other.mesh.bvh().intersect_aabb(&reach).any(|candidate| {
                    self.is_cancelled() || distance(&triangle, &other.mesh.triangle(candidate)) <= limit_mm
                })
            });
        if is_near { Ok(()) } else { Err(distance(&self.mesh, &other.mesh)) }
    }
}

/// Distance of two shapes in world coordinates, mm; 0 when they overlap.
fn distance(first: &dyn Shape, second: &dyn Shape) -> f64 {
    query::distance(&Pose::IDENTITY, first, &Pose::IDENTITY, second)
        .expect("distances between triangles and meshes are supported")
        .distance
}

/// How often closed triangles, given by their corners, enclose a point: 1 inside, 0 outside and in a void, 2 where two
/// solids overlap, −1 inside triangles that face inward. These are the triangles above the point through which the
/// vertical line leaves, less those through which it enters.
pub fn times_enclosed(facets: impl Iterator<Item = [[f64; 3]; 3]>, [x, y, z]: [f64; 3]) -> i32 {
    let crossings = facets.filter_map(|corners| crossing(corners, x, y));
    crossings.filter(|(height, _)| *height > z).map(|(_, sign)| sign).sum()
}

/// Where the vertical line through (x, y) crosses a triangle, and +1 where it leaves the solid upwards, -1 where it
/// enters. A line through an edge or a corner crosses exactly one of the triangles that share it, so that a closed
/// surface is always crossed an even number of times.
pub fn crossing(corners: [[f64; 3]; 3], x: f64, y: f64) -> Option<(f64, i32)> {
    let [first, second, third] = corners;
    let left = is_left(first, second, x, y);
    if is_left(second, third, x, y) != left || is_left(third, first, x, y) != left {
        return None;
    }
    let normal = (Vector::from(second) - Vector::from(first)).cross(Vector::from(third) - Vector::from(first));
    if normal.z == 0.0 {
        return None;
    }
    let height = first[2] - (normal.x * (x - first[0]) + normal.y * (y - first[1])) / normal.z;
    Some((height, if left { 1 } else { -1 }))
}

/// Whether (x, y) lies left of the directed edge, seen from above. Both triangles of an edge compute the same product,
/// since its ends are put in order first; a point on the edge counts as left of the ordered edge, as if it were moved
/// by an infinitesimal amount along y and a still smaller one against x.
fn is_left(from: [f64; 3], to: [f64; 3], x: f64, y: f64) -> bool {
    let is_ordered = (from[0], from[1]) <= (to[0], to[1]);
    let (first, second) = if is_ordered { (from, to) } else { (to, from) };
    let product = (second[0] - first[0]) * (y - first[1]) - (second[1] - first[1]) * (x - first[0]);
    (product >= 0.0) == is_ordered
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    static NEVER: AtomicBool = AtomicBool::new(false);

    /// A block from `min` to `max`.
    fn cuboid(min: [f64; 3], max: [f64; 3], cancel: &AtomicBool) -> Surface<'_> {
        let corner =
            |index: usize| std::array::from_fn(|axis| if index >> axis & 1 == 0 { min[axis] } else { max[axis] });
        let corners: Vec<[f64; 3]> = (0..8).map(corner).collect();
        let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        let triangles: Vec<[u32; 3]> = quads.iter().flat_map(|[a, b, c, d]| [[*a, *b, *c], [*a, *c, *d]]).collect();
        Surface::of(&corners, &triangles, true, cancel).expect("a block has triangles")
    }

    /// The line through the middle of the box meets the diagonal of its upper and lower face.
    #[rstest]
    #[case::middle([5.0, 5.0, 5.0], true)]
    #[case::off_the_middle([2.0, 7.0, 9.9], true)]
    #[case::above([5.0, 5.0, 10.1], false)]
    #[case::below([5.0, 5.0, -0.1], false)]
    #[case::beside([-0.1, 5.0, 5.0], false)]
    #[case::on_the_line_of_an_upright_edge([10.1, 10.1, 5.0], false)]
    fn surface_contains_inner_points_only(#[case] point: [f64; 3], #[case] expected: bool) {
        let surface = cuboid([0.0; 3], [10.0; 3], &NEVER);
        assert_eq!(surface.contains(point), expected);
    }

    /// Two blocks that overlap between x = 5 and x = 10.
    #[rstest]
    #[case::in_the_first([2.0, 5.0, 5.0], 1)]
    #[case::in_both([7.0, 5.0, 5.0], 2)]
    #[case::in_the_second([12.0, 5.0, 5.0], 1)]
    #[case::beside([16.0, 5.0, 5.0], 0)]
    fn overlap_encloses_a_point_twice(#[case] point: [f64; 3], #[case] expected: i32) {
        let blocks = [cuboid([0.0; 3], [10.0; 3], &NEVER), cuboid([5.0, 0.0, 0.0], [15.0, 10.0, 10.0], &NEVER)];
        assert_eq!(times_enclosed(blocks.iter().flat_map(Surface::triangles), point), expected);
    }

    #[test]
    fn lines_through_corners_and_edges_cross_in_pairs() {
        let surface = cuboid([0.0; 3], [10.0; 3], &NEVER);
        for (x, y) in [(0.0, 0.0), (0.0, 5.0), (10.0, 10.0), (5.0, 5.0), (10.0, 0.0), (5.0, 0.0), (3.0, 3.0)] {
            let signs: Vec<i32> =
                surface.triangles().filter_map(|corners| crossing(corners, x, y)).map(|hit| hit.1).collect();
            assert!(signs.is_empty() || signs.len() == 2 && signs.iter().sum::<i32>() == 0, "({x}, {y}): {signs:?}");
        }
    }

    #[test]
    fn gaps_between_parts_are_measured() {
        let surface = |from: f64| cuboid([from, 0.0, 0.0], [from + 10.0, 10.0, 10.0], &NEVER);
        let (first, near, far) = (surface(0.0), surface(10.8), surface(13.0));
        assert_eq!(first.is_within(&near, 1.0), Ok(()));
        let gap = first.is_within(&far, 1.0).expect_err("3 mm are more than 1");
        assert!((gap - 3.0).abs() < 1e-9, "{gap}");
    }

    /// A block of 10 mm, shifted along x onto another of the same size whose bounds begin at x = 20: no corner of either
    /// is inside the other, the middles of their faces' triangles are, a third of a face away from its edges.
    #[rstest]
    #[case::apart(5.0, 0.0)]
    #[case::touching(10.0, 0.0)]
    #[case::sunk_in(12.0, 2.0)]
    #[case::half_way(15.0, 10.0 / 3.0)]
    fn overlap_of_equal_solids_is_measured(#[case] shift: f64, #[case] expected: f64) {
        let surface = |from: f64| cuboid([from, 0.0, 0.0], [from + 10.0, 10.0, 10.0], &NEVER);
        let (moved, fixed) = (surface(0.0), surface(20.0));
        let depth = moved.depth_in([shift, 0.0, 0.0], &fixed);
        assert!((depth - expected).abs() < 1e-9, "{depth} mm, expected {expected} mm");
    }

    #[test]
    fn cancelled_queries_end_at_once() {
        let cancelled = AtomicBool::new(true);
        let surface = |from: f64, cancel| cuboid([from, 0.0, 0.0], [from + 10.0, 10.0, 10.0], cancel);
        for (cancel, depth) in [(&NEVER, 2.0), (&cancelled, 0.0)] {
            let (moved, fixed) = (surface(0.0, cancel), surface(8.0, cancel));
            assert_eq!(moved.depth_in([0.0; 3], &fixed), depth);
        }
        let (one, two) = (surface(0.0, &cancelled), surface(10.9, &cancelled));
        assert_eq!(one.is_within(&two, 0.95), Ok(()), "the first pair of triangles is not measured any more");
    }

    /// A block of 10 mm and a zone from x = 20 to 30, all of it, a thin slice of it, or far more than the block.
    #[rstest]
    #[case::apart(9.9, [20.0, 0.0, 0.0], [30.0, 10.0, 10.0], false)]
    #[case::touching(10.0, [20.0, 0.0, 0.0], [30.0, 10.0, 10.0], true)]
    #[case::slice_between_all_corners(15.0, [20.0, 4.0, 4.0], [30.0, 4.1, 4.1], true)]
    #[case::zone_inside(20.0, [24.0, 4.0, 4.0], [25.0, 5.0, 5.0], true)]
    #[case::solid_inside(20.0, [0.0, -50.0, -50.0], [100.0, 50.0, 50.0], true)]
    fn solid_meets_a_zone_if_they_share_a_point(
        #[case] shift: f64,
        #[case] min: [f64; 3],
        #[case] max: [f64; 3],
        #[case] expected: bool,
    ) {
        let moved = cuboid([0.0; 3], [10.0; 3], &NEVER);
        assert_eq!(moved.meets_box([shift, 0.0, 0.0], BoundingBox { min, max }, 1e-6), expected);
    }
}

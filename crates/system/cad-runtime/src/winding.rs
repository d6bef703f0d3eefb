//! Detects closed meshes that intersect themselves.
//!
//! A closed, outward mesh encloses every point of space a certain number of times: 0 outside, 1 inside. Where two
//! solids of one part overlap it is 2, and where a sweep folds over itself 2 or −1; such space would count twice, or
//! negatively. Points on both sides of the surface are tested, so that every layer inside another one is found.

use design::Mesh;
use geometry::vector::{cross, dot, length, minus};

/// Approximate number of tested points; spread over the triangles by their area, with at least one on each where there
/// are fewer triangles than points.
const SOUGHT_POINTS: f64 = 3000.0;

/// Points on one triangle at most.
const POINTS_PER_TRIANGLE: f64 = 64.0;

/// Distance of the points from the surface: twice the deviation of the triangles, so that walls and gaps of curved
/// faces, whose triangles may cross by that, are judged correctly. Triangles of 0.1 rad deviate by at most 0.00125 of a
/// radius, so for very small parts it is a share of the diagonal.
const OFFSET_IN_TOLERANCES: f64 = 2.0;
const OFFSET_IN_DIAGONALS: f64 = 0.01;

/// Points that must agree, so that rounding at an edge refuses no part.
const WITNESSES: usize = 2;

/// Cells of the grid along each side at most.
const MAX_CELLS: usize = 256;

/// A side of a triangle that a ray passes nearer than this, as a share of the triangle, may count for both neighbours.
const GRAZING: f64 = 1e-12;

/// Rays run along the third of these orthogonal axes, oblique to the usual directions of parts. They are the rotation
/// by the quaternion (1, 2, 3, 5).
const FRAME: [[f64; 3]; 3] = [
    [-29.0 / 39.0, 2.0 / 39.0, 26.0 / 39.0],
    [22.0 / 39.0, -19.0 / 39.0, 26.0 / 39.0],
    [14.0 / 39.0, 34.0 / 39.0, 13.0 / 39.0],
];

/// A point that `mesh` encloses more often than once, or turned inside out; None when there is none.
pub(crate) fn doubly_enclosed(mesh: &Mesh, tolerance_mm: f64) -> Option<[f64; 3]> {
    let offset = (OFFSET_IN_TOLERANCES * tolerance_mm).min(OFFSET_IN_DIAGONALS * diagonal(mesh)?);
    let grid = Grid::of(mesh)?;
    let areas: Vec<f64> = mesh.facets().map(|facet| length(normal(facet)) / 2.0).collect();
    let total: f64 = areas.iter().sum();
    let stride = (mesh.triangles.len() as f64 / SOUGHT_POINTS).ceil().max(1.0) as usize;
    let mut witnesses = 0;
    for (facet, area) in mesh.facets().zip(&areas).step_by(stride) {
        let across = normal(facet);
        let long = length(across);
        if long <= 0.0 {
            continue;
        }
        let count = (SOUGHT_POINTS * area / total).ceil().clamp(1.0, POINTS_PER_TRIANGLE) as usize;
        for point in points(facet, count) {
            for side in [-offset, offset] {
                let along: [f64; 3] = std::array::from_fn(|axis| across[axis] / long);
                if grid.is_folded_around(moved(point, along, side), along, offset) {
                    witnesses += 1;
                    if witnesses >= WITNESSES {
                        return Some(point);
                    }
                }
            }
        }
    }
    None
}

/// Triangles by their position across the rays.
struct Grid {
    /// Corners in the frame of the rays, which run along its third axis.
    facets: Vec<[[f64; 3]; 3]>,
    cells: Vec<Vec<u32>>,
    count: usize,
    low: [f64; 2],
    step: [f64; 2],
}

impl Grid {
    fn of(mesh: &Mesh) -> Option<Self> {
        let facets: Vec<_> = mesh.facets().map(|facet| facet.map(turned)).collect();
        let count = (facets.len() as f64).sqrt().ceil().clamp(1.0, MAX_CELLS as f64) as usize;
        let corners = || facets.iter().flatten();
        let low: [f64; 2] =
            std::array::from_fn(|axis| corners().map(|corner| corner[axis]).fold(f64::INFINITY, f64::min));
        let high: [f64; 2] =
            std::array::from_fn(|axis| corners().map(|corner| corner[axis]).fold(f64::NEG_INFINITY, f64::max));
        let step: [f64; 2] = std::array::from_fn(|axis| (high[axis] - low[axis]) / count as f64);
        if !step.iter().all(|step| *step > 0.0 && step.is_finite()) {
            return None;
        }
        let mut grid = Self { facets, cells: vec![Vec::new(); count * count], count, low, step };
        for index in 0..grid.facets.len() {
            let [columns, rows] = [0, 1].map(|axis| {
                let along = grid.facets[index].map(|corner| corner[axis]);
                let least = along.iter().copied().fold(f64::INFINITY, f64::min);
                let most = along.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                grid.cell(least, axis)..=grid.cell(most, axis)
            });
            for row in rows {
                for column in columns.clone() {
                    grid.cells[row * count + column].push(index as u32);
                }
            }
        }
        Some(grid)
    }

    fn cell(&self, at: f64, axis: usize) -> usize {
        (((at - self.low[axis]) / self.step[axis]) as usize).min(self.count - 1)
    }

    /// Whether the mesh encloses a point wrongly, and its neighbours too, at `reach` to all four sides across `normal`:
    /// slivers between the triangles of two faces that coincide are narrower.
    fn is_folded_around(&self, point: [f64; 3], normal: [f64; 3], reach: f64) -> bool {
        let is_wrong = |at| self.times_enclosed(at).is_some_and(|times| !(0..=1).contains(&times));
        is_wrong(point) && {
            let aside = FRAME
                .into_iter()
                .map(|axis| cross(normal, axis))
                .max_by(|one, two| dot(*one, *one).total_cmp(&dot(*two, *two)));
            let aside = aside.map_or([0.0; 3], |aside| aside.map(|component| component / length(aside)));
            let other = cross(normal, aside);
            [(aside, reach), (aside, -reach), (other, reach), (other, -reach)]
                .into_iter()
                .all(|(direction, by)| is_wrong(moved(point, direction, by)))
        }
    }

    /// How often the mesh encloses a point: the triangles that a ray from it leaves through, less those that it enters
    /// through. None where the ray grazes an edge, so that it cannot be told.
    fn times_enclosed(&self, point: [f64; 3]) -> Option<i32> {
        let point = turned(point);
        let outside = (0..2).any(|axis| {
            let along = (point[axis] - self.low[axis]) / self.step[axis];
            along < 0.0 || along > self.count as f64
        });
        if outside {
            return Some(0);
        }
        let cell = &self.cells[self.cell(point[1], 1) * self.count + self.cell(point[0], 0)];
        let mut times = 0;
        for index in cell {
            let [a, b, c] = self.facets[*index as usize].map(|corner| minus(corner, point));
            let sides = [(a, b), (b, c), (c, a)].map(|(from, to)| from[0] * to[1] - from[1] * to[0]);
            let grazing = GRAZING * sides.iter().map(|side| side.abs()).sum::<f64>();
            let positive = sides.iter().all(|side| *side > grazing);
            let negative = sides.iter().all(|side| *side < -grazing);
            if !positive && !negative {
                let is_upright = grazing <= 0.0;
                let touches = sides.iter().all(|side| *side >= -grazing) || sides.iter().all(|side| *side <= grazing);
                if touches && !is_upright {
                    return None;
                }
                continue;
            }
            let sum: f64 = sides.iter().sum();
            // Height of the triangle above the point: its corners weighed by the sides that lie opposite to them.
            let height = (sides[1] * a[2] + sides[2] * b[2] + sides[0] * c[2]) / sum;
            if height > 0.0 {
                times += if positive { 1 } else { -1 };
            }
        }
        Some(times)
    }
}

fn moved(point: [f64; 3], direction: [f64; 3], by: f64) -> [f64; 3] {
    std::array::from_fn(|axis| point[axis] + direction[axis] * by)
}

fn turned(point: [f64; 3]) -> [f64; 3] {
    FRAME.map(|axis| dot(axis, point))
}

/// Points of a triangle, spread evenly whatever their number.
fn points(facet: [[f64; 3]; 3], count: usize) -> impl Iterator<Item = [f64; 3]> {
    let [origin, first, second] = facet;
    (0..count).map(move |index| {
        // Multiples of these two numbers fill a square evenly (Roberts 2018).
        let [mut along, mut aside] =
            [0.754_877_666_246_692_8, 0.569_840_290_998_053_3].map(|step| (0.5 + index as f64 * step) % 1.0);
        if along + aside > 1.0 {
            (along, aside) = (1.0 - along, 1.0 - aside);
        }
        std::array::from_fn(|axis| {
            origin[axis] + along * (first[axis] - origin[axis]) + aside * (second[axis] - origin[axis])
        })
    })
}

fn normal([a, b, c]: [[f64; 3]; 3]) -> [f64; 3] {
    cross(minus(b, a), minus(c, a))
}

/// Diagonal of the bounds; None without a triangle.
fn diagonal(mesh: &Mesh) -> Option<f64> {
    let bounds = mesh.moments()?.bounds;
    Some(length(minus(bounds.max, bounds.min)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::figures::tests::block;

    /// Several meshes as one.
    fn joined(meshes: &[Mesh]) -> Mesh {
        let mut all = Mesh { vertices_mm: Vec::new(), triangles: Vec::new(), normals: Vec::new(), is_watertight: true };
        for mesh in meshes {
            let first = all.vertices_mm.len() as u32;
            all.vertices_mm.extend(&mesh.vertices_mm);
            all.triangles.extend(mesh.triangles.iter().map(|corners| corners.map(|corner| corner + first)));
        }
        all
    }

    fn turned_inside_out(mut mesh: Mesh) -> Mesh {
        mesh.triangles.iter_mut().for_each(|corners| corners.swap(0, 1));
        mesh
    }

    const CUBE: [f64; 3] = [10.0; 3];

    #[rstest]
    #[case::one_block(vec![block([0.0; 3], CUBE)], false)]
    #[case::apart(vec![block([0.0; 3], CUBE), block([10.5, 0.0, 0.0], CUBE)], false)]
    #[case::touching(vec![block([0.0; 3], CUBE), block([10.0, 0.0, 0.0], CUBE)], false)]
    // As deep as two curved faces may cross by being cut into triangles.
    #[case::within_tolerance(vec![block([0.0; 3], CUBE), block([9.85, 0.0, 0.0], CUBE)], false)]
    #[case::overlapping(vec![block([0.0; 3], CUBE), block([5.0, 0.0, 0.0], CUBE)], true)]
    #[case::one_in_the_other(vec![block([0.0; 3], CUBE), block([4.0; 3], [2.0; 3])], true)]
    #[case::hollow(vec![block([0.0; 3], CUBE), turned_inside_out(block([2.0; 3], [6.0; 3]))], false)]
    #[case::hollow_that_sticks_out(vec![block([0.0; 3], CUBE), turned_inside_out(block([6.0; 3], [6.0; 3]))], true)]
    #[case::in_the_hollow(
        vec![block([0.0; 3], CUBE), turned_inside_out(block([2.0; 3], [6.0; 3])), block([4.0; 3], [2.0; 3])], false
    )]
    fn doubly_enclosed_space_is_found(#[case] meshes: Vec<Mesh>, #[case] expected: bool) {
        assert_eq!(doubly_enclosed(&joined(&meshes), 0.1).is_some(), expected);
    }
}

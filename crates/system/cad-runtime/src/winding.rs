//! Detects closed meshes that intersect themselves.
//!
//! A closed, outward mesh encloses every point of space a certain number of times: 0 outside, 1 inside. Where two
//! solids of one part overlap it is 2, and where a sweep folds over itself 2 or −1; such space would count twice, or
//! negatively. Points on both sides of the surface are tested, so that every layer inside another one is found.

use std::sync::atomic::AtomicBool;

use design::Mesh;
use geometry::{
    Surface,
    vector::{cross, length, minus},
};

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

/// A point that `mesh` encloses more often than once, or turned inside out; None when there is none.
pub(crate) fn doubly_enclosed(mesh: &Mesh, tolerance_mm: f64) -> Option<[f64; 3]> {
    static NEVER: AtomicBool = AtomicBool::new(false);
    let surface = mesh.surface(&NEVER)?;
    let bounds = surface.bounds();
    let diagonal = length(minus(bounds.max, bounds.min));
    let offset = (OFFSET_IN_TOLERANCES * tolerance_mm).min(OFFSET_IN_DIAGONALS * diagonal);
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
                if is_folded_around(&surface, moved(point, along, side), along, offset) {
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

/// Whether a surface encloses a point wrongly, and its neighbours too, at `reach` to all four sides across `normal`:
/// slivers between the triangles of two faces that coincide are narrower.
fn is_folded_around(surface: &Surface<'_>, point: [f64; 3], normal: [f64; 3], reach: f64) -> bool {
    let is_wrong = |at| !(0..=1).contains(&surface.times_enclosed(at));
    is_wrong(point) && {
        let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(|axis| cross(normal, axis));
        let [x, y, z] = axes.map(length);
        let (aside, long) = if x >= y.max(z) {
            (axes[0], x)
        } else if y >= z {
            (axes[1], y)
        } else {
            (axes[2], z)
        };
        let aside = aside.map(|component| component / long);
        let other = cross(normal, aside);
        [(aside, reach), (aside, -reach), (other, reach), (other, -reach)]
            .into_iter()
            .all(|(direction, by)| is_wrong(moved(point, direction, by)))
    }
}

fn moved(point: [f64; 3], direction: [f64; 3], by: f64) -> [f64; 3] {
    std::array::from_fn(|axis| point[axis] + direction[axis] * by)
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

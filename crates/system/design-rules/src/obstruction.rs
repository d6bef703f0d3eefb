//! How much of a zone the environment fills, estimated with grid points.

use std::sync::atomic::{AtomicBool, Ordering};

use contract::execution::BoundingBox;
use design::Part;

use geometry::crossing;

/// Points of the grid along each axis.
pub(crate) const POINTS_PER_AXIS: usize = 16;

/// The grid points of a box that are inside something: x, then y, then z.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filled(Vec<bool>);

impl Filled {
    /// No point.
    pub(crate) fn nothing() -> Self {
        Self(vec![false; POINTS_PER_AXIS.pow(3)])
    }

    /// Every point.
    pub(crate) fn everything() -> Self {
        Self(vec![true; POINTS_PER_AXIS.pow(3)])
    }

    /// The points in the middles of the grid's cells that are inside a part. The count of surfaces above a point says
    /// whether it is inside, so one pass over the triangles fills all columns at once. Once `cancel` is set it ends
    /// early, and the answer is meaningless.
    pub(crate) fn by(part: &Part, region: BoundingBox, cancel: &AtomicBool) -> Self {
        let point = |axis: usize, index: usize| {
            let share = (index as f64 + 0.5) / POINTS_PER_AXIS as f64;
            region.min[axis] + (region.max[axis] - region.min[axis]) * share
        };
        let mut surfaces_above = vec![0_i32; POINTS_PER_AXIS.pow(3)];
        for triangle in part.mesh.triangles.iter().take_while(|_| !cancel.load(Ordering::Relaxed)) {
            let corners = triangle.map(|corner| part.mesh.vertices_mm[corner as usize]);
            let covers = |axis: usize, index: usize| {
                let at = point(axis, index);
                corners.iter().any(|corner| corner[axis] <= at) && corners.iter().any(|corner| corner[axis] >= at)
            };
            for x in (0..POINTS_PER_AXIS).filter(|x| covers(0, *x)) {
                for y in (0..POINTS_PER_AXIS).filter(|y| covers(1, *y)) {
                    let Some((height, sign)) = crossing(corners, point(0, x), point(1, y)) else { continue };
                    let column = (x * POINTS_PER_AXIS + y) * POINTS_PER_AXIS;
                    for z in (0..POINTS_PER_AXIS).take_while(|z| point(2, *z) < height) {
                        surfaces_above[column + z] += sign;
                    }
                }
            }
        }
        Self(surfaces_above.into_iter().map(|count| count != 0).collect())
    }

    /// The union.
    pub(crate) fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own |= other);
    }

    /// Share of the points of `zone` that are among these; 0 when the zone has none.
    pub(crate) fn share_of(&self, zone: &Self) -> f64 {
        let both = self.0.iter().zip(&zone.0).filter(|(own, zone)| **own && **zone).count();
        let all = zone.0.iter().filter(|inside| **inside).count();
        if all == 0 { 0.0 } else { both as f64 / all as f64 }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::fixture::{NEVER, cuboid};

    /// A box that fills the zone up to a height fills as many of the 16 layers of points.
    #[rstest]
    #[case::untouched([20.0, 0.0, 0.0], [30.0, 10.0, 10.0], 0.0)]
    #[case::lower_half([-5.0, -5.0, -5.0], [15.0, 15.0, 5.0], 0.5)]
    #[case::quarter([0.0, 0.0, 0.0], [5.0, 5.0, 10.0], 0.25)]
    #[case::everything([-1.0, -1.0, -1.0], [11.0, 11.0, 11.0], 1.0)]
    fn filled_share_equals_the_volume_fraction(#[case] min: [f64; 3], #[case] max: [f64; 3], #[case] expected: f64) {
        let region = BoundingBox { min: [0.0; 3], max: [10.0; 3] };
        let filled = Filled::by(&cuboid("block", min, max), region, &NEVER);
        assert_eq!(filled.share_of(&Filled::everything()), expected);
    }
}

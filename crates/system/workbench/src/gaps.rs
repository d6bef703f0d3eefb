//! Gaps between upright walls, which a tool must fit into.

use parry3d_f64::math::Vector;

use crate::{
    rays::Inside,
    surface::{Facet, Surface},
};

/// A wall is upright when it leans by less, as the sine of the angle (0.6°).
const UPRIGHT: f64 = 0.01;

/// The narrowest gap that walls along an axis leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gap {
    /// mm.
    pub width_mm: f64,
    /// Point of one of the walls, mm.
    pub at: [f64; 3],
}

/// The narrowest gap between walls that are parallel to `axis`, measured straight across the air. A tool touches a wall
/// only where its whole diameter fits in between. Two hollow walls are not a gap: they are one bore, which is drilled,
/// or corners, which are judged by their radii.
pub(crate) fn narrowest(surface: &Surface, axis: Vector) -> Option<Gap> {
    let solid = Inside::of(surface)?;
    let is_upright = |facet: &Facet| facet.facing.dot(axis).abs() < UPRIGHT;
    let count = surface.points_per_facet();
    let walls = surface.facets.iter().filter(|facet| is_upright(facet)).take_while(|_| !surface.is_cancelled());
    let gap = |facet: &Facet, point: Vector| {
        let (off, normal) = facet.true_face(point);
        let exit = solid.across(point, -normal)?;
        let other = surface.facets.get(exit.facet)?;
        if !is_upright(other) || (facet.is_hollow() && other.is_hollow()) {
            return None;
        }
        let (other_off, _) = other.true_face(point + normal * exit.distance);
        Some(Gap { width_mm: exit.distance + (other_off - off).dot(normal), at: point.to_array() })
    };
    let gaps = walls.flat_map(|facet| facet.points(count).map(move |point| (facet, point)));
    gaps.filter_map(|(facet, point)| gap(facet, point)).min_by(|one, two| one.width_mm.total_cmp(&two.width_mm))
}

//! The shapes of a spawned moved object, and how far each penetrates a solid.
//!
//! A form has one size: the radius of a sphere, half the edge of a box, radius and half the height of an upright
//! cylinder. Its *reach* to an obstacle is the size at which it would just touch; size minus reach is the depth.

use std::f64::consts::FRAC_PI_2;

use geometry::Surface;
use parry3d_f64::math::{Pose, Rotation, Vector};
use parry3d_f64::shape::{Cuboid, Cylinder, Shape};

/// Form of a moved object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Sphere,
    Cuboid,
    Cylinder,
}

/// Precision of a reach that is found by halving, mm.
const REACH_PRECISION_MM: f64 = 1e-3;

impl Form {
    /// The form of a name in `moved_object.shape`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "sphere" => Some(Self::Sphere),
            "box" => Some(Self::Cuboid),
            "cylinder" => Some(Self::Cylinder),
            _ => None,
        }
    }

    /// Whether the form penetrates a solid by more than `depth`, which is less than its size. Much cheaper than
    /// [`Self::depth_in`].
    pub(crate) fn sinks_by(self, depth: f64, size: f64, center: [f64; 3], surface: &Surface<'_>) -> bool {
        surface.contains(center) || self.meets(size - depth, center, surface)
    }

    /// How deep the form penetrates a solid; negative when it is that far outside.
    pub(crate) fn depth_in(self, size: f64, center: [f64; 3], surface: &Surface<'_>) -> f64 {
        let reach = self.reach_to(center, surface);
        if surface.contains(center) { size + reach } else { size - reach }
    }

    /// Whether the form of this size meets the surface anywhere.
    fn meets(self, size: f64, center: [f64; 3], surface: &Surface<'_>) -> bool {
        if size <= 0.0 {
            return false;
        }
        let (shape, rotation): (Box<dyn Shape>, _) = match self {
            Self::Sphere => return surface.distance_to(center) < size,
            Self::Cuboid => (Box::new(Cuboid::new(Vector::splat(size))), Rotation::IDENTITY),
            Self::Cylinder => (Box::new(Cylinder::new(size, size)), Rotation::from_rotation_x(FRAC_PI_2)),
        };
        let place = Pose::from_parts(Vector::from(center), rotation);
        surface.meets(&place, shape.as_ref())
    }

    /// The size at which the form just touches the surface, mm.
    fn reach_to(self, center: [f64; 3], surface: &Surface<'_>) -> f64 {
        let distance = surface.distance_to(center);
        if self == Self::Sphere {
            return distance;
        }
        // The corner of a box is √3 times as far as its face, so that the reach lies between these two.
        let (mut free, mut meeting) = (distance / 3_f64.sqrt(), distance);
        while meeting - free > REACH_PRECISION_MM {
            let middle = f64::midpoint(free, meeting);
            if self.meets(middle, center, surface) {
                meeting = middle;
            } else {
                free = middle;
            }
        }
        f64::midpoint(free, meeting)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::fixture::{NEVER, cuboid};

    /// A form of size 5 above, in and beside a block of 40 × 40 × 20 mm whose top is at z = 0. Beside its upright edge
    /// at (20, 20), a gap of 4 mm on both axes is 5.66 mm for the round forms and 4 mm for the box.
    #[rstest]
    #[case::rests([0.0, 0.0, 5.0], [0.0, 0.0, 0.0])]
    #[case::sinks_in([0.0, 0.0, 3.0], [2.0, 2.0, 2.0])]
    #[case::is_buried([0.0, 0.0, -10.0], [15.0, 15.0, 15.0])]
    #[case::is_beside_an_edge([24.0, 24.0, -10.0], [-0.657, 1.0, -0.657])]
    #[case::is_clear([0.0, 0.0, 50.0], [-45.0, -45.0, -45.0])]
    fn depth_is_exact_for_each_form(#[case] center: [f64; 3], #[case] expected: [f64; 3]) {
        let surface =
            cuboid("block", [-20.0, -20.0, -20.0], [20.0, 20.0, 0.0]).mesh.surface(&NEVER).expect("triangles");
        for (form, expected) in [Form::Sphere, Form::Cuboid, Form::Cylinder].into_iter().zip(expected) {
            let depth = form.depth_in(5.0, center, &surface);
            assert!((depth - expected).abs() < 2.0 * REACH_PRECISION_MM, "{form:?}: {depth}, expected {expected}");
            assert_eq!(form.sinks_by(0.01, 5.0, center, &surface), expected > 0.01, "{form:?}");
        }
    }
}

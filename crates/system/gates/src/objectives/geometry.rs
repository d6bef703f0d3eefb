//! Axis-aligned boxes for the rules, mm.

use contract::objectives::Zone;

/// The letters of the axes.
pub(super) const AXES: [char; 3] = ['x', 'y', 'z'];

/// Boxes nearer than this count as touching, mm: rounding must not turn contact into overlap.
pub(super) const TOUCH_MM: f64 = 1e-6;

/// True when they overlap; a shared face is not an overlap. A box without extent counts as the point, line or face that
/// it is.
pub(super) fn overlap(one: &Zone, other: &Zone) -> bool {
    (0..3).all(|axis| one.min[axis] + TOUCH_MM < other.max[axis] && other.min[axis] + TOUCH_MM < one.max[axis])
}

/// The axes on which the inner box leaves the outer one.
pub(super) fn axes_outside(inner: &Zone, outer: &Zone) -> Vec<usize> {
    let is_outside =
        |axis: usize| inner.min[axis] < outer.min[axis] - TOUCH_MM || inner.max[axis] > outer.max[axis] + TOUCH_MM;
    (0..3).filter(|axis| is_outside(*axis)).collect()
}

/// The box with this much more on every side.
pub(super) fn grown(zone: &Zone, by: [f64; 3]) -> Zone {
    Zone {
        min: std::array::from_fn(|axis| zone.min[axis] - by[axis]),
        max: std::array::from_fn(|axis| zone.max[axis] + by[axis]),
    }
}

/// Distance between two boxes on each axis, mm; 0 on an axis where they touch or overlap.
pub(super) fn gaps(one: &Zone, other: &Zone) -> [f64; 3] {
    std::array::from_fn(|axis| (other.min[axis] - one.max[axis]).max(one.min[axis] - other.max[axis]).max(0.0))
}

/// The names of some axes: `x, z`.
pub(super) fn axis_names(axes: &[usize]) -> String {
    axes.iter().map(|axis| AXES[*axis].to_string()).collect::<Vec<_>>().join(", ")
}

/// `[0, 0, 0] to [10, 10, 10]`.
pub(super) fn extent(zone: &Zone) -> String {
    format!("{} to {}", crate::wording::figures(zone.min), crate::wording::figures(zone.max))
}

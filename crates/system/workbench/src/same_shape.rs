//! Are two parts of one shape? The second of two equal parts needs no set-up or mould of its own.

use crate::solid::Solid;

/// Largest difference of volumes and of surfaces, as a fraction.
const SAME_MEASURE: f64 = 1e-6;

/// Largest distance of corresponding vertices once the parts are moved onto each other, mm.
const SAME_PLACE_MM: f64 = 1e-5;

/// Whether `one` moved without turning is `two`. A turned copy does not count: a shape is recognized by its triangles,
/// and the tool comes from one side only.
pub(crate) fn is_same_shape(one: &Solid, two: &Solid) -> bool {
    let close = |a: f64, b: f64| (a - b).abs() <= SAME_MEASURE * a.abs().max(b.abs());
    one.vertices_mm.len() == two.vertices_mm.len()
        && close(one.volume_mm3, two.volume_mm3)
        && close(one.area_mm2, two.area_mm2)
        && one.triangles == two.triangles
        && one.vertices_mm.iter().zip(two.vertices_mm).all(|(a, b)| {
            (0..3).all(|axis| {
                let (a, b) = (a[axis] - one.bounding_box.min[axis], b[axis] - two.bounding_box.min[axis]);
                (a - b).abs() <= SAME_PLACE_MM
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample_solids::SampleSolid;

    #[test]
    fn a_moved_copy_is_the_same_and_a_mirrored_or_longer_one_is_not() {
        let wedge = crate::sample_solids::extruded_xz(&[[0.0, 0.0], [10.0, 0.0], [0.0, 5.0]], 20.0);
        let mirrored = crate::sample_solids::extruded_xz(&[[0.0, 0.0], [10.0, 0.0], [10.0, 5.0]], 20.0);
        let longer = crate::sample_solids::extruded_xz(&[[0.0, 0.0], [10.0, 0.0], [0.0, 5.0]], 20.1);
        assert!(is_same_shape(&wedge.view(), &wedge.clone().moved([-70.0, 0.1, 812.3]).view()));
        assert!(!is_same_shape(&wedge.view(), &mirrored.view()));
        assert!(!is_same_shape(&wedge.view(), &longer.view()));
        assert!(!is_same_shape(&wedge.view(), &SampleSolid::cuboid([10.0, 20.0, 2.5]).view()));
    }
}

//! Whether two parts have the same shape. The second of two equal parts needs no separate set-up or mould.

use crate::solid::Solid;
use design::Face;

/// Largest difference of volumes and of surfaces, as a fraction.
const SAME_MEASURE: f64 = 1e-6;

/// Largest distance of corresponding faces' centres once the parts are moved onto each other, mm.
const SAME_PLACE_MM: f64 = 1e-4;

/// Whether `one` moved without turning is `two`: the same volume and the same faces, each in the same place within the
/// part. Triangles are not compared, since a mesher may cut a disc along other diagonals at another position. A turned
/// copy does not count, since the tool comes from one side only, nor does a mirror image, whose faces are elsewhere.
pub(crate) fn is_same_shape(one: &Solid, two: &Solid) -> bool {
    let close = |a: f64, b: f64| (a - b).abs() <= SAME_MEASURE * a.abs().max(b.abs());
    let corner = |solid: &Solid| solid.bounding_box.min;
    let size = |solid: &Solid| solid.size_mm();
    let near = |a: [f64; 3], b: [f64; 3]| (0..3).all(|axis| (a[axis] - b[axis]).abs() <= SAME_PLACE_MM);
    if one.faces.is_empty()
        || one.faces.len() != two.faces.len()
        || !close(one.volume_mm3, two.volume_mm3)
        || !close(one.area_mm2, two.area_mm2)
        || !near(size(one), size(two))
    {
        return false;
    }
    let place = |face: &Face, solid: &Solid| -> [f64; 3] {
        std::array::from_fn(|axis| face.center_mm[axis] - corner(solid)[axis])
    };
    let mut unmatched: Vec<&Face> = two.faces.iter().collect();
    one.faces.iter().all(|face| {
        let twin = unmatched
            .iter()
            .position(|other| close(face.area_mm2, other.area_mm2) && near(place(face, one), place(other, two)));
        twin.map(|index| unmatched.swap_remove(index)).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample_solids::SampleSolid;

    #[test]
    fn only_a_moved_copy_has_the_same_shape() {
        let wedge = crate::sample_solids::extruded_xz(&[[0.0, 0.0], [10.0, 0.0], [0.0, 5.0]], 20.0);
        let mirrored = crate::sample_solids::extruded_xz(&[[0.0, 0.0], [10.0, 0.0], [10.0, 5.0]], 20.0);
        let longer = crate::sample_solids::extruded_xz(&[[0.0, 0.0], [10.0, 0.0], [0.0, 5.0]], 20.1);
        assert!(is_same_shape(&wedge.view(), &wedge.clone().moved([-70.0, 0.1, 812.3]).view()));
        assert!(!is_same_shape(&wedge.view(), &mirrored.view()));
        assert!(!is_same_shape(&wedge.view(), &longer.view()));
        assert!(!is_same_shape(&wedge.view(), &SampleSolid::cuboid([10.0, 20.0, 2.5]).view()));
    }

    #[test]
    fn same_shape_ignores_the_tessellation() {
        let outline = [[0.0, 0.0], [10.0, 0.0], [12.0, 4.0], [10.0, 8.0], [0.0, 8.0], [-2.0, 4.0]];
        let one = crate::sample_solids::extruded_xz(&outline, 20.0);
        let mut two = one.clone().moved([50.0, 0.0, 0.0]).refined(1);
        two.faces.clone_from(&one.clone().moved([50.0, 0.0, 0.0]).faces);
        assert!(is_same_shape(&one.view(), &two.view()));
    }

    #[test]
    fn holes_elsewhere_make_another_shape() {
        // Equal in volume, area, bounds and moments: only the faces tell where the hole is.
        let mut plate = SampleSolid::cuboid([10.0, 10.0, 2.0]);
        plate.faces.push(Face { area_mm2: 3.0, center_mm: [3.0, 5.0, 1.0] });
        let mut other = plate.clone();
        other.faces.last_mut().expect("it has faces").center_mm = [5.0, 3.0, 1.0];
        assert!(!is_same_shape(&plate.view(), &other.view()));
    }
}

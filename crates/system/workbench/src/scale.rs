//! Whether a part has a plausible size.

use crate::solid::Solid;

/// A part with all extents below this was probably modelled in another unit, mm.
const LEAST_EXTENT_MM: f64 = 1.0;

/// A warning about a part that is smaller than anything made by these methods.
pub(crate) fn warning(solid: &Solid) -> Option<String> {
    let largest = solid.size_mm().into_iter().fold(0.0, f64::max);
    (largest < LEAST_EXTENT_MM).then(|| {
        format!(
            "the largest extent is {largest:.4} mm, below {LEAST_EXTENT_MM:.0} mm; lengths are in mm, and the model may \
             be in metres"
        )
    })
}

#[cfg(test)]
mod tests {
    use contract::part_metadata::ManufacturingMethod;
    use rstest::rstest;

    use crate::{analysis::warnings, analyze, sample_config::shipped, sample_solids::SampleSolid};

    #[rstest]
    #[case::in_metres([0.05, 0.04, 0.01], true)]
    #[case::a_grain([1.0, 0.9, 0.9], false)]
    fn model_in_metres_draws_a_warning(#[case] size: [f64; 3], #[case] is_told: bool) {
        let cube = SampleSolid::cuboid(size);
        for (method, material) in
            [(ManufacturingMethod::Cnc, "aluminum_6061"), (ManufacturingMethod::ThreeDPrint, "abs")]
        {
            let result = analyze(&shipped(), &cube.view(), method, Some(material), 1, false);
            assert_eq!(warnings(&result).any(|it| it.ends_with("the model may be in metres")), is_told, "{result:?}");
        }
    }
}

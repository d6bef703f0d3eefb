//! Figures of a part by its surfaces, held against those of its triangles: volume, area, centre of mass, inertia, bounds.
//!
//! The measuring process computes them from the exact surfaces. A part counts only if both agree to within
//! what triangles can be off, so that surfaces which say one thing and enclose another are refused.

use design::Part;
use geometry::Moments;

/// Areas may differ by this share. Triangles lean by up to 0.2 rad from the face that they approximate (planes and
/// cylinders are divided at half their angle of 0.2, see `geometry.py`), so their area is between cos 0.2 = 0.98 and
/// 1/cos 0.2 = 1.02 of the true one; of 24 shapes from fillets to threads, none deviates by more than 0.007.
const AREA_SHARE: f64 = 0.03;

/// Relative rounding error of figures that the kernel integrates.
const ROUNDING_SHARE: f64 = 1e-6;

/// Holds the figures that the kernel computed for a part against those of its closed mesh; the error names the figure.
///
/// Mesh and surface are nowhere further apart than `tolerance_mm`, so their volumes differ by at most ΔV = area ×
/// tolerance. What lies in that layer is at most R from the centre of mass, with R the diagonal of the bounds: the first
/// moment differs by ΔV·R and the second by ΔV·R². Vertices lie on the surface, so bounds differ by the tolerance.
pub(crate) fn compare(part: &Part, meshed: &Moments, tolerance_mm: f64) -> Result<(), String> {
    let rounding = |figure: f64| ROUNDING_SHARE * figure.abs();
    let layer = part.area_mm2 * tolerance_mm + rounding(part.volume_mm3);
    let bounds = &part.bounding_box;
    let diagonal = (0..3).map(|axis| (bounds.max[axis] - bounds.min[axis]).powi(2)).sum::<f64>().sqrt();
    let agree = |what: &str, exact: f64, meshed: f64, allowed: f64, unit: &str| {
        if (exact - meshed).abs() <= allowed {
            Ok(())
        } else {
            Err(format!(
                "its {what} is {exact:.6} {unit} by its surfaces and {meshed:.6} {unit} by the triangles that follow them; \
                 they may differ by {allowed:.6} {unit}"
            ))
        }
    };
    agree("volume", part.volume_mm3, meshed.volume_mm3, layer, "mm³")?;
    agree("area", part.area_mm2, meshed.area_mm2, AREA_SHARE * part.area_mm2, "mm²")?;
    for axis in 0..3 {
        let name = ["x", "y", "z"][axis];
        let allowed = layer * diagonal / part.volume_mm3 + rounding(diagonal);
        let (exact, found) = (part.center_of_mass_mm[axis], meshed.center_of_mass_mm[axis]);
        agree(&format!("centre of mass in {name}"), exact, found, allowed, "mm")?;
        for column in 0..3 {
            let (exact, found) = (part.inertia_mm5[axis][column], meshed.inertia_mm5[axis][column]);
            let allowed = layer * diagonal.powi(2) + rounding(part.inertia_mm5[axis][axis]);
            agree(&format!("inertia, row {axis}, column {column}"), exact, found, allowed, "mm⁵")?;
        }
        let allowed = tolerance_mm + rounding(diagonal);
        agree(&format!("lower bound in {name}"), bounds.min[axis], meshed.bounds.min[axis], allowed, "mm")?;
        agree(&format!("upper bound in {name}"), bounds.max[axis], meshed.bounds.max[axis], allowed, "mm")?;
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use contract::{execution::BoundingBox, part_metadata::CompoundMetadata};
    use design::{Mesh, PartRole};
    use rstest::rstest;

    use super::*;

    /// A block with its low corner at `low`.
    pub(crate) fn block(low: [f64; 3], size: [f64; 3]) -> Mesh {
        let corner = |index: usize| std::array::from_fn(|axis| low[axis] + size[axis] * ((index >> axis) & 1) as f64);
        let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        let triangles = quads.iter().flat_map(|[a, b, c, d]| [[*a, *b, *c], [*a, *c, *d]]).collect();
        Mesh { vertices_mm: (0..8).map(corner).collect(), triangles, normals: Vec::new(), is_watertight: true }
    }

    /// A block of 10 × 20 × 30 mm away from the origin, with the figures of its closed form.
    fn part() -> Part {
        let (x, y, z) = (10.0, 20.0, 30.0);
        let volume = x * y * z;
        let moment = |a: f64, b: f64| volume / 12.0 * (a * a + b * b);
        Part {
            label: "block".to_owned(),
            role: PartRole::Compound(CompoundMetadata { is_fixed: false, joint: None }),
            constraint: None,
            solid_count: 1,
            is_valid: true,
            volume_mm3: volume,
            area_mm2: 2.0 * (x * y + y * z + z * x),
            center_of_mass_mm: [105.0, 10.0, 15.0],
            inertia_mm5: [[moment(y, z), 0.0, 0.0], [0.0, moment(x, z), 0.0], [0.0, 0.0, moment(x, y)]],
            bounding_box: BoundingBox { min: [100.0, 0.0, 0.0], max: [110.0, 20.0, 30.0] },
            faces: Vec::new(),
            mesh: block([100.0, 0.0, 0.0], [x, y, z]),
            internal_corners: Vec::new(),
            bores: Vec::new(),
            holes: Vec::new(),
        }
    }

    #[rstest]
    #[case::honest(|_: &mut Part| {}, None)]
    // The triangles may deviate by 2200 mm² × 0.1 mm = 220 mm³.
    #[case::volume_at_the_limit(|part: &mut Part| part.volume_mm3 += 219.0, None)]
    #[case::volume(|part: &mut Part| part.volume_mm3 = 0.01, Some("its volume is 0.01"))]
    #[case::area(|part: &mut Part| part.area_mm2 *= 1.05, Some("its area is 2310"))]
    #[case::center(|part: &mut Part| part.center_of_mass_mm[2] += 3.0, Some("its centre of mass in z is 18"))]
    #[case::inertia(|part: &mut Part| part.inertia_mm5[1][1] = 1.0, Some("its inertia, row 1, column 1 is 1."))]
    #[case::lower_bound(|part: &mut Part| part.bounding_box.min[0] = 101.0, Some("its lower bound in x is 101"))]
    #[case::upper_bound(|part: &mut Part| part.bounding_box.max[2] = 29.0, Some("its upper bound in z is 29"))]
    fn forged_figures_are_named(#[case] forge: fn(&mut Part), #[case] expected: Option<&str>) {
        let mut part = part();
        forge(&mut part);
        let measured = part.mesh.moments().expect("it has triangles");
        let found = compare(&part, &measured, 0.1);
        match expected {
            None => assert_eq!(found, Ok(())),
            Some(expected) => {
                let told = found.expect_err("a forged figure");
                assert!(told.starts_with(expected), "{told}");
            }
        }
    }
}

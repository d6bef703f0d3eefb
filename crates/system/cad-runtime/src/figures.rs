//! Figures computed from the triangles of a part alone: volume, area, centre of mass, inertia and bounds.
//!
//! The measuring process computes the same figures from the exact surfaces. A part is accepted only if both agree to
//! within the deviation of the triangles, so that surfaces whose figures do not match their enclosed volume are
//! refused.

use contract::execution::BoundingBox;

use design::{Mesh, Part};

/// Figures of a closed mesh at density 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    volume_mm3: f64,
    area_mm2: f64,
    center_of_mass_mm: [f64; 3],
    inertia_mm5: [[f64; 3]; 3],
    pub(crate) bounds: BoundingBox,
}

/// Areas may differ by this share. Triangles lean by up to 0.2 rad from the face that they approximate (planes and
/// cylinders are divided at half their angle of 0.2, see `geometry.py`), so their area is between cos 0.2 = 0.98 and
/// 1/cos 0.2 = 1.02 of the true one; of 24 shapes from fillets to threads, none deviates by more than 0.007.
const AREA_SHARE: f64 = 0.03;

/// Relative rounding error of figures that the kernel integrates.
const ROUNDING_SHARE: f64 = 1e-6;

impl Measured {
    /// Integrates over the tetrahedra that the triangles span with one vertex; None without a triangle.
    pub(crate) fn of(mesh: &Mesh) -> Option<Self> {
        let reference = mesh.vertices_mm[mesh.triangles.first()?[0] as usize];
        let (mut volume, mut area) = (0.0, 0.0);
        let (mut first, mut second) = ([0.0; 3], [[0.0; 3]; 3]);
        let mut bounds = BoundingBox { min: reference, max: reference };
        for corners in mesh.facets() {
            let [a, b, c] = corners.map(|corner| minus(corner, reference));
            let normal = cross(minus(b, a), minus(c, a));
            area += dot(normal, normal).sqrt() / 2.0;
            let determinant = dot(a, cross(b, c));
            volume += determinant / 6.0;
            let sum: [f64; 3] = std::array::from_fn(|axis| a[axis] + b[axis] + c[axis]);
            for row in 0..3 {
                first[row] += determinant * sum[row] / 24.0;
                for column in 0..3 {
                    let squares = a[row] * a[column] + b[row] * b[column] + c[row] * c[column];
                    second[row][column] += determinant * (sum[row] * sum[column] + squares) / 120.0;
                }
            }
            for corner in corners {
                for (axis, at) in corner.into_iter().enumerate() {
                    bounds.min[axis] = bounds.min[axis].min(at);
                    bounds.max[axis] = bounds.max[axis].max(at);
                }
            }
        }
        let center = first.map(|moment| moment / volume);
        let moment = |row: usize, column: usize| second[row][column] - volume * center[row] * center[column];
        let trace = moment(0, 0) + moment(1, 1) + moment(2, 2);
        let inertia_mm5 = std::array::from_fn(|row| {
            std::array::from_fn(|column| if row == column { trace } else { 0.0 } - moment(row, column))
        });
        Some(Self {
            volume_mm3: volume,
            area_mm2: area,
            center_of_mass_mm: std::array::from_fn(|axis| reference[axis] + center[axis]),
            inertia_mm5,
            bounds,
        })
    }
}

/// Compares the figures that the kernel computed for a part with those of its closed mesh; the error names the figure.
///
/// Mesh and surface are nowhere further apart than `tolerance_mm`, so their volumes differ by at most ΔV = area ×
/// tolerance. That layer is at most R from the centre of mass, with R the diagonal of the bounds: the first moment
/// differs by ΔV·R and the second by ΔV·R². Vertices lie on the surface, so bounds differ by the tolerance.
pub(crate) fn compare(part: &Part, meshed: &Measured, tolerance_mm: f64) -> Result<(), String> {
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

pub(crate) fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|axis| a[axis] - b[axis])
}

pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

#[cfg(test)]
pub(crate) mod tests {
    use contract::part_metadata::CompoundMetadata;
    use rstest::rstest;

    use design::PartRole;

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
        let measured = Measured::of(&part.mesh).expect("it has triangles");
        let found = compare(&part, &measured, 0.1);
        match expected {
            None => assert_eq!(found, Ok(())),
            Some(expected) => {
                let told = found.expect_err("a forged figure");
                assert!(told.starts_with(expected), "{told}");
            }
        }
    }

    #[test]
    fn open_or_inconsistent_triangles_are_not_closed() {
        let closed = block([0.0; 3], [1.0; 3]).triangles;
        assert!(Mesh::is_closed(&closed));
        assert!(!Mesh::is_closed(&[]));
        assert!(!Mesh::is_closed(&closed[1..]), "a hole");
        let mut turned = closed.clone();
        turned[0].swap(0, 1);
        assert!(!Mesh::is_closed(&turned), "one triangle faces inward");
        let twice = [closed.as_slice(), closed.as_slice()].concat();
        assert!(!Mesh::is_closed(&twice), "two skins share their edges");
    }
}

//! Volume, area, centre of mass, inertia and bounds of what triangles enclose.

use contract::execution::BoundingBox;

use crate::vector::{cross, determinant, length, minus};

/// Figures of a solid at density 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Volume, mm³; negative for triangles that face inward.
    pub volume_mm3: f64,
    /// Area of the surface, mm².
    pub area_mm2: f64,
    /// Centre of mass, mm; not a number for triangles that enclose nothing.
    pub center_of_mass_mm: [f64; 3],
    /// Inertia tensor about the centre of mass, mm⁵, with the products of inertia negated beside the diagonal.
    pub inertia_mm5: [[f64; 3]; 3],
    /// Bounds, mm.
    pub bounds: BoundingBox,
}

impl Moments {
    /// By the divergence theorem: sums over the signed tetrahedra between one corner and each triangle (second moments of
    /// a tetrahedron: Tonon 2004). `None` without a triangle.
    pub fn of(vertices_mm: &[[f64; 3]], triangles: &[[u32; 3]]) -> Option<Self> {
        let reference = vertices_mm[triangles.first()?[0] as usize];
        let (mut volume, mut area) = (0.0, 0.0);
        let (mut first, mut second) = ([0.0; 3], [[0.0; 3]; 3]);
        let mut bounds = BoundingBox { min: reference, max: reference };
        for corners in triangles.iter().map(|triangle| triangle.map(|corner| vertices_mm[corner as usize])) {
            let from_reference @ [a, b, c] = corners.map(|corner| minus(corner, reference));
            area += length(cross(minus(b, a), minus(c, a))) / 2.0;
            let six_volumes = determinant(from_reference);
            volume += six_volumes / 6.0;
            let sum: [f64; 3] = std::array::from_fn(|axis| a[axis] + b[axis] + c[axis]);
            for row in 0..3 {
                first[row] += six_volumes * sum[row] / 24.0;
                for column in 0..3 {
                    let squares = a[row] * a[column] + b[row] * b[column] + c[row] * c[column];
                    second[row][column] += six_volumes * (sum[row] * sum[column] + squares) / 120.0;
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

/// Volume that triangles enclose, mm³, by their corners: signed tetrahedra about the first corner, which keeps the
/// figures small far from the origin. Negative for the wall of a void.
pub fn volume_mm3(facets: impl IntoIterator<Item = [[f64; 3]; 3]>) -> f64 {
    let mut facets = facets.into_iter().peekable();
    let Some([reference, ..]) = facets.peek().copied() else { return 0.0 };
    facets.map(|corners| determinant(corners.map(|corner| minus(corner, reference)))).sum::<f64>() / 6.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of 10 × 20 × 30 mm away from the origin, against its closed form.
    #[test]
    fn block_has_the_figures_of_its_closed_form() {
        let (low, size) = ([100.0, -7.0, 3.0], [10.0, 20.0, 30.0]);
        let corner = |index: usize| std::array::from_fn(|axis| low[axis] + size[axis] * (index >> axis & 1) as f64);
        let corners: Vec<[f64; 3]> = (0..8).map(corner).collect();
        let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        let triangles: Vec<[u32; 3]> = quads.iter().flat_map(|[a, b, c, d]| [[*a, *b, *c], [*a, *c, *d]]).collect();
        let found = Moments::of(&corners, &triangles).expect("it has triangles");

        let [x, y, z] = size;
        let volume = x * y * z;
        assert!((found.volume_mm3 - volume).abs() < 1e-9 * volume);
        let facets = triangles.iter().map(|triangle| triangle.map(|corner| corners[corner as usize]));
        assert!((volume_mm3(facets) - volume).abs() < 1e-9 * volume);
        assert!((found.area_mm2 - 2.0 * (x * y + y * z + z * x)).abs() < 1e-9);
        let about = |a: f64, b: f64| volume / 12.0 * (a * a + b * b);
        let diagonal = [about(y, z), about(x, z), about(x, y)];
        for row in 0..3 {
            assert!((found.center_of_mass_mm[row] - low[row] - size[row] / 2.0).abs() < 1e-9);
            for column in 0..3 {
                let expected = if row == column { diagonal[row] } else { 0.0 };
                assert!((found.inertia_mm5[row][column] - expected).abs() < 1e-9 * diagonal[0], "{found:?}");
            }
        }
        assert_eq!(found.bounds, BoundingBox { min: low, max: [110.0, 13.0, 33.0] });
        assert_eq!(Moments::of(&corners, &[]), None);
    }
}

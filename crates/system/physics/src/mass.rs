//! Mass, centre of mass and inertia.

use crate::geometry::Geometry;

/// Mass, centre of mass and inertia of a body.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MassProperties {
    /// Mass, kg.
    pub mass_kg: f64,
    /// Centre of mass in world coordinates, mm.
    pub center_mm: [f64; 3],
    /// Inertia about the centre of mass along world axes, kg·m²: xx, yy, zz, xy, xz, yz.
    pub inertia_kg_m2: [f64; 6],
}

impl MassProperties {
    /// Of a solid of one density: volume in mm³, inertia about the centre at unit density in mm⁵, density in kg/m³.
    pub fn of_solid(volume_mm3: f64, center_mm: [f64; 3], inertia_mm5: [f64; 6], density_kg_m3: f64) -> Self {
        Self {
            mass_kg: volume_mm3 * 1e-9 * density_kg_m3,
            center_mm,
            inertia_kg_m2: inertia_mm5.map(|value| value * 1e-15 * density_kg_m3),
        }
    }

    /// True where the coordinate axes are principal ones.
    pub fn is_along_axes(&self) -> bool {
        self.inertia_kg_m2[3..].iter().all(|product| *product == 0.0)
    }

    /// Smallest principal moment of inertia, kg·m², by the closed form of a symmetric matrix's eigenvalues
    /// (O. K. Smith 1961).
    pub fn smallest_moment(&self) -> f64 {
        let [xx, yy, zz, xy, xz, yz] = self.inertia_kg_m2;
        if self.is_along_axes() {
            return xx.min(yy).min(zz);
        }
        let mean = (xx + yy + zz) / 3.0;
        let [a, b, c] = [xx - mean, yy - mean, zz - mean];
        let spread = ((a * a + b * b + c * c + 2.0 * (xy * xy + xz * xz + yz * yz)) / 6.0).sqrt();
        if spread == 0.0 {
            return mean;
        }
        let determinant = determinant([[a, xy, xz], [xy, b, yz], [xz, yz, c]]);
        let third = (determinant / (2.0 * spread.powi(3))).clamp(-1.0, 1.0).acos() / 3.0;
        mean + 2.0 * spread * (third + std::f64::consts::TAU / 3.0).cos()
    }

    /// Of a closed mesh of one density, kg/m³, by the divergence theorem: the sum over the signed tetrahedra between
    /// the first corner and each triangle (second moments of a tetrahedron: Tonon 2004). CAD computes more exact values
    /// from its solids; this is for a moved object that is only a mesh. `None` for a mesh without volume.
    pub fn of_mesh(vertices: &[[f64; 3]], triangles: &[[u32; 3]], density_kg_m3: f64) -> Option<Self> {
        let origin = *vertices.first()?;
        let (mut volume, mut first, mut second) = (0.0, [0.0; 3], [[0.0; 3]; 3]);
        for triangle in triangles {
            let corners = triangle.map(|corner| minus(vertices[corner as usize], origin));
            let part = determinant(corners) / 6.0;
            let sum: [f64; 3] = std::array::from_fn(|axis| corners.iter().map(|corner| corner[axis]).sum());
            volume += part;
            for i in 0..3 {
                first[i] += part * sum[i] / 4.0;
                for j in 0..3 {
                    let products: f64 = corners.iter().map(|corner| corner[i] * corner[j]).sum();
                    second[i][j] += part * (products + sum[i] * sum[j]) / 20.0;
                }
            }
        }
        if !(volume.is_finite() && volume > 0.0) {
            return None;
        }
        let center = first.map(|value| value / volume);
        let about = |i: usize, j: usize| second[i][j] - volume * center[i] * center[j];
        let (xx, yy, zz) = (about(0, 0), about(1, 1), about(2, 2));
        let inertia = [yy + zz, xx + zz, xx + yy, -about(0, 1), -about(0, 2), -about(1, 2)];
        let center = std::array::from_fn(|axis| origin[axis] + center[axis]);
        Some(Self::of_solid(volume, center, inertia, density_kg_m3))
    }
}

impl Geometry {
    /// Mass properties of a homogeneous solid. A primitive is centred at `center_mm` and has closed forms (see any
    /// table of moments of inertia); a mesh is where its vertices are. `None` for a mesh without volume.
    pub fn mass_properties(&self, center_mm: [f64; 3], density_kg_m3: f64) -> Option<MassProperties> {
        let (volume, diagonal) = match self {
            Self::Mesh { vertices, triangles } => return MassProperties::of_mesh(vertices, triangles, density_kg_m3),
            Self::Sphere { radius } => {
                let volume = 4.0 / 3.0 * std::f64::consts::PI * radius.powi(3);
                (volume, [0.4 * volume * radius.powi(2); 3])
            }
            Self::Cuboid { half_size: [x, y, z] } => {
                let volume = 8.0 * x * y * z;
                let about = |a: f64, b: f64| volume / 3.0 * (a * a + b * b);
                (volume, [about(*y, *z), about(*x, *z), about(*x, *y)])
            }
            Self::Cylinder { radius, half_height } => {
                let volume = 2.0 * std::f64::consts::PI * radius.powi(2) * half_height;
                let across = volume * (radius.powi(2) / 4.0 + half_height.powi(2) / 3.0);
                (volume, [across, across, volume * radius.powi(2) / 2.0])
            }
        };
        let [xx, yy, zz] = diagonal;
        Some(MassProperties::of_solid(volume, center_mm, [xx, yy, zz, 0.0, 0.0, 0.0], density_kg_m3))
    }
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|axis| a[axis] - b[axis])
}

fn determinant([a, b, c]: [[f64; 3]; 3]) -> f64 {
    a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mass_of_a_steel_ball_is_density_times_volume() {
        let properties = Geometry::Sphere { radius: 10.0 }.mass_properties([0.0; 3], 7850.0).expect("a primitive");
        // 4/3 π (0.01 m)³ · 7850 kg/m³ = 0.032882 kg; 2/5 m r² = 1.31527e-6 kg·m²
        assert!((properties.mass_kg - 0.032_882).abs() < 1e-6);
        assert!((properties.inertia_kg_m2[0] - 1.315_27e-6).abs() < 1e-10);
    }

    #[test]
    fn smallest_moment_is_the_smallest_eigenvalue() {
        let of = |inertia_kg_m2: [f64; 6]| {
            MassProperties { mass_kg: 1.0, center_mm: [0.0; 3], inertia_kg_m2 }.smallest_moment()
        };
        // A turn by 45° about z of the moments 1, 3 and 5: (1 + 3)/2 on the diagonal, (1 − 3)/2 beside it.
        assert!((of([2.0, 2.0, 5.0, -1.0, 0.0, 0.0]) - 1.0).abs() < 1e-12);
        assert_eq!(of([4.0, 3.0, 5.0, 0.0, 0.0, 0.0]), 3.0);
    }

    #[test]
    fn box_mesh_has_the_boxs_mass_and_inertia() {
        let center = [30.0, -20.0, 10.0];
        let half_size = [5.0, 10.0, 20.0];
        let vertices: Vec<[f64; 3]> = (0..8)
            .map(|i| std::array::from_fn(|axis| center[axis] + half_size[axis] * f64::from(2 * (i >> axis & 1) - 1)))
            .collect();
        let quads = [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];
        let triangles: Vec<[u32; 3]> = quads.iter().flat_map(|[a, b, c, d]| [[*a, *b, *c], [*a, *c, *d]]).collect();
        let mesh = MassProperties::of_mesh(&vertices, &triangles, 2700.0).expect("a closed mesh");
        let solid = Geometry::Cuboid { half_size }.mass_properties(center, 2700.0).expect("a primitive");
        assert!((mesh.mass_kg / solid.mass_kg - 1.0).abs() < 1e-12);
        for (of_mesh, of_solid) in mesh.inertia_kg_m2.iter().zip(solid.inertia_kg_m2) {
            assert!((of_mesh - of_solid).abs() < 1e-12 * solid.inertia_kg_m2[0], "{mesh:?} {solid:?}");
        }
        for (of_mesh, of_solid) in mesh.center_mm.iter().zip(center) {
            assert!((of_mesh - of_solid).abs() < 1e-9);
        }
    }
}

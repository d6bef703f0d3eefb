//! A part for tests.

use contract::execution::BoundingBox;
use design::{Face, FastenerHole, Mesh, Part, PartRole, Zone};

/// A box from the origin. Each side is cut in two along one diagonal, or along the other.
pub fn cuboid(size: [f64; 3], other_diagonals: bool) -> Part {
    let (mut vertices_mm, mut triangles, mut normals, mut faces) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for index in 0..8 {
        vertices_mm.push(std::array::from_fn(|axis| if index >> axis & 1 == 0 { 0.0 } else { size[axis] }));
    }
    for axis in 0..3 {
        let (second, third) = (1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3));
        for far in [0, 1] {
            let near = far << axis;
            let round = [near, near + second, near + second + third, near + third];
            let round = if other_diagonals { [round[1], round[2], round[3], round[0]] } else { round };
            let [a, b, c, d] = if far == 1 { round } else { [round[3], round[2], round[1], round[0]] };
            triangles.extend([[a, b, c], [a, c, d]]);
            let normal =
                std::array::from_fn(|other| if other == axis { if far == 1 { 1.0 } else { -1.0 } } else { 0.0 });
            normals.extend([[normal; 3]; 2]);
            let mut center_mm = size.map(|length| length / 2.0);
            center_mm[axis] = if far == 1 { size[axis] } else { 0.0 };
            faces.push(Face { area_mm2: size[(axis + 1) % 3] * size[(axis + 2) % 3], center_mm });
        }
    }
    Part {
        label: "block".to_owned(),
        role: PartRole::Zone(Zone::Goal),
        constraint: None,
        solid_count: 1,
        is_valid: true,
        volume_mm3: size.iter().product(),
        area_mm2: faces.iter().map(|face| face.area_mm2).sum(),
        center_of_mass_mm: size.map(|length| length / 2.0),
        inertia_mm5: [[0.0; 3]; 3],
        bounding_box: BoundingBox { min: [0.0; 3], max: size },
        faces,
        mesh: Mesh { vertices_mm, triangles, normals, is_watertight: true },
        internal_corners: Vec::new(),
        bores: Vec::new(),
        holes: vec![FastenerHole {
            hole_id: "pin".to_owned(),
            size: "M3".to_owned(),
            diameter_mm: 3.4,
            position_mm: [5.0, 5.0, 0.0],
            axis: [0.0, 0.0, 1.0],
            depth_mm: 5.0,
            adds_fastener: false,
        }],
    }
}

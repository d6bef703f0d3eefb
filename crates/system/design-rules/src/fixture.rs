//! Parts and designs for the tests of this crate, built by hand, so that every number is visible.

use std::sync::atomic::AtomicBool;

use contract::execution::BoundingBox;
use contract::objectives::Objectives;
use contract::part_metadata::{HolePair, PartMetadata, RigidConnection};
use design::{Bore, Design, FastenerHole, Geometry, Mesh, Part, PartRole, Zone};

/// Never cancelled.
pub static NEVER: AtomicBool = AtomicBool::new(false);

/// An aluminium part, an axis-aligned box.
pub fn cuboid(label: &str, min: [f64; 3], max: [f64; 3]) -> Part {
    let corner = |index: usize| std::array::from_fn(|axis| if index >> axis & 1 == 0 { min[axis] } else { max[axis] });
    let faces = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
    let triangles = faces.iter().flat_map(|[a, b, c, d]| [[*a, *b, *c], [*a, *c, *d]]).collect();
    let size: [f64; 3] = std::array::from_fn(|axis| max[axis] - min[axis]);
    Part {
        label: label.into(),
        role: PartRole::Part(metadata(Some("aluminum_6061"), None)),
        constraint: None,
        solid_count: 1,
        is_valid: true,
        volume_mm3: size.iter().product(),
        area_mm2: 2.0 * (size[0] * size[1] + size[1] * size[2] + size[2] * size[0]),
        center_of_mass_mm: std::array::from_fn(|axis| f64::midpoint(min[axis], max[axis])),
        inertia_mm5: [[0.0; 3]; 3],
        bounding_box: BoundingBox { min, max },
        faces: vec![],
        mesh: Mesh { vertices_mm: (0..8).map(corner).collect(), triangles, normals: Vec::new(), is_watertight: true },
        internal_corners: vec![],
        bores: vec![],
        holes: vec![],
    }
}

/// A bought part.
pub fn bought(cots_id: &str, part: Part) -> Part {
    Part { role: PartRole::Part(metadata(None, Some(cots_id))), ..part }
}

/// A goal zone of the design.
pub fn goal_zone(part: Part) -> Part {
    Part { role: PartRole::Zone(Zone::Goal), ..part }
}

fn metadata(material: Option<&str>, cots: Option<&str>) -> PartMetadata {
    PartMetadata {
        material_id: material.map(Into::into),
        cots_id: cots.map(Into::into),
        is_fixed: false,
        manufacturing_method: None,
        joint: None,
        rigid_connections: vec![],
    }
}

/// The metadata of a part that is neither a zone nor a sub-assembly.
pub fn metadata_of(part: &mut Part) -> &mut PartMetadata {
    match &mut part.role {
        PartRole::Part(metadata) => metadata,
        other => panic!("a part is expected, this is {other:?}"),
    }
}

/// Declares a vertical hole that enters at `entry` and goes down by `depth`, and cuts it.
pub fn drill(part: &mut Part, id: &str, entry: [f64; 3], depth: f64, diameter: f64, adds_fastener: bool) {
    let end = [entry[0], entry[1], entry[2] - depth];
    part.bores.push(Bore { diameter_mm: diameter, start_mm: entry, end_mm: end });
    part.holes.push(FastenerHole {
        hole_id: id.into(),
        size: "M3".into(),
        diameter_mm: diameter,
        position_mm: entry,
        axis: [0.0, 0.0, -1.0],
        depth_mm: depth,
        adds_fastener,
    });
}

/// A connection to `to` through holes of the same names.
pub fn connection(to: &str, holes: &[&str]) -> RigidConnection {
    RigidConnection { to: to.into(), holes: holes.iter().map(|hole| pair(hole, hole)).collect() }
}

/// A pair of holes.
pub fn pair(own: &str, other: &str) -> HolePair {
    HolePair { own: own.into(), other: other.into() }
}

/// A design of the given parts.
pub fn design(parts: Vec<Part>) -> Design {
    let bounding_box = BoundingBox { min: [0.0; 3], max: [0.0; 3] };
    Design {
        parts,
        bounding_box,
        interferences: vec![],
        notes: vec![],
        geometry: Geometry::default(),
        stdout: String::new(),
        stderr: String::new(),
    }
}

/// Objectives with a ball of 5 to 10 mm that starts at (0, 0, 10) ± (2, 2, 0), a goal 100 mm away, and wide bounds.
pub fn objectives() -> Objectives {
    let text = serde_json::json!({
        "objectives": {
            "goal_zone": { "min": [100, -10, 0], "max": [120, 10, 20] },
            "forbid_zones": [{ "name": "pit", "min": [-120, -10, 0], "max": [-100, 10, 20] }],
            "build_zone": { "min": [-200, -200, 0], "max": [200, 200, 200] },
        },
        "simulation_bounds": { "min": [-200, -200, -10], "max": [200, 200, 200] },
        "moved_object": {
            "label": "ball",
            "shape": "sphere",
            "static_randomization": { "radius": [5, 10] },
            "start_position": [0, 0, 10],
            "runtime_jitter": [2, 2, 0],
        },
        "constraints": { "max_unit_cost": 10, "max_weight_g": 100 },
    });
    serde_json::from_value(text).expect("the objectives of this fixture fit their schema")
}

/// Rules of the violations, in order.
pub fn rules(violations: &[contract::violations::Violation]) -> Vec<&str> {
    violations.iter().map(|violation| violation.rule.as_str()).collect()
}

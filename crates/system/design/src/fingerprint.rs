//! Hashes of parts: two parts with the same hash are the same part, wherever and whenever they were built.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    features::FastenerHole,
    parts::{Part, PartRole},
};

/// Coordinates are compared in steps of this length, mm: far below what any machine makes, far above rounding.
const RESOLUTION_MM: f64 = 1e-6;

/// Hash of one part: label, role with metadata, holes, place and shape.
pub fn part_hash(part: &Part) -> String {
    hash_of(part, true)
}

/// The same without lengths: equal for parts that differ only in their numbers.
pub fn words_hash(part: &Part) -> String {
    hash_of(part, false)
}

fn hash_of(part: &Part, with_numbers: bool) -> String {
    let mut hash = Sha256::new();
    let (kind, metadata) = match &part.role {
        PartRole::Part(metadata) => ("part", json(metadata)),
        PartRole::Compound(metadata) => ("compound", json(metadata)),
        PartRole::Zone(zone) => ("zone", format!("{zone:?}")),
    };
    for text in [&part.label, kind, &metadata, part.constraint.as_deref().unwrap_or_default()] {
        add_text(&mut hash, text);
    }
    // A hinge turns about its declared holes, wherever the surface is, so they count like the surface.
    for hole in &part.holes {
        let FastenerHole { hole_id, size, diameter_mm, position_mm, axis, depth_mm, adds_fastener } = hole;
        add_text(&mut hash, hole_id);
        add_text(&mut hash, size);
        if with_numbers {
            add_numbers(&mut hash, position_mm.iter().chain(axis).chain([diameter_mm, depth_mm]));
        }
        hash.update([u8::from(*adds_fastener)]);
    }
    hash.update((part.holes.len() as u64).to_le_bytes());
    if with_numbers {
        add_numbers(&mut hash, part.mesh.vertices_mm.iter().flatten());
        for corner in part.mesh.triangles.iter().flatten() {
            hash.update(corner.to_le_bytes());
        }
    }
    hex::encode(hash.finalize())
}

/// Adds a text with its length, so that joined texts differ.
fn add_text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}

/// Adds lengths, mm, and components of unit vectors.
fn add_numbers<'a>(hash: &mut Sha256, numbers: impl IntoIterator<Item = &'a f64>) {
    for number in numbers {
        // Adding zero makes -0 and 0 the same.
        hash.update(((number / RESOLUTION_MM).round() + 0.0).to_le_bytes());
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("metadata has text keys and finite numbers")
}

#[cfg(test)]
mod tests {
    use contract::{
        execution::BoundingBox,
        part_metadata::{JointMetadata, JointType, PartMetadata},
    };

    use super::*;
    use crate::Mesh;

    /// A triangle with a hole, on a hinge.
    fn part() -> Part {
        let joint = JointMetadata {
            kind: JointType::Hinge,
            axis: [0.0, 0.0, 1.0],
            range: None,
            via: None,
            to: Some("base".to_owned()),
            holes: None,
        };
        let metadata = PartMetadata {
            material_id: Some("aluminum_6061".to_owned()),
            cots_id: None,
            is_fixed: false,
            manufacturing_method: None,
            joint: Some(joint),
            rigid_connections: Vec::new(),
        };
        let hole = FastenerHole {
            hole_id: "pin".to_owned(),
            size: "M3".to_owned(),
            diameter_mm: 3.4,
            position_mm: [0.0, 0.0, 5.0],
            axis: [0.0, 0.0, -1.0],
            depth_mm: 5.0,
            adds_fastener: false,
        };
        Part {
            label: "lever".to_owned(),
            role: PartRole::Part(metadata),
            constraint: None,
            solid_count: 1,
            is_valid: true,
            volume_mm3: 1.0,
            area_mm2: 1.0,
            center_of_mass_mm: [0.0; 3],
            inertia_mm5: [[0.0; 3]; 3],
            bounding_box: BoundingBox { min: [0.0; 3], max: [10.0; 3] },
            faces: Vec::new(),
            mesh: Mesh {
                vertices_mm: vec![[0.0, 0.0, 0.0], [10.0, 0.0, 0.0], [0.0, 10.0, 0.0]],
                triangles: vec![[0, 1, 2]],
                normals: Vec::new(),
                is_watertight: false,
            },
            internal_corners: Vec::new(),
            bores: Vec::new(),
            holes: vec![hole],
        }
    }

    fn joint(part: &mut Part) -> &mut JointMetadata {
        let PartRole::Part(metadata) = &mut part.role else { panic!("it is a part") };
        metadata.joint.as_mut().expect("it is on a hinge")
    }

    /// Name and function of a change.
    type Change = (&'static str, fn(&mut Part));

    #[test]
    fn part_hash_covers_every_deciding_property() {
        let changes: [Change; 13] = [
            ("label", |part| part.label = "levers".to_owned()),
            ("constraint", |part| part.constraint = Some("weld:base".to_owned())),
            ("place of a hole", |part| part.holes[0].position_mm[0] += 20.0),
            ("axis of a hole", |part| part.holes[0].axis = [0.0, -1.0, 0.0]),
            ("diameter of a hole", |part| part.holes[0].diameter_mm = 4.5),
            ("depth of a hole", |part| part.holes[0].depth_mm = 4.0),
            ("fastener of a hole", |part| part.holes[0].adds_fastener = true),
            ("hole", |part| part.holes.clear()),
            ("axis of the joint", |part| joint(part).axis = [0.0, 1.0, 0.0]),
            ("range of the joint", |part| joint(part).range = Some([-1.0, 1.0])),
            ("partner of the joint", |part| joint(part).to = None),
            ("vertex", |part| part.mesh.vertices_mm[0][2] += 0.001),
            ("triangle", |part| part.mesh.triangles[0] = [0, 2, 1]),
        ];
        for (what, change) in changes {
            let mut changed = part();
            assert_eq!(part_hash(&changed), part_hash(&part()));
            change(&mut changed);
            assert_ne!(part_hash(&changed), part_hash(&part()), "{what}");
        }
    }
}

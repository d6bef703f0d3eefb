//! What exactly a check was about: hashes of the built design and of the files that decide with it.
//!
//! A check counts for the geometry that came out of the script and not for its text alone, so a script that builds
//! something else the next time it runs has not been checked.

use std::collections::BTreeMap;

use cad_runtime::{Design, Part, PartRole};
use contract::{
    handover::{Baseline, EnvironmentPart, Gate},
    objectives::Objectives,
    violations::Violation,
};
use physics::{Scene, write_mjcf};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{scene::body_of, tools::MaterialData};

/// Coordinates are compared in steps of this length, mm: far below what any machine makes, far above rounding.
const RESOLUTION_MM: f64 = 1e-6;

/// The files of a workspace that decide, with the script, what a design is worth. Absent files are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecidingFiles {
    /// The script's text.
    pub script: Vec<u8>,
    /// `objectives.yaml`.
    pub objectives: Option<Vec<u8>>,
    /// `assembly_definition.yaml`.
    pub assembly: Option<Vec<u8>>,
    /// The file that holds the moved object, where the objectives name one.
    pub moved_mesh: Option<Vec<u8>>,
}

/// SHA-256 of bytes, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Key under which checks of a design with its files are recorded.
pub fn content_key(design: &Design, files: &DecidingFiles) -> String {
    let mut hash = Sha256::new();
    for file in [Some(&files.script), files.objectives.as_ref(), files.assembly.as_ref(), files.moved_mesh.as_ref()] {
        // Absent, empty and joined files all differ.
        hash.update(file.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        hash.update(file.map_or(&[][..], |bytes| bytes));
    }
    for part in &design.parts {
        hash.update(part_hash(part));
    }
    hex(hash)
}

/// Hash of one part: label, role with metadata, holes, place and shape.
fn part_hash(part: &Part) -> String {
    let mut hash = Sha256::new();
    hash.update(part.label.as_bytes());
    let (kind, metadata) = match &part.role {
        PartRole::Part(metadata) => ("part", json(metadata)),
        PartRole::Compound(metadata) => ("compound", json(metadata)),
        PartRole::Zone(zone) => ("zone", format!("{zone:?}")),
    };
    let holes: Vec<_> =
        part.holes.iter().map(|hole| format!("{} {} {}", hole.hole_id, hole.size, hole.adds_fastener)).collect();
    for text in [kind, &metadata, part.constraint.as_deref().unwrap_or_default(), &holes.join("\n")] {
        hash.update([0]);
        hash.update(text.as_bytes());
    }
    for coordinate in part.mesh.vertices_mm.iter().flatten() {
        // Adding zero makes -0 and 0 the same.
        hash.update(((coordinate / RESOLUTION_MM).round() + 0.0).to_le_bytes());
    }
    for corner in part.mesh.triangles.iter().flatten() {
        hash.update(corner.to_le_bytes());
    }
    hex(hash)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("metadata has text keys and finite numbers")
}

/// The parts of a benchmark's environment by hash, as the script builds them and as the simulated scene has them.
///
/// # Errors
/// A part without known mass cannot stand in a scene; the sentence names it.
pub fn environment_of(design: &Design, materials: &MaterialData) -> Result<BTreeMap<String, EnvironmentPart>, String> {
    design.parts.iter().map(|part| Ok((part.label.clone(), hashes_of(part, materials)?))).collect()
}

fn hashes_of(part: &Part, materials: &MaterialData) -> Result<EnvironmentPart, String> {
    let mjcf_sha256 = if part.is_zone() {
        // A zone is no body of the scene; its place is all there is.
        part_hash(part)
    } else {
        let alone = Scene { bodies: vec![body_of(part, materials)?], ..Scene::default() };
        let mjcf = write_mjcf(&alone, None).map_err(|error| error.to_string())?;
        let mut hash = Sha256::new_with_prefix(mjcf.xml.as_bytes());
        mjcf.meshes.iter().for_each(|(_, mesh)| hash.update(mesh.as_bytes()));
        hex(hash)
    };
    Ok(EnvironmentPart { cad_sha256: part_hash(part), mjcf_sha256 })
}

/// Where objectives and environment differ from what was handed over.
pub fn changes_since(
    baseline: &Baseline,
    design: &Design,
    objectives: Option<&[u8]>,
    materials: &MaterialData,
) -> Vec<(Gate, Violation)> {
    let mut changes: Vec<_> = objectives_changed(&baseline.objectives_sha256, objectives)
        .map(|found| (Gate::Environment, found))
        .into_iter()
        .collect();
    for (label, handed_over) in &baseline.environment {
        let place = format!("part {label:?}");
        let Some(part) = design.parts.iter().find(|part| part.label == *label) else {
            let sentence = format!(
                "Immutability violation: part {label:?} of the benchmark's environment is missing; build it as \
                 environment.py does and return it beside your own parts"
            );
            changes
                .push((Gate::Environment, Violation::new("script.py", "environment.part_missing", sentence).at(place)));
            continue;
        };
        let found = match hashes_of(part, materials) {
            Ok(found) => found,
            Err(sentence) => {
                changes.push((
                    Gate::Environment,
                    Violation::new("script.py", "environment.part_changed", sentence).at(place),
                ));
                continue;
            }
        };
        let differs = if found.cad_sha256 != handed_over.cad_sha256 {
            Some(("geometry", &found.cad_sha256, &handed_over.cad_sha256))
        } else if found.mjcf_sha256 != handed_over.mjcf_sha256 {
            Some(("simulated body", &found.mjcf_sha256, &handed_over.mjcf_sha256))
        } else {
            None
        };
        if let Some((what, found, wanted)) = differs {
            let sentence = format!(
                "Immutability violation: the {what} of part {label:?} was changed since the benchmark was handed over; \
                 restore it from environment.py"
            );
            let violation = Violation::new("script.py", "environment.part_changed", sentence)
                .at(place)
                .measured(found.clone())
                .limit(wanted.clone());
            changes.push((Gate::Environment, violation));
        }
    }
    changes
}

/// Where `objectives.yaml` differs from the hash that was recorded.
pub fn objectives_changed(recorded: &str, objectives: Option<&[u8]>) -> Option<Violation> {
    let found = objectives.map_or_else(|| "absent".to_owned(), sha256);
    (found != recorded).then(|| {
        let sentence =
            "Immutability violation: objectives.yaml has been modified from the benchmark baseline; restore the file \
             that was handed over";
        Violation::new("objectives.yaml", "objectives.immutable", sentence).measured(found).limit(recorded)
    })
}

/// Caps and quantity of the objectives, as pricing wants them.
pub fn limits_of(objectives: Option<&Objectives>, fem_required: bool) -> workbench::Limits {
    workbench::Limits {
        build_zone: objectives.map(|objectives| objectives.objectives.build_zone),
        max_unit_cost: objectives.map(|objectives| objectives.constraints.max_unit_cost),
        max_weight_g: objectives.map(|objectives| objectives.constraints.max_weight_g),
        fem_required,
    }
}

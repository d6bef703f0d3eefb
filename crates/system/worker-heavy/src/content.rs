//! What exactly a check was about: hashes of the built design and of the files that decide with it.
//!
//! A check counts for the geometry that came out of the script and not for its text alone, so a script that builds
//! something else the next time it runs has not been checked. How far apart two runs may be, `likeness` says.

use std::collections::BTreeMap;

use contract::{
    gate::Gate,
    handover::{Baseline, EnvironmentPart},
    objectives::Objectives,
    violations::Violation,
};
use design::{Part, PartRole};
use sha2::{Digest, Sha256};

use crate::tools::Built;
use materials::Materials;

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
    /// The session's own `manufacturing_config.yaml`.
    pub config: Option<Vec<u8>>,
}

/// SHA-256 of bytes, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Key under which checks of parts, by their hashes, with the files beside them are recorded.
pub fn content_key(part_hashes: &[String], files: &DecidingFiles) -> String {
    let mut hash = Sha256::new();
    let DecidingFiles { script, objectives, assembly, moved_mesh, config } = files;
    let others = [objectives, assembly, moved_mesh, config].map(Option::as_ref);
    for file in std::iter::once(Some(script)).chain(others) {
        // Absent, empty and joined files all differ.
        hash.update(file.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        hash.update(file.map_or(&[][..], |bytes| bytes));
    }
    for part_hash in part_hashes {
        hash.update(part_hash);
    }
    hex(hash)
}

/// The parts of a benchmark's environment by hash: what the script builds, and the data of its material. The scene is
/// made from these two and nothing else, so how this worker writes scenes may change without changing a benchmark.
///
/// # Errors
/// A part of a material or catalogue id that nobody knows cannot stand in a scene; the sentence names it.
pub fn environment_of(built: &Built, materials: &Materials) -> Result<BTreeMap<String, EnvironmentPart>, String> {
    let parts = built.design.parts.iter().zip(&built.part_hashes);
    parts.map(|(part, hash)| Ok((part.label.clone(), hashes_of(part, hash, materials)?))).collect()
}

fn hashes_of(part: &Part, hash: &str, materials: &Materials) -> Result<EnvironmentPart, String> {
    Ok(EnvironmentPart { cad_sha256: hash.to_owned(), material_sha256: Some(material_hash(part, materials)?) })
}

/// Hash of what a simulated body takes from the data of its material, or of the catalogue.
fn material_hash(part: &Part, materials: &Materials) -> Result<String, String> {
    let mut hash = Sha256::new();
    if let PartRole::Part(metadata) = &part.role {
        if let Some(id) = &metadata.material_id {
            let material = materials.config.material(id).map_err(|error| format!("part {:?}: {error}", part.label))?;
            for figure in [material.density_kg_m3(), material.friction_coef, material.restitution] {
                hash.update(figure.to_le_bytes());
            }
        } else if let Some(bought) = metadata.cots_id.as_ref().and_then(|id| materials.bought(id)) {
            hash.update(bought.weight_g.to_le_bytes());
        }
    }
    Ok(hex(hash))
}

/// Where objectives, moved object and environment differ from what was handed over.
pub fn changes_since(baseline: &Baseline, built: &Built) -> Vec<(Gate, Violation)> {
    let Built { design, files, materials, part_hashes, .. } = built;
    let mut changes: Vec<_> = objectives_changed(&baseline.objectives_sha256, files.objectives.as_deref())
        .into_iter()
        .chain(moved_mesh_changed(baseline.moved_mesh_sha256.as_deref(), files.moved_mesh.as_deref()))
        .map(|found| (Gate::Environment, found))
        .collect();
    for (label, handed_over) in &baseline.environment {
        let place = format!("part {label:?}");
        let mut parts = design.parts.iter().zip(part_hashes);
        let Some((part, hash)) = parts.find(|(part, _)| part.label == *label) else {
            let sentence = format!(
                "Immutability violation: part {label:?} of the benchmark's environment is missing; build it as \
                 environment.py does and return it beside your own parts"
            );
            changes
                .push((Gate::Environment, Violation::new("script.py", "environment.part_missing", sentence).at(place)));
            continue;
        };
        let found = match hashes_of(part, hash, materials) {
            Ok(found) => found,
            Err(sentence) => {
                changes.push((
                    Gate::Environment,
                    Violation::new("script.py", "environment.part_changed", sentence).at(place),
                ));
                continue;
            }
        };
        let fault = |rule, sentence: String, found: &str, wanted: &str| {
            let violation = Violation::new("script.py", rule, sentence).at(place.clone()).measured(found).limit(wanted);
            (Gate::Environment, violation)
        };
        if found.cad_sha256 != handed_over.cad_sha256 {
            let sentence = format!(
                "Immutability violation: the geometry of part {label:?} was changed since the benchmark was handed over; \
                 restore it from environment.py"
            );
            changes.push(fault("environment.part_changed", sentence, &found.cad_sha256, &handed_over.cad_sha256));
        } else if let (Some(found), Some(wanted)) = (&found.material_sha256, &handed_over.material_sha256)
            && found != wanted
        {
            // The script names the same material: its data changed, by whoever keeps the material data.
            let sentence = format!(
                "Immutability violation: density, friction or bounce of the material of part {label:?} was changed in \
                 manufacturing_config.yaml since the benchmark was handed over; restore the material's data, or have the \
                 benchmark handed over again"
            );
            changes.push(fault("environment.material_changed", sentence, found, wanted));
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

/// Where the file that holds the moved object differs from the hash that was recorded.
fn moved_mesh_changed(recorded: Option<&str>, mesh: Option<&[u8]>) -> Option<Violation> {
    let absent_or = |hash: Option<String>| hash.unwrap_or_else(|| "absent".to_owned());
    let (found, recorded) = (absent_or(mesh.map(sha256)), absent_or(recorded.map(str::to_owned)));
    (found != recorded).then(|| {
        let sentence = "Immutability violation: the file that moved_object.mesh_path of objectives.yaml names was changed \
                        since the benchmark was handed over; restore the file that was handed over";
        Violation::new("objectives.yaml", "environment.moved_object_changed", sentence)
            .at("moved_object.mesh_path")
            .measured(found)
            .limit(recorded)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_mesh_must_match_the_handed_over_one() {
        let (mesh, other) = (Some(b"solid a".as_slice()), Some(b"solid b".as_slice()));
        for (recorded, found, is_told) in
            [(mesh, other, true), (mesh, None, true), (None, mesh, true), (mesh, mesh, false), (None, None, false)]
        {
            let told = moved_mesh_changed(recorded.map(sha256).as_deref(), found);
            assert_eq!(told.is_some(), is_told, "{told:?}");
        }
    }
}

//! What was handed over and may not change: objectives, moved object and environment, by hash.

use std::collections::BTreeMap;

use contract::{
    gate::{Finding, Gate},
    handover::{Baseline, EnvironmentPart},
    objectives::Objectives,
    violations::Violation,
};
use design::{Design, Part, PartRole};
use design_rules::moved_part;
use materials::Materials;
use sha2::{Digest, Sha256};

use crate::{
    built::{Built, NotBuilt},
    content::sha256,
};

/// The parts of a benchmark's environment by hash: what the script builds, and the data of its material. The scene is
/// made from these two and nothing else, so how this worker writes scenes may change without changing a benchmark.
///
/// # Errors
/// A part with an unknown material or catalogue id cannot be in a scene; the sentence names it.
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
    Ok(hex::encode(hash.finalize()))
}

/// Where objectives, moved object and environment differ from what was handed over.
fn changes_since(baseline: &Baseline, built: &Built) -> Vec<Finding> {
    let Built { design, files, materials, part_hashes, .. } = built;
    let mut changes: Vec<_> = objectives_changed(&baseline.objectives_sha256, files.objectives.as_deref())
        .into_iter()
        .chain(moved_mesh_changed(baseline.moved_mesh_sha256.as_deref(), files.moved_mesh.as_deref()))
        .map(|found| Gate::Environment.finding(found))
        .collect();
    for (label, handed_over) in &baseline.environment {
        let place = format!("part {label:?}");
        let mut parts = design.parts.iter().zip(part_hashes);
        let Some((part, hash)) = parts.find(|(part, _)| part.label == *label) else {
            let sentence = format!(
                "Immutability violation: part {label:?} of the benchmark's environment is missing; build it as \
                 environment.py does and return it beside your own parts"
            );
            let missing = Violation::new("script.py", "environment.part_missing", sentence).at(place);
            changes.push(Gate::Environment.finding(missing));
            continue;
        };
        let found = match hashes_of(part, hash, materials) {
            Ok(found) => found,
            Err(sentence) => {
                let changed = Violation::new("script.py", "environment.part_changed", sentence).at(place);
                changes.push(Gate::Environment.finding(changed));
                continue;
            }
        };
        let fault = |rule, sentence: String, found: &str, wanted: &str| {
            let violation = Violation::new("script.py", rule, sentence).at(place.clone()).measured(found).limit(wanted);
            Gate::Environment.finding(violation)
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
    let foreign = foreign_moved_part(&built.design, built.objectives.as_ref(), baseline);
    changes.extend(foreign.map(|found| Gate::Environment.finding(found)));
    changes
}

/// Refuses a design whose environment or objectives are not those that were handed over to its session.
///
/// # Errors
/// [`NotBuilt::Rejected`] with everything that was changed.
pub fn hold_to_baseline(built: Built) -> Result<Built, NotBuilt> {
    let changes = built.baseline.as_ref().map(|baseline| changes_since(baseline, &built)).unwrap_or_default();
    NotBuilt::unless_empty(changes)?;
    Ok(built)
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

/// The violation of a design in which a part that was not handed over takes the place of the moved object: the solution
/// of a benchmark does not bring the object that is to be moved.
fn foreign_moved_part(design: &Design, objectives: Option<&Objectives>, baseline: &Baseline) -> Option<Violation> {
    let label = &objectives?.moved_object.label;
    // A fixed part is no moved object, and refused where the scene is made.
    let part = moved_part(design, label).ok().flatten()?;
    if baseline.environment.contains_key(&part.label) {
        return None;
    }
    let own = &part.label;
    let sentence = format!(
        "Immutability violation: part {own:?} would take the place of the moved object {label:?}, but is no part of the \
         benchmark's environment; give it another label"
    );
    Some(Violation::new("script.py", "environment.moved_object_replaced", sentence).at(format!("part {own:?}")))
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

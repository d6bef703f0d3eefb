//! `assembly_definition.yaml`: whether an estimate is complete, consistent and within its caps.
//!
//! | Rule | Broken when |
//! |---|---|
//! | `assembly.template` | the file holds the marker of a template or placeholders |
//! | `assembly.unit` | a unit is not mm, mm3, g or USD |
//! | `assembly.unknown_method` | a part's manufacturing method is not known |
//! | `assembly.method_field` | a field that the method needs is missing: stock and removed volume, or wall thickness |
//! | `assembly.negative`, `.not_positive` | a number is below, or not above, zero |
//! | `assembly.quantity` | less than one piece |
//! | `assembly.duplicate_part` | two parts share a name or id |
//! | `assembly.duplicate_id` | two sub-assemblies, joints, wires or components share an id |
//! | `assembly.blank_name` | a name or id is blank |
//! | `assembly.unknown_part` | assembly, joint or component names a part that is not listed |
//! | `assembly.joint_parts` | a joint joins fewer than two parts |
//! | `assembly.unused_cots` | a bought part is in no assembly |
//! | `assembly.unknown_dof`, `.duplicate_dof`, `.no_dofs`, `.frequency` | a part's motion is wrong |
//! | `assembly.unknown_wire_end` | a wire does not end at a component |
//! | `assembly.planner_above_cap` | a planner's target is above the cap of the file or of the objectives |
//! | `assembly.cap_differs` | a cap of the file differs from that of the objectives |
//! | `assembly.over_target` | totals, declared or recomputed, are above the planner's target |
//! | `assembly.totals_deviate` | declared totals are not the sum of the parts |
//!
//! Unknown fields are ignored.

mod budget;
mod electronics;
mod parts;
mod structure;

use std::{collections::HashSet, sync::LazyLock};

use contract::{
    assembly::{AssemblyDefinition, CostingEstimate, PartConfig, SubassemblyEstimate, Units},
    objectives::Objectives,
    violations::{Checked, Violation},
};
use serde_json::{Value, json};

use crate::{
    placeholders,
    report::{Artifact, Report, broken},
    unique::repeated,
    wording::quoted,
    yaml::{self, Field, Schema},
};

const ARTIFACT: Artifact = Artifact { file: "assembly_definition.yaml", name: "assembly" };

/// Methods have more spellings than the type's schema says, and an element of the assembly is one of two types, which
/// the contract type distinguishes by trying; both are checked by hand.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    Schema::of::<AssemblyDefinition>(&[
        ("/properties/manufactured_parts/items/properties/manufacturing_method", json!({"type": "string"})),
        ("/properties/final_assembly/items", json!({"type": "object"})),
    ])
});
static SUBASSEMBLY: LazyLock<Schema> = LazyLock::new(|| Schema::of::<SubassemblyEstimate>(&[]));
static SINGLE_PART: LazyLock<Schema> = LazyLock::new(|| Schema::of::<PartConfig>(&[]));

/// Checks a definition, and its caps against those of the objectives where these are known.
pub fn check(bytes: &[u8], objectives: Option<&Objectives>) -> Checked<AssemblyDefinition> {
    let mut report = Report::new(ARTIFACT);
    let Some(text) = report.text(bytes) else { return report.finish(None) };
    if placeholders::report(&mut report, text) {
        return report.finish(None);
    }
    let Some(document) = yaml::read(&mut report, text, 0) else { return report.finish(None) };
    let value = fitting(&mut report, &document, text);
    let root = Field::root(&document);
    check_units(&mut report, &root.at("units"));
    budget::check_caps(&mut report, &root.at("constraints"), objectives);
    let listed = parts::check(&mut report, &root);
    let assembled = structure::check(&mut report, &root.at("final_assembly"), &listed);
    structure::check_bought_parts_are_used(&mut report, &root.at("cots_parts"), &assembled);
    electronics::check(&mut report, &root.at("electronics"), &listed, &assembled);
    budget::check_declared_totals(&mut report, &root);
    report.finish(value)
}

/// Compares the declared totals with what the parts of the definition cost and weigh.
pub fn check_totals(definition: &AssemblyDefinition, estimate: &CostingEstimate) -> Vec<Violation> {
    let mut report = Report::new(ARTIFACT);
    budget::check_recomputed_totals(&mut report, definition, estimate);
    report.into_violations()
}

/// The document as its contract type, when it fits the schema.
fn fitting(report: &mut Report, document: &Value, text: &str) -> Option<AssemblyDefinition> {
    let mut shape = Report::new(ARTIFACT);
    SCHEMA.check(&mut shape, document, "");
    for node in Field::root(document).at("final_assembly").items() {
        let Some(element) = node.value().filter(|element| element.is_object()) else { continue };
        if is_subassembly(&node) {
            SUBASSEMBLY.check(&mut shape, element, node.place());
        } else {
            SINGLE_PART.check(&mut shape, element, node.place());
        }
    }
    let methods = Field::root(document).at("manufactured_parts").items();
    let is_known = methods.iter().all(|part| parts::has_known_method(part));
    let value = if shape.is_clean() && is_known { yaml::typed(&mut shape, text, document, &SCHEMA) } else { None };
    report.append(shape);
    value
}

/// An element of the assembly is a sub-assembly when it has any field that only those have.
fn is_subassembly(node: &Field) -> bool {
    ["subassembly_id", "parts", "joints"].iter().any(|key| !node.at(key).is_absent())
}

fn check_units(report: &mut Report, units: &Field) {
    let Units { length, volume, mass, currency } = Units::default();
    for (key, known) in [("length", length), ("volume", volume), ("mass", mass), ("currency", currency)] {
        let unit = units.at(key);
        if let Some(found) = unit.text().filter(|found| *found != known) {
            let message = format!("units.{key} must be {known}, found {}; convert the figures", quoted(&found));
            report.add(broken("unit", message).at(unit.place()).measured(found).limit(known));
        }
    }
}

/// `assembly.blank_name`: the text, when it is there, has words.
fn check_named(report: &mut Report, field: &Field) {
    if field.text().is_some_and(|name| name.trim().is_empty()) {
        report.add(broken("blank_name", format!("{} must not be blank", field.place())).at(field.place()));
    }
}

/// `assembly.blank_name` and `assembly.duplicate_id` for the ids of a list; returns them.
fn check_ids<'a>(report: &mut Report, ids: impl IntoIterator<Item = Field<'a>>) -> HashSet<String> {
    let mut names = Vec::new();
    for id in ids {
        check_named(report, &id);
        names.extend(id.text().map(|text| (text, id.place().to_owned())));
    }
    for twice in repeated(names.iter().cloned()) {
        let message = format!("the id {} is already used at {}; ids must be unique", quoted(&twice.name), twice.first);
        report.add(broken("duplicate_id", message).at(twice.again).measured(twice.name));
    }
    names.into_iter().map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests;

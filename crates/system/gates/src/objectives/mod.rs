//! `objectives.yaml`: whether the task is consistent before anyone works on it.
//!
//! | Rule | Broken when |
//! |---|---|
//! | `objectives.template` | the file holds the marker of a template or placeholders |
//! | `objectives.zone_order` | a zone's `min` is not below its `max` on some axis |
//! | `objectives.zone_outside_bounds` | goal, build, forbidden or restricted zone leaves `simulation_bounds` |
//! | `objectives.goal_in_forbid_zone` | goal and a forbidden zone overlap |
//! | `objectives.start_outside_bounds` | the moved object may start partly outside `simulation_bounds` |
//! | `objectives.start_in_goal` | it may touch the goal where it starts |
//! | `objectives.start_in_forbid_zone` | it may touch a forbidden zone where it starts |
//! | `objectives.duplicate_zone_name` | two zones share a name |
//! | `objectives.blank_name` | a zone, part or object has no name |
//! | `objectives.radius_range` | the smallest radius is above the largest |
//! | `objectives.unknown_shape` | the moved object is not a sphere, box, cylinder or mesh |
//! | `objectives.mesh_missing` | it is a mesh without a file name |
//! | `objectives.not_positive`, `.negative` | a cap, radius, jitter, voltage … is not above, or is below, zero |
//! | `objectives.unknown_compute_target` | it is not one of `auto`, `cpu`, `gpu`, `cuda` |
//! | `objectives.fluids_unsupported` | there are fluids, and the backend does not support them |
//! | `objectives.duplicate_part_name` | two moving parts share a name |
//! | `objectives.motor_control` | a motor without control, or a passive part with one |
//! | `objectives.no_dofs`, `.unknown_dof`, `.duplicate_dof`, `.frequency` | a moving part's motion is wrong |
//!
//! Zones that share only a face do not overlap. Unknown fields are ignored.

mod electronics;
mod geometry;
mod moved_object;
mod moving_parts;
mod zones;

use std::sync::LazyLock;

use contract::{backend::SimulatorBackend, objectives::Objectives, violations::Checked};
use serde_json::{Value, json};

use crate::{
    numbers, placeholders,
    report::{Artifact, Report, broken},
    wording::{listed, quoted},
    yaml::{self, Field, Schema},
};

const ARTIFACT: Artifact = Artifact { file: "objectives.yaml", name: "objectives" };

/// Allowed compute targets.
const COMPUTE_TARGETS: [&str; 4] = ["auto", "cpu", "gpu", "cuda"];

/// The caps are written in one of two ways, which the contract type distinguishes by trying; here each is named. The
/// entries of a list of fluids are not specified yet, but each is a mapping.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let caps = json!({
        "type": "object",
        "required": ["max_unit_cost"],
        "properties": {
            "max_unit_cost": {"type": "number"},
            "max_weight_g": {"type": "number"},
            "max_weight": {"type": "number"},
            "target_quantity": {"type": ["integer", "null"]},
        },
    });
    let mapping = json!({"type": "object"});
    Schema::of::<Objectives>(&[
        ("/properties/constraints", caps),
        ("/properties/fluids/items", mapping.clone()),
        ("/properties/objectives/properties/fluid_objectives/items", mapping.clone()),
        ("/properties/objectives/properties/stress_objectives/items", mapping),
    ])
});

/// Checks the objectives. A file with the marker of a template counts as absent: that is its only violation.
pub fn check(bytes: &[u8]) -> Checked<Objectives> {
    let mut report = Report::new(ARTIFACT);
    let Some(text) = report.text(bytes) else { return report.finish(None) };
    if placeholders::report(&mut report, text) {
        return report.finish(None);
    }
    let Some(document) = yaml::read(&mut report, text, 0) else { return report.finish(None) };
    let value = fitting(&mut report, &document, text);
    let root = Field::root(&document);
    zones::check(&mut report, &root);
    moved_object::check(&mut report, &root);
    check_caps(&mut report, &root.at("constraints"));
    check_physics(&mut report, &root);
    moving_parts::check(&mut report, &root.at("moving_parts"));
    electronics::check(&mut report, &root.at("electronics_requirements"));
    report.finish(value)
}

/// The document as its type, when it fits the schema.
fn fitting(report: &mut Report, document: &Value, text: &str) -> Option<Objectives> {
    let mut shape = Report::new(ARTIFACT);
    SCHEMA.check(&mut shape, document, "");
    let caps = Field::root(document).at("constraints");
    if caps.value().is_some_and(Value::is_object)
        && caps.at("max_weight_g").is_absent()
        && caps.at("max_weight").is_absent()
    {
        let message = "constraints.max_weight_g is missing; write the cap on the weight in grams";
        shape.add(broken("missing_field", message).at("constraints.max_weight_g"));
    }
    let value = if shape.is_clean() { yaml::typed(&mut shape, text, document, &SCHEMA) } else { None };
    report.append(shape);
    value
}

fn check_caps(report: &mut Report, caps: &Field) {
    numbers::positive(report, &caps.at("max_unit_cost"), "USD");
    let grams = caps.at("max_weight_g");
    if grams.is_absent() {
        numbers::positive(report, &caps.at("max_weight"), "kg");
    } else {
        numbers::positive(report, &grams, "g");
    }
    numbers::positive(report, &caps.at("target_quantity"), "");
}

fn check_physics(report: &mut Report, root: &Field) {
    let physics = root.at("physics");
    numbers::positive(report, &physics.at("max_kinetic_energy_j"), "J");
    let target = physics.at("compute_target");
    if let Some(name) = target.text().filter(|name| !COMPUTE_TARGETS.contains(&name.as_str())) {
        let message = format!("compute_target must be one of {}, found {}", listed(&COMPUTE_TARGETS), quoted(&name));
        let violation = broken("unknown_compute_target", message).at(target.place()).measured(name);
        report.add(violation.limit(COMPUTE_TARGETS.as_slice()));
    }
    let fluids = root.at("fluids").items().len() + root.at("objectives").at("fluid_objectives").items().len();
    if fluids > 0 && physics.at("backend").read() == Some(SimulatorBackend::Mujoco) {
        let message = "MuJoCo backend does not support fluids. Use Genesis instead.";
        report.add(broken("fluids_unsupported", message).at("physics.backend").measured("mujoco").limit("genesis"));
    }
}

/// `objectives.blank_name`: the text, when it is there, has words.
fn check_named(report: &mut Report, field: &Field) {
    if field.text().is_some_and(|name| name.trim().is_empty()) {
        report.add(broken("blank_name", format!("{} must not be blank", field.place())).at(field.place()));
    }
}

#[cfg(test)]
mod tests;

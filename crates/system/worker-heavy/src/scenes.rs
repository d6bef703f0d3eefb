//! What the scene of a design is made of, and what is said about a body that does not fit into it.

use std::collections::BTreeMap;

use handover::Built;
use physics::{Body, Mobility};
use scene::SceneSources;

/// What a scene of a design is made of, with full power for its motors, in the variation that its objectives name.
pub fn scene_sources(built: &Built) -> SceneSources<'_> {
    static ALL_FULL: BTreeMap<String, f64> = BTreeMap::new();
    SceneSources {
        design: &built.design,
        objectives: built.objectives.as_ref(),
        assembly: built.assembly.as_ref().and_then(|checked| checked.value.as_ref()),
        moved_mesh: built.files.moved_mesh.as_deref(),
        materials: &built.materials,
        motor_power: &ALL_FULL,
        variation_id: built.objectives.as_ref().and_then(|it| it.randomization.static_variation_id.as_deref()),
    }
}

/// What is said about a body that reaches below the ground.
pub fn below_ground(body: &Body, depth_mm: f64) -> String {
    let label = &body.label;
    if body.mobility == Mobility::Fixed {
        format!(
            "{label:?} reaches {depth_mm:.1} mm below z = 0, where the simulation has its ground: nothing that moves gets \
             there; build upwards from z = 0"
        )
    } else {
        format!(
            "{label:?} starts {depth_mm:.1} mm below z = 0, where the simulation has its ground, and is thrown up at the \
             start; lift it"
        )
    }
}

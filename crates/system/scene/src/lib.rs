//! From a built design, its objectives and its plan to a scene that can be simulated.
//!
//! It knows materials and the engine-neutral scene of `physics`, and no session, request or engine.

mod bodies;
mod freedoms;
mod motors;
mod moved_object;

use std::collections::BTreeMap;

use contract::{assembly::AssemblyDefinition, objectives::Objectives, variation::StaticVariation};
use design::Design;
use design_rules::moved_part;
use physics::{Scene, SceneZone, ZoneKind};

pub use self::moved_object::mesh_at_start;
use materials::Materials;

/// Everything that a scene is made of.
#[derive(Clone, Copy)]
pub struct SceneSources<'call> {
    /// Parts.
    pub design: &'call Design,
    /// Zones, bounds, the moved object, moving parts of the environment.
    pub objectives: Option<&'call Objectives>,
    /// Motors of the solution.
    pub assembly: Option<&'call AssemblyDefinition>,
    /// Shape of a moved object that is a mesh: the bytes of an STL file.
    pub moved_mesh: Option<&'call [u8]>,
    /// Materials and bought parts.
    pub materials: &'call Materials,
    /// Share of its command that a motor gets, by part; all of it when not named.
    pub motor_power: &'call BTreeMap<String, f64>,
    /// Id of the static variation.
    pub variation_id: Option<&'call str>,
}

/// Builds the scene, with the moved object at its nominal start, and returns what the variation fixed in it.
///
/// The moved object is the part with exactly its label, or exactly `target_box`; where the design has none, the
/// objectives' shape is spawned at the start position.
///
/// # Errors
/// A message for the author of the design: which part, joint, motor or field of the objectives cannot be simulated.
pub fn scene_of(sources: &SceneSources) -> Result<(Scene, Option<StaticVariation>), String> {
    let SceneSources { design, objectives, materials, .. } = *sources;
    let parts: Vec<_> = design.parts.iter().filter(|part| !part.is_zone()).collect();
    let mut bodies =
        parts.iter().map(|part| bodies::jointed_body_of(part, design, materials)).collect::<Result<Vec<_>, _>>()?;
    let welds = bodies::welds_of(design)?;
    let actuators = motors::motors_of(sources)?;
    let mut variation = sources.variation_id.map(moved_object::variation);
    let Some(objectives) = objectives else {
        return Ok((Scene { bodies, welds, actuators, ..Scene::default() }, variation));
    };

    let moved_part = moved_part(design, &objectives.moved_object.label).map_err(|violation| violation.message)?;
    let moved_object = if let Some(part) = moved_part {
        part.label.clone()
    } else {
        let spawned = moved_object::spawn(&objectives.moved_object, sources.moved_mesh, variation.as_mut())?;
        let label = spawned.label.clone();
        bodies.push(spawned);
        label
    };
    let goal = SceneZone { kind: ZoneKind::Goal, zone: objectives.objectives.goal_zone };
    let forbidden = objectives.objectives.forbid_zones.iter().map(|zone| SceneZone {
        kind: ZoneKind::Forbidden { name: zone.name.clone() },
        zone: contract::objectives::Zone { min: zone.min, max: zone.max },
    });
    let scene = Scene {
        bodies,
        welds,
        actuators,
        zones: std::iter::once(goal).chain(forbidden).collect(),
        bounds: Some(objectives.simulation_bounds),
        moved_object: Some(moved_object),
    };
    Ok((scene, variation))
}

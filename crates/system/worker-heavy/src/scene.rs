//! From a built design and its objectives to a scene that can be simulated.

use cad_runtime::{Design, Part, PartRole};
use contract::{
    limits::MOVED_OBJECT_DENSITY_KG_M3,
    objectives::{MovedObject, Objectives},
    part_metadata::JointType,
};
use physics::{Body, Geometry, MassProperties, Mobility, Scene, SceneZone, ZoneKind};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::tools::MaterialData;

/// Radius of a moved object whose objectives give none, mm.
const DEFAULT_RADIUS_MM: f64 = 10.0;

/// Builds the scene. `seed` decides the jitter of the start, within the objectives' limits.
///
/// The moved object is the part that carries its label, or `target_box`, or `target` or `bucket` in its label; where
/// the design has none, the objectives' shape is spawned at the start position.
pub fn scene_of(
    design: &Design,
    objectives: Option<&Objectives>,
    materials: &MaterialData,
    seed: u64,
) -> Result<Scene, String> {
    let parts = design.parts.iter().filter(|part| !part.is_zone());
    let mut bodies = parts.map(|part| body_of(part, materials)).collect::<Result<Vec<_>, _>>()?;
    let Some(objectives) = objectives else { return Ok(Scene { bodies, ..Scene::default() }) };

    let moved_object = if let Some(label) = moved_part(&bodies, &objectives.moved_object.label) {
        label
    } else {
        let spawned = spawn(&objectives.moved_object, jitter(objectives, seed))?;
        let label = spawned.label.clone();
        bodies.push(spawned);
        label
    };
    let goal = SceneZone { kind: ZoneKind::Goal, zone: objectives.objectives.goal_zone };
    let forbidden = objectives.objectives.forbid_zones.iter().map(|zone| SceneZone {
        kind: ZoneKind::Forbidden { name: zone.name.clone() },
        zone: contract::objectives::Zone { min: zone.min, max: zone.max },
    });
    Ok(Scene {
        bodies,
        zones: std::iter::once(goal).chain(forbidden).collect(),
        bounds: Some(objectives.simulation_bounds),
        moved_object: Some(moved_object),
    })
}

/// The body of one part that is no zone.
pub fn body_of(part: &Part, materials: &MaterialData) -> Result<Body, String> {
    let label = &part.label;
    let metadata = match &part.role {
        PartRole::Part(metadata) => Some(metadata),
        PartRole::Compound(_) | PartRole::Zone(_) => None,
    };
    let material = match metadata.and_then(|metadata| metadata.material_id.as_ref()) {
        Some(id) => Some(materials.config.material(id).map_err(|error| format!("part {label:?}: {error}"))?),
        None => None,
    };
    let mobility = match part.joint() {
        _ if part.is_fixed() => Mobility::Fixed,
        None => Mobility::Free,
        Some(joint) => match joint.kind {
            JointType::Hinge => Mobility::Hinge { axis: joint.axis, range_rad: joint.range },
            JointType::Slide => Mobility::Slide { axis: joint.axis, range_mm: joint.range },
        },
    };
    let bought = metadata.and_then(|metadata| metadata.cots_id.as_ref());
    let density = match (material, bought) {
        (Some(material), _) => material.density_kg_m3(),
        // A body that never moves needs no mass.
        (None, _) if mobility == Mobility::Fixed => 0.0,
        // A bought part weighs what its catalogue says, spread evenly over its shape.
        (None, Some(id)) => {
            let bought =
                materials.bought(id).ok_or_else(|| format!("part {label:?}: {id:?} is not in the catalogue"))?;
            (bought.weight_g / 1e3) / (part.volume_mm3 / 1e9)
        }
        (None, None) => {
            return Err(format!(
                "part {label:?} can move but has no material_id and no cots_id, so its mass is unknown; give it a \
                 material of manufacturing_config.yaml"
            ));
        }
    };
    let [[xx, xy, xz], [_, yy, yz], [_, _, zz]] = part.inertia_mm5;
    Ok(Body {
        label: label.clone(),
        geometry: Geometry::Mesh { vertices: part.mesh.vertices_mm.clone(), triangles: part.mesh.triangles.clone() },
        mass: MassProperties::of_solid(part.volume_mm3, part.center_of_mass_mm, [xx, yy, zz, xy, xz, yz], density),
        mobility,
        friction: material.map_or(0.5, |material| material.friction_coef),
        color: material.map_or([0.5; 3], workbench::Material::rgb),
    })
}

fn moved_part(bodies: &[Body], label: &str) -> Option<String> {
    let is_meant = |name: &str| name.contains("target") || name.contains("bucket");
    let find = |wanted: &dyn Fn(&str) -> bool| bodies.iter().find(|body| wanted(&body.label));
    find(&|name| name == label)
        .or_else(|| find(&|name| name == "target_box"))
        .or_else(|| find(&is_meant))
        .map(|body| body.label.clone())
}

/// Deviation of the start, mm: uniform within ± the limit of each axis, the same for the same seed.
fn jitter(objectives: &Objectives, seed: u64) -> [f64; 3] {
    if objectives.randomization.runtime_jitter_enabled == Some(false) {
        return [0.0; 3];
    }
    let mut random = StdRng::seed_from_u64(seed);
    objectives.moved_object.runtime_jitter.map(|limit| random.random_range(-1.0..=1.0) * limit)
}

fn spawn(object: &MovedObject, jitter: [f64; 3]) -> Result<Body, String> {
    let size = object.static_randomization.radius.map_or(DEFAULT_RADIUS_MM, |[low, high]| f64::midpoint(low, high));
    if !(size.is_finite() && size > 0.0) {
        return Err(format!("objectives.yaml: moved_object.static_randomization.radius gives a radius of {size} mm"));
    }
    let geometry = match object.shape.as_str() {
        "sphere" => Geometry::Sphere { radius: size },
        "box" => Geometry::Cuboid { half_size: [size; 3] },
        "cylinder" => Geometry::Cylinder { radius: size, half_height: size },
        other => {
            let sentence = "objectives.yaml: moved_object.shape is";
            return Err(format!("{sentence} {other:?}; sphere, box and cylinder can be spawned"));
        }
    };
    let center = std::array::from_fn(|axis| object.start_position[axis] + jitter[axis]);
    let mass = geometry
        .mass_properties(center, MOVED_OBJECT_DENSITY_KG_M3)
        .ok_or_else(|| "a spawned object is always a primitive".to_owned())?;
    let color = [0.95, 0.55, 0.1];
    Ok(Body { label: object.label.clone(), geometry, mass, mobility: Mobility::Free, friction: 0.5, color })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objectives(jitter: [f64; 3]) -> Objectives {
        let text = format!(
            "objectives: {{goal_zone: {{min: [0,0,0], max: [1,1,1]}}, build_zone: {{min: [0,0,0], max: [1,1,1]}}}}\n\
             simulation_bounds: {{min: [0,0,0], max: [1,1,1]}}\n\
             moved_object: {{label: ball, shape: sphere, start_position: [0,0,0], runtime_jitter: {jitter:?}}}\n\
             constraints: {{max_unit_cost: 1.0, max_weight_g: 1.0}}\n"
        );
        serde_yaml::from_str(&text).expect("a valid file")
    }

    #[test]
    fn jitter_stays_within_its_limits_and_repeats_with_its_seed() {
        let objectives = objectives([2.0, 0.0, 1.0]);
        for seed in 0..200 {
            let [x, y, z] = jitter(&objectives, seed);
            assert!(x.abs() <= 2.0 && y == 0.0 && z.abs() <= 1.0, "{x} {y} {z}");
            assert_eq!(jitter(&objectives, seed), [x, y, z]);
        }
        assert_ne!(jitter(&objectives, 1), jitter(&objectives, 2));
    }

    #[test]
    fn an_unknown_shape_is_named_with_the_known_ones() {
        let mut objectives = objectives([0.0; 3]);
        objectives.moved_object.shape = "torus".into();
        let error = spawn(&objectives.moved_object, [0.0; 3]).expect_err("no torus can be spawned");
        assert!(error.contains("torus") && error.contains("sphere"), "{error}");
    }
}

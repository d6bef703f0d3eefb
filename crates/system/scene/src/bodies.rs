//! Parts as bodies: mass, friction and restitution of their material, and what they are joined to.

use std::collections::BTreeSet;

use contract::part_metadata::{JointMetadata, JointSupport, JointType};
use design::{Design, Part};
use materials::Materials;
use physics::{Body, Geometry, MassProperties, Mobility, Weld};

/// Friction and restitution of a part of unknown material, such as a bought one.
const UNKNOWN_FRICTION: f64 = 0.5;
const UNKNOWN_RESTITUTION: f64 = 0.5;

/// The body of one part that is not a zone, by itself.
fn body_of(part: &Part, materials: &Materials) -> Result<Body, String> {
    let label = &part.label;
    let metadata = part.metadata();
    let material = match metadata.and_then(|metadata| metadata.material_id.as_ref()) {
        Some(id) => Some(materials.config.material(id).map_err(|error| format!("part {label:?}: {error}"))?),
        None => None,
    };
    let mobility = match part.joint() {
        _ if part.is_fixed() => Mobility::Fixed,
        None => Mobility::Free,
        Some(joint) => match joint.kind {
            JointType::Hinge => Mobility::Hinge { axis: joint.axis, anchor_mm: None, range_rad: joint.range },
            JointType::Slide => Mobility::Slide { axis: joint.axis, range_mm: joint.range },
        },
    };
    let bought = metadata.and_then(|metadata| metadata.cots_id.as_ref());
    let density = match (material, bought) {
        (Some(material), _) => material.density_kg_m3(),
        // A body that never moves needs no mass.
        (None, _) if mobility == Mobility::Fixed => 0.0,
        // A bought part has its catalogue weight, spread evenly over its shape.
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
        parent: None,
        friction: material.map_or(UNKNOWN_FRICTION, |material| material.friction_coef),
        restitution: material.map_or(UNKNOWN_RESTITUTION, |material| material.restitution),
        color: material.map_or([0.5; 3], materials::Material::rgb),
    })
}

/// The body of one part, with its joint where the design's other parts put it.
pub(crate) fn jointed_body_of(part: &Part, design: &Design, materials: &Materials) -> Result<Body, String> {
    let mut body = body_of(part, materials)?;
    let Some(joint) = part.joint().filter(|_| body.mobility.is_jointed()) else { return Ok(body) };
    let label = &part.label;
    if joint.kind == JointType::Slide && joint.via == Some(JointSupport::Motor) {
        return Err(format!(
            "part {label:?} slides via motor, but a motor turns: it gives a torque (N·m), not a force (N); make the \
             joint a hinge, or take `via` away and give the part's control a force_limit"
        ));
    }
    let other = joint.to.as_deref().map(|to| other_part(design, part, to, "its joint")).transpose()?;
    if let Mobility::Hinge { anchor_mm, .. } = &mut body.mobility {
        *anchor_mm = anchor_of(part, other, joint)?;
    }
    body.parent = other.map(|other| other.label.clone());
    Ok(body)
}

/// The other part that a joint or connection of a part names; zones and the part itself are not valid.
fn other_part<'design>(design: &'design Design, part: &Part, to: &str, what: &str) -> Result<&'design Part, String> {
    let found = design.parts.iter().find(|other| !other.is_zone() && other.label == to && other.label != part.label);
    found.ok_or_else(|| format!("part {:?}: {what} names {to:?}, which is missing or the part itself", part.label))
}

/// A point of a hinge's axis, mm: the part's own hole where the joint names one, else the middle of the bearing or motor
/// that it turns on; `None` for a hinge that does not turn on another part. A bearing's middle is on its axis; a motor
/// whose shaft is not in its middle needs the hole.
fn anchor_of(part: &Part, other: Option<&Part>, joint: &JointMetadata) -> Result<Option<[f64; 3]>, String> {
    let label = &part.label;
    if let Some(pair) = &joint.holes {
        let hole = part.holes.iter().find(|hole| hole.hole_id == pair.own);
        let hole =
            hole.ok_or_else(|| format!("part {label:?}: its joint is in hole {:?}, which it has not", pair.own))?;
        return Ok(Some(hole.position_mm));
    }
    match (joint.via, other) {
        (None, _) => Ok(None),
        (Some(JointSupport::ThroughHole), _) => Err(format!(
            "part {label:?} turns via through_hole without saying in which holes; give its joint `holes` with one of each \
             part"
        )),
        (Some(JointSupport::Bearing | JointSupport::Motor), Some(other)) => Ok(Some(other.center_of_mass_mm)),
        (Some(JointSupport::Bearing | JointSupport::Motor), None) => {
            Err(format!("part {label:?} turns on a bearing or motor that it does not name; give its joint `to`"))
        }
    }
}

/// Parts that are held together by fasteners or by the attribute `constraint`, each pair once.
pub(crate) fn welds_of(design: &Design) -> Result<Vec<Weld>, String> {
    let mut pairs = BTreeSet::new();
    for part in design.parts.iter().filter(|part| !part.is_zone()) {
        let fastened = part.metadata().into_iter().flat_map(|metadata| &metadata.rigid_connections);
        let fastened = fastened.map(|connection| (connection.to.as_str(), "a rigid connection"));
        for (to, what) in fastened.chain(part.weld().map(|to| (to, "its weld constraint"))) {
            let (one, other) = (part.label.as_str(), other_part(design, part, to, what)?.label.as_str());
            pairs.insert(if one < other { (one, other) } else { (other, one) });
        }
    }
    Ok(pairs.into_iter().map(|(one, other)| Weld { one: one.to_owned(), other: other.to_owned() }).collect())
}

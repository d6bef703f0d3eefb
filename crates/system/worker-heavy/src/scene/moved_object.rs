//! The object that must reach the goal: found among the parts, or spawned as the objectives describe it.

use std::io::Cursor;

use contract::{limits::MOVED_OBJECT_DENSITY_KG_M3, objectives::MovedObject};
use physics::{Body, Geometry, Mobility};

/// Radius of a moved object whose objectives give none, mm.
const DEFAULT_RADIUS_MM: f64 = 10.0;
/// Friction and bounce of a moved object, for which the objectives name no material.
const FRICTION: f64 = 0.5;
const RESTITUTION: f64 = 0.5;
const COLOR: [f64; 3] = [0.95, 0.55, 0.1];

/// The part that is the moved object, where the design has one.
pub(super) fn moved_part(bodies: &[Body], label: &str) -> Option<String> {
    let is_meant = |name: &str| name.contains("target") || name.contains("bucket");
    let find = |wanted: &dyn Fn(&str) -> bool| bodies.iter().find(|body| wanted(&body.label));
    find(&|name| name == label)
        .or_else(|| find(&|name| name == "target_box"))
        .or_else(|| find(&is_meant))
        .map(|body| body.label.clone())
}

/// The moved object at its nominal start. `mesh` holds the STL file of the shape `mesh`.
pub(super) fn spawn(object: &MovedObject, mesh: Option<&[u8]>) -> Result<Body, String> {
    let center = object.start_position;
    let size = object.static_randomization.radius.map_or(DEFAULT_RADIUS_MM, |[low, high]| f64::midpoint(low, high));
    if !(size.is_finite() && size > 0.0) {
        return Err(format!("objectives.yaml: moved_object.static_randomization.radius gives a radius of {size} mm"));
    }
    let geometry = match object.shape.as_str() {
        "sphere" => Geometry::Sphere { radius: size },
        "box" => Geometry::Cuboid { half_size: [size; 3] },
        "cylinder" => Geometry::Cylinder { radius: size, half_height: size },
        "mesh" => mesh_at(center, object, mesh)?,
        other => {
            let sentence = "objectives.yaml: moved_object.shape is";
            return Err(format!("{sentence} {other:?}; sphere, box, cylinder and mesh can be spawned"));
        }
    };
    let mass = geometry.mass_properties(center, MOVED_OBJECT_DENSITY_KG_M3).ok_or_else(|| {
        format!("objectives.yaml: moved_object.mesh_path {:?} holds no closed solid", object.mesh_path)
    })?;
    Ok(Body {
        label: object.label.clone(),
        geometry,
        mass,
        mobility: Mobility::Free,
        parent: None,
        friction: FRICTION,
        restitution: RESTITUTION,
        color: COLOR,
    })
}

fn mesh_at(center: [f64; 3], object: &MovedObject, stl: Option<&[u8]>) -> Result<Geometry, String> {
    let field = "objectives.yaml: moved_object.mesh_path";
    let path = object.mesh_path.as_deref().ok_or_else(|| format!("{field} is missing; the shape is a mesh"))?;
    let stl = stl.ok_or_else(|| format!("{field} names {path:?}, which is not in the session"))?;
    let mesh = stl_io::read_stl(&mut Cursor::new(stl))
        .map_err(|error| format!("{field}: {path:?} is no STL file: {error}"))?;
    let vertices =
        mesh.vertices.iter().map(|vertex| std::array::from_fn(|axis| f64::from(vertex[axis]) + center[axis]));
    let triangles = mesh.faces.iter().map(|face| face.vertices.map(|corner| corner as u32));
    Ok(Geometry::Mesh { vertices: vertices.collect(), triangles: triangles.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_shape_is_named_with_the_known_ones() {
        let text = "label: ring\nshape: torus\nstart_position: [0, 0, 0]\nruntime_jitter: [0, 0, 0]\n";
        let object: MovedObject = serde_yaml::from_str(text).expect("a valid object");
        let error = spawn(&object, None).expect_err("no torus can be spawned");
        assert!(error.contains("torus") && error.contains("sphere"), "{error}");
    }
}

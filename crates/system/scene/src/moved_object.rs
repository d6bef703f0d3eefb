//! The object that must reach the goal, when it is not a part: spawned as the objectives and the variation describe it.

use std::io::Cursor;

use contract::{
    limits::MOVED_OBJECT_DENSITY_KG_M3,
    objectives::{MovedObject, Objectives},
    variation::StaticVariation,
};
use design::Mesh;
use physics::{Body, Geometry, Mobility};
use sha2::{Digest, Sha256};

/// Friction and restitution of a moved object, for which the objectives name no material.
const FRICTION: f64 = 0.5;
const RESTITUTION: f64 = 0.5;
/// The shape that comes from a file.
const MESH: &str = "mesh";
const COLOR: [f64; 3] = [0.95, 0.55, 0.1];

/// A variation, before any value is drawn.
pub(crate) fn variation(id: &str) -> StaticVariation {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(id).into();
    StaticVariation { id: id.to_owned(), seed: u32::from_be_bytes([a, b, c, d]), moved_object_radius_mm: None }
}

/// The moved object at its nominal start, in the size that the variation draws, which is noted there. `mesh` holds the
/// STL file of the shape `mesh`, which has its size.
pub(crate) fn spawn(
    object: &MovedObject,
    mesh: Option<&[u8]>,
    variation: Option<&mut StaticVariation>,
) -> Result<Body, String> {
    let center = object.start_position;
    let size = object.static_randomization.radius_mm(variation.as_ref().map(|variation| variation.seed));
    if let Some(variation) = variation.filter(|_| object.shape != MESH) {
        variation.moved_object_radius_mm = Some(size);
    }
    if !(size.is_finite() && size > 0.0) {
        return Err(format!("objectives.yaml: moved_object.static_randomization.radius gives a radius of {size} mm"));
    }
    let geometry = match object.shape.as_str() {
        "sphere" => Geometry::Sphere { radius: size },
        "box" => Geometry::Cuboid { half_size: [size; 3] },
        "cylinder" => Geometry::Cylinder { radius: size, half_height: size },
        MESH => mesh_at(center, object, mesh)?,
        other => {
            let sentence = "objectives.yaml: moved_object.shape is";
            return Err(format!("{sentence} {other:?}; sphere, box, cylinder and mesh can be spawned"));
        }
    };
    let mass = geometry.mass_properties(center, MOVED_OBJECT_DENSITY_KG_M3).ok_or_else(|| {
        format!("objectives.yaml: moved_object.mesh_path {:?} does not contain a closed solid", object.mesh_path)
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

/// The mesh of a moved object whose shape is a file, at its nominal start; `None` for another shape, or for an
/// unreadable file, which the scene reports.
pub fn mesh_at_start(objectives: &Objectives, stl: Option<&[u8]>) -> Option<Mesh> {
    let object = &objectives.moved_object;
    if object.shape != MESH {
        return None;
    }
    match mesh_at(object.start_position, object, stl).ok()? {
        Geometry::Mesh { vertices, triangles } => {
            Some(Mesh { vertices_mm: vertices, triangles, normals: Vec::new(), is_watertight: true })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_shape_is_named_with_the_known_ones() {
        let text = "label: ring\nshape: torus\nstart_position: [0, 0, 0]\nruntime_jitter: [0, 0, 0]\n";
        let object: MovedObject = serde_yaml::from_str(text).expect("a valid object");
        let error = spawn(&object, None, None).expect_err("no torus can be spawned");
        assert!(error.contains("torus") && error.contains("sphere"), "{error}");
    }

    #[test]
    fn variation_id_determines_the_drawn_radius() {
        let text = "label: ball\nshape: sphere\nstatic_randomization: {radius: [8, 12]}\nstart_position: [0, 0, 50]\n\
                    runtime_jitter: [0, 0, 0]\n";
        let object: MovedObject = serde_yaml::from_str(text).expect("a valid object");
        let radius = |id: Option<&str>| {
            let mut drawn = id.map(variation);
            let body = spawn(&object, None, drawn.as_mut()).expect("a ball");
            let Geometry::Sphere { radius } = body.geometry else { panic!("no ball: {body:?}") };
            assert_eq!(drawn.and_then(|drawn| drawn.moved_object_radius_mm), id.map(|_| radius));
            radius
        };
        assert_eq!(radius(None), 10.0);
        // What `printf v1 | sha256sum` begins with.
        assert_eq!(radius(Some("v1")), 8.0 + 4.0 * f64::from(0x3bfc_2695_u32) / f64::from(u32::MAX));
        assert_ne!(radius(Some("v1")), radius(Some("v2")));
    }
}

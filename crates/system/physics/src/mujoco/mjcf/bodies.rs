//! Bodies with their joints and shapes, as MJCF.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{assembly::Assembly, contact::contact_numbers, escape, gains::armature, joint_name, metres, put, triple};
use crate::{
    PhysicsError,
    cancel::CancelFlag,
    decompose::{BodyCollision, CollisionKind, ConvexPiece, Primitive, collision_shape},
    geometry::Geometry,
    scene::{Body, Mobility, Scene},
    units::MM_PER_M,
};

/// The engine's group for shapes that collide and are not drawn.
const HIDDEN_GROUP: u8 = 3;

/// Writes the bodies of a scene and collects the meshes that they need.
pub(super) struct BodyWriter<'scene> {
    pub scene: &'scene Scene,
    pub assembly: &'scene Assembly,
    /// Time step of the engine, s.
    pub step_s: f64,
    pub cancel: &'scene CancelFlag,
    /// Elements of `<asset>`.
    pub assets: String,
    /// Elements of `<worldbody>`.
    pub world: String,
    /// Files that the assets name.
    pub meshes: Vec<(String, String)>,
    /// Names of the geoms that collide, by body.
    pub shapes: Vec<Vec<String>>,
    /// What replaces the meshes in contacts.
    pub collisions: Vec<BodyCollision>,
}

/// Name of one convex piece of a body that is not convex.
pub(crate) fn piece_name(label: &str, piece: usize) -> String {
    format!("{label}/piece_{piece}")
}

impl BodyWriter<'_> {
    /// Writes everything that `carrier` carries, and what that carries in turn.
    pub fn write_riders(&mut self, carrier: Option<usize>, depth: usize) -> Result<(), PhysicsError> {
        for place in 0..self.scene.bodies.len() {
            if self.assembly.carrier[place] == carrier {
                self.write_body(place, depth)?;
            }
        }
        Ok(())
    }

    fn write_body(&mut self, place: usize, depth: usize) -> Result<(), PhysicsError> {
        let scene = self.scene;
        let body = &scene.bodies[place];
        let indent = "  ".repeat(depth);
        let origin = self.assembly.carrier[place].map_or([0.0; 3], |carrier| scene.bodies[carrier].mass.center_mm);
        let name = escape(&body.label);
        let position = metres(std::array::from_fn(|axis| body.mass.center_mm[axis] - origin[axis]));
        put(&mut self.world, format_args!("{indent}<body name=\"{name}\" pos=\"{position}\">\n"));
        if self.assembly.has_joint[place] {
            let motor = scene.actuators.iter().find(|motor| motor.body == body.label);
            let armature = motor.map_or(0.0, |motor| armature(scene, self.assembly, motor, self.step_s));
            write_joint(&mut self.world, body, armature, &indent);
        }
        if !self.assembly.is_static(place) {
            let [xx, yy, zz, xy, xz, yz] = body.mass.inertia_kg_m2;
            let mass = body.mass.mass_kg;
            // The engine accepts smaller moments along the axes than in a tensor that it must rotate.
            let inertia = if body.mass.is_along_axes() {
                format!("diaginertia=\"{xx} {yy} {zz}\"")
            } else {
                format!("fullinertia=\"{xx} {yy} {zz} {xy} {xz} {yz}\"")
            };
            put(&mut self.world, format_args!("{indent}  <inertial pos=\"0 0 0\" mass=\"{mass}\" {inertia}/>\n"));
        }
        self.write_shape(place, body, &indent)?;
        self.write_riders(Some(place), depth + 1)?;
        put(&mut self.world, format_args!("{indent}</body>\n"));
        Ok(())
    }

    fn write_shape(&mut self, place: usize, body: &Body, indent: &str) -> Result<(), PhysicsError> {
        let name = escape(&body.label);
        let [r, g, b] = body.color;
        let numbers = contact_numbers(body.restitution, self.step_s);
        let material = format!(
            "friction=\"{} 0.005 0.0001\" solref=\"-{} -{}\" rgba=\"{r} {g} {b} 1\"",
            body.friction, numbers.stiffness, numbers.damping
        );
        let shape = match &body.geometry {
            Geometry::Sphere { radius } => format!("type=\"sphere\" size=\"{}\"", radius / MM_PER_M),
            Geometry::Cuboid { half_size } => format!("type=\"box\" size=\"{}\"", metres(*half_size)),
            Geometry::Cylinder { radius, half_height } => {
                format!("type=\"cylinder\" size=\"{} {}\"", radius / MM_PER_M, half_height / MM_PER_M)
            }
            Geometry::Mesh { vertices, triangles } => {
                let center = body.mass.center_mm;
                let may_roll = body.mobility != Mobility::Fixed;
                let shape =
                    collision_shape(vertices, triangles, may_roll, self.cancel).ok_or(PhysicsError::Cancelled)?;
                self.collisions.push(BodyCollision { body: body.label.clone(), shape: Arc::clone(&shape) });
                match &shape.kind {
                    CollisionKind::Primitive(primitive) => primitive_attributes(primitive, center),
                    CollisionKind::Convex => {
                        format!("type=\"mesh\" mesh=\"{}\"", self.add_mesh(vertices, triangles, center))
                    }
                    CollisionKind::Pieces(pieces) => {
                        self.write_pieces(place, pieces, &material, indent);
                        let drawn = self.add_mesh(vertices, triangles, center);
                        // Drawn as it is, and not part of any contact.
                        put(
                            &mut self.world,
                            format_args!(
                                "{indent}  <geom name=\"{name}\" type=\"mesh\" mesh=\"{drawn}\" contype=\"0\" \
                                 conaffinity=\"0\" rgba=\"{r} {g} {b} 1\"/>\n"
                            ),
                        );
                        return Ok(());
                    }
                }
            }
        };
        put(&mut self.world, format_args!("{indent}  <geom name=\"{name}\" {shape} {material}/>\n"));
        self.shapes[place].push(body.label.clone());
        Ok(())
    }

    fn write_pieces(&mut self, place: usize, pieces: &[ConvexPiece], material: &str, indent: &str) {
        let body = &self.scene.bodies[place];
        for (index, piece) in pieces.iter().enumerate() {
            let mesh = self.add_mesh(&piece.vertices, &piece.triangles, body.mass.center_mm);
            let name = piece_name(&body.label, index);
            self.shapes[place].push(name.clone());
            let name = escape(&name);
            put(
                &mut self.world,
                format_args!(
                    "{indent}  <geom name=\"{name}\" type=\"mesh\" mesh=\"{mesh}\" group=\"{HIDDEN_GROUP}\" \
                     {material}/>\n"
                ),
            );
        }
    }

    /// Adds a mesh and returns its name, which is a hash of its whole content.
    ///
    /// The name does not depend on the body: the engine caches compiled meshes by name, and one name with two contents
    /// would get the shape of an earlier run. A mesh that two bodies share is one file.
    fn add_mesh(&mut self, vertices: &[[f64; 3]], triangles: &[[u32; 3]], center: [f64; 3]) -> String {
        let content = wavefront(vertices, triangles, center);
        let name = content_name(&content);
        let file = format!("{name}.obj");
        if self.meshes.iter().all(|(known, _)| *known != file) {
            put(&mut self.assets, format_args!("    <mesh name=\"{name}\" file=\"{file}\"/>\n"));
            self.meshes.push((file, content));
        }
        name
    }
}

/// Type, size and place of a primitive in the frame of a body with this centre.
fn primitive_attributes(primitive: &Primitive, body_center: [f64; 3]) -> String {
    let place = |center: &[f64; 3]| metres(std::array::from_fn(|axis| center[axis] - body_center[axis]));
    match primitive {
        Primitive::Sphere { center, radius } => {
            format!("type=\"sphere\" size=\"{}\" pos=\"{}\"", radius / MM_PER_M, place(center))
        }
        Primitive::Cuboid { center, axes: [x, y, _], half_size } => {
            let (size, position) = (metres(*half_size), place(center));
            format!("type=\"box\" size=\"{size}\" pos=\"{position}\" xyaxes=\"{} {}\"", triple(*x), triple(*y))
        }
        Primitive::Cylinder { center, axis, radius, half_height } => format!(
            "type=\"cylinder\" size=\"{} {}\" pos=\"{}\" zaxis=\"{}\"",
            radius / MM_PER_M,
            half_height / MM_PER_M,
            place(center),
            triple(*axis)
        ),
    }
}

/// Half of a SHA-256: long enough that two contents never share a name, short enough to be read.
fn content_name(content: &str) -> String {
    Sha256::digest(content).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn write_joint(world: &mut String, body: &Body, armature: f64, indent: &str) {
    let name = escape(&joint_name(&body.label));
    let limits = |range: Option<[f64; 2]>, unit: f64| {
        range.map(|[low, high]| format!(" range=\"{} {}\"", low / unit, high / unit)).unwrap_or_default()
    };
    let rotor = if armature > 0.0 { format!(" armature=\"{armature}\"") } else { String::new() };
    match body.mobility {
        Mobility::Fixed => {}
        Mobility::Free => put(world, format_args!("{indent}  <freejoint name=\"{name}\"/>\n")),
        Mobility::Hinge { axis, anchor_mm, range_rad } => {
            let (axis, range) = (triple(axis), limits(range_rad, 1.0));
            let center = body.mass.center_mm;
            let anchor = anchor_mm.unwrap_or(center);
            let position = metres(std::array::from_fn(|axis| anchor[axis] - center[axis]));
            put(
                world,
                format_args!(
                    "{indent}  <joint name=\"{name}\" type=\"hinge\" axis=\"{axis}\" pos=\"{position}\"{range}{rotor}/>\n"
                ),
            );
        }
        Mobility::Slide { axis, range_mm } => {
            let (axis, range) = (triple(axis), limits(range_mm, MM_PER_M));
            put(
                world,
                format_args!("{indent}  <joint name=\"{name}\" type=\"slide\" axis=\"{axis}\"{range}{rotor}/>\n"),
            );
        }
    }
}

/// A mesh as Wavefront OBJ, in metres about a centre.
fn wavefront(vertices: &[[f64; 3]], triangles: &[[u32; 3]], center: [f64; 3]) -> String {
    let mut text = String::with_capacity(vertices.len() * 40 + triangles.len() * 20);
    for vertex in vertices {
        let local: [f64; 3] = std::array::from_fn(|axis| vertex[axis] - center[axis]);
        put(&mut text, format_args!("v {}\n", metres(local)));
    }
    for [a, b, c] in triangles {
        put(&mut text, format_args!("f {} {} {}\n", a + 1, b + 1, c + 1));
    }
    text
}

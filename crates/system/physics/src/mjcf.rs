//! Writes a scene as MJCF. Lengths become metres here and nowhere else.

use std::fmt::Write;

use contract::{limits::SIMULATION_STEP_S, objectives::Zone};

use crate::{
    PhysicsError,
    scene::{Body, Geometry, Mobility, Scene, SceneZone, ZoneKind},
};

/// Millimetres in a metre.
pub(crate) const MM_PER_M: f64 = 1000.0;

/// A scene as the engine reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mjcf {
    /// The document.
    pub xml: String,
    /// Mesh files that the document names, with their content (Wavefront OBJ, metres, about the body's centre).
    pub meshes: Vec<(String, String)>,
}

/// Writes `scene` as MJCF with `step_s` as the time step.
///
/// Contacts get a time constant of two steps, the stiffest that the engine integrates stably: with its default of
/// 20 ms a part would sink g·t² ≈ 4 mm into the floor, as much as the parts here are large.
pub fn write_mjcf(scene: &Scene, step_s: Option<f64>) -> Result<Mjcf, PhysicsError> {
    scene.check()?;
    let step = step_s.unwrap_or(SIMULATION_STEP_S);
    let mut meshes = Vec::new();
    let mut assets = String::new();
    let mut world = String::new();
    for (index, body) in scene.bodies.iter().enumerate() {
        if let Geometry::Mesh { vertices, triangles } = &body.geometry {
            let file = format!("{index}_{}.obj", file_stem(&body.label));
            let name = escape(&body.label);
            put(&mut assets, format_args!("    <mesh name=\"{name}\" file=\"{file}\"/>\n"));
            meshes.push((file, wavefront(vertices, triangles, body.mass.center_mm)));
        }
        write_body(&mut world, body);
    }
    let mut forbidden = 0;
    for zone in &scene.zones {
        let (name, color) = match &zone.kind {
            ZoneKind::Goal => ("zone_goal".to_owned(), "0 0.8 0 0.3"),
            ZoneKind::Forbidden { name } => {
                forbidden += 1;
                (format!("zone_forbid_{}_{name}", forbidden - 1), "0.9 0 0 0.3")
            }
        };
        write_zone(&mut world, zone, &name, color);
    }
    let xml = format!(
        "<mujoco model=\"scene\">\n  <compiler autolimits=\"true\" angle=\"radian\" balanceinertia=\"true\"/>\n  \
         <option timestep=\"{step}\" integrator=\"RK4\" gravity=\"0 0 -9.81\">\n    \
         <flag energy=\"enable\" autoreset=\"disable\"/>\n  </option>\n  \
         <visual>\n    <global offwidth=\"640\" offheight=\"480\"/>\n    <headlight ambient=\"0.4 0.4 0.4\"/>\n    \
         <quality shadowsize=\"2048\"/>\n  </visual>\n  \
         <default>\n    <geom solref=\"{contact} 1\"/>\n  </default>\n  \
         <asset>\n{assets}  </asset>\n  <worldbody>\n    \
         <light directional=\"true\" pos=\"0 0 3\" dir=\"-0.3 0.4 -1\" castshadow=\"true\"/>\n    \
         <geom name=\"floor\" type=\"plane\" size=\"0 0 0.05\" rgba=\"0.92 0.92 0.9 1\"/>\n{world}  \
         </worldbody>\n</mujoco>\n",
        contact = 2.0 * step,
    );
    Ok(Mjcf { xml, meshes })
}

/// Name of the hidden geom that stands for a zone in distance queries.
pub(crate) fn zone_volume_name(index: usize) -> String {
    format!("zone_volume_{index}")
}

fn write_body(world: &mut String, body: &Body) {
    let name = escape(&body.label);
    let center = metres(body.mass.center_mm);
    put(world, format_args!("    <body name=\"{name}\" pos=\"{center}\">\n"));
    match body.mobility {
        Mobility::Fixed => {}
        Mobility::Free => put(world, format_args!("      <freejoint name=\"{name}_joint\"/>\n")),
        Mobility::Hinge { axis, range_rad } => {
            let range = range_rad.map(|[low, high]| format!(" range=\"{low} {high}\"")).unwrap_or_default();
            let axis = triple(axis);
            put(world, format_args!("      <joint name=\"{name}_joint\" type=\"hinge\" axis=\"{axis}\"{range}/>\n"));
        }
        Mobility::Slide { axis, range_mm } => {
            let range = range_mm
                .map(|[low, high]| format!(" range=\"{} {}\"", low / MM_PER_M, high / MM_PER_M))
                .unwrap_or_default();
            let axis = triple(axis);
            put(world, format_args!("      <joint name=\"{name}_joint\" type=\"slide\" axis=\"{axis}\"{range}/>\n"));
        }
    }
    if body.mobility != Mobility::Fixed {
        let [xx, yy, zz, xy, xz, yz] = body.mass.inertia_kg_m2;
        let mass = body.mass.mass_kg;
        put(
            world,
            format_args!(
                "      <inertial pos=\"0 0 0\" mass=\"{mass}\" fullinertia=\"{xx} {yy} {zz} {xy} {xz} {yz}\"/>\n"
            ),
        );
    }
    let shape = match &body.geometry {
        Geometry::Mesh { .. } => format!("type=\"mesh\" mesh=\"{name}\""),
        Geometry::Sphere { radius } => format!("type=\"sphere\" size=\"{}\"", radius / MM_PER_M),
        Geometry::Cuboid { half_size } => format!("type=\"box\" size=\"{}\"", metres(*half_size)),
        Geometry::Cylinder { radius, half_height } => {
            format!("type=\"cylinder\" size=\"{} {}\"", radius / MM_PER_M, half_height / MM_PER_M)
        }
    };
    let [r, g, b] = body.color;
    let friction = body.friction;
    put(
        world,
        format_args!(
            "      <geom name=\"{name}\" {shape} friction=\"{friction} 0.005 0.0001\" rgba=\"{r} {g} {b} 1\"/>\n    \
             </body>\n"
        ),
    );
}

/// A zone is a coloured site, which the engine draws and otherwise ignores.
fn write_zone(world: &mut String, zone: &SceneZone, name: &str, color: &str) {
    let Zone { min, max } = zone.zone;
    let center = std::array::from_fn(|axis| f64::midpoint(min[axis], max[axis]));
    let half: [f64; 3] = std::array::from_fn(|axis| (max[axis] - min[axis]) / 2.0);
    let (position, size, name) = (metres(center), metres(half.map(|value| value.max(1e-3))), escape(name));
    put(
        world,
        format_args!("    <site name=\"{name}\" type=\"box\" pos=\"{position}\" size=\"{size}\" rgba=\"{color}\"/>\n"),
    );
}

/// Adds the hidden zone volumes to a document that is about to be run. They are not part of the exported scene.
pub(crate) fn with_zone_volumes(mjcf: &Mjcf, zones: &[SceneZone]) -> String {
    let mut volumes = String::new();
    for (index, SceneZone { zone: Zone { min, max }, .. }) in zones.iter().enumerate() {
        let center = std::array::from_fn(|axis| f64::midpoint(min[axis], max[axis]));
        let half = std::array::from_fn(|axis| ((max[axis] - min[axis]) / 2.0).max(1e-3));
        let (name, position, size) = (zone_volume_name(index), metres(center), metres(half));
        put(
            &mut volumes,
            format_args!(
                "    <geom name=\"{name}\" type=\"box\" pos=\"{position}\" size=\"{size}\" contype=\"0\" \
                 conaffinity=\"0\" group=\"5\" rgba=\"0 0 0 0\"/>\n"
            ),
        );
    }
    mjcf.xml.replace("  </worldbody>", &format!("{volumes}  </worldbody>"))
}

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

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a string cannot fail");
}

fn metres(millimetres: [f64; 3]) -> String {
    triple(millimetres.map(|value| value / MM_PER_M))
}

fn triple([x, y, z]: [f64; 3]) -> String {
    format!("{x} {y} {z}")
}

fn file_stem(label: &str) -> String {
    label.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

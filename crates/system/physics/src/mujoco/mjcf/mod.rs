//! Writes a scene as MJCF.

mod assembly;
mod bodies;
mod contact;
mod gains;
mod motors;
mod steps;

use std::fmt::Write;

use contract::{limits::SIMULATION_STEP_S, objectives::Zone};

use crate::{
    PhysicsError,
    cancel::CancelFlag,
    check::OWN,
    decompose::BodyCollision,
    scene::{Scene, SceneZone, ZoneKind},
    units::MM_PER_M,
};
use assembly::Assembly;
use bodies::BodyWriter;

pub(super) use bodies::piece_name;
pub use contact::{MIN_RESTITUTION, restitution_error};
pub(super) use motors::command_scale;

/// Name of the ground.
pub(crate) const GROUND: &str = "/ground";

/// Body that the camera `main` looks at.
const CAMERA_TARGET: &str = "target_box";

/// Impedance of joint limits: as stiff as the engine allows, at every depth. With its default of 0.95 a motor pushes a
/// light arm through its stop, by 0.05·τ/(I·K).
const RIGID: &str = "0.9999 0.9999 0.001";

/// A scene in the engine's format.
#[derive(Debug, Clone, PartialEq)]
pub struct Mjcf {
    /// The document.
    pub xml: String,
    /// Steps of the engine per step of the run: the time step of the document is that much shorter.
    pub parts: u32,
    /// What the document leaves out of the scene, a sentence each.
    pub notes: Vec<String>,
    /// Mesh files that the document names, with their content (Wavefront OBJ, metres, about the body's centre). Each is
    /// named by a hash of its content.
    pub meshes: Vec<(String, String)>,
    /// What the engine collides in place of each body's mesh; bodies that are primitives have no entry.
    pub collisions: Vec<BodyCollision>,
}

/// Writes `scene` as MJCF for a run with `step_s` as the time step, the contract's when absent, unless `cancel` is set
/// meanwhile: cutting a mesh with many notches into convex pieces takes a while.
///
/// Friction acts in an elliptic cone, the same in all directions, and is a thousand times stiffer than the normal
/// contact (`impratio`): a steel block at rest on a slope of 25° creeps by 0.003 mm/s instead of 3. Solving slip away
/// afterwards (`noslip_iterations`) is no better and makes a heap of 48 blocks three times slower.
///
/// # Errors
/// [`PhysicsError::Cancelled`] when the flag is set, within a cut.
pub(crate) fn write_mjcf(scene: &Scene, step_s: Option<f64>, cancel: &CancelFlag) -> Result<Mjcf, PhysicsError> {
    write_mjcf_in_parts(scene, step_s, 1, cancel)
}

/// The same, with at least `parts` steps of the engine per step of the run; a power of two.
pub(crate) fn write_mjcf_in_parts(
    scene: &Scene,
    step_s: Option<f64>,
    parts: u32,
    cancel: &CancelFlag,
) -> Result<Mjcf, PhysicsError> {
    scene.check()?;
    let assembly = Assembly::of(scene)?;
    let run_step_s = step_s.unwrap_or(SIMULATION_STEP_S);
    let parts = parts.max(steps::parts(scene, &assembly, run_step_s));
    let step = run_step_s / f64::from(parts);
    let mut writer = BodyWriter {
        scene,
        assembly: &assembly,
        step_s: step,
        cancel,
        assets: String::new(),
        world: String::new(),
        meshes: Vec::new(),
        shapes: vec![Vec::new(); scene.bodies.len()],
        collisions: Vec::new(),
    };
    writer.write_riders(None, 2)?;
    let BodyWriter { assets, mut world, meshes, shapes, collisions, .. } = writer;
    write_zones(&mut world, &scene.zones);
    write_camera(&mut world, scene);
    let floor = contact::contact_numbers(1.0, step).stiffness;
    let (contacts, notes) = motors::write_contacts(scene, &assembly, &shapes, step);
    let xml = format!(
        "<mujoco model=\"scene\">\n  <compiler autolimits=\"true\" angle=\"radian\" balanceinertia=\"true\"/>\n  \
         <option timestep=\"{step}\" integrator=\"RK4\" gravity=\"0 0 -9.81\" \
         cone=\"elliptic\" impratio=\"1000\">\n    \
         <flag energy=\"enable\" autoreset=\"disable\" filterparent=\"disable\"/>\n  </option>\n  \
         <visual>\n    <global offwidth=\"800\" offheight=\"600\"/>\n    <headlight ambient=\"0.4 0.4 0.4\"/>\n    \
         <quality shadowsize=\"2048\"/>\n  </visual>\n  \
         <default>\n    <geom solimp=\"{skin}\"/>\n    \
         <joint solreflimit=\"{stiff} 1\" solimplimit=\"{RIGID}\"/>\n    \
         <equality solref=\"{stiff} 1\"/>\n  </default>\n  \
         <asset>\n{assets}  </asset>\n  <worldbody>\n    \
         <light directional=\"true\" pos=\"0 0 3\" dir=\"-0.3 0.4 -1\" castshadow=\"true\"/>\n    \
         <geom name=\"{GROUND}\" type=\"plane\" size=\"0 0 0.05\" friction=\"0 0 0\" solref=\"-{floor} 0\" \
         rgba=\"0.92 0.92 0.9 1\"/>\n{world}  \
         </worldbody>\n{contacts}{welds}{actuators}</mujoco>\n",
        stiff = 2.0 * step,
        skin = contact::impedance(step),
        welds = motors::write_welds(scene, &assembly),
        actuators = motors::write_actuators(scene),
    );
    Ok(Mjcf { xml, parts, notes, meshes, collisions })
}

/// Name of the joint of a body.
pub(crate) fn joint_name(label: &str) -> String {
    format!("{label}_joint")
}

/// Name of the hidden geom that stands for a zone in distance queries.
pub(crate) fn zone_volume_name(index: usize) -> String {
    format!("{OWN}zone_volume_{index}")
}

/// Zones are coloured sites, which the engine draws and otherwise ignores.
fn write_zones(world: &mut String, zones: &[SceneZone]) {
    let mut forbidden = 0;
    for zone in zones {
        let (name, color) = match &zone.kind {
            ZoneKind::Goal => ("zone_goal".to_owned(), "0 0.8 0 0.3"),
            ZoneKind::Forbidden { name } => {
                forbidden += 1;
                (format!("zone_forbid_{}_{name}", forbidden - 1), "0.9 0 0 0.3")
            }
        };
        let (position, size) = center_and_half_size(zone.zone);
        let name = escape(&name);
        put(
            world,
            format_args!(
                "    <site name=\"{name}\" type=\"box\" pos=\"{position}\" size=\"{size}\" rgba=\"{color}\"/>\n"
            ),
        );
    }
}

/// The camera `main` looks at the target box from above and aside, half a metre off.
fn write_camera(world: &mut String, scene: &Scene) {
    let Some(target) = scene.bodies.iter().find(|body| body.label == CAMERA_TARGET) else { return };
    let [x, y, z] = target.mass.center_mm;
    let position = metres([x + 300.0, y - 300.0, z + 250.0]);
    put(
        world,
        format_args!("    <camera name=\"main\" mode=\"targetbody\" target=\"{CAMERA_TARGET}\" pos=\"{position}\"/>\n"),
    );
}

/// Adds the hidden zone volumes to a document before a run. They are not part of the exported scene.
pub(crate) fn with_zone_volumes(mjcf: &Mjcf, zones: &[SceneZone]) -> String {
    let mut volumes = String::new();
    for (index, zone) in zones.iter().enumerate() {
        let (position, size) = center_and_half_size(zone.zone);
        let name = zone_volume_name(index);
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

fn center_and_half_size(Zone { min, max }: Zone) -> (String, String) {
    let center = std::array::from_fn(|axis| f64::midpoint(min[axis], max[axis]));
    let half = std::array::from_fn(|axis| ((max[axis] - min[axis]) / 2.0).max(1e-3));
    (metres(center), metres(half))
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

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

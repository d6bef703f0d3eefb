//! Motors, constraints and exclusions: the elements after `<worldbody>`.

use super::{MM_PER_M, assembly::Assembly, escape, gains::stable_gains, joint_name, put};
use crate::{
    actuator::{Actuator, ActuatorKind},
    scene::{Mobility, Scene},
};

/// The `<actuator>` section. Each kind carries the attributes that the engine knows for it, and no others.
pub(super) fn write_actuators(scene: &Scene, assembly: &Assembly, step_s: f64) -> String {
    let mut text = String::new();
    for actuator in &scene.actuators {
        let (name, joint) = (escape(&actuator.body), escape(&joint_name(&actuator.body)));
        let limit = actuator.effective_limit();
        let limit = limit.map(|limit| format!(" forcerange=\"-{limit} {limit}\"")).unwrap_or_default();
        let [kp, kv] = stable_gains(scene, assembly, actuator, step_s).map(|gain| gain * actuator.effort_share());
        let (kind, gains) = match actuator.kind() {
            ActuatorKind::Velocity => ("velocity", format!(" kv=\"{kv}\"")),
            ActuatorKind::Motor => ("motor", " gear=\"1\"".to_owned()),
            ActuatorKind::Position => ("position", format!(" kp=\"{kp}\" kv=\"{kv}\"")),
        };
        put(&mut text, format_args!("    <{kind} name=\"{name}\" joint=\"{joint}\"{gains}{limit}/>\n"));
    }
    section("actuator", &text)
}

/// The `<equality>` section: welds that close a loop of joints.
pub(super) fn write_welds(scene: &Scene, assembly: &Assembly) -> String {
    let mut text = String::new();
    for ends in &assembly.loops {
        let [one, other] = ends.map(|place| escape(&scene.bodies[place].label));
        put(&mut text, format_args!("    <weld body1=\"{one}\" body2=\"{other}\"/>\n"));
    }
    section("equality", &text)
}

/// The `<contact>` section: pairs that pass through each other.
pub(super) fn write_exclusions(scene: &Scene, assembly: &Assembly) -> String {
    let mut text = String::new();
    for pair in &assembly.excluded {
        let [one, other] = pair.map(|place| escape(&scene.bodies[place].label));
        put(&mut text, format_args!("    <exclude body1=\"{one}\" body2=\"{other}\"/>\n"));
    }
    section("contact", &text)
}

/// What a command of the scene's is multiplied with for the engine: places and speeds along a slide are millimetres.
pub(crate) fn command_scale(actuator: &Actuator, mobility: Mobility) -> f64 {
    match (actuator.kind(), mobility) {
        (ActuatorKind::Velocity | ActuatorKind::Position, Mobility::Slide { .. }) => 1.0 / MM_PER_M,
        _ => 1.0,
    }
}

fn section(name: &str, content: &str) -> String {
    if content.is_empty() { String::new() } else { format!("  <{name}>\n{content}  </{name}>\n") }
}

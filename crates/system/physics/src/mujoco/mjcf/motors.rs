//! Motors, constraints and exclusions: the elements after `<worldbody>`.

use super::{
    assembly::Assembly,
    contact::{Side, is_dead, write_dead_pair},
    escape,
    gains::gains,
    joint_name, put,
};
use crate::{
    actuator::{Actuator, ActuatorKind},
    scene::{Mobility, Scene},
    units::MM_PER_M,
};

/// The `<actuator>` section. Each kind has only the attributes that the engine knows for it.
pub(super) fn write_actuators(scene: &Scene) -> String {
    let mut text = String::new();
    for actuator in &scene.actuators {
        let (name, joint) = (escape(&actuator.body), escape(&joint_name(&actuator.body)));
        let limit = actuator.effective_limit();
        let limit = limit.map(|limit| format!(" forcerange=\"-{limit} {limit}\"")).unwrap_or_default();
        let [kp, kv] = gains(scene, actuator);
        let (kind, numbers) = match actuator.kind() {
            ActuatorKind::Velocity => ("velocity", format!(" kv=\"{kv}\"")),
            ActuatorKind::Motor => ("motor", " gear=\"1\"".to_owned()),
            ActuatorKind::Position => ("position", format!(" kp=\"{kp}\" kv=\"{kv}\"")),
        };
        put(&mut text, format_args!("    <{kind} name=\"{name}\" joint=\"{joint}\"{numbers}{limit}/>\n"));
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

/// Most pairs of shapes whose contact is written out. The engine looks at each in every step, at a quarter of a
/// microsecond: a thousand of them make a simple scene twice as slow.
const MOST_DEAD_PAIRS: usize = 2000;

/// The `<contact>` section: pairs that pass through each other, and pairs of low restitution. `shapes` names the
/// colliding geoms of each body. The notes say which pairs of low restitution are left to the engine's usual contact.
pub(super) fn write_contacts(
    scene: &Scene,
    assembly: &Assembly,
    shapes: &[Vec<String>],
    step_s: f64,
) -> (String, Vec<String>) {
    let mut text = String::new();
    for pair in &assembly.excluded {
        let [one, other] = pair.map(|place| escape(&scene.bodies[place].label));
        put(&mut text, format_args!("    <exclude body1=\"{one}\" body2=\"{other}\"/>\n"));
    }
    let mut left = MOST_DEAD_PAIRS;
    let mut notes = Vec::new();
    for pair in dead_pairs(scene, assembly) {
        let sides = pair.map(|place| side(scene, shapes, place));
        let count = sides.iter().map(|side| side.shapes.len()).product();
        if let Some(rest) = left.checked_sub(count) {
            left = rest;
            write_dead_pair(&mut text, sides, step_s);
        } else {
            let [one, other] = pair.map(|place| place.map_or("the ground", |place| scene.bodies[place].label.as_str()));
            notes.push(format!(
                "{one:?} and {other:?} have {count} pairs of convex pieces, too many for the friction of a soft material: \
                 what slides fast between them may hop; make their shapes simpler"
            ));
        }
    }
    (section("contact", &text), notes)
}

/// True for a scene with contacts that are written out.
pub(super) fn has_dead_pair(scene: &Scene, assembly: &Assembly) -> bool {
    dead_pairs(scene, assembly).next().is_some()
}

/// Pairs of bodies that can touch each other and whose contact has low restitution; `None` is the ground.
fn dead_pairs(scene: &Scene, assembly: &Assembly) -> impl Iterator<Item = [Option<usize>; 2]> {
    let count = scene.bodies.len();
    let of_bodies = (0..count).flat_map(move |one| (one + 1..count).map(move |other| [one, other]));
    let of_bodies = of_bodies.filter(|pair| !assembly.excluded.contains(pair));
    let of_bodies = of_bodies.filter(|[one, other]| assembly.group(*one) != assembly.group(*other));
    let on_ground = (0..count).filter(|place| assembly.group(*place).is_some()).map(|place| [Some(place), None]);
    let pairs = of_bodies.map(|pair| pair.map(Some)).chain(on_ground);
    pairs.filter(|[one, other]| is_dead(&side(scene, &[], *one), &side(scene, &[], *other)))
}

/// One side of a contact: a body of the scene, or the ground.
fn side<'scene>(scene: &Scene, shapes: &'scene [Vec<String>], place: Option<usize>) -> Side<'scene> {
    place.map_or_else(Side::ground, |place| {
        let body = &scene.bodies[place];
        Side {
            restitution: body.restitution,
            friction: body.friction,
            shapes: shapes.get(place).map(|shapes| shapes.iter().map(String::as_str).collect()).unwrap_or_default(),
        }
    })
}

/// Factor from a command of the scene to one of the engine: places and speeds along a slide are millimetres.
pub(crate) fn command_scale(actuator: &Actuator, mobility: Mobility) -> f64 {
    match (actuator.kind(), mobility) {
        (ActuatorKind::Velocity | ActuatorKind::Position, Mobility::Slide { .. }) => 1.0 / MM_PER_M,
        _ => 1.0,
    }
}

fn section(name: &str, content: &str) -> String {
    if content.is_empty() { String::new() } else { format!("  <{name}>\n{content}  </{name}>\n") }
}

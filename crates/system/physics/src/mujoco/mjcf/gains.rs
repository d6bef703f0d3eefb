//! Gains of a motor, and the step and inertia with which the integrator can follow them.
//!
//! A gain is a rate: damping kv on an inertia I decays with kv/I, stiffness kp swings with √(kp/I). The integrator is
//! explicit and blows up when a rate is above 2.8 a step, and the contract's gains do that to every small part: a servo
//! of 1 N·m has kv = 0.5 N·m·s/rad, its horn 10⁻⁶ kg·m². The contract's gains stay unchanged. Instead, the step
//! shrinks, down to a quarter, and then the inertia grows: the joint gets as much of it (`armature`, the rotor of a
//! geared motor) as makes kv·step/I = [`MOST_DAMPING`]. That moves the slow pole kp/kv of a servo by kp·step/(kv·2.4),
//! 0.2 % at 0.5 ms, and keeps its stiffness, its droop and its damping; capping kv alone made it nine times faster than
//! it is.
//!
//! The engine's implicit integrators do not help: they ignore the damping of a motor while it is at its force limit,
//! and a light part then swings between the two limits forever.

use super::assembly::Assembly;
use crate::{
    actuator::{Actuator, ActuatorKind},
    scene::{Mobility, Scene},
    units::MM_PER_M,
};

/// Largest kv·step/I. The fourth-order method is stable up to 2.78 on the negative axis.
const MOST_DAMPING: f64 = 2.4;
/// Largest √(kp/I)·step; stable up to 2.83 on the imaginary axis.
const MOST_STIFFNESS: f64 = 1.0;

/// kp and kv of a motor as passed to the engine: N·m/rad and N·m·s/rad, or N/m and N·s/m; scaled with its share of
/// power.
pub(super) fn gains(scene: &Scene, actuator: &Actuator) -> [f64; 2] {
    let mobility = scene.index_of(&actuator.body).map(|place| scene.bodies[place].mobility);
    let unit = if matches!(mobility, Some(Mobility::Slide { .. })) { MM_PER_M } else { 1.0 };
    let of_kind = match actuator.kind() {
        ActuatorKind::Motor => [0.0, 0.0],
        ActuatorKind::Velocity => [0.0, actuator.kv],
        ActuatorKind::Position => [actuator.kp, actuator.kv],
    };
    of_kind.map(|gain| gain * unit * actuator.effort_share())
}

/// Longest step that follows the gains of a motor as they are, s.
pub(super) fn longest_step(scene: &Scene, assembly: &Assembly, actuator: &Actuator) -> f64 {
    let Some(place) = scene.index_of(&actuator.body) else { return f64::INFINITY };
    let ([kp, kv], inertia) = (gains(scene, actuator), joint_inertia(scene, assembly, place));
    (MOST_DAMPING * inertia / kv).min(MOST_STIFFNESS * (inertia / kp).sqrt())
}

/// What the joint of a motor needs beyond the inertia that it moves, kg·m² or kg.
pub(super) fn armature(scene: &Scene, assembly: &Assembly, actuator: &Actuator, step_s: f64) -> f64 {
    let Some(place) = scene.index_of(&actuator.body) else { return 0.0 };
    let [kp, kv] = gains(scene, actuator);
    let needed = (kv * step_s / MOST_DAMPING).max(kp * (step_s / MOST_STIFFNESS).powi(2));
    (needed - joint_inertia(scene, assembly, place)).max(0.0)
}

/// What a motor on the joint of a body has to move, kg·m² or kg: the body's rigid group, against the group that carries
/// it. Anything that these carry in turn only adds to it.
fn joint_inertia(scene: &Scene, assembly: &Assembly, place: usize) -> f64 {
    let own = group_inertia(scene, assembly, place, place);
    let Some(carrier) = assembly.carrier[place] else { return own };
    let leader = if assembly.has_joint[carrier] { carrier } else { assembly.carrier[carrier].unwrap_or(carrier) };
    let other = group_inertia(scene, assembly, leader, place);
    own * other / (own + other)
}

/// Inertia of the group of `leader` about the axis of the joint of `joint`; about its own middle where it is not on
/// that joint, since it may turn about that.
fn group_inertia(scene: &Scene, assembly: &Assembly, leader: usize, joint: usize) -> f64 {
    let members = (0..scene.bodies.len())
        .filter(|place| *place == leader || (assembly.carrier[*place] == Some(leader) && !assembly.has_joint[*place]));
    let jointed = &scene.bodies[joint];
    match jointed.mobility {
        Mobility::Hinge { axis, anchor_mm, .. } => {
            let length = axis.iter().map(|value| value * value).sum::<f64>().sqrt();
            let [x, y, z] = axis.map(|value| value / length);
            let anchor = if leader == joint {
                anchor_mm.unwrap_or(jointed.mass.center_mm)
            } else {
                scene.bodies[leader].mass.center_mm
            };
            members
                .map(|member| {
                    let mass = scene.bodies[member].mass;
                    let [xx, yy, zz, xy, xz, yz] = mass.inertia_kg_m2;
                    let own = xx * x * x + yy * y * y + zz * z * z + 2.0 * (xy * x * y + xz * x * z + yz * y * z);
                    let arm: [f64; 3] = std::array::from_fn(|axis| (mass.center_mm[axis] - anchor[axis]) / MM_PER_M);
                    let along = arm[0] * x + arm[1] * y + arm[2] * z;
                    let square: f64 = arm.iter().map(|part| part * part).sum();
                    own + mass.mass_kg * (square - along * along)
                })
                .sum()
        }
        _ => members.map(|member| scene.bodies[member].mass.mass_kg).sum(),
    }
}

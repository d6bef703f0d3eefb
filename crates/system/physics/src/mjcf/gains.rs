//! Gains of a motor that the time step can follow.
//!
//! A gain is a rate: damping kv on an inertia I decays with kv/I, stiffness kp swings with √(kp/I). The integrator is
//! explicit and blows up when a rate is above 2.8 a step, and the contract's default kv = 1 N·m·s/rad does that to
//! every part below 7e-4 kg·m², which is most of them. So kv is at most I/step, which reaches a speed in one step, and
//! kp at most I/(2·step)², which with that damping is critical. A motor that regulates faster than the simulation
//! steps cannot be told from that one. The document shows the gains that count.

use super::assembly::Assembly;
use crate::{
    actuator::Actuator,
    scene::{Mobility, Scene},
};

/// kp and kv of a motor as the engine gets them: N·m/rad and N·m·s/rad, or N/m and N·s/m.
pub(super) fn stable_gains(scene: &Scene, assembly: &Assembly, actuator: &Actuator, step_s: f64) -> [f64; 2] {
    let Some(place) = scene.index_of(&actuator.body) else { return [actuator.kp, actuator.kv] };
    let inertia = joint_inertia(scene, assembly, place);
    let unit = if matches!(scene.bodies[place].mobility, Mobility::Slide { .. }) { super::MM_PER_M } else { 1.0 };
    [(unit * actuator.kp).min(inertia / (4.0 * step_s * step_s)), (unit * actuator.kv).min(inertia / step_s)]
}

/// What a motor on the joint of a body has to move, kg·m² or kg: the body's rigid group, against the group that it
/// rides on. Whatever rides on these in turn only adds to it.
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
                    let arm: [f64; 3] =
                        std::array::from_fn(|axis| (mass.center_mm[axis] - anchor[axis]) / super::MM_PER_M);
                    let along = arm[0] * x + arm[1] * y + arm[2] * z;
                    let square: f64 = arm.iter().map(|part| part * part).sum();
                    own + mass.mass_kg * (square - along * along)
                })
                .sum()
        }
        _ => members.map(|member| scene.bodies[member].mass.mass_kg).sum(),
    }
}

//! Motors at work: commands before each step, loads after it.

use mujoco_rs::{prelude::*, wrappers::mj_model::traits::ModelType};

use crate::{
    PhysicsError,
    actuator::Actuator,
    mjcf::{MM_PER_M, command_scale, joint_name},
    run::{MotorLoad, find},
    scene::{Mobility, Scene},
};

/// Share of its limit from which a motor counts as being at it.
pub const OVERLOAD_SHARE: f64 = 0.99;
/// How long a motor may be at its limit, s.
pub const OVERLOAD_S: f64 = 2.0;

/// The motors of one run.
pub(crate) struct Drives<'scene> {
    motors: Vec<Motor<'scene>>,
    overload_steps: u64,
}

struct Motor<'scene> {
    actuator: &'scene Actuator,
    id: usize,
    /// Engine id of the driven body.
    body: usize,
    scale: f64,
    /// Place of the joint in the engine's coordinates.
    coordinate: usize,
    is_slide: bool,
    steps_at_limit: u64,
    peak_force: f64,
}

/// A motor that was at its limit for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overload<'scene> {
    pub motor: &'scene str,
    pub body: usize,
}

impl<'scene> Drives<'scene> {
    pub fn new(scene: &'scene Scene, model: &MjModel, step_s: f64) -> Result<Self, PhysicsError> {
        let motors = scene
            .actuators
            .iter()
            .map(|actuator| {
                let driven = scene.bodies.iter().find(|body| body.label == actuator.body);
                let joint = find(model, MjtObjBase::mjOBJ_JOINT, &joint_name(&actuator.body))?;
                Ok(Motor {
                    coordinate: model.jnt_qposadr()[joint] as usize,
                    actuator,
                    id: find(model, MjtObjBase::mjOBJ_ACTUATOR, &actuator.body)?,
                    body: find(model, MjtObjBase::mjOBJ_BODY, &actuator.body)?,
                    scale: driven.map_or(1.0, |body| command_scale(actuator, body.mobility)),
                    is_slide: driven.is_some_and(|body| matches!(body.mobility, Mobility::Slide { .. })),
                    steps_at_limit: 0,
                    peak_force: 0.0,
                })
            })
            .collect::<Result<_, PhysicsError>>()?;
        // Times are counted in whole steps: 2 s of 2 ms are a thousand steps and not 999.99….
        Ok(Self { motors, overload_steps: (OVERLOAD_S / step_s).round() as u64 })
    }

    /// Sets the commands for the step that begins at `time_s`.
    pub fn command<M: ModelType>(&self, data: &mut MjData<M>, time_s: f64) {
        let commands = data.ctrl_mut();
        for motor in &self.motors {
            commands[motor.id] = motor.scale * motor.actuator.command_at(time_s);
        }
    }

    /// Notes the efforts of the step that was just computed; answers the motor that has been at its limit for too long.
    pub fn look<M: ModelType>(&mut self, data: &MjData<M>) -> Option<Overload<'scene>> {
        let forces = data.actuator_force();
        let mut overload = None;
        for motor in &mut self.motors {
            let force = forces[motor.id].abs();
            motor.peak_force = motor.peak_force.max(force);
            let is_at_limit = motor.actuator.force_limit.is_some_and(|limit| force >= OVERLOAD_SHARE * limit);
            motor.steps_at_limit = if is_at_limit { motor.steps_at_limit + 1 } else { 0 };
            if motor.steps_at_limit >= self.overload_steps && overload.is_none() {
                overload = Some(Overload { motor: &motor.actuator.body, body: motor.body });
            }
        }
        overload
    }

    /// What each motor did up to this state.
    pub fn loads<M: ModelType>(&self, data: &MjData<M>) -> Vec<MotorLoad> {
        self.motors
            .iter()
            .map(|motor| MotorLoad {
                motor: motor.actuator.body.clone(),
                peak_force: motor.peak_force,
                force_limit: motor.actuator.force_limit,
                power: motor.actuator.power,
                final_place: data.qpos()[motor.coordinate] * if motor.is_slide { MM_PER_M } else { 1.0 },
            })
            .collect()
    }
}

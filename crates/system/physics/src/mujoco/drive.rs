//! Motors during a run: commands before each step, loads after it.
//!
//! A speed-controlled motor regulates with integral action, as drives do: effort = kv·(z − ω), ż = (ω* − ω)/T. With
//! proportional control alone it would droop by load/kv. The set-point acts through the integral only, so that I·ω̈ +
//! kv·ω̇ + kv/T·ω = kv/T·ω*, which is critically damped for T = 4·I/kv and slower than that where [`LEAST_RESET_S`] is
//! longer. Where it asks for [`WIND_UP`] times the limit the integral stops; otherwise a motor that comes free would
//! race for as long as it was blocked (K. J. Åström, T. Hägglund, "PID Controllers", 2nd ed., 1995, chapter 3:
//! set-point weighting with b = 0, conditional integration).

use contract::limits::{OVERLOAD_S, OVERLOAD_SHARE};
use mujoco_rs::{prelude::*, wrappers::mj_model::traits::ModelType};

use super::{
    engine::find,
    mjcf::{command_scale, joint_name},
};
use crate::{
    PhysicsError,
    actuator::{Actuator, ActuatorKind},
    controller::MOST_COMMAND,
    report::MotorLoad,
    scene::{Mobility, Scene},
    units::MM_PER_M,
};

/// How far the integral of a blocked motor continues, in multiples of its effort limit. A body that is pressed against
/// another with many times its weight chatters, by up to half of the speed that the limit gives it in a step; the motor
/// that presses is at its limit all the same.
const WIND_UP: f64 = 3.0;

/// Shortest reset time, s: four of the contract's steps. A stiff motor reaches its speed within a few of these.
const LEAST_RESET_S: f64 = 4.0 * contract::limits::SIMULATION_STEP_S;

/// Effort at which the integral of a motor without a limit stops, N·m or N.
const MOST_UNLIMITED_EFFORT: f64 = 1000.0;

/// The motors of one run.
pub(crate) struct Drives<'scene> {
    motors: Vec<Motor<'scene>>,
    overload_steps: u64,
    step_s: f64,
}

struct Motor<'scene> {
    actuator: &'scene Actuator,
    id: usize,
    scale: f64,
    /// Index of the joint in the engine's coordinates.
    coordinate: usize,
    /// Index of the joint in the engine's velocities.
    velocity: usize,
    regulator: Option<SpeedRegulator>,
    is_slide: bool,
    steps_at_limit: u64,
    peak_force: f64,
    peak_speed: f64,
}

impl<'scene> Drives<'scene> {
    pub fn new(scene: &'scene Scene, model: &MjModel, step_s: f64) -> Result<Self, PhysicsError> {
        let motors = scene
            .actuators
            .iter()
            .map(|actuator| {
                let driven = scene.bodies.iter().find(|body| body.label == actuator.body);
                let joint = find(model, MjtObjBase::mjOBJ_JOINT, &joint_name(&actuator.body))?;
                let id = find(model, MjtObjBase::mjOBJ_ACTUATOR, &actuator.body)?;
                let velocity = model.jnt_dofadr()[joint] as usize;
                let regulator = (actuator.kind() == ActuatorKind::Velocity).then(|| {
                    let gain = model.actuator_gainprm()[id][0];
                    SpeedRegulator::new(gain, model.dof_m0()[velocity], actuator.effective_limit())
                });
                Ok(Motor {
                    coordinate: model.jnt_qposadr()[joint] as usize,
                    velocity,
                    regulator,
                    actuator,
                    id,
                    scale: driven.map_or(1.0, |body| command_scale(actuator, body.mobility)),
                    is_slide: driven.is_some_and(|body| matches!(body.mobility, Mobility::Slide { .. })),
                    steps_at_limit: 0,
                    peak_force: 0.0,
                    peak_speed: 0.0,
                })
            })
            .collect::<Result<_, PhysicsError>>()?;
        // Times are counted in whole steps: 2 s of 2 ms are a thousand steps and not 999.99….
        Ok(Self { motors, overload_steps: (OVERLOAD_S / step_s).round() as u64, step_s })
    }

    /// Sets the commands for the step that begins at `time_s`.
    pub fn command<M: ModelType>(&mut self, data: &mut MjData<M>, time_s: f64) {
        for motor in &mut self.motors {
            let wanted = motor.scale * motor.actuator.command_at(time_s);
            let command = match &mut motor.regulator {
                Some(regulator) => regulator.follow(wanted, data.qvel()[motor.velocity], self.step_s),
                None => wanted,
            };
            data.ctrl_mut()[motor.id] = command;
        }
    }

    /// Records the efforts of the step that was just computed; returns the index in the scene of a motor that has been
    /// at its limit for too long.
    pub fn look<M: ModelType>(&mut self, data: &MjData<M>) -> Option<usize> {
        let forces = data.actuator_force();
        let mut overload = None;
        for (place, motor) in self.motors.iter_mut().enumerate() {
            let force = forces[motor.id].abs();
            motor.peak_force = motor.peak_force.max(force);
            motor.peak_speed = motor.peak_speed.max(data.qvel()[motor.velocity].abs());
            let is_at_limit = motor.actuator.effective_limit().is_some_and(|limit| force >= OVERLOAD_SHARE * limit);
            motor.steps_at_limit = if is_at_limit { motor.steps_at_limit + 1 } else { 0 };
            if motor.steps_at_limit >= self.overload_steps && overload.is_none() {
                overload = Some(place);
            }
        }
        overload
    }

    /// What each motor did up to the state with these engine coordinates.
    pub fn loads(&self, coordinates: &[f64]) -> Vec<MotorLoad> {
        self.motors
            .iter()
            .map(|motor| MotorLoad {
                motor: motor.actuator.body.clone(),
                peak_force: motor.peak_force,
                peak_speed: motor.peak_speed * if motor.is_slide { MM_PER_M } else { 1.0 },
                force_limit: motor.actuator.effective_limit(),
                power: motor.actuator.power,
                final_place: coordinates[motor.coordinate] * if motor.is_slide { MM_PER_M } else { 1.0 },
            })
            .collect()
    }
}

/// The integral of a speed-controlled motor; rad/s or m/s, N·m or N.
struct SpeedRegulator {
    gain: f64,
    /// Integral (reset) time T, s.
    reset_s: f64,
    most_effort: f64,
    integral: f64,
}

impl SpeedRegulator {
    /// For a motor whose effort is `gain` × (command − speed) on `inertia`, kg·m² or kg.
    fn new(gain: f64, inertia: f64, force_limit: Option<f64>) -> Self {
        let most_effort = force_limit.map_or(MOST_UNLIMITED_EFFORT, |limit| WIND_UP * limit);
        Self { gain, reset_s: (4.0 * inertia / gain).max(LEAST_RESET_S), most_effort, integral: 0.0 }
    }

    /// The engine's command for a step that begins at `speed`.
    fn follow(&mut self, wanted: f64, speed: f64, step_s: f64) -> f64 {
        // The bound is on the integral, not on the effort: that of a blocked motor chatters with its speed, and a bound
        // on it would let the integral sink with each swing forwards and not rise with the swing back.
        let most = (wanted.abs() + self.most_effort / self.gain).min(MOST_COMMAND);
        self.integral = (self.integral + (wanted - speed) * step_s / self.reset_s).clamp(-most, most);
        self.integral
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocked_motor_reaches_its_limit_without_windup() {
        const STEP_S: f64 = 0.002;
        let (gain, inertia, limit) = (0.1, 2e-4, 0.5);
        let mut regulator = SpeedRegulator::new(gain, inertia, Some(limit));
        let efforts: Vec<f64> = (0..1000).map(|_| gain * regulator.follow(1.0, 0.0, STEP_S)).collect();
        assert!(efforts[0] < 0.1 * limit, "it begins with {} N·m", efforts[0]);
        let most = WIND_UP * limit + gain * 1.0 + 1e-12;
        assert!(efforts.iter().all(|effort| *effort <= most) && efforts[999] >= limit, "{efforts:?}");
        // Once free, its speed is at most 3·limit/gain above its command, 16 rad/s; 0.1 s later it is back at its
        // command.
        let mut speed = 0.0;
        for _ in 0..50 {
            let effort = (gain * (regulator.follow(1.0, speed, STEP_S) - speed)).clamp(-limit, limit);
            speed += effort / inertia * STEP_S;
            assert!(speed <= 1.0 + WIND_UP * limit / gain, "it races with {speed} rad/s");
        }
        assert!((speed - 1.0).abs() < 1e-3, "it turns with {speed} rad/s");
    }
}

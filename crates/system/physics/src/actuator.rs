//! Motors: which body each drives, its command over time, and its effort.

use contract::limits::MIN_MOTOR_POWER;

use crate::controller::Controller;

/// Default stiffness of a position-controlled motor: N·m/rad or N/mm.
pub const DEFAULT_KP: f64 = 10.0;
/// Default damping of a position- or speed-controlled motor: N·m·s/rad or N·s/mm.
pub const DEFAULT_KV: f64 = 1.0;

/// A motor on the joint of a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Actuator {
    /// Label of the driven body; also the motor's name.
    pub body: String,
    /// Its command over time.
    pub control: Controller,
    /// Largest effort in either direction, N·m on a hinge and N on a slide; unlimited when absent.
    pub force_limit: Option<f64>,
    /// Stiffness, N·m/rad or N/mm; used by [`ActuatorKind::Position`].
    pub kp: f64,
    /// Damping, N·m·s/rad or N·s/mm; used by [`ActuatorKind::Position`] and [`ActuatorKind::Velocity`].
    pub kv: f64,
    /// Highest speed at which it turns or slides by itself, rad/s or mm/s; unlimited when absent. A speed command is
    /// limited to it. A position-controlled motor follows its gains, which the contract defines, and [`MotorLoad`]
    /// reports its speed.
    ///
    /// [`MotorLoad`]: crate::MotorLoad
    pub speed_limit: Option<f64>,
    /// Share of its power that its circuit delivers to the motor, 0 to 1. Below [`MIN_MOTOR_POWER`] it gets none.
    pub power: f64,
}

/// What a motor regulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActuatorKind {
    /// Speed: effort = kv·(command − speed).
    Velocity,
    /// Effort: effort = command.
    Motor,
    /// Place: effort = kp·(command − place) − kv·speed.
    Position,
}

impl Actuator {
    /// A motor with default gains, no limit and full power.
    pub fn new(body: impl Into<String>, control: Controller) -> Self {
        Self {
            body: body.into(),
            control,
            force_limit: None,
            kp: DEFAULT_KP,
            kv: DEFAULT_KV,
            speed_limit: None,
            power: 1.0,
        }
    }

    /// The kind follows from the controller: `constant` is a speed, `on_off` an effort, anything else a place.
    pub fn kind(&self) -> ActuatorKind {
        match self.control {
            Controller::Constant { .. } => ActuatorKind::Velocity,
            Controller::OnOff { .. } => ActuatorKind::Motor,
            Controller::Sinusoidal { .. }
            | Controller::Square { .. }
            | Controller::Trapezoidal { .. }
            | Controller::Position { .. }
            | Controller::Waypoints(_)
            | Controller::Hold
            | Controller::Oscillate { .. } => ActuatorKind::Position,
        }
    }

    /// Share of its effort that the motor can give: a motor without power gives none, whatever its command.
    pub fn effort_share(&self) -> f64 {
        if self.power < MIN_MOTOR_POWER { 0.0 } else { self.power }
    }

    /// Largest effort at its power, N·m or N; `None` without a limit, and for a motor that gives no effort at all.
    pub fn effective_limit(&self) -> Option<f64> {
        let share = self.effort_share();
        self.force_limit.filter(|_| share > 0.0).map(|limit| limit * share)
    }

    /// The motor's command at a time, s. Speeds and efforts shrink with the power, as the voltage does; a position
    /// command stays the same, and the motor goes there with less force.
    pub fn command_at(&self, time_s: f64) -> f64 {
        let told = self.control.value_at(time_s);
        match self.kind() {
            ActuatorKind::Velocity => {
                let most = self.speed_limit.unwrap_or(f64::INFINITY);
                self.effort_share() * told.clamp(-most, most)
            }
            ActuatorKind::Motor => self.effort_share() * told,
            ActuatorKind::Position => told,
        }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let name = &self.body;
        if let Some(fault) = self.control.fault() {
            return Err(format!("the motor of {name:?} {fault}"));
        }
        if let Some(limit) = self.force_limit
            && !(limit.is_finite() && limit > 0.0)
        {
            return Err(format!("the motor of {name:?} has a force limit of {limit}; it must be above 0"));
        }
        if let Some(limit) = self.speed_limit
            && !(limit.is_finite() && limit > 0.0)
        {
            return Err(format!("the motor of {name:?} has a speed limit of {limit}; it must be above 0"));
        }
        for (gain, value) in [("kp", self.kp), ("kv", self.kv)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(format!("the motor of {name:?} has {gain} = {value}; it must be 0 or more"));
            }
        }
        if !(0.0..=1.0).contains(&self.power) {
            return Err(format!("the motor of {name:?} has a power factor of {}; expected 0 to 1", self.power));
        }
        Ok(())
    }
}

//! How a part moves, and what drives it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a part moves. One with degrees of freedom is a moving part; a motor when it is controlled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Motion {
    /// Degrees of freedom: `rotate_x`, `rotate_y`, `rotate_z`, `slide_x`, `slide_y`, `slide_z`.
    #[serde(default)]
    pub dofs: Vec<String>,
    /// What drives it.
    #[serde(default)]
    pub control: Option<MotorControl>,
}

/// What drives a motor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MotorControl {
    /// Course over time.
    pub mode: ControlMode,
    /// The course's value. `constant`: speed in rad/s or mm/s. `on_off`: effort in N·m or N. `position`: place in rad or
    /// mm. `sinusoidal`, `square`, `trapezoidal`, `oscillate`: largest deviation in rad or mm. Others ignore it.
    #[serde(default)]
    pub speed: f64,
    /// Hz, for the modes that repeat; 1 when absent.
    #[serde(default)]
    pub frequency: Option<f64>,
    /// Middle of `oscillate`, rad or mm; 0 when absent.
    #[serde(default)]
    pub center: Option<f64>,
    /// Course of `waypoint`: pairs of a time, s, and a place, rad or mm, in the order of time.
    #[serde(default)]
    pub waypoints: Vec<[f64; 2]>,
    /// Largest effort, N·m or N. A hinge's servo is the part itself or what it turns on: its torque when absent, which
    /// this must not exceed.
    #[serde(default)]
    pub force_limit: Option<f64>,
}

/// Course of a motor over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlMode {
    /// Always the same speed.
    Constant,
    /// A sine.
    Sinusoidal,
    /// From one side to the other at once.
    Square,
    /// From one side to the other at an even pace.
    Trapezoidal,
    /// On and off in turns.
    OnOff,
    /// Goes to a place at once.
    Position,
    /// Follows places in time.
    Waypoint,
    /// Stays where it is.
    Hold,
    /// A sine about a place.
    Oscillate,
}

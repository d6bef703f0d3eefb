//! Motor commands over time: pure functions, so that a run repeats exactly.

use std::f64::consts::TAU;

/// A motor's command over time. Values are in the unit of the actuator that it drives: rad/s or mm/s for a
/// speed, N·m or N for an effort, rad or mm for a place (see [`ActuatorKind`](crate::ActuatorKind)). Frequencies are in
/// Hz.
#[derive(Debug, Clone, PartialEq)]
pub enum Controller {
    /// Always the same speed.
    Constant {
        /// Speed.
        value: f64,
    },
    /// `amplitude`·sin(2πft).
    Sinusoidal {
        /// Largest value.
        amplitude: f64,
        /// Frequency.
        frequency_hz: f64,
    },
    /// `amplitude` for the first half of each period, −`amplitude` for the second.
    Square {
        /// Largest value.
        amplitude: f64,
        /// Frequency.
        frequency_hz: f64,
    },
    /// From 0 to `amplitude` in an eighth of a period, held for a quarter, down to −`amplitude` in a quarter, held for
    /// a quarter, and back to 0 in the last eighth.
    Trapezoidal {
        /// Largest value.
        amplitude: f64,
        /// Frequency.
        frequency_hz: f64,
    },
    /// `value` for the first half of each period, nothing for the second.
    OnOff {
        /// Effort while on.
        value: f64,
        /// Frequency.
        frequency_hz: f64,
    },
    /// Goes to a position at once.
    Position {
        /// Place.
        target: f64,
    },
    /// Straight lines between places in time; the first place before the first time, the last one after the last.
    Waypoints(
        /// Ordered by time.
        Vec<Waypoint>,
    ),
    /// Stays where it starts.
    Hold,
    /// Swings about a place: `center` + `amplitude`·sin(2πft + `phase_rad`).
    Oscillate {
        /// Middle.
        center: f64,
        /// Largest deviation.
        amplitude: f64,
        /// Frequency.
        frequency_hz: f64,
        /// Phase at the start, rad.
        phase_rad: f64,
    },
}

/// Largest value of a command. The engine accepts none above 1e10, and stops all motors of a scene when one command is
/// larger.
pub(crate) const MOST_COMMAND: f64 = 1e9;

/// A position at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waypoint {
    /// When, s.
    pub time_s: f64,
    /// Where: rad or mm.
    pub value: f64,
}

impl Controller {
    /// The command at a time, s.
    pub fn value_at(&self, time_s: f64) -> f64 {
        let phase = |frequency_hz: &f64| (time_s * frequency_hz).rem_euclid(1.0);
        match self {
            Self::Constant { value } | Self::Position { target: value } => *value,
            Self::Sinusoidal { amplitude, frequency_hz } => amplitude * (TAU * frequency_hz * time_s).sin(),
            Self::Square { amplitude, frequency_hz } => amplitude * if phase(frequency_hz) < 0.5 { 1.0 } else { -1.0 },
            Self::Trapezoidal { amplitude, frequency_hz } => {
                let phase = phase(frequency_hz);
                // A triangle wave in step with the sine, twice as high and cut off at 1.
                let triangle = 1.0 - 4.0 * ((phase + 0.25).rem_euclid(1.0) - 0.5).abs();
                amplitude * (2.0 * triangle).clamp(-1.0, 1.0)
            }
            Self::OnOff { value, frequency_hz } => value * if phase(frequency_hz) < 0.5 { 1.0 } else { 0.0 },
            Self::Waypoints(points) => along(points, time_s),
            Self::Hold => 0.0,
            Self::Oscillate { center, amplitude, frequency_hz, phase_rad } => {
                center + amplitude * (TAU * frequency_hz * time_s + phase_rad).sin()
            }
        }
    }

    /// What is wrong with the command, as the rest of a sentence.
    pub(crate) fn fault(&self) -> Option<String> {
        let numbers: Vec<f64> = match self {
            Self::Constant { value } | Self::Position { target: value } => vec![*value],
            Self::Sinusoidal { amplitude, frequency_hz }
            | Self::Square { amplitude, frequency_hz }
            | Self::Trapezoidal { amplitude, frequency_hz }
            | Self::OnOff { value: amplitude, frequency_hz } => vec![*amplitude, *frequency_hz],
            Self::Oscillate { center, amplitude, frequency_hz, phase_rad } => {
                vec![*center, *amplitude, *frequency_hz, *phase_rad]
            }
            Self::Waypoints(points) if points.is_empty() => return Some("has no waypoints".to_owned()),
            Self::Waypoints(points) => {
                if let Some(pair) = points.windows(2).find(|pair| pair[1].time_s <= pair[0].time_s) {
                    let [before, after] = [pair[0].time_s, pair[1].time_s];
                    return Some(format!("has a waypoint at {after} s after one at {before} s; times must rise"));
                }
                points.iter().flat_map(|point| [point.time_s, point.value]).collect()
            }
            Self::Hold => Vec::new(),
        };
        let odd = numbers.into_iter().find(|number| number.is_nan() || number.abs() > MOST_COMMAND)?;
        Some(format!("has a command of {odd}; it must be a number from -{MOST_COMMAND:e} to {MOST_COMMAND:e}"))
    }
}

fn along(points: &[Waypoint], time_s: f64) -> f64 {
    let next = points.partition_point(|point| point.time_s <= time_s);
    match (next.checked_sub(1).and_then(|index| points.get(index)), points.get(next)) {
        (Some(before), Some(after)) => {
            let share = (time_s - before.time_s) / (after.time_s - before.time_s);
            before.value + share * (after.value - before.value)
        }
        (Some(end), None) | (None, Some(end)) => end.value,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn follows(controller: &Controller, course: &[(f64, f64)]) {
        for (time_s, expected) in course {
            let value = controller.value_at(*time_s);
            assert!((value - expected).abs() < 1e-12, "{controller:?} gives {value} at {time_s} s, not {expected}");
        }
    }

    #[test]
    fn every_course_follows_its_closed_form() {
        use Controller::{Constant, Hold, OnOff, Oscillate, Position, Sinusoidal, Square, Trapezoidal, Waypoints};
        let (amplitude, frequency_hz) = (3.0, 2.0);
        follows(&Constant { value: 4.0 }, &[(0.0, 4.0), (17.3, 4.0)]);
        follows(&Position { target: -0.5 }, &[(0.0, -0.5), (9.0, -0.5)]);
        follows(&Hold, &[(0.0, 0.0), (9.0, 0.0)]);
        // A period is half a second; an eighth of it is 62.5 ms.
        let sine = [(0.0, 0.0), (0.125, 3.0), (0.25, 0.0), (0.375, -3.0), (1.0 / 24.0, 1.5)];
        follows(&Sinusoidal { amplitude, frequency_hz }, &sine);
        let square = [(0.0, 3.0), (0.249, 3.0), (0.251, -3.0), (0.499, -3.0), (0.501, 3.0)];
        follows(&Square { amplitude, frequency_hz }, &square);
        let trapezoid = [
            (0.0, 0.0),
            (0.031_25, 1.5),
            (0.062_5, 3.0),
            (0.125, 3.0),
            (0.187_5, 3.0),
            (0.25, 0.0),
            (0.312_5, -3.0),
            (0.437_5, -3.0),
            (0.468_75, -1.5),
            (0.5, 0.0),
        ];
        follows(&Trapezoidal { amplitude, frequency_hz }, &trapezoid);
        let on_off = [(0.0, 3.0), (0.249, 3.0), (0.251, 0.0), (0.499, 0.0), (0.501, 3.0)];
        follows(&OnOff { value: amplitude, frequency_hz }, &on_off);
        let swing = Oscillate { center: 1.0, amplitude, frequency_hz, phase_rad: TAU / 4.0 };
        follows(&swing, &[(0.0, 4.0), (0.125, 1.0), (0.25, -2.0)]);
        let points = [(1.0, 0.0), (2.0, 10.0), (4.0, -10.0)].map(|(time_s, value)| Waypoint { time_s, value });
        let path = [(0.0, 0.0), (1.0, 0.0), (1.25, 2.5), (2.0, 10.0), (3.0, 0.0), (4.0, -10.0), (9.0, -10.0)];
        follows(&Waypoints(points.to_vec()), &path);
    }

    #[test]
    fn an_on_off_motor_is_on_half_of_the_time() {
        let controller = Controller::OnOff { value: 1.0, frequency_hz: 5.0 };
        let on = (0..1000).filter(|step| controller.value_at((f64::from(*step) + 0.5) * 0.002) > 0.0).count();
        assert_eq!(on, 500);
    }

    #[test]
    fn waypoints_out_of_order_are_a_fault() {
        let points = [2.0, 1.0].map(|time_s| Waypoint { time_s, value: 0.0 });
        assert!(Controller::Waypoints(points.to_vec()).fault().expect("out of order").contains("times must rise"));
    }
}

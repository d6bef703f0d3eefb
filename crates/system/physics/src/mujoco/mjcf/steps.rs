//! Number of engine steps per step of the run.
//!
//! The run is commanded, judged and counted in the contract's steps of 2 ms. The engine divides a step only where the
//! scene needs it, because this costs time:
//!
//! | Scene | Parts | Why |
//! |---|---|---|
//! | one body that moves | 1 | a resting body sinks by 0.04 mm |
//! | several bodies that move | 2 | what one carries adds up: ten cubes sink by 0.13 mm together, with 1 part by 0.5 mm |
//! | contacts of low restitution | 4 | they slip, see `contact` |
//! | motors | up to 4 | their gains, see `gains` |
//! | fast bodies | up to 16 | found while it runs, see [`crate::mujoco::pace`] |

use super::{assembly::Assembly, gains::longest_step, motors::has_dead_pair};
use crate::scene::Scene;

/// Parts of a step where several bodies move.
const SEVERAL: u32 = 2;
/// Parts of a step with contacts of low restitution, and the largest number that motors can cause.
const FINE: u32 = 4;

/// Parts of each step of the run, a power of two.
pub(super) fn parts(scene: &Scene, assembly: &Assembly, step_s: f64) -> u32 {
    let several = if assembly.moving_groups() > 1 { SEVERAL } else { 1 };
    let dead = if has_dead_pair(scene, assembly) { FINE } else { 1 };
    let longest = scene.actuators.iter().map(|motor| longest_step(scene, assembly, motor)).fold(step_s, f64::min);
    let driven = [1, SEVERAL].into_iter().find(|parts| step_s / f64::from(*parts) <= longest).unwrap_or(FINE);
    several.max(dead).max(driven)
}

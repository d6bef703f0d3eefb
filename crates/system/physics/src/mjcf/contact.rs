//! Contacts: from a material's restitution to the engine's spring and damper.
//!
//! The engine has no coefficient of restitution. With the direct form `solref="-K -B"` and an impedance near 1, the
//! depth r of a contact obeys r″ + B r′ + K r = 0 per unit of mass, as long as the force pushes. Such a contact gives
//! back the share e of the speed of approach, with ζ = B / (2√K) (Schwager and Pöschel 2007, the force never pulls):
//!
//! > e(ζ) = exp(−ζ/s · atan2(2ζs, 2ζ² − 1)), s = √(1 − ζ²), for ζ < 1; the same with s = √(ζ² − 1) and
//! > ln((ζ + s)/(ζ − s)) instead of the angle, for ζ > 1; e⁻² at ζ = 1.
//!
//! All geoms share K, and the engine takes the larger B of two geoms (the element-wise minimum of direct `solref`s), so
//! a pair bounces as its deader material says and no list of pairs is needed. The floor has B = 0 and no friction of
//! its own: what lies on it decides.
//!
//! **Stiffness.** √K = 0.8 / step, a quarter of an oscillation in two steps. Stiffer, and where in a step a body
//! arrives decides its bounce; softer, and a ball at 4 m/s sinks in by its own radius and leaves a thin plate on the
//! wrong side. (4.4 m/s, a fall of 1 m: 7 mm at e = 0.5.)
//!
//! **Impedance** rises from 0.5 at the surface to 0.99 at a depth of 0.5 mm. A hard surface (0.99 everywhere) rests
//! 0.6 nm deep, less than one step of gravity moves it, so a bouncy body chatters for ever and creeps down a slope
//! (3 mm/s). With the soft skin it rests 0.03 mm deep, stays in contact and comes to rest.
//!
//! **Error.** A ball dropped from 100 to 300 mm, 16 heights a value: e wanted 0.3, 0.6, 0.9 gave 0.294, 0.596, 0.896 on
//! average, single drops within −0.053…+0.047, −0.033…+0.045, −0.016…+0.025. The scatter is the place in the step at
//! which the ball arrives: the damper's force begins with a jump of B·v, of which Runge–Kutta misplaces up to a third
//! of a step, and the spring adds (√K·step)²/6 of the speed: see [`restitution_error`].

/// √K times the time step.
const STIFFNESS_PER_STEP: f64 = 0.8;

/// Below this, a contact would need more damping than the integrator takes stably (B·step = 2 at 0.1).
pub const MIN_RESTITUTION: f64 = 0.1;

/// The engine's numbers for one material.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ContactNumbers {
    /// K, 1/s².
    pub stiffness: f64,
    /// B, 1/s.
    pub damping: f64,
}

/// Impedance at the surface, deep inside, depth of the change in metres.
pub(crate) const IMPEDANCE: [f64; 3] = [0.5, 0.99, 0.0005];

/// Numbers for a coefficient of restitution between 0 and 1; less than [`MIN_RESTITUTION`] counts as that.
pub(crate) fn contact_numbers(restitution: f64, step_s: f64) -> ContactNumbers {
    let frequency = STIFFNESS_PER_STEP / step_s;
    ContactNumbers { stiffness: frequency * frequency, damping: 2.0 * damping_ratio(restitution) * frequency }
}

/// How far the restitution of a single impact may be from the coefficient of the material: the share of a step that
/// the jump of the damper (2ζ·√K·step / 3) and the rise of the spring ((√K·step)² / 6) can be misplaced by.
pub fn restitution_error(restitution: f64) -> f64 {
    let damper = 2.0 * damping_ratio(restitution) * STIFFNESS_PER_STEP / 3.0;
    restitution * (damper + STIFFNESS_PER_STEP * STIFFNESS_PER_STEP / 6.0)
}

/// Damping ratio whose contact gives back the share `restitution` of the speed. Bisection: e falls with ζ.
fn damping_ratio(restitution: f64) -> f64 {
    let wanted = restitution.clamp(MIN_RESTITUTION, 1.0);
    if wanted >= 1.0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, 2.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if restitution_of(middle) > wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// e(ζ), as the head of this file has it.
fn restitution_of(ratio: f64) -> f64 {
    let exponent = if (ratio - 1.0).abs() < 1e-9 {
        2.0
    } else if ratio < 1.0 {
        let s = (1.0 - ratio * ratio).sqrt();
        ratio / s * f64::atan2(2.0 * ratio * s, 2.0 * ratio * ratio - 1.0)
    } else {
        let s = (ratio * ratio - 1.0).sqrt();
        ratio / s * ((ratio + s) / (ratio - s)).ln()
    };
    (-exponent).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_damping_ratio_gives_the_restitution_back() {
        for restitution in [0.1, 0.135, 0.3, 0.6, 0.9, 0.99] {
            assert!((restitution_of(damping_ratio(restitution)) - restitution).abs() < 1e-9);
        }
        assert_eq!(damping_ratio(1.0), 0.0);
        assert_eq!(damping_ratio(0.0), damping_ratio(MIN_RESTITUTION));
    }

    #[test]
    fn restitution_is_continuous_at_critical_damping() {
        assert!((restitution_of(0.999_999) - restitution_of(1.000_001)).abs() < 1e-5);
    }
}

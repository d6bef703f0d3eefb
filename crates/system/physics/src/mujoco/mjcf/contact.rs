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
//! a pair bounces with the lower restitution of its two materials and no list of pairs is needed. The floor has B = 0
//! and no friction: the body that rests on it decides.
//!
//! **Stiffness.** √K = 0.8 / step, a quarter of an oscillation in two steps. If it is stiffer, the bounce depends on
//! where in a step the body arrives; if it is softer, a ball at 4 m/s sinks in by its own radius and leaves a thin
//! plate on the wrong side. (4.4 m/s, a fall of 1 m: 7 mm at e = 0.5.)
//!
//! **Impedance** rises from 0.5 at the surface to 0.999 at a depth of 25 m/s² · step², 0.1 mm for 2 ms. With a share d
//! of impedance a contact under n times a body's own weight rests at the depth r of K·r·d/(1 − d) = n·g. A hard surface
//! (0.999 everywhere) rests less deep than gravity moves a body in a step, g·step²/2, so a bouncy body chatters forever
//! and creeps down a slope; a soft one lets stacks sink (ten cubes by 1.5 mm with 0.99 at 0.5 mm). The skin is as deep
//! as one step of gravity needs: a body rests at 0.04 mm with steps of 2 ms and at 0.011 mm with 1 ms, stays in contact
//! and comes to rest; with half of that depth, a kilogram on a gram already trembles. Above 0.999 the solver no longer
//! converges when a body carries 10 000 times its own mass.
//!
//! **Sliding.** The engine's friction cone couples slip and lift: a contact that slips with v is pushed apart by μ·B·v,
//! and above g·cos(α)/(μ·B), 1 cm/s for silicone, the body hops along, gains speed and tumbles. Where the restitution
//! of a pair is below [`DEAD`], the pair is written out and its friction has separate damping, a quarter of the slip
//! per step, in a skin four times as deep. An ABS cube on silicone, half a degree above the angle of friction, slides
//! with 0.116 m/s² in place of 0.15 and more, and does not tumble (0.110 would be right; the rest is the first slip,
//! while it sinks into its skin).
//!
//! **Error.** A ball dropped from 100 to 300 mm, 16 heights per value, with steps of 2 ms: a nominal e of 0.3, 0.6, 0.9
//! gave 0.288, 0.590, 0.892 on average, single drops within −0.079…+0.041, −0.043…+0.041, −0.016…+0.007. The scatter
//! comes from the time within the step at which the ball arrives: the damper's force begins with a jump of B·v, of
//! which Runge–Kutta misplaces up to a third of a step, and the spring adds (√K·step)²/6 of the speed: see
//! [`restitution_error`].

use super::{GROUND, escape, put};

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

/// Impedance at the surface and deep inside.
const IMPEDANCE: [f64; 2] = [0.5, 0.999];

/// Depth at which the impedance is the deep one, in squares of the time step, m/s².
const SKIN_M_S2: f64 = 25.0;

/// Restitution below which a pair of bodies is written out, with separate damping for its friction.
const DEAD: f64 = 0.3;

/// Damping of that friction times the time step.
const SLIP_DAMPING_PER_STEP: f64 = 0.25;

/// How much deeper the skin of such a pair is.
const DEAD_SKIN: f64 = 4.0;

/// Impedance of all contacts, as the engine takes it: at the surface, deep inside, depth of the change in metres.
pub(crate) fn impedance(step_s: f64) -> String {
    impedance_to(SKIN_M_S2 * step_s * step_s)
}

fn impedance_to(depth: f64) -> String {
    let [surface, deep] = IMPEDANCE;
    format!("{surface} {deep} {depth}")
}

/// One side of a contact.
pub(super) struct Side<'scene> {
    pub restitution: f64,
    pub friction: f64,
    /// Names of the geoms that collide.
    pub shapes: Vec<&'scene str>,
}

impl Side<'_> {
    /// The floor, whose contacts depend only on the other body.
    pub fn ground() -> Self {
        Self { restitution: 1.0, friction: 0.0, shapes: vec![GROUND] }
    }
}

/// True for a pair of materials that must be written out.
pub(super) fn is_dead(one: &Side, other: &Side) -> bool {
    one.restitution.min(other.restitution) < DEAD && one.friction.max(other.friction) > 0.0
}

/// Elements of `<contact>` for the shapes of two bodies whose contact has low restitution.
pub(super) fn write_dead_pair(text: &mut String, [one, other]: [Side; 2], step_s: f64) {
    let ContactNumbers { stiffness, damping } = contact_numbers(one.restitution.min(other.restitution), step_s);
    let friction = one.friction.max(other.friction);
    let (slip, skin) = (SLIP_DAMPING_PER_STEP / step_s, impedance_to(DEAD_SKIN * SKIN_M_S2 * step_s * step_s));
    for (first, second) in one.shapes.iter().flat_map(|first| other.shapes.iter().map(move |second| (first, second))) {
        let (first, second) = (escape(first), escape(second));
        put(
            text,
            format_args!(
                "    <pair geom1=\"{first}\" geom2=\"{second}\" condim=\"3\" \
                 friction=\"{friction} {friction} 0.005 0.0001 0.0001\" solref=\"-{stiffness} -{damping}\" \
                 solreffriction=\"-{stiffness} -{slip}\" solimp=\"{skin}\"/>\n"
            ),
        );
    }
}

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
    fn restitution_round_trips_through_the_damping_ratio() {
        for restitution in [0.1, 0.135, 0.3, 0.6, 0.9, 0.99] {
            assert!((restitution_of(damping_ratio(restitution)) - restitution).abs() < 1e-9);
        }
        assert_eq!(damping_ratio(1.0), 0.0);
        assert_eq!(damping_ratio(0.0), damping_ratio(MIN_RESTITUTION));
    }

    /// A body alone rests where its contact carries it: the equation of the head of this file, with the engine's curve
    /// from the surface to the depth w: d(x) = 0.5 + 0.499·2x² below the middle, x = r/w.
    #[test]
    fn contact_skin_is_deeper_than_a_step_of_free_fall() {
        for step_s in [0.002, 0.0005] {
            let stiffness = contact_numbers(0.5, step_s).stiffness;
            let width = SKIN_M_S2 * step_s * step_s;
            let share = |depth: f64| {
                let x = (depth / width).min(1.0);
                let rise = if x < 0.5 { 2.0 * x * x } else { 1.0 - 2.0 * (1.0 - x) * (1.0 - x) };
                IMPEDANCE[0] + (IMPEDANCE[1] - IMPEDANCE[0]) * rise
            };
            let carried = |depth: f64| stiffness * depth * share(depth) / (1.0 - share(depth));
            let fall = 9.81 * step_s * step_s / 2.0;
            assert!(carried(fall) < 9.81, "a body rests less than {fall} m deep");
            assert!(carried(width) > 50.0 * 9.81, "a stack sinks through its skin");
        }
    }

    #[test]
    fn restitution_is_continuous_at_critical_damping() {
        assert!((restitution_of(0.999_999) - restitution_of(1.000_001)).abs() < 1e-5);
    }
}

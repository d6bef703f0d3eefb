//! Decides, after every step, whether a run is over and why.
//!
//! Order within a step, as the contract has it: not-a-number and runaway speed or energy, out of bounds, forbidden
//! zones, goal, motor overload. Only movable bodies are checked: an obstacle in a forbidden zone belongs there. The
//! judge does not depend on an engine: each engine presents each state as a [`Frame`].

use contract::{
    limits::MAX_SPEED_M_S,
    simulation::{FailureReason, Instability},
};

use crate::scene::{Scene, ZoneKind};

/// A state of a run, as an engine presents it. Bodies and zones are named by their index in the scene.
pub trait Frame {
    /// True when the state contains no NaN or infinity.
    fn is_finite(&self) -> bool;

    /// Kinetic energy of all bodies, J.
    fn kinetic_energy_j(&self) -> f64;

    /// Kinetic energy of one body by itself, J: of its mass, and of its turning.
    fn kinetic_energy_of_j(&self, body: usize) -> f64;

    /// True for a body that is not held in place by anything.
    fn is_movable(&self, body: usize) -> bool;

    /// Centre of mass of a body, mm.
    fn position_mm(&self, body: usize) -> [f64; 3];

    /// Velocity of the centre of mass of a body, m/s.
    fn velocity_m_s(&self, body: usize) -> [f64; 3];

    /// True when any shape of a body touches a zone.
    fn touches(&mut self, body: usize, zone: usize) -> bool;
}

/// Why a run is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Verdict {
    /// `None` is success.
    pub failure: Option<FailureReason>,
    /// The body that decided it.
    pub body: Option<usize>,
    /// The zone that decided it.
    pub zone: Option<usize>,
    /// The actuator that was overloaded.
    pub motor: Option<usize>,
    /// What became unstable.
    pub instability: Option<Instability>,
}

impl Verdict {
    pub(crate) fn failed(reason: FailureReason, body: Option<usize>) -> Self {
        Self { failure: Some(reason), ..Self::succeeded(body, None) }
    }

    fn succeeded(body: Option<usize>, zone: Option<usize>) -> Self {
        Self { failure: None, body, zone, motor: None, instability: None }
    }

    fn unstable(body: Option<usize>, instability: Instability) -> Self {
        Self { instability: Some(instability), ..Self::failed(FailureReason::PhysicsInstability, body) }
    }

    /// The motor with this index in the scene was at its limit for too long.
    pub(crate) fn overloaded(scene: &Scene, motor: usize) -> Self {
        let body = scene.index_of(&scene.actuators[motor].body);
        Self { motor: Some(motor), ..Self::failed(FailureReason::MotorOverload, body) }
    }
}

/// Checks the states of one run.
pub(crate) struct Judge<'scene> {
    scene: &'scene Scene,
    max_kinetic_energy_j: f64,
    peak_speed_m_s: f64,
    peak_kinetic_energy_j: f64,
}

impl<'scene> Judge<'scene> {
    pub(crate) fn new(scene: &'scene Scene, max_kinetic_energy_j: f64) -> Self {
        Self { scene, max_kinetic_energy_j, peak_speed_m_s: 0.0, peak_kinetic_energy_j: 0.0 }
    }

    /// The body whose course is recorded: the moved object, else the first that moves.
    pub(crate) fn followed(&self, frame: &impl Frame) -> Option<usize> {
        self.moved_object().or_else(|| self.movable(frame).next())
    }

    /// Highest speed of any body, m/s, and highest kinetic energy, J, of all checked states.
    pub(crate) fn peaks(&self) -> (f64, f64) {
        (self.peak_speed_m_s, self.peak_kinetic_energy_j)
    }

    /// The verdict when the steps are used up: with a goal that is a timeout, without one a stable run.
    pub(crate) fn out_of_time(&self) -> Verdict {
        if self.scene.zones.iter().any(|zone| zone.kind == ZoneKind::Goal) {
            Verdict::failed(FailureReason::Timeout, self.moved_object())
        } else {
            Verdict::succeeded(None, None)
        }
    }

    /// Checks the current state; `None` when the run continues.
    pub(crate) fn look(&mut self, frame: &mut impl Frame) -> Option<Verdict> {
        self.unstable(frame).or_else(|| self.out_of_bounds(frame)).or_else(|| self.zone_touched(frame))
    }

    fn moved_object(&self) -> Option<usize> {
        self.scene.index_of(self.scene.moved_object.as_ref()?)
    }

    fn movable(&self, frame: &impl Frame) -> impl Iterator<Item = usize> {
        (0..self.scene.bodies.len()).filter(|body| frame.is_movable(*body))
    }

    fn unstable(&mut self, frame: &impl Frame) -> Option<Verdict> {
        if !frame.is_finite() {
            let lost = self.movable(frame).find(|body| !frame.position_mm(*body).iter().all(|place| place.is_finite()));
            let body = lost.or_else(|| self.movable(frame).next());
            return Some(Verdict::unstable(body, Instability::NonFinite));
        }
        let kinetic_energy_j = frame.kinetic_energy_j();
        let mut fastest = (0.0, None);
        for body in self.movable(frame) {
            let [x, y, z] = frame.velocity_m_s(body);
            let square = x * x + y * y + z * z;
            if square > fastest.0 {
                fastest = (square, Some(body));
            }
        }
        let (speed, body) = (fastest.0.sqrt(), fastest.1);
        self.peak_speed_m_s = self.peak_speed_m_s.max(speed);
        self.peak_kinetic_energy_j = self.peak_kinetic_energy_j.max(kinetic_energy_j);
        if speed > MAX_SPEED_M_S {
            return Some(Verdict::unstable(body, Instability::Speed { measured: speed, limit: MAX_SPEED_M_S }));
        }
        let limit = self.max_kinetic_energy_j;
        (kinetic_energy_j > limit).then(|| {
            let energies = self.movable(frame).map(|body| (body, frame.kinetic_energy_of_j(body)));
            let body = energies.max_by(|one, other| one.1.total_cmp(&other.1)).map(|(body, _)| body);
            Verdict::unstable(body, Instability::KineticEnergy { measured: kinetic_energy_j, limit })
        })
    }

    fn out_of_bounds(&self, frame: &impl Frame) -> Option<Verdict> {
        let bounds = self.scene.bounds?;
        let outside = self.movable(frame).find(|body| {
            let position = frame.position_mm(*body);
            (0..3).any(|axis| position[axis] < bounds.min[axis] || position[axis] > bounds.max[axis])
        })?;
        Some(Verdict::failed(FailureReason::OutOfBounds, Some(outside)))
    }

    fn zone_touched(&self, frame: &mut impl Frame) -> Option<Verdict> {
        let zones = || self.scene.zones.iter().enumerate();
        for (zone, _) in zones().filter(|(_, zone)| matches!(zone.kind, ZoneKind::Forbidden { .. })) {
            let hit = (0..self.scene.bodies.len()).find(|body| frame.is_movable(*body) && frame.touches(*body, zone));
            if let Some(body) = hit {
                let failed = Verdict::failed(FailureReason::ForbidZoneHit, Some(body));
                return Some(Verdict { zone: Some(zone), ..failed });
            }
        }
        let moved = self.moved_object().filter(|body| frame.is_movable(*body))?;
        let mut goals = zones().filter(|(_, zone)| zone.kind == ZoneKind::Goal);
        let (zone, _) = goals.find(|(zone, _)| frame.touches(moved, *zone))?;
        Some(Verdict::succeeded(Some(moved), Some(zone)))
    }
}

#[cfg(test)]
mod tests {
    use contract::objectives::Zone;

    use super::*;
    use crate::{Body, Geometry, Mobility, SceneZone};

    /// A hand-made state of two balls.
    #[derive(Clone)]
    struct Written {
        positions_mm: [[f64; 3]; 2],
        velocities_m_s: [[f64; 3]; 2],
        energies_j: [f64; 2],
        movable: [bool; 2],
        /// Which ball touches which zone.
        touching: Vec<(usize, usize)>,
    }

    impl Frame for Written {
        fn is_finite(&self) -> bool {
            self.positions_mm.iter().flatten().all(|place| place.is_finite())
        }

        fn kinetic_energy_j(&self) -> f64 {
            self.energies_j.iter().sum()
        }

        fn kinetic_energy_of_j(&self, body: usize) -> f64 {
            self.energies_j[body]
        }

        fn is_movable(&self, body: usize) -> bool {
            self.movable[body]
        }

        fn position_mm(&self, body: usize) -> [f64; 3] {
            self.positions_mm[body]
        }

        fn velocity_m_s(&self, body: usize) -> [f64; 3] {
            self.velocities_m_s[body]
        }

        fn touches(&mut self, body: usize, zone: usize) -> bool {
            self.touching.contains(&(body, zone))
        }
    }

    fn at_rest() -> Written {
        Written {
            positions_mm: [[0.0; 3]; 2],
            velocities_m_s: [[0.0; 3]; 2],
            energies_j: [0.0; 2],
            movable: [true; 2],
            touching: Vec::new(),
        }
    }

    /// Two balls, of which the second is the moved object; a goal, and behind it a forbidden zone.
    fn scene() -> Scene {
        let geometry = Geometry::Sphere { radius: 10.0 };
        let ball = |label: &str| Body {
            label: label.into(),
            mass: geometry.mass_properties([0.0; 3], 1000.0).expect("a primitive"),
            geometry: geometry.clone(),
            mobility: Mobility::Free,
            parent: None,
            friction: 0.5,
            restitution: 0.5,
            color: [0.5; 3],
        };
        let zone = Zone { min: [-100.0; 3], max: [100.0; 3] };
        let kinds = [ZoneKind::Goal, ZoneKind::Forbidden { name: "trap".into() }];
        Scene {
            bodies: vec![ball("other"), ball("moved")],
            zones: kinds.into_iter().map(|kind| SceneZone { kind, zone }).collect(),
            bounds: Some(zone),
            moved_object: Some("moved".into()),
            ..Scene::default()
        }
    }

    fn judged(frame: Written) -> Option<(Option<FailureReason>, Option<usize>)> {
        let scene = scene();
        let verdict = Judge::new(&scene, 10.0).look(&mut { frame });
        verdict.map(|verdict| (verdict.failure, verdict.body))
    }

    /// No motor command reaches this over HTTP, since speed and energy are judged after every step.
    #[test]
    fn lost_body_is_an_instability() {
        for lost in [f64::NAN, f64::INFINITY] {
            let mut frame = at_rest();
            frame.positions_mm[1][2] = lost;
            assert_eq!(judged(frame), Some((Some(FailureReason::PhysicsInstability), Some(1))));
        }
    }

    #[test]
    fn reasons_come_in_the_order_of_the_contract() {
        let failed = |reason, body| Some((Some(reason), Some(body)));
        let mut frame = at_rest();
        assert_eq!(judged(frame.clone()), None);
        frame.touching = vec![(1, 0)];
        assert_eq!(judged(frame.clone()), Some((None, Some(1))));
        frame.touching.push((0, 1));
        assert_eq!(judged(frame.clone()), failed(FailureReason::ForbidZoneHit, 0));
        frame.positions_mm[1][0] = 100.1;
        assert_eq!(judged(frame.clone()), failed(FailureReason::OutOfBounds, 1));
        frame.energies_j = [6.0, 5.0];
        assert_eq!(judged(frame.clone()), failed(FailureReason::PhysicsInstability, 0));
        frame.velocities_m_s[1] = [0.0, MAX_SPEED_M_S, 1.0];
        assert_eq!(judged(frame), failed(FailureReason::PhysicsInstability, 1));
    }

    #[test]
    fn only_what_moves_is_judged() {
        let mut frame = at_rest();
        frame.movable[0] = false;
        frame.positions_mm[0][0] = 500.0;
        frame.touching = vec![(0, 0), (0, 1)];
        assert_eq!(judged(frame.clone()), None);
        frame.movable[0] = true;
        frame.positions_mm[0][0] = 0.0;
        frame.touching = vec![(0, 0)];
        assert_eq!(judged(frame), None, "another body than the moved object reached the goal");
    }
}

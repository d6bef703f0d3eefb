//! Decides, after every step, whether a run is over and why.
//!
//! Order within a step, as the contract has it: not-a-number and runaway speed or energy, out of bounds, forbidden
//! zones, goal, motor overload. Only movable bodies are looked at: an obstacle that stands in a forbidden zone belongs
//! there.

use contract::{
    limits::MAX_SPEED_M_S,
    objectives::Zone,
    simulation::{FailureReason, Instability},
};
use mujoco_rs::{prelude::*, wrappers::mj_model::traits::ModelType};

use crate::{
    PhysicsError,
    drive::Overload,
    mjcf::{MM_PER_M, piece_name, zone_volume_name},
    pace::{Stops, TooFast, crossed, half_thickness, most_speed},
    run::{RunSettings, find},
    scene::{Scene, ZoneKind},
};

/// Why a run is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Verdict<'scene> {
    /// `None` is success.
    pub failure: Option<FailureReason>,
    /// Engine id of the body that decided it.
    pub body: Option<usize>,
    /// Index of the zone that decided it.
    pub zone: Option<usize>,
    /// The motor that was overloaded.
    pub motor: Option<&'scene str>,
    /// What became unstable.
    pub instability: Option<Instability>,
}

impl<'scene> Verdict<'scene> {
    pub(crate) fn failed(reason: FailureReason, body: Option<usize>) -> Self {
        Self { failure: Some(reason), ..Self::succeeded(body, None) }
    }

    fn succeeded(body: Option<usize>, zone: Option<usize>) -> Self {
        Self { failure: None, body, zone, motor: None, instability: None }
    }

    fn unstable(body: Option<usize>, instability: Instability) -> Self {
        Self { instability: Some(instability), ..Self::failed(FailureReason::PhysicsInstability, body) }
    }

    pub(crate) fn overloaded(overload: Overload<'scene>) -> Self {
        Self { motor: Some(overload.motor), ..Self::failed(FailureReason::MotorOverload, Some(overload.body)) }
    }
}

pub(crate) struct Judge<'scene> {
    scene: &'scene Scene,
    bodies: Vec<JudgedBody<'scene>>,
    zone_geoms: Vec<usize>,
    max_kinetic_energy_j: f64,
    peak_speed_m_s: f64,
    peak_kinetic_energy_j: f64,
    /// Time step of the engine, s.
    engine_step_s: f64,
    /// Time step of the run, s.
    step_s: f64,
    too_fast: Option<TooFast>,
}

struct JudgedBody<'scene> {
    label: &'scene str,
    body: usize,
    shapes: Vec<Shape>,
    /// Where the engine keeps the velocity of a body that flies freely; its frame sits in its centre of mass.
    own_velocity: Option<usize>,
    is_movable: bool,
    is_moved_object: bool,
    /// Stops of the joint that it moves on.
    stops: Option<Stops>,
    /// Fastest that it may move, m/s; see [`crate::pace`].
    most_speed_m_s: f64,
}

/// True when the state consists of numbers. A sum is enough: nothing that is added to infinity or to no number makes a
/// number of it again, and the kinetic energy holds every speed.
pub(crate) fn is_finite<M: ModelType>(data: &MjData<M>) -> bool {
    data.energy()[1].is_finite() && data.qpos().iter().sum::<f64>().is_finite()
}

/// Kinetic energy of all bodies, J. The inertia that joints got for the sake of the step (see `mjcf::gains`) is no body's.
pub(crate) fn kinetic_energy<M: ModelType>(data: &MjData<M>) -> f64 {
    let rotors = data.model().dof_armature().iter().zip(data.qvel());
    data.energy()[1] - rotors.map(|(inertia, speed)| inertia * speed * speed).sum::<f64>() / 2.0
}

/// Kinetic energy of one body by itself, J: of its mass, and of its turning about its principal axes.
fn kinetic_energy_of<M: ModelType>(data: &MjData<M>, body: usize) -> f64 {
    let model = data.model();
    // Of the frame in the centre of mass along the principal axes; the turning comes first.
    let [wx, wy, wz, x, y, z] = data.object_velocity(MjtObjBase::mjOBJ_BODY, body, true);
    let [ix, iy, iz] = model.body_inertia()[body];
    (model.body_mass()[body] * (x * x + y * y + z * z) + ix * wx * wx + iy * wy * wy + iz * wz * wz) / 2.0
}

/// A convex collision shape.
struct Shape {
    geom: usize,
    bounding_radius_mm: f64,
}

impl<'scene> Judge<'scene> {
    pub(crate) fn new(scene: &'scene Scene, model: &MjModel, settings: &RunSettings) -> Result<Self, PhysicsError> {
        let shape = |geom: usize| Shape { geom, bounding_radius_mm: model.geom_rbound()[geom] * MM_PER_M };
        let mut bodies = scene
            .bodies
            .iter()
            .map(|body| {
                let id = find(model, MjtObjBase::mjOBJ_BODY, &body.label)?;
                let pieces: Vec<_> = (0..)
                    .map_while(|piece| model.name_to_id(MjtObjBase::mjOBJ_GEOM, &piece_name(&body.label, piece)))
                    .map(shape)
                    .collect();
                let is_whole = pieces.is_empty();
                let joint = usize::try_from(model.body_jntadr()[id]).ok();
                let free = joint.filter(|joint| model.jnt_type()[*joint] == MjtJoint::mjJNT_FREE);
                Ok(JudgedBody {
                    label: &body.label,
                    body: id,
                    shapes: if is_whole {
                        vec![shape(find(model, MjtObjBase::mjOBJ_GEOM, &body.label)?)]
                    } else {
                        pieces
                    },
                    own_velocity: free.map(|joint| model.jnt_dofadr()[joint] as usize),
                    is_movable: model.body_weldid()[id] != 0,
                    is_moved_object: scene.moved_object.as_deref() == Some(&body.label),
                    stops: joint.and_then(|joint| Stops::of(model, joint)),
                    most_speed_m_s: f64::INFINITY,
                })
            })
            .collect::<Result<Vec<_>, PhysicsError>>()?;
        let engine_step_s = model.opt().timestep;
        set_most_speeds(&mut bodies, model, engine_step_s);
        let zone_geoms = (0..scene.zones.len())
            .map(|index| find(model, MjtObjBase::mjOBJ_GEOM, &zone_volume_name(index)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            scene,
            bodies,
            zone_geoms,
            max_kinetic_energy_j: settings.max_kinetic_energy_j,
            peak_speed_m_s: 0.0,
            peak_kinetic_energy_j: 0.0,
            engine_step_s,
            step_s: settings.step_s,
            too_fast: None,
        })
    }

    /// Engine ids and labels of all bodies.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = (usize, &'scene str)> + '_ {
        self.bodies.iter().map(|body| (body.body, body.label))
    }

    pub(crate) fn label(&self, body: usize) -> &'scene str {
        self.bodies().find(|(id, _)| *id == body).map_or("world", |(_, label)| label)
    }

    /// Engine id of the moved object.
    pub(crate) fn moved_object(&self) -> Option<usize> {
        self.bodies.iter().find(|body| body.is_moved_object).map(|body| body.body)
    }

    /// Engine id of the body whose course is recorded: the moved object, else the first that moves.
    pub(crate) fn followed(&self) -> Option<usize> {
        self.moved_object().or_else(|| self.movable().next().map(|body| body.body))
    }

    /// Highest speed of any body, m/s, and highest kinetic energy, J, of all states that were looked at.
    pub(crate) fn peaks(&self) -> (f64, f64) {
        (self.peak_speed_m_s, self.peak_kinetic_energy_j)
    }

    /// The worst of what moved too far in a step of the engine, of all states that were looked at.
    pub(crate) fn too_fast(&self) -> Option<&TooFast> {
        self.too_fast.as_ref()
    }

    /// The verdict when the steps are used up: with a goal that is a timeout, without one a stable run.
    pub(crate) fn out_of_time(&self) -> Verdict<'scene> {
        if self.scene.zones.iter().any(|zone| zone.kind == ZoneKind::Goal) {
            Verdict::failed(FailureReason::Timeout, self.moved_object())
        } else {
            Verdict::succeeded(None, None)
        }
    }

    /// Looks at the present state; `None` lets the run go on.
    pub(crate) fn look<M: ModelType>(&mut self, data: &mut MjData<M>) -> Option<Verdict<'scene>> {
        self.unstable(data).or_else(|| self.out_of_bounds(data)).or_else(|| self.zone_touched(data))
    }

    fn movable(&self) -> impl Iterator<Item = &JudgedBody<'scene>> {
        self.bodies.iter().filter(|body| body.is_movable)
    }

    fn unstable<M: ModelType>(&mut self, data: &mut MjData<M>) -> Option<Verdict<'scene>> {
        let kinetic_energy_j = kinetic_energy(data);
        if !is_finite(data) {
            let lost = self.movable().find(|body| !data.xipos()[body.body].iter().all(|value| value.is_finite()));
            let body = lost.or_else(|| self.movable().next()).map(|body| body.body);
            return Some(Verdict::unstable(body, Instability::NonFinite));
        }
        let mut fastest = (0.0, None);
        let mut too_fast = Vec::new();
        for body in self.movable() {
            let [x, y, z] = if let Some(at) = body.own_velocity {
                std::array::from_fn(|axis| data.qvel()[at + axis])
            } else {
                let [_, _, _, x, y, z] = data.object_velocity(MjtObjBase::mjOBJ_BODY, body.body, false);
                [x, y, z]
            };
            let square = x * x + y * y + z * z;
            if square > fastest.0 {
                fastest = (square, Some(body.body));
            }
            let at_stop = body.stops.as_ref().map_or(0.0, |it| it.share(data, 1.5 * self.step_s, self.engine_step_s));
            let share = at_stop.max(square.sqrt() / body.most_speed_m_s);
            if share > 1.0 {
                too_fast.push((share, body.body, [x, y, z], share == at_stop));
            }
        }
        for (share, body, velocity, at_stop) in too_fast {
            self.note_too_fast(data, share, body, velocity, at_stop);
        }
        let (speed, body) = (fastest.0.sqrt(), fastest.1);
        self.peak_speed_m_s = self.peak_speed_m_s.max(speed);
        self.peak_kinetic_energy_j = self.peak_kinetic_energy_j.max(kinetic_energy_j);
        if speed > MAX_SPEED_M_S {
            return Some(Verdict::unstable(body, Instability::Speed { measured: speed, limit: MAX_SPEED_M_S }));
        }
        let limit = self.max_kinetic_energy_j;
        (kinetic_energy_j > limit).then(|| {
            let energies = self.movable().map(|body| (body.body, kinetic_energy_of(data, body.body)));
            let body = energies.max_by(|one, other| one.1.total_cmp(&other.1)).map(|(body, _)| body);
            Verdict::unstable(body, Instability::KineticEnergy { measured: kinetic_energy_j, limit })
        })
    }

    /// Keeps the worst of what is too fast, and the first part that it passed through.
    fn note_too_fast<M: ModelType>(
        &mut self,
        data: &mut MjData<M>,
        share: f64,
        body: usize,
        velocity: [f64; 3],
        at_stop: bool,
    ) {
        let label = self.label(body);
        let before = self.too_fast.take();
        let known = before.as_ref().filter(|it| it.body == label).and_then(|it| it.through.clone());
        let through =
            known.or_else(|| crossed(data, body, velocity, self.step_s).map(|part| self.label(part).to_owned()));
        let speed_m_s = velocity.iter().map(|speed| speed * speed).sum::<f64>().sqrt();
        let now = TooFast { body: label.to_owned(), speed_m_s, share, through, at_stop };
        self.too_fast = Some(match before {
            Some(worst) if worst.share >= share && (worst.body != now.body || worst.through == now.through) => worst,
            Some(worst) if worst.share >= share => TooFast { through: now.through, ..worst },
            _ => now,
        });
    }

    fn out_of_bounds<M: ModelType>(&self, data: &MjData<M>) -> Option<Verdict<'scene>> {
        let bounds = self.scene.bounds?;
        let outside = self.movable().find(|body| {
            let position = data.xipos()[body.body].map(|metres| metres * MM_PER_M);
            (0..3).any(|axis| position[axis] < bounds.min[axis] || position[axis] > bounds.max[axis])
        })?;
        Some(Verdict::failed(FailureReason::OutOfBounds, Some(outside.body)))
    }

    fn zone_touched<M: ModelType>(&self, data: &mut MjData<M>) -> Option<Verdict<'scene>> {
        let forbidden = |kind: &ZoneKind| matches!(kind, ZoneKind::Forbidden { .. });
        let hit = |data: &mut MjData<M>, wanted: &dyn Fn(&ZoneKind) -> bool, only_moved_object: bool| {
            self.scene.zones.iter().enumerate().filter(|(_, zone)| wanted(&zone.kind)).find_map(|(index, zone)| {
                self.movable()
                    .filter(|body| body.is_moved_object || !only_moved_object)
                    .find(|body| body.shapes.iter().any(|shape| self.touches(data, shape, index, zone.zone)))
                    .map(|body| (body.body, index))
            })
        };
        if let Some((body, zone)) = hit(data, &forbidden, false) {
            let failed = Verdict::failed(FailureReason::ForbidZoneHit, Some(body));
            return Some(Verdict { zone: Some(zone), ..failed });
        }
        let (body, zone) = hit(data, &|kind| *kind == ZoneKind::Goal, true)?;
        Some(Verdict::succeeded(Some(body), Some(zone)))
    }

    /// True when the shape touches the zone. A bounding sphere answers most questions cheaply.
    fn touches<M: ModelType>(&self, data: &mut MjData<M>, shape: &Shape, index: usize, zone: Zone) -> bool {
        let center = data.geom_xpos()[shape.geom].map(|metres| metres * MM_PER_M);
        let gap_mm = (0..3)
            .map(|axis| (zone.min[axis] - center[axis]).max(center[axis] - zone.max[axis]).max(0.0).powi(2))
            .sum::<f64>()
            .sqrt();
        if gap_mm > shape.bounding_radius_mm {
            return false;
        }
        gap_mm == 0.0 || data.geom_distance(shape.geom, self.zone_geoms[index], 1e-3, None) <= 0.0
    }
}

/// Fills in how fast each movable body may be. One on a joint also has the thickness of the thinnest loose body before
/// it: a thin paddle pushes a thick ball the right way at any depth up to both together.
fn set_most_speeds(bodies: &mut [JudgedBody], model: &MjModel, step_s: f64) {
    let thickness = |body: &JudgedBody| half_thickness(model, body.shapes.iter().map(|shape| shape.geom));
    let loose = bodies.iter().filter(|body| body.own_velocity.is_some()).map(thickness).fold(f64::INFINITY, f64::min);
    let met = if loose.is_finite() { loose } else { 0.0 };
    for body in bodies.iter_mut().filter(|body| body.is_movable) {
        let before_it = if body.own_velocity.is_some() { 0.0 } else { met };
        body.most_speed_m_s = most_speed(thickness(body), before_it, step_s);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, Geometry, Mobility, mjcf::with_zone_volumes, run::load, write_mjcf};

    /// No course of a motor gets there over HTTP, since speed and energy are judged after every step.
    #[test]
    fn a_state_that_is_no_number_is_an_instability_of_the_body_that_lost_its_place() {
        let geometry = Geometry::Sphere { radius: 10.0 };
        let ball = |label: &str, x: f64| Body {
            label: label.into(),
            mass: geometry.mass_properties([x, 0.0, 100.0], 1000.0).expect("a primitive"),
            geometry: geometry.clone(),
            mobility: Mobility::Free,
            parent: None,
            friction: 0.5,
            restitution: 0.5,
            color: [0.5; 3],
        };
        let scene = Scene { bodies: vec![ball("sound", 0.0), ball("lost", 100.0)], ..Scene::default() };
        let mjcf = write_mjcf(&scene, None).expect("a valid scene");
        let model = load(&mjcf, &with_zone_volumes(&mjcf, &[])).expect("the engine takes it");
        let mut judge = Judge::new(&scene, &model, &RunSettings::full()).expect("all is there");
        let mut data = MjData::try_new(&model).expect("a state");
        data.forward();
        assert_eq!(judge.look(&mut data), None);
        // Seven coordinates a free body.
        for infinite in [f64::NAN, f64::INFINITY] {
            data.qpos_mut()[7] = infinite;
            data.kinematics();
            let verdict = judge.look(&mut data).expect("it is over");
            assert_eq!(verdict.instability, Some(Instability::NonFinite));
            assert_eq!(verdict.body.map(|body| judge.label(body)), Some("lost"));
        }
    }
}

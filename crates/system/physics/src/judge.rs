//! Decides, after every step, whether a run is over and why.
//!
//! Order within a step, as the contract has it: not-a-number and runaway speed or energy, out of bounds, forbidden
//! zones, goal. Only movable bodies are looked at: an obstacle that stands in a forbidden zone belongs there.

use contract::{limits::MAX_SPEED_M_S, objectives::Zone, simulation::FailureReason};
use mujoco_rs::{prelude::*, wrappers::mj_model::traits::ModelType};

use crate::{
    PhysicsError,
    mjcf::{MM_PER_M, zone_volume_name},
    run::RunSettings,
    scene::{Mobility, Scene, ZoneKind},
};

/// Why a run is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Verdict {
    /// `None` is success.
    pub failure: Option<FailureReason>,
    /// Engine id of the body that decided it.
    pub body: Option<usize>,
    /// Index of the zone that decided it.
    pub zone: Option<usize>,
}

impl Verdict {
    pub(crate) fn failed(reason: FailureReason) -> Self {
        Self { failure: Some(reason), body: None, zone: None }
    }
}

pub(crate) struct Judge<'scene> {
    scene: &'scene Scene,
    bodies: Vec<JudgedBody<'scene>>,
    zone_geoms: Vec<usize>,
    max_kinetic_energy_j: f64,
}

struct JudgedBody<'scene> {
    label: &'scene str,
    body: usize,
    geom: usize,
    bounding_radius: f64,
    movable: bool,
    is_moved_object: bool,
}

impl<'scene> Judge<'scene> {
    pub(crate) fn new(scene: &'scene Scene, model: &MjModel, settings: &RunSettings) -> Result<Self, PhysicsError> {
        let find = |kind: MjtObjBase, name: &str| {
            model.name_to_id(kind, name).ok_or_else(|| PhysicsError::Engine(format!("{name:?} got lost in the model")))
        };
        let bodies = scene
            .bodies
            .iter()
            .map(|body| {
                let geom = find(MjtObjBase::mjOBJ_GEOM, &body.label)?;
                Ok(JudgedBody {
                    label: &body.label,
                    body: find(MjtObjBase::mjOBJ_BODY, &body.label)?,
                    geom,
                    bounding_radius: model.geom_rbound()[geom],
                    movable: body.mobility != Mobility::Fixed,
                    is_moved_object: scene.moved_object.as_deref() == Some(&body.label),
                })
            })
            .collect::<Result<_, PhysicsError>>()?;
        let zone_geoms = (0..scene.zones.len())
            .map(|index| find(MjtObjBase::mjOBJ_GEOM, &zone_volume_name(index)))
            .collect::<Result<_, _>>()?;
        Ok(Self { scene, bodies, zone_geoms, max_kinetic_energy_j: settings.max_kinetic_energy_j })
    }

    /// Engine ids and labels of all bodies.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = (usize, &str)> {
        self.bodies.iter().map(|body| (body.body, body.label))
    }

    pub(crate) fn label(&self, body: usize) -> &str {
        self.bodies().find(|(id, _)| *id == body).map_or("world", |(_, label)| label)
    }

    /// The verdict when the steps are used up: with a goal that is a timeout, without one a stable run.
    pub(crate) fn out_of_time(&self) -> Verdict {
        if self.scene.zones.iter().any(|zone| zone.kind == ZoneKind::Goal) {
            let moved = self.bodies.iter().find(|body| body.is_moved_object).map(|body| body.body);
            Verdict { body: moved, ..Verdict::failed(FailureReason::Timeout) }
        } else {
            Verdict { failure: None, body: None, zone: None }
        }
    }

    /// Looks at the present state; `None` lets the run go on.
    pub(crate) fn look<M: ModelType>(&self, data: &mut MjData<M>) -> Option<Verdict> {
        self.unstable(data).or_else(|| self.out_of_bounds(data)).or_else(|| self.zone_touched(data))
    }

    fn movable(&self) -> impl Iterator<Item = &JudgedBody<'scene>> {
        self.bodies.iter().filter(|body| body.movable)
    }

    fn unstable<M: ModelType>(&self, data: &MjData<M>) -> Option<Verdict> {
        let unstable = |body| Some(Verdict { body, ..Verdict::failed(FailureReason::PhysicsInstability) });
        let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        if !finite(data.qpos()) || !finite(data.qvel()) {
            return unstable(None);
        }
        if data.energy()[1] > self.max_kinetic_energy_j {
            return unstable(None);
        }
        let too_fast = self.movable().find(|body| {
            let [_, _, _, x, y, z] = data.object_velocity(MjtObjBase::mjOBJ_BODY, body.body, false);
            (x * x + y * y + z * z).sqrt() > MAX_SPEED_M_S
        });
        too_fast.and_then(|body| unstable(Some(body.body)))
    }

    fn out_of_bounds<M: ModelType>(&self, data: &MjData<M>) -> Option<Verdict> {
        let bounds = self.scene.bounds?;
        let outside = self.movable().find(|body| {
            let position = data.xipos()[body.body].map(|metres| metres * MM_PER_M);
            (0..3).any(|axis| position[axis] < bounds.min[axis] || position[axis] > bounds.max[axis])
        })?;
        Some(Verdict { body: Some(outside.body), ..Verdict::failed(FailureReason::OutOfBounds) })
    }

    fn zone_touched<M: ModelType>(&self, data: &mut MjData<M>) -> Option<Verdict> {
        let forbidden = |kind: &ZoneKind| matches!(kind, ZoneKind::Forbidden { .. });
        let hit = |data: &mut MjData<M>, wanted: &dyn Fn(&ZoneKind) -> bool, only_moved_object: bool| {
            self.scene.zones.iter().enumerate().filter(|(_, zone)| wanted(&zone.kind)).find_map(|(index, zone)| {
                self.movable()
                    .filter(|body| body.is_moved_object || !only_moved_object)
                    .find(|body| self.touches(data, body, index, zone.zone))
                    .map(|body| (body.body, index))
            })
        };
        if let Some((body, zone)) = hit(data, &forbidden, false) {
            let failure = Some(FailureReason::ForbidZoneHit);
            return Some(Verdict { failure, body: Some(body), zone: Some(zone) });
        }
        let (body, zone) = hit(data, &|kind| *kind == ZoneKind::Goal, true)?;
        Some(Verdict { failure: None, body: Some(body), zone: Some(zone) })
    }

    /// True when the body's collision shape touches the zone. A bounding sphere answers most questions cheaply.
    fn touches<M: ModelType>(&self, data: &mut MjData<M>, body: &JudgedBody<'_>, index: usize, zone: Zone) -> bool {
        let center = data.geom_xpos()[body.geom].map(|metres| metres * MM_PER_M);
        let gap_mm = (0..3)
            .map(|axis| (zone.min[axis] - center[axis]).max(center[axis] - zone.max[axis]).max(0.0).powi(2))
            .sum::<f64>()
            .sqrt();
        if gap_mm > body.bounding_radius * MM_PER_M {
            return false;
        }
        gap_mm == 0.0 || data.geom_distance(body.geom, self.zone_geoms[index], 1e-3, None) <= 0.0
    }
}

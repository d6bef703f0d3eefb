//! A state of the engine, as the judge sees it.

use contract::objectives::Zone;
use mujoco_rs::{prelude::*, wrappers::mj_model::traits::ModelType};

use super::{
    engine::find,
    mjcf::{piece_name, zone_volume_name},
};
use crate::{PhysicsError, judge::Frame, report::Pose, scene::Scene, units::MM_PER_M};

/// The bodies and zones of a scene in a compiled model, in the order of the scene.
pub(super) struct Bodies {
    pub bodies: Vec<EngineBody>,
    zones: Vec<(Zone, usize)>,
}

/// A body of the scene, as the engine knows it.
pub(super) struct EngineBody {
    /// Its id.
    pub id: usize,
    /// What it collides with.
    pub shapes: Vec<Shape>,
    /// Index of the engine's velocity of a body that flies freely; its frame is at its centre of mass.
    pub own_velocity: Option<usize>,
    /// Whether anything lets it move.
    pub is_movable: bool,
    /// Its joint, where it has one.
    pub joint: Option<usize>,
}

/// A convex collision shape.
pub(super) struct Shape {
    pub geom: usize,
    bounding_radius_mm: f64,
}

impl Bodies {
    /// Finds everything by its name.
    pub fn of(scene: &Scene, model: &MjModel) -> Result<Self, PhysicsError> {
        let zones = scene.zones.iter().enumerate().map(|(index, zone)| {
            let geom = find(model, MjtObjBase::mjOBJ_GEOM, &zone_volume_name(index))?;
            Ok((zone.zone, geom))
        });
        let bodies = scene.bodies.iter().map(|body| EngineBody::of(&body.label, model));
        Ok(Self {
            bodies: bodies.collect::<Result<_, PhysicsError>>()?,
            zones: zones.collect::<Result<_, PhysicsError>>()?,
        })
    }

    /// Index in the scene of a body of the engine.
    pub fn place_of(&self, id: usize) -> Option<usize> {
        self.bodies.iter().position(|body| body.id == id)
    }
}

impl EngineBody {
    fn of(label: &str, model: &MjModel) -> Result<Self, PhysicsError> {
        let shape = |geom: usize| Shape { geom, bounding_radius_mm: model.geom_rbound()[geom] * MM_PER_M };
        let id = find(model, MjtObjBase::mjOBJ_BODY, label)?;
        let mut shapes: Vec<_> = (0..)
            .map_while(|piece| model.name_to_id(MjtObjBase::mjOBJ_GEOM, &piece_name(label, piece)))
            .map(shape)
            .collect();
        if shapes.is_empty() {
            shapes.push(shape(find(model, MjtObjBase::mjOBJ_GEOM, label)?));
        }
        let joint = usize::try_from(model.body_jntadr()[id]).ok();
        let free = joint.filter(|joint| model.jnt_type()[*joint] == MjtJoint::mjJNT_FREE);
        Ok(Self {
            id,
            shapes,
            own_velocity: free.map(|joint| model.jnt_dofadr()[joint] as usize),
            is_movable: model.body_weldid()[id] != 0,
            joint,
        })
    }

    /// Velocity of the centre of mass, m/s.
    pub fn velocity<M: ModelType>(&self, data: &MjData<M>) -> [f64; 3] {
        if let Some(at) = self.own_velocity {
            return std::array::from_fn(|axis| data.qvel()[at + axis]);
        }
        let [_, _, _, x, y, z] = data.object_velocity(MjtObjBase::mjOBJ_BODY, self.id, false);
        [x, y, z]
    }
}

/// The engine's current state, with the names of the scene.
pub(super) struct EngineFrame<'run, M: ModelType> {
    pub bodies: &'run Bodies,
    pub data: &'run mut MjData<M>,
}

impl<M: ModelType> EngineFrame<'_, M> {
    /// Where a body is.
    pub fn pose(&self, body: usize) -> Pose {
        let quaternion = self.data.xquat()[self.bodies.bodies[body].id];
        Pose { position_mm: self.position_mm(body), quaternion }
    }
}

impl<M: ModelType> Frame for EngineFrame<'_, M> {
    /// A sum is enough: NaN or infinity plus anything never becomes a finite number again, and the kinetic energy
    /// contains every speed.
    fn is_finite(&self) -> bool {
        self.data.energy()[1].is_finite() && self.data.qpos().iter().sum::<f64>().is_finite()
    }

    /// The inertia that joints get so that the step can follow their gains (see `mjcf::gains`) belongs to no body.
    fn kinetic_energy_j(&self) -> f64 {
        let rotors = self.data.model().dof_armature().iter().zip(self.data.qvel());
        self.data.energy()[1] - rotors.map(|(inertia, speed)| inertia * speed * speed).sum::<f64>() / 2.0
    }

    fn kinetic_energy_of_j(&self, body: usize) -> f64 {
        let (model, id) = (self.data.model(), self.bodies.bodies[body].id);
        // Of the frame in the centre of mass along the principal axes; the turning comes first.
        let [wx, wy, wz, x, y, z] = self.data.object_velocity(MjtObjBase::mjOBJ_BODY, id, true);
        let [ix, iy, iz] = model.body_inertia()[id];
        (model.body_mass()[id] * (x * x + y * y + z * z) + ix * wx * wx + iy * wy * wy + iz * wz * wz) / 2.0
    }

    fn is_movable(&self, body: usize) -> bool {
        self.bodies.bodies[body].is_movable
    }

    fn position_mm(&self, body: usize) -> [f64; 3] {
        self.data.xipos()[self.bodies.bodies[body].id].map(|metres| metres * MM_PER_M)
    }

    fn velocity_m_s(&self, body: usize) -> [f64; 3] {
        self.bodies.bodies[body].velocity(self.data)
    }

    /// A bounding sphere decides most cases cheaply.
    fn touches(&mut self, body: usize, zone: usize) -> bool {
        let (bounds, zone_geom) = self.bodies.zones[zone];
        self.bodies.bodies[body].shapes.iter().any(|shape| {
            let center = self.data.geom_xpos()[shape.geom].map(|metres| metres * MM_PER_M);
            let gap_mm = (0..3)
                .map(|axis| (bounds.min[axis] - center[axis]).max(center[axis] - bounds.max[axis]).max(0.0).powi(2))
                .sum::<f64>()
                .sqrt();
            gap_mm <= shape.bounding_radius_mm
                && (gap_mm == 0.0 || self.data.geom_distance(shape.geom, zone_geom, 1e-3, None) <= 0.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Body, Geometry, Mobility,
        mujoco::{
            engine::load,
            mjcf::{with_zone_volumes, write_mjcf},
        },
    };

    #[test]
    fn lost_number_makes_a_frame_not_finite() {
        let geometry = Geometry::Sphere { radius: 10.0 };
        let body = Body {
            label: "lost".into(),
            mass: geometry.mass_properties([0.0, 0.0, 100.0], 1000.0).expect("a primitive"),
            geometry,
            mobility: Mobility::Free,
            parent: None,
            friction: 0.5,
            restitution: 0.5,
            color: [0.5; 3],
        };
        let scene = Scene { bodies: vec![body], ..Scene::default() };
        let mjcf = write_mjcf(&scene, None, &false.into()).expect("a valid scene");
        let model = load(&mjcf, &with_zone_volumes(&mjcf, &[])).expect("the engine takes it");
        let bodies = Bodies::of(&scene, &model).expect("all is there");
        let mut data = MjData::try_new(&model).expect("a state");
        data.forward();
        assert!(EngineFrame { bodies: &bodies, data: &mut data }.is_finite());
        for lost in [f64::NAN, f64::INFINITY] {
            data.qpos_mut()[2] = lost;
            data.kinematics();
            let frame = EngineFrame { bodies: &bodies, data: &mut data };
            assert!(!frame.is_finite() && !frame.position_mm(0)[2].is_finite());
        }
    }
}

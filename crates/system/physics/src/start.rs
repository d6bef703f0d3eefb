//! What stands wrong at the start: parts inside each other, and parts below the ground.
//!
//! The engine takes any start and throws apart what overlaps. A run is made all the same, since a snug fit overlaps by a
//! little; the answer names the bodies and the depth.

use std::collections::BTreeMap;

use mujoco_rs::{prelude::*, wrappers::mj_model::traits::ModelType};

use crate::{
    mjcf::MM_PER_M,
    scene::{Body, Geometry, Scene},
};

/// Depth that is told, mm. Collision shapes of a mesh stand out of it by less.
const TOLD_DEPTH_MM: f64 = 0.3;

/// Sentences about contacts that are too deep at the start. `label` names a body of the engine, nothing the ground.
pub(crate) fn overlaps<'scene, M: ModelType>(
    data: &MjData<M>,
    label: impl Fn(usize) -> Option<&'scene str>,
) -> Vec<String> {
    let mut depths = BTreeMap::<_, f64>::new();
    for contact in data.contact() {
        let depth_mm = -contact.dist * MM_PER_M;
        if depth_mm > TOLD_DEPTH_MM {
            let body = |geom: i32| {
                let body = data.model().geom_bodyid()[usize::try_from(geom).ok()?];
                label(usize::try_from(body).ok()?)
            };
            let [one, other] = contact.geom.map(body);
            let deepest = depths.entry((one.min(other), one.max(other))).or_default();
            *deepest = deepest.max(depth_mm);
        }
    }
    let told = depths.into_iter().map(|((one, other), depth_mm)| match (one, other) {
        (Some(one), Some(other)) => format!(
            "{one:?} and {other:?} overlap by {depth_mm:.1} mm at the start and are pushed apart; move one of them, or \
             fasten them to each other"
        ),
        (one, other) => {
            let body = one.or(other).unwrap_or_default();
            format!("{body:?} starts {depth_mm:.1} mm below the ground plane z = 0 and is thrown up; lift it")
        }
    });
    told.collect()
}

impl Scene {
    /// Bodies that reach below the ground plane z = 0 where they are built, with their depth, mm. What can move is thrown
    /// up at the start; of what is fixed, the part below the ground does not exist for anything that moves.
    pub fn below_ground(&self) -> impl Iterator<Item = (&Body, f64)> {
        let depths = self.bodies.iter().map(|body| (body, -body.lowest_mm()));
        depths.filter(|(_, depth_mm)| *depth_mm > TOLD_DEPTH_MM)
    }
}

impl Body {
    /// Height of its lowest point where it is built, mm.
    pub fn lowest_mm(&self) -> f64 {
        let center = self.mass.center_mm[2];
        match &self.geometry {
            Geometry::Mesh { vertices, .. } => vertices.iter().map(|[_, _, z]| *z).fold(f64::INFINITY, f64::min),
            Geometry::Sphere { radius } => center - radius,
            Geometry::Cuboid { half_size: [_, _, half] } => center - half,
            Geometry::Cylinder { half_height, .. } => center - half_height,
        }
    }
}

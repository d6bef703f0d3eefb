//! Wrong start positions: parts inside each other, and parts below the ground.
//!
//! The engine accepts any start and pushes overlapping bodies apart. The run is made anyway, since a snug fit overlaps
//! by a little; the answer names the bodies and the depth.

use std::collections::BTreeMap;

use mujoco_rs::{prelude::*, wrappers::mj_model::traits::ModelType};

use crate::{scene::REPORTED_DEPTH_MM, units::MM_PER_M};

/// Sentences about contacts that are too deep at the start. `label` names a body of the engine; `None` is the ground.
pub(crate) fn overlaps<'scene, M: ModelType>(
    data: &MjData<M>,
    label: impl Fn(usize) -> Option<&'scene str>,
) -> Vec<String> {
    let mut depths = BTreeMap::<_, f64>::new();
    for contact in data.contact() {
        let depth_mm = -contact.dist * MM_PER_M;
        if depth_mm > REPORTED_DEPTH_MM {
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

//! Bodies that move too far in one step of the engine.
//!
//! A contact pushes a body back the shorter way out. One that arrives with v sinks in by up to 1.3·v·step (√K·step = 0.8,
//! see `mjcf::contact`); deeper than half of its thickness, the shorter way is the other side, and it passes through any
//! wall. A stop of a joint is as stiff, and gives way by 0.7·ω·step. A run in which that happens is made again with the
//! step halved, until it fits or [`MOST_PARTS`] is reached; what is still too fast then is reported.

use geometry::vector::length;
use mujoco_rs::{prelude::*, wrappers::mj_model::traits::ModelType};

use super::frame::{Bodies, EngineBody};
use crate::{scene::Scene, units::MM_PER_M};

/// Most steps of the engine per step of the run.
pub(super) const MOST_PARTS: u32 = 16;

/// How far a body may move in a step, in halves of its thickness.
const MOST_TRAVEL: f64 = 0.75;

/// How far a joint may turn or slide in the step that meets its stop, in widths of its range.
const MOST_OF_RANGE: f64 = 0.015;

/// Groups of geoms that are parts: the last one holds zones.
const PARTS: [u8; 6] = [1, 1, 1, 1, 1, 0];

/// Half of the thickness of a body, m: of each of its convex shapes the shortest half edge of the bounding box along its
/// own axes, weighed by the volume of that box, so that a sliver of a decomposition does not count for a wall.
fn half_thickness(model: &MjModel, geoms: impl Iterator<Item = usize>) -> f64 {
    let (mut volumes, mut moments) = (0.0, 0.0);
    for geom in geoms {
        let [_, _, _, x, y, z] = model.geom_aabb()[geom];
        volumes += x * y * z;
        moments += x * y * z * x.min(y).min(z);
    }
    if volumes > 0.0 { moments / volumes } else { f64::INFINITY }
}

/// Fastest that a body of `half_thickness` may move, m/s, and what it meets when it moves on a joint.
fn most_speed(half_thickness: f64, thinnest_met: f64, step_s: f64) -> f64 {
    MOST_TRAVEL * (half_thickness + thinnest_met) / step_s
}

/// The body that was furthest above the speed that the step allows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TooFast {
    /// Label of the body.
    pub body: String,
    /// Its speed, m/s.
    pub speed_m_s: f64,
    /// Its speed as a multiple of what the step can follow.
    pub share: f64,
    /// Label of a part whose surface the body's middle crossed.
    pub through: Option<String>,
    /// Whether it hit the stop of its joint.
    pub at_stop: bool,
}

impl TooFast {
    /// The warning for the caller when no smaller step is left.
    pub fn sentence(&self, step_s: f64) -> String {
        let Self { body, speed_m_s, .. } = self;
        let way = speed_m_s * step_s * MM_PER_M;
        let how = format!("{body:?} moved at {speed_m_s:.1} m/s, {way:.2} mm in one step of the engine");
        match (&self.through, self.at_stop) {
            (_, true) => format!("{how}, and went beyond the range of its joint for a moment; drive it more slowly"),
            (Some(part), _) => format!(
                "{how}, too far for its thickness, and passed through {part:?}; make the motion slower or the parts \
                 thicker"
            ),
            (None, _) => format!(
                "{how}, too far for its thickness: it may pass through a part instead of hitting it; make the motion \
                 slower or the parts thicker"
            ),
        }
    }
}

/// Watches how far the bodies of a run move in each step of the engine.
pub(super) struct Pace<'scene> {
    scene: &'scene Scene,
    watched: Vec<Watched>,
    /// Time step of the engine, s.
    engine_step_s: f64,
    /// Time step of the run, s.
    step_s: f64,
    too_fast: Option<TooFast>,
}

/// A body that can move.
struct Watched {
    /// Index in the scene.
    place: usize,
    /// Stops of the joint that it moves on.
    stops: Option<Stops>,
    /// Fastest that it may move, m/s.
    most_speed_m_s: f64,
}

impl<'scene> Pace<'scene> {
    /// Of a run of a scene with this time step, s.
    pub fn new(scene: &'scene Scene, model: &MjModel, bodies: &Bodies, step_s: f64) -> Self {
        let engine_step_s = model.opt().timestep;
        let thickness = |body: &EngineBody| half_thickness(model, body.shapes.iter().map(|shape| shape.geom));
        let loose = bodies.bodies.iter().filter(|body| body.own_velocity.is_some());
        let thinnest = loose.map(thickness).fold(f64::INFINITY, f64::min);
        // One on a joint also has the thickness of the thinnest loose body before it: a thin paddle pushes a thick ball
        // the right way at any depth up to both together.
        let met = if thinnest.is_finite() { thinnest } else { 0.0 };
        let movable = bodies.bodies.iter().enumerate().filter(|(_, body)| body.is_movable);
        let watched = movable.map(|(place, body)| Watched {
            place,
            stops: body.joint.and_then(|joint| Stops::of(model, joint)),
            most_speed_m_s: most_speed(
                thickness(body),
                if body.own_velocity.is_some() { 0.0 } else { met },
                engine_step_s,
            ),
        });
        Self { scene, watched: watched.collect(), engine_step_s, step_s, too_fast: None }
    }

    /// The body that moved furthest beyond what a step of the engine allows, of all checked states.
    pub fn too_fast(&self) -> Option<&TooFast> {
        self.too_fast.as_ref()
    }

    /// Checks the current state, which contains no NaN or infinity.
    pub fn look<M: ModelType>(&mut self, data: &mut MjData<M>, bodies: &Bodies) {
        for index in 0..self.watched.len() {
            let Watched { place, stops, most_speed_m_s } = &self.watched[index];
            let velocity = bodies.bodies[*place].velocity(data);
            let at_stop = stops.as_ref().map_or(0.0, |it| it.share(data, 1.5 * self.step_s, self.engine_step_s));
            let share = at_stop.max(length(velocity) / most_speed_m_s);
            if share > 1.0 {
                self.note(data, bodies, share, *place, velocity, share == at_stop);
            }
        }
    }

    /// Keeps the worst of what is too fast, and the first part that it passed through.
    fn note<M: ModelType>(
        &mut self,
        data: &mut MjData<M>,
        bodies: &Bodies,
        share: f64,
        place: usize,
        velocity: [f64; 3],
        at_stop: bool,
    ) {
        let label = |place: usize| self.scene.bodies[place].label.clone();
        let before = self.too_fast.take();
        let known = before.as_ref().filter(|it| it.body == label(place)).and_then(|it| it.through.clone());
        let through = known.or_else(|| {
            let part = crossed(data, bodies.bodies[place].id, velocity, self.step_s)?;
            Some(bodies.place_of(part).map_or("world".to_owned(), label))
        });
        let now = TooFast { body: label(place), speed_m_s: length(velocity), share, through, at_stop };
        self.too_fast = Some(match before {
            Some(worst) if worst.share >= share && (worst.body != now.body || worst.through == now.through) => worst,
            Some(worst) if worst.share >= share => TooFast { through: now.through, ..worst },
            _ => now,
        });
    }
}

/// The part whose surface the middle of a body crossed within `time_s` before now; engine ids.
fn crossed<M: ModelType>(data: &mut MjData<M>, body: usize, velocity: [f64; 3], time_s: f64) -> Option<usize> {
    let back = velocity.map(|speed| -speed * time_s);
    let middle = data.xipos()[body];
    let (geom, share) = data.ray(&middle, &back, Some(&PARTS), true, Some(body), None);
    let geom = geom.filter(|_| (0.0..=1.0).contains(&share))?;
    usize::try_from(data.model().geom_bodyid()[geom]).ok()
}

/// A joint with stops.
struct Stops {
    coordinate: usize,
    velocity: usize,
    range: [f64; 2],
}

impl Stops {
    /// Of a hinge or slide of the model, where it has a range.
    pub fn of(model: &MjModel, joint: usize) -> Option<Self> {
        let is_single = [MjtJoint::mjJNT_HINGE, MjtJoint::mjJNT_SLIDE].contains(&model.jnt_type()[joint]);
        (is_single && model.jnt_limited()[joint]).then(|| Self {
            coordinate: model.jnt_qposadr()[joint] as usize,
            velocity: model.jnt_dofadr()[joint] as usize,
            range: model.jnt_range()[joint],
        })
    }

    /// How much too fast the joint is for the stop that it reaches within `soon_s`, in shares of what a step can follow;
    /// 0 for one that reaches none.
    pub fn share<M: ModelType>(&self, data: &MjData<M>, soon_s: f64, step_s: f64) -> f64 {
        let (place, speed) = (data.qpos()[self.coordinate], data.qvel()[self.velocity]);
        let [low, high] = self.range;
        let gap = if speed > 0.0 { high - place } else { place - low };
        if gap > speed.abs() * soon_s { 0.0 } else { speed.abs() * step_s / (MOST_OF_RANGE * (high - low)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plate_is_as_thick_as_its_shortest_edge() {
        let xml = "<mujoco><worldbody><body><freejoint/><geom type=\"box\" size=\"0.1 0.2 0.003\"/></body>\
                   </worldbody></mujoco>";
        let model = MjModel::from_xml_string(xml).expect("a plate");
        assert!((half_thickness(&model, std::iter::once(0)) - 0.003).abs() < 1e-12);
        // 3 mm in steps of 2 ms: three quarters of that are 1.125 m/s.
        assert!((most_speed(0.003, 0.0, 0.002) - 1.125).abs() < 1e-12);
    }

    #[test]
    fn sentence_names_body_part_and_speed() {
        let seen =
            TooFast { body: "ball".into(), speed_m_s: 12.0, share: 2.0, through: Some("plate".into()), at_stop: false };
        let told = seen.sentence(0.000_125);
        assert!(["ball", "plate", "12.0 m/s", "1.50 mm"].iter().all(|word| told.contains(word)), "{told}");
    }
}

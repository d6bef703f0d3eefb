//! The moved object has room at every start that its randomisation allows, and its goal is open enough to be reached.
//!
//! The objectives spawn it, with a radius from a range and a start that jitters, or it is a part of the design. A valid
//! nominal start may fail at a corner of these ranges, so all corners are tried, and random samples between them.
//!
//! Whether a sphere, a box or a cylinder starts clear of zones and within the bounds depends on numbers alone: the gate
//! of the objectives decides it, exactly and before anything is built. For a part or a mesh, zones and bounds are
//! checked here.

use std::sync::atomic::{AtomicBool, Ordering};

use contract::execution::BoundingBox;
use contract::limits::{MAX_GOAL_OBSTRUCTION, MOVED_OBJECT_RADIUS_MM};
use contract::objectives::{Objectives, Zone};
use contract::violations::Violation;
use design::{Design, Mesh, Part, PartRole, Zone as ZoneRole};
use geometry::Surface;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;

use crate::forms::Form;
use crate::moved_part::{is_alone, moved_part};
use crate::obstruction::{Filled, POINTS_PER_AXIS};
use crate::{TOUCH_TOLERANCE_MM, rounded};

const FILE: &str = "objectives.yaml";
const START: &str = "moved_object.start_position";

/// Random starts beside the nominal one and the corners. The seed is fixed: the same design gets the same answer.
const SAMPLES: usize = 32;
const SAMPLE_SEED: u64 = 24;

/// Rounding of decimal fractions, mm. Touching a zone counts as being in it, as it does in the simulation.
const ZONE_ROUNDING_MM: f64 = 1e-6;

/// Starts of the moved object that meet a part, and goal zones of which the environment fills more than
/// [`MAX_GOAL_OBSTRUCTION`]; where a part of the design or a mesh is the moved object, also starts that meet a zone or
/// leave the simulation bounds. One violation for each obstacle, with the worst case.
///
/// `moved_mesh` is the mesh of the shape `mesh` at its nominal start; without it, that shape has no start to check. A
/// part that moves on a joint or is fastened to others is checked at its modelled place. Once `cancel` is set it ends
/// early, and its result is meaningless.
pub fn check_randomization(
    design: &Design,
    objectives: &Objectives,
    moved_mesh: Option<&Mesh>,
    cancel: &AtomicBool,
) -> Vec<Violation> {
    let (part, mut violations) = match moved_part(design, &objectives.moved_object.label) {
        Ok(part) => (part, Vec::new()),
        Err(violation) => return vec![*violation],
    };
    let environment: Vec<&Part> =
        design.parts.iter().filter(|other| !other.is_zone() && Some(*other) != part).collect();
    let moved = match part {
        Some(part) => Moved::part(part, design, objectives, cancel),
        None => Moved::spawned(objectives, moved_mesh, cancel),
    };
    violations.extend(moved.into_iter().flat_map(|moved| moved.check(&environment, objectives)));
    violations.extend(check_goals(design, &environment, objectives, cancel));
    violations
}

/// One start that the randomisation allows.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Start {
    /// Size of a form, mm; a solid has a fixed size.
    radius: f64,
    /// From the nominal start, mm.
    offset: [f64; 3],
}

/// The moved object's geometry.
enum Shape<'a> {
    /// A form that is spawned about its nominal centre.
    Form { form: Form, center: [f64; 3] },
    /// A solid at its nominal start.
    Solid(Box<Surface<'a>>),
}

/// The moved object, and every start that is tried.
struct Moved<'a> {
    label: &'a str,
    shape: Shape<'a>,
    starts: Vec<Start>,
    cancel: &'a AtomicBool,
}

impl<'a> Moved<'a> {
    /// The object that the objectives spawn; `None` for an unknown mesh.
    fn spawned(objectives: &'a Objectives, mesh: Option<&Mesh>, cancel: &'a AtomicBool) -> Option<Self> {
        let object = &objectives.moved_object;
        let (shape, radii) = match Form::named(&object.shape) {
            Some(form) => {
                let radii = object.static_randomization.radius.unwrap_or([MOVED_OBJECT_RADIUS_MM; 2]);
                (Shape::Form { form, center: object.start_position }, radii)
            }
            None => (Shape::Solid(Box::new(mesh?.surface(cancel)?)), [0.0; 2]),
        };
        Some(Self { label: &object.label, shape, starts: starts(radii, jitter_of(objectives)), cancel })
    }

    /// A part of the design; `None` when it has no surface.
    fn part(part: &'a Part, design: &Design, objectives: &Objectives, cancel: &'a AtomicBool) -> Option<Self> {
        let jitter = if is_alone(part, design) { jitter_of(objectives) } else { [0.0; 3] };
        let shape = Shape::Solid(Box::new(part.mesh.surface(cancel)?));
        Some(Self { label: &part.label, shape, starts: starts([0.0; 2], jitter), cancel })
    }

    fn check(&self, environment: &[&Part], objectives: &Objectives) -> Vec<Violation> {
        let mut violations = Vec::new();
        let near = environment.iter().filter(|part| self.comes_near(part.bounding_box));
        for part in near.take_while(|_| goes_on(self.cancel)) {
            let Some(surface) = part.mesh.surface(self.cancel) else { continue };
            let worst = match &self.shape {
                Shape::Form { form, center } => self.worst_form_in(*form, *center, &surface),
                Shape::Solid(solid) => self.worst(|start| {
                    let depth = solid.depth_in(start.offset, &surface);
                    (depth > TOUCH_TOLERANCE_MM).then_some(depth)
                }),
            };
            violations.extend(worst.map(|worst| {
                let what = format!("starts {:.2} mm deep in part {:?}", worst.depth, part.label);
                self.violation("randomization.start_in_part", &what, &worst, TOUCH_TOLERANCE_MM)
            }));
        }
        if let Shape::Solid(solid) = &self.shape {
            violations.extend(self.check_zones(solid, objectives));
        }
        violations
    }

    /// Zones that a solid meets, and bounds that it leaves.
    fn check_zones(&self, solid: &Surface<'_>, objectives: &Objectives) -> Vec<Violation> {
        let zones = &objectives.objectives;
        let forbidden = zones.forbid_zones.iter().map(|zone| {
            let region = BoundingBox { min: zone.min, max: zone.max };
            ("randomization.start_in_forbid_zone", format!("forbidden zone {:?}", zone.name), region)
        });
        let goal = ("randomization.start_in_goal", "the goal zone".to_owned(), box_of(&zones.goal_zone));
        let met = forbidden.chain([goal]).filter_map(|(rule, name, region)| {
            let worst = self.worst(|start| {
                solid.meets_box(start.offset, region, ZONE_ROUNDING_MM).then(|| overlap_of(solid, start, region))
            })?;
            let what = format!("is in {name} where it starts, by up to {:.2} mm", worst.depth);
            Some(self.violation(rule, &what, &worst, 0.0))
        });
        let bounds = box_of(&objectives.simulation_bounds);
        let outside = self.worst(|start| {
            let depth = depth_outside(shifted(solid.bounds(), start.offset), bounds);
            (depth > ZONE_ROUNDING_MM).then_some(depth)
        });
        let outside = outside.map(|worst| {
            let what = format!("starts {:.2} mm outside of simulation_bounds", worst.depth);
            self.violation("randomization.start_out_of_bounds", &what, &worst, 0.0)
        });
        met.chain(outside).collect()
    }

    /// The bounds of what starts there.
    fn bounds_at(&self, start: &Start) -> BoundingBox {
        match &self.shape {
            Shape::Form { center, .. } => BoundingBox {
                min: std::array::from_fn(|axis| center[axis] + start.offset[axis] - start.radius),
                max: std::array::from_fn(|axis| center[axis] + start.offset[axis] + start.radius),
            },
            Shape::Solid(solid) => shifted(solid.bounds(), start.offset),
        }
    }

    /// Whether any start may meet something within these bounds.
    fn comes_near(&self, bounds: BoundingBox) -> bool {
        self.starts.iter().any(|start| {
            let own = self.bounds_at(start);
            (0..3).all(|axis| own.max[axis] > bounds.min[axis] && own.min[axis] < bounds.max[axis])
        })
    }

    /// The start that penetrates a solid deepest, and how many penetrate it. A depth is only measured where it exceeds
    /// the deepest so far.
    fn worst_form_in(&self, form: Form, center: [f64; 3], surface: &Surface<'_>) -> Option<Worst> {
        let mut worst = None::<Worst>;
        for start in self.tried() {
            let size = start.radius;
            let center = std::array::from_fn(|axis| center[axis] + start.offset[axis]);
            if !form.sinks_by(TOUCH_TOLERANCE_MM, size, center, surface) {
                continue;
            }
            let failing = worst.as_ref().map_or(0, |worst| worst.failing) + 1;
            worst = Some(match worst {
                Some(worst) if !form.sinks_by(worst.depth, size, center, surface) => Worst { failing, ..worst },
                Some(worst) => {
                    let depth = form.depth_in(size, center, surface);
                    if depth > worst.depth {
                        Worst { start: *start, depth, failing }
                    } else {
                        Worst { failing, ..worst }
                    }
                }
                None => Worst { start: *start, depth: form.depth_in(size, center, surface), failing },
            });
        }
        worst
    }

    /// All starts, until cancellation.
    fn tried(&self) -> impl Iterator<Item = &Start> {
        self.starts.iter().take_while(|_| goes_on(self.cancel))
    }

    /// The start that fails most, and how many fail.
    fn worst(&self, depth_of: impl Fn(&Start) -> Option<f64>) -> Option<Worst> {
        let failing: Vec<(f64, Start)> = self.tried().filter_map(|start| Some((depth_of(start)?, *start))).collect();
        let (depth, start) = *failing.iter().max_by(|left, right| left.0.total_cmp(&right.0))?;
        Some(Worst { start, depth, failing: failing.len() })
    }

    fn violation(&self, rule: &str, what: &str, worst: &Worst, limit_mm: f64) -> Violation {
        let Worst { start, depth, failing } = worst;
        let [x, y, z] = start.offset.map(rounded);
        let cases = self.starts.len();
        let radius = match self.shape {
            Shape::Form { .. } => Some(rounded(start.radius)),
            Shape::Solid(_) => None,
        };
        let (size, place, remedy) = match radius {
            Some(radius) => (
                format!("radius {radius} mm, "),
                "start_position",
                "move it, or narrow the radius range or runtime_jitter",
            ),
            None => (String::new(), "its nominal start", "move it, or narrow runtime_jitter"),
        };
        let message = format!(
            "The moved object {:?} {what}, in the worst of {failing} failing of {cases} tried starts: {size}offset \
             ({x}, {y}, {z}) mm from {place}; {remedy}",
            self.label
        );
        Violation::new(FILE, rule, message)
            .at(START)
            .measured(json!({
                "depth_mm": rounded(*depth),
                "radius_mm": radius,
                "offset_mm": [x, y, z],
                "failing_cases": failing,
                "cases": cases,
            }))
            .limit(json!({ "depth_mm": limit_mm }))
    }
}

/// Whether anyone still waits for the answer.
fn goes_on(cancel: &AtomicBool) -> bool {
    !cancel.load(Ordering::Relaxed)
}

/// Largest deviation of the start on each axis, mm.
fn jitter_of(objectives: &Objectives) -> [f64; 3] {
    match objectives.randomization.runtime_jitter_enabled {
        Some(false) => [0.0; 3],
        _ => objectives.moved_object.runtime_jitter.map(f64::abs),
    }
}

fn box_of(zone: &Zone) -> BoundingBox {
    BoundingBox { min: zone.min, max: zone.max }
}

fn shifted(bounds: BoundingBox, offset: [f64; 3]) -> BoundingBox {
    BoundingBox {
        min: std::array::from_fn(|axis| bounds.min[axis] + offset[axis]),
        max: std::array::from_fn(|axis| bounds.max[axis] + offset[axis]),
    }
}

/// How far the box around a solid extends into a region that the solid meets, mm: at least as far as the solid itself.
fn overlap_of(solid: &Surface<'_>, start: &Start, region: BoundingBox) -> f64 {
    let own = shifted(solid.bounds(), start.offset);
    let overlap = |axis: usize| (own.max[axis] - region.min[axis]).min(region.max[axis] - own.min[axis]);
    (0..3).map(overlap).fold(f64::INFINITY, f64::min).max(0.0)
}

/// How far a box extends outside another, mm; negative when it is inside.
fn depth_outside(own: BoundingBox, bounds: BoundingBox) -> f64 {
    let beyond = |axis: usize| (bounds.min[axis] - own.min[axis]).max(own.max[axis] - bounds.max[axis]);
    (0..3).map(beyond).fold(f64::NEG_INFINITY, f64::max)
}

/// The worst of the starts that fail.
struct Worst {
    start: Start,
    depth: f64,
    failing: usize,
}

/// The nominal start, the corners of the ranges, and samples between them; one start when nothing is random.
fn starts([low, high]: [f64; 2], jitter: [f64; 3]) -> Vec<Start> {
    let mut starts = vec![Start { radius: f64::midpoint(low, high), offset: [0.0; 3] }];
    if low == high && jitter == [0.0; 3] {
        return starts;
    }
    for radius in [low, high] {
        for corner in 0..8 {
            let offset = std::array::from_fn(|axis| if corner >> axis & 1 == 0 { -jitter[axis] } else { jitter[axis] });
            let start = Start { radius, offset };
            // An axis without jitter has one end, not two; `==` takes -0 for 0.
            if !starts.contains(&start) {
                starts.push(start);
            }
        }
    }
    let mut random = StdRng::seed_from_u64(SAMPLE_SEED);
    starts.extend((0..SAMPLES).map(|_| Start {
        radius: low + (high - low) * random.random_range(0.0..=1.0),
        offset: jitter.map(|limit| random.random_range(-1.0..=1.0) * limit),
    }));
    starts
}

/// Goal zones, of the objectives and of the design, that the environment fills too far.
fn check_goals(design: &Design, environment: &[&Part], objectives: &Objectives, cancel: &AtomicBool) -> Vec<Violation> {
    let region = box_of(&objectives.objectives.goal_zone);
    let of_objectives = obstruction(region, &Filled::everything(), environment, cancel)
        .map(|found| found.violation(FILE, "objectives.goal_zone", "the goal zone"));
    let parts = design.parts.iter().filter(|part| part.role == PartRole::Zone(ZoneRole::Goal));
    let of_design = parts.filter_map(|part| {
        let own = Filled::by(part, part.bounding_box, cancel);
        let found = obstruction(part.bounding_box, &own, environment, cancel)?;
        Some(found.violation(crate::SCRIPT, &crate::at_part(&part.label), &format!("the goal zone {:?}", part.label)))
    });
    of_objectives.into_iter().chain(of_design).collect()
}

/// How much of a zone is filled, and by which parts.
struct Obstruction<'design> {
    share: f64,
    /// The parts that fill some of it, largest share first.
    parts: Vec<(&'design str, f64)>,
}

fn obstruction<'design>(
    region: BoundingBox,
    zone: &Filled,
    environment: &[&'design Part],
    cancel: &AtomicBool,
) -> Option<Obstruction<'design>> {
    let meets = |part: &Part| {
        let bounds = part.bounding_box;
        (0..3).all(|axis| bounds.min[axis] < region.max[axis] && bounds.max[axis] > region.min[axis])
    };
    let mut all = Filled::nothing();
    let mut parts: Vec<(&str, f64)> = Vec::new();
    for part in environment.iter().filter(|part| meets(part)).take_while(|_| goes_on(cancel)) {
        let filled = Filled::by(part, region, cancel);
        parts.push((&part.label, filled.share_of(zone)));
        all.join(&filled);
    }
    parts.retain(|(_, share)| *share > 0.0);
    parts.sort_by(|left, right| right.1.total_cmp(&left.1));
    let share = all.share_of(zone);
    (share > MAX_GOAL_OBSTRUCTION).then_some(Obstruction { share, parts })
}

impl Obstruction<'_> {
    fn violation(&self, file: &str, place: &str, zone: &str) -> Violation {
        let parts: Vec<String> =
            self.parts.iter().map(|(label, share)| format!("{label:?} {:.0} %", share * 100.0)).collect();
        let message = format!(
            "The environment fills {:.0} % of {zone} ({}), estimated with a grid of {POINTS_PER_AXIS} × \
             {POINTS_PER_AXIS} × {POINTS_PER_AXIS} points; {:.0} % at most may be filled, so that the moved object \
             can arrive; move or shrink these parts, or enlarge the zone",
            self.share * 100.0,
            parts.join(", "),
            MAX_GOAL_OBSTRUCTION * 100.0,
        );
        Violation::new(file, "randomization.goal_obstructed", message)
            .at(place)
            .measured(rounded(self.share))
            .limit(MAX_GOAL_OBSTRUCTION)
    }
}

#[cfg(test)]
mod tests;

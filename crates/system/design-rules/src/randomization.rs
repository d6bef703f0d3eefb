//! The moved object finds room wherever its randomisation may put it, and its goal is open enough to be reached.
//!
//! The objectives spawn it, with a radius from a range and a start that jitters. What holds at the nominal start may
//! fail at a corner of these ranges, so all corners are tried, and random samples between them.

use cad_runtime::{Design, Part, PartRole, Zone as ZoneRole};
use contract::execution::BoundingBox;
use contract::limits::{MAX_GOAL_OBSTRUCTION, MOVED_OBJECT_RADIUS_MM};
use contract::objectives::Objectives;
use contract::violations::Violation;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;

use crate::forms::Form;
use crate::obstruction::{Filled, POINTS_PER_AXIS};
use crate::surface::Surface;
use crate::{TOUCH_TOLERANCE_MM, rounded};

const FILE: &str = "objectives.yaml";
const START: &str = "moved_object.start_position";

/// Random starts beside the nominal one and the corners. The seed is fixed: the same design gets the same answer.
const SAMPLES: usize = 32;
const SAMPLE_SEED: u64 = 24;

/// Rounding of decimal fractions, mm. Touching a zone counts as being in it, as it does in the simulation.
const ZONE_ROUNDING_MM: f64 = 1e-9;

/// Starts of the moved object that meet a part, a forbidden zone or the goal, or leave the simulation bounds, and goal
/// zones of which the environment fills more than [`MAX_GOAL_OBSTRUCTION`]. One violation for each obstacle, with the
/// worst case. A design that holds the moved object itself is not spawned into, and only its goals are checked.
pub fn check_randomization(design: &Design, objectives: &Objectives) -> Vec<Violation> {
    let moved = moved_part(design, &objectives.moved_object.label);
    let environment: Vec<&Part> = design.parts.iter().filter(|part| !part.is_zone() && Some(*part) != moved).collect();
    let mut violations = Vec::new();
    // A shape that comes from a file is not known here.
    if moved.is_none() && objectives.moved_object.shape != "mesh" {
        match Spawn::of(objectives) {
            Ok(spawn) => violations.extend(spawn.check(&environment, objectives)),
            Err(violation) => violations.push(*violation),
        }
    }
    violations.extend(check_goals(design, &environment, objectives));
    violations
}

/// The part that is the moved object, where the design has one: its label, else `target_box`, else the first with
/// `target` or `bucket` in its label.
pub fn moved_part<'design>(design: &'design Design, label: &str) -> Option<&'design Part> {
    let find = |wanted: &dyn Fn(&str) -> bool| design.parts.iter().find(|part| !part.is_zone() && wanted(&part.label));
    find(&|name| name == label)
        .or_else(|| find(&|name| name == "target_box"))
        .or_else(|| find(&|name| name.contains("target") || name.contains("bucket")))
}

/// One start that the randomisation allows.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Start {
    radius: f64,
    offset: [f64; 3],
}

/// Everything that the randomisation allows.
struct Spawn<'objectives> {
    label: &'objectives str,
    form: Form,
    nominal: [f64; 3],
    starts: Vec<Start>,
}

impl<'objectives> Spawn<'objectives> {
    fn of(objectives: &'objectives Objectives) -> Result<Self, Box<Violation>> {
        let object = &objectives.moved_object;
        let form = Form::named(&object.shape).ok_or_else(|| {
            let message = format!(
                "moved_object.shape is {:?}, which cannot be spawned; use sphere, box or cylinder, or give the design \
                 a part with the label {:?}",
                object.shape, object.label
            );
            let violation = Violation::new(FILE, "randomization.unknown_shape", message).at("moved_object.shape");
            Box::new(violation.measured(object.shape.as_str()))
        })?;
        let [low, high] = object.static_randomization.radius.unwrap_or([MOVED_OBJECT_RADIUS_MM; 2]);
        if !(low > 0.0 && low <= high && high.is_finite()) {
            let message = format!(
                "moved_object.static_randomization.radius is [{low}, {high}] mm; it goes from a smallest radius above \
                 0 to a largest that is no smaller"
            );
            let violation = Violation::new(FILE, "randomization.radius_range", message);
            let place = "moved_object.static_randomization.radius";
            return Err(Box::new(violation.at(place).measured(json!([low, high]))));
        }
        let jitter = match objectives.randomization.runtime_jitter_enabled {
            Some(false) => [0.0; 3],
            _ => object.runtime_jitter.map(f64::abs),
        };
        let starts = starts([low, high], jitter);
        Ok(Self { label: &object.label, form, nominal: object.start_position, starts })
    }

    fn center(&self, start: &Start) -> [f64; 3] {
        std::array::from_fn(|axis| self.nominal[axis] + start.offset[axis])
    }

    fn check(&self, environment: &[&Part], objectives: &Objectives) -> Vec<Violation> {
        let mut violations = Vec::new();
        for part in environment.iter().filter(|part| self.comes_near(part.bounding_box)) {
            let Some(surface) = Surface::of(part) else { continue };
            violations.extend(self.worst_in(&surface).map(|worst| {
                let what = format!("starts {:.2} mm deep in part {:?}", worst.depth, part.label);
                self.violation("randomization.start_in_part", &what, &worst, TOUCH_TOLERANCE_MM)
            }));
        }
        let forbidden = objectives.objectives.forbid_zones.iter().map(|zone| {
            let region = BoundingBox { min: zone.min, max: zone.max };
            ("randomization.start_in_forbid_zone", format!("forbidden zone {:?}", zone.name), region)
        });
        let goal = objectives.objectives.goal_zone;
        let goal =
            ("randomization.start_in_goal", "the goal zone".to_owned(), BoundingBox { min: goal.min, max: goal.max });
        for (rule, name, region) in forbidden.chain([goal]) {
            violations.extend(self.worst(|start| self.depth_in_zone(start, region)).map(|worst| {
                let what = format!("reaches {:.2} mm into {name} where it starts", worst.depth);
                self.violation(rule, &what, &worst, 0.0)
            }));
        }
        let bounds = objectives.simulation_bounds;
        violations.extend(self.worst(|start| self.depth_outside(start, bounds.min, bounds.max)).map(|worst| {
            let what = format!("starts {:.2} mm outside of simulation_bounds", worst.depth);
            self.violation("randomization.start_out_of_bounds", &what, &worst, 0.0)
        }));
        violations
    }

    /// Whether any start may meet something within these bounds.
    fn comes_near(&self, bounds: BoundingBox) -> bool {
        self.starts.iter().any(|start| {
            let center = self.center(start);
            (0..3).all(|axis| {
                center[axis] + start.radius > bounds.min[axis] && center[axis] - start.radius < bounds.max[axis]
            })
        })
    }

    /// How far the object reaches into a zone; 0 when it touches, `None` when it stays away.
    fn depth_in_zone(&self, start: &Start, zone: BoundingBox) -> Option<f64> {
        let center = self.center(start);
        let gap = |axis: usize| (zone.min[axis] - center[axis]).max(center[axis] - zone.max[axis]);
        let reach = self.form.reach_over(std::array::from_fn(|axis| gap(axis).max(0.0)));
        let inside = (0..3).map(gap).fold(f64::NEG_INFINITY, f64::max).min(0.0);
        let depth = start.radius - reach - inside;
        (depth >= -ZONE_ROUNDING_MM).then_some(depth.max(0.0))
    }

    /// How far the object reaches out of the bounds, where it does.
    fn depth_outside(&self, start: &Start, min: [f64; 3], max: [f64; 3]) -> Option<f64> {
        let center = self.center(start);
        let beyond =
            |axis: usize| (min[axis] - (center[axis] - start.radius)).max(center[axis] + start.radius - max[axis]);
        let depth = (0..3).map(beyond).fold(f64::NEG_INFINITY, f64::max);
        (depth > ZONE_ROUNDING_MM).then_some(depth)
    }

    /// The start that sinks deepest into a solid, and how many sink in. A depth is only measured where it exceeds the
    /// deepest so far.
    fn worst_in(&self, surface: &Surface) -> Option<Worst> {
        let mut worst = None::<Worst>;
        for start in &self.starts {
            let (size, center) = (start.radius, self.center(start));
            if !self.form.sinks_by(TOUCH_TOLERANCE_MM, size, center, surface) {
                continue;
            }
            let failing = worst.as_ref().map_or(0, |worst| worst.failing) + 1;
            worst = Some(match worst {
                Some(worst) if !self.form.sinks_by(worst.depth, size, center, surface) => Worst { failing, ..worst },
                Some(worst) => {
                    let depth = self.form.depth_in(size, center, surface);
                    if depth > worst.depth {
                        Worst { start: *start, depth, failing }
                    } else {
                        Worst { failing, ..worst }
                    }
                }
                None => Worst { start: *start, depth: self.form.depth_in(size, center, surface), failing },
            });
        }
        worst
    }

    /// The start that fails most, and how many fail.
    fn worst(&self, depth_of: impl Fn(&Start) -> Option<f64>) -> Option<Worst> {
        let failing: Vec<(f64, Start)> =
            self.starts.iter().filter_map(|start| Some((depth_of(start)?, *start))).collect();
        let (depth, start) = *failing.iter().max_by(|left, right| left.0.total_cmp(&right.0))?;
        Some(Worst { start, depth, failing: failing.len() })
    }

    fn violation(&self, rule: &str, what: &str, worst: &Worst, limit_mm: f64) -> Violation {
        let Worst { start, depth, failing } = worst;
        let [x, y, z] = start.offset.map(rounded);
        let (radius, cases) = (rounded(start.radius), self.starts.len());
        let message = format!(
            "The moved object {:?} {what}, in the worst of {failing} failing of {cases} tried starts: radius {radius} \
             mm, offset ({x}, {y}, {z}) mm from start_position; move it, or narrow the radius range or runtime_jitter",
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
        radius: random.random_range(low..=high),
        offset: jitter.map(|limit| random.random_range(-1.0..=1.0) * limit),
    }));
    starts
}

/// Goal zones, of the objectives and of the design, that the environment fills too far.
fn check_goals(design: &Design, environment: &[&Part], objectives: &Objectives) -> Vec<Violation> {
    let zone = objectives.objectives.goal_zone;
    let region = BoundingBox { min: zone.min, max: zone.max };
    let of_objectives = obstruction(region, &Filled::everything(), environment)
        .map(|found| found.violation(FILE, "objectives.goal_zone", "the goal zone"));
    let parts = design.parts.iter().filter(|part| part.role == PartRole::Zone(ZoneRole::Goal));
    let of_design = parts.filter_map(|part| {
        let own = Filled::by(part, part.bounding_box);
        let found = obstruction(part.bounding_box, &own, environment)?;
        Some(found.violation(crate::SCRIPT, &crate::at_part(&part.label), &format!("the goal zone {:?}", part.label)))
    });
    of_objectives.into_iter().chain(of_design).collect()
}

/// Who fills how much of a zone.
struct Obstruction<'design> {
    share: f64,
    /// The parts that fill any of it, most first.
    parts: Vec<(&'design str, f64)>,
}

fn obstruction<'design>(
    region: BoundingBox,
    zone: &Filled,
    environment: &[&'design Part],
) -> Option<Obstruction<'design>> {
    let meets = |part: &Part| {
        let bounds = part.bounding_box;
        (0..3).all(|axis| bounds.min[axis] < region.max[axis] && bounds.max[axis] > region.min[axis])
    };
    let mut all = Filled::nothing();
    let mut parts: Vec<(&str, f64)> = Vec::new();
    for part in environment.iter().filter(|part| meets(part)) {
        let filled = Filled::by(part, region);
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

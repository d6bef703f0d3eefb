//! Rules for the moved object: its size, and where it may start.

use contract::objectives::Zone;

use super::{
    check_named,
    geometry::{TOUCH_MM, axes_outside, axis_names, distance, extent, grown, overlap},
    zones::{boxes, ordered, title},
};
use crate::{
    numbers,
    report::{Report, broken},
    wording::{figure, listed, quoted},
    yaml::Field,
};

/// What can be spawned.
const SHAPES: [&str; 4] = ["sphere", "box", "cylinder", "mesh"];

/// Where the object may start: its centre lies in the region, and it reaches this far around its centre.
struct Start {
    region: Zone,
    reach: f64,
    is_sphere: bool,
}

impl Start {
    /// Everything that the object may fill at its start.
    fn hull(&self) -> Zone {
        grown(&self.region, [self.reach; 3])
    }

    /// True when the object may have room in common with a zone. Exact for a sphere; a box or cylinder counts as the
    /// box around it.
    fn meets(&self, zone: &Zone) -> bool {
        if self.is_sphere {
            overlap(&self.region, zone) || distance(&self.region, zone) + TOUCH_MM < self.reach
        } else {
            overlap(&self.hull(), zone)
        }
    }
}

/// Checks `moved_object` against the zones.
pub(super) fn check(report: &mut Report, root: &Field) {
    let object = root.at("moved_object");
    check_named(report, &object.at("label"));
    let shape = object.at("shape");
    if let Some(name) = shape.text().filter(|name| !SHAPES.contains(&name.as_str())) {
        let message = format!("shape must be one of {}, found {}", listed(&SHAPES), quoted(&name));
        report.add(broken("unknown_shape", message).at(shape.place()).measured(name).limit(SHAPES.as_slice()));
    }
    let path = object.at("mesh_path");
    if shape.text().as_deref() == Some("mesh") && path.is_absent() {
        let message = "the shape mesh needs mesh_path, an STL file of the session";
        report.add(broken("mesh_missing", message).at(path.place()));
    }
    for jitter in object.at("runtime_jitter").items() {
        numbers::not_negative(report, &jitter, "mm");
    }
    check_radius(report, &object.at("static_randomization").at("radius"));
    if let Some(start) = start_of(root, &object) {
        check_start(report, root, &start);
    }
}

fn check_radius(report: &mut Report, radius: &Field) {
    for end in radius.items() {
        numbers::positive(report, &end, "mm");
    }
    if let Some([smallest, largest]) = radius.read::<[f64; 2]>()
        && smallest > largest
    {
        let message = format!(
            "the smallest radius ({} mm) must not be above the largest ({} mm)",
            figure(smallest),
            figure(largest)
        );
        report.add(broken("radius_range", message).at(radius.place()).measured(smallest).limit(largest));
    }
}

/// Nothing when position, jitter or radius cannot be read. Without a radius, the centre alone is looked at.
fn start_of(root: &Field, object: &Field) -> Option<Start> {
    let position: [f64; 3] = object.at("start_position").read()?;
    let jitter: [f64; 3] = object.at("runtime_jitter").read()?;
    let is_enabled = root.at("randomization").at("runtime_jitter_enabled").read::<bool>() != Some(false);
    let jitter = if is_enabled { jitter.map(|limit| limit.max(0.0)) } else { [0.0; 3] };
    let radius = object.at("static_randomization").at("radius");
    let reach = if radius.is_absent() { 0.0 } else { radius.read::<[f64; 2]>()?.into_iter().fold(0.0, f64::max) };
    Some(Start {
        region: grown(&Zone { min: position, max: position }, jitter),
        reach,
        is_sphere: object.at("shape").text().as_deref() == Some("sphere"),
    })
}

fn check_start(report: &mut Report, root: &Field, start: &Start) {
    let place = "moved_object.start_position";
    let hull = start.hull();
    let what = "the moved object at its start, jitter and largest radius included,";
    if let Some(bounds) = ordered(&root.at("simulation_bounds")) {
        let axes = axes_outside(&hull, &bounds);
        if !axes.is_empty() {
            let message = format!(
                "{what} fills {} mm and leaves simulation_bounds ({} mm) on {}",
                extent(&hull),
                extent(&bounds),
                axis_names(&axes)
            );
            report.add(boxes(broken("start_outside_bounds", message).at(place), &hull, &bounds));
        }
    }
    let zones = root.at("objectives");
    let goal = std::iter::once(("start_in_goal", zones.at("goal_zone")));
    let forbidden = zones.at("forbid_zones").items().into_iter().map(|zone| ("start_in_forbid_zone", zone));
    for (rule, field) in goal.chain(forbidden) {
        let Some(zone) = ordered(&field).filter(|zone| start.meets(zone)) else { continue };
        let message =
            format!("{what} fills {} mm and reaches into {} ({} mm)", extent(&hull), title(&field), extent(&zone));
        report.add(boxes(broken(rule, message).at(place), &hull, &zone));
    }
}

//! Rules for the moved object: its size, and where it may start.

use contract::{limits::MOVED_OBJECT_RADIUS_MM, objectives::Zone};

use super::{
    check_named,
    geometry::{TOUCH_MM, axes_outside, axis_names, extent, gaps, grown},
    zones::{boxes, ordered, title},
};
use crate::{
    numbers,
    report::{Report, broken},
    wording::{figure, listed, quoted},
    yaml::Field,
};

/// Shapes that can be spawned.
const SHAPES: [&str; 4] = ["sphere", "box", "cylinder", "mesh"];

/// The shape whose size comes from a file.
const MESH: &str = "mesh";

/// Where the object may start: the region of its centre, and how far it extends from its centre.
struct Start {
    region: Zone,
    reach: f64,
    form: Form,
}

/// How far an object of one reach extends in all directions.
#[derive(Clone, Copy)]
enum Form {
    Sphere,
    Cylinder,
    Cuboid,
}

impl Start {
    /// Everything that the object may fill at its start.
    fn hull(&self) -> Zone {
        grown(&self.region, [self.reach; 3])
    }

    /// True when the object may have a point in common with a zone; touching it counts, as it does in the simulation.
    fn meets(&self, zone: &Zone) -> bool {
        let [x, y, z] = gaps(&self.region, zone);
        let needed = match self.form {
            Form::Sphere => x.hypot(y).hypot(z),
            Form::Cylinder => x.hypot(y).max(z),
            Form::Cuboid => x.max(y).max(z),
        };
        needed <= self.reach + TOUCH_MM
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
    if shape.text().as_deref() == Some(MESH) && path.is_absent() {
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

/// `None` when position, jitter or radius cannot be read. For a mesh only the centre is checked here: its extent is
/// known when a design is validated.
fn start_of(root: &Field, object: &Field) -> Option<Start> {
    let position: [f64; 3] = object.at("start_position").read()?;
    let jitter: [f64; 3] = object.at("runtime_jitter").read()?;
    let is_enabled = root.at("randomization").at("runtime_jitter_enabled").read::<bool>() != Some(false);
    let jitter = if is_enabled { jitter.map(|limit| limit.max(0.0)) } else { [0.0; 3] };
    let shape = object.at("shape").text();
    let radius = object.at("static_randomization").at("radius");
    let reach = match shape.as_deref() {
        Some(MESH) => 0.0,
        _ if radius.is_absent() => MOVED_OBJECT_RADIUS_MM,
        _ => radius.read::<[f64; 2]>()?.into_iter().fold(0.0, f64::max),
    };
    let form = match shape.as_deref() {
        Some("sphere") => Form::Sphere,
        Some("cylinder") => Form::Cylinder,
        _ => Form::Cuboid,
    };
    Some(Start { region: grown(&Zone { min: position, max: position }, jitter), reach, form })
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
            format!("{what} fills {} mm and touches or enters {} ({} mm)", extent(&hull), title(&field), extent(&zone));
        report.add(boxes(broken(rule, message).at(place), &hull, &zone));
    }
}

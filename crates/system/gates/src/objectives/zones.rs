//! Rules for zones, independent of the moved object.

use contract::{objectives::Zone, violations::Violation};
use serde_json::json;

use super::{
    check_named,
    geometry::{AXES, axes_outside, axis_names, extent, overlap},
};
use crate::{
    report::{Report, broken},
    unique::repeated,
    wording::{figure, quoted},
    yaml::Field,
};

/// Checks all zones of a document, those without wires among them.
pub(super) fn check(report: &mut Report, root: &Field) {
    let zones = root.at("objectives");
    let forbidden = zones.at("forbid_zones").items();
    let restricted = root.at("electronics_requirements").at("wiring_constraints").at("restricted_zones").items();
    let single = [zones.at("goal_zone"), zones.at("build_zone")];
    let bounds_field = root.at("simulation_bounds");
    check_order(report, &bounds_field);
    let bounds = ordered(&bounds_field);
    for zone in single.iter().chain(&forbidden).chain(&restricted) {
        check_order(report, zone);
        if let (Some(zone_box), Some(bounds)) = (ordered(zone), &bounds) {
            report_outside(report, zone, &zone_box, bounds);
        }
    }
    if let Some(goal) = ordered(&single[0]) {
        check_goal_is_free(report, &goal, &forbidden);
    }
    check_names(report, forbidden.iter().chain(&restricted));
}

/// The box of a zone, when it can be read and is valid; a box with swapped corners is reported and causes no further
/// violation.
pub(super) fn ordered(zone: &Field) -> Option<Zone> {
    zone.read::<Zone>().filter(|zone| (0..3).all(|axis| zone.min[axis] < zone.max[axis]))
}

/// Name of a zone in messages: `goal_zone`, `forbid_zones[0] "trap"`.
pub(super) fn title(zone: &Field) -> String {
    match zone.at("name").text() {
        Some(name) => format!("{} {}", zone.key(), quoted(&name)),
        None => zone.key().to_owned(),
    }
}

fn check_order(report: &mut Report, field: &Field) {
    let Some(zone) = field.read::<Zone>() else { return };
    for (axis, name) in AXES.iter().enumerate() {
        let (min, max) = (zone.min[axis], zone.max[axis]);
        if min >= max {
            let message =
                format!("{}: min {} must be less than max {} on {name}", title(field), figure(min), figure(max));
            let place = format!("{}.min[{axis}]", field.place());
            report.add(broken("zone_order", message).at(place).measured(min).limit(max));
        }
    }
}

fn report_outside(report: &mut Report, field: &Field, zone: &Zone, bounds: &Zone) {
    let axes = axes_outside(zone, bounds);
    if !axes.is_empty() {
        let message = format!(
            "{} ({} mm) leaves simulation_bounds ({} mm) on {}",
            title(field),
            extent(zone),
            extent(bounds),
            axis_names(&axes)
        );
        report.add(boxes(broken("zone_outside_bounds", message).at(field.place()), zone, bounds));
    }
}

fn check_goal_is_free(report: &mut Report, goal: &Zone, forbidden: &[Field]) {
    for field in forbidden {
        let Some(zone) = ordered(field).filter(|zone| overlap(goal, zone)) else { continue };
        let message = format!("{} ({} mm) and goal_zone ({} mm) intersect", title(field), extent(&zone), extent(goal));
        report.add(boxes(broken("goal_in_forbid_zone", message).at(field.place()), &zone, goal));
    }
}

/// The violation with two boxes as its values.
pub(super) fn boxes(violation: Violation, measured: &Zone, limit: &Zone) -> Violation {
    violation
        .measured(json!({"min": measured.min, "max": measured.max}))
        .limit(json!({"min": limit.min, "max": limit.max}))
}

fn check_names<'a>(report: &mut Report, zones: impl Iterator<Item = &'a Field<'a>>) {
    let mut names = Vec::new();
    for name in zones.map(|zone| zone.at("name")) {
        check_named(report, &name);
        names.extend(name.text().map(|text| (text, name.place().to_owned())));
    }
    for twice in repeated(names) {
        let message =
            format!("the zone name {} is already used at {}; names must be unique", quoted(&twice.name), twice.first);
        report.add(broken("duplicate_zone_name", message).at(twice.again).measured(twice.name));
    }
}

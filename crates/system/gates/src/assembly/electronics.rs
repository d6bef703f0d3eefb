//! Rules for the circuit of an assembly.

use std::collections::HashSet;

use super::{check_ids, parts::ListedParts};
use crate::{
    numbers, power_supply,
    report::{Report, broken},
    wording::{cut, quoted},
    yaml::Field,
};

/// Name of the supply in wires; it is not a component.
const SUPPLY: &str = "supply";

/// Checks `electronics`.
pub(super) fn check(report: &mut Report, electronics: &Field, listed: &ListedParts, assembled: &HashSet<String>) {
    power_supply::check(report, &electronics.at("power_supply"));
    let components = electronics.at("components").items();
    let ids = check_ids(report, components.iter().map(|component| component.at("component_id")));
    for component in &components {
        check_reference(report, component, listed, assembled);
        numbers::not_negative(report, &component.at("rated_voltage"), "V");
        numbers::not_negative(report, &component.at("stall_current_a"), "A");
    }
    let wires = electronics.at("wiring").items();
    check_ids(report, wires.iter().map(|wire| wire.at("wire_id")));
    for wire in &wires {
        numbers::positive(report, &wire.at("length_mm"), "mm");
        for end in ["from", "to"] {
            check_end(report, wire, end, &ids);
        }
    }
}

fn check_reference(report: &mut Report, component: &Field, listed: &ListedParts, assembled: &HashSet<String>) {
    let reference = component.at("assembly_part_ref");
    let is_unknown = |name: &String| !listed.makes(name) && !assembled.contains(name);
    if let Some(name) = reference.text().filter(is_unknown) {
        let id = component.at("component_id").text().unwrap_or_default();
        let message = format!("Electronic component '{}' references unknown part '{}'", cut(&id), cut(&name));
        report.add(broken("unknown_part", message).at(reference.place()).measured(name));
    }
}

fn check_end(report: &mut Report, wire: &Field, end: &str, ids: &HashSet<String>) {
    let field = wire.at(end).at("component");
    let Some(name) = field.text().filter(|name| name != SUPPLY && !ids.contains(name)) else { return };
    let id = wire.at("wire_id").text().unwrap_or_default();
    let message = format!(
        "wire {} goes {end} the unknown component {}; name a component_id or `{SUPPLY}`",
        quoted(&id),
        quoted(&name)
    );
    report.add(broken("unknown_wire_end", message).at(field.place()).measured(name));
}

//! Rules for the requirements of the circuit. Its restricted zones are checked with the other zones.

use super::check_named;
use crate::{numbers, power_supply, report::Report, yaml::Field};

/// Checks `electronics_requirements`.
pub(super) fn check(report: &mut Report, requirements: &Field) {
    let supply = requirements.at("power_supply_available");
    check_named(report, &supply.at("type"));
    power_supply::check(report, &supply);
    numbers::positive(report, &requirements.at("wiring_constraints").at("max_total_wire_length_mm"), "mm");
}

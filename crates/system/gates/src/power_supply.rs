//! A direct-current supply: the rules are the same in the objectives and in an assembly.

use crate::{numbers, report::Report, yaml::Field};

/// `<artifact>.not_positive`: voltage and current are above zero.
pub(crate) fn check(report: &mut Report, supply: &Field) {
    numbers::positive(report, &supply.at("voltage_dc"), "V");
    numbers::positive(report, &supply.at("max_current_a"), "A");
}

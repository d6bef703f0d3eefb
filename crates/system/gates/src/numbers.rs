//! Rules for single numbers.

use crate::{
    report::{Report, broken},
    wording::figure,
    yaml::Field,
};

/// `<artifact>.not_positive`: the number, when it is there, is above zero. `unit` may be empty.
pub(crate) fn positive(report: &mut Report, field: &Field, unit: &str) {
    below(report, field, unit, "not_positive", "must be greater than 0", |number| number <= 0.0);
}

/// `<artifact>.negative`: the number, when it is there, is zero or above. `unit` may be empty.
pub(crate) fn not_negative(report: &mut Report, field: &Field, unit: &str) {
    below(report, field, unit, "negative", "must not be negative", |number| number < 0.0);
}

fn below(report: &mut Report, field: &Field, unit: &str, rule: &str, demand: &str, is_broken: impl Fn(f64) -> bool) {
    let Some(number) = field.number() else { return };
    if is_broken(number) {
        let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        let message = format!("{} {demand}, found {}{unit}", field.place(), figure(number));
        report.add(broken(rule, message).at(field.place()).measured(number).limit(0));
    }
}

//! Rules for the parts of the environment that move.

use contract::objectives::MovingPartKind;

use super::check_named;
use crate::{
    motion,
    report::{Report, broken},
    unique::repeated,
    wording::quoted,
    yaml::Field,
};

/// Checks all moving parts.
pub(super) fn check(report: &mut Report, parts: &Field) {
    let mut parts = parts.items();
    parts.retain(|part| part.value().is_some_and(serde_json::Value::is_object));
    for part in &parts {
        let name = part.at("part_name");
        check_named(report, &name);
        let whose = name.text().map_or_else(|| part.key().to_owned(), |name| format!("moving part {}", quoted(&name)));
        motion::check_movable(report, part, &whose, "so it cannot move");
        motion::check(report, part, &whose);
        check_kind(report, part, &whose);
    }
    let names = parts.iter().map(|part| part.at("part_name"));
    let names = names.filter_map(|name| Some((name.text()?, name.place().to_owned())));
    for twice in repeated(names) {
        let message =
            format!("the part name {} is already used at {}; names must be unique", quoted(&twice.name), twice.first);
        report.add(broken("duplicate_part_name", message).at(twice.again).measured(twice.name));
    }
}

fn check_kind(report: &mut Report, part: &Field, whose: &str) {
    let control = part.at("control");
    let message = match (part.at("type").read(), control.is_absent()) {
        (Some(MovingPartKind::Motor), true) => {
            format!("{whose} is a motor and has no control; say what drives it, or make it passive")
        }
        (Some(MovingPartKind::Passive), false) => {
            format!("{whose} is passive and has a control; take it out, or make it a motor")
        }
        _ => return,
    };
    report.add(broken("motor_control", message).at(control.place()));
}

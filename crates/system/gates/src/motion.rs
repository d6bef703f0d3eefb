//! How a part moves: the rules are the same in the objectives and in an assembly.
//!
//! | Rule | Broken when |
//! |---|---|
//! | `.no_dofs` | a moving part has no degree of freedom |
//! | `.unknown_dof` | a degree of freedom is not one of the six |
//! | `.duplicate_dof` | a degree of freedom is named twice |
//! | `.frequency` | the control repeats, and its frequency is not above zero; absent, it is 1 Hz |

use contract::limits::DEFAULT_FREQUENCY_HZ;

use crate::{
    report::{Report, broken},
    unique::repeated,
    wording::{figure, listed, quoted},
    yaml::Field,
};

/// The degrees of freedom that a part may have.
const DOFS: [&str; 6] = ["rotate_x", "rotate_y", "rotate_z", "slide_x", "slide_y", "slide_z"];

/// Modes of control that repeat.
const REPEATING: [&str; 5] = ["sinusoidal", "square", "trapezoidal", "on_off", "oscillate"];

/// Checks `dofs` and `control` of a part. `whose` names the part in messages.
pub(crate) fn check(report: &mut Report, motion: &Field, whose: &str) {
    let dofs = motion.at("dofs");
    let control = motion.at("control");
    let names: Vec<(String, String)> =
        dofs.items().iter().filter_map(|dof| Some((dof.text()?, dof.place().to_owned()))).collect();
    for (name, place) in names.iter().filter(|(name, _)| !DOFS.contains(&name.as_str())) {
        let message = format!("{whose} has the unknown dof {}; known are {}", quoted(name), listed(&DOFS));
        report.add(broken("unknown_dof", message).at(place).measured(name.as_str()).limit(DOFS.as_slice()));
    }
    for twice in repeated(names) {
        let message = format!("{whose} has the dof {} twice", quoted(&twice.name));
        report.add(broken("duplicate_dof", message).at(twice.again).measured(twice.name));
    }
    check_frequency(report, &control, whose);
}

/// `.no_dofs`: at least one degree of freedom is there. `why` ends the sentence.
pub(crate) fn check_movable(report: &mut Report, motion: &Field, whose: &str, why: &str) {
    let dofs = motion.at("dofs");
    let is_list = dofs.is_absent() || dofs.value().is_some_and(serde_json::Value::is_array);
    if is_list && dofs.items().is_empty() {
        let message = format!("{whose} has no dofs, {why}; name at least one of {}", listed(&DOFS));
        report.add(broken("no_dofs", message).at(dofs.place()).measured(0).limit(1));
    }
}

fn check_frequency(report: &mut Report, control: &Field, whose: &str) {
    let Some(mode) = control.at("mode").text().filter(|mode| REPEATING.contains(&mode.as_str())) else {
        return;
    };
    let frequency = control.at("frequency");
    if let Some(found) = frequency.number().filter(|found| *found <= 0.0) {
        let message = format!(
            "the control mode {mode} of {whose} needs a frequency above 0 Hz, found {} Hz; without one it is \
             {DEFAULT_FREQUENCY_HZ} Hz",
            figure(found)
        );
        report.add(broken("frequency", message).at(frequency.place()).measured(found).limit(0));
    }
}

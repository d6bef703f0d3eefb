//! What holds parts together: fasteners of rigid connections, welds, and what a hinge turns on.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

use contract::limits::MAX_JOINT_GAP_MM;
use contract::part_metadata::{HolePair, JointMetadata, JointSupport, JointType};
use contract::violations::Violation;
use design::{Bore, Design, Part, PartRole};

use crate::connections::{Connection, Uses, ends_of, gather, other_end, unknown_hole};
use crate::holes::{
    AXIS_ANGLE_TOLERANCE_DEG, BORE_DIAMETER_TOLERANCE_MM, HoleOf, angle_deg, check_meeting, direction_of,
};
use crate::{SCRIPT, at_part, between_parts, rounded};

/// All violations by the connections, welds and joints of a design. `category_of` returns the category of a catalogue
/// id (`bearing`, `motor`, `servo`, …), or nothing for an id that the catalogue does not have. Once `cancel` is set it
/// ends early, and its result is meaningless.
pub fn check_joints(
    design: &Design,
    category_of: &dyn Fn(&str) -> Option<String>,
    cancel: &AtomicBool,
) -> Vec<Violation> {
    let goes_on = || !cancel.load(Ordering::Relaxed);
    let (connections, mut violations) = gather(design);
    let mut uses = Uses::new();
    for connection in connections.iter().take_while(|_| goes_on()) {
        violations.extend(connection.check(cancel));
        connection.take(&mut uses);
    }
    let mut shafts = BTreeSet::new();
    for part in design.parts.iter().take_while(|_| goes_on()) {
        violations.extend(check_weld(design, part, &connections));
        if let Some(joint) = part.joint() {
            violations.extend(check_joint(design, part, joint, category_of, cancel));
            take_shaft(design, part, joint, &mut shafts, &mut uses);
        }
    }
    violations.extend(check_cut(design, &uses, cancel));
    violations.extend(check_uses(&uses));
    violations
}

/// A weld names a part, and between made parts it requires fasteners: nothing here is glued or welded.
fn check_weld(design: &Design, part: &Part, connections: &[Connection<'_>]) -> Option<Violation> {
    let to = part.weld()?;
    let other = match other_end(design, part, to, "its weld constraint") {
        Ok(other) => other,
        Err(violation) => return Some(*violation),
    };
    if !is_made(part) || !is_made(other) || connections.iter().any(|known| known.joins(part, other)) {
        return None;
    }
    let label = &part.label;
    let message = format!(
        "Part {label:?} is welded to {to:?}, but no fasteners hold them together; declare a rigid connection with holes \
         of both parts in rigid_connections"
    );
    Some(Violation::new(SCRIPT, "joint.weld_without_fasteners", message).at(between_parts(label, to)))
}

/// True for a part that is manufactured, not bought.
fn is_made(part: &Part) -> bool {
    matches!(&part.role, PartRole::Part(metadata) if metadata.cots_id.is_none())
}

fn check_joint(
    design: &Design,
    part: &Part,
    joint: &JointMetadata,
    category_of: &dyn Fn(&str) -> Option<String>,
    cancel: &AtomicBool,
) -> Vec<Violation> {
    let other = match joint.to.as_deref().map(|to| other_end(design, part, to, "its joint")).transpose() {
        Ok(other) => other,
        Err(violation) => return vec![*violation],
    };
    if joint.kind == JointType::Slide {
        return check_slide(part, joint).into_iter().collect();
    }
    let Some(support) = joint.via else {
        let message = format!(
            "Part {:?} has a hinge joint that turns on nothing; say via=\"bearing\", \"motor\" or \"through_hole\", and \
             to which part",
            part.label
        );
        return vec![Violation::new(SCRIPT, "joint.support_missing", message).at(at_part(&part.label))];
    };
    let Some(other) = other else {
        let message = format!(
            "Part {:?} has a hinge joint via {} without `to`; name the part that it turns on",
            part.label,
            name_of(support)
        );
        return vec![Violation::new(SCRIPT, "joint.support_missing", message).at(at_part(&part.label))];
    };
    match support {
        JointSupport::Bearing => {
            let mut violations = check_bought_support(part, other, support, &["bearing"], category_of, cancel);
            violations.extend(check_axis(part, other, joint, &other.bores));
            violations
        }
        JointSupport::Motor => {
            let mut violations = check_bought_support(part, other, support, &["motor", "servo"], category_of, cancel);
            // The bores of a motor are for the screws that hold it; its solid does not show where its shaft is.
            violations.extend(check_axis(part, other, joint, &[]));
            violations
        }
        JointSupport::ThroughHole => check_shaft(part, other, joint),
    }
}

/// A motor turns, and its torque is not a force.
fn check_slide(part: &Part, joint: &JointMetadata) -> Option<Violation> {
    if joint.via != Some(JointSupport::Motor) {
        return None;
    }
    let label = &part.label;
    let message = format!(
        "Part {label:?} slides via motor, but a motor turns: it gives a torque (N·m), not a force (N); make the \
         joint a hinge, or take `via` away and say in the part's control how strong its drive is (force_limit)"
    );
    Some(Violation::new(SCRIPT, "joint.motor_on_slide", message).at(at_part(label)))
}

fn name_of(support: JointSupport) -> &'static str {
    match support {
        JointSupport::Bearing => "bearing",
        JointSupport::Motor => "motor",
        JointSupport::ThroughHole => "through_hole",
    }
}

/// A bearing or motor is from the catalogue, and the part touches it.
fn check_bought_support(
    part: &Part,
    other: &Part,
    support: JointSupport,
    categories: &[&str],
    category_of: &dyn Fn(&str) -> Option<String>,
    cancel: &AtomicBool,
) -> Vec<Violation> {
    let (label, to, via) = (&part.label, &other.label, name_of(support));
    let place = between_parts(label, to);
    let mut violations = Vec::new();

    let cots_id = match &other.role {
        PartRole::Part(metadata) => metadata.cots_id.as_deref(),
        PartRole::Compound(_) | PartRole::Zone(_) => None,
    };
    let category = cots_id.and_then(category_of);
    if !category.as_deref().is_some_and(|category| categories.contains(&category)) {
        let what = match (cots_id, &category) {
            (None, _) => "is no bought part".to_owned(),
            (Some(id), None) => format!("has cots_id {id:?}, which the catalogue does not have"),
            (Some(id), Some(category)) => format!("has cots_id {id:?}, a {category}"),
        };
        let wanted = categories.join(" or ");
        let message =
            format!("Part {label:?} turns via {via} on {to:?}, which {what}; it must be a {wanted} of the catalogue");
        let violation = Violation::new(SCRIPT, "joint.wrong_support", message).at(&place);
        violations.push(Violation { measured: category.map(Into::into), ..violation }.limit(wanted));
    }

    if let (Some(own), Some(support)) = (part.mesh.surface(cancel), other.mesh.surface(cancel))
        && let Err(gap) = own.is_within(&support, MAX_JOINT_GAP_MM)
    {
        let message = format!(
            "Part {label:?} turns via {via} on {to:?} but is {gap:.2} mm away from it, {MAX_JOINT_GAP_MM} mm at most; \
             bring them together"
        );
        let violation = Violation::new(SCRIPT, "joint.gap_too_wide", message).at(&place);
        violations.push(violation.measured(rounded(gap)).limit(MAX_JOINT_GAP_MM));
    }
    violations
}

/// The joint turns about the bore of what it turns on and about the part's own hole, where there are such, and one shaft
/// fits both. `bores` are those of the support that a shaft may fill.
fn check_axis(part: &Part, other: &Part, joint: &JointMetadata, bores: &[Bore]) -> Vec<Violation> {
    let (label, to) = (&part.label, &other.label);
    let place = between_parts(label, to);
    let mut violations = Vec::new();
    let angles = bores.iter().map(|bore| angle_deg(joint.axis, direction_of(bore)));
    if let Some(angle) = angles.min_by(f64::total_cmp).filter(|angle| *angle > AXIS_ANGLE_TOLERANCE_DEG) {
        let message = format!(
            "Part {label:?} turns about an axis that is {angle:.1}° off the bore of {to:?}, {AXIS_ANGLE_TOLERANCE_DEG}° \
             at most; a bearing turns about its own axis: change the joint's axis or turn the bearing"
        );
        let violation = Violation::new(SCRIPT, "joint.axis_mismatch", message).at(&place);
        violations.push(violation.measured(rounded(angle)).limit(AXIS_ANGLE_TOLERANCE_DEG));
    }
    let Some(pair) = &joint.holes else { return violations };
    let Some(own) = HoleOf::named(part, &pair.own) else {
        violations.push(unknown_hole(part, &pair.own, &place));
        return violations;
    };
    violations.extend(check_axis_of_hole(own, to, joint));
    if !bores.is_empty() {
        violations.extend(check_bearing_shaft(own, other, &place));
    }
    violations
}

/// The shaft of the part's hole goes through a bore of the bearing and fills it.
fn check_bearing_shaft(own: HoleOf<'_>, bearing: &Part, place: &str) -> Option<Violation> {
    let (id, label, to) = (&own.hole.hole_id, &own.part.label, &bearing.label);
    let Some(bore) = own.bore_in(bearing) else {
        let message = format!(
            "Hole {id:?} of {label:?} does not line up with a bore of {to:?}: no bore is on its axis; move the hole or \
             the bearing"
        );
        return Some(Violation::new(SCRIPT, "joint.holes_offset", message).at(place));
    };
    let shaft = own.nominal_diameter_mm()?;
    let difference_mm = (shaft - bore.diameter_mm).abs();
    (difference_mm > BORE_DIAMETER_TOLERANCE_MM).then(|| {
        let message = format!(
            "Hole {id:?} of {label:?} is for a shaft of {shaft} mm, and the bore of {to:?} measures {} mm; give the hole \
             the size of the bearing, or take a bearing for this shaft",
            bore.diameter_mm
        );
        let violation = Violation::new(SCRIPT, "joint.diameter_mismatch", message).at(place);
        violation.measured(rounded(difference_mm)).limit(BORE_DIAMETER_TOLERANCE_MM)
    })
}

/// A shaft passes through one hole of each part, and the joint turns about it.
fn check_shaft(part: &Part, other: &Part, joint: &JointMetadata) -> Vec<Violation> {
    let (label, to) = (&part.label, &other.label);
    let Some(pair) = &joint.holes else {
        let message = format!(
            "Part {label:?} turns via through_hole on {to:?} without saying in which holes; give `holes` with one of \
             each part"
        );
        return vec![Violation::new(SCRIPT, "joint.support_missing", message).at(between_parts(label, to))];
    };
    let (own, other) = match ends_of(part, other, pair) {
        Ok(ends) => ends,
        Err(violations) => return violations,
    };
    let mut violations = check_meeting(own, other);
    violations.extend(check_axis_of_hole(own, to, joint));
    violations
}

/// A shaft in a hole turns about the hole's axis.
fn check_axis_of_hole(own: HoleOf<'_>, to: &str, joint: &JointMetadata) -> Option<Violation> {
    let label = &own.part.label;
    let angle = angle_deg(joint.axis, own.hole.axis);
    (angle > AXIS_ANGLE_TOLERANCE_DEG).then(|| {
        let message = format!(
            "Part {label:?} turns about an axis that is {angle:.1}° off its hole {:?}, {AXIS_ANGLE_TOLERANCE_DEG}° at \
             most; a shaft in the hole allows no other axis than the hole's",
            own.hole.hole_id
        );
        let violation = Violation::new(SCRIPT, "joint.axis_off_hole", message).at(between_parts(label, to));
        violation.measured(rounded(angle)).limit(AXIS_ANGLE_TOLERANCE_DEG)
    })
}

/// Records the holes of a shaft: the part's own, and with `through_hole` that of the other part. Two parts that declare
/// the same hinge use it once.
fn take_shaft<'design>(
    design: &'design Design,
    part: &'design Part,
    joint: &JointMetadata,
    shafts: &mut BTreeSet<[(&'design str, String); 2]>,
    uses: &mut Uses<'design>,
) {
    let (Some(support), Some(HolePair { own, other })) = (joint.via, &joint.holes) else { return };
    if support != JointSupport::ThroughHole {
        *uses.entry((&part.label, own.clone())).or_default() += 1;
        return;
    }
    let Some(Ok(other_part)) = joint.to.as_deref().map(|to| other_end(design, part, to, "its joint")) else { return };
    let mut ends = [(part.label.as_str(), own.clone()), (other_part.label.as_str(), other.clone())];
    ends.sort();
    if shafts.insert(ends.clone()) {
        for end in ends {
            *uses.entry(end).or_default() += 1;
        }
    }
}

/// Every hole that is used for joining really exists.
fn check_cut(design: &Design, uses: &Uses<'_>, cancel: &AtomicBool) -> Vec<Violation> {
    let holes = uses.keys().filter_map(|(label, hole)| {
        let part = crate::connections::part_named(design, label)?;
        HoleOf::named(part, hole)
    });
    holes.take_while(|_| !cancel.load(Ordering::Relaxed)).filter_map(HoleOf::check_cut).collect()
}

/// One hole takes one fastener or shaft.
fn check_uses(uses: &Uses<'_>) -> Vec<Violation> {
    uses.iter()
        .filter(|(_, count)| **count > 1)
        .map(|((label, hole), count)| {
            let message = format!(
                "Hole {hole:?} of part {label:?} is used {count} times, once at most: one fastener or shaft fills it; \
                 drill another"
            );
            Violation::new(SCRIPT, "joint.hole_reused", message).at(at_part(label)).measured(*count).limit(1)
        })
        .collect()
}

#[cfg(test)]
mod tests;

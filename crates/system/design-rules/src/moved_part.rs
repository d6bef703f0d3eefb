//! The part of a design that is the moved object, if any.

use contract::violations::Violation;
use design::{Design, Part, PartRole};

use crate::{SCRIPT, at_part};

/// The label that always denotes the moved object, whatever label the objectives use.
const MOVED_PART: &str = "target_box";

/// The part that is the moved object: the one with exactly its `label`, else the one with exactly the label
/// `target_box`. `None` when the design has neither and the objectives spawn it.
///
/// # Errors
/// The violation `randomization.moved_object_fixed` when that part is fixed: it could never move.
pub fn moved_part<'design>(design: &'design Design, label: &str) -> Result<Option<&'design Part>, Box<Violation>> {
    let named = |wanted: &str| design.parts.iter().find(|part| !part.is_zone() && part.label == wanted);
    let Some(part) = named(label).or_else(|| named(MOVED_PART)) else { return Ok(None) };
    if !part.is_fixed() {
        return Ok(Some(part));
    }
    let own = &part.label;
    let message = format!(
        "Part {own:?} is fixed, but its label says that it is the moved object, which could never move; take fixed=True \
         away from it, or give it a label other than {label:?} and {MOVED_PART:?} to have the moved object spawned"
    );
    Err(Box::new(Violation::new(SCRIPT, "randomization.moved_object_fixed", message).at(at_part(own))))
}

/// True when a part moves freely and is not joined to another, so that only its own start jitters.
pub(crate) fn is_alone(part: &Part, design: &Design) -> bool {
    part.joint().is_none()
        && ties_of(part).next().is_none()
        && !design.parts.iter().any(|other| ties_of(other).any(|to| to == part.label))
}

/// Labels of the parts that a part says it is joined to.
fn ties_of(part: &Part) -> impl Iterator<Item = &str> {
    let fastened = match &part.role {
        PartRole::Part(metadata) => &metadata.rigid_connections[..],
        PartRole::Compound(_) | PartRole::Zone(_) => &[],
    };
    let turns_on = part.joint().and_then(|joint| joint.to.as_deref());
    fastened.iter().map(|connection| connection.to.as_str()).chain(part.weld()).chain(turns_on)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::fixture::{cuboid, design, goal_zone, metadata_of};

    fn found(labels: &[&str], wanted: &str) -> Option<String> {
        let design = design(labels.iter().map(|label| cuboid(label, [0.0; 3], [10.0; 3])).collect());
        moved_part(&design, wanted).expect("no part is fixed").map(|part| part.label.clone())
    }

    #[rstest]
    #[case::label(&["block", "target_box", "ball"], Some("ball"))]
    #[case::target_box(&["block", "target_box"], Some("target_box"))]
    #[case::only_alike(&["target", "target_stand", "bucket", "ball_2", "my_target_box"], None)]
    #[case::nothing(&[], None)]
    fn moved_part_is_matched_by_its_whole_label(#[case] labels: &[&str], #[case] expected: Option<&str>) {
        assert_eq!(found(labels, "ball").as_deref(), expected);
    }

    #[test]
    fn zone_is_never_the_moved_object() {
        let zones = design(vec![goal_zone(cuboid("ball", [0.0; 3], [10.0; 3]))]);
        assert_eq!(moved_part(&zones, "ball"), Ok(None));
    }

    #[rstest]
    #[case::label("ball")]
    #[case::target_box("target_box")]
    fn fixed_moved_part_is_refused(#[case] label: &str) {
        let mut part = cuboid(label, [0.0; 3], [10.0; 3]);
        metadata_of(&mut part).is_fixed = true;
        let violation = moved_part(&design(vec![part]), "ball").expect_err("a fixed part never moves");
        assert_eq!(violation.rule, "randomization.moved_object_fixed");
        assert!(violation.message.contains(&format!("{label:?} is fixed")), "{violation}");
    }
}

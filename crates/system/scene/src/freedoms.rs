//! Checks the degrees of freedom in a document against the joint in the design.

use contract::part_metadata::{JointMetadata, JointType};
use design::Part;

/// Field that names the solution's moving parts.
pub(crate) const PLANNED: &str = "assembly_definition.yaml: final_assembly";
/// Field that names the environment's.
pub(crate) const OF_ENVIRONMENT: &str = "objectives.yaml: moving_parts";

/// Share of an axis that counts as zero.
const ALMOST_NONE: f64 = 0.1;

/// Why `dofs`, which `field` names for a part, contradict how the design lets it move. A hinge or slide along a
/// coordinate axis has one degree of freedom; one along an oblique axis has those in which its axis has a share. `None`
/// for an empty list, and for a loose part, which has all six.
pub(crate) fn contradiction(field: &str, part: &Part, dofs: &[String]) -> Option<String> {
    if dofs.is_empty() {
        return None;
    }
    let (label, named) = (&part.label, dofs.join(", "));
    if part.is_fixed() {
        return Some(format!(
            "{field}: part {label:?} has the dofs [{named}], but it is fixed; take fixed=True away from it, or leave its \
             dofs empty"
        ));
    }
    let joint = part.joint()?;
    let has = freedoms_of(joint);
    let (main, _) = has.iter().max_by(|one, other| one.1.total_cmp(&other.1))?;
    let is_named = |freedom: &String| dofs.contains(freedom);
    if is_named(main) && dofs.iter().all(|dof| has.iter().any(|(freedom, _)| freedom == dof)) {
        return None;
    }
    let (kind, [x, y, z]) = (joint.kind, joint.axis);
    let kind = if kind == JointType::Hinge { "hinge about" } else { "slide along" };
    let right: Vec<_> = has.iter().map(|(freedom, _)| freedom.as_str()).collect();
    Some(format!(
        "{field}: part {label:?} has the dofs [{named}], but its joint is a {kind} ({x}, {y}, {z}), which is [{}]; correct \
         the dofs, or the joint of the part",
        right.join(", ")
    ))
}

/// The degrees of freedom in which the axis of a joint has a share, with the share.
fn freedoms_of(joint: &JointMetadata) -> Vec<(String, f64)> {
    let verb = if joint.kind == JointType::Hinge { "rotate" } else { "slide" };
    let length = joint.axis.iter().map(|share| share * share).sum::<f64>().sqrt();
    let shares = ["x", "y", "z"].into_iter().zip(joint.axis).map(|(axis, share)| (axis, (share / length).abs()));
    let shares = shares.filter(|(_, share)| *share >= ALMOST_NONE);
    shares.map(|(axis, share)| (format!("{verb}_{axis}"), share)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joint(kind: &str, axis: [f64; 3]) -> JointMetadata {
        serde_json::from_value(serde_json::json!({ "type": kind, "axis": axis })).expect("a joint")
    }

    #[test]
    fn joint_has_the_freedoms_of_its_axis() {
        let cases: [(&str, [f64; 3], &[&str]); 3] = [
            ("hinge", [0.0, 0.0, -2.0], &["rotate_z"]),
            ("slide", [1.0, 0.05, 0.0], &["slide_x"]),
            ("hinge", [0.0, 1.0, 1.0], &["rotate_y", "rotate_z"]),
        ];
        for (kind, axis, expected) in cases {
            let freedoms: Vec<_> = freedoms_of(&joint(kind, axis)).into_iter().map(|(freedom, _)| freedom).collect();
            assert_eq!(freedoms, expected, "{kind} about {axis:?}");
        }
    }
}

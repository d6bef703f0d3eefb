//! Checks that a part stays inside the build zone.

use contract::{
    execution::BoundingBox, limits::MAX_SIZE_WITHOUT_BUILD_ZONE_MM, objectives::Zone, violations::Violation,
};
use serde_json::json;

use crate::flaw::{Flaw, part_violation};

/// Axes by name.
const AXES: [char; 3] = ['X', 'Y', 'Z'];

/// Rounding of a CAD kernel's bounding boxes, mm.
const TOLERANCE_MM: f64 = 1e-6;

/// The violation when the part `label` leaves `zone`, or, without a zone, exceeds the largest allowed size.
pub fn build_zone_violation(label: &str, bounds: &BoundingBox, zone: Option<&Zone>) -> Option<Violation> {
    match zone {
        Some(zone) => outside(label, bounds, zone),
        None => too_large(label, bounds),
    }
}

fn outside(label: &str, bounds: &BoundingBox, zone: &Zone) -> Option<Violation> {
    let faults: Vec<_> = (0..3)
        .flat_map(|axis| {
            let name = AXES[axis];
            let low = (bounds.min[axis] < zone.min[axis] - TOLERANCE_MM)
                .then(|| format!("{name} min ({:.3}) < build zone min ({:.3})", bounds.min[axis], zone.min[axis]));
            let high = (bounds.max[axis] > zone.max[axis] + TOLERANCE_MM)
                .then(|| format!("{name} max ({:.3}) > build zone max ({:.3})", bounds.max[axis], zone.max[axis]));
            [low, high].into_iter().flatten()
        })
        .collect();
    if faults.is_empty() {
        return None;
    }
    let place = format!("part {label:?}");
    let message = format!("Build zone violation: {place}: {} (mm)", faults.join(", "));
    let violation = part_violation(label, "part.build_zone", "");
    let measured = json!({ "min": bounds.min, "max": bounds.max });
    Some(Violation { message, ..violation }.measured(measured).limit(json!({ "min": zone.min, "max": zone.max })))
}

fn too_large(label: &str, bounds: &BoundingBox) -> Option<Violation> {
    let (axis, size) = (0..3)
        .map(|axis| (AXES[axis], bounds.max[axis] - bounds.min[axis]))
        .max_by(|one, two| one.1.total_cmp(&two.1))
        .filter(|(_, size)| *size > MAX_SIZE_WITHOUT_BUILD_ZONE_MM + TOLERANCE_MM)?;
    let message = format!(
        "Boundary constraint violation: it measures {size:.1} mm along {axis}, {MAX_SIZE_WITHOUT_BUILD_ZONE_MM:.1} mm are \
         allowed where no objectives give a build zone"
    );
    Some(Flaw::new("part.size", message).against(size, MAX_SIZE_WITHOUT_BUILD_ZONE_MM).on(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_zone_violation_names_axis_value_and_limit() {
        let zone = Zone { min: [0.0; 3], max: [10.0; 3] };
        let bounds = BoundingBox { min: [-1.0, 0.0, 0.0], max: [10.0, 12.5, 10.0] };
        let violation = build_zone_violation("arm", &bounds, Some(&zone)).expect("it sticks out");
        assert_eq!(
            violation.message,
            "Build zone violation: part \"arm\": X min (-1.000) < build zone min (0.000), Y max (12.500) > build zone \
             max (10.000) (mm)"
        );
        assert_eq!(violation.place.as_deref(), Some("part \"arm\""));
        let inside = BoundingBox { min: [0.0; 3], max: [10.0 + 1e-9; 3] };
        assert_eq!(build_zone_violation("arm", &inside, Some(&zone)), None);
    }

    #[test]
    fn part_size_is_limited_without_a_build_zone() {
        let bounds = BoundingBox { min: [-1.0, 5000.0, 0.0], max: [1000.0, 5001.0, 10.0] };
        let violation = build_zone_violation("beam", &bounds, None).expect("it is 1001 mm long");
        assert!(violation.message.contains("1001.0 mm along X, 1000.0 mm are allowed"), "{}", violation.message);
        assert_eq!(build_zone_violation("beam", &BoundingBox { min: [0.0; 3], max: [1000.0; 3] }, None), None);
    }
}

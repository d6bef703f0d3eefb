//! The `objectives.yaml` that every new session gets.

/// A file that shows every section with its units and counts as absent while its first line is there.
pub(crate) const OBJECTIVES_TEMPLATE: &str = include_str!("objectives_template.yaml");

#[cfg(test)]
mod tests {
    use contract::objectives::{Objectives, TEMPLATE_MARKER};

    use super::OBJECTIVES_TEMPLATE;

    #[test]
    fn the_template_is_marked_and_fits_the_schema() {
        assert!(OBJECTIVES_TEMPLATE.lines().next().is_some_and(|line| line.contains(TEMPLATE_MARKER)));
        let objectives: Objectives = serde_yaml::from_str(OBJECTIVES_TEMPLATE).expect("the template parses");
        assert_eq!(objectives.objectives.forbid_zones[0].name, "obstacle_collision_zone");
        assert_eq!(objectives.simulation_bounds.min, [-50.0, -50.0, 0.0]);
        assert_eq!(objectives.simulation_bounds.max, [50.0, 50.0, 100.0]);
        assert_eq!(objectives.moved_object.static_randomization.radius, Some([5.0, 10.0]));
        assert_eq!(objectives.moved_object.runtime_jitter, [2.0, 2.0, 1.0]);
        assert!((objectives.constraints.max_unit_cost - 50.0).abs() < f64::EPSILON);
        assert!((objectives.constraints.max_weight_g - 1200.0).abs() < f64::EPSILON);
        assert_eq!(objectives.randomization.static_variation_id.as_deref(), Some("v1.2"));
        assert_eq!(objectives.randomization.runtime_jitter_enabled, Some(true));
    }
}

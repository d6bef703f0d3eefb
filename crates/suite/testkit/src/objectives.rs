//! What a design must reach, as fields; `objectives.yaml` follows from them. Lengths in millimetres.

use std::fmt::Write as _;

use crate::change;

/// Lowest and highest corner of an axis-aligned box.
pub type Region = [[f64; 3]; 2];

/// The objectives of a design.
#[derive(Debug, Clone, PartialEq)]
pub struct Objectives {
    /// Where the moved object must arrive.
    pub goal: Region,
    /// Where nothing that moves may come, by name.
    pub forbid_zones: Vec<(&'static str, Region)>,
    /// Where an engineer may build.
    pub build_zone: Region,
    /// Space of the simulation.
    pub bounds: Region,
    /// Label of the moved object.
    pub label: &'static str,
    /// Its shape: `sphere`, `box` or `cylinder`, or an STL file of the session.
    pub shape: Shape,
    /// Smallest and largest radius of the moved object; absent, the simulation gives it one.
    pub radius: Option<[f64; 2]>,
    /// Where its centre starts.
    pub start: [f64; 3],
    /// Largest deviation of the start on each axis.
    pub jitter: [f64; 3],
    /// False switches the jitter off.
    pub jitter_enabled: bool,
    /// Cap on the cost of one unit, USD.
    pub max_unit_cost: f64,
    /// Cap on the weight, g.
    pub max_weight_g: f64,
    /// Further lines of the section `objectives`, indented by two.
    pub more_goals: &'static str,
    /// Further sections.
    pub more: String,
}

/// Shape of the moved object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// By its name.
    Named(&'static str),
    /// A mesh, by the path of its file in the session.
    Mesh(&'static str),
}

impl Objectives {
    /// The same with a change.
    ///
    /// # Panics
    /// Nothing was changed.
    #[must_use]
    #[track_caller]
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        change::with(self, change)
    }

    /// `objectives.yaml`.
    pub fn to_yaml(&self) -> String {
        let zone = |[min, max]: Region| format!("{{min: {min:?}, max: {max:?}}}");
        let mut text = format!("objectives:\n  goal_zone: {}\n  forbid_zones:", zone(self.goal));
        if self.forbid_zones.is_empty() {
            text.push_str(" []");
        }
        for (name, [min, max]) in &self.forbid_zones {
            let _ = write!(text, "\n    - {{name: {name}, min: {min:?}, max: {max:?}}}");
        }
        let shape = match self.shape {
            Shape::Named(name) => name.to_owned(),
            Shape::Mesh(path) => format!("mesh\n  mesh_path: {path}"),
        };
        let _ = write!(
            text,
            "\n{more_goals}  build_zone: {build_zone}\n\
             simulation_bounds: {bounds}\n\
             moved_object:\n  label: {label}\n  shape: {shape}\n",
            more_goals = self.more_goals,
            build_zone = zone(self.build_zone),
            bounds = zone(self.bounds),
            label = self.label,
        );
        if let Some(radius) = self.radius {
            let _ = writeln!(text, "  static_randomization: {{radius: {radius:?}}}");
        }
        let _ = write!(
            text,
            "  start_position: {start:?}\n  runtime_jitter: {jitter:?}\n{more}\
             constraints: {{max_unit_cost: {max_unit_cost:?}, max_weight_g: {max_weight_g:?}}}\n\
             randomization: {{static_variation_id: v1, runtime_jitter_enabled: {jitter_enabled}}}\n",
            start = self.start,
            jitter = self.jitter,
            more = self.more,
            max_unit_cost = self.max_unit_cost,
            max_weight_g = self.max_weight_g,
            jitter_enabled = self.jitter_enabled,
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use crate::designs;

    use super::*;

    #[test]
    fn file_says_what_the_fields_say() {
        let objectives = designs::ball_above_trap().objectives.with(|it| {
            it.shape = Shape::Mesh("tip.stl");
            it.radius = None;
            it.more = "physics: {backend: mujoco}\n".to_owned();
        });
        assert_eq!(
            objectives.to_yaml(),
            "objectives:\n  goal_zone: {min: [-50.0, -50.0, 0.0], max: [50.0, 50.0, 100.0]}\n  forbid_zones:\n    \
             - {name: trap, min: [-50.0, -50.0, 200.0], max: [50.0, 50.0, 250.0]}\n  \
             build_zone: {min: [-300.0, -300.0, -10.0], max: [300.0, 300.0, 600.0]}\n\
             simulation_bounds: {min: [-300.0, -300.0, -10.0], max: [300.0, 300.0, 600.0]}\n\
             moved_object:\n  label: ball\n  shape: mesh\n  mesh_path: tip.stl\n  \
             start_position: [0.0, 0.0, 500.0]\n  runtime_jitter: [0.0, 0.0, 0.0]\n\
             physics: {backend: mujoco}\n\
             constraints: {max_unit_cost: 100.0, max_weight_g: 5000.0}\n\
             randomization: {static_variation_id: v1, runtime_jitter_enabled: true}\n"
        );
    }

    #[test]
    #[should_panic(expected = "nothing was changed")]
    fn change_without_effect_is_refused() {
        let _ = designs::ball_above_goal().objectives.with(|it| it.max_unit_cost = 100.0);
    }
}

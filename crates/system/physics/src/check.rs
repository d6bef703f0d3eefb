//! Refuses scenes for which the engine would give an unclear error or a wrong result.

use std::collections::BTreeSet;

use crate::{
    PhysicsError,
    geometry::Geometry,
    scene::{Body, Mobility, Scene},
};

/// Prefix of the names of this crate's own shapes; no label of a body may contain it.
pub(crate) const OWN: char = '/';

/// Smallest moment of inertia about a principal axis, kg·m²; the engine takes 1e-15.
const LEAST_MOMENT_KG_M2: f64 = 1.1e-15;

impl Scene {
    /// Checks that the scene is complete and free of contradictions.
    pub(crate) fn check(&self) -> Result<(), PhysicsError> {
        let mut labels = BTreeSet::new();
        for body in &self.bodies {
            if !labels.insert(body.label.as_str()) {
                return refused(format!("two bodies are called {:?}", body.label));
            }
            check_body(body)?;
        }
        let known = |what: &str, label: &str| {
            if labels.contains(label) { Ok(()) } else { refused(format!("{what} {label:?} is not in the scene")) }
        };
        for body in &self.bodies {
            if let Some(parent) = &body.parent {
                known(&format!("body {:?} moves on {parent:?}:", body.label), parent)?;
                if !body.mobility.is_jointed() {
                    return refused(format!("body {:?} has no joint, so it cannot move on {parent:?}", body.label));
                }
            }
        }
        for weld in &self.welds {
            known("a weld's body", &weld.one)?;
            known("a weld's body", &weld.other)?;
            if weld.one == weld.other {
                return refused(format!("body {:?} is welded to itself", weld.one));
            }
        }
        if let Some(moved) = &self.moved_object {
            known("the moved object", moved)?;
        }
        let mut driven = BTreeSet::new();
        for actuator in &self.actuators {
            known("the driven body", &actuator.body)?;
            if !driven.insert(actuator.body.as_str()) {
                return refused(format!("body {:?} has two motors", actuator.body));
            }
            let body = self.bodies.iter().find(|body| body.label == actuator.body);
            if body.is_some_and(|body| !body.mobility.is_jointed()) {
                return refused(format!(
                    "body {:?} is driven but has no joint; a motor needs a hinge or a slide",
                    actuator.body
                ));
            }
            actuator.check().map_err(PhysicsError::Scene)?;
        }
        Ok(())
    }
}

fn refused(sentence: String) -> Result<(), PhysicsError> {
    Err(PhysicsError::Scene(sentence))
}

fn check_body(body: &Body) -> Result<(), PhysicsError> {
    let label = &body.label;
    if label.is_empty() || label == "world" || label.contains(OWN) {
        return refused(format!(
            "{label:?} cannot be the label of a body: it is empty, \"world\", or contains {OWN:?}"
        ));
    }
    if let Mobility::Hinge { range_rad: Some(range), .. } | Mobility::Slide { range_mm: Some(range), .. } =
        body.mobility
    {
        check_range(label, range)?;
    }
    if body.mobility != Mobility::Fixed && !(body.mass.mass_kg.is_finite() && body.mass.mass_kg > 0.0) {
        return refused(format!("body {label:?} can move but has a mass of {} kg", body.mass.mass_kg));
    }
    // The engine's minimum; it is higher for a tensor that the engine must rotate.
    let least = if body.mass.is_along_axes() { LEAST_MOMENT_KG_M2 } else { 10.0 * LEAST_MOMENT_KG_M2 };
    let smallest = body.mass.smallest_moment();
    if body.mobility != Mobility::Fixed && (smallest.is_nan() || smallest <= least) {
        let mass = body.mass.mass_kg;
        return refused(format!(
            "body {label:?} is too small for the engine: it moves with {mass:e} kg and a moment of inertia of \
             {smallest:e} kg·m², and {least:e} kg·m² is the least; make it larger, or join it to another part in one solid"
        ));
    }
    if !(0.0..=1.0).contains(&body.restitution) {
        return refused(format!("body {label:?} has a restitution of {}; expected 0 to 1", body.restitution));
    }
    if !(body.friction.is_finite() && body.friction >= 0.0) {
        return refused(format!("body {label:?} has a friction of {}; it must be 0 or more", body.friction));
    }
    if let Mobility::Hinge { axis, .. } | Mobility::Slide { axis, .. } = body.mobility
        && axis.iter().map(|value| value * value).sum::<f64>() < 1e-12
    {
        return refused(format!("body {label:?} has a joint whose axis has no direction: {axis:?}"));
    }
    match &body.geometry {
        Geometry::Mesh { vertices, triangles } if vertices.len() < 4 || triangles.len() < 4 => {
            refused(format!("body {label:?} has a mesh of {} triangles", triangles.len()))
        }
        Geometry::Mesh { vertices, triangles } => {
            match triangles.iter().flatten().find(|corner| **corner as usize >= vertices.len()) {
                Some(corner) => {
                    refused(format!("body {label:?} has a triangle with corner {corner}, which is missing"))
                }
                None => Ok(()),
            }
        }
        Geometry::Sphere { .. } | Geometry::Cuboid { .. } | Geometry::Cylinder { .. } => Ok(()),
    }
}

/// A joint is at 0 where the part is built. The engine violently moves a part that starts outside of its range, and
/// treats a range without width as no range.
fn check_range(label: &str, [low, high]: [f64; 2]) -> Result<(), PhysicsError> {
    if !(low.is_finite() && high.is_finite() && low < high) {
        return refused(format!(
            "the joint of body {label:?} has a range from {low} to {high}; it must go from a lower to a higher number, \
             and a body that must not move is fixed or welded"
        ));
    }
    if low > 0.0 || high < 0.0 {
        return refused(format!(
            "the joint of body {label:?} has a range from {low} to {high}, but it is at 0 where the body is built; build \
             the body within its range"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Actuator, Controller};

    fn complaint(body: Body) -> String {
        let scene = Scene { bodies: vec![body], ..Scene::default() };
        scene.check().err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn labels_clashing_with_engine_names_are_refused() {
        for label in ["world", "", "box/piece_0"] {
            assert!(complaint(ball(label)).contains("label"), "{label:?} passed");
        }
        assert_eq!(complaint(ball("floor")), "");
    }

    #[test]
    fn ranges_must_be_valid_and_contain_the_start() {
        let sled = |range: [f64; 2]| Body {
            mobility: Mobility::Slide { axis: [1.0, 0.0, 0.0], range_mm: Some(range) },
            ..ball("sled")
        };
        assert!(complaint(sled([100.0, 200.0])).contains("at 0 where"));
        assert!(complaint(sled([-20.0, -10.0])).contains("at 0 where"));
        for range in [[0.0, 0.0], [1.0, -1.0], [f64::NAN, 1.0], [0.0, f64::INFINITY]] {
            assert!(complaint(sled(range)).contains("lower to a higher"), "{range:?} passed");
        }
        assert_eq!(complaint(sled([0.0, 10.0])), "");
    }

    fn ball(label: &str) -> Body {
        let geometry = Geometry::Sphere { radius: 1.0 };
        Body {
            label: label.into(),
            mass: geometry.mass_properties([0.0; 3], 1000.0).expect("a primitive"),
            geometry,
            mobility: Mobility::Free,
            parent: None,
            friction: 0.5,
            restitution: 0.5,
            color: [0.5; 3],
        }
    }

    #[test]
    fn equal_labels_are_refused() {
        let scene = Scene { bodies: vec![ball("ball"), ball("ball")], ..Scene::default() };
        assert!(scene.check().expect_err("two equal labels").to_string().contains("ball"));
    }

    #[test]
    fn a_motor_on_a_loose_part_is_refused() {
        let actuators = vec![Actuator::new("ball", Controller::Constant { value: 1.0 })];
        let scene = Scene { bodies: vec![ball("ball")], actuators, ..Scene::default() };
        assert!(scene.check().expect_err("no joint").to_string().contains("hinge"));
    }
}

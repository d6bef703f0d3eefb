//! What is simulated, in the units of CAD: millimetres, with masses in kilograms.

use contract::objectives::Zone;

use crate::PhysicsError;

/// Bodies and zones of one simulation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scene {
    /// Every body, fixed or movable.
    pub bodies: Vec<Body>,
    /// Zones that decide the outcome.
    pub zones: Vec<SceneZone>,
    /// Space that no movable body may leave, mm.
    pub bounds: Option<Zone>,
    /// Label of the body that must reach the goal.
    pub moved_object: Option<String>,
}

/// One rigid body.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Name, unique in the scene.
    pub label: String,
    /// Shape. Mesh vertices are in world coordinates; primitives are centred on the centre of mass.
    pub geometry: Geometry,
    /// Mass, centre and inertia.
    pub mass: MassProperties,
    /// How it may move.
    pub mobility: Mobility,
    /// Coefficient of sliding friction.
    pub friction: f64,
    /// Colour, each channel 0 to 1.
    pub color: [f64; 3],
}

/// Shape of a body, mm.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// Closed triangle mesh; collides as its convex hull.
    Mesh {
        /// Vertices.
        vertices: Vec<[f64; 3]>,
        /// Triangles, counter-clockwise seen from outside.
        triangles: Vec<[u32; 3]>,
    },
    /// Sphere.
    Sphere {
        /// Radius.
        radius: f64,
    },
    /// Box.
    Cuboid {
        /// Half the edge lengths.
        half_size: [f64; 3],
    },
    /// Cylinder along z.
    Cylinder {
        /// Radius.
        radius: f64,
        /// Half the height.
        half_height: f64,
    },
}

/// Mass, centre of mass and inertia of a body.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MassProperties {
    /// Mass, kg.
    pub mass_kg: f64,
    /// Centre of mass in world coordinates, mm.
    pub center_mm: [f64; 3],
    /// Inertia about the centre of mass along world axes, kg·m²: xx, yy, zz, xy, xz, yz.
    pub inertia_kg_m2: [f64; 6],
}

/// How a body may move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mobility {
    /// Not at all.
    Fixed,
    /// In all six directions.
    Free,
    /// Turns about an axis through its centre of mass.
    Hinge {
        /// Direction of the axis.
        axis: [f64; 3],
        /// Limits, rad.
        range_rad: Option<[f64; 2]>,
    },
    /// Slides along an axis.
    Slide {
        /// Direction.
        axis: [f64; 3],
        /// Limits, mm.
        range_mm: Option<[f64; 2]>,
    },
}

/// A zone with a meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneZone {
    /// What touching it means.
    pub kind: ZoneKind,
    /// Where it is, mm.
    pub zone: Zone,
}

/// What touching a zone means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneKind {
    /// The moved object has arrived.
    Goal,
    /// Something that moves came where nothing may.
    Forbidden {
        /// Name of the zone.
        name: String,
    },
}

impl SceneZone {
    /// Name of the zone in reports.
    pub fn name(&self) -> &str {
        match &self.kind {
            ZoneKind::Goal => "goal_zone",
            ZoneKind::Forbidden { name } => name,
        }
    }
}

impl MassProperties {
    /// Of a solid of one density: volume in mm³, inertia about the centre at unit density in mm⁵, density in kg/m³.
    pub fn of_solid(volume_mm3: f64, center_mm: [f64; 3], inertia_mm5: [f64; 6], density_kg_m3: f64) -> Self {
        Self {
            mass_kg: volume_mm3 * 1e-9 * density_kg_m3,
            center_mm,
            inertia_kg_m2: inertia_mm5.map(|value| value * 1e-15 * density_kg_m3),
        }
    }
}

impl Geometry {
    /// Mass properties of a primitive that is centred at `center_mm`; closed forms for a homogeneous solid
    /// (see any table of moments of inertia). A mesh has none here: they come from CAD.
    pub fn mass_properties(&self, center_mm: [f64; 3], density_kg_m3: f64) -> Option<MassProperties> {
        let (volume, diagonal) = match *self {
            Self::Mesh { .. } => return None,
            Self::Sphere { radius } => {
                let volume = 4.0 / 3.0 * std::f64::consts::PI * radius.powi(3);
                (volume, [0.4 * volume * radius.powi(2); 3])
            }
            Self::Cuboid { half_size: [x, y, z] } => {
                let volume = 8.0 * x * y * z;
                let about = |a: f64, b: f64| volume / 3.0 * (a * a + b * b);
                (volume, [about(y, z), about(x, z), about(x, y)])
            }
            Self::Cylinder { radius, half_height } => {
                let volume = 2.0 * std::f64::consts::PI * radius.powi(2) * half_height;
                let across = volume * (radius.powi(2) / 4.0 + half_height.powi(2) / 3.0);
                (volume, [across, across, volume * radius.powi(2) / 2.0])
            }
        };
        let [xx, yy, zz] = diagonal;
        Some(MassProperties::of_solid(volume, center_mm, [xx, yy, zz, 0.0, 0.0, 0.0], density_kg_m3))
    }
}

impl Scene {
    /// Checks what the engine would answer with a riddle.
    pub(crate) fn check(&self) -> Result<(), PhysicsError> {
        let mut labels = std::collections::BTreeSet::new();
        for body in &self.bodies {
            if !labels.insert(body.label.as_str()) {
                return Err(PhysicsError::Scene(format!("two bodies are called {:?}", body.label)));
            }
            let movable = body.mobility != Mobility::Fixed;
            if movable && !(body.mass.mass_kg.is_finite() && body.mass.mass_kg > 0.0) {
                let sentence = format!("body {:?} can move but has a mass of {} kg", body.label, body.mass.mass_kg);
                return Err(PhysicsError::Scene(sentence));
            }
            if let Geometry::Mesh { vertices, triangles } = &body.geometry
                && (vertices.len() < 4 || triangles.len() < 4)
            {
                let sentence = format!("body {:?} has a mesh of {} triangles", body.label, triangles.len());
                return Err(PhysicsError::Scene(sentence));
            }
        }
        if let Some(moved) = &self.moved_object
            && !labels.contains(moved.as_str())
        {
            return Err(PhysicsError::Scene(format!("the moved object {moved:?} is no body of the scene")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mass_of_a_steel_ball_is_density_times_volume() {
        let properties = Geometry::Sphere { radius: 10.0 }.mass_properties([0.0; 3], 7850.0).expect("a primitive");
        // 4/3 π (0.01 m)³ · 7850 kg/m³ = 0.032882 kg; 2/5 m r² = 1.31527e-6 kg·m²
        assert!((properties.mass_kg - 0.032_882).abs() < 1e-6);
        assert!((properties.inertia_kg_m2[0] - 1.315_27e-6).abs() < 1e-10);
    }

    #[test]
    fn equal_labels_are_refused() {
        let body = |label: &str| Body {
            label: label.into(),
            geometry: Geometry::Sphere { radius: 1.0 },
            mass: Geometry::Sphere { radius: 1.0 }.mass_properties([0.0; 3], 1000.0).expect("a primitive"),
            mobility: Mobility::Free,
            friction: 0.5,
            color: [0.5; 3],
        };
        let scene = Scene { bodies: vec![body("ball"), body("ball")], ..Scene::default() };
        assert!(scene.check().expect_err("two equal labels").to_string().contains("ball"));
    }
}

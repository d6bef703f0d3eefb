//! The simulated scene, in CAD units: millimetres, with masses in kilograms.

use contract::objectives::Zone;

use crate::{actuator::Actuator, geometry::Geometry, mass::MassProperties};

/// Depth of an overlap that is reported, mm. Collision shapes of a mesh protrude from it by less.
pub(crate) const REPORTED_DEPTH_MM: f64 = 0.3;

/// Bodies, what joins and drives them, and the zones of one simulation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scene {
    /// Every body, fixed or movable.
    pub bodies: Vec<Body>,
    /// Pairs of bodies that are fastened to each other.
    pub welds: Vec<Weld>,
    /// Motors.
    pub actuators: Vec<Actuator>,
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
    /// Label of the body that the hinge or slide is attached to; the world when absent.
    pub parent: Option<String>,
    /// Coefficient of sliding friction. Of two bodies in contact the larger one counts.
    pub friction: f64,
    /// Coefficient of restitution, 0 to 1. Of two bodies in contact the smaller one counts.
    pub restitution: f64,
    /// Colour, each channel 0 to 1.
    pub color: [f64; 3],
}

/// How a body may move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mobility {
    /// Not at all.
    Fixed,
    /// In all six directions.
    Free,
    /// Turns about an axis.
    Hinge {
        /// Direction of the axis.
        axis: [f64; 3],
        /// A point of the axis in world coordinates, mm; the centre of mass when absent.
        anchor_mm: Option<[f64; 3]>,
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

impl Mobility {
    /// True for a body that moves on a joint of one degree of freedom, which a motor can drive.
    pub fn is_jointed(&self) -> bool {
        matches!(self, Self::Hinge { .. } | Self::Slide { .. })
    }
}

/// Two bodies that are fastened to each other and keep their relative place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weld {
    /// Label of one body.
    pub one: String,
    /// Label of the other.
    pub other: String,
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
    /// A moving body entered a forbidden zone.
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

impl Scene {
    /// Place of a body in the list.
    pub(crate) fn index_of(&self, label: &str) -> Option<usize> {
        self.bodies.iter().position(|body| body.label == label)
    }

    /// Bodies that reach below the ground plane z = 0 where they are built, with their depth, mm. A movable body is
    /// thrown up at the start; moving bodies do not collide with the part of a fixed body that is below the ground.
    pub fn below_ground(&self) -> impl Iterator<Item = (&Body, f64)> {
        let depths = self.bodies.iter().map(|body| (body, -body.lowest_mm()));
        depths.filter(|(_, depth_mm)| *depth_mm > REPORTED_DEPTH_MM)
    }
}

impl Body {
    /// Height of its lowest point where it is built, mm.
    pub fn lowest_mm(&self) -> f64 {
        let center = self.mass.center_mm[2];
        match &self.geometry {
            Geometry::Mesh { vertices, .. } => vertices.iter().map(|[_, _, z]| *z).fold(f64::INFINITY, f64::min),
            Geometry::Sphere { radius } => center - radius,
            Geometry::Cuboid { half_size: [_, _, half] } => center - half,
            Geometry::Cylinder { half_height, .. } => center - half_height,
        }
    }
}

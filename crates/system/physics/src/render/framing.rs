//! Camera position, so that bodies and zones of any size fill the picture.

use crate::{geometry::Geometry, scene::Scene, units::MM_PER_M};

/// Distance of the camera in diagonals of what it looks at.
const DISTANCE_IN_DIAGONALS: f64 = 1.5;
/// The contract's least distance, m.
const LEAST_DISTANCE_M: f64 = 0.5;
/// Vertical field of view at [`DISTANCE_IN_DIAGONALS`], degrees. The camera is never nearer; farther off, for small
/// scenes, a longer lens shows the same section.
const FIELD_OF_VIEW_DEG: f64 = 45.0;
/// Smallest diagonal that the camera frames, m: a scene may be a point.
const LEAST_DIAGONAL_M: f64 = 1e-3;

/// The section of space that the camera frames, m.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Framing {
    pub middle: [f64; 3],
    /// Of the box around bodies and zones.
    pub diagonal: f64,
}

impl Framing {
    /// The box around all bodies and zones at the start. The floor is not part of it.
    pub fn of(scene: &Scene) -> Self {
        let [low, high] = extent(scene);
        let middle = std::array::from_fn(|axis| f64::midpoint(low[axis], high[axis]) / MM_PER_M);
        let diagonal = (0..3).map(|axis| (high[axis] - low[axis]).powi(2)).sum::<f64>().sqrt() / MM_PER_M;
        Self { middle, diagonal: diagonal.max(LEAST_DIAGONAL_M) }
    }

    /// From the camera to the middle, m.
    pub fn distance(&self) -> f64 {
        (DISTANCE_IN_DIAGONALS * self.diagonal).max(LEAST_DISTANCE_M)
    }

    /// Vertical, degrees.
    pub fn field_of_view_deg(&self) -> f64 {
        let half_height = (FIELD_OF_VIEW_DEG / 2.0).to_radians().tan() * DISTANCE_IN_DIAGONALS * self.diagonal;
        2.0 * half_height.atan2(self.distance()).to_degrees()
    }
}

fn extent(scene: &Scene) -> [[f64; 3]; 2] {
    let mut low = [f64::INFINITY; 3];
    let mut high = [f64::NEG_INFINITY; 3];
    let mut include = |point: [f64; 3]| {
        for axis in 0..3 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    };
    for body in &scene.bodies {
        let reach = match &body.geometry {
            Geometry::Mesh { vertices, .. } => {
                vertices.iter().copied().for_each(&mut include);
                continue;
            }
            Geometry::Sphere { radius } => [*radius; 3],
            Geometry::Cuboid { half_size } => *half_size,
            Geometry::Cylinder { radius, half_height } => [*radius, *radius, *half_height],
        };
        let center = body.mass.center_mm;
        include(std::array::from_fn(|axis| center[axis] - reach[axis]));
        include(std::array::from_fn(|axis| center[axis] + reach[axis]));
    }
    for zone in &scene.zones {
        include(zone.zone.min);
        include(zone.zone.max);
    }
    if low[0] > high[0] { [[-50.0; 3], [50.0; 3]] } else { [low, high] }
}

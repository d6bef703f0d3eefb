//! Draws a scene offscreen.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use mujoco_rs::{prelude::*, renderer::MjRenderer};

use crate::{
    PhysicsError,
    mjcf::{MM_PER_M, Mjcf},
    run::load,
    scene::{Geometry, Scene},
};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;

/// Where the camera stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Degrees; negative looks down.
    pub pitch_deg: f64,
    /// Degrees about the vertical.
    pub yaw_deg: f64,
}

/// Draws the scene at its start, 640×480, as JPEG. The camera aims at the middle of all bodies and zones and stands
/// 1.5 diagonals away from it.
pub fn render_preview(scene: &Scene, mjcf: &Mjcf, camera: Camera) -> Result<Vec<u8>, PhysicsError> {
    let failed = |error: &dyn std::fmt::Display| PhysicsError::Render(error.to_string());
    let model = load(mjcf, &mjcf.xml)?;
    let mut data = MjData::new(&model);
    data.forward();
    let (low, high) = extent(scene);
    let middle = std::array::from_fn(|axis| f64::midpoint(low[axis], high[axis]) / MM_PER_M);
    let diagonal = (0..3).map(|axis| (high[axis] - low[axis]).powi(2)).sum::<f64>().sqrt() / MM_PER_M;
    let mut view = MjvCamera::new_free(&model);
    view.lookat = middle;
    view.distance = (1.5 * diagonal).max(0.05);
    view.azimuth = camera.yaw_deg;
    view.elevation = camera.pitch_deg;

    let mut renderer =
        MjRenderer::new(&model, WIDTH as usize, HEIGHT as usize, 0).map_err(|error| failed(&error))?.with_camera(view);
    renderer.sync_data(&mut data).map_err(|error| failed(&error))?;
    renderer.render().map_err(|error| failed(&error))?;
    let pixels = renderer.rgb_flat().ok_or_else(|| failed(&"the renderer gave no picture"))?.to_vec();
    let picture =
        RgbImage::from_raw(WIDTH, HEIGHT, pixels).ok_or_else(|| failed(&"the picture has an unexpected size"))?;
    let mut encoded = Cursor::new(Vec::new());
    picture.write_to(&mut encoded, ImageFormat::Jpeg).map_err(|error| failed(&error))?;
    Ok(encoded.into_inner())
}

fn extent(scene: &Scene) -> ([f64; 3], [f64; 3]) {
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
    if low[0] > high[0] { ([-50.0; 3], [50.0; 3]) } else { (low, high) }
}

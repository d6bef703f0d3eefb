//! What an engineer sees of a scene: views from all sides, previews from any side, and frames of a run.
//!
//! A [`Stage`] is opened once for a scene and then draws as many pictures as are asked of it.

mod framing;
mod look;
mod picture;
mod stage;
mod studio;
mod video;

use std::sync::atomic::Ordering;

use crate::{PhysicsError, cancel::CancelFlag, report::SampledState, scene::Scene};

pub use picture::{PICTURE_HEIGHT, PICTURE_WIDTH, Picture};
pub use stage::Stage;
pub use video::{VIDEO_FRAMES_PER_S, Video, VideoError, render_video};

/// How far the 24 views look down, degrees.
pub const VIEW_ELEVATIONS_DEG: [f64; 3] = [-15.0, -45.0, -75.0];

/// Views on each elevation, evenly around.
const VIEWS_AROUND: u32 = 8;

/// From which side the scene is seen. The camera always aims at the middle of the bodies and zones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Degrees; negative looks down.
    pub pitch_deg: f64,
    /// Degrees about the vertical: 0 looks along +x, 90 along +y.
    pub yaw_deg: f64,
}

impl Default for Camera {
    /// The contract's preview: from above, and between two axes.
    fn default() -> Self {
        Self { pitch_deg: -45.0, yaw_deg: 45.0 }
    }
}

/// One of the views of a scene.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Name of its file, such as `render_e45_a90.png`: degrees that the camera looks down, and its azimuth.
    pub name: String,
    /// The picture.
    pub png: Vec<u8>,
}

/// Draws the scene at its start from 24 sides: every 45° around, on each of three elevations (degrees, negative looks
/// down). Once `cancel` is set, no further view is drawn and the answer has only the views drawn so far.
pub fn render_views(scene: &Scene, elevations_deg: [f64; 3], cancel: &CancelFlag) -> Result<Vec<View>, PhysicsError> {
    let mut stage = Stage::open(scene, cancel)?;
    let mut views = Vec::new();
    for pitch_deg in elevations_deg {
        for azimuth in (0..VIEWS_AROUND).map(|step| step * 360 / VIEWS_AROUND) {
            if cancel.load(Ordering::Relaxed) {
                return Ok(views);
            }
            let png = stage.draw(Camera { pitch_deg, yaw_deg: f64::from(azimuth) })?.png()?;
            views.push(View { name: format!("render_e{:.0}_a{azimuth}.png", pitch_deg.abs()), png });
        }
    }
    Ok(views)
}

/// Draws the scene at its start as JPEG, unless `cancel` is set before the picture is.
pub fn render_preview(scene: &Scene, camera: Camera, cancel: &CancelFlag) -> Result<Vec<u8>, PhysicsError> {
    let go_on = || if cancel.load(Ordering::Relaxed) { Err(PhysicsError::Cancelled) } else { Ok(()) };
    go_on()?;
    let mut stage = Stage::open(scene, cancel)?;
    go_on()?;
    let picture = stage.draw(camera)?;
    go_on()?;
    picture.jpeg()
}

/// Draws one frame for each state of a run and passes it to `take`, which can end the drawing early with an error.
pub fn render_frames<E: From<PhysicsError>>(
    scene: &Scene,
    states: &[SampledState],
    camera: Camera,
    cancel: &CancelFlag,
    mut take: impl FnMut(&Picture) -> Result<(), E>,
) -> Result<(), E> {
    let mut stage = Stage::open(scene, cancel)?;
    for state in states {
        stage.pose(state)?;
        take(&stage.draw(camera)?)?;
    }
    Ok(())
}

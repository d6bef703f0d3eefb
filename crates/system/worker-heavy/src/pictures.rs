//! Pictures and video of a simulation, when the request asks for them.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use handover::NotBuilt;
use physics::{Camera, SampledState, Scene, VIEW_ELEVATIONS_DEG, render_video, render_views};

use crate::queue::{Task, Turn};

/// The video, from the session root.
pub const VIDEO_FILE: &str = "renders/simulation.mp4";

/// What was drawn.
#[derive(Debug, Default)]
pub struct Pictures {
    /// Files of the session, with their content.
    pub files: Vec<(String, Vec<u8>)>,
    /// The pictures among them.
    pub render_paths: Vec<String>,
    /// The video among them.
    pub video_path: Option<String>,
}

/// What is to be drawn.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The scene at its start from 24 directions.
    pub views: bool,
    /// The run, by its states.
    pub video: Option<Vec<SampledState>>,
}

/// Longest time of drawing all pictures and the video of a run.
const DRAWING_LIMIT: Duration = Duration::from_mins(4);

/// Draws; a caller that goes away ends it. `ffmpeg` is the program that makes videos.
pub async fn draw(turn: &Turn, scene: Scene, wanted: Wanted, ffmpeg: PathBuf) -> Result<Pictures, NotBuilt> {
    let frames = wanted.video.as_ref().map_or(0, Vec::len);
    let size = format!("{} bodies and {frames} states of the run", scene.bodies.len());
    let task = Task { name: "drawing the simulation", limit: DRAWING_LIMIT, size };
    let drawn = turn.work(task, move |cancel| {
        let mut pictures = Pictures::default();
        if wanted.views {
            for view in render_views(&scene, VIEW_ELEVATIONS_DEG, cancel)? {
                let path = format!("renders/{}", view.name);
                pictures.render_paths.push(path.clone());
                pictures.files.push((path, view.png));
            }
        }
        if let Some(states) = wanted.video {
            let folder = tempfile::tempdir().context("no folder for the video can be made")?;
            let file = folder.path().join("simulation.mp4");
            render_video(&scene, &states, Camera::default(), &ffmpeg, &file, cancel)?;
            let content = std::fs::read(&file).context("the video that was just made cannot be read")?;
            pictures.video_path = Some(VIDEO_FILE.to_owned());
            pictures.files.push((VIDEO_FILE.to_owned(), content));
        }
        anyhow::Ok(pictures)
    });
    Ok(drawn.await??)
}

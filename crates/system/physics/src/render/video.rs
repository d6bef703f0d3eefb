//! Videos of runs: frames go to ffmpeg as they are drawn, and no frame is kept.

use std::{
    ffi::OsString,
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::atomic::Ordering,
    thread::JoinHandle,
};

use super::{Camera, PICTURE_HEIGHT, PICTURE_WIDTH, Picture, render_frames};
use crate::{PhysicsError, cancel::CancelFlag, report::SampledState, scene::Scene};

/// Frames in a second of a video.
pub const VIDEO_FRAMES_PER_S: u32 = 30;

/// Lines of ffmpeg's error output that an error repeats.
const REPEATED_LINES: usize = 5;

/// Why there is no video.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
    /// The encoder is not at the path that the caller gave.
    #[error(
        "no video: ffmpeg cannot be started as {program:?}: {cause}; run: make setup (or set FFMPEG to the program)"
    )]
    NoProgram {
        /// What was to be started.
        program: PathBuf,
        /// The operating system's reason.
        cause: std::io::Error,
    },
    /// The encoder gave up.
    #[error("no video: ffmpeg ended with {status}: {last_lines}")]
    Encoder {
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said last.
        last_lines: String,
    },
    /// Communication with the encoder failed.
    #[error("no video: communication with ffmpeg failed: {0}")]
    Pipe(#[from] std::io::Error),
    /// There is nothing to show.
    #[error("no video: the run kept no states to draw; set `keep_states`")]
    NoFrames,
    /// The caller cancelled it.
    #[error("no video: it was cancelled")]
    Cancelled,
    /// A frame could not be drawn.
    #[error(transparent)]
    Drawing(#[from] PhysicsError),
}

/// A video that is being written: H.264 in MP4, 640×480, 30 frames a second, playable while it loads. Dropping it
/// before [`Video::finish`] ends the encoder and removes the file.
#[derive(Debug)]
pub struct Video {
    encoder: Child,
    frames: Option<ChildStdin>,
    complaint: Option<JoinHandle<String>>,
    output: PathBuf,
    finished: bool,
}

impl Video {
    /// Starts the encoder `program`, an ffmpeg with libx264, which writes the file `output`.
    pub fn start(program: &Path, output: &Path) -> Result<Self, VideoError> {
        // With the protocol prefix, ffmpeg takes no file name for an option or an address.
        let mut target = OsString::from("file:");
        target.push(output);
        let mut encoder = Command::new(program)
            .args(["-hide_banner", "-loglevel", "error", "-y"])
            .args(["-f", "rawvideo", "-pixel_format", "rgb24"])
            .args(["-video_size", &format!("{PICTURE_WIDTH}x{PICTURE_HEIGHT}")])
            .args(["-framerate", &VIDEO_FRAMES_PER_S.to_string(), "-i", "pipe:0"])
            .args(["-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"])
            .args(["-movflags", "+faststart", "-f", "mp4"])
            .arg(target)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|cause| VideoError::NoProgram { program: program.to_path_buf(), cause })?;
        let (frames, errors) = (encoder.stdin.take(), encoder.stderr.take());
        let complaint = errors.map(|mut errors| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                // What was read before the error is still reported.
                let _ = errors.read_to_end(&mut bytes);
                last_lines(&String::from_utf8_lossy(&bytes))
            })
        });
        Ok(Self { encoder, frames, complaint, output: output.to_path_buf(), finished: false })
    }

    /// Adds a frame.
    pub fn add(&mut self, frame: &Picture) -> Result<(), VideoError> {
        let Some(frames) = &mut self.frames else { return Err(VideoError::Cancelled) };
        match frames.write_all(frame.rgb()) {
            // The encoder is gone; how it ended says more than the broken pipe.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.close()?;
                Err(VideoError::Pipe(error))
            }
            written => Ok(written?),
        }
    }

    /// Waits for the encoder to write the rest. The file is complete when this returns.
    pub fn finish(mut self) -> Result<(), VideoError> {
        self.close()?;
        self.finished = true;
        Ok(())
    }

    /// Ends the stream of frames and waits; an error unless the encoder is content.
    fn close(&mut self) -> Result<(), VideoError> {
        drop(self.frames.take());
        let status = self.encoder.wait()?;
        let last_lines = self.complaint.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
        if status.success() { Ok(()) } else { Err(VideoError::Encoder { status, last_lines }) }
    }
}

impl Drop for Video {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        // It may have ended by itself, and then there is nothing to kill; no one waits for this video any more.
        let _ = self.encoder.kill();
        let _ = self.encoder.wait();
        let _ = std::fs::remove_file(&self.output);
    }
}

/// Draws the states of a run as a video, one frame each, and writes it to `output`. Returns the number of frames.
/// `cancel` ends it within a frame.
pub fn render_video(
    scene: &Scene,
    states: &[SampledState],
    camera: Camera,
    program: &Path,
    output: &Path,
    cancel: &CancelFlag,
) -> Result<usize, VideoError> {
    if states.is_empty() {
        return Err(VideoError::NoFrames);
    }
    let mut video = Video::start(program, output)?;
    let drawn = render_frames(scene, states, camera, cancel, |frame| {
        if cancel.load(Ordering::Relaxed) { Err(VideoError::Cancelled) } else { video.add(frame) }
    });
    match drawn {
        Err(VideoError::Drawing(PhysicsError::Cancelled)) => return Err(VideoError::Cancelled),
        drawn => drawn?,
    }
    video.finish()?;
    Ok(states.len())
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(REPEATED_LINES)..].join("; ")
}

//! INT-039 — renders and videos follow the policy.
//!
//! Seam: worker-heavy simulate → pictures and video in the session → worker-light assets, review manifest
//! Requirement: pictures and videos are made when the request asks for them, exactly those that are promised, and a
//! reader finds them where the answer and the manifest say. A preview shows the design from the asked side.

use std::collections::BTreeSet;

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse, PreviewRequest},
    handover::SubmitRequest,
};
use rstest::rstest;
use testkit::{Context, Session, designs, solutions::Solution};

use crate::ctx;

async fn solved(ctx: &Context, purpose: &str) -> Session {
    let session = ctx.session(purpose);
    session.must_hold(&Solution::bracket()).await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    session
}

fn paths(response: &BenchmarkResponse) -> BTreeSet<String> {
    response.output.artifacts.iter().flat_map(|artifacts| artifacts.render_paths.iter().cloned()).collect()
}

/// Three heights, eight directions.
fn promised() -> BTreeSet<String> {
    let directions = (0..8).map(|eighth| eighth * 45);
    directions
        .flat_map(|azimuth| [15, 45, 75].map(|height| format!("renders/render_e{height}_a{azimuth}.png")))
        .collect()
}

/// Width and height of pictures and of the video.
const SIZE: (u32, u32) = (640, 480);
/// Steps of the simulation from one frame of the video to the next.
const STEPS_A_FRAME: u64 = 15;
/// Frames in a second of the video.
const FRAMES_A_SECOND: f64 = 30.0;

/// The big-endian number of four bytes at `at`.
fn number(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).unwrap_or_else(|| panic!("the file ends before byte {at}"));
    u32::from_be_bytes(four.try_into().expect("four bytes"))
}

/// Width and height from the head of a PNG file.
fn size_of(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "it is not a PNG file");
    (number(png, 16), number(png, 20))
}

/// Width and height from the frame header of a JPEG file, the segment SOF0 or SOF2: after marker and length come one
/// byte of depth, then height and width in two bytes each.
fn size_of_jpeg(jpeg: &[u8]) -> (u32, u32) {
    assert!(jpeg.starts_with(b"\xff\xd8"), "it is not a JPEG file");
    let mut at = 2;
    loop {
        match number(jpeg, at).to_be_bytes() {
            [0xff, 0xc0 | 0xc2, ..] => {
                let sides = number(jpeg, at + 5);
                return (sides & 0xffff, sides >> 16);
            }
            [0xff, _, high, low] => at += 2 + usize::from(u16::from_be_bytes([high, low])),
            other => panic!("no segment at byte {at}: {other:?}"),
        }
    }
}

/// Content of the box at `path` in an MP4 file: each box is its length, its name and its content, which may be boxes.
fn mp4_box<'a>(file: &'a [u8], path: &[&str]) -> &'a [u8] {
    path.iter().fold(file, |mut rest, name| {
        while !rest.is_empty() {
            let length = number(rest, 0) as usize;
            // Lengths 0 and 1 announce boxes to the end or above 4 GiB, which no video of a run has.
            assert!((8..=rest.len()).contains(&length), "a box of {length} bytes in {} bytes", rest.len());
            if &rest[4..8] == name.as_bytes() {
                return &rest[8..length];
            }
            rest = &rest[length..];
        }
        panic!("the file has no box {name:?} of {path:?}")
    })
}

/// Frames, seconds, width and height of an MP4 file with one track (ISO/IEC 14496-12, version 0 of each box).
fn frames_seconds_and_size(file: &[u8]) -> (u64, f64, (u32, u32)) {
    let movie = mp4_box(file, &["moov", "mvhd"]);
    let track = mp4_box(file, &["moov", "trak", "tkhd"]);
    let samples = mp4_box(file, &["moov", "trak", "mdia", "minf", "stbl", "stsz"]);
    assert_eq!((movie[0], track[0]), (0, 0), "a version that is not read here");
    // Sides are in 1/65536 pixels.
    let size = (number(track, 76) >> 16, number(track, 80) >> 16);
    (u64::from(number(samples, 8)), f64::from(number(movie, 16)) / f64::from(number(movie, 12)), size)
}

#[rstest]
#[tokio::test]
async fn nothing_is_rendered_without_a_request(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = solved(&ctx, "silent").await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(response.success, "{}", response.message);
    assert_eq!(paths(&response), BTreeSet::new());
    assert_eq!(response.output.artifacts.and_then(|artifacts| artifacts.video_path), None);
    assert_eq!(session.light.must_list_files("renders").await, [], "pictures were made all the same");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn exactly_the_promised_views_are_drawn_and_submitted(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = solved(&ctx, "views").await;
    let request = BenchmarkRequest { render: true, ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    assert_eq!(paths(&response), promised());

    let mut pictures = BTreeSet::new();
    for path in promised() {
        let asset = session.light.must_asset(&path).await;
        assert_eq!(asset.content_type(), "image/png", "{path}");
        assert_eq!(size_of(&asset.body), SIZE, "{path}");
        pictures.insert(asset.body.to_vec());
    }
    assert_eq!(pictures.len(), 24, "two views show the same");

    let submitted = session.heavy.must_submit(&SubmitRequest::default()).await;
    let manifest = submitted.output.manifest.unwrap_or_else(|| panic!("not handed over: {}", submitted.message));
    assert_eq!(manifest.renders.into_iter().collect::<BTreeSet<_>>(), promised());
    Ok(())
}

#[rstest]
#[tokio::test]
async fn video_is_made_on_demand(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = solved(&ctx, "video").await;
    let request = BenchmarkRequest { video: true, ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    let path = response.output.artifacts.and_then(|artifacts| artifacts.video_path);
    assert_eq!(path.as_deref(), Some("renders/simulation.mp4"), "{}", response.message);
    let video = session.light.must_asset("renders/simulation.mp4").await;
    assert_eq!(video.content_type(), "video/mp4");
    assert_eq!(video.body.get(4..8), Some(b"ftyp".as_slice()), "it is not an MP4 file");

    let submitted = session.heavy.must_submit(&SubmitRequest::default()).await;
    let manifest = submitted.output.manifest.unwrap_or_else(|| panic!("not handed over: {}", submitted.message));
    assert_eq!(manifest.video_path.as_deref(), Some("renders/simulation.mp4"), "a reviewer does not find the video");

    let steps = response.output.result.unwrap_or_else(|| panic!("nothing was simulated: {}", response.message)).steps;
    let (frames, seconds, size) = frames_seconds_and_size(&video.body);
    assert_eq!(size, SIZE);
    // The start, every 15th step, and the end where it falls between two of them.
    let expected = steps / STEPS_A_FRAME + 1;
    assert!(frames.abs_diff(expected) <= 1, "{frames} frames of a run of {steps} steps, expected {expected}");
    assert!((seconds - frames as f64 / FRAMES_A_SECOND).abs() < 1.0 / FRAMES_A_SECOND, "{frames} frames, {seconds} s");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn preview_shows_the_requested_side(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("preview");
    session.must_hold(&designs::ball_on_ramp_out_of_bounds()).await;
    let sides =
        [(-45.0, 45.0, "renders/preview_pitch-45_yaw45.jpg"), (-20.0, 190.0, "renders/preview_pitch-20_yaw190.jpg")];
    let mut pictures = BTreeSet::new();
    for (pitch, yaw, path) in sides {
        let request = PreviewRequest { pitch, yaw, ..PreviewRequest::default() };
        let response = session.heavy.must_preview(&request).await;
        assert!(response.success, "{}", response.message);
        assert_eq!(response.output.image_path.as_deref(), Some(path));
        let asset = session.light.must_asset(path).await;
        assert_eq!(asset.content_type(), "image/jpeg", "{path}");
        assert_eq!(size_of_jpeg(&asset.body), SIZE, "{path}");
        pictures.insert(asset.body.to_vec());
    }
    assert_eq!(pictures.len(), sides.len(), "two sides look the same");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn preview_of_a_broken_script_leaves_no_picture(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("no-preview");
    session.light.must_write_file("script.py", "def build():\n    return no_such_shape\n").await;
    let response = session.heavy.must_preview(&PreviewRequest::default()).await;
    assert!(!response.success && response.message.contains("no_such_shape"), "{response:?}");
    assert_eq!(response.output.image_path, None);
    assert!(!session.light.must_exist_or_not("renders/preview_pitch-45_yaw45.jpg").await);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn pictures_of_the_previous_run_are_removed(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = solved(&ctx, "again").await;
    let request = BenchmarkRequest { render: true, video: true, ..BenchmarkRequest::default() };
    let drawn = session.heavy.must_simulate(&request).await;
    assert_eq!(paths(&drawn).len(), 24, "{}", drawn.message);
    session.heavy.must_preview(&PreviewRequest::default()).await;

    session.heavy.must_simulate(&BenchmarkRequest::default()).await;

    let left = session.light.must_list_files("renders").await;
    let names: Vec<_> = left.iter().map(|file| file.name.as_str()).collect();
    assert!(names.len() == 1 && names[0].starts_with("preview_"), "expected nothing but the preview: {names:?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn smoke_run_has_no_video(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = solved(&ctx, "smoke").await;
    let request = BenchmarkRequest { video: true, smoke_test_mode: true, ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    assert_eq!(response.output.artifacts.and_then(|artifacts| artifacts.video_path), None);
    assert!(response.warnings.iter().any(|warning| warning.contains("video")), "{:?}", response.warnings);
    assert!(!session.light.must_exist_or_not("renders/simulation.mp4").await);
    Ok(())
}

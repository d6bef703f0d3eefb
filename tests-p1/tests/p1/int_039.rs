//! INT-039 — renders and videos follow the policy.
//!
//! Seam: worker-heavy simulate → pictures and video in the session → worker-light assets, review manifest
//! Requirement: pictures and videos are made when the request asks for them, exactly those that are promised, and a
//! reader finds them where the answer and the manifest say.

use std::collections::BTreeSet;

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    handover::SubmitRequest,
};
use rstest::rstest;
use testkit::{Context, Session, solutions::Solution};

use crate::ctx;

async fn solved(ctx: &Context, purpose: &str) -> Session {
    let session = ctx.session(purpose);
    session.must_hold_solution(&Solution::bracket()).await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    session
}

fn paths(response: &BenchmarkResponse) -> BTreeSet<String> {
    response.artifacts.iter().flat_map(|artifacts| artifacts.render_paths.iter().cloned()).collect()
}

/// Three heights, eight directions.
fn promised() -> BTreeSet<String> {
    let directions = (0..8).map(|eighth| eighth * 45);
    directions
        .flat_map(|azimuth| [15, 45, 75].map(|height| format!("renders/render_e{height}_a{azimuth}.png")))
        .collect()
}

/// Width and height from the head of a PNG file.
fn size_of(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| png.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "it is no PNG file");
    (number(16), number(20))
}

#[rstest]
#[tokio::test]
async fn nothing_is_drawn_unasked(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = solved(&ctx, "silent").await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(response.success, "{}", response.message);
    assert_eq!(paths(&response), BTreeSet::new());
    assert_eq!(response.artifacts.and_then(|artifacts| artifacts.video_path), None);
    assert_eq!(session.light.must_list_files("renders").await, [], "pictures were made all the same");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn exactly_the_promised_views_are_drawn_and_handed_over(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = solved(&ctx, "views").await;
    let request = BenchmarkRequest { render: true, ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    assert_eq!(paths(&response), promised());

    let mut pictures = BTreeSet::new();
    for path in promised() {
        let asset = session.light.must_asset(&path).await;
        assert_eq!(asset.content_type(), "image/png", "{path}");
        assert_eq!(size_of(&asset.body), (640, 480), "{path}");
        pictures.insert(asset.body.to_vec());
    }
    assert_eq!(pictures.len(), 24, "two views show the same");

    let submitted = session.heavy.must_submit(&SubmitRequest::default()).await;
    let manifest = submitted.manifest.unwrap_or_else(|| panic!("not handed over: {}", submitted.message));
    assert_eq!(manifest.renders.into_iter().collect::<BTreeSet<_>>(), promised());
    Ok(())
}

#[rstest]
#[tokio::test]
async fn video_is_made_on_demand(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = solved(&ctx, "video").await;
    let request = BenchmarkRequest { video: true, ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    let path = response.artifacts.and_then(|artifacts| artifacts.video_path);
    assert_eq!(path.as_deref(), Some("renders/simulation.mp4"), "{}", response.message);
    let video = session.light.must_asset("renders/simulation.mp4").await;
    assert_eq!(video.content_type(), "video/mp4");
    assert_eq!(video.body.get(4..8), Some(b"ftyp".as_slice()), "it is no MP4 file");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn smoke_run_has_no_video(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = solved(&ctx, "smoke").await;
    let request = BenchmarkRequest { video: true, smoke_test_mode: true, ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    assert_eq!(response.artifacts.and_then(|artifacts| artifacts.video_path), None);
    assert!(response.warnings.iter().any(|warning| warning.contains("video")), "{:?}", response.warnings);
    assert!(!session.light.must_exist_or_not("renders/simulation.mp4").await);
    Ok(())
}

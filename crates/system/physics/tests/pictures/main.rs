//! What an engineer sees: pictures and videos of scenes, drawn without a display.

#[path = "../../examples/pictures/paddle.rs"]
mod paddle;

use std::{
    collections::BTreeSet,
    io::Cursor,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use contract::objectives::Zone;
use image::{ImageFormat, ImageReader, RgbImage};
use physics::{
    Body, Camera, Geometry, Mobility, Mujoco, PICTURE_HEIGHT, PICTURE_WIDTH, PhysicsBackend, PhysicsError, Pose,
    RunSettings, SampledState, Scene, SceneZone, Stage, Start, VIEW_ELEVATIONS_DEG, VideoError, ZoneKind,
    render_preview, render_video, render_views,
};

const FROM_THE_FRONT: Camera = Camera { pitch_deg: -20.0, yaw_deg: 90.0 };

/// Two corner posts that fix the section of space that is seen, and a red ball somewhere between them.
fn red_ball_at(center_mm: [f64; 3]) -> Scene {
    let post = |label: &str, center| fixed(label, Geometry::Cuboid { half_size: [10.0; 3] }, center, [0.4, 0.4, 0.45]);
    let ball = fixed("ball", Geometry::Sphere { radius: 15.0 }, center_mm, [0.9, 0.05, 0.05]);
    Scene {
        bodies: vec![post("near", [-190.0, -90.0, 10.0]), post("far", [190.0, 90.0, 290.0]), ball],
        ..Scene::default()
    }
}

fn fixed(label: &str, geometry: Geometry, center_mm: [f64; 3], color: [f64; 3]) -> Body {
    let mass = geometry.mass_properties(center_mm, 1000.0).expect("it has a volume");
    let mobility = Mobility::Fixed;
    Body { label: label.into(), geometry, mass, mobility, parent: None, friction: 0.5, restitution: 0.2, color }
}

fn stage(scene: &Scene) -> Stage {
    Stage::open(scene, &AtomicBool::new(false)).expect("a stage")
}

/// The state in which a scene is built.
fn as_built(scene: &Scene) -> SampledState {
    let pose = |body: &Body| Pose { position_mm: body.mass.center_mm, quaternion: [1.0, 0.0, 0.0, 0.0] };
    SampledState { time_s: 0.0, poses: scene.bodies.iter().map(pose).collect() }
}

fn drawn(scene: &Scene, camera: Camera) -> RgbImage {
    let picture = stage(scene).draw(camera).expect("a picture");
    RgbImage::from_raw(PICTURE_WIDTH, PICTURE_HEIGHT, picture.rgb().to_vec()).expect("all of it")
}

/// Mean place, pixels, and number of the pixels in which one channel is at least `factor` times each other one.
fn coloured(picture: &RgbImage, channel: usize, factor: f64) -> ([f64; 2], usize) {
    let is_coloured = |pixel: &[u8; 3]| {
        let strength = |other: usize| f64::from(pixel[other]);
        (0..3).filter(|other| *other != channel).all(|other| strength(channel) >= factor * strength(other) + 10.0)
    };
    let places: Vec<[f64; 2]> = picture
        .enumerate_pixels()
        .filter(|(_, _, pixel)| is_coloured(&pixel.0))
        .map(|(x, y, _)| [f64::from(x) + 0.5, f64::from(y) + 0.5])
        .collect();
    let count = places.len();
    ([0, 1].map(|axis| places.iter().map(|place| place[axis]).sum::<f64>() / count as f64), count)
}

/// Where a pinhole camera sees a point of the scene of [`red_ball_at`], pixels, and pixels per millimetre there.
///
/// By the contract the camera stands 1.5 diagonals from the middle of the bounding box, and its lens sees 45° from top
/// to bottom; the box here has a diagonal of 538.5 mm, far above the 333 mm where another lens comes into play.
fn projected(point: [f64; 3], camera: Camera) -> ([f64; 2], f64) {
    let middle = [0.0, 0.0, 150.0];
    let distance = 1.5 * f64::hypot(f64::hypot(400.0, 200.0), 300.0);
    let (pitch, yaw) = (camera.pitch_deg.to_radians(), camera.yaw_deg.to_radians());
    let forward = [pitch.cos() * yaw.cos(), pitch.cos() * yaw.sin(), pitch.sin()];
    let right = [yaw.sin(), -yaw.cos(), 0.0];
    let up = [-pitch.sin() * yaw.cos(), -pitch.sin() * yaw.sin(), pitch.cos()];
    let along = |axis: [f64; 3]| (0..3).map(|part| (point[part] - middle[part]) * axis[part]).sum::<f64>();
    let scale = f64::from(PICTURE_HEIGHT) / 2.0 / 22.5_f64.to_radians().tan() / (distance + along(forward));
    let center = [f64::from(PICTURE_WIDTH) / 2.0, f64::from(PICTURE_HEIGHT) / 2.0];
    ([center[0] + scale * along(right), center[1] - scale * along(up)], scale)
}

#[test]
fn twenty_four_views_differ_and_match_the_contract() {
    let scene = paddle::scene();

    let views = render_views(&scene, VIEW_ELEVATIONS_DEG, &AtomicBool::new(false)).expect("views");

    let expected: Vec<String> = [15, 45, 75]
        .iter()
        .flat_map(|elevation| (0..8).map(move |step| format!("render_e{elevation}_a{}.png", step * 45)))
        .collect();
    assert_eq!(views.iter().map(|view| view.name.clone()).collect::<Vec<_>>(), expected);
    for view in &views {
        let size = ImageReader::with_format(Cursor::new(&view.png), ImageFormat::Png).into_dimensions();
        assert_eq!(size.expect("a PNG"), (640, 480), "{}", view.name);
    }
    assert_eq!(views.iter().map(|view| &view.png).collect::<BTreeSet<_>>().len(), 24);
}

#[test]
fn cancelled_views_are_not_drawn() {
    let scene = red_ball_at([0.0, 0.0, 150.0]);
    let views = render_views(&scene, VIEW_ELEVATIONS_DEG, &AtomicBool::new(true)).expect("no fault");
    assert!(views.is_empty());
}

/// The mean of the ball's pixels is its centre's projection. Perspective shifts the outline of a sphere of radius r at
/// distance d by less than r²/d off the axis, here 0.3 mm; a rim that is too dark to count as red shifts it by a
/// fraction of the radius. A quarter of the radius is allowed for both, 3.8 mm or about 3 pixels.
#[test]
fn ball_appears_at_its_pinhole_projection() {
    for (center, camera) in [
        ([-120.0, 40.0, 80.0], FROM_THE_FRONT),
        ([130.0, -30.0, 220.0], FROM_THE_FRONT),
        ([60.0, 50.0, 100.0], Camera { pitch_deg: -50.0, yaw_deg: 330.0 }),
    ] {
        let (place, scale) = projected(center, camera);
        let (mean, count) = coloured(&drawn(&red_ball_at(center), camera), 0, 2.0);

        let off = f64::hypot(mean[0] - place[0], mean[1] - place[1]);
        assert!(off < 15.0 / 4.0 * scale, "{center:?}: seen at {mean:?}, projected to {place:?}");
        let disc = std::f64::consts::PI * (15.0 * scale).powi(2);
        assert!((0.7..1.15).contains(&(count as f64 / disc)), "{center:?}: {count} red pixels of {disc:.0}");
    }
}

#[test]
fn zones_are_drawn_coloured_and_transparent() {
    let zone = |kind, min, max| SceneZone { kind, zone: Zone { min, max } };
    let mut scene = red_ball_at([-100.0, 0.0, 160.0]);
    let plain = drawn(&scene, FROM_THE_FRONT);
    scene.bodies[2].color = [0.1, 0.2, 0.9];
    scene.zones = vec![
        zone(ZoneKind::Goal, [-150.0, -50.0, 110.0], [-50.0, 50.0, 210.0]),
        zone(ZoneKind::Forbidden { name: "edge".into() }, [50.0, -50.0, 110.0], [150.0, 50.0, 210.0]),
    ];

    let picture = drawn(&scene, FROM_THE_FRONT);

    assert_eq!(coloured(&plain, 1, 1.1).1, 0, "nothing is green without a goal");
    for (channel, x) in [(1, -100.0), (0, 100.0)] {
        let (place, scale) = projected([x, 0.0, 160.0], FROM_THE_FRONT);
        let (mean, count) = coloured(&picture, channel, 1.1);
        assert!(f64::hypot(mean[0] - place[0], mean[1] - place[1]) < 20.0 * scale, "{channel}: {mean:?} for {place:?}");
        assert!(count as f64 > 0.5 * (100.0 * scale).powi(2), "channel {channel}: only {count} pixels");
    }
    let (place, scale) = projected([-100.0, 0.0, 160.0], FROM_THE_FRONT);
    let (mean, count) = coloured(&picture, 2, 1.1);
    assert!(f64::hypot(mean[0] - place[0], mean[1] - place[1]) < 10.0 * scale, "the ball shows at {mean:?}");
    assert!(count as f64 > 0.5 * std::f64::consts::PI * (15.0 * scale).powi(2), "the goal hides the ball: {count}");
}

#[test]
fn small_and_large_scenes_fill_the_picture_alike() {
    let share = |size: f64| {
        let cube = fixed("cube", Geometry::Cuboid { half_size: [size; 3] }, [0.0, 0.0, size], [0.9, 0.05, 0.05]);
        coloured(&drawn(&Scene { bodies: vec![cube], ..Scene::default() }, Camera::default()), 0, 1.6).1 as f64
    };
    let (small, large) = (share(4.0), share(200.0));
    assert!((0.8..1.25).contains(&(small / large)), "{small} pixels of a cube of 8 mm, {large} of one of 400 mm");
}

/// The floor's squares are 100 mm in scenes of half a metre to five: a row of their middles alternates.
#[test]
fn floor_squares_show_the_scale() {
    let above = Camera { pitch_deg: -90.0, yaw_deg: 90.0 };
    let picture = drawn(&red_ball_at([0.0, 0.0, 150.0]), above);
    let brightness: Vec<i32> = (-3..=2)
        .map(|square| {
            let ([x, y], _) = projected([f64::from(square) * 100.0 + 50.0, -150.0, 0.0], above);
            picture.get_pixel(x as u32, y as u32).0.iter().map(|part| i32::from(*part)).sum()
        })
        .collect();
    let steps: Vec<i32> = brightness.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(steps.iter().all(|step| step.abs() > 10), "{brightness:?}");
    assert!(steps.windows(2).all(|pair| pair[0].signum() == -pair[1].signum()), "{brightness:?}");
}

#[test]
fn preview_is_reproducible_and_varies_with_the_side() {
    let scene = red_ball_at([100.0, 20.0, 60.0]);
    let jpeg = |yaw_deg| {
        let camera = Camera { pitch_deg: -45.0, yaw_deg };
        render_preview(&scene, camera, &AtomicBool::new(false)).expect("a picture")
    };
    let (one, again, other) = (jpeg(45.0), jpeg(45.0), jpeg(135.0));
    let size = ImageReader::with_format(Cursor::new(&one), ImageFormat::Jpeg).into_dimensions().expect("a JPEG");
    assert_eq!(size, (PICTURE_WIDTH, PICTURE_HEIGHT));
    assert_eq!(one, again);
    assert_ne!(one, other);
}

#[test]
fn cancelled_preview_is_not_drawn() {
    let scene = red_ball_at([100.0, 20.0, 60.0]);
    let drawn = render_preview(&scene, Camera::default(), &AtomicBool::new(true));
    assert!(matches!(drawn, Err(PhysicsError::Cancelled)), "{drawn:?}");
}

/// The states of a run of the paddle, cut to `count`.
fn swept(scene: &Scene, count: usize) -> Vec<SampledState> {
    let settings = RunSettings { keep_states: true, sample_steps: 5, ..RunSettings::full() };
    let go_on = AtomicBool::new(false);
    let prepared = Mujoco.prepare(scene, &settings, &go_on).expect("a valid scene");
    let start = Start { seed: 0, offset_mm: [0.0; 3] };
    let report = prepared.run(&[start], 1, &go_on).expect("it runs").individual_results.remove(0).report;
    assert!(report.success, "the paddle brings the ball home: {:?}", report.failure);
    report.states.into_iter().take(count).collect()
}

#[test]
fn frames_show_the_motion_of_a_run() {
    let scene = paddle::scene();
    let states = swept(&scene, usize::MAX);
    let mut stage = stage(&scene);
    let above = Camera { pitch_deg: -89.0, yaw_deg: 90.0 };
    let mut ball_at = |state: &SampledState| {
        stage.pose(state).expect("a state of this scene");
        let picture = stage.draw(above).expect("a picture");
        coloured(&RgbImage::from_raw(PICTURE_WIDTH, PICTURE_HEIGHT, picture.rgb().to_vec()).expect("all"), 2, 1.5).0
    };
    let (start, end) = (ball_at(&states[0]), ball_at(&states[states.len() - 1]));
    // The rail leads it to the left and away, which is up in this picture.
    assert!(end[0] < start[0] - 40.0 && end[1] < start[1] - 20.0, "from {start:?} to {end:?}");
}

#[test]
fn states_of_another_scene_are_refused() {
    let scene = paddle::scene();
    let mut stage = stage(&scene);
    let refused = stage.pose(&SampledState { poses: Vec::new(), ..as_built(&scene) });
    assert!(matches!(&refused, Err(PhysicsError::Scene(text)) if text.contains("0 bodies")), "{refused:?}");
}

/// The ffmpeg of `FFMPEG`, else the one that `make setup` puts into the Python environment of the checkout.
fn ffmpeg() -> PathBuf {
    std::env::var_os("FFMPEG")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.tools/python/bin/ffmpeg"), PathBuf::from)
}

/// Offset of the first box of a kind in an MP4 file: its four letters.
fn mp4_box(file: &[u8], kind: [u8; 4]) -> usize {
    file.windows(4).position(|bytes| bytes == kind).unwrap_or_else(|| panic!("no box {kind:?}"))
}

#[test]
fn video_has_one_frame_per_state_and_is_streamable() {
    const FRAMES: usize = 20;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("-simulation.mp4");
    let scene = paddle::scene();
    let states = swept(&scene, FRAMES);

    let drawn =
        render_video(&scene, &states, Camera::default(), &ffmpeg(), &file, &AtomicBool::new(false)).expect("a video");

    assert_eq!(drawn, FRAMES);
    let bytes = std::fs::read(&file).expect("the file");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    // stts: version and flags, number of entries, then (samples, duration of each) per entry.
    let times = mp4_box(&bytes, *b"stts");
    assert_eq!([number(times + 8), number(times + 12)], [1, FRAMES as u32], "one entry, of all frames");
    // mdhd: version and flags, two dates, ticks per second.
    let ticks_per_s = number(mp4_box(&bytes, *b"mdhd") + 16);
    assert_eq!(ticks_per_s / number(times + 16), 30, "frames a second");
    // stsd: version and flags, number of entries; its entry: size, kind, 24 bytes, then width and height of two bytes.
    let track = mp4_box(&bytes, *b"stsd") + 16;
    let [width, height] = [28, 30].map(|at| u16::from_be_bytes([bytes[track + at], bytes[track + at + 1]]));
    assert_eq!(&bytes[track..track + 4], b"avc1", "H.264");
    assert_eq!((u32::from(width), u32::from(height)), (PICTURE_WIDTH, PICTURE_HEIGHT));
    assert!(mp4_box(&bytes, *b"moov") < mp4_box(&bytes, *b"mdat"), "the index comes first");
}

#[test]
fn missing_ffmpeg_is_named_with_the_remedy() {
    let scene = red_ball_at([0.0, 0.0, 150.0]);
    let states = [as_built(&scene)];
    let nowhere = Path::new("no/such/ffmpeg");
    let cancel = AtomicBool::new(false);
    let failed = render_video(&scene, &states, Camera::default(), nowhere, Path::new("x.mp4"), &cancel);
    let told = failed.expect_err("there is no encoder").to_string();
    assert!(told.contains("no/such/ffmpeg") && told.contains("make setup"), "{told}");
}

#[test]
fn ffmpeg_error_output_is_reported() {
    let scene = red_ball_at([0.0, 0.0, 150.0]);
    let states = vec![as_built(&scene); 3];
    let nowhere = Path::new("/no/such/folder/video.mp4");
    let cancel = AtomicBool::new(false);
    let failed = render_video(&scene, &states, Camera::default(), &ffmpeg(), nowhere, &cancel);
    let Err(VideoError::Encoder { last_lines, .. }) = failed else { panic!("{failed:?}") };
    assert!(last_lines.contains("No such file or directory"), "{last_lines}");
}

#[test]
fn cancelled_videos_leave_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("simulation.mp4");
    let scene = red_ball_at([0.0, 0.0, 150.0]);
    let states = vec![as_built(&scene); 50];
    let cancel = AtomicBool::new(true);
    let failed = render_video(&scene, &states, Camera::default(), &ffmpeg(), &file, &cancel);
    assert!(matches!(failed, Err(VideoError::Cancelled)), "{failed:?}");
    assert!(!file.exists());
}

//! INT-020 — simulation outcomes are classified.
//!
//! Seam: worker-heavy simulate → cad-runtime → physics → events
//! Requirement: goal hit, forbidden zone, out of bounds, timeout and instability (of energy, of speed)
//! each give their own reason, with time, body and place, in the answer and in the event stream; a design that cannot be
//! built is none of them. What is simulated is the shape that was sent, whatever was simulated before, and its hollows
//! and holes are hollow.

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    events::EventType,
    limits::{MAX_KINETIC_ENERGY_J, MAX_SIMULATION_STEPS, MAX_SPEED_M_S, SIMULATION_STEP_S},
    simulation::{FailureReason, Instability, SimulationResult},
    workbench::PriceRequest,
};
use rstest::rstest;
use testkit::{
    Context, EventLog, Session,
    designs::{self, Design},
    mechanisms::{self, Mechanism},
};

use crate::ctx;

const GRAVITY_M_S2: f64 = 9.81;

async fn simulate(session: &Session, design: &Design) -> BenchmarkResponse {
    session.must_hold_priced(design).await;
    session.heavy.must_simulate(&BenchmarkRequest::default()).await
}

fn result(response: &BenchmarkResponse) -> &SimulationResult {
    response.output.result.as_ref().unwrap_or_else(|| panic!("nothing was simulated: {response:#?}"))
}

/// Whatever moves may not enter: a block that falls past the ball ends the run, and is named with its zone.
#[rstest]
#[tokio::test]
async fn part_entering_a_forbidden_zone_ends_the_run(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let quiet = designs::ball_at_rest_beside_goal();
    let design = Design {
        script: designs::script("return Compound(children=[part(Pos(150, 150, 300) * Box(20, 20, 20), \"block\")])"),
        objectives: quiet.objectives.with(|it| {
            it.forbid_zones.push(("far", [[-200.0, -200.0, 0.0], [-180.0, -180.0, 20.0]]));
            it.forbid_zones.push(("pit", [[140.0, 140.0, 100.0], [160.0, 160.0, 120.0]]));
            it.max_unit_cost = 5000.0;
        }),
    };
    let response = simulate(&ctx.session("part"), &design).await;
    assert_eq!(response.failure_reason, Some(FailureReason::ForbidZoneHit), "{}", response.message);
    let ended = &result(&response).ended;
    assert_eq!((ended.body.as_deref(), ended.zone.as_deref()), (Some("block"), Some("pit")), "{ended:?}");
    // Its lower side, 290 mm up, meets the zone's upper one at 120 mm after a fall of 170 mm.
    let expected_s = (2.0 * 0.17 / GRAVITY_M_S2).sqrt();
    assert!((ended.time_s - expected_s).abs() <= SIMULATION_STEP_S + 1e-9, "{ended:?}, expected {expected_s} s");
    Ok(())
}

#[rstest]
#[case::falls_into_goal(designs::ball_above_goal(), None, "Goal achieved.")]
#[case::falls_into_trap(designs::ball_above_trap(), Some(FailureReason::ForbidZoneHit), "FORBID_ZONE_HIT")]
#[case::rolls_out_of_bounds(designs::ball_on_ramp_out_of_bounds(), Some(FailureReason::OutOfBounds), "OUT_OF_BOUNDS")]
#[case::never_arrives(designs::ball_at_rest_beside_goal(), Some(FailureReason::Timeout), "TIMEOUT")]
#[case::something_else_arrives(designs::block_in_goal(), Some(FailureReason::Timeout), "TIMEOUT")]
#[tokio::test]
async fn outcome_is_classified(
    #[future(awt)] ctx: Context,
    #[case] design: Design,
    #[case] expected: Option<FailureReason>,
    #[case] words: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("outcome");

    let response = simulate(&session, &design).await;

    assert_eq!(response.failure_reason, expected, "{}", response.message);
    assert_eq!(response.success, expected.is_none());
    assert!(response.message.contains(words), "the message does not say {words:?}: {}", response.message);
    let result = result(&response);
    assert_eq!(result.failure_reason, expected);
    assert_eq!(result.ended.body.as_deref(), Some("ball"), "the ball decides in all of these: {:?}", result.ended);
    assert!(result.ended.position_mm.is_some());

    let events = EventLog::from_answer(&response.events);
    let ended = events.the_one(EventType::SimulationResult);
    assert_eq!(ended["success"], expected.is_none());
    assert_eq!(ended["failure_reason"], expected.map_or("none", FailureReason::name));
    assert_eq!(ended["metadata"]["runtime_seed"], result.runtime_seed);
    assert_eq!(events.the_one(EventType::SimulationRequest)["script_path"], "script.py");
    let chosen = events.the_one(EventType::SimulationBackendSelected);
    assert_eq!(chosen["backend"], "genesis", "the default backend");
    assert!(chosen["engine"].as_str().is_some_and(|engine| engine.starts_with("mujoco ")), "{chosen:?}");
    assert_eq!(events.without_envelope(), Vec::<String>::new());
    Ok(())
}

#[rstest]
#[tokio::test]
async fn goal_is_reached_when_free_fall_predicts(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let response = simulate(&ctx.session("fall"), &designs::ball_above_goal()).await;
    let result = result(&response);
    // The ball's lowest point, 490 mm up, reaches the goal's top at 100 mm; the outcome is sampled every step.
    let expected_s = (2.0 * 0.390 / GRAVITY_M_S2).sqrt();
    let difference = (result.ended.time_s - expected_s).abs();
    assert!(difference <= SIMULATION_STEP_S + 1e-9, "{} s instead of {expected_s} s", result.ended.time_s);
    assert_eq!(result.ended.zone.as_deref(), Some("goal_zone"));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn forbidden_zone_on_the_way_is_hit_before_the_goal(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let response = simulate(&ctx.session("trap"), &designs::ball_above_trap()).await;
    let result = result(&response);
    let expected_s = (2.0 * 0.240 / GRAVITY_M_S2).sqrt();
    assert!((result.ended.time_s - expected_s).abs() <= SIMULATION_STEP_S + 1e-9, "{result:?}");
    assert_eq!(result.ended.zone.as_deref(), Some("trap"));
    Ok(())
}

#[rstest]
// 1 kN·m on a disc of 10⁻⁴ kg·m² for a step: ω = τ·t/I = 18 krad/s, and E = I·ω²/2 = 18 kJ; after 15 ms it is 1 MJ.
#[case::energy(mechanisms::driven_disc("{mode: on_off, speed: 1000.0, frequency: 0.01}"), "kinetic energy")]
// 100 kN on a carriage of 43 g: 4.6 km/s after the first step, and only 0.46 MJ.
#[case::speed(mechanisms::driven_carriage("{mode: on_off, speed: 100000.0, frequency: 0.01}"), "speed")]
#[tokio::test]
async fn instability_names_its_body_and_cause(
    #[future(awt)] ctx: Context,
    #[case] mechanism: Mechanism,
    #[case] cause: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("unstable");
    session.must_hold_priced(&mechanism).await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;

    assert_eq!(response.failure_reason, Some(FailureReason::PhysicsInstability), "{}", response.message);
    assert!(response.message.contains("PHYSICS_INSTABILITY"), "{}", response.message);
    assert!(response.message.contains(cause), "the message does not say {cause:?}: {}", response.message);
    let result = result(&response);
    assert!(result.ended.time_s < 0.1, "it went on until {} s", result.ended.time_s);
    let driven = &result.motors[0].part;
    assert_eq!(result.ended.body.as_ref(), Some(driven), "what is driven ran away: {:?}", result.ended);
    assert!(result.ended.position_mm.is_some_and(|place| place.iter().all(|it| it.is_finite())), "{:?}", result.ended);
    let instability = result.ended.instability.expect("it says what became unstable");
    match instability {
        Instability::KineticEnergy { measured, limit } => {
            assert_eq!((limit, cause), (MAX_KINETIC_ENERGY_J, "kinetic energy"));
            assert!(measured > limit, "{measured} J");
        }
        Instability::Speed { measured, limit } => {
            assert_eq!((limit, cause), (MAX_SPEED_M_S, "speed"));
            // F·t/m with a volume of 16 cm³ and 2700 kg/m³.
            let expected = 100_000.0 * SIMULATION_STEP_S / (16e-6 * 2700.0);
            assert!((measured / expected - 1.0).abs() < 1e-9, "{measured} m/s, expected {expected} m/s");
        }
        Instability::NonFinite => panic!("the numbers of these runs are finite"),
    }
    let events = EventLog::from_answer(&response.events);
    assert_eq!(events.the_one(EventType::PhysicsInstability)["cause"], serde_json::to_value(instability)?);
    assert_eq!(events.the_one(EventType::SimulationResult)["failure_reason"], "physics_instability");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn timeout_counts_every_step(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let response = simulate(&ctx.session("rest"), &designs::ball_at_rest_beside_goal()).await;
    let result = result(&response);
    assert_eq!(result.steps, MAX_SIMULATION_STEPS);
    assert!((result.ended.time_s - 30.0).abs() < 1e-9, "{}", result.ended.time_s);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn stack_of_small_cubes_stays_upright(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let script = designs::script(
        "cubes = [part(Pos(100, 0, 2.5 + 5 * i) * Box(5, 5, 5), f\"cube_{i}\") for i in range(3)]\n\
         return Compound(children=cubes)",
    );
    let quiet = designs::ball_at_rest_beside_goal().with(|it| it.max_unit_cost = 5000.0);
    let response = simulate(&ctx.session("stack"), &Design { script, ..quiet }).await;
    let top = result(&response).final_positions.iter().find(|it| it.body == "cube_2").expect("it is in the scene");
    let [x, y, z] = top.position_mm;
    // Three contacts, none deeper than a hundredth of a cube.
    assert!(
        (12.35..=12.5).contains(&z) && (x - 100.0).hypot(y) < 0.5,
        "the top cube is at ({x}, {y}, {z}) mm after 30 s"
    );
    Ok(())
}

#[rstest]
#[tokio::test]
async fn fast_ball_lands_on_a_thin_plate(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    // 2.1 m lower it arrives with 6.4 m/s: 13 mm in a step of 2 ms, on a plate of 2 mm.
    let script =
        designs::script("return Compound(children=[part(Pos(0, 0, 99) * Box(300, 300, 2), \"plate\", fixed=True)])");
    let quiet = designs::ball_at_rest_beside_goal().with(|it| {
        it.start[2] = 2210.0;
        (it.build_zone[1][2], it.bounds[1][2]) = (3000.0, 3000.0);
    });
    let response = simulate(&ctx.session("fast"), &Design { script, ..quiet }).await;
    let result = result(&response);
    let lowest = result.trajectory.iter().map(|point| point.position_mm[2]).fold(f64::INFINITY, f64::min);
    assert!(lowest > 100.0, "the ball went through the plate, down to {lowest} mm: {}", response.message);
    assert!(result.max_speed_m_s > 6.0, "it arrived with {} m/s only", result.max_speed_m_s);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn start_below_the_ground_draws_a_warning(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let below = designs::ball_at_rest_beside_goal().with(|it| {
        it.start[2] = -20.0;
        (it.build_zone[0][2], it.bounds[0][2]) = (-100.0, -100.0);
    });
    let session = ctx.session("ground");
    session.must_hold(&below).await;
    let response = session.heavy.must_validate(&BenchmarkRequest::default()).await;
    let told = response.warnings.iter().any(|told| told.contains("\"ball\"") && told.contains("30.0 mm below z = 0"));
    assert!(told, "nothing says that the ball starts in the ground: {response:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn out_of_bounds_reports_the_exit_position(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let response = simulate(&ctx.session("ramp"), &designs::ball_on_ramp_out_of_bounds()).await;
    let [x, y, _] = result(&response).ended.position_mm.expect("the place is reported");
    assert!(x > 300.0, "it rolls down towards +x and left the bounds at x = {x} mm");
    assert!(y.abs() < 50.0, "nothing pushes it sideways, and it left at y = {y} mm");
    Ok(())
}

#[rstest]
#[case::stress("physics: {fem_enabled: true}\n", "physics.fem_enabled")]
#[case::fluids("fluids: [{fluid_id: water}]\n", "fluids")]
#[tokio::test]
async fn unsupported_physics_is_refused_not_ignored(
    #[future(awt)] ctx: Context,
    #[case] asked: &str,
    #[case] field: &str,
) -> anyhow::Result<()> {
    let design = designs::ball_above_goal().with(|it| asked.clone_into(&mut it.more));
    let response = simulate(&ctx.session("more"), &design).await;
    assert_eq!(response.failure_reason, Some(FailureReason::ValidationFailed), "{}", response.message);
    assert!(response.message.contains(field), "the message does not name the field: {}", response.message);
    Ok(())
}

#[rstest]
#[case::no_build("x = 1\n", "build", FailureReason::ValidationFailed)]
#[case::syntax("def build(:\n", "line 1", FailureReason::ValidationFailed)]
#[case::no_metadata(
    "from build123d import *\ndef build():\n    b = Box(1, 1, 1)\n    b.label = 'naked'\n    return b\n",
    "naked",
    FailureReason::ValidationFailed
)]
#[case::unknown_material(
    "from build123d import *\nfrom shared.models.schemas import PartMetadata\ndef build():\n    b = Box(9, 9, 9)\n    \
     b.label = 'odd'\n    b.metadata = PartMetadata(material_id='unobtainium', manufacturing_method='cnc')\n    return b\n",
    "unobtainium",
    FailureReason::ManufacturabilityFailed
)]
#[tokio::test]
async fn unbuildable_design_has_no_result(
    #[future(awt)] ctx: Context,
    #[case] script: &str,
    #[case] cause: &str,
    #[case] reason: FailureReason,
) -> anyhow::Result<()> {
    let session = ctx.session("broken");
    session.must_hold(&Design { script: script.into(), ..designs::ball_above_goal() }).await;
    let priced = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
    assert!(!priced.success, "{}", priced.message);
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(!response.success);
    assert_eq!(response.failure_reason, Some(reason), "{}", response.message);
    assert!(response.message.contains(cause), "the message does not name the cause: {}", response.message);
    assert_eq!(response.output.result, None);
    Ok(())
}

/// A plate on the ground, and the ball half a millimetre above its middle: label and shape of the plate, its height, x
/// of both.
fn ball_on_plate(label: &str, shape: &str, height: f64, x: f64) -> Design {
    let plate = format!("return Compound(children=[part(Pos({x}, 0, 0) * ({shape}), \"{label}\", fixed=True)])");
    ball_at([x, 0.0, height + 10.5], &plate)
}

/// Six sides, for which no engine has a primitive, of a size and a height.
fn prism(size: f64, height: f64) -> String {
    format!("extrude(RegularPolygon({size}, 6), {height})")
}

/// A primitive.
fn slab(size: f64, height: f64) -> String {
    format!("extrude(Rectangle({size}, {size}), {height})")
}

/// A shape that collides in pieces; the hole is away from the middle.
fn pierced(size: f64, height: f64) -> String {
    format!("{} - Pos({size} / 2, 0, 0) * extrude(RegularPolygon({size} / 10, 4), {height})", prism(size, height))
}

/// A ball of 10 mm that starts at a place, and the parts of a script.
fn ball_at(start: [f64; 3], script: &str) -> Design {
    let quiet = designs::ball_at_rest_beside_goal().with(|it| it.start = start);
    Design { script: designs::script(script), ..quiet }
}

/// Where the ball is half a second later.
async fn ball_after_smoke_run(session: &Session, design: &Design) -> ([f64; 3], BenchmarkResponse) {
    session.must_hold_priced(design).await;
    let request = BenchmarkRequest { smoke_test_mode: true, ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    let ball = result(&response).final_positions.iter().find(|body| body.body == "ball");
    (ball.expect("the ball is somewhere").position_mm, response)
}

#[rstest]
#[case::convex(prism)]
#[case::primitive(slab)]
#[case::pieces(pierced)]
#[tokio::test]
async fn changed_part_is_simulated_in_its_new_shape(
    #[future(awt)] ctx: Context,
    #[case] shape: fn(f64, f64) -> String,
) -> anyhow::Result<()> {
    let (session, other) = (ctx.session("changed"), ctx.session("changed-elsewhere"));
    for (what, session, label, size, height, x) in [
        ("first shape", &session, "plate", 100.0, 60.0, 0.0),
        ("other height", &session, "plate", 100.0, 80.0, 0.0),
        ("moved", &session, "plate", 100.0, 80.0, 50.0),
        ("scaled", &session, "plate", 50.0, 40.0, 50.0),
        ("other session", &other, "plate", 100.0, 120.0, 0.0),
        ("other label", &other, "slab", 100.0, 60.0, 0.0),
        ("label of before", &session, "plate", 100.0, 60.0, 0.0),
    ] {
        let ([_, _, z], _) =
            ball_after_smoke_run(session, &ball_on_plate(label, &shape(size, height), height, x)).await;
        // Its own radius above the plate. It fell by 0.5 mm and cannot be higher; steel sinks by hundredths.
        let expected = height + 10.0;
        assert!((z - expected).abs() < 0.5, "{what}: the ball rests at {z} mm, expected {expected} mm");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn parts_of_one_design_keep_their_own_shapes(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    // Loose posts of different heights, each with six sides: at rest, the middle of each is half its height up.
    let posts = "posts = []\n\
                 for i, height in enumerate([60, 80, 40, 120, 90, 50, 150, 30]):\n    \
                     post = extrude(RegularPolygon(15, 6), height)\n    \
                     posts.append(part(Pos(60 * (i % 4) - 90, 80 * (i // 4), 0) * post, f\"post_{i}\"))\n\
                 return Compound(children=posts)";
    let design = ball_at([-250.0, 0.0, 10.0], posts).with(|it| it.max_unit_cost = 9000.0);
    let (_, response) = ball_after_smoke_run(&ctx.session("posts"), &design).await;
    for (place, height) in [60.0, 80.0, 40.0, 120.0, 90.0, 50.0, 150.0, 30.0].into_iter().enumerate() {
        let label = format!("post_{place}");
        let post =
            result(&response).final_positions.iter().find(|body| body.body == label).expect("each post is there");
        let z = post.position_mm[2];
        assert!((z - height / 2.0).abs() < 0.5, "the middle of {label} is at {z} mm, expected {} mm", height / 2.0);
    }
    Ok(())
}

/// Where a ball of 10 mm ends that starts above or in a fixed part.
#[rstest]
#[case::thin_sheet_with_hole("Pos(0, 0, 100) * (Box(100, 100, 0.5) - Cylinder(13, 10))", [0.0, 0.0, 115.0], 10.0)]
#[case::filleted_cup(
    "Pos(0, 0, 72) * (extrude(Circle(40), 60) - fillet((Pos(0, 0, 3) * extrude(Circle(37), 60)).edges().group_by(Axis.Z)[0], 5))",
    [0.0, 0.0, 86.0],
    85.0
)]
#[case::filleted_tray(
    "Pos(0, 0, 80) * (extrude(Rectangle(100, 80), 30) - Pos(0, 0, 8) * fillet(fillet(extrude(Rectangle(84, 64), 40)\
     .edges().filter_by(Axis.Z), 10).edges().group_by(Axis.Z)[0], 8))",
    [0.0, 0.0, 99.0],
    98.0
)]
#[case::bowl(
    "Pos(0, 0, 150) * (Sphere(103) - Sphere(100) - Pos(0, 0, 100) * Box(300, 300, 200))",
    [0.0, 0.0, 61.0],
    60.0
)]
#[case::closed_box("Pos(0, 0, 30) * (Box(60, 60, 60) - Box(56, 56, 56))", [0.0, 0.0, 13.0], 12.0)]
#[case::perforated_plate(
    "Pos(0, 0, 100) * (Box(180, 180, 6) - GridLocations(32, 32, 5, 5) * Cylinder(12, 10))",
    [32.0, -64.0, 114.0],
    10.0
)]
#[tokio::test]
async fn hollows_and_holes_are_empty(
    #[future(awt)] ctx: Context,
    #[case] shape: &str,
    #[case] start: [f64; 3],
    #[case] expected: f64,
) -> anyhow::Result<()> {
    let script = format!("return Compound(children=[part({shape}, \"hollow\", fixed=True)])");
    let ([x, y, z], response) = ball_after_smoke_run(&ctx.session("hollow"), &ball_at(start, &script)).await;
    let hollow = result(&response).collision_shapes.iter().find(|it| it.body == "hollow").expect("it is a mesh");
    assert!(
        hollow.pieces > 1 && hollow.collision_error_mm <= hollow.tolerance_mm,
        "convex pieces do not follow the part: {hollow:?}"
    );
    assert!(response.warnings.is_empty(), "{:?}", response.warnings);
    // Rounds are chords: the ball lies higher by the stated error at most, and sinks in by hundredths.
    let difference = z - expected;
    assert!(
        difference > -0.2 && difference < hollow.collision_error_mm + 0.2,
        "the ball is at ({x:.2}, {y:.2}, {z:.2}), expected at {expected} mm"
    );
    Ok(())
}

#[rstest]
#[tokio::test]
async fn ball_comes_out_of_a_pipe_elbow(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    // A quarter bend of 60 mm with a bore of 24 mm: one end looks up at x = -60, the other towards +x at z = 35.
    let elbow = "ring = Pos(-60, 0, 0) * (Circle(15) - Circle(12))\n\
                 bend = Pos(0, 0, 95) * revolve(ring, Axis((0, 0, 0), (0, 1, 0)), -90)\n\
                 return Compound(children=[part(bend, \"elbow\", fixed=True)])";
    let session = ctx.session("elbow");
    let ([x, _, z], response) = ball_after_smoke_run(&session, &ball_at([-60.0, 0.0, 107.0], elbow)).await;
    let bend = result(&response).collision_shapes.iter().find(|it| it.body == "elbow").expect("it is a mesh");
    assert!(bend.collision_error_mm <= bend.tolerance_mm, "convex pieces do not follow the bend: {bend:?}");
    assert!(x > 20.0, "the ball is still in the elbow, at x = {x} mm, z = {z} mm");
    Ok(())
}

#[rstest]
#[case::ball("Sphere(10)", 2.0, 5.0 / 7.0)]
#[case::roller("Rot(90, 0, 0) * Cylinder(10, 40)", 5.0, 2.0 / 3.0)]
#[tokio::test]
async fn round_part_rolls_the_analytic_distance(
    #[future(awt)] ctx: Context,
    #[case] shape: &str,
    #[case] degrees: f64,
    #[case] share: f64,
) -> anyhow::Result<()> {
    // The slope falls towards +x; the part lies on it 100 mm above the ground.
    let script = format!(
        "slope = Pos(0, 0, 100) * Rot(0, {degrees}, 0) * Pos(0, 0, -5) * Box(500, 100, 10)\n\
         rolling = Pos(0, 0, 100) * Rot(0, {degrees}, 0) * Pos(-150, 0, 10) * {shape}\n\
         slope, rolling = part(slope, \"slope\", fixed=True), part(rolling, \"rolling\")\n\
         rolling.metadata = PartMetadata(material_id=\"abs\", manufacturing_method=ManufacturingMethod.THREE_DP)\n\
         return Compound(children=[slope, rolling])"
    );
    let design = ball_at([0.0, 200.0, 10.0], &script);
    let (_, response) = ball_after_smoke_run(&ctx.session("rolling"), &design).await;
    let result = result(&response);
    let end = result.final_positions.iter().find(|body| body.body == "rolling").expect("it is somewhere").position_mm;
    let angle = degrees.to_radians();
    let start_x = 10.0 * angle.sin() - 150.0 * angle.cos();
    let way_mm = (end[0] - start_x) / angle.cos();
    let expected_mm = 500.0 * share * GRAVITY_M_S2 * angle.sin() * 0.25;
    // Settling on the slope takes the first hundredths of a second.
    assert!((way_mm / expected_mm - 1.0).abs() < 0.05, "it rolled {way_mm} mm, expected {expected_mm} mm");
    Ok(())
}

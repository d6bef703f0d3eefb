//! INT-024 — benchmark validation covers the whole jitter range.
//!
//! Seam: environment and objectives → worker-heavy validate → design rules
//! Requirement: `validate` finds solids, zones and the moved object in each other's way over the whole randomisation:
//! smallest and largest radius, every corner of the start's jitter and samples between, not the nominal case alone.

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    gate::Gate,
};
use rstest::rstest;
use testkit::{
    Context,
    designs::{self, Design},
    objectives::{Objectives, Shape},
};

use crate::ctx;

/// A ball of radius 10 that starts at (0, 0, 500), and a fixed wall whose face stands at x = 15: 5 mm of room.
fn beside_a_wall(radius: [f64; 2], jitter: [f64; 3]) -> Design {
    let script =
        designs::script("return Compound(children=[part(Pos(25, 0, 500) * Box(20, 60, 60), \"wall\", fixed=True)])");
    let objectives = Objectives { radius: Some(radius), jitter, ..designs::ball_above_goal().objectives };
    Design { script, objectives }
}

/// A forbidden zone whose face is 12 mm from the centre of the ball.
fn trap_at_12_mm(objectives: &mut Objectives) {
    objectives.forbid_zones.push(("trap", [[12.0, -20.0, 480.0], [40.0, 20.0, 520.0]]));
}

async fn validate(ctx: &Context, design: &Design) -> BenchmarkResponse {
    let session = ctx.session("benchmark");
    session.must_hold(design).await;
    session.heavy.must_validate(&BenchmarkRequest::default()).await
}

#[rstest]
#[case::nominal([10.0, 10.0], [0.0, 0.0, 0.0])]
#[case::within_the_room([8.0, 12.0], [2.9, 40.0, 40.0])]
#[case::touching_at_the_corner([10.0, 10.0], [5.0, 0.0, 0.0])]
#[tokio::test]
async fn start_clear_in_every_case_passes(
    #[future(awt)] ctx: Context,
    #[case] radius: [f64; 2],
    #[case] jitter: [f64; 3],
) -> anyhow::Result<()> {
    let answer = validate(&ctx, &beside_a_wall(radius, jitter)).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

#[rstest]
// The corner x = +6 puts the ball 1 mm into the wall.
#[case::corner_of_the_jitter([10.0, 10.0], [6.0, 0.0, 0.0], 1.0)]
// The nominal radius 12.5 fits, the largest one does not.
#[case::largest_radius([5.0, 20.0], [0.0, 0.0, 0.0], 5.0)]
#[case::both_together([10.0, 12.0], [4.0, 4.0, 4.0], 1.0)]
#[tokio::test]
async fn start_clear_only_nominally_is_refused(
    #[future(awt)] ctx: Context,
    #[case] radius: [f64; 2],
    #[case] jitter: [f64; 3],
    #[case] depth_mm: f64,
) -> anyhow::Result<()> {
    let answer = validate(&ctx, &beside_a_wall(radius, jitter)).await;

    assert!(!answer.success, "the benchmark passed");
    assert_eq!(answer.rejected_by, Some(Gate::Validation), "{answer:#?}");
    let [only] = &answer.violations[..] else { panic!("one thing is wrong: {:#?}", answer.violations) };
    assert_eq!(only.violation.rule, "randomization.start_in_part");
    assert!(only.violation.message.contains("wall"), "{only:#?}");
    // The wall is flat and the ball exact, so the worst case's depth is known but for the third decimal of the answer.
    let told = only.violation.measured.as_ref().and_then(|measured| measured["depth_mm"].as_f64());
    assert!(told.is_some_and(|told| (told - depth_mm).abs() <= 0.001), "{depth_mm} mm is not reported: {only:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn switched_off_jitter_moves_nothing(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let design = beside_a_wall([10.0, 10.0], [6.0, 0.0, 0.0]).with(|it| it.jitter_enabled = false);
    let answer = validate(&ctx, &design).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn ball_inside_a_closed_part_is_found(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    // No surface crosses the ball: it is swallowed whole.
    let script =
        designs::script("return Compound(children=[part(Pos(0, 0, 480) * Box(100, 100, 100), \"rock\", fixed=True)])");
    let answer = validate(&ctx, &Design { script, ..designs::ball_above_goal() }).await;
    let rules: Vec<_> = answer.violations.iter().map(|violation| violation.violation.rule.as_str()).collect();
    assert_eq!(rules, ["randomization.start_in_part"], "{answer:#?}");
    Ok(())
}

#[rstest]
#[case::corner_in_a_trap(trap_at_12_mm, [5.0, 0.0, 0.0], "objectives.start_in_forbid_zone")]
#[case::corner_at_a_trap(trap_at_12_mm, [2.0, 0.0, 0.0], "objectives.start_in_forbid_zone")]
#[case::corner_in_the_goal(
    |it: &mut Objectives| it.goal[1][2] = 487.0,
    [0.0, 0.0, 4.0],
    "objectives.start_in_goal"
)]
#[case::corner_out_of_bounds(
    |it: &mut Objectives| (it.build_zone[1][2], it.bounds[1][2]) = (512.0, 512.0),
    [0.0, 0.0, 4.0],
    "objectives.start_outside_bounds"
)]
#[tokio::test]
async fn start_must_clear_zones_in_every_case(
    #[future(awt)] ctx: Context,
    #[case] change: fn(&mut Objectives),
    #[case] jitter: [f64; 3],
    #[case] rule: &str,
) -> anyhow::Result<()> {
    let design = designs::ball_above_goal().with(change);
    let still = validate(&ctx, &design).await;
    assert!(still.success, "without jitter nothing is in the way: {still:#?}");
    let answer = validate(&ctx, &design.with(|it| it.jitter = jitter)).await;
    refused_for(&answer, Gate::Objectives, rule);
    Ok(())
}

#[track_caller]
fn refused_for(answer: &BenchmarkResponse, gate: Gate, rule: &str) {
    assert_eq!((answer.success, answer.rejected_by), (false, Some(gate)), "{answer:#?}");
    assert_eq!(answer.violations[0].violation.rule, rule, "{answer:#?}");
}

#[rstest]
// The simulation gives a ball without a radius 10 mm; the trap begins 12 mm from its centre.
#[case::clear([1.9, 0.0, 0.0], true)]
#[case::touching([2.0, 0.0, 0.0], false)]
#[tokio::test]
async fn ball_without_radius_gets_the_simulation_default(
    #[future(awt)] ctx: Context,
    #[case] jitter: [f64; 3],
    #[case] passes: bool,
) -> anyhow::Result<()> {
    let design = designs::ball_above_goal().with(|it| {
        it.radius = None;
        it.jitter = jitter;
        trap_at_12_mm(it);
    });
    let answer = validate(&ctx, &design).await;
    if passes {
        assert!(answer.success, "{answer:#?}");
    } else {
        refused_for(&answer, Gate::Objectives, "objectives.start_in_forbid_zone");
    }
    Ok(())
}

/// A loose block of 20 mm that is the moved object, at `place`, and objectives in which it jitters by ± `jitter` mm.
fn moved_block(place: &str, jitter: [f64; 3], others: &str) -> Design {
    let script =
        designs::script(&format!("return Compound(children=[part(Pos({place}) * Box(20, 20, 20), \"ball\"){others}])"));
    let forbid_zones = vec![("trap", [[165.0, -20.0, 280.0], [200.0, 20.0, 320.0]])];
    let objectives = Objectives { forbid_zones, jitter, ..designs::ball_above_goal().objectives };
    Design { script, objectives }
}

#[rstest]
// 5 mm of room each, of which 4.9 or 6 mm are taken.
#[case::wall(
    "0, 0, 300",
    ", part(Pos(25, 0, 300) * Box(20, 60, 60), \"wall\", fixed=True)",
    "randomization.start_in_part"
)]
#[case::goal("0, 0, 115", "", "randomization.start_in_goal")]
#[case::trap("150, 0, 300", "", "randomization.start_in_forbid_zone")]
#[case::bounds("285, 0, 300", "", "randomization.start_out_of_bounds")]
#[tokio::test]
async fn moved_part_must_fit_in_every_case(
    #[future(awt)] ctx: Context,
    #[case] place: &str,
    #[case] others: &str,
    #[case] rule: &str,
) -> anyhow::Result<()> {
    // The block is above the goal and beside everything else.
    let jitters =
        if rule.ends_with("goal") { [[0.0, 0.0, 4.9], [0.0, 0.0, 6.0]] } else { [[4.9, 0.0, 0.0], [6.0, 0.0, 0.0]] };
    let fits = validate(&ctx, &moved_block(place, jitters[0], others)).await;
    assert!(fits.success, "{fits:#?}");
    let answer = validate(&ctx, &moved_block(place, jitters[1], others)).await;
    refused_for(&answer, Gate::Validation, rule);
    let [only] = &answer.violations[..] else { panic!("one thing is wrong: {:#?}", answer.violations) };
    // All faces are flat, so the worst corner reaches 1 mm too far.
    let told = only.violation.measured.as_ref().and_then(|measured| measured["depth_mm"].as_f64());
    assert!(told.is_some_and(|told| (told - 1.0).abs() <= 0.001), "1 mm is not reported: {only:#?}");
    Ok(())
}

/// A tetrahedron whose one corner points along x, 10 mm from the centre.
const TETRAHEDRON: [[[i32; 3]; 3]; 4] = {
    let (tip, left, right, top) = ([10, 0, 0], [-10, 10, -10], [-10, -10, -10], [-10, 0, 10]);
    [[left, right, top], [tip, left, top], [tip, top, right], [tip, right, left]]
};

#[rstest]
#[case::fits([4.9, 0.0, 0.0], true)]
#[case::tip_in_the_wall([6.0, 0.0, 0.0], false)]
#[tokio::test]
async fn mesh_object_must_fit_in_every_case(
    #[future(awt)] ctx: Context,
    #[case] jitter: [f64; 3],
    #[case] passes: bool,
) -> anyhow::Result<()> {
    let facets: String = TETRAHEDRON
        .iter()
        .map(|corners| {
            let corners: String = corners.iter().map(|[x, y, z]| format!("vertex {x} {y} {z}\n")).collect();
            format!("facet normal 0 0 0\nouter loop\n{corners}endloop\nendfacet\n")
        })
        .collect();
    let session = ctx.session("mesh");
    let design = beside_a_wall([10.0, 10.0], jitter).with(|it| it.shape = Shape::Mesh("tip.stl"));
    session.must_hold(&design).await;
    session.light.must_write_file("tip.stl", &format!("solid tip\n{facets}endsolid tip\n")).await;
    let answer = session.heavy.must_validate(&BenchmarkRequest::default()).await;
    if passes {
        assert!(answer.success, "{answer:#?}");
    } else {
        refused_for(&answer, Gate::Validation, "randomization.start_in_part");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn fixed_part_cannot_be_the_moved_object(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let script =
        designs::script("return Compound(children=[part(Pos(150, 150, 20) * Box(20, 20, 20), \"ball\", fixed=True)])");
    let answer = validate(&ctx, &Design { script, ..moved_block("150, 150, 20", [0.0, 0.0, 0.0], "") }).await;
    refused_for(&answer, Gate::Validation, "randomization.moved_object_fixed");
    Ok(())
}

#[rstest]
// The goal measures 100 × 100 × 100 mm. A block of 100 × 100 mm and height h fills h % of it.
#[case::third(33, true)]
#[case::two_fifths(40, false)]
#[tokio::test]
async fn goal_may_be_obstructed_up_to_a_third(
    #[future(awt)] ctx: Context,
    #[case] height: u32,
    #[case] passes: bool,
) -> anyhow::Result<()> {
    let block = format!("Pos(0, 0, {height} / 2) * Box(100, 100, {height})");
    let script = designs::script(&format!("return Compound(children=[part({block}, \"block\", fixed=True)])"));
    let answer = validate(&ctx, &Design { script, ..designs::ball_above_goal() }).await;
    assert_eq!(answer.success, passes, "{answer:#?}");
    if !passes {
        assert_eq!(answer.violations[0].violation.rule, "randomization.goal_obstructed");
    }
    Ok(())
}

#[rstest]
#[case::apart(41.0, true)]
#[case::touching(40.0, true)]
#[case::overlapping(39.0, false)]
#[tokio::test]
async fn solids_may_touch_and_not_overlap(
    #[future(awt)] ctx: Context,
    #[case] distance: f64,
    #[case] passes: bool,
) -> anyhow::Result<()> {
    let script = designs::script(&format!(
        "return Compound(children=[\n    part(Pos(150, 150, 20) * Box(40, 40, 40), \"one\", fixed=True),\n    \
         part(Pos(150 + {distance}, 150, 20) * Box(40, 40, 40), \"two\", fixed=True),\n])"
    ));
    let answer = validate(&ctx, &Design { script, ..designs::ball_above_goal() }).await;
    assert_eq!(answer.success, passes, "{answer:#?}");
    if !passes {
        // 1 × 40 × 40 mm.
        assert!(answer.message.contains("Geometric intersection detected (volume: 1600.00"), "{}", answer.message);
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn all_faults_are_reported_at_once(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let mut design = beside_a_wall([10.0, 10.0], [6.0, 0.0, 0.0]);
    design.script = designs::script(
        "return Compound(children=[\n    part(Pos(25, 0, 500) * Box(20, 60, 60), \"wall\", fixed=True),\n    \
         part(Pos(30, 0, 500) * Box(20, 60, 60), \"second\", fixed=True),\n    \
         part(Pos(0, 0, 30) * Box(100, 100, 60), \"block\", fixed=True),\n])",
    );
    let answer = validate(&ctx, &design).await;
    let rules: Vec<_> = answer.violations.iter().map(|violation| violation.violation.rule.as_str()).collect();
    for rule in ["solid.intersection", "randomization.start_in_part", "randomization.goal_obstructed"] {
        assert!(rules.contains(&rule), "{rule} is not among {rules:?}");
    }
    Ok(())
}

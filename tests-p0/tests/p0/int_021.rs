//! INT-021 — robustness is counted over several seeds.
//!
//! Seam: worker-heavy simulate → physics, several runs side by side → answer and events
//! Requirement: a design runs under several seeds of the start's jitter; every run is told, and the aggregate counts
//! what the runs say.

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    events::EventType,
    simulation::{FailureReason, MultiRunResult},
};
use rstest::rstest;
use testkit::{
    Context, EventLog,
    designs::{self, Design},
    mechanisms,
};

use crate::ctx;

/// A ball of radius 10 that falls onto a goal of ±20 mm, with a start that jitters by ±`jitter` mm along x: whether it
/// meets the goal can be told from where it starts.
fn falling_with_jitter(jitter: f64) -> Design {
    designs::ball_above_goal().with(|it| {
        (it.goal[0][0], it.goal[1][0]) = (-20.0, 20.0);
        it.jitter[0] = jitter;
    })
}

async fn run(ctx: &Context, design: &Design, num_seeds: u32) -> BenchmarkResponse {
    let session = ctx.session("seeds");
    session.must_hold_priced(design).await;
    let request = BenchmarkRequest { num_seeds: Some(num_seeds), ..BenchmarkRequest::default() };
    session.heavy.must_simulate(&request).await
}

fn runs(response: &BenchmarkResponse) -> &MultiRunResult {
    response
        .output
        .result
        .as_ref()
        .and_then(|result| result.runs.as_ref())
        .unwrap_or_else(|| panic!("no runs: {response:#?}"))
}

#[rstest]
#[tokio::test]
async fn sturdy_design_succeeds_with_every_seed(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let response = run(&ctx, &falling_with_jitter(15.0), 5).await;
    assert!(response.success, "{}", response.message);
    let runs = runs(&response);
    assert_eq!((runs.num_runs, runs.success_count, runs.is_consistent), (5, 5, true));
    assert_eq!((runs.success_rate, runs.fail_reasons.len()), (1.0, 0));
    let seeds: Vec<_> = runs.individual_results.iter().map(|run| run.runtime_seed).collect();
    assert_eq!(seeds, [42, 43, 44, 45, 46], "the seeds go on from 42");
    let mut offsets: Vec<_> = runs.individual_results.iter().map(|run| run.start_offset_mm[0]).collect();
    offsets.sort_by(f64::total_cmp);
    offsets.dedup();
    assert_eq!(offsets.len(), 5, "two seeds gave the same start");
    Ok(())
}

/// 24 draws from a range around zero: that all lie on one side of it has a chance of 2 in 2²⁴, and that none comes
/// into the outer half of either side one of 2·(3/4)²⁴ = 0.2 % — for seeds that are the same in every run.
#[rstest]
#[tokio::test]
async fn start_jitters_to_both_sides_of_every_axis(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    const JITTER: [f64; 3] = [30.0, 20.0, 10.0];
    let jittering = designs::ball_above_goal().with(|it| it.jitter = JITTER);
    let response = run(&ctx, &jittering, 24).await;
    let runs = runs(&response);
    assert_eq!(runs.individual_results.len(), 24);
    for (axis, limit) in JITTER.into_iter().enumerate() {
        let offsets: Vec<_> = runs.individual_results.iter().map(|run| run.start_offset_mm[axis]).collect();
        assert!(offsets.iter().all(|offset| offset.abs() <= limit), "axis {axis}: {offsets:?} within ±{limit}");
        for side in [-1.0, 1.0] {
            let far = offsets.iter().any(|offset| offset * side > limit / 2.0);
            assert!(far, "axis {axis}: no start beyond {} mm: {offsets:?}", side * limit / 2.0);
        }
        let other = (axis + 1) % 3;
        let same = runs.individual_results.iter().all(|run| {
            let share = |axis: usize| run.start_offset_mm[axis] / JITTER[axis];
            (share(axis) - share(other)).abs() < 1e-9
        });
        assert!(!same, "axes {axis} and {other} move together");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn borderline_design_fails_by_its_start_offset(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let response = run(&ctx, &falling_with_jitter(60.0), 16).await;
    let runs = runs(&response);

    for run in &runs.individual_results {
        let x = run.start_offset_mm[0].abs();
        assert!(x <= 60.0, "{run:?}");
        assert_eq!(run.start_offset_mm[1..], [0.0, 0.0], "expected only x to jitter: {run:?}");
        // The ball touches the goal when its centre comes within 30 mm of the middle.
        assert_eq!(run.success, x <= 30.0, "start at {x} mm: {run:?}");
        assert_eq!(run.failure_reason, (!run.success).then_some(FailureReason::Timeout));
    }
    let succeeded = runs.individual_results.iter().filter(|run| run.success).count() as u32;
    assert!(succeeded > 0 && succeeded < 16, "expected a borderline case: {succeeded} of 16");
    assert_eq!(runs.success_count, succeeded);
    assert!((runs.success_rate - f64::from(succeeded) / 16.0).abs() < 1e-12);
    assert!(!runs.is_consistent);
    assert_eq!(runs.fail_reasons, [FailureReason::Timeout]);
    assert!(!response.success && response.failure_reason == Some(FailureReason::Timeout), "{}", response.message);
    assert!(response.message.contains(&format!("{succeeded} of 16 seeds")), "{}", response.message);

    let events = EventLog::from_answer(&response.events);
    let told: Vec<_> =
        events.of_type(EventType::SimulationResult).iter().map(|event| event["success"] == true).collect();
    let found: Vec<_> = runs.individual_results.iter().map(|run| run.success).collect();
    assert_eq!(told, found, "the events report other outcomes than the answer");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn part_with_a_similar_label_is_not_the_moved_object(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let plain = falling_with_jitter(60.0).with(|it| it.max_unit_cost = 1000.0);
    // A loose block that lies in the goal from the beginning, and a fixed one beside it: neither is on the ball's way.
    let script = designs::script(
        "return Compound(children=[\n    part(Pos(0, 40, 5) * Box(10, 10, 10), \"target\"),\n    \
         part(Pos(0, -40, 5) * Box(10, 10, 10), \"bucket_stand\", fixed=True),\n])",
    );
    let response = run(&ctx, &Design { script, ..plain }, 16).await;
    for run in &runs(&response).individual_results {
        let x = run.start_offset_mm[0].abs();
        assert_eq!(run.success, x <= 30.0, "the ball decides, and it starts at {x} mm: {run:?}");
    }
    let ball =
        response.output.result.iter().flat_map(|result| &result.final_positions).find(|body| body.body == "ball");
    assert!(ball.is_some(), "no ball was spawned: {response:#?}");
    Ok(())
}

#[rstest]
#[case::label("ball")]
#[case::target_box("target_box")]
#[tokio::test]
async fn fixed_moved_object_is_refused(#[future(awt)] ctx: Context, #[case] label: &str) -> anyhow::Result<()> {
    let script = designs::script(&format!(
        "return Compound(children=[part(Pos(150, 150, 20) * Box(40, 40, 40), \"{label}\", fixed=True)])"
    ));
    let response = run(&ctx, &Design { script, ..falling_with_jitter(15.0) }, 2).await;
    assert!(!response.success && response.message.contains("never move"), "{}", response.message);
    assert!(response.message.contains(&format!("{label:?} is fixed")), "{}", response.message);
    assert_eq!(response.output.result, None, "something was simulated");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn mechanism_works_with_five_seeds(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("paddle");
    let paddle = mechanisms::paddle().with(|it| it.jitter = [5.0, 5.0, 0.0]);
    session.must_hold_priced(&paddle).await;
    session.must_be_valid().await;
    let request = BenchmarkRequest { num_seeds: Some(5), ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    assert!(response.success, "{}: {:#?}", response.message, response.output.result);
    assert_eq!(runs(&response).success_count, 5);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn one_run_has_no_aggregate(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let response = run(&ctx, &falling_with_jitter(15.0), 1).await;
    assert_eq!(response.output.result.and_then(|result| result.runs), None);
    Ok(())
}

#[rstest]
#[case::none(0)]
#[case::too_many(65)]
#[tokio::test]
async fn impossible_number_of_seeds_is_refused(#[future(awt)] ctx: Context, #[case] count: u32) -> anyhow::Result<()> {
    let request = BenchmarkRequest { num_seeds: Some(count), ..BenchmarkRequest::default() };
    let reply = ctx.session("count").heavy.simulate(&request).await?;
    assert_eq!(reply.status.as_u16(), 422);
    assert!(reply.text().contains("num_seeds"), "{}", reply.text());
    Ok(())
}

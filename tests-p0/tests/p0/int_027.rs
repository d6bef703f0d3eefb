//! INT-027 — every run names its variant and seed.
//!
//! Seam: worker-heavy simulate → answer and events → controller's stored events
//! Requirement: static variant and runtime seed of each run stand in the answer, in the events and with the episode, and
//! the same seed repeats the run.

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    episodes::AgentRunRequest,
    events::EventType,
    limits::SIMULATION_STEP_S,
    simulation::SimulationResult,
};
use rstest::rstest;
use serde_json::json;
use testkit::{Context, EventLog, Session, designs};

use crate::ctx;

async fn jittering(ctx: &Context) -> Session {
    let session = ctx.session("seed");
    session.must_hold_priced(&designs::ball_above_goal().with(|it| it.jitter = [15.0, 15.0, 5.0])).await;
    session
}

async fn run(session: &Session, seed: Option<u64>) -> BenchmarkResponse {
    session.heavy.must_simulate(&BenchmarkRequest { seed, ..BenchmarkRequest::default() }).await
}

fn result(response: &BenchmarkResponse) -> &SimulationResult {
    response.output.result.as_ref().unwrap_or_else(|| panic!("nothing was simulated: {response:#?}"))
}

#[rstest]
// One run of a design that starts elsewhere each time says little.
#[case::five_by_default(None, &[42, 43, 44, 45, 46])]
#[case::the_given_one(Some(7), &[7])]
#[tokio::test]
async fn answer_and_events_report_variant_and_seeds(
    #[future(awt)] ctx: Context,
    #[case] asked: Option<u64>,
    #[case] seeds: &[u64],
) -> anyhow::Result<()> {
    let response = run(&jittering(&ctx).await, asked).await;
    let result = result(&response);
    assert_eq!((result.runtime_seed, result.static_variation_id.as_deref()), (seeds[0], Some("v1")));
    let runs = result.runs.iter().flat_map(|runs| &runs.individual_results).map(|run| run.runtime_seed);
    assert_eq!(runs.collect::<Vec<_>>(), if seeds.len() > 1 { seeds } else { &[] });
    let events = EventLog::from_answer(&response.events);
    let request = events.the_one(EventType::SimulationRequest);
    assert_eq!((&request["runtime_seed"], &request["static_variation_id"]), (&json!(seeds[0]), &json!("v1")));
    let told = events.of_type(EventType::SimulationResult);
    let told: Vec<_> = told
        .iter()
        .map(|event| &event["metadata"])
        .map(|metadata| (metadata["runtime_seed"].clone(), metadata["static_variation_id"].clone()))
        .collect();
    assert_eq!(told, seeds.iter().map(|seed| (json!(seed), json!("v1"))).collect::<Vec<_>>());
    Ok(())
}

#[rstest]
#[tokio::test]
async fn design_without_jitter_runs_once(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("still");
    session.must_hold_priced(&designs::ball_above_goal()).await;
    let response = run(&session, None).await;
    assert_eq!((result(&response).runtime_seed, &result(&response).runs), (42, &None));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn same_seed_repeats_the_run_and_another_does_not(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = jittering(&ctx).await;
    let (first, again, other) =
        (run(&session, Some(7)).await, run(&session, Some(7)).await, run(&session, Some(8)).await);
    assert_eq!(result(&first).trajectory, result(&again).trajectory);
    assert_eq!(result(&first).final_positions, result(&again).final_positions);
    assert_ne!(result(&first).trajectory, result(&other).trajectory);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn variant_draws_the_size_of_the_moved_object(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    const RANGE: [f64; 2] = [5.0, 40.0];
    let session = ctx.session("variant");
    session.must_hold_priced(&designs::ball_above_goal().with(|it| it.radius = Some(RANGE))).await;
    let run_variant = |id: &'static str| {
        let request = BenchmarkRequest { static_variation_id: Some(id.into()), ..BenchmarkRequest::default() };
        let session = &session;
        async move { session.heavy.must_simulate(&request).await }
    };

    let mut radii = Vec::new();
    for id in ["v1", "v2", "v1"] {
        let response = run_variant(id).await;
        let result = result(&response);
        assert_eq!(result.static_variation_id.as_deref(), Some(id));
        let drawn = result.static_variation.as_ref().expect("what the variant fixed is reported");
        let radius = drawn.moved_object_radius_mm.expect("the ball has a radius");
        assert!((RANGE[0]..=RANGE[1]).contains(&radius), "{radius} mm");
        // The ball, 500 mm up, falls until its lowest point is at the goal's top at 100 mm: √(2·(400 − r)/g).
        let expected_s = (2.0 * (0.4 - radius / 1e3) / 9.81).sqrt();
        assert!((result.ended.time_s - expected_s).abs() <= SIMULATION_STEP_S + 1e-9, "{radius} mm: {result:?}");
        let events = EventLog::from_answer(&response.events);
        assert_eq!(
            events.the_one(EventType::SimulationResult)["metadata"]["static_variation"],
            serde_json::to_value(drawn)?
        );
        radii.push(radius);
    }
    assert_eq!(radii[0], radii[2], "the same variant drew another size");
    assert!((radii[0] - radii[1]).abs() > 15.0, "a few steps of difference tell the two apart: {radii:?}");
    Ok(())
}

/// What the platform keeps by itself, without a caller that carries it anywhere.
#[rstest]
#[tokio::test]
async fn stored_result_names_variant_and_seeds(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = jittering(&ctx).await;
    for seed in [7, 100] {
        let request = BenchmarkRequest { num_seeds: Some(3), seed: Some(seed), ..BenchmarkRequest::default() };
        session.heavy.must_simulate(&request).await;
        let kept = session.light.must_read_file("simulation_result.json").await;
        let kept: serde_json::Value = serde_json::from_str(&kept)?;
        assert_eq!((&kept["static_variation_id"], &kept["runtime_seed"]), (&json!("v1"), &json!(seed)), "{kept:#}");
        let runs = kept["runs"]["individual_results"].as_array().into_iter().flatten();
        let seeds: Vec<_> = runs.map(|run| run["runtime_seed"].clone()).collect();
        assert_eq!(seeds, [seed, seed + 1, seed + 2].map(|seed| json!(seed)), "{kept:#}");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn episode_keeps_variant_and_seed_of_every_run(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = jittering(&ctx).await;
    let request = BenchmarkRequest { num_seeds: Some(3), seed: Some(100), ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    let controller = ctx.controller();
    let task: AgentRunRequest = serde_json::from_value(json!({ "task": "seeds", "session_id": session.id }))?;
    let episode = controller.must_make_test_episode(&task).await;

    controller.must_ingest_events(episode, response.events.clone()).await;

    let stored = EventLog::from_stored(&controller.must_events(episode).await);
    let told: Vec<_> = stored
        .of_type(EventType::SimulationResult)
        .iter()
        .map(|event| (event["metadata"]["runtime_seed"].clone(), event["metadata"]["static_variation_id"].clone()))
        .collect();
    assert_eq!(told, [100, 101, 102].map(|seed| (json!(seed), json!("v1"))));
    Ok(())
}

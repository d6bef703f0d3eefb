//! INT-004 — one simulation at a time.
//!
//! Seam: worker-heavy queue → simulate
//! Requirement: simulations that are asked for side by side run one after another, each told its place in the queue;
//! light work goes on meanwhile; a caller that goes away gives its place back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    events::EventType,
};
use futures::future::join_all;
use rstest::rstest;
use testkit::{Context, EventLog, LONG, Session, designs, unix_time, wait_for};

use crate::ctx;

async fn with_busy_design(ctx: &Context, name: &str) -> Session {
    let session = ctx.session(name);
    session.must_hold_priced(&designs::busy_heap()).await;
    session
}

/// The most runs that one call may ask for.
const MOST_RUNS: usize = 64;
/// So many runs one after another are long enough to distinguish runs that end early from runs that continue.
const RUNS_A_CORE: usize = 8;

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock past 1970").as_secs_f64()
}

/// Start and end of the engine's work, in seconds since 1970.
fn engine_time(response: &BenchmarkResponse) -> (f64, f64) {
    let events = EventLog::from_answer(&response.events);
    let time = |name| unix_time(events.the_one(name)).expect("an event carries its time");
    (time(EventType::SimulationBackendSelected), time(EventType::SimulationResult))
}

#[rstest]
#[tokio::test]
async fn light_work_continues_during_a_simulation(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = with_busy_design(&ctx, "heavy").await;
    let other = ctx.session("light");
    let request = BenchmarkRequest::default();
    let simulation = session.heavy.must_simulate(&request);
    tokio::pin!(simulation);
    // The call may have to wait behind those of other tests, so light work is done until it answers.
    let mut executions = Vec::new();
    let simulated = loop {
        let begun = now();
        let execution = other.light.must_execute("print(6 * 7)", 20);
        let (simulated, outcome) = tokio::select! {
            simulated = &mut simulation => (Some(simulated), None),
            outcome = execution => (None, Some(outcome)),
        };
        if let Some(outcome) = outcome {
            assert_eq!(outcome.stdout.trim(), "42");
            executions.push((begun, now()));
        }
        if let Some(simulated) = simulated {
            break simulated;
        }
    };
    let events = EventLog::from_answer(&simulated.events);
    let engine_began =
        unix_time(events.the_one(EventType::SimulationBackendSelected)).expect("an event carries its time");
    let results = events.of_type(EventType::SimulationResult);
    let engine_ended = results.iter().filter_map(|event| unix_time(event)).fold(0.0, f64::max);
    let meanwhile = executions.iter().any(|(begun, ended)| engine_began < *begun && *ended < engine_ended);
    assert!(meanwhile, "no execution began and ended between {engine_began} and {engine_ended}: {executions:?}");
    Ok(())
}

/// Emits an event, as a file that others can see, and another one after they had time to take it.
const SLOW_EVENTS: &str = "\
import time
from shared.observability.events import emit_event
emit_event('slow_run', number=1)
open('begun.txt', 'w').write('begun')
time.sleep(3)
emit_event('slow_run', number=2)
";

#[rstest]
#[tokio::test]
async fn heavy_call_takes_no_events_of_a_light_run(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("shared");
    session.must_hold(&designs::ball_above_goal()).await;
    let run = session.light.must_execute(SLOW_EVENTS, 60);
    let validation = async {
        let look = || session.light.must_exist_or_not("begun.txt");
        wait_for("the light run to begin", LONG, look, |begun| *begun).await;
        session.heavy.must_validate(&BenchmarkRequest::default()).await
    };
    let (run, validated) = tokio::join!(run, validation);
    let numbers: Vec<_> = run.events.iter().map(|event| event["number"].as_i64()).collect();
    assert_eq!(numbers, [Some(1), Some(2)], "{run:#?}");
    let taken = validated.events.iter().filter(|event| event["event_type"] == "slow_run").count();
    assert_eq!(taken, 0, "the heavy call took events of the light run: {:#?}", validated.events);
    Ok(())
}

/// Has the stack to itself, since the queue of the shared one has other tests' calls in it.
mod alone {
    use super::*;
    use crate::quiet_ctx;

    /// On a stack of its own: the queue of the shared one has other tests' calls in it. Booting one takes longer than both
    /// of these, so they share it. Neither disturbs the stack, so that an external one, beside which none can be started, is
    /// judged as well.
    #[rstest]
    #[tokio::test]
    async fn queue_serialises_calls_and_drops_departed_ones(#[future(awt)] quiet_ctx: Context) -> anyhow::Result<()> {
        parallel_simulations_run_one_after_another(&quiet_ctx).await?;
        caller_that_goes_away_frees_the_queue(&quiet_ctx).await
    }

    async fn parallel_simulations_run_one_after_another(ctx: &Context) -> anyhow::Result<()> {
        let mut sessions = Vec::new();
        for number in 0..3 {
            sessions.push(with_busy_design(ctx, &format!("queued-{number}")).await);
        }

        let request = BenchmarkRequest::default();
        let responses = join_all(sessions.iter().map(|session| session.heavy.must_simulate(&request))).await;

        let mut runs: Vec<_> = responses.iter().map(engine_time).collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        for pair in runs.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "two simulations overlapped: {runs:?}");
            assert!(pair[0].1 > pair[0].0, "a simulation took no time, so nothing was shown: {runs:?}");
        }
        let mut positions: Vec<_> = responses.iter().map(|response| response.queue_position).collect();
        positions.sort_unstable();
        if ctx.stack().is_private() {
            assert_eq!(positions, [1, 2, 3]);
        } else {
            // Others may wait in the same queue; three callers still have three places.
            assert!(positions.windows(2).all(|pair| pair[0] < pair[1]), "{positions:?}");
        }
        for response in &responses {
            let told = response.message.contains(&format!("(Queued: wait position {})", response.queue_position));
            assert_eq!(told, response.queue_position > 1, "{}", response.message);
        }
        Ok(())
    }

    async fn caller_that_goes_away_frees_the_queue(ctx: &Context) -> anyhow::Result<()> {
        let (impatient, patient) = (with_busy_design(ctx, "impatient").await, with_busy_design(ctx, "patient").await);
        // What the design takes: from the call to the engine, and one run of it.
        let called = now();
        let (started, ended) = engine_time(&patient.heavy.must_simulate(&BenchmarkRequest::default()).await);
        let (way, run) = (started - called, ended - started);

        let cores = std::thread::available_parallelism()?.get();
        let runs = (RUNS_A_CORE * cores).min(MOST_RUNS);
        let many = BenchmarkRequest { num_seeds: Some(runs as u32), ..BenchmarkRequest::default() };
        let called = now();
        // By then the engine is at work: the way there may take twice as long this time.
        let patience = Duration::from_secs_f64(2.0 * way + run / 4.0);
        let cut_off = tokio::time::timeout(patience, impatient.heavy.simulate(&many)).await;
        assert!(cut_off.is_err(), "the design is too quick to be cut off");
        let abandoned = now();

        let smoke = BenchmarkRequest { smoke_test_mode: true, ..BenchmarkRequest::default() };
        let response = patient.heavy.must_simulate(&smoke).await;
        assert!(response.output.result.is_some(), "{response:?}");
        // The abandoned runs, left alone, would run for another `left` from here; on all cores at once they are no
        // faster than this. The next call needs its way, and must be there before half of it.
        let (started, _) = engine_time(&response);
        let left = called + way + run * runs as f64 / cores as f64 - abandoned;
        let waited = started - abandoned;
        assert!(waited < way + left / 2.0, "waited {waited} s; the abandoned runs would have taken {left} s more");
        let last = patient.heavy.must_simulate(&smoke).await;
        if ctx.stack().is_private() {
            assert_eq!(last.queue_position, 1, "the abandoned call still holds its place");
        }
        Ok(())
    }
}

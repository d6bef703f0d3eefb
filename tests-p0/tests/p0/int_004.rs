//! INT-004 — one simulation at a time.
//!
//! Seam: worker-heavy queue → simulate
//! Requirement: simulations that are asked for side by side run one after another, each told its place in the queue;
//! light work goes on meanwhile; a caller that goes away gives its place back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    events::names::{SIMULATION_BACKEND_SELECTED, SIMULATION_RESULT},
};
use futures::future::join_all;
use rstest::rstest;
use testkit::{Context, EventLog, Session, designs, unix_time};

use crate::private_ctx;

async fn with_busy_design(ctx: &Context, name: &str) -> Session {
    let session = ctx.session(name);
    session.must_hold_priced(&designs::busy_heap()).await;
    session
}

/// Start and end of the engine's work, in seconds since 1970.
fn engine_time(response: &BenchmarkResponse) -> (f64, f64) {
    let events = EventLog::from_answer(&response.events);
    let time = |name| unix_time(events.the_one(name)).expect("an event carries its time");
    (time(SIMULATION_BACKEND_SELECTED), time(SIMULATION_RESULT))
}

/// A stack of its own: the queue of the shared one has other tests' calls in it.
#[rstest]
#[tokio::test]
async fn parallel_simulations_run_one_after_another(#[future(awt)] private_ctx: Context) -> anyhow::Result<()> {
    let ctx = private_ctx;
    let mut sessions = Vec::new();
    for number in 0..3 {
        sessions.push(with_busy_design(&ctx, &format!("queued-{number}")).await);
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
    assert_eq!(positions, [1, 2, 3]);
    for response in &responses {
        let told = response.message.contains(&format!("(Queued: wait position {})", response.queue_position));
        assert_eq!(told, response.queue_position > 1, "{}", response.message);
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn light_work_goes_on_while_a_simulation_runs(#[future(awt)] private_ctx: Context) -> anyhow::Result<()> {
    let ctx = private_ctx;
    let session = with_busy_design(&ctx, "heavy").await;
    let other = ctx.session("light");
    let request = BenchmarkRequest::default();
    let simulation = session.heavy.must_simulate(&request);
    let execution = async {
        let outcome = other.light.must_execute("print(6 * 7)", 20).await;
        (SystemTime::now(), outcome)
    };
    let (simulated, (executed, outcome)) = tokio::join!(simulation, execution);
    assert_eq!(outcome.stdout.trim(), "42");
    let (_, engine_ended) = engine_time(&simulated);
    let executed = executed.duration_since(UNIX_EPOCH)?.as_secs_f64();
    assert!(executed < engine_ended, "the execution ended only after the simulation: it was held up");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn caller_that_goes_away_frees_the_queue(#[future(awt)] private_ctx: Context) -> anyhow::Result<()> {
    let ctx = private_ctx;
    let (impatient, patient) = (with_busy_design(&ctx, "impatient").await, with_busy_design(&ctx, "patient").await);
    let request = BenchmarkRequest::default();
    let cut_off = tokio::time::timeout(Duration::from_millis(400), impatient.heavy.simulate(&request)).await;
    assert!(cut_off.is_err(), "the design is too quick to be cut off");
    let abandoned = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();

    let response = patient.heavy.must_simulate(&request).await;
    assert!(response.result.is_some(), "{response:?}");
    // Had the worker kept the slot for the abandoned run, this one would have waited for nearly all of a run of the
    // same design.
    let (started, ended) = engine_time(&response);
    assert!(started - abandoned < (ended - started) / 2.0, "waited {} s", started - abandoned);
    let smoke = BenchmarkRequest { smoke_test_mode: true, ..BenchmarkRequest::default() };
    let last = patient.heavy.must_simulate(&smoke).await;
    assert_eq!(last.queue_position, 1, "the abandoned call still holds its place");
    Ok(())
}

//! INT-101 — the physics backend can be chosen.
//!
//! Seam: objectives and request → worker-heavy simulate → `simulation_backend_selected`
//! What is shown is selection and telling: both names are served by one engine here, and the answer says so (see the
//! note in the ledger).
//! Requirement: the request's backend counts before `physics.backend` of the objectives, and genesis where neither says
//! anything; the answer and the event tell which engine really ran.

use contract::{backend::SimulatorBackend, benchmark::BenchmarkRequest};
use rstest::rstest;
use serde_json::json;
use testkit::{Context, EventLog, designs, designs::Design};

use crate::ctx;

fn choosing(physics: &str) -> Design {
    let plain = designs::ball_above_goal();
    if physics.is_empty() { plain } else { plain.with(|it| physics.clone_into(&mut it.more)) }
}

#[rstest]
#[case::nothing_said("", None, SimulatorBackend::Genesis)]
#[case::objectives_say_mujoco("physics: {backend: mujoco}\n", None, SimulatorBackend::Mujoco)]
#[case::objectives_say_genesis("physics: {backend: genesis}\n", None, SimulatorBackend::Genesis)]
#[case::request_says_mujoco("physics: {backend: genesis}\n", Some(SimulatorBackend::Mujoco), SimulatorBackend::Mujoco)]
#[case::request_says_genesis(
    "physics: {backend: mujoco}\n",
    Some(SimulatorBackend::Genesis),
    SimulatorBackend::Genesis
)]
#[tokio::test]
async fn chosen_backend_runs_and_is_reported(
    #[future(awt)] ctx: Context,
    #[case] physics: &str,
    #[case] requested: Option<SimulatorBackend>,
    #[case] expected: SimulatorBackend,
) -> anyhow::Result<()> {
    let session = ctx.session("backend");
    session.must_hold_priced(&choosing(physics)).await;
    let request = BenchmarkRequest { backend: requested, ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    assert!(response.success, "{}", response.message);
    let result = response.output.result.expect("it was simulated");
    assert_eq!(result.backend, expected);
    let events = EventLog::from_answer(&response.events);
    // The name is the seed's, not the constant of the crate that the stack shares with us.
    let chosen = events.the_one("simulation_backend_selected");
    assert_eq!(chosen["backend"], json!(expected));
    // Whichever engine it is: the answer and the event name the same, with a version.
    assert_eq!(chosen["engine"], result.engine);
    let (name, version) = result.engine.split_once(' ').unwrap_or_default();
    assert!(!name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit()), "{}", result.engine);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn unknown_backend_is_refused_in_file_and_request(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("unknown");
    session.must_hold(&choosing("physics: {backend: bullet}\n")).await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(!response.success && response.message.contains("physics.backend"), "{}", response.message);
    assert!(
        response.violations.iter().any(|violation| violation.violation.message.contains("bullet")),
        "{:#?}",
        response.violations
    );

    let headers = [(contract::session::SESSION_HEADER, session.id.as_str())];
    let body = json!({ "backend": "bullet" });
    let reply = session.heavy.call(testkit::Method::POST, "/benchmark/simulate", &headers, Some(&body)).await?;
    assert_eq!(reply.status.as_u16(), 422);
    assert!(reply.text().contains("backend"), "{}", reply.text());
    Ok(())
}

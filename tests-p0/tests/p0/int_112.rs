//! INT-112 — rigid benchmarks are untouched by fluids and stress.
//!
//! Seam: objectives → worker-heavy simulate
//! Requirement: with the default backend and no such feature asked for, fluid and stress settings change nothing: the
//! run is the same to the last step.

use contract::{
    backend::SimulatorBackend,
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    simulation::{FailureReason, SimulationResult},
};
use rstest::rstest;
use serde_json::json;
use testkit::{Context, EventLog, designs, designs::Design};

use crate::ctx;

/// The run of a design for which nobody chose a backend; the event of the choice must name Genesis.
async fn simulate(ctx: &Context, purpose: &str, design: &Design) -> SimulationResult {
    let session = ctx.session(purpose);
    session.must_hold_priced(design).await;
    let reply = session.heavy.simulate(&BenchmarkRequest::default()).await.expect("an answer");
    let artifacts = &reply.json()["artifacts"];
    for list in ["stress_summaries", "fluid_metrics"] {
        assert_eq!(artifacts[list], json!([]), "{purpose}: {artifacts}");
    }
    let response: BenchmarkResponse = serde_json::from_value(reply.json()).expect("a simulation's answer");
    let events = EventLog::from_answer(&response.events);
    assert_eq!(events.the_one("simulation_backend_selected")["backend"], "genesis", "{purpose}");
    response.output.result.unwrap_or_else(|| panic!("nothing was simulated: {}", response.message))
}

#[rstest]
#[case::falls_into_goal(designs::ball_above_goal(), None)]
#[case::falls_into_trap(designs::ball_above_trap(), Some(FailureReason::ForbidZoneHit))]
#[case::rolls_out(designs::ball_on_ramp_out_of_bounds(), Some(FailureReason::OutOfBounds))]
#[tokio::test]
async fn inactive_sections_change_nothing(
    #[future(awt)] ctx: Context,
    #[case] design: Design,
    #[case] failure: Option<FailureReason>,
) -> anyhow::Result<()> {
    let inactive = design.clone().with(|it| {
        it.more = "fluids: []\nphysics: {fem_enabled: false, compute_target: auto}\n".to_owned();
        it.more_goals = "  fluid_objectives: []\n  stress_objectives: []\n";
    });
    let plain = simulate(&ctx, "plain", &design).await;
    let inactive = simulate(&ctx, "inactive", &inactive).await;
    assert_eq!(plain, inactive);
    assert_eq!(plain.backend, SimulatorBackend::Genesis);
    assert_eq!((plain.success, plain.failure_reason), (failure.is_none(), failure), "{}", plain.summary);
    assert!(plain.steps > 0 && !plain.trajectory.is_empty());
    Ok(())
}

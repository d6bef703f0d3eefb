//! INT-109 — a physically unstable run is aborted.
//!
//! Seam: worker-heavy simulate → physics → answer and `physics_instability` event
//! Requirement: kinetic energy above the limit aborts the run as `physics_instability`, with the event of that name that
//! tells energy, threshold and step; a run that is merely fast goes on.

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    events::EventType,
    limits::MAX_KINETIC_ENERGY_J,
    simulation::FailureReason,
};
use rstest::rstest;
use testkit::{
    Context, EventLog,
    mechanisms::{self, Mechanism},
};

use crate::ctx;

async fn simulate(ctx: &Context, mechanism: &Mechanism) -> BenchmarkResponse {
    let session = ctx.session("energy");
    session.must_hold_priced(mechanism).await;
    session.heavy.must_simulate(&BenchmarkRequest::default()).await
}

#[rstest]
// A torque of 1 kN·m on a disc of 10⁻⁴ kg·m²: τ²t²/2I passes the 10⁶ J after 15 ms and would be 4·10¹² J in the end.
#[case::runaway("{mode: on_off, speed: 1000.0, frequency: 0.01}", None, MAX_KINETIC_ENERGY_J)]
// 100 rad/s are 0.54 J.
#[case::over_the_objectives_own_limit("{mode: constant, speed: 100.0}", Some(0.1), 0.1)]
#[tokio::test]
async fn energy_above_the_limit_ends_the_run(
    #[future(awt)] ctx: Context,
    #[case] control: &str,
    #[case] limit: Option<f64>,
    #[case] threshold: f64,
) -> anyhow::Result<()> {
    let mut disc = mechanisms::driven_disc(control);
    if let Some(limit) = limit {
        disc = disc.with(|it| it.more = format!("physics: {{max_kinetic_energy_j: {limit}}}\n"));
    }
    let response = simulate(&ctx, &disc).await;

    assert_eq!(response.failure_reason, Some(FailureReason::PhysicsInstability), "{}", response.message);
    assert!(response.message.contains("PHYSICS_INSTABILITY"), "{}", response.message);
    let result = response.output.result.expect("it was simulated");
    assert!(result.ended.time_s < 0.1, "it went on until {} s", result.ended.time_s);
    let events = EventLog::from_answer(&response.events);
    let told = events.the_one(EventType::PhysicsInstability);
    assert_eq!(told["threshold"].as_f64(), Some(threshold));
    assert!(told["kinetic_energy"].as_f64().is_some_and(|energy| energy > threshold), "{told:?}");
    assert_eq!(told["step"].as_u64(), Some(result.steps));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn fast_run_below_the_energy_limit_continues(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let response = simulate(&ctx, &mechanisms::driven_disc("{mode: constant, speed: 100.0}")).await;
    assert_eq!(response.failure_reason, Some(FailureReason::Timeout), "{}", response.message);
    let result = response.output.result.expect("it was simulated");
    let energy = mechanisms::DISC_INERTIA_KG_M2 * 100.0_f64.powi(2) / 2.0;
    // The mesh of a disc has a little less inertia than the disc: facets of 0.1 rad at most leave (0.1²/12) out.
    assert!(
        (result.max_kinetic_energy_j / energy - 1.0).abs() < 0.002,
        "{} J, expected {energy} J",
        result.max_kinetic_energy_j
    );
    assert!(EventLog::from_answer(&response.events).of_type(EventType::PhysicsInstability).is_empty());
    Ok(())
}

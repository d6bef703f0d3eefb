//! INT-127 — without electronics every motor has power.
//!
//! Seam: assembly definition without electronics → worker-heavy simulate
//! Requirement: a design without an electronics section moves exactly as one whose motors all have full power.

use contract::{benchmark::BenchmarkRequest, simulation::SimulationResult};
use rstest::rstest;
use testkit::{Context, Session, mechanisms};

use crate::ctx;

async fn simulate(session: &Session, request: &BenchmarkRequest) -> SimulationResult {
    let response = session.heavy.must_simulate(request).await;
    response.result.unwrap_or_else(|| panic!("nothing was simulated: {}", response.message))
}

#[rstest]
#[tokio::test]
async fn no_electronics_is_full_power(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("paddle");
    session.must_hold_mechanism(&mechanisms::paddle()).await;
    let silent = simulate(&session, &BenchmarkRequest::default()).await;
    let power = |share: f64| BenchmarkRequest {
        motor_power: [("paddle".to_owned(), share)].into(),
        ..BenchmarkRequest::default()
    };
    let powered = simulate(&session, &power(1.0)).await;
    let starved = simulate(&session, &power(0.0)).await;
    assert!(silent.success, "{}", silent.summary);
    assert_eq!(silent, powered);
    assert!(
        !starved.success && starved.trajectory != silent.trajectory,
        "power makes no difference: {}",
        starved.summary
    );
    Ok(())
}

//! INT-127 — without electronics every motor has power.
//!
//! Seam: assembly definition without electronics → worker-heavy simulate
//! Requirement: a design without an electronics section moves exactly as one whose motors all have full power.

use std::collections::BTreeSet;

use contract::{benchmark::BenchmarkRequest, simulation::SimulationResult};
use rstest::rstest;
use testkit::{Context, Session, mechanisms};

use crate::ctx;

async fn simulate(session: &Session, request: &BenchmarkRequest) -> SimulationResult {
    let response = session.heavy.must_simulate(request).await;
    response.output.result.unwrap_or_else(|| panic!("nothing was simulated: {}", response.message))
}

/// Every motor, not only the first: three discs, of which the request starves each in turn.
#[rstest]
#[tokio::test]
async fn every_motor_has_full_power(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("discs");
    session.must_hold_priced(&mechanisms::three_discs("{mode: constant, speed: 2.0, force_limit: 0.01}")).await;
    let smoke = BenchmarkRequest { smoke_test_mode: true, ..BenchmarkRequest::default() };
    let silent = simulate(&session, &smoke).await;
    let discs = mechanisms::THREE_DISCS;
    assert_eq!(silent.motors.iter().map(|motor| motor.part.as_str()).collect::<BTreeSet<_>>(), BTreeSet::from(discs));
    for motor in &silent.motors {
        assert_eq!(motor.power, 1.0, "{motor:?}");
        // Half a second at 2 rad/s; 0.01 N·m speed a disc of 10⁻⁴ kg·m² up within 0.02 s.
        assert!((0.9..=1.01).contains(&motor.final_place), "{motor:?}");
    }
    let all = discs.map(|disc| (disc.to_owned(), 1.0)).into();
    assert_eq!(silent, simulate(&session, &BenchmarkRequest { motor_power: all, ..smoke.clone() }).await);
    for starved in discs {
        let power = [(starved.to_owned(), 0.0)].into();
        let result = simulate(&session, &BenchmarkRequest { motor_power: power, ..smoke.clone() }).await;
        for motor in &result.motors {
            assert_eq!(motor.final_place.abs() < 1e-6, motor.part == starved, "without power of {starved}: {motor:?}");
        }
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn motor_without_electronics_has_full_power(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("paddle");
    session.must_hold_priced(&mechanisms::paddle()).await;
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

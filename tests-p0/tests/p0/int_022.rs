//! INT-022 — motors are clamped and can overload.
//!
//! Seam: assembly definition → worker-heavy simulate → physics → answer and events
//! Requirement: a motor never exceeds its force range; one that stays at its limit for 2 s ends the run as
//! `motor_overload` and is named, one that does not stay there goes on.

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    events::names::SIMULATION_RESULT,
    simulation::FailureReason,
};
use rstest::rstest;
use testkit::{
    Context, EventLog,
    mechanisms::{self, Mechanism},
};

use crate::ctx;

async fn simulate(ctx: &Context, mechanism: &Mechanism) -> BenchmarkResponse {
    let session = ctx.session("motor");
    session.must_hold_mechanism(mechanism).await;
    session.heavy.must_simulate(&BenchmarkRequest::default()).await
}

#[rstest]
#[tokio::test]
async fn blocked_motor_overloads_after_two_seconds(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let blocked = mechanisms::blocked_arm("{mode: constant, speed: 10.0, force_limit: 0.05}");
    let response = simulate(&ctx, &blocked).await;

    assert_eq!(response.failure_reason, Some(FailureReason::MotorOverload), "{}", response.message);
    assert!(
        response.message.contains("MOTOR_OVERLOAD") && response.message.contains("\"arm\""),
        "{}",
        response.message
    );
    let result = response.result.expect("it was simulated");
    // The arm meets the post within a few hundredths of a second; from then on the motor is at its limit.
    assert!((2.0..2.2).contains(&result.ended.time_s), "{} s", result.ended.time_s);
    assert_eq!(result.ended.body.as_deref(), Some("arm"));
    let motor = &result.motors[0];
    assert_eq!((motor.part.as_str(), motor.force_limit), ("arm", Some(0.05)));
    assert!((motor.peak_force - 0.05).abs() < 1e-9, "the force was not clamped: {motor:?}");
    let events = EventLog::from_answer(&response.events);
    assert_eq!(events.the_one(SIMULATION_RESULT)["metadata"]["overloaded_motor"], "arm");
    assert_eq!(events.the_one(SIMULATION_RESULT)["failure_reason"], "motor_overload");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn weak_command_pushes_as_hard_as_the_motor_can(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    // The arm has 3·10⁻⁴ kg·m²: regulating 0.5 rad/s in proportion alone, with what a step of 2 ms can follow, would
    // push with 0.08 N·m for ever. A drive's integral goes on until the motor gives all it has.
    let blocked = mechanisms::blocked_arm("{mode: constant, speed: 0.5, force_limit: 0.5}");
    let response = simulate(&ctx, &blocked).await;
    assert_eq!(response.failure_reason, Some(FailureReason::MotorOverload), "{}", response.message);
    let result = response.result.expect("it was simulated");
    assert!((result.motors[0].peak_force - 0.5).abs() < 1e-9, "{:?}", result.motors);
    assert!((2.0..3.0).contains(&result.ended.time_s), "{} s", result.ended.time_s);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn strong_motor_turns_freely(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let free = mechanisms::driven_disc("{mode: constant, speed: 2.0, force_limit: 0.05}");
    let response = simulate(&ctx, &free).await;
    assert_eq!(response.failure_reason, Some(FailureReason::Timeout), "the ball never moves: {}", response.message);
    let result = response.result.expect("it was simulated");
    let motor = &result.motors[0];
    // 2 rad/s for 30 s, less what the integral of the regulator takes to get there: 4·I/kv = 8 ms, or 0.016 rad.
    assert!((motor.final_place - 60.0).abs() < 0.02, "{motor:?}");
    assert!(motor.peak_force <= 0.05 + 1e-12, "{motor:?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn command_beyond_the_limit_is_clamped(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    // On for the first half of a period of 3.8 s: 1.9 s at the limit, which is not too long, then nothing.
    let disc = mechanisms::driven_disc("{mode: on_off, speed: 5.0, frequency: 0.263157, force_limit: 0.0001}");
    let response = simulate(&ctx, &disc).await;
    let result = response.result.expect("it was simulated");
    assert_eq!(result.failure_reason, Some(FailureReason::Timeout), "{}", response.message);
    assert!((result.motors[0].peak_force - 0.0001).abs() < 1e-12, "{:?}", result.motors);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn unlimited_motor_never_overloads(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let blocked = mechanisms::blocked_arm("{mode: constant, speed: 0.05}");
    let response = simulate(&ctx, &blocked).await;
    assert_eq!(response.failure_reason, Some(FailureReason::Timeout), "{}", response.message);
    assert_eq!(response.result.expect("it was simulated").motors[0].force_limit, None);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn servo_of_the_catalogue_limits_what_turns_on_it(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let response = simulate(&ctx, &mechanisms::paddle()).await;
    assert!(response.success, "{}", response.message);
    // MG996R: 0.98 N·m.
    assert_eq!(response.result.expect("it was simulated").motors[0].force_limit, Some(0.98));
    Ok(())
}

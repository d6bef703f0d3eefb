//! INT-022 — motors are clamped and can overload.
//!
//! Seam: assembly definition → worker-heavy simulate → physics → answer and events
//! Requirement: a motor never exceeds its force range; one that stays at its limit for 2 s ends the run as
//! `motor_overload` and is named, one that does not stay there goes on.

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    events::EventType,
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
    session.must_hold_priced(mechanism).await;
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
    let result = response.output.result.expect("it was simulated");
    // The arm meets the post within a few hundredths of a second; from then on the motor is at its limit.
    assert!((2.0..2.2).contains(&result.ended.time_s), "{} s", result.ended.time_s);
    assert_eq!(result.ended.body.as_deref(), Some("arm"));
    let motor = &result.motors[0];
    assert_eq!((motor.part.as_str(), motor.force_limit), ("arm", Some(0.05)));
    assert!((motor.peak_force - 0.05).abs() < 1e-9, "the force was not clamped: {motor:?}");
    let events = EventLog::from_answer(&response.events);
    assert_eq!(events.the_one(EventType::SimulationResult)["metadata"]["overloaded_motor"], "arm");
    assert_eq!(events.the_one(EventType::SimulationResult)["failure_reason"], "motor_overload");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn weak_command_pushes_as_hard_as_the_motor_can(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    // Regulating 0.1 rad/s in proportion alone, with the contract's 1 N·m·s/rad, would push with 0.1 N·m for ever. A
    // drive's integral grows until the motor gives all it has.
    let blocked = mechanisms::blocked_arm("{mode: constant, speed: 0.1, force_limit: 0.5}");
    let response = simulate(&ctx, &blocked).await;
    assert_eq!(response.failure_reason, Some(FailureReason::MotorOverload), "{}", response.message);
    let result = response.output.result.expect("it was simulated");
    assert!((result.motors[0].peak_force - 0.5).abs() < 1e-9, "{:?}", result.motors);
    // The post is 0.07 rad away.
    assert!((2.0..4.0).contains(&result.ended.time_s), "{} s", result.ended.time_s);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn strong_motor_turns_freely(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let free = mechanisms::driven_disc("{mode: constant, speed: 2.0, force_limit: 0.05}");
    let response = simulate(&ctx, &free).await;
    assert_eq!(response.failure_reason, Some(FailureReason::Timeout), "the ball never moves: {}", response.message);
    let result = response.output.result.expect("it was simulated");
    let motor = &result.motors[0];
    // 2 rad/s for 30 s, less what the integral of the regulator takes to get there: 8 ms, or 0.016 rad.
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
    let result = response.output.result.expect("it was simulated");
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
    assert_eq!(response.output.result.expect("it was simulated").motors[0].force_limit, None);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn catalogue_servo_limits_its_joints_torque(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let response = simulate(&ctx, &mechanisms::paddle()).await;
    assert!(response.success, "{}", response.message);
    // MG996R: 0.98 N·m.
    assert_eq!(response.output.result.expect("it was simulated").motors[0].force_limit, Some(0.98));
    Ok(())
}

/// Angle of the disc after a number of samples of 30 ms, rad.
fn angle(response: &BenchmarkResponse, sample: usize) -> f64 {
    let result =
        response.output.result.as_ref().unwrap_or_else(|| panic!("nothing was simulated: {}", response.message));
    let [w, _, _, z] = result.trajectory[sample].quaternion;
    2.0 * f64::atan2(z, w)
}

#[rstest]
#[tokio::test]
async fn servo_follows_a_step_with_the_contracts_gains(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let response = simulate(&ctx, &mechanisms::disc_on_servo("{mode: position, speed: 1.0}")).await;
    // I·θ″ + kv·θ′ + kp·(θ − 1) = 0 with kp = 0.98/0.2 N·m/rad, kv = 0.1·kp and I = 1.0857·10⁻⁴ kg·m² has its poles at
    // 10.02/s and 4503/s: θ = 1 − 1.0022·e^(−10.02·t). At first the torque is at its limit, for a millisecond or two,
    // which costs 10 rad/s · 1 ms · e^(−10·t), less than 0.008 rad after 30 ms.
    for sample in 1..=3 {
        let time_s = 0.03 * sample as f64;
        let expected = 1.0 - 1.0022 * (-10.02 * time_s).exp();
        let angle = angle(&response, sample);
        assert!((angle - expected).abs() < 0.008, "{angle} rad after {time_s} s, expected {expected} rad");
    }
    // It starts with 7 to 10 rad/s, and the servo of the catalogue has 6.16 rad/s.
    let told = response.warnings.iter().any(|told| told.contains("\"disc\"") && told.contains("6.16 rad/s"));
    assert!(told, "nothing says that the real servo is slower: {:?}", response.warnings);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn servo_turns_at_its_catalogue_speed(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let response = simulate(&ctx, &mechanisms::disc_on_servo("{mode: constant, speed: 100.0}")).await;
    let told = response.warnings.iter().any(|told| told.contains("\"disc\"") && told.contains("6.16 rad/s"));
    assert!(told, "the limit is not reported: {:?}", response.warnings);
    let result = response.output.result.expect("it was simulated");
    // From rest within hundredths of a second, then evenly for 30 s.
    assert!((result.motors[0].final_place / (6.16 * 30.0) - 1.0).abs() < 0.005, "{:?}", result.motors);
    Ok(())
}

#[rstest]
#[case::other_axis(&["rotate_x"])]
#[case::other_kind(&["slide_z"])]
#[case::one_too_many(&["rotate_z", "rotate_x"])]
#[tokio::test]
async fn freedoms_contradicting_the_joint_are_refused(
    #[future(awt)] ctx: Context,
    #[case] dofs: &[&'static str],
) -> anyhow::Result<()> {
    let wrong = mechanisms::driven_disc("{mode: constant, speed: 2.0, force_limit: 0.05}")
        .with_assembly(|it| it.placed[0].dofs = dofs.to_vec());
    let session = ctx.session("freedom");
    session.must_hold(&wrong).await;
    let response = session.heavy.must_validate(&BenchmarkRequest::default()).await;
    assert!(!response.success, "{response:#?}");
    for word in ["assembly_definition.yaml: final_assembly", "\"disc\"", &dofs.join(", "), "[rotate_z]"] {
        assert!(response.message.contains(word), "{word} is missing: {}", response.message);
    }
    Ok(())
}

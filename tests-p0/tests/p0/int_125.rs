//! INT-125 — motors need power to turn.
//!
//! Seam: request's gate factors → worker-heavy simulate → physics
//! Requirement: a motor with a controller but without power gives no torque; with power it gives the expected one, and
//! with half of it half.

use contract::{benchmark::BenchmarkRequest, simulation::MotorReport};
use rstest::rstest;
use serde_json::json;
use testkit::{Context, mechanisms};

use crate::ctx;

/// N·m, on for the whole run: the first half of a period of 100 s.
const TORQUE: f64 = 1e-4;
const CONTROL: &str = "{mode: on_off, speed: 0.0001, frequency: 0.01}";

async fn motor(ctx: &Context, power: f64) -> MotorReport {
    let session = ctx.session("power");
    session.must_hold_priced(&mechanisms::driven_disc(CONTROL)).await;
    let request = BenchmarkRequest { motor_power: [("disc".to_owned(), power)].into(), ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    let result = response.output.result.unwrap_or_else(|| panic!("nothing was simulated: {}", response.message));
    result.motors.into_iter().next().expect("the disc has a motor")
}

#[rstest]
#[case::without(0.0)]
#[case::half(0.5)]
#[case::full(1.0)]
#[tokio::test]
async fn torque_is_proportional_to_power(#[future(awt)] ctx: Context, #[case] power: f64) -> anyhow::Result<()> {
    let motor = motor(&ctx, power).await;
    assert!((motor.peak_force - TORQUE * power).abs() < 1e-12, "{motor:?}");
    assert_eq!(motor.power, power);
    // φ = τt²/2I after 30 s, with the disc's inertia to 0.2 % (see INT-109).
    let angle = TORQUE * power * 30.0_f64.powi(2) / (2.0 * mechanisms::DISC_INERTIA_KG_M2);
    assert!((motor.final_place - angle).abs() <= 0.002 * angle, "{} rad, expected {angle}", motor.final_place);
    Ok(())
}

#[rstest]
#[case::hold("{mode: hold, speed: 0.0, force_limit: 2.0}")]
#[case::position("{mode: position, speed: 50.0, force_limit: 2.0}")]
#[case::speed("{mode: constant, speed: 20.0, force_limit: 2.0}")]
#[tokio::test]
async fn motor_without_power_carries_nothing(#[future(awt)] ctx: Context, #[case] control: &str) -> anyhow::Result<()> {
    let session = ctx.session("lift");
    session.must_hold_priced(&mechanisms::lifted_carriage(control)).await;
    let mut ends = Vec::new();
    for power in [0.0, 0.049, 1.0] {
        let request = BenchmarkRequest {
            motor_power: [("carriage".to_owned(), power)].into(),
            smoke_test_mode: true,
            ..BenchmarkRequest::default()
        };
        let response = session.heavy.must_simulate(&request).await;
        let result = response.output.result.unwrap_or_else(|| panic!("nothing was simulated: {}", response.message));
        let motor = &result.motors[0];
        assert_eq!(motor.peak_force > 0.0, power == 1.0, "{motor:?}");
        ends.push(motor.final_place);
    }
    // It hangs 90 mm above the floor, which a fall takes 0.14 s for; half a second is simulated.
    assert!((ends[0] + 90.0).abs() < 1.0, "without power it falls, and it is at {} mm", ends[0]);
    assert_eq!(ends[0], ends[1], "less than a twentieth of the power counts as none");
    // A motor as stiff as the step can follow sags by 4h²·g = 0.16 mm under it.
    assert!(ends[2] > -0.2, "with power it does not fall, and it is at {} mm", ends[2]);
    Ok(())
}

/// Power belongs to its motor: of three alike, each turns by its own share.
#[rstest]
#[tokio::test]
async fn each_motor_gets_its_own_power(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    const SHARES: [f64; 3] = [0.0, 0.5, 1.0];
    let session = ctx.session("three");
    session.must_hold_priced(&mechanisms::three_discs(CONTROL)).await;
    let motor_power = mechanisms::THREE_DISCS.into_iter().map(str::to_owned).zip(SHARES).collect();
    let request = BenchmarkRequest { motor_power, smoke_test_mode: true, ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    let result = response.output.result.unwrap_or_else(|| panic!("nothing was simulated: {}", response.message));
    for (name, share) in mechanisms::THREE_DISCS.into_iter().zip(SHARES) {
        let motor =
            result.motors.iter().find(|motor| motor.part == name).unwrap_or_else(|| panic!("{name} has no motor"));
        assert_eq!(motor.power, share, "{motor:?}");
        assert!((motor.peak_force - TORQUE * share).abs() < 1e-12, "{motor:?}, expected {share} of {TORQUE} N·m");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn power_for_an_undriven_part_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("unknown");
    session.must_hold_priced(&mechanisms::driven_disc(CONTROL)).await;
    let request = BenchmarkRequest { motor_power: [("wheel".to_owned(), 1.0)].into(), ..BenchmarkRequest::default() };
    let response = session.heavy.must_simulate(&request).await;
    assert!(!response.success && response.message.contains("wheel"), "{}", response.message);
    assert_eq!(response.output.result, None);

    let headers = [(contract::session::SESSION_HEADER, session.id.as_str())];
    let body = json!({ "motor_power": { "disc": 1.5 } });
    let reply = session.heavy.call(testkit::Method::POST, "/benchmark/simulate", &headers, Some(&body)).await?;
    assert_eq!(reply.status.as_u16(), 422);
    assert!(reply.text().contains("motor_power"), "{}", reply.text());
    Ok(())
}

//! INT-112 — rigid benchmarks are untouched by fluids and stress.
//!
//! Seam: objectives → worker-heavy simulate
//! Requirement: with the default backend and no such feature asked for, fluid and stress settings change nothing: the
//! run is the same to the last step.

use contract::{benchmark::BenchmarkRequest, simulation::SimulationResult};
use rstest::rstest;
use testkit::{Context, designs, designs::Design};

use crate::ctx;

async fn simulate(ctx: &Context, purpose: &str, design: &Design) -> SimulationResult {
    let session = ctx.session(purpose);
    session.must_hold_priced(design).await;
    let response = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    response.result.unwrap_or_else(|| panic!("nothing was simulated: {}", response.message))
}

#[rstest]
#[case::falls_into_goal(designs::ball_above_goal())]
#[case::falls_into_trap(designs::ball_above_trap())]
#[case::rolls_out(designs::ball_on_ramp_out_of_bounds())]
#[tokio::test]
async fn inactive_sections_change_nothing(#[future(awt)] ctx: Context, #[case] design: Design) -> anyhow::Result<()> {
    let inactive = "fluids: []\nphysics: {fem_enabled: false, compute_target: auto}\nconstraints:";
    let objectives = design
        .objectives
        .replace("constraints:", inactive)
        .replace("  build_zone:", "  fluid_objectives: []\n  stress_objectives: []\n  build_zone:");
    assert!(objectives.contains("fluids: []") && objectives.contains("stress_objectives: []"), "{objectives}");
    let plain = simulate(&ctx, "plain", &design).await;
    let dressed = simulate(&ctx, "dressed", &Design { objectives, ..design }).await;
    assert_eq!(plain, dressed);
    assert!(plain.steps > 0 && !plain.trajectory.is_empty());
    Ok(())
}

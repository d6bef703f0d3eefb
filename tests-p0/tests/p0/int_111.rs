//! INT-111 — pricing checks material data for stress analysis.
//!
//! Seam: worker-heavy `validate_and_price` → workbench → `manufacturing_config.yaml`
//! Requirement: where `fem_enabled` meets the genesis backend, a part whose material lacks strength data is refused, and
//! the missing fields are named; without either, the same part passes.

use contract::{
    handover::Gate,
    simulation::SimulatorBackend,
    workbench::{PriceRequest, PriceResponse},
};
use rstest::rstest;
use testkit::{Context, solutions::Solution};

use crate::ctx;

/// Fields that stress analysis needs of a material.
const FEM_FIELDS: [&str; 4] = ["youngs_modulus_pa", "poissons_ratio", "yield_stress_pa", "ultimate_stress_pa"];

/// The bracket printed of `material`; `pla` is configured without strength data, `abs` with it.
async fn priced(ctx: &Context, material: &str, physics: &str, backend: Option<SimulatorBackend>) -> PriceResponse {
    let session = ctx.session("fem");
    let solution = Solution::bracket()
        .with("script.py", "aluminum_6061", material)
        .with("script.py", "ManufacturingMethod.CNC", "ManufacturingMethod.THREE_DP")
        .with("objectives.yaml", "constraints:", &format!("physics: {physics}\nconstraints:"));
    session.must_hold_solution(&solution).await;
    session.heavy.must_validate_and_price(&PriceRequest { backend, ..PriceRequest::default() }).await
}

#[rstest]
#[case::by_default("{fem_enabled: true}", None)]
#[case::in_the_objectives("{fem_enabled: true, backend: genesis}", None)]
#[case::in_the_request("{fem_enabled: true, backend: mujoco}", Some(SimulatorBackend::Genesis))]
#[tokio::test]
async fn material_without_strength_data_is_refused(
    #[future(awt)] ctx: Context,
    #[case] physics: &str,
    #[case] backend: Option<SimulatorBackend>,
) -> anyhow::Result<()> {
    let answer = priced(&ctx, "pla", physics, backend).await;
    assert!(!answer.success, "{answer:#?}");
    assert_eq!(answer.rejected_by, Some(Gate::Manufacturability));
    assert!(answer.message.contains("FEM Validation Error: Material 'pla'"), "{}", answer.message);
    for field in FEM_FIELDS {
        assert!(answer.message.contains(field), "{field} is not named: {}", answer.message);
    }
    Ok(())
}

#[rstest]
#[case::with_data("abs", "{fem_enabled: true, backend: genesis}", None)]
#[case::without_stress("pla", "{fem_enabled: false, backend: genesis}", None)]
#[case::other_backend("pla", "{fem_enabled: true, backend: mujoco}", None)]
#[case::other_backend_in_the_request("pla", "{fem_enabled: true, backend: genesis}", Some(SimulatorBackend::Mujoco))]
#[tokio::test]
async fn where_no_stress_is_computed_no_data_is_needed(
    #[future(awt)] ctx: Context,
    #[case] material: &str,
    #[case] physics: &str,
    #[case] backend: Option<SimulatorBackend>,
) -> anyhow::Result<()> {
    let answer = priced(&ctx, material, physics, backend).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

//! INT-111 — pricing checks material data for stress analysis.
//!
//! Seam: worker-heavy `validate_and_price` → workbench → `manufacturing_config.yaml`
//! Requirement: where `fem_enabled` meets the genesis backend, a part whose material lacks strength data is refused, and
//! the missing fields are named; without either, the same part passes. A pass counts only where the objectives ask for
//! no more.

use contract::{
    backend::SimulatorBackend,
    benchmark::BenchmarkRequest,
    gate::Gate,
    handover::SubmitRequest,
    workbench::{PriceRequest, PriceResponse},
};
use rstest::rstest;
use testkit::{Context, Session, solutions::Solution};

use crate::ctx;

/// Fields that stress analysis needs of a material.
const FEM_FIELDS: [&str; 4] = ["youngs_modulus_pa", "poissons_ratio", "yield_stress_pa", "ultimate_stress_pa"];

/// The bracket printed of `material`; `pla` is configured without strength data, `abs` with it.
async fn holding(ctx: &Context, material: &str, physics: &str) -> Session {
    let session = ctx.session("fem");
    let metadata = format!("PartMetadata(material_id={material:?}, manufacturing_method=ManufacturingMethod.THREE_DP)");
    let solution = Solution::bracket()
        .with_script(|it| it.metadata = metadata)
        .with_objectives(|it| it.more = format!("physics: {physics}\n"));
    session.must_hold(&solution).await;
    session
}

async fn price(session: &Session, backend: Option<SimulatorBackend>) -> PriceResponse {
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
    let answer = price(&holding(&ctx, "pla", physics).await, backend).await;
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
async fn strength_data_is_optional_without_fem(
    #[future(awt)] ctx: Context,
    #[case] material: &str,
    #[case] physics: &str,
    #[case] backend: Option<SimulatorBackend>,
) -> anyhow::Result<()> {
    let answer = price(&holding(&ctx, material, physics).await, backend).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

#[rstest]
#[case::never_checked(false, Gate::Pricing, "/benchmark/validate_and_price")]
#[case::refused_before(true, Gate::Manufacturability, "FEM Validation Error: Material 'pla'")]
#[tokio::test]
async fn check_for_an_easier_backend_unlocks_nothing(
    #[future(awt)] ctx: Context,
    #[case] checked_before: bool,
    #[case] gate: Gate,
    #[case] words: &str,
) -> anyhow::Result<()> {
    let session = holding(&ctx, "pla", "{fem_enabled: true, backend: genesis}").await;
    session.must_be_valid().await;
    if checked_before {
        assert!(!price(&session, None).await.success);
    }
    let easier = price(&session, Some(SimulatorBackend::Mujoco)).await;
    assert!(easier.success, "{easier:#?}");
    let told = easier.warnings.iter().any(|warning| warning.contains("opens no way"));
    assert!(told, "nothing says that it does not count: {:?}", easier.warnings);

    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    let submitted = session.heavy.must_submit(&SubmitRequest::default()).await;
    for (tool, rejected_by, message) in
        [("simulate", simulated.rejected_by, simulated.message), ("submit", submitted.rejected_by, submitted.message)]
    {
        assert_eq!(rejected_by, Some(gate), "{tool}: {message}");
        assert!(message.contains(words), "{tool}: {words:?} is not in: {message}");
    }
    Ok(())
}

#[rstest]
#[case::with_data("abs", "{fem_enabled: true, backend: genesis}")]
#[case::without_stress("pla", "{fem_enabled: true, backend: mujoco}")]
#[tokio::test]
async fn check_matching_the_objectives_unlocks_submission(
    #[future(awt)] ctx: Context,
    #[case] material: &str,
    #[case] physics: &str,
) -> anyhow::Result<()> {
    let session = holding(&ctx, material, physics).await;
    session.must_be_valid().await;
    let answer = price(&session, None).await;
    assert!(answer.success && answer.warnings.is_empty(), "{answer:#?}");
    let submitted = session.heavy.must_submit(&SubmitRequest::default()).await;
    assert!(submitted.success, "{submitted:#?}");
    Ok(())
}

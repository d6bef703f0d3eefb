//! INT-035 — only configured materials are accepted.
//!
//! Seam: script metadata → worker-heavy validate, `validate_and_price`, analyze and simulate → `manufacturing_config.yaml`
//! Requirement: a material that the configuration does not list is refused by every tool, with its id and the ids that
//! are listed; a missing one is refused and never defaulted.

use contract::{
    benchmark::BenchmarkRequest,
    design_source::DesignSource,
    gate::Gate,
    part_metadata::ManufacturingMethod,
    workbench::{AnalyzeRequest, PriceRequest},
};
use rstest::rstest;
use testkit::{Context, Session, solutions::Solution};

use crate::ctx;

/// The bracket with other metadata.
async fn made_of(ctx: &Context, metadata: &str) -> Session {
    let session = ctx.session("material");
    let solution = Solution::bracket()
        .with_script(|it| it.metadata = format!("PartMetadata({metadata})"))
        // A print of ABS or PLA is cheap, a moulded one is not; the caps are not what this is about.
        .with_objectives(|it| it.max_unit_cost = 150_000.0)
        .with_assembly(|it| it.benchmark.usd = 150_000.0);
    session.must_hold(&solution).await;
    session
}

#[rstest]
#[case::as_listed("material_id=\"aluminum_6061\", manufacturing_method=\"cnc\"")]
#[case::with_hyphens("material_id=\"aluminum-6061\", manufacturing_method=\"cnc\"")]
#[case::abs("material_id=\"abs\", manufacturing_method=\"3dp\"")]
#[tokio::test]
async fn listed_material_is_accepted(#[future(awt)] ctx: Context, #[case] metadata: &str) -> anyhow::Result<()> {
    let session = made_of(&ctx, metadata).await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(simulated.success, "{simulated:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn unlisted_material_is_refused_by_every_tool(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = made_of(&ctx, "material_id=\"unobtainium\", manufacturing_method=\"cnc\"").await;
    let tells = |tool: &str, message: &str| {
        for word in ["unobtainium", "aluminum_6061", "abs", "silicone_rubber"] {
            assert!(message.contains(word), "{tool} does not name {word}: {message}");
        }
    };

    let validated = session.heavy.must_validate(&BenchmarkRequest::default()).await;
    assert!(!validated.success);
    tells("validate", &validated.message);

    let priced = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
    assert_eq!(priced.rejected_by, Some(Gate::Manufacturability), "{priced:#?}");
    tells("validate_and_price", &priced.message);

    let request = AnalyzeRequest { design: DesignSource::default(), method: ManufacturingMethod::Cnc, quantity: 1 };
    let analyzed = session.heavy.must_analyze(&request).await;
    assert!(!analyzed.is_manufacturable);
    assert_eq!(analyzed.unit_cost, 0.0, "a price was made up");
    tells("analyze", &analyzed.violations.join("; "));

    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert_eq!((simulated.rejected_by, simulated.output.result), (Some(Gate::Manufacturability), None));
    tells("simulate", &simulated.message);
    Ok(())
}

#[rstest]
#[case::milled_plastic("material_id=\"abs\", manufacturing_method=\"cnc\"", "abs")]
#[case::printed_metal("material_id=\"aluminum_6061\", manufacturing_method=\"3dp\"", "aluminum_6061")]
#[tokio::test]
async fn material_unsuited_to_the_method_is_refused(
    #[future(awt)] ctx: Context,
    #[case] metadata: &str,
    #[case] material: &str,
) -> anyhow::Result<()> {
    let session = made_of(&ctx, metadata).await;
    let priced = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
    assert_eq!(priced.rejected_by, Some(Gate::Manufacturability), "{priced:#?}");
    assert!(priced.message.contains(material), "{}", priced.message);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn part_without_a_material_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = made_of(&ctx, "manufacturing_method=\"cnc\"").await;
    let priced = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
    assert!(!priced.success && priced.output.report.is_none(), "{priced:#?}");
    assert!(priced.message.contains("material_id"), "{}", priced.message);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn material_of_the_session_needs_its_file(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = made_of(&ctx, "material_id=\"unobtainium\", manufacturing_method=\"cnc\"").await;
    let unknown = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
    assert_eq!(unknown.rejected_by, Some(Gate::Manufacturability), "{unknown:#?}");

    // The session's own figures count for its own trials; what is submitted is priced by the platform's (INT-018).
    let own = "materials:\n  unobtainium: {name: u, density_g_cm3: 0.1, cost_per_kg: 0.01, compatibility: [cnc]}\n";
    session.light.must_write_file("manufacturing_config.yaml", own).await;
    let known = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
    assert_eq!(known.rejected_by, None, "{known:#?}");
    assert!(known.output.report.is_some(), "{known:#?}");
    Ok(())
}

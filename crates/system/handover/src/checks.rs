//! Checks of a content that are missing or failed, by its receipts.

use contract::{
    gate::{Finding, Gate},
    violations::Violation,
};

use crate::{
    built::Built,
    receipts::{Priced, Receipts, SessionReceipts, Simulated, Validated},
};

/// What keeps a built design from work that needs it priced: no receipt, or one that failed.
///
/// # Errors
/// The receipt cannot be read.
pub async fn missing_price<R: Receipts>(receipts: &SessionReceipts<R>, built: &Built) -> anyhow::Result<Vec<Finding>> {
    let receipt = receipts.of_content::<Priced>(&built.key).await?;
    let Some(receipt) = receipt.filter(|receipt| receipt.in_benchmark == built.baseline.is_some()) else {
        let sentence = format!(
            "Prior pricing missing. Call /benchmark/validate_and_price for exactly this script, objectives.yaml and \
             assembly_definition.yaml first, without quantity and backend{}",
            built.since_the_last_check()
        );
        return Ok(vec![Gate::Pricing.finding(Violation::new("script.py", "design.not_priced", sentence))]);
    };
    Ok(receipt.findings)
}

/// What keeps a built design from its submission: validation, pricing, and a simulation that was not a smoke run.
///
/// # Errors
/// A receipt cannot be read.
pub async fn missing_checks<R: Receipts>(
    receipts: &SessionReceipts<R>,
    built: &Built,
    is_smoke: bool,
) -> anyhow::Result<Vec<Finding>> {
    let validated = receipts.of_content::<Validated>(&built.key).await?;
    let Some(validated) = validated.filter(|receipt| receipt.in_benchmark == built.baseline.is_some()) else {
        let sentence = format!(
            "Prior validation missing. Call /benchmark/validate before submission: exactly this content was never \
             validated{}",
            built.since_the_last_check()
        );
        return Ok(vec![Gate::Validation.finding(Violation::new("script.py", "design.not_validated", sentence))]);
    };
    if !validated.passed {
        // A failed receipt without findings must not pass either.
        let unknown = || Gate::Validation.finding(Violation::new("script.py", "design.not_valid", "Validation failed"));
        return Ok(if validated.findings.is_empty() { vec![unknown()] } else { validated.findings });
    }
    let unpriced = missing_price(receipts, built).await?;
    if !unpriced.is_empty() {
        return Ok(unpriced);
    }
    let simulated = receipts.of_content::<Simulated>(&built.key).await?;
    if is_smoke || simulated.is_some_and(|receipt| receipt.is_smoke) {
        let sentence = "Submission rejected (Smoke): a smoke run is approximate and no basis for a submission; simulate \
                        this content without smoke_test_mode";
        return Ok(vec![Gate::Smoke.finding(Violation::new("script.py", "design.smoke_result", sentence))]);
    }
    Ok(Vec::new())
}

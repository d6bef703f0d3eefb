//! `validate_and_price` and `analyze`: can it be made, what does it cost and weigh?

use std::{collections::BTreeMap, sync::atomic::AtomicBool, time::Instant};

use anyhow::Context;
use chrono::Utc;
use contract::{
    events::{EventBody, ManufacturabilityCheck, ManufacturabilityFacts},
    session::SessionId,
    tool::ToolAnswer,
    workbench::{
        AnalyzeRequest, PriceOutput, PriceReport, PriceRequest, PriceResponse, WorkbenchMetadata, WorkbenchResult,
    },
};
use design::Design;
use handover::{NotBuilt, Priced, Refusal, Workshop, keep_parts};
use materials::Materials;
use serde_json::{Map, Value};
use service::ServiceError;
use workbench::PricedDesign;

use crate::{
    call::Call,
    pricing::{self, Terms},
    tools::Tools,
};

/// Serves one check of a whole design; the call waits for its turn. The verdict is recorded for exactly this content
/// when it was asked as the objectives ask: at their quantity, with the material data that their backend needs.
pub async fn validate_and_price(
    tools: &Tools,
    session: &SessionId,
    request: &PriceRequest,
) -> Result<PriceResponse, ServiceError> {
    let request = request.clone();
    tools.call(session, &request.design.clone(), move |call| async move { price(&call, &request).await }).await
}

async fn price(call: &Call, request: &PriceRequest) -> Result<PriceResponse, NotBuilt> {
    let mut stages = BTreeMap::new();
    let begun = Instant::now();
    let built = call.build_checked(&request.design, false).await?;
    stages.insert("build".to_owned(), milliseconds(begun));

    let own_terms = Terms::of(&PriceRequest::default(), built.objectives.as_ref());
    let terms = Terms::of(request, built.objectives.as_ref());
    let begun = Instant::now();
    let pricing = call.turn.work(pricing::task(&built.design), move |cancel| {
        let priced = pricing::price(&built, terms, &built.materials, cancel);
        (built, priced)
    });
    let (mut built, priced) = pricing.await?;
    let mut priced = priced.context("pricing returned nothing, but nobody cancelled it")?;
    stages.insert("price".to_owned(), milliseconds(begun));

    let begun = Instant::now();
    if terms == own_terms {
        let receipt = Priced {
            findings: priced.findings.clone(),
            unpriced: priced.unpriced.clone(),
            unit_cost: priced.report.unit_cost,
            weight_g: priced.report.weight_g,
            in_benchmark: built.baseline.is_some(),
            at: Utc::now(),
        };
        built = keep_parts(call.receipts(), built).await?;
        call.receipts().write_of_content(&built.key, receipt).await?;
    } else {
        priced.warnings.push(
            "this answer opens no way to simulation and submission, because it was asked with another quantity or \
             backend than objectives.yaml has; ask without them"
                .to_owned(),
        );
    }
    stages.insert("record".to_owned(), milliseconds(begun));
    for part in &priced.report.parts {
        call.emit(EventBody::ManufacturabilityCheck(ManufacturabilityCheck {
            part_id: part.label.clone(),
            method: part.method,
            result: part.result.is_manufacturable,
            price: part.result.unit_cost,
            weight_g: part.result.weight_g,
            metadata: ManufacturabilityFacts {
                cots_id: part.cots_id.clone(),
                violations: part.result.violations.clone(),
            },
        }));
    }
    let PricedDesign { report, findings, mut warnings, unpriced: _ } = priced;
    warnings.extend(built.design.notes.iter().cloned());
    let answer = if findings.is_empty() {
        PriceResponse { success: true, message: summary(&report), ..PriceResponse::default() }
    } else {
        let refusal = Refusal::of(findings);
        let message = refusal.named_message();
        refusal.answer(message)
    };
    let output = PriceOutput { report: Some(report), content_sha256: Some(built.key), stage_ms: stages };
    Ok(PriceResponse { warnings, output, ..answer })
}

fn summary(report: &PriceReport) -> String {
    format!(
        "Validation and pricing successful: {} parts, ${:.2} and {:.1} g a unit at {} units",
        report.parts.len(),
        report.unit_cost,
        report.weight_g,
        report.quantity
    )
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// Serves the analysis of a design by one method, whatever its parts say; the call waits for its turn.
pub async fn analyze(
    tools: &Tools,
    session: &SessionId,
    request: &AnalyzeRequest,
) -> Result<WorkbenchResult, ServiceError> {
    let request = request.clone();
    let design = request.design.clone();
    let answer = tools.call(session, &design, move |call| async move {
        let output = analyze_in_turn(&call, request).await?;
        Ok(ToolAnswer { success: true, output: Some(output), ..ToolAnswer::default() })
    });
    let ToolAnswer { message, output, .. } = answer.await?;
    Ok(output.unwrap_or_else(|| not_analyzed(message)))
}

async fn analyze_in_turn(call: &Call, request: AnalyzeRequest) -> Result<WorkbenchResult, NotBuilt> {
    let built = call.build_checked(&request.design, false).await?;
    // By the platform's file, whatever the session has: the analysis is of one method and not of the session.
    let materials = call.tools.materials.clone();
    let analyzing = call
        .turn
        .work(pricing::task(&built.design), move |cancel| analyzed(&built.design, &request, &materials, cancel));
    Ok(analyzing.await?)
}

/// The answer where there is no part to analyse, with the reason.
fn not_analyzed(sentence: String) -> WorkbenchResult {
    WorkbenchResult {
        is_manufacturable: false,
        unit_cost: 0.0,
        weight_g: 0.0,
        violations: vec![sentence],
        metadata: WorkbenchMetadata::default(),
    }
}

/// One part is analysed as it is; of several the verdicts are joined and the prices added, each part being made by
/// itself.
fn analyzed(design: &Design, request: &AnalyzeRequest, materials: &Materials, cancel: &AtomicBool) -> WorkbenchResult {
    let parts: Vec<_> = design.parts.iter().filter(|part| !part.is_zone()).collect();
    let mut results: Vec<_> = parts
        .iter()
        .map(|part| {
            let material = part.metadata().and_then(|metadata| metadata.material_id.as_deref());
            let AnalyzeRequest { method, quantity, .. } = *request;
            workbench::analyze_unless(&materials.config, &(*part).into(), method, material, quantity, false, cancel)
        })
        .collect();
    let dof_count = workbench::dof_count(parts.iter().map(|part| part.is_fixed()));
    if let [only] = &mut results[..] {
        only.metadata.dof_count = Some(dof_count);
        return only.clone();
    }
    if results.is_empty() {
        return not_analyzed("the script builds zones only; let build() return a part to make as well".to_owned());
    }
    let named = parts.iter().zip(&results).flat_map(|(part, result)| {
        result.violations.iter().map(move |sentence| format!("part {:?}: {sentence}", part.label))
    });
    let by_part: Map<String, Value> = parts
        .iter()
        .zip(&results)
        .map(|(part, result)| (part.label.clone(), serde_json::to_value(result).unwrap_or_default()))
        .collect();
    WorkbenchResult {
        is_manufacturable: results.iter().all(|result| result.is_manufacturable),
        unit_cost: results.iter().map(|result| result.unit_cost).sum(),
        weight_g: results.iter().map(|result| result.weight_g).sum(),
        violations: named.collect(),
        metadata: WorkbenchMetadata {
            undercut_count: results.iter().filter_map(|result| result.metadata.undercut_count).reduce(|a, b| a + b),
            dof_count: Some(dof_count),
            dof_warning: workbench::dof_warning(dof_count),
            additional_info: Map::from_iter([("parts".to_owned(), Value::Object(by_part))]),
            ..WorkbenchMetadata::default()
        },
    }
}

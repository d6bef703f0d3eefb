//! `validate_and_price` and `analyze`: can it be made, what does it cost and weigh?

use std::{
    collections::BTreeMap,
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

use anyhow::Context;
use chrono::Utc;
use contract::{
    backend::SimulatorBackend,
    events::{event, names},
    gate::{Gate, Stage},
    handover::Baseline,
    objectives::Objectives,
    part_metadata::PartMetadata,
    session::SessionId,
    violations::Violation,
    workbench::{AnalyzeRequest, PriceReport, PriceRequest, PriceResponse, WorkbenchMetadata, WorkbenchResult},
};
use design::{Design, Part};
use design_rules::moved_part;
use materials::Materials;
use serde_json::{Map, Value, json};
use service::ServiceError;
use workbench::{DesignPart, PricedDesign};

use crate::{
    content::limits_of,
    queue::{Task, Turn},
    records::Priced,
    refusal::Refusal,
    tools::{Built, NotBuilt, Tools, size_of},
};

/// Longest time of checking and pricing what a script built.
const PRICING_LIMIT: Duration = Duration::from_mins(1);

/// Serves one check of a whole design; the call waits for its turn. The verdict is recorded for exactly this content
/// when it was asked as the objectives ask: at their quantity, with the material data that their backend needs.
pub async fn validate_and_price(
    tools: &Tools,
    session: &SessionId,
    request: &PriceRequest,
) -> Result<PriceResponse, ServiceError> {
    let (session, request) = (session.clone(), request.clone());
    tools
        .in_turn(&[&session.clone()], move |tools, turn| async move {
            price_in_turn(&tools, &turn, &session, &request).await
        })
        .await
}

async fn price_in_turn(
    tools: &Tools,
    turn: &Turn,
    session: &SessionId,
    request: &PriceRequest,
) -> Result<PriceResponse, ServiceError> {
    let mut events = Vec::new();
    let mut stages = BTreeMap::new();
    let begun = Instant::now();
    let built = match tools.build(turn, session, &request.design, false, &mut events).await {
        Ok(built) => built,
        Err(cause) => return Ok(refused(Refusal::not_built(cause)?, turn, events)),
    };
    stages.insert("build".to_owned(), milliseconds(begun));

    let own_terms = Terms::of(&PriceRequest::default(), built.objectives.as_ref());
    let terms = Terms::of(request, built.objectives.as_ref());
    let begun = Instant::now();
    let baseline = tools.session_note::<Baseline>(session).await?;
    let in_benchmark = baseline.is_some();
    let pricing = turn.work(pricing(&built.design), move |cancel| {
        let priced = price(&built, terms, baseline.as_ref(), &built.materials, cancel);
        (built, priced)
    });
    let (mut built, priced) = match pricing.await {
        Ok(done) => done,
        Err(cause) => return Ok(refused(Refusal::not_built(cause.into())?, turn, events)),
    };
    let mut priced = priced.context("pricing was ended by nobody")?;
    stages.insert("price".to_owned(), milliseconds(begun));

    let begun = Instant::now();
    if terms == own_terms {
        let record = Priced {
            findings: priced.findings.clone(),
            unpriced: priced.unpriced.clone(),
            unit_cost: priced.report.unit_cost,
            weight_g: priced.report.weight_g,
            in_benchmark,
            at: Utc::now(),
        };
        built = tools.keep_parts(session, built).await?;
        tools.note_content(session, &built.key, record).await?;
    } else {
        priced.warnings.push(
            "this answer opens no way to simulation and submission, because it was asked with another quantity or \
             backend than objectives.yaml has; ask without them"
                .to_owned(),
        );
    }
    stages.insert("record".to_owned(), milliseconds(begun));
    events.extend(priced.report.parts.iter().map(|part| {
        let fields = json!({
            "part_id": part.label,
            "method": part.method,
            "result": part.result.is_manufacturable,
            "price": part.result.unit_cost,
            "weight_g": part.result.weight_g,
            "metadata": { "cots_id": part.cots_id, "violations": part.result.violations },
        });
        event(names::MANUFACTURABILITY_CHECK, Utc::now(), fields)
    }));
    let PricedDesign { report, findings, mut warnings, unpriced: _ } = priced;
    warnings.extend(built.design.notes.iter().cloned());
    let response = PriceResponse {
        success: true,
        message: format!("{}{}", summary(&report), turn.note()),
        failure_reason: None,
        rejected_by: None,
        violations: Vec::new(),
        warnings,
        report: Some(report),
        content_sha256: Some(built.key),
        queue_position: turn.position(),
        stage_ms: stages,
        events,
    };
    if findings.is_empty() {
        return Ok(response);
    }
    let refusal = Refusal::of(findings);
    Ok(PriceResponse {
        success: false,
        message: format!("{}{}", refusal.named_message(), turn.note()),
        failure_reason: Some(refusal.reason),
        rejected_by: refusal.gate,
        violations: refusal.violations,
        ..response
    })
}

/// The task of looking at parts by one method or by their own.
fn pricing(design: &Design) -> Task {
    Task { name: "pricing", limit: PRICING_LIMIT, size: size_of(design) }
}

/// What a price is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Terms {
    /// Units that are made.
    quantity: u32,
    /// Whether stress analysis follows, which needs to know more about materials.
    fem_required: bool,
}

impl Terms {
    fn of(request: &PriceRequest, objectives: Option<&Objectives>) -> Self {
        let own_quantity = objectives.map_or(1, |objectives| objectives.constraints.quantity());
        let fem_required = objectives.is_some_and(|objectives| {
            let backend = request.backend.or(objectives.physics.backend).unwrap_or_default();
            objectives.physics.fem_enabled && backend == SimulatorBackend::Genesis
        });
        Self { quantity: request.quantity.unwrap_or(own_quantity), fem_required }
    }
}

/// Checks and prices every part that is made or bought; nothing when it was cancelled.
fn price(
    built: &Built,
    terms: Terms,
    baseline: Option<&Baseline>,
    materials: &Materials,
    cancel: &AtomicBool,
) -> Option<PricedDesign> {
    let limits = limits_of(built.objectives.as_ref(), terms.fem_required);
    let parts = built.design.parts.iter().filter(|part| !part.is_zone());
    let parts: Vec<_> = parts
        .map(|part| DesignPart {
            label: &part.label,
            metadata: part.metadata(),
            is_fixed: part.is_fixed(),
            is_environment: built.is_environment(part, baseline),
            solid: part.into(),
        })
        .collect();
    let bought = |id: &str| materials.bought(id);
    workbench::price_design_unless(&materials.config, &bought, &parts, &limits, terms.quantity, cancel)
}

impl Built {
    /// What a sentence about a missing check ends with: by which numbers the parts differ from those checked last.
    pub fn since_the_last_check(&self) -> String {
        if self.moved.is_empty() { String::new() } else { format!(". Since the last check: {}", self.moved.join("; ")) }
    }

    /// True for a part that is there already, so that nobody pays for it and it may stand anywhere. Where a benchmark was
    /// handed over, these are its parts and no others; elsewhere it is what is held in place and neither made nor
    /// bought, and the object that is to be moved, whatever it says of itself.
    pub fn is_environment(&self, part: &Part, baseline: Option<&Baseline>) -> bool {
        if let Some(baseline) = baseline {
            return baseline.environment.contains_key(&part.label);
        }
        if part.is_fixed() {
            let is_made_or_bought =
                |metadata: &PartMetadata| metadata.manufacturing_method.is_some() || metadata.cots_id.is_some();
            return !part.metadata().is_some_and(is_made_or_bought);
        }
        let label = self.objectives.as_ref().map(|objectives| objectives.moved_object.label.as_str());
        let moved = label.and_then(|label| moved_part(&self.design, label).ok().flatten());
        moved.is_some_and(|moved| moved.label == part.label)
    }
}

/// What stands against a submission beside the records, and the price that it is submitted with.
pub struct ForSubmission {
    /// What stands against it.
    pub findings: Vec<(Gate, Violation)>,
    /// Price of one unit, USD.
    pub unit_cost: f64,
    /// Weight of one unit, g.
    pub weight_g: f64,
}

/// Judges the price record of a design that is submitted. Where the session prices by a file of its own, the design is
/// priced once more by the platform's, for only that counts. In a solution, what names no method stands against it,
/// since nobody can say what that costs.
pub async fn for_submission(
    tools: &Tools,
    session: &SessionId,
    turn: &Turn,
    built: Built,
    stage: Stage,
) -> Result<(Built, ForSubmission), NotBuilt> {
    let record = tools.content_note::<Priced>(session, &built.key).await?.context("the price record is gone")?;
    let unpriced = record.unpriced.into_iter().filter(|_| stage == Stage::Engineering).map(|label| {
        let sentence = format!(
            "part {label:?} names no manufacturing_method, so nobody can say what it costs; set it to cnc, 3dp or im, or \
             give a cots_id when the part is bought"
        );
        let violation = Violation::new("script.py", "part.method_missing", sentence).at(format!("part {label:?}"));
        (Gate::Manufacturability, violation)
    });
    let mut judged =
        ForSubmission { findings: unpriced.collect(), unit_cost: record.unit_cost, weight_g: record.weight_g };
    if built.files.config.is_none() {
        return Ok((built, judged));
    }
    let baseline = tools.session_note::<Baseline>(session).await?;
    let platform = tools.materials.clone();
    let pricing = turn.work(pricing(&built.design), move |cancel| {
        let terms = Terms::of(&PriceRequest::default(), built.objectives.as_ref());
        let priced = price(&built, terms, baseline.as_ref(), &platform, cancel);
        (built, priced)
    });
    let (built, priced) = pricing.await?;
    let priced = priced.context("pricing was ended by nobody")?;
    judged.findings.extend(priced.findings);
    (judged.unit_cost, judged.weight_g) = (priced.report.unit_cost, priced.report.weight_g);
    Ok((built, judged))
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

fn refused(refusal: Refusal, turn: &Turn, events: Vec<Map<String, Value>>) -> PriceResponse {
    PriceResponse {
        success: false,
        message: format!("{}{}", refusal.named_message(), turn.note()),
        failure_reason: Some(refusal.reason),
        rejected_by: refusal.gate,
        violations: refusal.violations,
        warnings: Vec::new(),
        report: None,
        content_sha256: None,
        queue_position: turn.position(),
        stage_ms: BTreeMap::new(),
        events,
    }
}

/// What stands between a built design and work that wants it priced: no record, or one that failed.
pub async fn missing_price(
    tools: &Tools,
    session: &SessionId,
    built: &Built,
) -> Result<Option<Vec<(Gate, Violation)>>, ServiceError> {
    let in_benchmark = tools.session_note::<Baseline>(session).await?.is_some();
    let record = tools.content_note::<Priced>(session, &built.key).await?;
    let Some(record) = record.filter(|record| record.in_benchmark == in_benchmark) else {
        let sentence = format!(
            "Prior pricing missing. Call /benchmark/validate_and_price for exactly this script, objectives.yaml and \
             assembly_definition.yaml first, without quantity and backend{}",
            built.since_the_last_check()
        );
        return Ok(Some(vec![(Gate::Pricing, Violation::new("script.py", "design.not_priced", sentence))]));
    };
    Ok((!record.findings.is_empty()).then_some(record.findings))
}

/// Serves the analysis of a design by one method, whatever its parts say; the call waits for its turn.
pub async fn analyze(
    tools: &Tools,
    session: &SessionId,
    request: &AnalyzeRequest,
) -> Result<WorkbenchResult, ServiceError> {
    let (session, request) = (session.clone(), request.clone());
    tools
        .in_turn(&[&session.clone()], move |tools, turn| async move {
            match analyze_in_turn(&tools, &turn, &session, request).await {
                Ok(result) => Ok(result),
                Err(cause) => Ok(not_analyzed(Refusal::not_built(cause)?.message)),
            }
        })
        .await
}

async fn analyze_in_turn(
    tools: &Tools,
    turn: &Turn,
    session: &SessionId,
    request: AnalyzeRequest,
) -> Result<WorkbenchResult, NotBuilt> {
    let built = tools.build(turn, session, &request.design, false, &mut Vec::new()).await?;
    // By the platform's file, whatever the session has: the analysis is of one method and not of the session.
    let materials = tools.materials.clone();
    let analyzing =
        turn.work(pricing(&built.design), move |cancel| analyzed(&built.design, &request, &materials, cancel));
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

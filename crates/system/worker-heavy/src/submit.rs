//! `submit`: finished work goes to review, if every gate lets it through.

use anyhow::Context;
use cad_runtime::ExportFormat;
use chrono::Utc;
use contract::{
    events::{event, names},
    handover::{Gate, ReviewManifest, SubmitRequest, SubmitResponse},
    session::SessionId,
    violations::Violation,
};
use gates::todo::TodoStage;
use serde_json::{Map, Value, json};
use service::ServiceError;

use crate::{
    artifacts::{Artifacts, failure_events, message},
    content::{environment_of, objectives_changed, sha256},
    plan::recorded_objectives,
    price::missing_price,
    queue::Turn,
    records::{PlanRecord, Priced, Simulated, Submitted, Validated},
    refusal::Refusal,
    tools::{Built, NotBuilt, Source, Tools, blocking},
};

const MODEL_FILE: &str = "renders/model.step";
const OBJECTIVES_COPY: &str = "renders/objectives.yaml";
const ASSEMBLY_COPY: &str = "renders/assembly_definition.yaml";
const MANIFEST_FILE: &str = "renders/review_manifest.json";

/// Serves one submission; the call waits for its turn. The gates are asked in their order; all documents are judged
/// together, and the design only when they are sound.
pub async fn submit(
    tools: &Tools,
    session: &SessionId,
    request: &SubmitRequest,
) -> Result<SubmitResponse, ServiceError> {
    let turn = tools.queue.turn().await;
    let mut events = Vec::new();
    let source = match tools.open(session, &request.design).await {
        Ok(source) => source,
        Err(cause) => return refused(cause, &[], &turn, events),
    };
    let artifacts = match Artifacts::read(source.workspace()).await {
        Ok(artifacts) => artifacts,
        Err(cause) => return refused(cause, &[], &turn, events),
    };
    let present = artifacts.present();
    let findings = of_documents(tools, session, request, &artifacts).await?;
    if !findings.is_empty() {
        return refused(NotBuilt::Rejected(findings), &present, &turn, events);
    }
    let built = match tools.build(session, &request.design, false, &mut events).await {
        Ok(built) => built,
        Err(cause) => return refused(cause, &present, &turn, events),
    };
    let findings = of_records(tools, session, request, &built.key).await?;
    if !findings.is_empty() {
        return refused(NotBuilt::Rejected(findings), &present, &turn, events);
    }
    let manifest = match hand_over(tools, session, request, &source, &built).await {
        Ok(manifest) => manifest,
        Err(cause) => return refused(cause, &present, &turn, events),
    };
    events.push(event(
        names::SUBMISSION_VALIDATION,
        Utc::now(),
        json!({
            "artifacts_present": present,
            "verification_passed": true,
            "errors": [],
            "content_sha256": manifest.content_sha256,
            "catalog": manifest.catalog,
        }),
    ));
    Ok(SubmitResponse {
        success: true,
        message: format!("Handover complete{}", turn.note()),
        failure_reason: None,
        rejected_by: None,
        violations: Vec::new(),
        queue_position: turn.position(),
        manifest: Some(manifest),
        events,
    })
}

/// What the documents are at fault with, and whether the objectives are still those that were handed over.
async fn of_documents(
    tools: &Tools,
    session: &SessionId,
    request: &SubmitRequest,
    artifacts: &Artifacts,
) -> Result<Vec<(Gate, Violation)>, ServiceError> {
    let plan = tools.session_note::<PlanRecord>(session).await?;
    let todo_baseline = plan.as_ref().map(|plan| &plan.todo);
    let mut findings = artifacts.judge(request.stage, TodoStage::Completed, todo_baseline, &tools.materials).findings;
    if let Some(recorded) = recorded_objectives(tools, session, plan.as_ref()).await? {
        let changed = objectives_changed(&recorded, artifacts.objectives.as_deref());
        findings.extend(changed.map(|violation| (Gate::Environment, violation)));
    }
    Ok(findings)
}

/// What the records say against this content.
async fn of_records(
    tools: &Tools,
    session: &SessionId,
    request: &SubmitRequest,
    key: &str,
) -> Result<Vec<(Gate, Violation)>, ServiceError> {
    let validated = tools.content_note::<Validated>(session, key).await?;
    if !validated.is_some_and(|record| record.passed) {
        let sentence = "Prior validation missing. Call /benchmark/validate before submission: no validation of exactly \
                        this content has passed";
        return Ok(vec![(Gate::Validation, Violation::new("script.py", "design.not_validated", sentence))]);
    }
    if let Some(findings) = missing_price(tools, session, key).await? {
        return Ok(findings);
    }
    let simulated = tools.content_note::<Simulated>(session, key).await?;
    if request.smoke_test_mode || simulated.is_some_and(|record| record.is_smoke) {
        let sentence = "Submission rejected (Smoke): a smoke run is approximate and no basis for a submission; simulate \
                        this content without smoke_test_mode";
        return Ok(vec![(Gate::Smoke, Violation::new("script.py", "design.smoke_result", sentence))]);
    }
    Ok(Vec::new())
}

/// Writes what the reviewer receives, and records that this content passed.
async fn hand_over(
    tools: &Tools,
    session: &SessionId,
    request: &SubmitRequest,
    source: &Source,
    built: &Built,
) -> Result<ReviewManifest, NotBuilt> {
    let environment = environment_of(&built.design, &tools.materials).map_err(NotBuilt::Input)?;
    let mut files = tools.export(source.workspace(), &request.design, &[(ExportFormat::Step, MODEL_FILE)]).await?;
    let priced = tools.content_note::<Priced>(session, &built.key).await?.context("the price record is gone")?;
    let simulated = tools.content_note::<Simulated>(session, &built.key).await?;
    let objectives = built.files.objectives.clone().context("the objectives passed their gate")?;
    let now = Utc::now();
    let manifest = ReviewManifest {
        status: "ready_for_review".to_owned(),
        timestamp: now.timestamp_micros() as f64 / 1e6,
        session_id: session.clone(),
        renders: renders(tools, session).await?,
        mjcf_path: simulated.map(|record| record.scene_path),
        cad_path: MODEL_FILE.to_owned(),
        objectives_path: OBJECTIVES_COPY.to_owned(),
        assembly_definition_path: built.files.assembly.is_some().then(|| ASSEMBLY_COPY.to_owned()),
        content_sha256: built.key.clone(),
        unit_cost: priced.unit_cost,
        weight_g: priced.weight_g,
        catalog: tools.materials.catalog.version().clone(),
    };
    let text = serde_json::to_vec_pretty(&manifest).context("a manifest is always JSON")?;
    files.push((OBJECTIVES_COPY.to_owned(), objectives.clone()));
    files.push((MANIFEST_FILE.to_owned(), text));
    files.extend(built.files.assembly.clone().map(|assembly| (ASSEMBLY_COPY.to_owned(), assembly)));
    tools.keep(session, files).await?;
    let record = Submitted {
        stage: request.stage,
        content_sha256: built.key.clone(),
        script_path: request.design.script_path.clone(),
        environment,
        objectives_sha256: sha256(&objectives),
        at: now,
    };
    tools.note_session(session, record).await?;
    Ok(manifest)
}

/// Pictures of the session.
async fn renders(tools: &Tools, session: &SessionId) -> anyhow::Result<Vec<String>> {
    let workspace = tools.workspace(session).await?;
    let entries = blocking(move || workspace.list("renders")).await?.context("the renders cannot be listed")?;
    let is_picture = |name: &str| [".png", ".jpg", ".jpeg"].iter().any(|ending| name.ends_with(ending));
    Ok(entries
        .into_iter()
        .filter(|entry| is_picture(&entry.name))
        .map(|entry| format!("renders/{}", entry.name))
        .collect())
}

fn refused(
    cause: NotBuilt,
    artifacts_present: &[&str],
    turn: &Turn,
    mut events: Vec<Map<String, Value>>,
) -> Result<SubmitResponse, ServiceError> {
    let (words, refusal) = match cause {
        NotBuilt::Rejected(findings) => {
            events.extend(failure_events(&findings));
            (message(&findings), Refusal::of(findings))
        }
        other => {
            let refusal = Refusal::not_built(other)?;
            (refusal.named_message(), refusal)
        }
    };
    let fields = json!({
        "artifacts_present": artifacts_present,
        "verification_passed": false,
        "errors": [words],
        "rejected_by": refusal.gate,
    });
    events.push(event(names::SUBMISSION_VALIDATION, Utc::now(), fields));
    Ok(SubmitResponse {
        success: false,
        message: format!("{words}{}", turn.note()),
        failure_reason: Some(refusal.reason),
        rejected_by: refusal.gate,
        violations: refusal.violations,
        queue_position: turn.position(),
        manifest: None,
        events,
    })
}

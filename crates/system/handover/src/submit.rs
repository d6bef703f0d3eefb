//! `submit`: finished work goes to review, if every gate lets it through.
//!
//! All documents are judged together, the design only when they are sound; then the checks that it has passed are
//! looked up, and it is priced once more.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::Utc;
use contract::{
    design_source::DesignSource,
    events::{EventBody, SubmissionValidation},
    gate::{Finding, Gate, Stage},
    handover::{ReviewManifest, SubmitOutput, SubmitRequest, SubmitResponse},
    violations::Violation,
};
use design::ExportFormat;
use gates::todo::TodoStage;

use crate::{
    built::{Built, NotBuilt},
    checks::missing_checks,
    content::sha256,
    documents::{Documents, PLAN_FILE, TODO_FILE},
    handed_over::HandedOver,
    message::{failure_events, submission_message},
    receipts::{Priced, Simulated, Submitted},
    refusal::Refusal,
    workshop::{Repriced, Workshop, deciding_files},
};

const MODEL_FILE: &str = "renders/model.step";
const OBJECTIVES_COPY: &str = "renders/objectives.yaml";
const ASSEMBLY_COPY: &str = "renders/assembly_definition.yaml";
const MANIFEST_FILE: &str = "renders/review_manifest.json";

/// Submits the work of a session.
///
/// # Errors
/// The caller has left, or the worker cannot do its work. Anything that the caller can fix is an answer.
pub async fn submit<W: Workshop>(workshop: &W, request: &SubmitRequest) -> Result<SubmitResponse, NotBuilt> {
    let mut present = Vec::new();
    let answer = match pass_the_gates(workshop, request, &mut present).await {
        Ok(answer) => answer,
        Err(NotBuilt::Rejected(findings)) => {
            for event in failure_events(&findings) {
                workshop.emit(event);
            }
            let words = submission_message(&findings);
            Refusal::of(findings).answer(words)
        }
        Err(cause) => {
            let refusal = Refusal::not_built(cause)?;
            let words = refusal.named_message();
            refusal.answer(words)
        }
    };
    let manifest = answer.output.manifest.as_ref();
    workshop.emit(EventBody::SubmissionValidation(SubmissionValidation {
        artifacts_present: present.into_iter().map(str::to_owned).collect(),
        verification_passed: answer.success,
        errors: if answer.success { Vec::new() } else { vec![answer.message.clone()] },
        rejected_by: answer.rejected_by,
        content_sha256: manifest.map(|manifest| manifest.content_sha256.clone()),
        catalog: manifest.map(|manifest| manifest.catalog.clone()),
    }));
    Ok(answer)
}

async fn pass_the_gates<W: Workshop>(
    workshop: &W,
    request: &SubmitRequest,
    present: &mut Vec<&'static str>,
) -> Result<SubmitResponse, NotBuilt> {
    let DesignSource { script_content, bundle_base64, .. } = &request.design;
    if request.stage == Stage::Benchmark && (script_content.is_some() || bundle_base64.is_some()) {
        let sentence = "a benchmark is handed over from the files of its session: write the script there, name it in \
                        script_path, and submit without script_content and bundle_base64";
        return Err(NotBuilt::Input(sentence.to_owned()));
    }
    // Read once: what the gates judge is what is built and handed over.
    let files = deciding_files(workshop, &request.design).await?;
    let documents = Documents::new(workshop.read(PLAN_FILE).await?, workshop.read(TODO_FILE).await?, &files);
    *present = documents.present();
    let first_objectives = workshop.first_objectives().await?;
    let handed_over = HandedOver::in_session(workshop.receipts(), first_objectives.as_deref()).await?;
    let judged = handed_over.judge(&documents, request.stage, TodoStage::Completed, workshop.materials());
    NotBuilt::unless_empty(judged.findings)?;

    let built = workshop.build(&request.design, files).await?;
    NotBuilt::unless_empty(missing_checks(workshop.receipts(), &built, request.smoke_test_mode).await?)?;
    let (built, priced) = price_to_submit_with(workshop, built, request.stage).await?;
    NotBuilt::unless_empty(priced.findings.clone())?;

    let manifest = hand_over(workshop, request, &built, &priced).await?;
    Ok(SubmitResponse {
        success: true,
        message: "Handover complete".to_owned(),
        warnings: handed_over.not_compared(request.stage),
        output: SubmitOutput { manifest: Some(manifest) },
        ..SubmitResponse::default()
    })
}

/// Judges the price receipt of a design that is submitted. Where the session prices by a file of its own, the design is
/// priced once more by the platform's, for only that counts. In a solution, a part that names no method is a finding,
/// since its cost is unknown.
async fn price_to_submit_with<W: Workshop>(
    workshop: &W,
    built: Built,
    stage: Stage,
) -> Result<(Built, Repriced), NotBuilt> {
    let receipt = workshop.receipts().of_content::<Priced>(&built.key).await?.context("the price receipt is gone")?;
    let unpriced = receipt.unpriced.into_iter().filter(|_| stage == Stage::Engineering);
    let mut findings: Vec<_> = unpriced.map(|label| method_missing(&label)).collect();
    if built.files.config.is_none() {
        return Ok((built, Repriced { findings, unit_cost: receipt.unit_cost, weight_g: receipt.weight_g }));
    }
    let (built, repriced) = workshop.reprice(built).await?;
    findings.extend(repriced.findings);
    Ok((built, Repriced { findings, ..repriced }))
}

fn method_missing(label: &str) -> Finding {
    let sentence = format!(
        "part {label:?} names no manufacturing_method, so nobody can say what it costs; set it to cnc, 3dp or im, or \
         give a cots_id when the part is bought"
    );
    let violation = Violation::new("script.py", "part.method_missing", sentence).at(format!("part {label:?}"));
    Gate::Manufacturability.finding(violation)
}

/// Writes what the reviewer receives, and records that this content passed.
async fn hand_over<W: Workshop>(
    workshop: &W,
    request: &SubmitRequest,
    built: &Built,
    priced: &Repriced,
) -> Result<ReviewManifest, NotBuilt> {
    let model = workshop.export(built, &[ExportFormat::Step]).await?;
    let shown = Shown::of(workshop, &built.key).await?;
    let objectives = built.files.objectives.clone().context("the objectives passed their gate")?;
    let now = Utc::now();
    let manifest = ReviewManifest {
        status: "ready_for_review".to_owned(),
        timestamp: now.timestamp_micros() as f64 / 1e6,
        session_id: workshop.receipts().session.clone(),
        renders: shown.pictures,
        video_path: shown.video,
        mjcf_path: shown.scene,
        cad_path: MODEL_FILE.to_owned(),
        objectives_path: OBJECTIVES_COPY.to_owned(),
        assembly_definition_path: built.files.assembly.is_some().then(|| ASSEMBLY_COPY.to_owned()),
        content_sha256: built.key.clone(),
        unit_cost: priced.unit_cost,
        weight_g: priced.weight_g,
        catalog: workshop.materials().catalog.version().clone(),
    };
    let text = serde_json::to_vec_pretty(&manifest).context("a manifest is always JSON")?;
    let mut files: Vec<_> = model.into_iter().map(|content| (MODEL_FILE.to_owned(), content)).collect();
    files.push((OBJECTIVES_COPY.to_owned(), objectives));
    files.push((MANIFEST_FILE.to_owned(), text));
    files.extend(built.files.assembly.clone().map(|assembly| (ASSEMBLY_COPY.to_owned(), assembly)));
    workshop.keep(files).await?;
    let receipt = Submitted {
        stage: request.stage,
        content_sha256: built.key.clone(),
        script_path: request.design.script_path.clone(),
        at: now,
    };
    workshop.receipts().write(receipt).await?;
    Ok(manifest)
}

/// What the newest simulation of a content shows of it, as far as its files are still there and unchanged.
#[derive(Debug, Default, PartialEq)]
struct Shown {
    pictures: Vec<String>,
    video: Option<String>,
    scene: Option<String>,
}

impl Shown {
    async fn of<W: Workshop>(workshop: &W, key: &str) -> Result<Self, NotBuilt> {
        let Some(simulated) = workshop.receipts().of_content::<Simulated>(key).await? else {
            return Ok(Self::default());
        };
        let mut hashes = BTreeMap::new();
        for path in simulated.files.keys() {
            hashes.extend(workshop.read_kept(path).await?.map(|content| (path.clone(), sha256(&content))));
        }
        Ok(Self::untouched(simulated, |path| hashes.get(path).cloned()))
    }

    /// Takes what still has its hash. A scene also needs the meshes beside it.
    fn untouched(simulated: Simulated, hash_of: impl Fn(&str) -> Option<String>) -> Self {
        let Simulated { scene_path, files, .. } = simulated;
        let (kept, lost): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|(path, hash)| hash_of(path).as_ref() == Some(hash));
        let folder = scene_path.rfind('/').map_or("", |end| &scene_path[..=end]);
        let is_whole =
            kept.iter().any(|(path, _)| *path == scene_path) && !lost.iter().any(|(path, _)| path.starts_with(folder));
        let with = |ending: &'static str| kept.iter().map(|(path, _)| path).filter(move |path| path.ends_with(ending));
        Self {
            pictures: with(".png").cloned().collect(),
            video: with(".mp4").next().cloned(),
            scene: is_whole.then_some(scene_path),
        }
    }
}

#[cfg(test)]
mod tests;

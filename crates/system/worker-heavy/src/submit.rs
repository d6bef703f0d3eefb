//! `submit`: finished work goes to review, if every gate lets it through.

use anyhow::Context;
use cad_runtime::ExportFormat;
use chrono::Utc;
use contract::{
    design_source::DesignSource,
    events::{event, names},
    gate::{Gate, Stage},
    handover::{Baseline, ReviewManifest, SubmitRequest, SubmitResponse},
    session::SessionId,
    violations::Violation,
};
use gates::todo::TodoStage;
use serde_json::{Map, Value, json};
use service::ServiceError;

use crate::{
    artifacts::{Artifacts, failure_events, message},
    content::sha256,
    plan::HandedOver,
    price::{ForSubmission, for_submission, missing_price},
    queue::Turn,
    records::{Simulated, Submitted, Validated},
    refusal::Refusal,
    tools::{Built, NotBuilt, Source, Tools, blocking, deciding_files},
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
    let (session, request) = (session.clone(), request.clone());
    tools
        .in_turn(&[&session.clone()], move |tools, turn| async move {
            submit_in_turn(&tools, &turn, &session, &request).await
        })
        .await
}

async fn submit_in_turn(
    tools: &Tools,
    turn: &Turn,
    session: &SessionId,
    request: &SubmitRequest,
) -> Result<SubmitResponse, ServiceError> {
    let mut events = Vec::new();
    let DesignSource { script_content, bundle_base64, .. } = &request.design;
    if request.stage == Stage::Benchmark && (script_content.is_some() || bundle_base64.is_some()) {
        let sentence = "a benchmark is handed over from the files of its session: write the script there, name it in \
                        script_path, and submit without script_content and bundle_base64";
        return refused(NotBuilt::Input(sentence.to_owned()), &[], turn, events);
    }
    let source = match tools.open(session, &request.design).await {
        Ok(source) => source,
        Err(cause) => return refused(cause, &[], turn, events),
    };
    // Read once: what the gates judge is what is built and handed over.
    let read = async {
        let files = deciding_files(source.workspace(), &request.design).await?;
        let artifacts = Artifacts::beside(&files, source.workspace()).await?;
        Ok((files, artifacts))
    };
    let (files, artifacts) = match read.await {
        Ok(read) => read,
        Err(cause) => return refused(cause, &[], turn, events),
    };
    let present = artifacts.present();
    let handed_over = HandedOver::in_session(tools, session).await?;
    let findings = handed_over.judge(&artifacts, request.stage, TodoStage::Completed, &tools.materials).findings;
    if !findings.is_empty() {
        return refused(NotBuilt::Rejected(findings), &present, turn, events);
    }
    let building = tools.build_from(turn, session, &source, files, &request.design, false, &mut events);
    let built = match building.await {
        Ok(built) => built,
        Err(cause) => return refused(cause, &present, turn, events),
    };
    let findings = of_records(tools, session, request, &built).await?;
    if !findings.is_empty() {
        return refused(NotBuilt::Rejected(findings), &present, turn, events);
    }
    let (built, judged) = match for_submission(tools, session, turn, built, request.stage).await {
        Ok(judged) => judged,
        Err(cause) => return refused(cause, &present, turn, events),
    };
    if !judged.findings.is_empty() {
        return refused(NotBuilt::Rejected(judged.findings), &present, turn, events);
    }
    let manifest = match hand_over(tools, turn, session, request, &source, &built, &judged).await {
        Ok(manifest) => manifest,
        Err(cause) => return refused(cause, &present, turn, events),
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
        warnings: handed_over.not_compared(request.stage),
        queue_position: turn.position(),
        manifest: Some(manifest),
        events,
    })
}

/// What the records say against this content.
async fn of_records(
    tools: &Tools,
    session: &SessionId,
    request: &SubmitRequest,
    built: &Built,
) -> Result<Vec<(Gate, Violation)>, ServiceError> {
    let in_benchmark = tools.session_note::<Baseline>(session).await?.is_some();
    let validated = tools.content_note::<Validated>(session, &built.key).await?;
    let Some(validated) = validated.filter(|record| record.in_benchmark == in_benchmark) else {
        let sentence = format!(
            "Prior validation missing. Call /benchmark/validate before submission: exactly this content was never \
             validated{}",
            built.since_the_last_check()
        );
        return Ok(vec![(Gate::Validation, Violation::new("script.py", "design.not_validated", sentence))]);
    };
    if !validated.passed {
        return Ok(validated.findings);
    }
    if let Some(findings) = missing_price(tools, session, built).await? {
        return Ok(findings);
    }
    let simulated = tools.content_note::<Simulated>(session, &built.key).await?;
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
    turn: &Turn,
    session: &SessionId,
    request: &SubmitRequest,
    source: &Source,
    built: &Built,
    priced: &ForSubmission,
) -> Result<ReviewManifest, NotBuilt> {
    let model = [(ExportFormat::Step, MODEL_FILE)];
    let mut files = tools.export(turn, source, built, &model).await?;
    let shown = Shown::of(tools, session, &built.key).await?;
    let objectives = built.files.objectives.clone().context("the objectives passed their gate")?;
    let now = Utc::now();
    let manifest = ReviewManifest {
        status: "ready_for_review".to_owned(),
        timestamp: now.timestamp_micros() as f64 / 1e6,
        session_id: session.clone(),
        renders: shown.pictures,
        video_path: shown.video,
        mjcf_path: shown.scene,
        cad_path: MODEL_FILE.to_owned(),
        objectives_path: OBJECTIVES_COPY.to_owned(),
        assembly_definition_path: built.files.assembly.is_some().then(|| ASSEMBLY_COPY.to_owned()),
        content_sha256: built.key.clone(),
        unit_cost: priced.unit_cost,
        weight_g: priced.weight_g,
        catalog: tools.materials.catalog.version().clone(),
    };
    let text = serde_json::to_vec_pretty(&manifest).context("a manifest is always JSON")?;
    files.push((OBJECTIVES_COPY.to_owned(), objectives));
    files.push((MANIFEST_FILE.to_owned(), text));
    files.extend(built.files.assembly.clone().map(|assembly| (ASSEMBLY_COPY.to_owned(), assembly)));
    tools.keep(session, files).await?;
    let record = Submitted {
        stage: request.stage,
        content_sha256: built.key.clone(),
        script_path: request.design.script_path.clone(),
        at: now,
    };
    tools.note_session(session, record).await?;
    Ok(manifest)
}

/// What the newest simulation of a content shows of it, as far as its files are still there as it wrote them.
#[derive(Debug, Default, PartialEq)]
struct Shown {
    pictures: Vec<String>,
    video: Option<String>,
    scene: Option<String>,
}

impl Shown {
    async fn of(tools: &Tools, session: &SessionId, key: &str) -> anyhow::Result<Self> {
        let Some(simulated) = tools.content_note::<Simulated>(session, key).await? else { return Ok(Self::default()) };
        let workspace = tools.workspace(session).await?;
        blocking(move || {
            let hash_of = |path: &str| workspace.read_bytes(path).ok().map(|content| sha256(&content));
            Self::untouched(simulated, hash_of)
        })
        .await
    }

    /// Takes what still has its hash. A scene also needs the meshes beside it.
    fn untouched(simulated: Simulated, hash_of: impl Fn(&str) -> Option<String>) -> Self {
        let Simulated { scene_path, files, .. } = simulated;
        let (kept, lost): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|(path, hash)| hash_of(path).as_ref() == Some(hash));
        let folder = scene_path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_whole = !lost.iter().any(|(path, _)| path.starts_with(folder));
        let with = |ending: &'static str| kept.iter().map(|(path, _)| path).filter(move |path| path.ends_with(ending));
        Self {
            pictures: with(".png").cloned().collect(),
            video: with(".mp4").next().cloned(),
            scene: is_whole.then_some(scene_path),
        }
    }
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
        warnings: Vec::new(),
        queue_position: turn.position(),
        manifest: None,
        events,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 4] =
        ["assets/ball.obj", "assets/scene.xml", "renders/render_e15_a0.png", "renders/simulation.mp4"];

    /// What is shown when these files have changed since.
    fn shown_without(changed: &[&str]) -> Shown {
        let simulated = Simulated {
            is_smoke: false,
            scene_path: "assets/scene.xml".to_owned(),
            files: FILES.map(|path| (path.to_owned(), sha256(path.as_bytes()))).into(),
            at: Utc::now(),
        };
        Shown::untouched(simulated, |path| (!changed.contains(&path)).then(|| sha256(path.as_bytes())))
    }

    #[test]
    fn only_existing_simulation_files_are_shown() {
        let [mesh, scene, picture, video] = FILES;
        let all =
            Shown { pictures: vec![picture.to_owned()], video: Some(video.to_owned()), scene: Some(scene.to_owned()) };
        assert_eq!(shown_without(&[picture]), Shown { pictures: Vec::new(), ..shown_without(&[]) });
        assert_eq!(shown_without(&[video]), Shown { video: None, ..shown_without(&[]) });
        assert_eq!(shown_without(&[scene]), Shown { scene: None, ..shown_without(&[]) });
        assert_eq!(shown_without(&[mesh]), Shown { scene: None, ..shown_without(&[]) });
        assert_eq!(shown_without(&[]), all);
    }
}

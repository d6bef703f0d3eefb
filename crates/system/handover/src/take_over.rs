//! `handover`: copies a submitted benchmark into the session that is to solve it, and records its hashes there.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::Utc;
use contract::{
    design_source::DesignSource,
    gate::{Gate, Stage},
    handover::{Baseline, EnvironmentPart, HandoverOutput, HandoverResponse},
    objectives::{OBJECTIVES_FILE, is_template},
    violations::Violation,
};
use design::ExportFormat;

use crate::{
    baseline::environment_of,
    built::{Built, NotBuilt},
    content::sha256,
    message::failure_events,
    receipts::Submitted,
    recognition,
    refusal::Refusal,
    workshop::{Files, Workshop, deciding_files},
};

/// The benchmark's script under the name by which a solution imports it.
const ENVIRONMENT_SCRIPT: &str = "environment.py";
const ENVIRONMENT_STEP: &str = "environment/environment.step";
const ENVIRONMENT_GLB: &str = "environment/environment.glb";

/// Takes the benchmark of another session over into that of `target`. The benchmark is built once more.
///
/// # Errors
/// The caller has left, or the worker cannot do its work. Anything that the caller can fix is an answer.
pub async fn take_over<W: Workshop>(target: &W, benchmark: &W) -> Result<HandoverResponse, NotBuilt> {
    match packed(target, benchmark).await {
        Ok((baseline, files)) => Ok(HandoverResponse {
            success: true,
            message: format!(
                "Benchmark handed over: the parts of its environment are fixed by hash ({})",
                baseline.environment.len()
            ),
            output: HandoverOutput { baseline: Some(baseline), files },
            ..HandoverResponse::default()
        }),
        Err(cause) => {
            let refusal = Refusal::not_built(cause)?;
            for event in failure_events(&refusal.findings) {
                target.emit(event);
            }
            let words = refusal.message.clone();
            Ok(refusal.answer(words))
        }
    }
}

async fn packed<W: Workshop>(target: &W, benchmark: &W) -> Result<(Baseline, Vec<String>), NotBuilt> {
    let from = &benchmark.receipts().session;
    if target.receipts().session == *from {
        return Err(NotBuilt::Input("a benchmark is handed over into another session, not into its own".into()));
    }
    let submitted = benchmark.receipts().note::<Submitted>().await?;
    let Some(submitted) = submitted.filter(|receipt| receipt.stage == Stage::Benchmark) else {
        let sentence = format!("session {from} has no benchmark that passed /benchmark/submit with stage benchmark");
        return Err(NotBuilt::Input(sentence));
    };
    let design = DesignSource { script_path: submitted.script_path.clone(), ..DesignSource::default() };
    let files = deciding_files(benchmark, &design).await?;
    let built = benchmark.build(&design, files).await?;
    if built.key != submitted.content_sha256 {
        let sentence = format!(
            "Immutability violation: the benchmark of session {from} was changed since it was submitted; submit it again"
        );
        let violation = Violation::new("script.py", "environment.changed_since_submission", sentence)
            .measured(built.key)
            .limit(submitted.content_sha256);
        return Err(NotBuilt::Rejected(vec![Gate::Environment.finding(violation)]));
    }
    let objectives = built.files.objectives.clone().context("a submitted benchmark has objectives")?;
    let baseline = Baseline {
        benchmark_session_id: from.clone(),
        objectives_sha256: sha256(&objectives),
        moved_mesh_sha256: built.files.moved_mesh.as_deref().map(sha256),
        environment: environment_of(&built, benchmark.materials()).map_err(NotBuilt::Input)?,
        recorded_at: Utc::now(),
    };
    let is_known = refuse_another_benchmark(target, &baseline).await?;

    let mut files = sources(benchmark, &built, &design, objectives).await?;
    refuse_overwriting(target, &files, is_known).await?;
    let models = benchmark.export(&built, &[ExportFormat::Step, ExportFormat::Glb]).await?;
    files.extend([ENVIRONMENT_STEP, ENVIRONMENT_GLB].map(str::to_owned).into_iter().zip(models));
    let names = files.iter().map(|(name, _)| name.clone()).collect();
    target.keep(files).await?;
    recognition::keep(target.receipts(), built).await?;
    target.receipts().write(baseline.clone()).await?;
    Ok((baseline, names))
}

/// A session solves one benchmark; the same one may be handed over again. True when it was handed over before.
async fn refuse_another_benchmark<W: Workshop>(target: &W, new: &Baseline) -> Result<bool, NotBuilt> {
    let Some(old) = target.receipts().note::<Baseline>().await? else { return Ok(false) };
    let is_same = old.objectives_sha256 == new.objectives_sha256
        && old.moved_mesh_sha256 == new.moved_mesh_sha256
        && has_same_shapes(&old.environment, &new.environment);
    if is_same {
        return Ok(true);
    }
    let sentence = format!(
        "this session already holds the benchmark of session {}; hand another one over into a session of its own",
        old.benchmark_session_id
    );
    let other = Violation::new("objectives.yaml", "environment.other", sentence);
    Err(NotBuilt::Rejected(vec![Gate::Environment.finding(other)]))
}

/// Objectives, the moved object, and the scripts that build the environment.
async fn sources<W: Workshop>(
    benchmark: &W,
    built: &Built,
    design: &DesignSource,
    objectives: Vec<u8>,
) -> Result<Files, NotBuilt> {
    let mut files =
        vec![(OBJECTIVES_FILE.to_owned(), objectives), (ENVIRONMENT_SCRIPT.to_owned(), built.files.script.clone())];
    // The file that holds the moved object. One in a read-only mount is in every session anyway.
    let mesh_path = built.objectives.as_ref().and_then(|it| it.moved_object.mesh_path.as_deref());
    files.extend(mesh_path.and_then(|path| benchmark.own_path(path)).zip(built.files.moved_mesh.clone()));
    files.extend(benchmark.modules(&design.script_path).await?);
    if let Some((taken, _)) = files[2..].iter().find(|(name, _)| is_reserved(name)) {
        let sentence = format!(
            "the benchmark's own {taken} stands where its package has {ENVIRONMENT_SCRIPT} and environment/; rename it \
             and submit the benchmark again"
        );
        return Err(NotBuilt::Input(sentence));
    }
    Ok(files)
}

/// Existing files of the session stay, except the template, what comes anyway, and the package's own files from an
/// earlier hand-over of the same benchmark.
async fn refuse_overwriting<W: Workshop>(target: &W, files: &Files, is_known: bool) -> Result<(), NotBuilt> {
    for (name, content) in files {
        let Some(present) = target.read_kept(name).await? else { continue };
        let may_go = present == *content || is_template(&present) || (is_known && is_reserved(name));
        if !may_go {
            let sentence =
                format!("{name} exists in this session and differs from the benchmark's; move it away first");
            return Err(NotBuilt::Input(sentence));
        }
    }
    Ok(())
}

/// The same benchmark may be handed over again after the data of its materials changed.
fn has_same_shapes(old: &BTreeMap<String, EnvironmentPart>, new: &BTreeMap<String, EnvironmentPart>) -> bool {
    let shapes = |environment: &BTreeMap<String, EnvironmentPart>| {
        environment.iter().map(|(label, part)| (label.clone(), part.cad_sha256.clone())).collect::<Vec<_>>()
    };
    shapes(old) == shapes(new)
}

/// Whether a file of the benchmark has the name of something else in its package.
fn is_reserved(name: &str) -> bool {
    name == ENVIRONMENT_SCRIPT || name.starts_with("environment/")
}

#[cfg(test)]
mod tests;

//! `handover`: a submitted benchmark comes into the session where it is to be solved, and its hashes are recorded there.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
use cad_runtime::ExportFormat;
use chrono::Utc;
use contract::{
    design_source::DesignSource,
    gate::{Gate, Stage},
    handover::{Baseline, EnvironmentPart, HandoverRequest, HandoverResponse},
    objectives::is_template,
    session::SessionId,
    violations::Violation,
};
use service::ServiceError;
use sessions::{FileError, OBJECTIVES_FILE, VirtualPath, Workspace};

use crate::{
    artifacts::{failure_events, message},
    content::{environment_of, sha256},
    queue::Turn,
    records::Submitted,
    refusal::Refusal,
    tools::{Built, NotBuilt, Source, Tools, blocking, deciding_files, read_file},
};

/// The benchmark's script under the name by which a solution imports it.
const ENVIRONMENT_SCRIPT: &str = "environment.py";
const ENVIRONMENT_STEP: &str = "environment/environment.step";
const ENVIRONMENT_GLB: &str = "environment/environment.glb";

/// Serves one hand-over; the call waits for its turn, since the benchmark is built once more.
pub async fn handover(
    tools: &Tools,
    session: &SessionId,
    request: &HandoverRequest,
) -> Result<HandoverResponse, ServiceError> {
    let (session, benchmark) = (session.clone(), request.benchmark_session_id.clone());
    tools
        .in_turn(&[&session.clone(), &benchmark.clone()], move |tools, turn| async move {
            handover_in_turn(&tools, &turn, &session, &benchmark).await
        })
        .await
}

async fn handover_in_turn(
    tools: &Tools,
    turn: &Turn,
    session: &SessionId,
    benchmark: &SessionId,
) -> Result<HandoverResponse, ServiceError> {
    match take_over(tools, turn, session, benchmark).await {
        Ok((baseline, files)) => Ok(HandoverResponse {
            success: true,
            message: format!(
                "Benchmark handed over: {} parts of its environment are fixed by hash{}",
                baseline.environment.len(),
                turn.note()
            ),
            baseline: Some(baseline),
            files,
            events: Vec::new(),
        }),
        Err(NotBuilt::Rejected(findings)) => Ok(HandoverResponse {
            success: false,
            message: format!("{}{}", message(&findings), turn.note()),
            baseline: None,
            files: Vec::new(),
            events: failure_events(&findings),
        }),
        Err(cause) => Ok(HandoverResponse {
            success: false,
            message: format!("{}{}", Refusal::not_built(cause)?.message, turn.note()),
            baseline: None,
            files: Vec::new(),
            events: Vec::new(),
        }),
    }
}

async fn take_over(
    tools: &Tools,
    turn: &Turn,
    session: &SessionId,
    benchmark: &SessionId,
) -> Result<(Baseline, Vec<String>), NotBuilt> {
    if session == benchmark {
        return Err(NotBuilt::Input("a benchmark is handed over into another session, not into its own".into()));
    }
    let submitted = tools.session_note::<Submitted>(benchmark).await?.filter(|record| record.stage == Stage::Benchmark);
    let Some(submitted) = submitted else {
        let sentence =
            format!("session {benchmark} has no benchmark that passed /benchmark/submit with stage benchmark");
        return Err(NotBuilt::Input(sentence));
    };
    let design = DesignSource { script_path: submitted.script_path.clone(), ..DesignSource::default() };
    let source = tools.open(benchmark, &design).await?;
    let files = deciding_files(source.workspace(), &design).await?;
    // The events of this run are those of the benchmark's session, and its submission has told them.
    let built = tools.build_from(turn, benchmark, &source, files, &design, false, &mut Vec::new()).await?;
    if built.key != submitted.content_sha256 {
        let sentence = format!(
            "Immutability violation: the benchmark of session {benchmark} was changed since it was submitted; submit it \
             again"
        );
        let violation = Violation::new("script.py", "environment.changed_since_submission", sentence)
            .measured(built.key)
            .limit(submitted.content_sha256);
        return Err(NotBuilt::Rejected(vec![(Gate::Environment, violation)]));
    }
    let objectives = built.files.objectives.clone().context("a submitted benchmark has objectives")?;
    let baseline = Baseline {
        benchmark_session_id: benchmark.clone(),
        objectives_sha256: sha256(&objectives),
        moved_mesh_sha256: built.files.moved_mesh.as_deref().map(sha256),
        environment: environment_of(&built, &tools.materials).map_err(NotBuilt::Input)?,
        recorded_at: Utc::now(),
    };
    refuse_another_benchmark(tools, session, &baseline).await?;

    let files = package(tools, turn, &source, &built, &design, objectives).await?;
    let target = tools.workspace(session).await?;
    refuse_overwriting(&target, &files).await?;
    let names = files.iter().map(|(name, _)| name.clone()).collect();
    tools.keep(session, files).await?;
    tools.keep_parts(session, built).await?;
    tools.note_session(session, baseline.clone()).await?;
    Ok((baseline, names))
}

/// A session solves one benchmark; the same one may be handed over again.
async fn refuse_another_benchmark(tools: &Tools, session: &SessionId, new: &Baseline) -> Result<(), NotBuilt> {
    let Some(old) = tools.session_note::<Baseline>(session).await? else { return Ok(()) };
    let is_same = old.objectives_sha256 == new.objectives_sha256
        && old.moved_mesh_sha256 == new.moved_mesh_sha256
        && has_same_shapes(&old.environment, &new.environment);
    if is_same {
        return Ok(());
    }
    let sentence = format!(
        "this session already holds the benchmark of session {}; hand another one over into a session of its own",
        old.benchmark_session_id
    );
    Err(NotBuilt::Rejected(vec![(Gate::Environment, Violation::new("objectives.yaml", "environment.other", sentence))]))
}

/// The same benchmark may be handed over again after the data of its materials changed.
fn has_same_shapes(old: &BTreeMap<String, EnvironmentPart>, new: &BTreeMap<String, EnvironmentPart>) -> bool {
    let shapes = |environment: &BTreeMap<String, EnvironmentPart>| {
        environment.iter().map(|(label, part)| (label.clone(), part.cad_sha256.clone())).collect::<Vec<_>>()
    };
    shapes(old) == shapes(new)
}

/// Objectives, the moved object, the scripts that build the environment, and its model.
async fn package(
    tools: &Tools,
    turn: &Turn,
    source: &Source,
    built: &Built,
    design: &DesignSource,
    objectives: Vec<u8>,
) -> Result<Vec<(String, Vec<u8>)>, NotBuilt> {
    let mut files =
        vec![(OBJECTIVES_FILE.to_owned(), objectives), (ENVIRONMENT_SCRIPT.to_owned(), built.files.script.clone())];
    files.extend(moved_mesh(built));
    let (workspace, script_path) = (source.workspace().clone(), design.script_path.clone());
    let modules = blocking(move || modules(&workspace, &script_path)).await?;
    files.extend(modules.map_err(|error| NotBuilt::Input(format!("a module of the benchmark: {error}")))?);
    if let Some((taken, _)) = files[2..].iter().find(|(name, _)| is_reserved(name)) {
        let sentence = format!(
            "the benchmark's own {taken} stands where its package has {ENVIRONMENT_SCRIPT} and environment/; rename it \
             and submit the benchmark again"
        );
        return Err(NotBuilt::Input(sentence));
    }
    let exports = [(ExportFormat::Step, ENVIRONMENT_STEP), (ExportFormat::Glb, ENVIRONMENT_GLB)];
    files.extend(tools.export(turn, source, built, &exports).await?);
    Ok(files)
}

/// Whether a file of the benchmark has the name of something else in its package.
fn is_reserved(name: &str) -> bool {
    name == ENVIRONMENT_SCRIPT || name.starts_with("environment/")
}

/// The file that holds the moved object. One in a read-only mount is in every session anyway.
fn moved_mesh(built: &Built) -> Option<(String, Vec<u8>)> {
    let path = built.objectives.as_ref()?.moved_object.mesh_path.as_deref()?;
    let inner = VirtualPath::parse(path).ok()?.writable().ok()?.to_str()?.to_owned();
    Some((inner, built.files.moved_mesh.clone()?))
}

/// Python files of the session other than the script, which may import them, in folders too. Hidden folders hold none
/// of them.
fn modules(source: &Workspace, script_path: &str) -> Result<Vec<(String, Vec<u8>)>, FileError> {
    let script = script_path.trim_start_matches('/');
    let mut modules = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in source.list(if folder.is_empty() { "." } else { &folder })? {
            let path = format!("{folder}{}", entry.name);
            if entry.is_dir && !entry.name.starts_with('.') {
                folders.push(format!("{path}/"));
            } else if !entry.is_dir && path != script && Path::new(&path).extension().is_some_and(|it| it == "py") {
                match source.read_bytes(&path) {
                    // A link that leads nowhere, or a file that went away.
                    Err(FileError::NotFound { .. }) => {}
                    read => modules.push((path, read?)),
                }
            }
        }
    }
    Ok(modules)
}

/// Whatever stands in the session stays, unless it is the template or what comes anyway.
async fn refuse_overwriting(target: &Workspace, files: &[(String, Vec<u8>)]) -> Result<(), NotBuilt> {
    for (name, content) in files {
        let Some(present) = read_file(target, name).await? else { continue };
        let may_go = present == *content || is_template(&present) || name.starts_with("environment/");
        if !may_go {
            let sentence =
                format!("{name} exists in this session and differs from the benchmark's; move it away first");
            return Err(NotBuilt::Input(sentence));
        }
    }
    Ok(())
}

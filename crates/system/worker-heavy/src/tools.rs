//! The heavy tools themselves: build the design, then validate, simulate or draw it. HTTP routes and the Temporal
//! activity both come here, and every call passes the same queue.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};
use cad_runtime::{BuildRequest, CadRuntime, ExportFormat, ScriptSource};
use contract::{
    assembly::{ASSEMBLY_DEFINITION_FILE, AssemblyDefinition},
    design_source::DesignSource,
    execution::ScriptFault,
    gate::Gate,
    handover::Baseline,
    objectives::{Objectives, is_template},
    session::SessionId,
    violations::{Checked, Violation},
};
use design::Design;
use materials::{Materials, SESSION_FILE};
use serde_json::{Map, Value};
use service::ServiceError;
use sessions::{FileError, OBJECTIVES_FILE, Scratch, SessionLock, Sessions, Workspace};

use crate::{
    content::{DecidingFiles, changes_since, content_key},
    likeness::{self, Recognised},
    queue::{Queue, Room, Task, Turn, Unfinished},
    records::{ContentNote, Records, SessionNote},
    scene::{SceneSources, foreign_moved_part},
};

/// Longest time that a script may take to build a design.
const BUILD_TIMEOUT: Duration = Duration::from_mins(2);

/// Longest time of what is done with a design besides building, pricing, running and drawing it.
pub const CHECK_LIMIT: Duration = Duration::from_mins(1);

/// What all heavy tools share.
#[derive(Clone)]
pub struct Tools {
    /// Warm CAD interpreter.
    pub cad: CadRuntime,
    /// Session workspaces.
    pub sessions: Sessions,
    /// Materials, methods and bought parts.
    pub materials: Materials,
    /// What was checked and handed over.
    pub records: Records,
    /// The one slot for heavy work.
    pub queue: Queue,
    /// Program that makes videos.
    pub ffmpeg: PathBuf,
}

/// A design with everything that belongs to it.
pub struct Built {
    /// Parts.
    pub design: Design,
    /// Objectives; absent when the workspace has none or only the template.
    pub objectives: Option<Objectives>,
    /// Assembly definition, sound or not; absent when the workspace has none.
    pub assembly: Option<Checked<AssemblyDefinition>>,
    /// The files that decide with it.
    pub files: DecidingFiles,
    /// What its parts are made of: as the platform says, or as the session's own file does.
    pub materials: Materials,
    /// Hash of each part, in the design's order: of the checked part that it is, else its own.
    pub part_hashes: Vec<String>,
    /// How parts differ from those that were checked last, one sentence each.
    pub moved: Vec<String>,
    /// Key under which checks of exactly this are recorded.
    pub key: String,
}

impl Built {
    /// What a scene of it is made of, with full power for its motors, in the variation that its objectives name.
    pub fn scene_sources(&self) -> SceneSources<'_> {
        static ALL_FULL: BTreeMap<String, f64> = BTreeMap::new();
        SceneSources {
            design: &self.design,
            objectives: self.objectives.as_ref(),
            assembly: self.assembly.as_ref().and_then(|checked| checked.value.as_ref()),
            moved_mesh: self.files.moved_mesh.as_deref(),
            materials: &self.materials,
            motor_power: &ALL_FULL,
            variation_id: self.objectives.as_ref().and_then(|it| it.randomization.static_variation_id.as_deref()),
        }
    }
}

/// Why there is no design. The caller did something wrong, or the worker could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum NotBuilt {
    /// The script is at fault.
    #[error("{0}")]
    Script(#[from] ScriptFault),
    /// A file beside the script is.
    #[error("{0}")]
    Input(String),
    /// Rules are broken.
    #[error("{}", sentences(.0))]
    Rejected(Vec<(Gate, Violation)>),
    /// Nobody waits for it any more.
    #[error("the caller hung up")]
    Left,
    /// This worker is.
    #[error("{0:#}")]
    Worker(#[from] anyhow::Error),
}

impl From<Unfinished> for NotBuilt {
    fn from(cause: Unfinished) -> Self {
        match cause {
            Unfinished::Left => Self::Left,
            Unfinished::TooLong(sentence) => Self::Input(sentence),
            Unfinished::Broken(error) => Self::Worker(error),
        }
    }
}

/// The sessions of a call. It has them to itself while it runs scripts.
struct SessionRoom {
    sessions: Sessions,
    ids: Vec<SessionId>,
}

impl Room for SessionRoom {
    type Lock = Vec<SessionLock>;

    fn try_enter(&self) -> anyhow::Result<Option<Self::Lock>> {
        // All or none: whoever has got half of them gives them back.
        let locks: Result<Option<Vec<_>>, _> = self.ids.iter().map(|id| self.sessions.try_lock(id)).collect();
        locks.context("the session cannot be locked")
    }

    async fn enter(&self) -> anyhow::Result<Self::Lock> {
        let mut locks = Vec::new();
        for id in &self.ids {
            locks.push(self.sessions.lock(id).await.context("the session cannot be locked")?);
        }
        Ok(locks)
    }
}

/// All findings in one sentence.
pub fn sentences(findings: &[(Gate, Violation)]) -> String {
    findings.iter().map(|(_, violation)| violation.message.as_str()).collect::<Vec<_>>().join("; ")
}

/// Where a call finds its files: the session itself, or the bundle that came with the call.
pub struct Source {
    workspace: Workspace,
    /// Keeps an unpacked bundle on disk as long as the call needs it.
    _bundle: Option<Arc<Scratch>>,
}

impl Source {
    /// The files.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Takes away what an earlier run left in the event file.
    async fn discard_events(&self) -> anyhow::Result<()> {
        let workspace = self.workspace.clone();
        blocking(move || workspace.discard_events()).await?.context("the events of an earlier run cannot be removed")
    }

    /// Takes the events that the script wrote.
    async fn take_events(&self) -> anyhow::Result<Vec<Map<String, Value>>> {
        let workspace = self.workspace.clone();
        let taken = blocking(move || workspace.take_events()).await?.context("the script's events cannot be read")?;
        if taken.malformed > 0 {
            tracing::warn!(lines = taken.malformed, "the script wrote lines that are no events");
        }
        Ok(taken.events)
    }
}

/// Runs file work on a thread that may block.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("file work was cut off")
}

impl Tools {
    /// The session's workspace, which is made on the first touch.
    pub async fn workspace(&self, session: &SessionId) -> anyhow::Result<Workspace> {
        let (sessions, session) = (self.sessions.clone(), session.clone());
        blocking(move || sessions.open(&session)).await?.context("the session's workspace cannot be opened")
    }

    /// Opens the files that a call is about.
    pub async fn open(&self, session: &SessionId, source: &DesignSource) -> Result<Source, NotBuilt> {
        let Some(text) = &source.bundle_base64 else {
            return Ok(Source { workspace: self.workspace(session).await?, _bundle: None });
        };
        let archive = BASE64_STANDARD
            .decode(text)
            .map_err(|error| NotBuilt::Input(format!("bundle_base64 is not base64: {error}")))?;
        let sessions = self.sessions.clone();
        let bundle = blocking(move || sessions.unbundle(&archive))
            .await?
            .map_err(|error| NotBuilt::Input(format!("bundle_base64: {error}")))?;
        Ok(Source { workspace: bundle.workspace().clone(), _bundle: Some(Arc::new(bundle)) })
    }

    /// Writes files into the session, where the file and asset routes find them.
    pub async fn keep(&self, session: &SessionId, files: Vec<(String, Vec<u8>)>) -> anyhow::Result<()> {
        let workspace = self.workspace(session).await?;
        blocking(move || workspace.write_all(&files)).await?.context("the results cannot be written into the session")
    }

    /// Does a whole heavy call: waits for its turn, has its sessions to itself, and ends before the next call begins,
    /// whether or not the caller still waits.
    pub async fn in_turn<T, W>(
        &self,
        sessions: &[&SessionId],
        call: impl FnOnce(Self, Arc<Turn>) -> W + Send + 'static,
    ) -> Result<T, ServiceError>
    where
        T: Send + 'static,
        W: Future<Output = Result<T, ServiceError>> + Send + 'static,
    {
        // In one order for all calls, so that no two wait for each other.
        let mut ids: Vec<SessionId> = sessions.iter().map(|id| (*id).clone()).collect();
        ids.sort();
        ids.dedup();
        let room = SessionRoom { sessions: self.sessions.clone(), ids };
        let tools = self.clone();
        self.queue.run(room, move |turn| call(tools, turn)).await?
    }

    /// Opens the files of a call, runs the script, and reads the objectives. The script's events are added to `events`,
    /// whatever the result.
    pub async fn build(
        &self,
        turn: &Turn,
        session: &SessionId,
        request: &DesignSource,
        check_interference: bool,
        events: &mut Vec<Map<String, Value>>,
    ) -> Result<Built, NotBuilt> {
        let source = self.open(session, request).await?;
        let files = deciding_files(source.workspace(), request).await?;
        self.build_from(turn, session, &source, files, request, check_interference, events).await
    }

    /// The same from files that are open and read already, so that what is built is what was read.
    #[expect(clippy::too_many_arguments, reason = "each is a thing of its own, and two callers name them all")]
    pub async fn build_from(
        &self,
        turn: &Turn,
        session: &SessionId,
        source: &Source,
        files: DecidingFiles,
        request: &DesignSource,
        check_interference: bool,
        events: &mut Vec<Map<String, Value>>,
    ) -> Result<Built, NotBuilt> {
        source.discard_events().await?;
        let built = self.run_script(turn, session, source, files, request, check_interference).await;
        events.extend(source.take_events().await?);
        self.hold_to_baseline(turn, session, built?).await
    }

    /// The model of a design, as the content of `files`, which are not written: the shapes that were checked. The
    /// script does not run again.
    pub async fn export(
        &self,
        turn: &Turn,
        source: &Source,
        built: &Built,
        files: &[(ExportFormat, &str)],
    ) -> Result<Vec<(String, Vec<u8>)>, NotBuilt> {
        turn.go_on()?;
        let formats: Vec<_> = files.iter().map(|(format, _)| *format).collect();
        let (root, design) = (source.workspace().path(), &built.design);
        let exported = self.cad.export(root, design, &formats, BUILD_TIMEOUT, turn.caller_left()).await;
        turn.go_on()?;
        let contents = exported.context("the model could not be written")??;
        Ok(files.iter().map(|(_, path)| (*path).to_owned()).zip(contents).collect())
    }

    async fn run_script(
        &self,
        turn: &Turn,
        session: &SessionId,
        source: &Source,
        files: DecidingFiles,
        request: &DesignSource,
        check_interference: bool,
    ) -> Result<Built, NotBuilt> {
        let materials = self.materials.overridden_by(files.config.as_deref()).map_err(NotBuilt::Input)?;
        let objectives = objectives_of(files.objectives.as_deref())?;
        let assembly = files.assembly.as_deref().map(|bytes| gates::assembly::check(bytes, objectives.as_ref()));
        let build = BuildRequest { check_interference, ..BuildRequest::new(script_of(request)) };
        let design = self.run_cad(turn, source.workspace(), &build).await?;
        // The interpreter reads the file after this worker has: what is judged and handed over is what ran.
        if request.script_content.is_none() {
            let now = read_file(source.workspace(), &request.script_path).await?;
            if now.as_ref() != Some(&files.script) {
                let sentence = format!("{} was changed while it was built; build it once more", request.script_path);
                return Err(NotBuilt::Input(sentence));
            }
        }
        let (records, session) = (self.records.clone(), session.clone());
        let recognising = turn.work(checking(&design), move |cancel| {
            let Recognised { hashes: part_hashes, moved } = Recognised::of(&design, &records, &session, cancel)?;
            let key = content_key(&part_hashes, &files);
            Ok(Built { design, objectives, assembly, files, materials, part_hashes, moved, key })
        });
        recognising.await?
    }

    /// Runs a script in the CAD interpreter; its process is ended when the caller goes away, and waited for.
    async fn run_cad(&self, turn: &Turn, workspace: &Workspace, build: &BuildRequest) -> Result<Design, NotBuilt> {
        turn.go_on()?;
        let built = self.cad.build_unless(workspace.path(), build, BUILD_TIMEOUT, turn.caller_left()).await;
        turn.go_on()?;
        Ok(built.context("the CAD runtime could not do its work")??)
    }

    /// Refuses a design whose environment or objectives are not those that were handed over to its session.
    async fn hold_to_baseline(&self, turn: &Turn, session: &SessionId, built: Built) -> Result<Built, NotBuilt> {
        let Some(baseline) = self.session_note::<Baseline>(session).await? else { return Ok(built) };
        let comparing = turn.work(checking(&built.design), move |_| {
            let mut changes = changes_since(&baseline, &built);
            let foreign = foreign_moved_part(&built.design, built.objectives.as_ref(), &baseline);
            changes.extend(foreign.map(|found| (Gate::Environment, found)));
            if changes.is_empty() { Ok(built) } else { Err(NotBuilt::Rejected(changes)) }
        });
        comparing.await?
    }

    /// The note about a session, if there is one.
    pub async fn session_note<T: SessionNote + Send + 'static>(
        &self,
        session: &SessionId,
    ) -> anyhow::Result<Option<T>> {
        let (records, session) = (self.records.clone(), session.clone());
        blocking(move || records.of_session(&session)).await?
    }

    /// Writes a note about a session.
    pub async fn note_session<T: SessionNote + Send + 'static>(
        &self,
        session: &SessionId,
        note: T,
    ) -> anyhow::Result<()> {
        let (records, session) = (self.records.clone(), session.clone());
        blocking(move || records.note_session(&session, &note)).await?
    }

    /// The note about a content of a session, if there is one.
    pub async fn content_note<T: ContentNote + Send + 'static>(
        &self,
        session: &SessionId,
        key: &str,
    ) -> anyhow::Result<Option<T>> {
        let (records, session, key) = (self.records.clone(), session.clone(), key.to_owned());
        blocking(move || records.of_content(&session, &key)).await?
    }

    /// Writes a note about a content of a session.
    pub async fn note_content<T: ContentNote + Send + 'static>(
        &self,
        session: &SessionId,
        key: &str,
        note: T,
    ) -> anyhow::Result<()> {
        let (records, session, key) = (self.records.clone(), session.clone(), key.to_owned());
        blocking(move || records.note_content(&session, &key, &note)).await?
    }

    /// Keeps the parts of a design in the records of a session, so that a later build of them is recognised.
    pub async fn keep_parts(&self, session: &SessionId, built: Built) -> anyhow::Result<Built> {
        let (records, session) = (self.records.clone(), session.clone());
        blocking(move || {
            likeness::keep(&built.design, &built.part_hashes, &records, &session)?;
            Ok(built)
        })
        .await?
    }
}

fn script_of(request: &DesignSource) -> ScriptSource {
    match &request.script_content {
        Some(text) => ScriptSource::Text(text.clone()),
        None => ScriptSource::File(request.script_path.clone()),
    }
}

/// The task of hashing and comparing a design.
fn checking(design: &Design) -> Task {
    Task { name: "comparing the design", limit: CHECK_LIMIT, size: size_of(design) }
}

/// What decides how long work on a design takes, in words.
pub fn size_of(design: &Design) -> String {
    let triangles: usize = design.parts.iter().map(|part| part.mesh.triangles.len()).sum();
    format!("{triangles} triangles in {} parts", design.parts.len())
}

/// Reads the files that decide about a design. They are read before its script runs, which may write into its workspace.
pub async fn deciding_files(workspace: &Workspace, request: &DesignSource) -> Result<DecidingFiles, NotBuilt> {
    let script = match &request.script_content {
        Some(text) => Some(text.clone().into_bytes()),
        None => read_file(workspace, &request.script_path).await?,
    };
    let objectives = read_file(workspace, OBJECTIVES_FILE).await?;
    let moved_mesh = match mesh_path(objectives.as_deref()) {
        Some(path) => read_file(workspace, &path).await?,
        None => None,
    };
    Ok(DecidingFiles {
        // A script that is missing is told by the run itself, which knows the words for it.
        script: script.unwrap_or_default(),
        objectives,
        moved_mesh,
        assembly: read_file(workspace, ASSEMBLY_DEFINITION_FILE).await?,
        config: read_file(workspace, SESSION_FILE).await?,
    })
}

/// The file that holds the moved object, where the objectives name one. What else is wrong with them, their gate says.
fn mesh_path(objectives: Option<&[u8]>) -> Option<String> {
    gates::objectives::check(objectives?).value?.moved_object.mesh_path
}

/// A file's bytes; nothing when it does not exist.
pub async fn read_file(workspace: &Workspace, path: &str) -> Result<Option<Vec<u8>>, NotBuilt> {
    let (workspace, wanted) = (workspace.clone(), path.to_owned());
    match blocking(move || workspace.read_bytes(&wanted)).await? {
        Ok(bytes) => Ok(Some(bytes)),
        Err(FileError::NotFound { .. }) => Ok(None),
        Err(error) => Err(NotBuilt::Input(format!("{path} cannot be read: {error}"))),
    }
}

/// Objectives that are sound; nothing when there is no file or only the untouched template.
pub fn objectives_of(bytes: Option<&[u8]>) -> Result<Option<Objectives>, NotBuilt> {
    let Some(bytes) = bytes.filter(|bytes| !is_template(bytes)) else { return Ok(None) };
    let sound = gates::objectives::check(bytes).sound();
    sound.map(Some).map_err(|found| NotBuilt::Rejected(found.into_iter().map(|one| (Gate::Objectives, one)).collect()))
}

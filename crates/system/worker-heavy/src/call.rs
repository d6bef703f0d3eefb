//! How a heavy call gets its turn, and the call itself: whose turn it is, which session it is about, and the events
//! that it left. HTTP routes and the Temporal activity both come here, and every call passes the same queue. A call is
//! the workshop of a hand-over: the call that has the turn can build, price and export.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use cad_runtime::{BuildRequest, ScriptSource};
use chrono::{DateTime, Utc};
use contract::{
    design_source::DesignSource,
    events::{Event, EventBody, Source},
    handover::Baseline,
    session::SessionId,
    tool::ToolAnswer,
    workbench::{PriceReport, PriceRequest},
};
use design::{Design, ExportFormat};
use handover::{
    Built, DecidingFiles, FileReceipts, Files, NotBuilt, Recognised, Refusal, Repriced, SessionReceipts, Workshop,
    content_key, hold_to_baseline,
};
use materials::Materials;
use serde_json::{Map, Value};
use service::ServiceError;
use sessions::{FileError, Scratch, SessionLock, Sessions, VirtualPath, Workspace};
use tokio::sync::OnceCell;
use workbench::PricedDesign;

use crate::{
    pricing::{self, Terms},
    queue::{Room, Task, Turn, Unfinished},
    tools::{BUILD_TIMEOUT, CHECK_LIMIT, Tools, blocking, objectives_of, read_file, size_of},
};

/// A call that has the turn.
pub struct Call {
    /// What all heavy tools share.
    pub tools: Tools,
    /// The turn.
    pub turn: Arc<Turn>,
    receipts: SessionReceipts<FileReceipts>,
    bundle: Option<String>,
    source: OnceCell<Origin>,
    /// What its events belong to.
    trace_id: Option<String>,
    events: Mutex<Vec<Map<String, Value>>>,
}

/// Where a call finds its files: the session itself, or the bundle that came with the call.
struct Origin {
    workspace: Workspace,
    /// Keeps an unpacked bundle on disk as long as the call needs it.
    _bundle: Option<Scratch>,
}

/// The sessions of a call. It has them to itself while it runs scripts.
struct SessionRoom {
    sessions: Sessions,
    ids: Vec<SessionId>,
}

impl Room for SessionRoom {
    type Lock = Vec<SessionLock>;

    fn try_enter(&self) -> anyhow::Result<Option<Self::Lock>> {
        // All or none: a call that got only some of them releases them.
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

impl Tools {
    /// Does a whole heavy call about a design of a session: waits for its turn, has its session to itself, and ends
    /// before the next call begins, whether or not the caller still waits.
    pub async fn call<T, W>(
        &self,
        session: &SessionId,
        design: &DesignSource,
        work: impl FnOnce(Arc<Call>) -> W + Send + 'static,
    ) -> Result<ToolAnswer<T>, ServiceError>
    where
        T: Default + Send + 'static,
        W: Future<Output = Result<ToolAnswer<T>, NotBuilt>> + Send + 'static,
    {
        self.call_in(&[session], design.bundle_base64.clone(), move |call, _| work(call)).await
    }

    /// The same with several sessions; the call is about the first, and there is one call for each other.
    pub async fn call_in<T, W>(
        &self,
        sessions: &[&SessionId],
        bundle: Option<String>,
        work: impl FnOnce(Arc<Call>, Vec<Call>) -> W + Send + 'static,
    ) -> Result<ToolAnswer<T>, ServiceError>
    where
        T: Default + Send + 'static,
        W: Future<Output = Result<ToolAnswer<T>, NotBuilt>> + Send + 'static,
    {
        let named: Vec<SessionId> = sessions.iter().map(|id| (*id).clone()).collect();
        let (tools, trace_id) = (self.clone(), service::trace_id());
        self.in_turn(sessions, move |turn| async move {
            let (first, others) = named.split_first().context("a call is about a session")?;
            let call =
                |id: &SessionId, bundle| Call::new(tools.clone(), Arc::clone(&turn), id, bundle, trace_id.clone());
            let main = Arc::new(call(first, bundle));
            let others = others.iter().map(|id| call(id, None)).collect();
            let done = work(Arc::clone(&main), others).await;
            main.answer(done)
        })
        .await?
    }

    async fn in_turn<T, W>(
        &self,
        sessions: &[&SessionId],
        call: impl FnOnce(Arc<Turn>) -> W + Send + 'static,
    ) -> anyhow::Result<T>
    where
        T: Send + 'static,
        W: Future<Output = T> + Send + 'static,
    {
        // In one order for all calls, so that no two wait for each other.
        let mut ids: Vec<SessionId> = sessions.iter().map(|id| (*id).clone()).collect();
        ids.sort();
        ids.dedup();
        let room = SessionRoom { sessions: self.sessions.clone(), ids };
        self.queue.run(room, call).await
    }
}

impl Call {
    /// A call about a session; its files come from the bundle where there is one.
    fn new(
        tools: Tools,
        turn: Arc<Turn>,
        session: &SessionId,
        bundle: Option<String>,
        trace_id: Option<String>,
    ) -> Self {
        let receipts = tools.receipts_of(session);
        Self { tools, turn, receipts, bundle, source: OnceCell::new(), trace_id, events: Mutex::default() }
    }

    /// The session.
    pub fn session(&self) -> &SessionId {
        &self.receipts.session
    }

    /// Runs the script and measures what it builds. Overlaps of parts are looked for when asked.
    pub async fn build_checked(&self, design: &DesignSource, check_interference: bool) -> Result<Built, NotBuilt> {
        let files = handover::deciding_files(self, design).await?;
        self.build_from(design, files, check_interference).await
    }

    /// Notes an event before all others of this call.
    pub fn emit_first(&self, at: DateTime<Utc>, body: EventBody) {
        let mut event = Event::at(at, Source::WorkerHeavy, body);
        event.trace_id.clone_from(&self.trace_id);
        self.events.lock().unwrap_or_else(PoisonError::into_inner).insert(0, event.into_map());
    }

    /// The answer of this call: with its events, and its place in the queue.
    pub fn answer<T: Default>(&self, done: Result<ToolAnswer<T>, NotBuilt>) -> Result<ToolAnswer<T>, ServiceError> {
        let answer = done.or_else(|cause| {
            let refusal = Refusal::not_built(cause)?;
            let message = refusal.named_message();
            Ok(refusal.answer(message))
        });
        let mut answer = answer.map_err(fault)?;
        let mut events = std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner));
        events.append(&mut answer.events);
        answer.events = events;
        answer.queue_position = self.turn.position();
        answer.message.push_str(&self.turn.note());
        Ok(answer)
    }

    async fn source(&self) -> Result<&Workspace, NotBuilt> {
        let opening = self.source.get_or_try_init(|| async {
            let Some(text) = self.bundle.clone() else {
                let workspace = self.tools.workspace(self.session()).await?;
                return Ok::<_, NotBuilt>(Origin { workspace, _bundle: None });
            };
            let bundle = self.tools.unbundle(text).await?;
            Ok(Origin { workspace: bundle.workspace().clone(), _bundle: Some(bundle) })
        });
        Ok(&opening.await?.workspace)
    }

    async fn build_from(
        &self,
        design: &DesignSource,
        files: DecidingFiles,
        check_interference: bool,
    ) -> Result<Built, NotBuilt> {
        let workspace = self.source().await?.clone();
        let emptied = workspace.clone();
        blocking(move || emptied.discard_events()).await?.context("the events of an earlier run cannot be removed")?;
        let built = self.run_script(&workspace, design, files, check_interference).await;
        let taken = blocking(move || workspace.take_events()).await?.context("the script's events cannot be read")?;
        if taken.malformed > 0 {
            tracing::warn!(lines = taken.malformed, "the script wrote lines that are not events");
        }
        self.events.lock().unwrap_or_else(PoisonError::into_inner).extend(taken.events);
        let built = built?;
        let comparing = self.turn.work(checking(&built.design), move |_| hold_to_baseline(built));
        comparing.await?
    }

    async fn run_script(
        &self,
        workspace: &Workspace,
        design: &DesignSource,
        files: DecidingFiles,
        check_interference: bool,
    ) -> Result<Built, NotBuilt> {
        let materials = self.tools.materials.overridden_by(files.config.as_deref()).map_err(NotBuilt::Input)?;
        let objectives = objectives_of(files.objectives.as_deref())?;
        let assembly = files.assembly.as_deref().map(|bytes| gates::assembly::check(bytes, objectives.as_ref()));
        let baseline = self.receipts.note::<Baseline>().await?;
        let script = match &design.script_content {
            Some(text) => ScriptSource::Text(text.clone()),
            None => ScriptSource::File(design.script_path.clone()),
        };
        let request = BuildRequest { check_interference, ..BuildRequest::new(script) };
        let measured = self.run_cad(workspace, &request).await?;
        // The interpreter reads the file after this worker has: what is judged and handed over is what ran.
        if design.script_content.is_none() {
            let now = read_file(workspace, &design.script_path).await?;
            if now.as_ref() != Some(&files.script) {
                let sentence = format!("{} was changed while it was built; build it once more", design.script_path);
                return Err(NotBuilt::Input(sentence));
            }
        }
        let SessionReceipts { receipts, session } = self.receipts.clone();
        let recognising = self.turn.work(checking(&measured), move |cancel| {
            let Recognised { hashes: part_hashes, moved } = Recognised::of(&measured, &receipts, &session, cancel)?;
            let key = content_key(&part_hashes, &files);
            Ok(Built { design: measured, objectives, assembly, files, materials, baseline, part_hashes, moved, key })
        });
        recognising.await?
    }

    /// Runs a script in the CAD interpreter; its process is ended when the caller goes away, and waited for.
    async fn run_cad(&self, workspace: &Workspace, request: &BuildRequest) -> Result<Design, NotBuilt> {
        self.turn.go_on()?;
        let left = self.turn.caller_left();
        let built = self.tools.cad.build_unless(workspace.path(), request, BUILD_TIMEOUT, left).await;
        self.turn.go_on()?;
        Ok(built.context("the CAD runtime could not do its work")??)
    }
}

impl Workshop for Call {
    type Receipts = FileReceipts;

    fn receipts(&self) -> &SessionReceipts<FileReceipts> {
        &self.receipts
    }

    fn materials(&self) -> &Materials {
        &self.tools.materials
    }

    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, NotBuilt> {
        read_file(self.source().await?, path).await
    }

    async fn read_kept(&self, path: &str) -> Result<Option<Vec<u8>>, NotBuilt> {
        read_file(&self.tools.workspace(self.session()).await?, path).await
    }

    async fn modules(&self, script_path: &str) -> Result<Files, NotBuilt> {
        let (workspace, script_path) = (self.source().await?.clone(), script_path.to_owned());
        let modules = blocking(move || modules(&workspace, &script_path)).await?;
        modules.map_err(|error| NotBuilt::Input(format!("a module of the benchmark: {error}")))
    }

    fn own_path(&self, path: &str) -> Option<String> {
        Some(VirtualPath::parse(path).ok()?.writable().ok()?.to_str()?.to_owned())
    }

    async fn first_objectives(&self) -> Result<Option<Vec<u8>>, NotBuilt> {
        Ok(self.tools.first_objectives(self.session()).await?)
    }

    async fn build(&self, design: &DesignSource, files: DecidingFiles) -> Result<Built, NotBuilt> {
        self.build_from(design, files, false).await
    }

    async fn reprice(&self, built: Built) -> Result<(Built, Repriced), NotBuilt> {
        let platform = self.tools.materials.clone();
        let working = self.turn.work(pricing::task(&built.design), move |cancel| {
            let terms = Terms::of(&PriceRequest::default(), built.objectives.as_ref());
            let priced = pricing::price(&built, terms, &platform, cancel);
            (built, priced)
        });
        let (built, priced) = working.await?;
        let PricedDesign { report, findings, .. } =
            priced.context("pricing returned nothing, but nobody cancelled it")?;
        let PriceReport { unit_cost, weight_g, .. } = report;
        Ok((built, Repriced { findings, unit_cost, weight_g }))
    }

    /// The shapes that were checked are exported; the script does not run again.
    async fn export(&self, built: &Built, formats: &[ExportFormat]) -> Result<Vec<Vec<u8>>, NotBuilt> {
        self.turn.go_on()?;
        let (root, left) = (self.source().await?.path(), self.turn.caller_left());
        let exported = self.tools.cad.export(root, &built.design, formats, BUILD_TIMEOUT, left).await;
        self.turn.go_on()?;
        Ok(exported.context("the model could not be written")??)
    }

    async fn keep(&self, files: Files) -> Result<(), NotBuilt> {
        Ok(self.tools.keep(self.session(), files).await?)
    }

    fn emit(&self, body: EventBody) {
        let event = told(body, self.trace_id.clone());
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

/// The task of hashing and comparing a design.
fn checking(design: &Design) -> Task {
    Task { name: "comparing the design", limit: CHECK_LIMIT, size: size_of(design) }
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

/// An event of this worker, as it is reported.
pub fn told(body: EventBody, trace_id: Option<String>) -> Map<String, Value> {
    Event { trace_id, ..Event::new(Source::WorkerHeavy, body) }.into_map()
}

/// The error of a call that its caller cannot fix.
pub fn fault(cause: NotBuilt) -> ServiceError {
    match cause {
        NotBuilt::Left => ServiceError::unavailable("the caller hung up"),
        NotBuilt::Worker(error) => error.into(),
        other => anyhow::Error::new(other).into(),
    }
}

/// Python files of the workspace other than the script, which may import them, in folders too. Hidden folders hold none
/// of them.
fn modules(source: &Workspace, script_path: &str) -> Result<Files, FileError> {
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

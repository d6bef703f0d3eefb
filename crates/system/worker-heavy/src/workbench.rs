//! The heavy tools themselves: build the design, then validate, simulate or draw it. HTTP routes and the Temporal
//! activity both come here, and every call passes the same queue.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};
use cad_runtime::{BuildRequest, CadRuntime, Design, ScriptSource};
use contract::{
    benchmark::DesignSource,
    execution::ScriptFault,
    objectives::{Objectives, TEMPLATE_MARKER},
    session::SessionId,
};
use serde_json::{Map, Value};
use sessions::{Existing, FileError, OBJECTIVES_FILE, Scratch, Sessions, Workspace};

use crate::{materials::Materials, queue::Queue};

/// Longest time that a script may take to build a design.
const BUILD_TIMEOUT: Duration = Duration::from_mins(2);

/// What all heavy tools share.
#[derive(Clone)]
pub struct Workbench {
    /// Warm CAD interpreter.
    pub cad: CadRuntime,
    /// Session workspaces.
    pub sessions: Sessions,
    /// Materials of the mounted configuration.
    pub materials: Arc<Materials>,
    /// The one slot for heavy work.
    pub queue: Queue,
}

/// A design with everything that belongs to it.
pub struct Built {
    /// Parts.
    pub design: Design,
    /// Objectives; absent when the workspace has none or only the template.
    pub objectives: Option<Objectives>,
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
    /// This worker is.
    #[error("{0:#}")]
    Worker(#[from] anyhow::Error),
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

impl Workbench {
    /// The session's workspace, which is made on the first touch.
    pub async fn workspace(&self, session: &SessionId) -> anyhow::Result<Workspace> {
        let (sessions, session) = (self.sessions.clone(), session.clone());
        blocking(move || sessions.open(&session)).await?.context("the session's workspace cannot be opened")
    }

    /// Opens the files that a call is about.
    async fn open(&self, session: &SessionId, source: &DesignSource) -> Result<Source, NotBuilt> {
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
        blocking(move || files.iter().try_for_each(|(path, content)| workspace.write(path, content, Existing::Replace)))
            .await?
            .context("the results cannot be written into the session")
    }

    /// Opens the files of a call, runs the script, and reads the objectives. The script's events are added to `events`,
    /// whatever came of it.
    pub async fn build(
        &self,
        session: &SessionId,
        request: &DesignSource,
        check_interference: bool,
        events: &mut Vec<Map<String, Value>>,
    ) -> Result<Built, NotBuilt> {
        let source = self.open(session, request).await?;
        let built = self.run_script(&source, request, check_interference).await;
        events.extend(source.take_events().await?);
        built
    }

    async fn run_script(
        &self,
        source: &Source,
        request: &DesignSource,
        check_interference: bool,
    ) -> Result<Built, NotBuilt> {
        let script = match &request.script_content {
            Some(text) => ScriptSource::Text(text.clone()),
            None => ScriptSource::File(request.script_path.clone()),
        };
        let build = BuildRequest { check_interference, ..BuildRequest::new(script) };
        let design = self
            .cad
            .build(source.workspace().path(), &build, BUILD_TIMEOUT)
            .await
            .context("the CAD runtime could not do its work")??;
        let objectives = read_objectives(source.workspace()).await?;
        Ok(Built { design, objectives })
    }
}

async fn read_objectives(workspace: &Workspace) -> Result<Option<Objectives>, NotBuilt> {
    let workspace = workspace.clone();
    let text = match blocking(move || workspace.read_text(OBJECTIVES_FILE)).await? {
        Ok(text) => text,
        Err(FileError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(NotBuilt::Input(format!("objectives.yaml cannot be read: {error}"))),
    };
    if text.contains(TEMPLATE_MARKER) {
        return Ok(None);
    }
    serde_yaml::from_str(&text)
        .map(Some)
        .map_err(|error| NotBuilt::Input(format!("objectives.yaml does not fit its schema: {error}")))
}

/// Sets its flag when it is dropped: a caller that goes away ends the run that was made for it.
pub struct CancelOnDrop(Arc<AtomicBool>);

impl CancelOnDrop {
    /// A guard and the flag that it will set.
    pub fn new() -> (Self, Arc<AtomicBool>) {
        let flag = Arc::new(AtomicBool::new(false));
        (Self(flag.clone()), flag)
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Name of the mounted configuration file with the materials.
pub fn materials_file(mounts: &Path) -> PathBuf {
    mounts.join("config").join("manufacturing_config.yaml")
}

//! What all heavy tools share: the CAD interpreter, the sessions, materials, receipts and the queue.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};
use cad_runtime::CadRuntime;
use contract::{
    gate::Gate,
    objectives::{Objectives, is_template},
    session::SessionId,
};
use design::Design;
use handover::{FileReceipts, NotBuilt, SessionReceipts};
use materials::Materials;
use sessions::{FileError, Scratch, Sessions, Workspace};

use crate::queue::Queue;

/// Longest time that a script may take to build a design.
pub const BUILD_TIMEOUT: Duration = Duration::from_mins(2);

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
    pub receipts: FileReceipts,
    /// The one slot for heavy work.
    pub queue: Queue,
    /// Program that makes videos.
    pub ffmpeg: PathBuf,
}

/// Runs file work on a thread that may block.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("file work panicked or was cancelled")
}

impl Tools {
    /// The receipts of a session.
    pub fn receipts_of(&self, session: &SessionId) -> SessionReceipts<FileReceipts> {
        SessionReceipts { receipts: self.receipts.clone(), session: session.clone() }
    }

    /// The session's workspace, which is made on the first touch.
    pub async fn workspace(&self, session: &SessionId) -> anyhow::Result<Workspace> {
        let (sessions, session) = (self.sessions.clone(), session.clone());
        blocking(move || sessions.open(&session)).await?.context("the session's workspace cannot be opened")
    }

    /// The objectives in the session's first commit, where it has one.
    pub async fn first_objectives(&self, session: &SessionId) -> anyhow::Result<Option<Vec<u8>>> {
        let (sessions, session) = (self.sessions.clone(), session.clone());
        Ok(blocking(move || sessions.first_commit(&session)).await??)
    }

    /// Unpacks the bundle that came with a call.
    pub async fn unbundle(&self, base64: String) -> Result<Scratch, NotBuilt> {
        let archive = BASE64_STANDARD
            .decode(base64)
            .map_err(|error| NotBuilt::Input(format!("bundle_base64 is not base64: {error}")))?;
        let sessions = self.sessions.clone();
        let bundle = blocking(move || sessions.unbundle(&archive)).await?;
        bundle.map_err(|error| NotBuilt::Input(format!("bundle_base64: {error}")))
    }

    /// Writes files into the session, where the file and asset routes find them.
    pub async fn keep(&self, session: &SessionId, files: Vec<(String, Vec<u8>)>) -> anyhow::Result<()> {
        let workspace = self.workspace(session).await?;
        blocking(move || workspace.write_all(&files)).await?.context("the results cannot be written into the session")
    }
}

/// What decides how long work on a design takes, in words.
pub fn size_of(design: &Design) -> String {
    let triangles: usize = design.parts.iter().map(|part| part.mesh.triangles.len()).sum();
    format!("{triangles} triangles in {} parts", design.parts.len())
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
    sound.map(Some).map_err(|found| NotBuilt::Rejected(Gate::Objectives.findings(found)))
}

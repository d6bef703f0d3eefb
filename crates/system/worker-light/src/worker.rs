//! What all routes share.

use std::sync::Arc;

use cad_runtime::{CadRuntime, CadRuntimeError};
use service::ServiceError;
use sessions::Sessions;
use tokio::sync::Semaphore;

use crate::{ruff::Ruff, version_control::Git};

/// Script runs at a time; a machine serves four agents.
const MAX_RUNS: usize = 4;

/// The worker. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Session workspaces.
    pub sessions: Sessions,
    /// Runs scripts.
    pub cad: CadRuntime,
    /// Version control.
    pub git: Git,
    /// Lints.
    pub ruff: Ruff,
    /// One permit for each script that may run now.
    pub runs: Arc<Semaphore>,
}

impl Worker {
    /// A worker with all its permits free.
    pub fn new(sessions: Sessions, cad: CadRuntime, git: Git, ruff: Ruff) -> Self {
        Self { sessions, cad, git, ruff, runs: Arc::new(Semaphore::new(MAX_RUNS)) }
    }
}

/// A failure of the CAD runtime itself: 503 while it restarts, 500 otherwise.
pub fn runtime_failure(error: CadRuntimeError) -> ServiceError {
    match error {
        CadRuntimeError::NotRunning(_) | CadRuntimeError::ParentEnded | CadRuntimeError::ParentStuck { .. } => {
            tracing::warn!(%error, "the CAD runtime cannot run a script now");
            ServiceError::unavailable(error.to_string())
        }
        other => ServiceError::internal(&other.into()),
    }
}

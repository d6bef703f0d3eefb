//! Watching what a run writes. The kernel limits the size of one file; nothing limits their number and their sum.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use contract::execution::{ScriptFault, ScriptFaultKind};
use folders::{Excess, Quota, measure};

use crate::CadRuntimeError;

/// Time between two measurements, when they take little of it.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
/// The pause is this many times the duration of the last measurement, so that watching costs little.
const PAUSE_PER_EFFORT: u32 = 4;

/// The two folders that a run can write into: its session's and its own.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    folders: Arc<[(&'static str, Dir); 2]>,
    quota: Quota,
}

/// A folder that holds more than it may.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exceeded {
    folder: &'static str,
    excess: Excess,
}

impl Exceeded {
    /// The fault of a run that was ended for it.
    pub(crate) fn during_run(self) -> ScriptFault {
        let Self { folder, excess } = self;
        fault(format!("The script wrote too much and was ended: {folder} holds {excess}. Keep fewer results."))
    }

    /// The fault of a run that was not begun because of it.
    pub(crate) fn before_run(self) -> ScriptFault {
        let Self { folder, excess } = self;
        fault(format!(
            "The script was not run: {folder} holds {excess}. Delete what can be remade, with the file tools."
        ))
    }
}

fn fault(message: String) -> ScriptFault {
    ScriptFault { kind: ScriptFaultKind::DiskLimit, message, line: None }
}

impl Watch {
    /// Opens the folders.
    pub(crate) fn open(session: &Path, run: &Path, quota: Quota) -> Result<Self, CadRuntimeError> {
        let open =
            |path: &Path| Dir::open_ambient_dir(path, ambient_authority()).map_err(CadRuntimeError::file("open", path));
        let folders = [("the session", open(session)?), ("the folder for temporary files", open(run)?)];
        Ok(Self { folders: Arc::new(folders), quota })
    }

    /// Measures both folders.
    pub(crate) async fn exceeded(&self) -> Result<Option<Exceeded>, CadRuntimeError> {
        let watch = self.clone();
        tokio::task::spawn_blocking(move || watch.measure())
            .await
            .map_err(|error| CadRuntimeError::Setup(format!("the measurement failed: {error}")))?
            .map_err(|error| CadRuntimeError::Setup(format!("what the session holds cannot be measured: {error}")))
    }

    /// Completes when a folder holds more than it may.
    pub(crate) async fn until_exceeded(&self) -> Exceeded {
        loop {
            let began = Instant::now();
            match self.exceeded().await {
                Ok(Some(exceeded)) => return exceeded,
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "a run is not watched"),
            }
            tokio::time::sleep(SHORTEST_PAUSE.max(began.elapsed() * PAUSE_PER_EFFORT)).await;
        }
    }

    fn measure(&self) -> io::Result<Option<Exceeded>> {
        for (folder, dir) in self.folders.iter() {
            if let Some(excess) = self.quota.excess(&measure(dir, &self.quota)?) {
                return Ok(Some(Exceeded { folder, excess }));
            }
        }
        Ok(None)
    }
}

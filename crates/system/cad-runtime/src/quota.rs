//! Watching what a run writes. The kernel limits the size of one file; nothing limits their number and total size.

use std::fmt;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use contract::execution::{ScriptFault, ScriptFaultKind};
use folders::{Excess, Quota, measure};

use crate::CadRuntimeError;

/// Time between two measurements, when measuring is fast.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
/// The pause is this many times the duration of the last measurement, so that watching costs little.
const PAUSE_PER_EFFORT: u32 = 4;

/// Space that scripts must leave on the disk, in bytes, or a twentieth of a small disk. An open file that was unlinked
/// is in no folder; this stops a run that fills the disk with such files.
const RESERVE_BYTES: u64 = 1 << 30;
/// Fraction of a small disk.
const RESERVE_PART: u64 = 20;
const MIB: u64 = 1 << 20;

/// The two folders that a run can write into: its session's and its own.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    folders: Arc<[(&'static str, Dir); 2]>,
    quota: Quota,
}

/// The exceeded limit.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Exceeded {
    /// A folder exceeds its limit.
    Folder { folder: &'static str, excess: Excess },
    /// The disk has less than the reserve left, in bytes.
    Disk { left: u64, reserve: u64 },
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { folder, excess } => write!(f, "{folder} holds {excess}"),
            Self::Disk { left, reserve } => {
                write!(f, "the disk has {} MiB left, the reserve is {} MiB", left / MIB, reserve / MIB)
            }
        }
    }
}

impl Exceeded {
    /// The fault of a run that was ended because of it.
    pub(crate) fn during_run(self) -> ScriptFault {
        fault(format!("The script wrote too much and was ended: {self}. Keep fewer results."))
    }

    /// The fault of a run that was not begun because of it.
    pub(crate) fn before_run(self) -> ScriptFault {
        fault(format!("The script was not run: {self}. Delete what can be remade, with the file tools."))
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

    /// Completes when a folder exceeds its limit.
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
                return Ok(Some(Exceeded::Folder { folder, excess }));
            }
        }
        let (size, left) = space(&self.folders[0].1)?;
        let reserve = RESERVE_BYTES.min(size / RESERVE_PART);
        Ok((left < reserve).then_some(Exceeded::Disk { left, reserve }))
    }
}

/// Size of the disk that a folder is on, and what is left of it, in bytes.
fn space(folder: &Dir) -> io::Result<(u64, u64)> {
    // SAFETY: all bits zero is a valid `statvfs`, and the kernel fills it through a valid pointer.
    let mut found: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor is open as long as `folder` lives.
    if unsafe { libc::fstatvfs(folder.as_raw_fd(), &raw mut found) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok((found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_space_is_measured_and_reported() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("opened");
        let (size, left) = space(&folder).expect("measured");
        assert!(size > 1 << 20 && left <= size, "{left} of {size}");
        let words = Exceeded::Disk { left: 3 * MIB, reserve: 5 * MIB }.during_run().message;
        assert!(words.contains("3 MiB left") && words.contains("5 MiB"), "{words}");
    }
}

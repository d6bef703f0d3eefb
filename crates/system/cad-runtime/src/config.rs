//! What a runtime needs to know about its machine.

use std::path::PathBuf;
use std::time::Duration;

use folders::Quota;

use crate::memory;

/// Default time limit of a build.
pub const DEFAULT_BUILD_TIMEOUT: Duration = Duration::from_mins(2);

const MIB: u64 = 1 << 20;

/// What a runtime needs to know about its machine.
#[derive(Debug, Clone)]
pub struct CadRuntimeConfig {
    /// Python interpreter of the environment that has build123d.
    pub python: PathBuf,
    /// `libsandbox.so`; by default the newest one next to the running program, in `deps/` below or one folder up.
    pub sandbox_library: Option<PathBuf>,
    /// `libagent_tools.so`, which gives scripts the platform's tools as functions; by default it is searched for like
    /// the sandbox library. Without it those functions report that this worker has none.
    pub agent_tools_library: Option<PathBuf>,
    /// The Python package of this crate, `python` in its folder.
    pub package_dir: PathBuf,
    /// Folder whose sub-folders are the sessions.
    pub sessions_dir: PathBuf,
    /// Folders that scripts may read at a fixed absolute path.
    pub mounts: Vec<Mount>,
    /// What one run may use.
    pub limits: Limits,
    /// Whether bubblewrap gives the scripts a file system of their own.
    pub bubblewrap: Bubblewrap,
    /// When the warm parent starts.
    pub warm_up: WarmUp,
}

impl CadRuntimeConfig {
    /// A configuration with defaults: no mounts, default limits, bubblewrap when it works.
    pub fn new(python: impl Into<PathBuf>, package_dir: impl Into<PathBuf>, sessions_dir: impl Into<PathBuf>) -> Self {
        Self {
            python: python.into(),
            sandbox_library: None,
            agent_tools_library: None,
            package_dir: package_dir.into(),
            sessions_dir: sessions_dir.into(),
            mounts: Vec::new(),
            limits: Limits::default(),
            bubblewrap: Bubblewrap::WhenItWorks,
            warm_up: WarmUp::AtOnce,
        }
    }
}

/// When the warm parent starts, which takes seconds and some 400 MB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum WarmUp {
    /// With the runtime.
    AtOnce,
    /// With the first run, which waits for it. Interpreter, folders and libraries are still checked at once.
    OnFirstUse,
}

/// A folder that scripts see read-only at `/<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Name of the folder in the root, without a slash.
    pub name: String,
    /// Folder on this machine.
    pub source: PathBuf,
}

/// What one run may use. The time limit comes with each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Address space beyond what the warm parent has mapped already, in bytes.
    pub memory_bytes: u64,
    /// Largest file, in bytes.
    pub max_file_bytes: u64,
    /// Limit on the content of the session, and of the run's own folder, at the end of the run. It is polled, so a fast
    /// script may exceed it by some hundred MiB before it is ended.
    pub disk: Quota,
    /// Memory of all runs together, in bytes, without what they share with the warm parent. When it is exceeded, the
    /// largest run is ended.
    pub total_memory_bytes: u64,
    /// Most open files.
    pub max_open_files: u64,
    /// Most threads. The CAD kernel alone starts one per processor.
    pub max_threads: u64,
}

impl Default for Limits {
    /// 4 GiB of memory, files of 256 MiB, 1 GiB in 50 000 files, 256 open files, 64 threads plus two per processor; all
    /// runs together three eighths of the machine's memory, since a machine may have two workers.
    fn default() -> Self {
        Self {
            memory_bytes: 4096 * MIB,
            max_file_bytes: 256 * MIB,
            disk: Quota::SESSION,
            total_memory_bytes: memory::of_machine() / 8 * 3,
            max_open_files: 256,
            max_threads: 64 + 2 * processors(),
        }
    }
}

/// Number of processors of this machine, at least 1.
pub(crate) fn processors() -> u64 {
    std::thread::available_parallelism().map_or(1, |count| count.get() as u64)
}

/// Whether bubblewrap gives the scripts a file system of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bubblewrap {
    /// When it works on this machine; otherwise a warning says which protection is missing.
    WhenItWorks,
    /// Never: for containers, whose image has the mounts in place.
    Never,
}

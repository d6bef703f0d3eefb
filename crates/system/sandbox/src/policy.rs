//! What the caller asks for, and what it got.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a process may still do once it has entered. Unknown keys are refused, so that a misspelt limit cannot
/// pass as no limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Files and folders that may be read. A path that does not exist is skipped and reported.
    pub read_only: Vec<PathBuf>,
    /// Files and folders that may be read and written. Each must exist.
    pub read_write: Vec<PathBuf>,
    /// Address space of the process, in bytes. Counts what is mapped already.
    pub memory_bytes: u64,
    /// Processor time of all threads together, in seconds.
    pub cpu_seconds: u64,
    /// Largest file that may be written, in bytes.
    pub max_file_bytes: u64,
    /// Largest number of open files.
    pub max_open_files: u64,
    /// Must be false: a sandbox with network is not offered, and the field says so to whoever reads a policy.
    #[serde(default)]
    pub allow_network: bool,
}

/// What is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Landlock ABI of the kernel that was used.
    pub landlock_abi: u32,
    /// True when Landlock itself keeps signals and abstract sockets inside (ABI 6); below, seccomp alone does.
    pub signals_scoped_by_landlock: bool,
    /// Number of seccomp filters.
    pub seccomp_filters: usize,
    /// True when the kernel ends this process before others when the machine runs out of memory.
    pub first_when_memory_is_short: bool,
    /// Paths of `read_only` that do not exist.
    pub skipped_read_only: Vec<PathBuf>,
}

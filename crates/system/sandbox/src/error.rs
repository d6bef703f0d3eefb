//! Why a process could not be locked in.

use std::io;
use std::path::PathBuf;

/// Why a process could not be locked in. Each is final: the caller must not continue unprotected.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The policy asks for network.
    #[error("allow_network is true, but this sandbox always runs without network; set it to false")]
    NetworkRequested,
    /// More than one thread: those that run already would stay free.
    #[error("the process has {found} threads; a sandbox can be entered only with one, right after a fork")]
    NotSingleThreaded {
        /// Threads found.
        found: usize,
    },
    /// The kernel refused a step.
    #[error("{step}: {source}")]
    Kernel {
        /// What was tried.
        step: &'static str,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// Capabilities remain after they were dropped.
    #[error("capabilities remain after dropping them (effective or permitted set is not empty)")]
    CapabilitiesRemain,
    /// No Landlock.
    #[error(
        "this kernel offers no Landlock ({0}); scripts cannot be kept to their folder. Boot a kernel of 5.13 or \
         newer with `landlock` in its `lsm=` list"
    )]
    NoLandlock(String),
    /// A writable path is missing.
    #[error("writable path {path} cannot be opened: {reason}")]
    WritablePath {
        /// The path.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Landlock refused a rule.
    #[error("Landlock: {0}")]
    Landlock(#[from] landlock::RulesetError),
    /// The system call filter could not be built or loaded.
    #[error("seccomp: {0}")]
    Seccomp(String),
}

impl SandboxError {
    /// The error of the last system call, with what was tried.
    pub(crate) fn last_os_error(step: &'static str) -> Self {
        Self::Kernel { step, source: io::Error::last_os_error() }
    }
}

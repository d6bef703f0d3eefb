//! Errors of the runtime itself. A script's mistakes are not errors here.

use std::path::PathBuf;

/// Why the runtime itself could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CadRuntimeError {
    /// The configuration does not fit the machine.
    #[error("{setting}: {problem}. {remedy}")]
    Configuration {
        /// Which setting.
        setting: &'static str,
        /// What is wrong with it, with its value.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The warm parent did not start, or ended too often.
    #[error("the warm Python process is not running: {0}")]
    NotRunning(String),
    /// The warm parent ended during a run.
    #[error("the warm Python process ended during the run; it is being restarted, run again")]
    ParentEnded,
    /// The warm parent did not answer before its deadline.
    #[error("the warm Python process did not answer within {seconds} s of the run's deadline; it was restarted")]
    ParentStuck {
        /// Grace that it had, in seconds.
        seconds: u64,
    },
    /// The session folder is missing or does not belong to this service.
    #[error("session folder {path}: {problem}")]
    Session {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The child could not be started or sandboxed; the script did not run.
    #[error("the script did not run: {0}")]
    Setup(String),
    /// A file operation failed.
    #[error("{action} {path}: {source}")]
    File {
        /// The operation.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
}

impl CadRuntimeError {
    /// Wraps a file error with what was tried.
    pub(crate) fn file(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }
}

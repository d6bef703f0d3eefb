//! What the light worker is told.

use std::path::PathBuf;

use clap::Parser;
use contract::wiring::variables;
use service::ServiceSettings;
use workplace::WorkerSettings;

/// The light worker: session files, version control, short script runs, lint. Settings come from the environment or, by
/// the same names, from arguments.
#[derive(Debug, Parser)]
#[command(name = "worker-light", version)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) service: ServiceSettings,
    #[command(flatten)]
    pub(crate) worker: WorkerSettings,
    /// Program of the linter ruff.
    #[arg(long, env = variables::RUFF, value_name = "PROGRAM")]
    pub(crate) ruff: PathBuf,
}

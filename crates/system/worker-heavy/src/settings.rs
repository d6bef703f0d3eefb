//! What the heavy worker is told.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use contract::wiring::variables;
use service::ServiceSettings;
use workplace::WorkerSettings;

/// The heavy worker: validation, pricing, simulation, pictures, hand-over. Settings come from the environment or, by the
/// same names, from arguments.
#[derive(Debug, Parser)]
#[command(name = "worker-heavy", version)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) service: ServiceSettings,
    #[command(flatten)]
    pub(crate) worker: WorkerSettings,
    /// Folder in which is noted what passed which check; out of reach of sessions and scripts.
    #[arg(long, env = variables::WORKER_RECORDS_DIR, value_name = "FOLDER")]
    pub(crate) worker_records_dir: PathBuf,
    /// Temporal's frontend; without it simulations are reachable over HTTP only.
    #[arg(long, env = variables::TEMPORAL_URL, value_name = "HOST:PORT")]
    pub(crate) temporal_url: Option<String>,
    /// Program that encodes videos.
    #[arg(long, env = variables::FFMPEG, value_name = "PROGRAM", default_value = "ffmpeg")]
    pub(crate) ffmpeg: PathBuf,
    /// What serves the backend genesis.
    #[arg(long, env = variables::GENESIS_PROVIDER, value_enum, default_value = "native")]
    pub(crate) genesis_provider: GenesisProvider,
}

/// What can serve the backend `genesis`. Nothing is substituted silently: another one stops the worker at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GenesisProvider {
    /// Engines of this project's own choice.
    Native,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unavailable_provider_is_refused_by_name() {
        let refused = Settings::try_parse_from(["worker-heavy", "--genesis-provider", "genesis-world"]);
        let refused = refused.expect_err("it is not there").to_string();
        assert!(refused.contains("'genesis-world'") && refused.contains("[possible values: native]"), "{refused}");
    }
}

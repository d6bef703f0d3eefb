//! What the controller is told.

use std::path::PathBuf;

use clap::Parser;
use contract::wiring::variables;
use service::ServiceSettings;

/// The controller: the stack's public API. Settings come from the environment or, by the same names, from arguments.
#[derive(Debug, Parser)]
#[command(name = "controller", version)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) service: ServiceSettings,
    /// Key that callers send in X-API-Key; the controller does not start without one.
    #[arg(long, env = variables::CONTROLLER_API_KEY, value_name = "KEY", hide_env_values = true)]
    pub(crate) controller_api_key: String,
    /// Database, as postgresql://USER@HOST:PORT/NAME.
    #[arg(long, env = variables::POSTGRES_URL, value_name = "URL", hide_env_values = true)]
    pub(crate) postgres_url: String,
    /// Temporal's frontend.
    #[arg(long, env = variables::TEMPORAL_URL, value_name = "HOST:PORT")]
    pub(crate) temporal_url: String,
    /// Base URL of the light worker.
    #[arg(long, env = variables::WORKER_LIGHT_URL, value_name = "URL")]
    pub(crate) worker_light_url: String,
    /// Base URL of the heavy worker.
    #[arg(long, env = variables::WORKER_HEAVY_URL, value_name = "URL")]
    pub(crate) worker_heavy_url: String,
    /// Database file of the catalogue; without one the controller starts, and searching for parts answers 503.
    #[arg(long, env = variables::CATALOG_DB, value_name = "FILE")]
    pub(crate) catalog_db: Option<PathBuf>,
    /// Whether the controller makes episodes for tests (POST /test/episodes).
    #[arg(long, env = variables::IS_INTEGRATION_TEST, action = clap::ArgAction::Set, default_value = "false")]
    pub(crate) is_integration_test: bool,
}

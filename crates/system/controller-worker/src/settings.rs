//! What the controller's worker is told.

use clap::Parser;
use contract::wiring::variables;
use service::ServiceSettings;

/// The controller's Temporal worker: it carries episodes. Settings come from the environment or, by the same names, from
/// arguments.
#[derive(Debug, Parser)]
#[command(name = "controller-worker", version)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) service: ServiceSettings,
    /// Database, as postgresql://USER@HOST:PORT/NAME.
    #[arg(long, env = variables::POSTGRES_URL, value_name = "URL", hide_env_values = true)]
    pub(crate) postgres_url: String,
    /// Temporal's frontend.
    #[arg(long, env = variables::TEMPORAL_URL, value_name = "HOST:PORT")]
    pub(crate) temporal_url: String,
    /// Base URL of the light worker.
    #[arg(long, env = variables::WORKER_LIGHT_URL, value_name = "URL")]
    pub(crate) worker_light_url: String,
    /// Secret that the light worker asks for in X-Worker-Token.
    #[arg(long, env = variables::WORKER_TOKEN, value_name = "SECRET", hide_env_values = true)]
    pub(crate) worker_token: Option<String>,
}

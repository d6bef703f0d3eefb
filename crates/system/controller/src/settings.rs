//! What the controller needs from its environment.

use std::path::PathBuf;

use contract::wiring::variables::{
    CATALOG_DB, CONTROLLER_API_KEY, IS_INTEGRATION_TEST, POSTGRES_URL, TEMPORAL_URL, WORKER_HEAVY_URL, WORKER_LIGHT_URL,
};
use service::{MissingSetting, optional, required};

/// Settings of the controller.
pub(crate) struct Settings {
    pub(crate) api_key: String,
    pub(crate) postgres_url: String,
    pub(crate) temporal_url: String,
    pub(crate) worker_light_url: String,
    pub(crate) worker_heavy_url: String,
    pub(crate) is_integration_test: bool,
    /// Without one the controller starts; searching for parts then answers 503.
    pub(crate) catalog_db: Option<PathBuf>,
}

impl Settings {
    /// Reads the environment. Without an API key the controller does not start: there is no open mode.
    pub(crate) fn from_environment() -> Result<Self, MissingSetting> {
        Ok(Self {
            api_key: required(
                CONTROLLER_API_KEY,
                "the key that callers send in X-API-Key; the controller does not start without one",
            )?,
            postgres_url: required(POSTGRES_URL, "the database, as postgresql://USER@HOST:PORT/NAME")?,
            temporal_url: required(TEMPORAL_URL, "Temporal's frontend, as HOST:PORT")?,
            worker_light_url: required(WORKER_LIGHT_URL, "the base URL of the light worker")?,
            worker_heavy_url: required(WORKER_HEAVY_URL, "the base URL of the heavy worker")?,
            catalog_db: optional(CATALOG_DB).map(PathBuf::from),
            is_integration_test: optional(IS_INTEGRATION_TEST).as_deref() == Some("true"),
        })
    }
}

//! Log lines on standard output: readable by default, one JSON object a line with `LOG_FORMAT=json`.

use contract::wiring::variables::{LOG_FORMAT, LOG_LEVEL};
use tracing_subscriber::{EnvFilter, fmt};

use crate::settings::optional;

/// Starts logging for this process. `LOG_LEVEL` is a level or a filter such as `info,sqlx=warn`.
pub fn start_logging() {
    let level = optional(LOG_LEVEL).unwrap_or_else(|| "info".to_owned());
    let filter = EnvFilter::try_new(&level).unwrap_or_else(|_| EnvFilter::new("info"));
    if optional(LOG_FORMAT).as_deref() == Some("json") {
        fmt().json().flatten_event(true).with_current_span(true).with_env_filter(filter).init();
    } else {
        fmt().with_env_filter(filter).init();
    }
}

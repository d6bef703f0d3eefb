//! Log lines on standard output: readable, or one JSON object a line.

use tracing_subscriber::{EnvFilter, fmt};

use crate::settings::{LogFormat, ServiceSettings};

/// Starts logging for this process.
pub fn start_logging(settings: &ServiceSettings) {
    let filter = EnvFilter::new(&settings.log_level);
    match settings.log_format {
        LogFormat::Json => fmt().json().flatten_event(true).with_current_span(true).with_env_filter(filter).init(),
        LogFormat::Text => fmt().with_env_filter(filter).init(),
    }
}

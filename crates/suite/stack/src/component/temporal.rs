//! Temporal: the development server of its command, with everything in memory.

use super::Layout;
use crate::{Service, process::Launch};

/// Runs the server.
pub(super) fn launch(layout: &Layout) -> Launch {
    let mut launch = layout.plain_launch(Service::Temporal, layout.tools.temporal.clone());
    let fixed = [
        "server",
        "start-dev",
        "--headless",
        "--ip=127.0.0.1",
        "--log-level=warn",
        "--log-format=json",
        // What its user configured for other servers must not reach this one.
        "--disable-config-file",
        "--disable-config-env",
    ];
    launch.arguments = fixed.iter().map(Into::into).collect();
    launch.arguments.extend([
        format!("--port={}", layout.port(Service::Temporal)).into(),
        format!("--http-port={}", layout.temporal_http).into(),
        format!("--metrics-port={}", layout.temporal_metrics).into(),
    ]);
    launch
}

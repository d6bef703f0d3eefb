//! Temporal: the development server of its command, with its state in a file of the stack's directory.

use super::Layout;
use crate::{Service, process::Launch};

/// Runs the server. A server that was killed finds its workflows again: they outlive its process, not the stack.
pub(super) fn launch(layout: &Layout) -> Launch {
    let mut launch = layout.plain_launch(Service::Temporal, layout.tools.temporal.clone());
    let fixed = [
        "server",
        "start-dev",
        "--headless",
        "--ip=127.0.0.1",
        "--log-level=warn",
        "--log-format=json",
        // The process may die, the machine may not: what was written to the file survives without waiting for the disk.
        "--sqlite-pragma=synchronous=off",
        // What its user configured for other servers must not reach this one.
        "--disable-config-file",
        "--disable-config-env",
    ];
    launch.arguments = fixed.iter().map(Into::into).collect();
    launch.arguments.extend([
        format!("--db-filename={}", layout.work_directory(Service::Temporal).join("temporal.db").display()).into(),
        format!("--port={}", layout.port(Service::Temporal)).into(),
        format!("--http-port={}", layout.temporal_http).into(),
        format!("--metrics-port={}", layout.temporal_metrics).into(),
    ]);
    launch
}

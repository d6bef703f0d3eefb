//! The four services: programs of this checkout, configured by environment variables alone.

use std::ffi::OsString;

use contract::wiring::variables;

use super::Layout;
use crate::{Service, process::Launch};

/// Runs one of them.
pub(super) fn launch(layout: &Layout, service: Service) -> Launch {
    let mut launch = layout.plain_launch(service, layout.programs.join(service.name()));
    let mut set = |name: &str, value: OsString| launch.environment.push((name.to_owned(), value));
    set(variables::LISTEN_ADDRESS, layout.address(service).into());
    set(variables::LOG_FORMAT, "json".into());
    set(variables::LOG_LEVEL, "info".into());
    set("RUST_BACKTRACE", "1".into());
    if matches!(service, Service::Controller | Service::ControllerWorker) {
        set(variables::WORKER_LIGHT_URL, layout.url(Service::WorkerLight).into());
        set(variables::POSTGRES_URL, layout.postgres_url().into());
    }
    if let Some(token) = &layout.worker_token {
        set(variables::WORKER_TOKEN, token.clone().into());
    }
    if service == Service::Controller {
        set(variables::CONTROLLER_API_KEY, layout.api_key.clone().into());
        set(variables::WORKER_HEAVY_URL, layout.url(Service::WorkerHeavy).into());
        set(variables::CATALOG_DB, super::catalog::database(layout).into());
        set(variables::IS_INTEGRATION_TEST, "true".into());
    }
    if service == Service::WorkerHeavy {
        set(variables::WORKER_RECORDS_DIR, layout.directory.join("records").into());
    }
    // Workers run what agents wrote: they get no key of anything but their own door.
    if matches!(service, Service::WorkerLight | Service::WorkerHeavy) {
        set(variables::WORKER_SESSIONS_DIR, layout.directory.join("sessions").into());
        set(variables::WORKER_MOUNTS_DIR, layout.mounts.clone().into());
        // The one of the checkout that the stack was started from, wherever the worker's program was compiled.
        set(variables::CAD_PACKAGE_DIR, layout.python_package.clone().into());
        if layout.cad_on_first_use {
            set(variables::CAD_WARM_UP, "on-first-use".into());
        }
        if let Some(scripts) = &layout.tools.scripts {
            set(variables::CAD_PYTHON, scripts.python.clone().into());
            set(variables::RUFF, scripts.ruff.clone().into());
            if let (Service::WorkerHeavy, Some(ffmpeg)) = (service, &scripts.ffmpeg) {
                set(variables::FFMPEG, ffmpeg.clone().into());
            }
        }
    }
    if service != Service::WorkerLight {
        set(variables::TEMPORAL_URL, layout.address(Service::Temporal).into());
    }
    launch
}

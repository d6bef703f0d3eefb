//! The four services: programs of this checkout, configured entirely by environment variables.

use std::ffi::OsString;

use contract::wiring::variables;

use super::Layout;
use crate::{Service, process::Launch};

/// Folder with the read-only mounts, for workers.
const MOUNTS_VARIABLE: &str = "WORKER_MOUNTS_DIR";
/// The Python package that scripts import, for workers: the one of the checkout that the stack was started from,
/// wherever the worker's program was compiled.
const PACKAGE_VARIABLE: &str = "CAD_PACKAGE_DIR";
/// The linter, for workers.
const RUFF_VARIABLE: &str = "RUFF";
/// The encoder of videos, for heavy workers.
const FFMPEG_VARIABLE: &str = "FFMPEG";

/// Runs one of them.
pub(super) fn launch(layout: &Layout, service: Service) -> Launch {
    let mut launch = layout.plain_launch(service, layout.programs.join(service.name()));
    let mut set = |name: &str, value: OsString| launch.environment.push((name.to_owned(), value));
    set("LISTEN_ADDRESS", layout.address(service).into());
    set(variables::LOG_FORMAT, "json".into());
    set(variables::LOG_LEVEL, "info".into());
    set("RUST_BACKTRACE", "1".into());
    if matches!(service, Service::Controller | Service::ControllerWorker) {
        set(variables::CONTROLLER_URL, layout.url(Service::Controller).into());
        set(variables::CONTROLLER_API_KEY, layout.api_key.clone().into());
        set(variables::WORKER_LIGHT_URL, layout.url(Service::WorkerLight).into());
        set(variables::WORKER_HEAVY_URL, layout.url(Service::WorkerHeavy).into());
        set(variables::POSTGRES_URL, layout.postgres_url().into());
        set(variables::S3_ENDPOINT, layout.object_store.endpoint.clone().into());
        set(variables::S3_ACCESS_KEY, layout.object_store.access_key.clone().into());
        set(variables::S3_SECRET_KEY, layout.object_store.secret_key.clone().into());
        set(variables::ASSET_S3_BUCKET, layout.object_store.bucket.clone().into());
    }
    if let Some(token) = &layout.worker_token {
        set(variables::WORKER_TOKEN, token.clone().into());
    }
    if service == Service::Controller {
        set(variables::CATALOG_DB, super::catalog::database(layout).into());
        set(variables::IS_INTEGRATION_TEST, "true".into());
    }
    if service == Service::WorkerHeavy {
        set(variables::WORKER_RECORDS_DIR, layout.directory.join("records").into());
    }
    // Workers run what agents wrote: they get no key but that of their own door.
    if matches!(service, Service::WorkerLight | Service::WorkerHeavy) {
        set(variables::WORKER_SESSIONS_DIR, layout.directory.join("sessions").into());
        set(MOUNTS_VARIABLE, layout.mounts.clone().into());
        set(PACKAGE_VARIABLE, layout.python_package.clone().into());
        if let Some(scripts) = &layout.tools.scripts {
            set(variables::CAD_PYTHON, scripts.python.clone().into());
            set(RUFF_VARIABLE, scripts.ruff.clone().into());
            if let (Service::WorkerHeavy, Some(ffmpeg)) = (service, &scripts.ffmpeg) {
                set(FFMPEG_VARIABLE, ffmpeg.clone().into());
            }
        }
    }
    if service != Service::WorkerLight {
        set(variables::TEMPORAL_URL, layout.address(Service::Temporal).into());
    }
    launch
}

//! The heavy worker: validation, pricing, simulation, pictures and hand-over of designs, one heavy call at a time.
//!
//! It holds no secret, and no state between calls but the session files and its records of what passed which check; the
//! same simulation is reachable over HTTP and as a Temporal activity.

#[expect(dead_code, reason = "the activity is called by name, through Temporal; the constant made for callers is not")]
mod activity;
mod call;
mod pictures;
mod planning;
mod preview;
mod price;
mod pricing;
mod queue;
mod routes;
mod scenes;
mod simulate;
mod tools;
mod validate;

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, anyhow};
use cad_runtime::{CadRuntime, CadRuntimeConfig, Mount};
use catalog::Catalog;
use contract::backend::SimulatorBackend;
use contract::wiring::{HEAVY_QUEUE, READ_ONLY_MOUNTS, standard_ports, variables};
use handover::FileReceipts;
use materials::ManufacturingConfig;
use materials::Materials;
use physics::backend_for;
use service::{Service, listen_address, optional, probe, required, start_logging};
use sessions::Sessions;
use workflows::{Frontend, QueuePoller, worker_options};

use crate::{activity::HeavyActivities, queue::Queue, tools::Tools};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    start_logging();
    let address = listen_address(standard_ports::WORKER_HEAVY)?;
    let python = required(variables::CAD_PYTHON, "the Python interpreter with build123d")?;
    let sessions_dir = PathBuf::from(required(variables::WORKER_SESSIONS_DIR, "the folder of session workspaces")?);
    let mounts_dir = PathBuf::from(required("WORKER_MOUNTS_DIR", "the folder of the read-only mounts")?);
    let frontend = optional(variables::TEMPORAL_URL).map(|at| Frontend::at(&at)).transpose()?;

    let receipts_dir = PathBuf::from(required(variables::WORKER_RECORDS_DIR, "the folder of what passed which check")?);
    let configuration = mounts_dir.join("config");
    let materials = Materials {
        config: Arc::new(ManufacturingConfig::read(&configuration.join("manufacturing_config.yaml"))?),
        catalog: Catalog::open(&configuration.join("parts.db")).context("the catalogue cannot be used")?,
    };
    let sessions = Sessions::new(&sessions_dir, &mounts_dir).context("the sessions folder cannot be used")?;
    let mounts = READ_ONLY_MOUNTS.map(|name| Mount { name: name.to_owned(), source: mounts_dir.join(name) });
    let config = CadRuntimeConfig { mounts: mounts.into(), ..CadRuntimeConfig::new(python, sessions.path()) };
    let cad = CadRuntime::start(config).await.context("the CAD runtime did not start")?;
    let receipts = FileReceipts::new(&receipts_dir)?;
    let ffmpeg = PathBuf::from(optional("FFMPEG").unwrap_or_else(|| "ffmpeg".to_owned()));
    native_provider(optional("GENESIS_PROVIDER"))?;
    let queue = Queue::new();
    let tools = Tools { cad: cad.clone(), sessions: sessions.clone(), materials, receipts, queue, ffmpeg };

    let mut service = Service::new("worker-heavy", "Proving Ground Worker (Heavy)")
        .guarded_by_token(optional(variables::WORKER_TOKEN))
        .routes(routes::routes(tools.clone()))
        .depends_on(probe("cad", move || {
            let cad = cad.clone();
            async move { if cad.ready() { Ok(cad.description()) } else { Err(anyhow!(cad.description())) } }
        }))
        .depends_on(probe("engine", || async { Ok(backend_for(SimulatorBackend::default()).engine()) }))
        .depends_on(probe("sessions", move || {
            let sessions = sessions.clone();
            async move {
                tools::blocking(move || sessions.probe_writable()).await??;
                Ok("writable".to_owned())
            }
        }));
    let Some(frontend) = frontend else {
        tracing::warn!("TEMPORAL_URL is not set; simulations are reachable over HTTP only");
        return service.run(address).await;
    };
    let poller = QueuePoller::new(HEAVY_QUEUE);
    let polled = poller.clone();
    service = service.depends_on(probe("task_queue", move || std::future::ready(polled.probe())));
    let options = || {
        let activities = HeavyActivities { tools: tools.clone() };
        // One at a time: the others wait in Temporal, and any heavy worker that is free takes them.
        Ok(worker_options(HEAVY_QUEUE, 1).register_activities(activities).build())
    };
    poller.run_beside(&frontend, options, service.run(address)).await
}

/// The backend `genesis` is served by engines of this project's own choice, and by nothing else yet.
fn native_provider(asked: Option<String>) -> anyhow::Result<()> {
    match asked {
        Some(other) if other != "native" => Err(anyhow!(
            "GENESIS_PROVIDER is {other:?}; this worker serves the backend genesis with \"native\" only: set that, or \
             unset it"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unavailable_provider_is_refused_by_name() {
        for asked in [None, Some("native")] {
            assert!(native_provider(asked.map(str::to_owned)).is_ok(), "{asked:?} is refused");
        }
        let refused = native_provider(Some("genesis-world".to_owned())).expect_err("it is not there");
        assert!(refused.to_string().contains("\"genesis-world\""), "{refused}");
    }
}

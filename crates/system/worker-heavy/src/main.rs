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
mod settings;
mod simulate;
mod tools;
mod validate;

use std::sync::Arc;

use anyhow::{Context, anyhow};
use cad_runtime::{CadRuntime, CadRuntimeConfig, Mount, WarmUp};
use catalog::Catalog;
use contract::backend::SimulatorBackend;
use contract::wiring::{HEAVY_QUEUE, READ_ONLY_MOUNTS, standard_ports};
use handover::FileReceipts;
use materials::ManufacturingConfig;
use materials::Materials;
use physics::backend_for;
use service::{CadWarmUp, Service, WorkerSettings, probe, start_logging};
use sessions::Sessions;
use workflows::{Frontend, QueuePoller, worker_options};

use crate::{
    activity::HeavyActivities,
    queue::Queue,
    settings::{GenesisProvider, Settings},
    tools::Tools,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings: Settings = service::settings();
    start_logging(&settings.service);
    let address = settings.service.address(standard_ports::WORKER_HEAVY);
    let frontend = settings.temporal_url.as_deref().map(Frontend::at).transpose()?;
    let WorkerSettings { worker_token, cad_python, cad_package_dir, worker_sessions_dir, worker_mounts_dir, .. } =
        &settings.worker;

    let configuration = worker_mounts_dir.join("config");
    let materials = Materials {
        config: Arc::new(ManufacturingConfig::read(&configuration.join("manufacturing_config.yaml"))?),
        catalog: Catalog::open(&configuration.join("parts.db")).context("the catalogue cannot be used")?,
    };
    let sessions =
        Sessions::new(worker_sessions_dir, worker_mounts_dir).context("the sessions folder cannot be used")?;
    let mounts = READ_ONLY_MOUNTS.map(|name| Mount { name: name.to_owned(), source: worker_mounts_dir.join(name) });
    let config = CadRuntimeConfig::new(cad_python, cad_package_dir, sessions.path());
    let warm_up = match settings.worker.cad_warm_up {
        CadWarmUp::AtOnce => WarmUp::AtOnce,
        CadWarmUp::OnFirstUse => WarmUp::OnFirstUse,
    };
    let config = CadRuntimeConfig { mounts: mounts.into(), warm_up, ..config };
    let cad = CadRuntime::start(config).await.context("the CAD runtime did not start")?;
    let receipts = FileReceipts::new(&settings.worker_records_dir)?;
    let GenesisProvider::Native = settings.genesis_provider;
    let queue = Queue::new();
    let tools = Tools {
        cad: cad.clone(),
        sessions: sessions.clone(),
        materials,
        receipts,
        queue,
        ffmpeg: settings.ffmpeg.clone(),
    };

    let mut service = Service::new("worker-heavy", "Proving Ground Worker (Heavy)")
        .allowing(&settings.service)
        .guarded_by_token(worker_token.as_deref())
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

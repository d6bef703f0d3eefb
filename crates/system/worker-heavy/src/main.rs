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

use anyhow::Context;
use catalog::Catalog;
use contract::backend::SimulatorBackend;
use contract::wiring::{HEAVY_QUEUE, standard_ports};
use handover::FileReceipts;
use materials::ManufacturingConfig;
use materials::Materials;
use physics::backend_for;
use service::{Service, probe, start_logging};
use workflows::{Frontend, QueuePoller, worker_options};
use workplace::Workplace;

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

    let configuration = settings.worker.worker_mounts_dir.join("config");
    let materials = Materials {
        config: Arc::new(ManufacturingConfig::read(&configuration.join("manufacturing_config.yaml"))?),
        catalog: Catalog::open(&configuration.join("parts.db")).context("the catalogue cannot be used")?,
    };
    let workplace = Workplace::open(&settings.worker).await?;
    let receipts = FileReceipts::new(&settings.worker_records_dir)?;
    let GenesisProvider::Native = settings.genesis_provider;
    let queue = Queue::new();
    let tools = Tools {
        cad: workplace.cad.clone(),
        sessions: workplace.sessions.clone(),
        materials,
        receipts,
        queue,
        ffmpeg: settings.ffmpeg.clone(),
    };

    let service = Service::new("worker-heavy", "Proving Ground Worker (Heavy)")
        .allowing(&settings.service)
        .guarded_by_token(settings.worker.worker_token.as_deref())
        .routes(routes::routes(tools.clone()))
        .depends_on(probe("engine", || async { Ok(backend_for(SimulatorBackend::default()).engine()) }));
    let mut service = workplace.watched_by(service);
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

//! The controller's Temporal worker: it carries episodes from phase to phase.
//!
//! Workflows decide, activities act. An activity reaches agent code only through the light worker's HTTP API and
//! keeps what came of it in the episode store; this process runs no script itself. By HTTP it offers liveness and
//! readiness only.

mod activities;
mod episode_workflow;
mod heavy_workflow;
mod outcome;
mod script_phase;

use std::time::Duration;

use anyhow::Context;
use contract::wiring::{
    EPISODE_QUEUE, standard_ports,
    variables::{POSTGRES_URL, TEMPORAL_URL, WORKER_LIGHT_URL},
};
use episode_store::EpisodeStore;
use service::{Service, listen_address, probe, required, start_logging};
use workflows::{Frontend, QueuePoller, worker_options};

use crate::{
    activities::EpisodeActivities, episode_workflow::EpisodeWorkflow, heavy_workflow::HeavySimulationWorkflow,
    script_phase::ScriptPhase,
};

/// How long this process waits for Postgres when it starts.
const POSTGRES_PATIENCE: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    start_logging();
    let postgres_url = required(POSTGRES_URL, "the database, as postgresql://USER@HOST:PORT/NAME")?;
    let worker_light_url = required(WORKER_LIGHT_URL, "the base URL of the light worker")?;
    let frontend = Frontend::at(&required(TEMPORAL_URL, "Temporal's frontend, as HOST:PORT")?)?;
    let address = listen_address(standard_ports::CONTROLLER_WORKER)?;
    let store = EpisodeStore::open(&postgres_url, POSTGRES_PATIENCE)
        .await
        .context("the controller's worker cannot use its database")?;

    let http = http_reply::neighbour_client().context("no HTTP client")?;
    let poller = QueuePoller::new(EPISODE_QUEUE);
    let worker_light = http_reply::Endpoint::new(&worker_light_url, http.clone());
    let service = health_service(store.clone(), frontend.clone(), worker_light, poller.clone());
    let options = || {
        let phase = ScriptPhase::new(store.clone(), worker_light_url.clone(), http.clone());
        let activities = EpisodeActivities::new(store.clone(), phase);
        Ok(worker_options(EPISODE_QUEUE)
            .register_workflow::<EpisodeWorkflow>()?
            .register_workflow::<HeavySimulationWorkflow>()?
            .register_activities(activities)
            .build())
    };
    poller.run_beside(&frontend, options, service.run(address)).await
}

fn health_service(
    store: EpisodeStore,
    frontend: Frontend,
    worker_light: http_reply::Endpoint,
    poller: QueuePoller,
) -> Service {
    Service::new("controller-worker", "Proving Ground Controller Worker")
        .depends_on(probe("postgres", move || {
            let store = store.clone();
            async move { Ok(store.version().await?) }
        }))
        .depends_on(probe("temporal", move || {
            let frontend = frontend.clone();
            async move { frontend.probe().await }
        }))
        .depends_on(probe("worker_light", move || {
            let worker_light = worker_light.clone();
            async move {
                let health: contract::health::Health =
                    worker_light.health().await?.expect(http_reply::StatusCode::OK)?;
                Ok(format!("{} {}", health.service, health.version))
            }
        }))
        .depends_on(probe("task_queue", move || std::future::ready(poller.probe())))
}

//! The controller's Temporal worker: it carries episodes from phase to phase.
//!
//! Workflows decide, activities act. An activity reaches agent code only through the light worker's HTTP API and keeps
//! the result in the episode store; this process runs no script itself. A sweeper finds episodes that no workflow
//! carries. By HTTP it offers liveness and readiness only.

mod activities;
mod episode_workflow;
mod heavy_workflow;
mod outcome;
mod progress;
#[cfg(test)]
mod replay_tests;
mod script_phase;
mod settings;
mod shutdown;
mod sweeper;
mod turns;

use std::time::Duration;

use anyhow::Context;
use contract::wiring::{EPISODE_QUEUE, SCRIPT_QUEUE, standard_ports};
use episode_store::EpisodeStore;
use service::{Service, ServiceSettings, probe, start_logging};
use workflows::{Frontend, QueuePoller, worker_options};

use crate::{
    activities::{EpisodeActivities, ScriptActivities},
    episode_workflow::EpisodeWorkflow,
    heavy_workflow::HeavySimulationWorkflow,
    script_phase::ScriptPhase,
    settings::Settings,
    shutdown::Shutdown,
    sweeper::Sweeper,
};

/// How long this process waits for Postgres when it starts.
const POSTGRES_PATIENCE: Duration = Duration::from_mins(1);
/// Short activities at a time.
const SHORT_ACTIVITIES: usize = 20;
/// Runs of scripts at a time: twice as many as the light worker runs side by side, so that it never waits for us. All
/// others wait in Temporal.
const SCRIPT_RUNS: usize = 8;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Settings { service: settings, postgres_url, temporal_url, worker_light_url, worker_token } =
        service::settings();
    start_logging(&settings);
    let frontend = Frontend::at(&temporal_url)?;
    let address = settings.address(standard_ports::CONTROLLER_WORKER);
    let store = EpisodeStore::open(&postgres_url, POSTGRES_PATIENCE)
        .await
        .context("the controller's worker cannot use its database")?;

    let http = http_reply::neighbour_client().context("no HTTP client")?;
    let episodes = QueuePoller::new(EPISODE_QUEUE);
    let scripts = QueuePoller::new(SCRIPT_QUEUE);
    let sweeper = Sweeper::new(store.clone(), frontend.clone());
    let worker_light = http_reply::Endpoint::new(&worker_light_url, http.clone());
    let service = health_service(&settings, &store, &frontend, worker_light)
        .depends_on(probe("task_queue", {
            let episodes = episodes.clone();
            move || std::future::ready(episodes.probe())
        }))
        .depends_on(probe("script_queue", {
            let scripts = scripts.clone();
            move || std::future::ready(scripts.probe())
        }))
        .depends_on(probe("sweeper", {
            let sweeper = sweeper.clone();
            move || std::future::ready(sweeper.probe())
        }));

    let (begin, shutdown) = Shutdown::ahead();
    let episode_options = || {
        Ok(worker_options(EPISODE_QUEUE, SHORT_ACTIVITIES)
            .register_workflow::<EpisodeWorkflow>()?
            .register_workflow::<HeavySimulationWorkflow>()?
            .register_activities(EpisodeActivities::new(store.clone()))
            .build())
    };
    let script_phase = ScriptPhase::new(store.clone(), worker_light_url, worker_token, http);
    let script_options = || {
        let activities = ScriptActivities::new(script_phase.clone(), shutdown.clone());
        Ok(worker_options(SCRIPT_QUEUE, SCRIPT_RUNS).register_activities(activities).build())
    };
    let serve = async {
        let served = service.run(address).await;
        begin.now();
        served
    };
    let sweep = async {
        sweeper.run(shutdown.clone()).await;
        Ok(())
    };
    tokio::try_join!(
        serve,
        episodes.run(&frontend, episode_options, shutdown.begun()),
        scripts.run(&frontend, script_options, shutdown.begun()),
        sweep,
    )?;
    Ok(())
}

fn health_service(
    settings: &ServiceSettings,
    store: &EpisodeStore,
    frontend: &Frontend,
    worker_light: http_reply::Endpoint,
) -> Service {
    let (store, frontend) = (store.clone(), frontend.clone());
    Service::new("controller-worker", "Proving Ground Controller Worker")
        .allowing(settings)
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
                let at: contract::health::ServiceIdentity =
                    worker_light.identity().await?.expect(http_reply::StatusCode::OK)?;
                Ok(format!("{} {}", at.service, at.version))
            }
        }))
}

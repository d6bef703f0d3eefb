//! The controller: the stack's public API. It stores episodes, starts their workflows, keeps their events and carries
//! out their reviews.
//!
//! It never executes agent code: nothing in this crate starts a process, and scripts run only in a worker. It holds the
//! secrets (the API key, the database); workers get none of them.

mod agents;
mod answered;
mod application;
mod catalogue_file;
mod cots;
mod episodes;
mod events;
mod messages;
mod reviews;
mod settings;
mod test_episodes;

use std::time::Duration;

use aide::axum::ApiRouter;
use anyhow::Context;
use contract::wiring::standard_ports;
use episode_store::EpisodeStore;
use service::{Service, probe, start_logging};
use workflows::Frontend;

use crate::{application::Application, catalogue_file::CatalogueFile, settings::Settings};

/// How long the controller waits for Postgres when it starts.
const POSTGRES_PATIENCE: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings: Settings = service::settings();
    start_logging(&settings.service);
    let address = settings.service.address(standard_ports::CONTROLLER);
    let frontend = Frontend::at(&settings.temporal_url)?;
    let store = EpisodeStore::open(&settings.postgres_url, POSTGRES_PATIENCE)
        .await
        .context("the controller cannot use its database")?;
    let catalogue = CatalogueFile::at(settings.catalog_db.clone());
    let application = Application { store, frontend, catalogue, is_integration_test: settings.is_integration_test };
    service(&settings, application)?.run(address).await
}

/// The service with its routes and readiness probes.
fn service(settings: &Settings, application: Application) -> anyhow::Result<Service> {
    let http = http_reply::neighbour_client().context("no HTTP client")?;
    let worker_light = http_reply::Endpoint::new(&settings.worker_light_url, http.clone());
    let worker_heavy = http_reply::Endpoint::new(&settings.worker_heavy_url, http);
    let store = application.store.clone();
    let frontend = application.frontend.clone();
    let catalogue = application.catalogue.clone();
    let routes = ApiRouter::new()
        .merge(agents::routes())
        .merge(cots::routes())
        .merge(episodes::routes())
        .merge(events::routes())
        .merge(reviews::routes())
        .merge(test_episodes::routes())
        .with_state(application);
    let service = Service::new("controller", "Proving Ground Controller")
        .allowing(&settings.service)
        .protected_by(&settings.controller_api_key)
        .routes(routes)
        .depends_on(probe("postgres", move || {
            let store = store.clone();
            async move { Ok(store.version().await?) }
        }))
        .depends_on(probe("temporal", move || {
            let frontend = frontend.clone();
            async move { frontend.probe().await }
        }))
        .depends_on(probe("catalog", move || {
            let catalogue = catalogue.clone();
            async move { catalogue.probe().await }
        }))
        .depends_on(probe("worker_light", move || alive(worker_light.clone())))
        .depends_on(probe("worker_heavy", move || alive(worker_heavy.clone())));
    Ok(service)
}

/// A worker is up when it says who it is; its own `/ready` reports whether it is ready.
async fn alive(worker: http_reply::Endpoint) -> anyhow::Result<String> {
    let worker: contract::health::ServiceIdentity = worker.identity().await?.expect(http_reply::StatusCode::OK)?;
    Ok(format!("{} {}", worker.service, worker.version))
}

//! The light worker: session files, version control, short script runs, assets, lint and topology, over HTTP.
//!
//! It holds no secret and knows no episode, no database and no object store. What agents and their scripts leave in
//! a session is never trusted: files are reached through `sessions`, scripts run through `cad-runtime`, and git is
//! locked into the session that it works on.

mod assets;
mod completion;
mod execution;
mod files;
mod git_routes;
mod limited;
mod lint;
mod routes;
mod ruff;
mod settings;
mod source_syntax;
mod topology;
mod upload;
mod version_control;
mod worker;

use anyhow::{Context, anyhow};
use cad_runtime::{CadRuntime, CadRuntimeConfig, Mount, WarmUp};
use contract::wiring::{READ_ONLY_MOUNTS, standard_ports};
use service::{CadWarmUp, Service, WorkerSettings, probe, start_logging};
use sessions::Sessions;

use crate::{ruff::Ruff, settings::Settings, version_control::Git, worker::Worker};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings: Settings = service::settings();
    start_logging(&settings.service);
    let address = settings.service.address(standard_ports::WORKER_LIGHT);
    let WorkerSettings { cad_python, cad_package_dir, worker_sessions_dir, worker_mounts_dir, .. } = &settings.worker;

    let ruff = Ruff::for_python(settings.ruff.clone(), cad_python).await.context("the linter cannot be used")?;
    let git = Git::find().await.context("git cannot be used")?;
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
    serve(&settings, Worker::new(sessions, cad, git, ruff)).run(address).await
}

/// The service around a worker: its routes, and what its readiness depends on.
fn serve(settings: &Settings, worker: Worker) -> Service {
    let Worker { cad, sessions, git, ruff, .. } = worker.clone();
    Service::new("worker-light", "Proving Ground Worker (Light)")
        .allowing(&settings.service)
        .guarded_by_token(settings.worker.worker_token.as_deref())
        .routes(routes::routes(worker))
        .depends_on(probe("cad", move || {
            let cad = cad.clone();
            async move { if cad.ready() { Ok(cad.description()) } else { Err(anyhow!(cad.description())) } }
        }))
        .depends_on(probe("sessions", move || {
            let sessions = sessions.clone();
            async move {
                tokio::task::spawn_blocking(move || sessions.probe_writable()).await??;
                Ok("writable".to_owned())
            }
        }))
        .depends_on(probe("git", move || {
            let git = git.clone();
            async move { Ok(git.version().await?) }
        }))
        .depends_on(probe("ruff", move || {
            let ruff = ruff.clone();
            async move { Ok(ruff.version().await?) }
        }))
}

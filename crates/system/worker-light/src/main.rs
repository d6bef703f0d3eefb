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

use anyhow::Context;
use contract::wiring::standard_ports;
use service::{Service, probe, start_logging};
use workplace::Workplace;

use crate::{ruff::Ruff, settings::Settings, version_control::Git, worker::Worker};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings: Settings = service::settings();
    start_logging(&settings.service);
    let address = settings.service.address(standard_ports::WORKER_LIGHT);
    let ruff = Ruff::for_python(settings.ruff.clone(), &settings.worker.cad_python)
        .await
        .context("the linter cannot be used")?;
    let git = Git::find().await.context("git cannot be used")?;
    let workplace = Workplace::open(&settings.worker).await?;
    serve(&settings, workplace, git, ruff).run(address).await
}

/// The service: its routes, and what its readiness depends on.
fn serve(settings: &Settings, workplace: Workplace, git: Git, ruff: Ruff) -> Service {
    let service = Service::new("worker-light", "Proving Ground Worker (Light)")
        .allowing(&settings.service)
        .guarded_by_token(settings.worker.worker_token.as_deref());
    let service = workplace.watched_by(service);
    let Workplace { sessions, cad } = workplace;
    service
        .routes(routes::routes(Worker::new(sessions, cad, git.clone(), ruff.clone())))
        .depends_on(probe("git", move || {
            let git = git.clone();
            async move { Ok(git.version().await?) }
        }))
        .depends_on(probe("ruff", move || {
            let ruff = ruff.clone();
            async move { Ok(ruff.version().await?) }
        }))
}

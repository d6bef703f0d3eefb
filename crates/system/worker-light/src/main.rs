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
mod source_syntax;
mod topology;
mod upload;
mod version_control;
mod worker;

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use cad_runtime::{CadRuntime, CadRuntimeConfig, Mount};
use contract::wiring::{READ_ONLY_MOUNTS, standard_ports, variables};
use service::{Service, listen_address, optional, probe, required, start_logging};
use sessions::Sessions;

use crate::{ruff::Ruff, version_control::Git, worker::Worker};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    start_logging();
    let address = listen_address(standard_ports::WORKER_LIGHT)?;
    let python = required(variables::CAD_PYTHON, "the Python interpreter with build123d")?;
    let sessions_dir = PathBuf::from(required(variables::WORKER_SESSIONS_DIR, "the folder of session workspaces")?);
    let mounts_dir = PathBuf::from(required("WORKER_MOUNTS_DIR", "the folder of the read-only mounts")?);
    let ruff = required("RUFF", "the path of the ruff program")?;

    let ruff = Ruff::for_python(ruff, python.as_ref()).await.context("the linter cannot be used")?;
    let git = Git::find().await.context("git cannot be used")?;
    let sessions = Sessions::new(&sessions_dir, &mounts_dir).context("the sessions folder cannot be used")?;
    let mounts = READ_ONLY_MOUNTS.map(|name| Mount { name: name.to_owned(), source: mounts_dir.join(name) });
    let config = CadRuntimeConfig { mounts: mounts.into(), ..CadRuntimeConfig::new(python, sessions.path()) };
    let cad = CadRuntime::start(config).await.context("the CAD runtime did not start")?;
    serve(Worker::new(sessions, cad, git, ruff)).run(address).await
}

/// The service around a worker: its routes, and what its readiness depends on.
fn serve(worker: Worker) -> Service {
    let Worker { cad, sessions, git, ruff, .. } = worker.clone();
    Service::new("worker-light", "Proving Ground Worker (Light)")
        .guarded_by_token(optional(variables::WORKER_TOKEN))
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

//! What both workers have in common: a folder of sessions, and a CAD runtime that runs scripts in them.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use cad_runtime::{CadRuntime, CadRuntimeConfig, Mount, WarmUp};
use clap::Args;
use contract::wiring::{READ_ONLY_MOUNTS, variables};
use service::{Service, probe};
use sessions::Sessions;

/// Settings that both workers have beside those of every service.
#[derive(Debug, Clone, Args)]
pub struct WorkerSettings {
    /// Secret that callers send in X-Worker-Token; without it the worker is open to whoever reaches it.
    #[arg(long, env = variables::WORKER_TOKEN, value_name = "SECRET", hide_env_values = true)]
    pub worker_token: Option<String>,
    /// Python interpreter with build123d.
    #[arg(long, env = variables::CAD_PYTHON, value_name = "PROGRAM")]
    pub cad_python: PathBuf,
    /// Python package that runs scripts: `crates/system/cad-runtime/python` of a checkout.
    #[arg(long, env = variables::CAD_PACKAGE_DIR, value_name = "FOLDER")]
    pub cad_package_dir: PathBuf,
    /// When the Python process starts that runs scripts: it takes seconds and some 400 MB.
    #[arg(long, env = variables::CAD_WARM_UP, value_enum, default_value = "at-once")]
    pub cad_warm_up: WarmUp,
    /// Folder of session workspaces, one folder each; light and heavy worker share it.
    #[arg(long, env = variables::WORKER_SESSIONS_DIR, value_name = "FOLDER")]
    pub worker_sessions_dir: PathBuf,
    /// Folder of the read-only mounts (utils, skills, reviews, config).
    #[arg(long, env = variables::WORKER_MOUNTS_DIR, value_name = "FOLDER")]
    pub worker_mounts_dir: PathBuf,
}

/// Where a worker works.
#[derive(Debug, Clone)]
pub struct Workplace {
    /// Session workspaces.
    pub sessions: Sessions,
    /// The CAD interpreter.
    pub cad: CadRuntime,
}

impl Workplace {
    /// Opens the folder of sessions and starts the CAD runtime.
    ///
    /// # Errors
    /// When a folder cannot be used, or the interpreter does not start.
    pub async fn open(settings: &WorkerSettings) -> anyhow::Result<Self> {
        let WorkerSettings { worker_sessions_dir, worker_mounts_dir, .. } = settings;
        let sessions = Sessions::new(worker_sessions_dir, worker_mounts_dir);
        let sessions = sessions.context("the sessions folder cannot be used")?;
        let mounts = READ_ONLY_MOUNTS.map(|name| Mount { name: name.to_owned(), source: worker_mounts_dir.join(name) });
        let config = CadRuntimeConfig::new(&settings.cad_python, &settings.cad_package_dir, sessions.path());
        let config = CadRuntimeConfig { mounts: mounts.into(), warm_up: settings.cad_warm_up, ..config };
        let cad = CadRuntime::start(config).await.context("the CAD runtime did not start")?;
        Ok(Self { sessions, cad })
    }

    /// Makes the readiness of a service depend on both.
    pub fn watched_by(&self, service: Service) -> Service {
        let Self { sessions, cad } = self.clone();
        let cad = probe("cad", move || {
            let cad = cad.clone();
            async move { if cad.ready() { Ok(cad.description()) } else { Err(anyhow!(cad.description())) } }
        });
        let sessions = probe("sessions", move || {
            let sessions = sessions.clone();
            async move {
                tokio::task::spawn_blocking(move || sessions.probe_writable()).await??;
                Ok("writable".to_owned())
            }
        });
        service.depends_on(cad).depends_on(sessions)
    }
}

//! A runtime with throw-away sessions and mounts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use cad_runtime::{Bubblewrap, CadRuntime, CadRuntimeConfig, Execution, Mount};

/// The Python package of this crate.
pub const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python");

/// Long enough for any run that ends by itself, on a busy machine.
pub const PLENTY: Duration = Duration::from_mins(1);

/// A runtime, and the folders that it works on.
pub struct Fixture {
    pub runtime: CadRuntime,
    pub folder: tempfile::TempDir,
}

impl Fixture {
    /// Starts a runtime with defaults.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(|_| {}).await
    }

    /// Starts a runtime with changes to its configuration.
    pub async fn start_with(change: impl FnOnce(&mut CadRuntimeConfig)) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let config_mount = folder.path().join("mounts/config");
        std::fs::create_dir_all(&config_mount)?;
        std::fs::write(config_mount.join("manufacturing_config.yaml"), "materials: {}\n")?;
        let sessions = folder.path().join("sessions");
        std::fs::create_dir(&sessions)?;
        let mut config = CadRuntimeConfig::new(interpreter()?, PACKAGE, sessions);
        config.mounts.push(Mount { name: "config".into(), source: config_mount });
        change(&mut config);
        Ok(Self { runtime: CadRuntime::start(config).await?, folder })
    }

    /// A new session with the given `script.py`.
    pub fn session(&self, name: &str, script: &str) -> anyhow::Result<PathBuf> {
        let root = self.folder.path().join("sessions").join(name);
        std::fs::create_dir(&root)?;
        std::fs::write(root.join("script.py"), script)?;
        Ok(root)
    }

    /// Runs code in a session.
    pub async fn execute(&self, session: &Path, code: &str) -> anyhow::Result<Execution> {
        Ok(self.runtime.execute(session, code, PLENTY, std::future::pending()).await?)
    }

    /// Names of the folders that runs have left behind.
    pub fn leftover_runs(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut left = Vec::new();
        for runtime in std::fs::read_dir(self.folder.path().join("runs"))? {
            for run in std::fs::read_dir(runtime?.path())? {
                let run = run?;
                // The warm parent's own.
                if run.file_name() != "home" {
                    left.push(run.path());
                }
            }
        }
        Ok(left)
    }
}

/// Both ways in which a runtime can be started.
pub const ISOLATIONS: [Bubblewrap; 2] = [Bubblewrap::WhenItWorks, Bubblewrap::Never];

/// The Python of `CAD_PYTHON`, else the one that `make setup` links into the checkout.
pub fn interpreter() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("CAD_PYTHON")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.tools/python/bin/python"), PathBuf::from);
    anyhow::ensure!(path.exists(), "{} does not exist: run `make setup`, or set CAD_PYTHON", path.display());
    Ok(path)
}

/// A runtime's processes: the one that the service started, its children, and theirs.
pub fn processes(runtime: &CadRuntime) -> Vec<u32> {
    let mut found: Vec<u32> = runtime.process_id().into_iter().collect();
    let mut open = found.clone();
    while let Some(parent) = open.pop() {
        let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
        for task in tasks {
            let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            for child in children.split_whitespace().filter_map(|number| number.parse().ok()) {
                found.push(child);
                open.push(child);
            }
        }
    }
    found
}

/// Waits until a condition holds.
pub async fn wait_until(what: &str, mut holds: impl FnMut() -> bool) -> anyhow::Result<()> {
    tokio::time::timeout(PLENTY, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .with_context(|| format!("waited for: {what}"))
}

//! From a request to a running stack: directory, ports, secrets, then every part as early as it can start.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, chown},
    sync::Arc,
};

use anyhow::Context;
use chrono::Utc;
use contract::wiring;
use futures::future::{try_join, try_join_all};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::unit::Unit;
use crate::{
    Backend, ObjectStoreAddress, Service, StackDescriptor,
    checkout::Checkout,
    component::{Layout, catalog, postgres},
    descriptor::{FORMAT_VERSION, SupervisorAddress},
    directory::StackDirectory,
    ports::ReservedPort,
    progress::{BootEvent, BootFailure},
    tools::Tools,
};

/// Request to a supervisor from whoever starts it: the first line on its standard input.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "four switches that do not depend on each other")]
pub(crate) struct BootRequest {
    /// Belongs to one owner.
    pub private: bool,
    /// Folder for the descriptor of a shared stack.
    pub home: std::path::PathBuf,
    /// How long the stack stays without a lease.
    pub idle_seconds: u64,
    /// Listen on the standard ports.
    pub standard_ports: bool,
    /// Start the four services, not only the servers below them.
    pub services: bool,
    /// Workers start what runs scripts on first use.
    pub cad_on_first_use: bool,
    /// Identifies the sources that the programs were built from.
    pub fingerprint: String,
    /// The checkout that they were built in.
    pub checkout: std::path::PathBuf,
    /// Programs of others.
    pub tools: Tools,
    /// Folder of our programs.
    pub programs: std::path::PathBuf,
    /// Folder with the read-only mounts.
    pub mounts: std::path::PathBuf,
    /// The Python package that scripts import.
    pub python_package: std::path::PathBuf,
}

impl BootRequest {
    pub fn descriptor_path(&self, directory: &StackDirectory) -> std::path::PathBuf {
        if self.private { directory.path().join("stack.json") } else { self.home.join("stack.json") }
    }
}

/// Everything about one attempt to boot.
pub(super) struct Boot {
    pub directory: StackDirectory,
    pub layout: Layout,
    pub units: BTreeMap<Service, Arc<Unit>>,
    reserved: std::sync::Mutex<BTreeMap<Service, Vec<ReservedPort>>>,
}

impl Boot {
    /// Makes the directory and decides ports and secrets. Nothing runs yet.
    pub fn plan(request: &BootRequest) -> anyhow::Result<Self> {
        let wanted: Vec<Service> = if request.services {
            Service::INFRASTRUCTURE.into_iter().chain(Service::SYSTEM).collect()
        } else {
            Service::INFRASTRUCTURE.into()
        };
        let mut ports = BTreeMap::new();
        let mut reserved: BTreeMap<Service, Vec<ReservedPort>> = BTreeMap::new();
        for &service in &wanted {
            let port = if request.standard_ports {
                ReservedPort::exactly(service.standard_port(), service.name())?
            } else {
                ReservedPort::any()?
            };
            ports.insert(service, port.number);
            reserved.entry(service).or_default().push(port);
        }
        let (http, metrics) = (ReservedPort::any()?, ReservedPort::any()?);
        let (temporal_http, temporal_metrics) = (http.number, metrics.number);
        reserved.entry(Service::Temporal).or_default().extend([http, metrics]);

        let directory = StackDirectory::create()?;
        let endpoint_port = ports.get(&Service::ObjectStore).copied().context("every stack has an object store")?;
        let layout = Layout {
            directory: directory.path().to_path_buf(),
            ports,
            temporal_http,
            temporal_metrics,
            api_key: secret(),
            worker_token: worker_token(std::env::var(WORKER_TOKEN_VARIABLE).ok().as_deref()),
            object_store: ObjectStoreAddress {
                endpoint: format!("http://127.0.0.1:{endpoint_port}"),
                access_key: secret()[..20].to_owned(),
                secret_key: secret(),
                bucket: wiring::DEFAULT_ASSET_BUCKET.to_owned(),
            },
            tools: request.tools.clone(),
            programs: request.programs.clone(),
            mounts: directory.copy_in("mounts", &request.mounts)?,
            python_package: request.python_package.clone(),
            cad_on_first_use: request.cad_on_first_use,
            postgres_account: postgres::account()?,
        };
        make_folders(&layout, &wanted)?;
        if request.services {
            catalog::build(&layout)?;
        }
        let units = wanted.into_iter().map(|service| (service, Arc::new(Unit::new(&layout, service)))).collect();
        Ok(Self { directory, layout, units, reserved: std::sync::Mutex::new(reserved) })
    }

    /// Starts every part and waits until all work.
    pub async fn run(&self) -> Result<(), BootFailure> {
        let infrastructure = try_join_all(Service::INFRASTRUCTURE.map(|service| self.bring_up(service)));
        // Workers need seconds to import the CAD libraries and nothing of the others to begin with.
        let workers = try_join_all([Service::WorkerLight, Service::WorkerHeavy].map(|service| self.bring_up(service)));
        let controllers = async {
            infrastructure.await?;
            try_join_all([Service::Controller, Service::ControllerWorker].map(|service| self.bring_up(service))).await
        };
        try_join(workers, controllers).await.map(|_| ())
    }

    async fn bring_up(&self, service: Service) -> Result<(), BootFailure> {
        let Some(unit) = self.units.get(&service) else { return Ok(()) };
        tell(&BootEvent::Started { service });
        let started = std::time::Instant::now();
        unit.prepare().await?;
        let held = self.reserved.lock().ok().and_then(|mut reserved| reserved.remove(&service));
        for port in held.unwrap_or_default() {
            port.release();
        }
        let launch = unit.start().await?.launch;
        tokio::spawn(Arc::clone(unit).keep_running(launch));
        tell(&BootEvent::Ready { service, seconds: started.elapsed().as_secs_f64() });
        Ok(())
    }

    /// Says where the running stack is.
    pub fn describe(&self, request: &BootRequest) -> StackDescriptor {
        let layout = &self.layout;
        let urls = Service::SYSTEM.into_iter().filter(|service| self.units.contains_key(service));
        StackDescriptor {
            version: FORMAT_VERSION,
            backend: Backend::Embedded,
            fingerprint: request.fingerprint.clone(),
            checkout: Some(request.checkout.clone()),
            supervisor: Some(SupervisorAddress {
                pid: nix::unistd::getpid().as_raw(),
                control_socket: self.directory.path().join("control.sock"),
                directory: self.directory.path().to_path_buf(),
                private: request.private,
            }),
            standard_ports: request.standard_ports,
            urls: urls.map(|service| (service, layout.url(service))).collect(),
            postgres_url: Some(layout.postgres_url()),
            object_store: Some(layout.object_store.clone()),
            temporal: Some(layout.address(Service::Temporal)),
            api_key: Some(layout.api_key.clone()),
            worker_token: layout.worker_token.clone(),
            logs: self.units.keys().map(|&service| (service, layout.log(service))).collect(),
            versions: self.units.values().flat_map(|unit| unit.seen()).collect(),
            started_at: Utc::now(),
        }
    }

    /// Ends every part, those that depend on others first.
    pub async fn stop_all(&self) {
        let levels: [&[Service]; 3] = [
            &[Service::Controller, Service::ControllerWorker],
            &[Service::WorkerLight, Service::WorkerHeavy],
            &Service::INFRASTRUCTURE,
        ];
        for level in levels {
            futures::future::join_all(
                level.iter().filter_map(|service| self.units.get(service)).map(|unit| unit.stop(true)),
            )
            .await;
        }
    }
}

/// True when a boot failed because another process took a port between choosing and using it.
pub(super) fn lost_its_port(failure: &BootFailure) -> bool {
    failure.last_lines.iter().any(|line| line.to_lowercase().contains("address already in use"))
}

/// Reports to whoever started this supervisor; they may be gone, which the lease on standard input notices.
pub(super) fn tell(event: &BootEvent) {
    if let Ok(mut line) = serde_json::to_string(event) {
        line.push('\n');
        let mut output = std::io::stdout().lock();
        output.write_all(line.as_bytes()).and_then(|()| output.flush()).ok();
    }
}

fn make_folders(layout: &Layout, wanted: &[Service]) -> anyhow::Result<()> {
    let postgres = layout.directory.join("postgres");
    let work = wanted.iter().map(|&service| layout.work_directory(service));
    for folder in work.chain([postgres.clone(), layout.directory.join("objects")]) {
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    if let Some(account) = layout.postgres_account {
        chown(&postgres, Some(account.user.as_raw()), Some(account.group.as_raw()))
            .with_context(|| format!("cannot give {} to the user that Postgres runs as", postgres.display()))?;
    }
    Ok(())
}

/// Environment variable that gives the workers' secret in place of a random one; `none` leaves the workers open, for
/// clients that know of no secret.
const WORKER_TOKEN_VARIABLE: &str = "STACK_WORKER_TOKEN";

fn worker_token(given: Option<&str>) -> Option<String> {
    match given {
        Some("none") => None,
        Some("") | None => Some(secret()),
        Some(token) => Some(token.to_owned()),
    }
}

/// A random secret of 128 bits, as text.
fn secret() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

/// The request for a stack of this checkout.
pub(crate) fn request(checkout: &Checkout, tools: Tools, fingerprint: String) -> BootRequest {
    BootRequest {
        private: false,
        home: checkout.home.clone(),
        idle_seconds: 0,
        standard_ports: false,
        services: true,
        cad_on_first_use: false,
        fingerprint,
        checkout: checkout.root.clone(),
        tools,
        programs: checkout.programs(),
        mounts: checkout.mounts(),
        python_package: checkout.python_package(),
    }
}

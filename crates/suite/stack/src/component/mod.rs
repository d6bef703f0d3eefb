//! How each part of a stack is started, asked whether it works, and stopped.

pub(crate) mod catalog;
mod object_store;
pub(crate) mod postgres;
mod probe;
mod services;
mod temporal;

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::PathBuf,
    time::Duration,
};

use nix::sys::signal::Signal;

pub(crate) use self::{
    object_store::{SUBCOMMAND as OBJECT_STORE_SUBCOMMAND, serve as serve_object_store},
    probe::{Probe, Seen},
};
use crate::{
    ObjectStoreAddress, Service,
    process::{Account, Launch, MARK_VARIABLE},
    tools::Tools,
};

/// Where everything of one stack is, decided before anything starts.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub directory: PathBuf,
    pub ports: BTreeMap<Service, u16>,
    /// Temporal's HTTP interface, which readiness is asked on.
    pub temporal_http: u16,
    /// Temporal's metrics; given so that no port is left to chance.
    pub temporal_metrics: u16,
    pub api_key: String,
    /// What worker routes ask for; nothing where they are open.
    pub worker_token: Option<String>,
    pub object_store: ObjectStoreAddress,
    pub tools: Tools,
    pub programs: PathBuf,
    pub mounts: PathBuf,
    /// The Python package that scripts import.
    pub python_package: PathBuf,
    /// Workers start what runs scripts on first use.
    pub cad_on_first_use: bool,
    /// User that Postgres runs as, since it refuses to run as root.
    pub postgres_account: Option<Account>,
}

impl Layout {
    pub fn port(&self, service: Service) -> u16 {
        self.ports.get(&service).copied().unwrap_or_else(|| service.standard_port())
    }

    /// Ports on which a connection means use: those of the services, and in a stack without services those of its
    /// storage. Services keep connections to their storage, and Temporal to itself, whether anybody uses them or not.
    pub fn watched_ports(&self) -> BTreeSet<u16> {
        let of =
            |services: &[Service]| services.iter().filter_map(|service| self.ports.get(service).copied()).collect();
        let ports: BTreeSet<u16> = of(&Service::SYSTEM);
        if ports.is_empty() { of(&[Service::Postgres, Service::ObjectStore]) } else { ports }
    }

    pub fn address(&self, service: Service) -> String {
        format!("127.0.0.1:{}", self.port(service))
    }

    pub fn url(&self, service: Service) -> String {
        format!("http://{}", self.address(service))
    }

    pub fn log(&self, service: Service) -> PathBuf {
        self.directory.join("logs").join(format!("{service}.log"))
    }

    pub fn work_directory(&self, service: Service) -> PathBuf {
        self.directory.join("work").join(service.name())
    }

    pub fn postgres_url(&self) -> String {
        format!("postgresql://postgres:postgres@{}/postgres", self.address(Service::Postgres))
    }

    /// What runs once before the part starts for the first time.
    pub fn preparation(&self, service: Service) -> Option<Launch> {
        (service == Service::Postgres).then(|| postgres::preparation(self))
    }

    /// How the part is started.
    pub fn launch(&self, service: Service) -> Launch {
        match service {
            Service::Postgres => postgres::launch(self),
            Service::ObjectStore => object_store::launch(self),
            Service::Temporal => temporal::launch(self),
            Service::WorkerLight | Service::WorkerHeavy | Service::Controller | Service::ControllerWorker => {
                services::launch(self, service)
            }
        }
    }

    /// How the part is asked whether it works.
    pub fn probe(&self, service: Service) -> Probe {
        match service {
            Service::Postgres => Probe::Postgres { url: self.postgres_url() },
            Service::ObjectStore => Probe::ObjectStore { address: self.object_store.clone() },
            Service::Temporal => Probe::Temporal { http_port: self.temporal_http },
            Service::WorkerLight | Service::WorkerHeavy | Service::Controller | Service::ControllerWorker => {
                Probe::Ready { service, url: self.url(service) }
            }
        }
    }

    /// A launch with the environment that every part gets, and nothing else from ours.
    fn plain_launch(&self, service: Service, program: PathBuf) -> Launch {
        let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/local/bin:/usr/bin:/bin"));
        let environment = [
            ("PATH", path),
            ("HOME", self.directory.join("home").into()),
            ("TMPDIR", self.directory.join("tmp").into()),
            ("LANG", "C.UTF-8".into()),
            (MARK_VARIABLE, self.directory.clone().into()),
        ];
        Launch {
            program,
            arguments: Vec::new(),
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
            directory: self.work_directory(service),
            log: self.log(service),
            account: None,
            death_signal: Signal::SIGKILL,
        }
    }
}

/// Signals for ending a part, and how long it gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Farewell {
    pub signal: Signal,
    pub deadline: Duration,
}

/// How a part is asked to end while others continue.
pub(crate) fn orderly_stop(service: Service) -> Farewell {
    match service {
        // Fast shutdown: open connections are closed, the data directory stays usable.
        Service::Postgres => Farewell { signal: Signal::SIGINT, deadline: Duration::from_secs(10) },
        _ => Farewell { signal: Signal::SIGTERM, deadline: Duration::from_secs(10) },
    }
}

/// How a part is ended together with all it ever stored.
pub(crate) fn final_stop(service: Service) -> Farewell {
    match service {
        // Immediate shutdown: nothing is written any more, but shared memory is given back.
        Service::Postgres => Farewell { signal: Signal::SIGQUIT, deadline: Duration::from_secs(3) },
        // Both keep nothing that anybody will read again; Temporal's orderly stop takes over a second.
        Service::Temporal | Service::ObjectStore => {
            Farewell { signal: Signal::SIGKILL, deadline: Duration::from_secs(3) }
        }
        _ => Farewell { signal: Signal::SIGTERM, deadline: Duration::from_secs(3) },
    }
}

/// How long a part may take until it works.
pub(crate) fn boot_deadline(service: Service) -> Duration {
    match service {
        Service::Postgres | Service::ObjectStore | Service::Temporal => Duration::from_mins(1),
        // Importing the CAD libraries on a busy machine with a cold disk takes a while.
        _ => Duration::from_mins(2),
    }
}

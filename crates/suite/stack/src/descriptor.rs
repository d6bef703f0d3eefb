//! Where a running stack is: the file that tests find it through, and the variables for everything else.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use contract::wiring::variables;
use serde::{Deserialize, Serialize};

use crate::Service;

/// Version of the file's shape; a descriptor of another version belongs to another build.
pub const FORMAT_VERSION: u32 = 2;

/// Environment variable that names a descriptor file.
pub const DESCRIPTOR_VARIABLE: &str = "STACK_DESCRIPTOR";

/// What a stack is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// Native processes of this machine, started by this crate.
    Embedded,
    /// Somebody else's stack, known by its URLs.
    External,
}

/// What a test can do to, and see of, a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that a test asks by itself")]
pub struct Capabilities {
    /// Parts can be stopped, paused, killed and restarted.
    pub faults: bool,
    /// The database can be read.
    pub database: bool,
    /// The object store can be read.
    pub object_store: bool,
    /// Temporal can be asked.
    pub temporal: bool,
    /// Service logs can be read.
    pub logs: bool,
}

/// The S3 server of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectStoreAddress {
    /// Base URL; path-style addressing.
    pub endpoint: String,
    /// Access key.
    pub access_key: String,
    /// Secret key.
    pub secret_key: String,
    /// Bucket for assets.
    pub bucket: String,
}

/// The process that owns an embedded stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupervisorAddress {
    /// Process id.
    pub pid: i32,
    /// Unix socket that it answers on.
    pub control_socket: PathBuf,
    /// Directory that holds everything of this stack and is removed with it.
    pub directory: PathBuf,
    /// True when the stack belongs to one owner and ends with it.
    pub private: bool,
}

/// Everything that is needed to use a stack. Holds secrets: the file is readable by its owner only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackDescriptor {
    /// Version of this shape, [`FORMAT_VERSION`].
    pub version: u32,
    /// What the stack is made of.
    pub backend: Backend,
    /// Identifies the sources that the services were built from; empty for an external stack.
    pub fingerprint: String,
    /// The checkout that they were built in; absent for an external stack.
    pub checkout: Option<PathBuf>,
    /// Who owns it; absent for an external stack.
    pub supervisor: Option<SupervisorAddress>,
    /// True when every part listens on its standard port.
    pub standard_ports: bool,
    /// Base URLs of the services, by name.
    pub urls: BTreeMap<Service, String>,
    /// `postgresql://…` of the database.
    pub postgres_url: Option<String>,
    /// The S3 server.
    pub object_store: Option<ObjectStoreAddress>,
    /// `host:port` of Temporal's frontend.
    pub temporal: Option<String>,
    /// Key of the controller's routes.
    pub api_key: Option<String>,
    /// Secret of the workers' routes; absent where they are open.
    #[serde(default)]
    pub worker_token: Option<String>,
    /// Log file of each part.
    pub logs: BTreeMap<Service, PathBuf>,
    /// What answered during boot: version of each part that reports one.
    pub versions: BTreeMap<String, String>,
    /// When the stack became ready.
    pub started_at: DateTime<Utc>,
}

/// This stack lacks a part that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("this stack ({backend}) has no {part}; {remedy}")]
pub struct MissingPart {
    part: String,
    backend: &'static str,
    remedy: String,
}

impl StackDescriptor {
    /// Reads a descriptor file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read(path).with_context(|| format!("cannot read the stack descriptor {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| {
            format!("{} is not a stack descriptor of this version; run `stack ensure` again", path.display())
        })
    }

    /// Writes it so that a reader sees either the old file or the whole new one, with mode 600.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let describe = || format!("cannot write the stack descriptor {}", path.display());
        let partial = path.with_extension(format!("json.{}", std::process::id()));
        let text = serde_json::to_vec_pretty(self).with_context(describe)?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)
            .with_context(describe)?;
        file.write_all(&text).and_then(|()| fs::rename(&partial, path)).with_context(describe)
    }

    /// Base URL of a service.
    pub fn url(&self, service: Service) -> Result<&str, MissingPart> {
        self.urls.get(&service).map(String::as_str).ok_or_else(|| self.missing(service.name(), url_variable(service)))
    }

    /// URL of the database.
    pub fn database(&self) -> Result<&str, MissingPart> {
        self.postgres_url.as_deref().ok_or_else(|| self.missing("database", Some(variables::POSTGRES_URL)))
    }

    /// The S3 server.
    pub fn object_store(&self) -> Result<&ObjectStoreAddress, MissingPart> {
        self.object_store.as_ref().ok_or_else(|| self.missing("object store", Some(variables::S3_ENDPOINT)))
    }

    /// `host:port` of Temporal.
    pub fn temporal(&self) -> Result<&str, MissingPart> {
        self.temporal.as_deref().ok_or_else(|| self.missing("Temporal", Some(variables::TEMPORAL_URL)))
    }

    fn missing(&self, part: &str, variable: Option<&str>) -> MissingPart {
        let (backend, remedy) = match (self.backend, variable) {
            (Backend::External, Some(variable)) => ("external", format!("set {variable} to say where it is")),
            (Backend::External, None) => ("external", "an external stack is known by its URLs only".to_owned()),
            (Backend::Embedded, _) => ("embedded", "it was started without it; start one with all services".to_owned()),
        };
        MissingPart { part: part.to_owned(), backend, remedy }
    }

    /// What can be done with this stack.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities {
            faults: self.supervisor.is_some(),
            database: self.postgres_url.is_some(),
            object_store: self.object_store.is_some(),
            temporal: self.temporal.is_some(),
            logs: !self.logs.is_empty(),
        }
    }

    /// The variables through which any program is aimed at this stack; what the stack lacks is left out.
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut environment = Vec::new();
        let mut set = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                environment.push((name.to_owned(), value.to_owned()));
            }
        };
        for service in Service::SYSTEM {
            if let Some(variable) = url_variable(service) {
                set(variable, self.urls.get(&service).map(String::as_str));
            }
        }
        set(variables::CONTROLLER_API_KEY, self.api_key.as_deref());
        set(variables::WORKER_TOKEN, self.worker_token.as_deref());
        set(variables::POSTGRES_URL, self.postgres_url.as_deref());
        let store = self.object_store.as_ref();
        set(variables::S3_ENDPOINT, store.map(|store| store.endpoint.as_str()));
        set(variables::S3_ACCESS_KEY, store.map(|store| store.access_key.as_str()));
        set(variables::S3_SECRET_KEY, store.map(|store| store.secret_key.as_str()));
        set(variables::ASSET_S3_BUCKET, store.map(|store| store.bucket.as_str()));
        set(variables::TEMPORAL_URL, self.temporal.as_deref());
        environment
    }
}

/// Variable that holds the base URL of a service.
pub(crate) fn url_variable(service: Service) -> Option<&'static str> {
    match service {
        Service::Controller => Some(variables::CONTROLLER_URL),
        Service::ControllerWorker => Some(variables::CONTROLLER_WORKER_URL),
        Service::WorkerLight => Some(variables::WORKER_LIGHT_URL),
        Service::WorkerHeavy => Some(variables::WORKER_HEAVY_URL),
        Service::Postgres | Service::ObjectStore | Service::Temporal => None,
    }
}

//! Liveness and readiness.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Answer of `GET /health`: the process lives. Says nothing about what it depends on; who answers is said at `/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// Always `healthy`; a process that is not answers nothing.
    pub status: HealthStatus,
}

/// The one word of a health answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// The process lives.
    Healthy,
}

/// Answer of `GET /ready`: can the service do its work right now? 200 when ready, 503 when not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Readiness {
    /// True when every dependency is up.
    pub ready: bool,
    /// Name of the service.
    pub service: String,
    /// Each dependency by name.
    pub dependencies: BTreeMap<String, Dependency>,
}

/// State of one dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dependency {
    /// True when a probe succeeded.
    pub up: bool,
    /// What the probe saw: a version, or the error.
    pub detail: String,
}

/// Answer of `GET /`: who is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceIdentity {
    /// `ok`.
    pub status: String,
    /// Name of the service.
    pub service: String,
    /// Version of the service.
    pub version: String,
    /// Where the API is described for people.
    pub docs: String,
}

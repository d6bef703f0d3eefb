//! The parts of a stack, by name.

use std::fmt;

use clap::ValueEnum;
use contract::wiring::standard_ports;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// One process of a stack: a server that it is built on, or one of the four services.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum, IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[value(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Service {
    /// The database.
    Postgres,
    /// The S3 server.
    ObjectStore,
    /// Temporal's development server.
    Temporal,
    /// Session file systems, short execution.
    WorkerLight,
    /// Validation, simulation, rendering.
    WorkerHeavy,
    /// Public API.
    Controller,
    /// Temporal worker of the controller.
    ControllerWorker,
}

impl Service {
    /// The servers that others depend on.
    pub const INFRASTRUCTURE: [Self; 3] = [Self::Postgres, Self::ObjectStore, Self::Temporal];
    /// The four services of the system under test.
    pub const SYSTEM: [Self; 4] = [Self::WorkerLight, Self::WorkerHeavy, Self::Controller, Self::ControllerWorker];

    /// Name in commands, logs and messages.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The port of a stack that was started with `--standard-ports`.
    pub const fn standard_port(self) -> u16 {
        match self {
            Self::Postgres => standard_ports::POSTGRES,
            Self::ObjectStore => standard_ports::S3,
            Self::Temporal => standard_ports::TEMPORAL,
            Self::WorkerLight => standard_ports::WORKER_LIGHT,
            Self::WorkerHeavy => standard_ports::WORKER_HEAVY,
            Self::Controller => standard_ports::CONTROLLER,
            Self::ControllerWorker => standard_ports::CONTROLLER_WORKER,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

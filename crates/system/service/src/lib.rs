//! What the four services have in common: settings, logs, connections, who may call, request checks, error answers,
//! health, OpenAPI, shutdown.
//!
//! A service builds a [`Service`] from its routes and its readiness probes and calls [`Service::run`]. This
//! crate knows nothing of sessions, simulation, episodes or storage.

mod access;
mod answer;
mod application;
mod error;
mod logging;
mod readiness;
mod request;
mod server;
mod settings;
mod trace;

pub use answer::Bytes;
pub use application::Service;
pub use error::ServiceError;
pub use logging::start_logging;
pub use readiness::{Probe, probe};
pub use request::{Session, Valid, ValidId, ValidQuery, parameter};
pub use settings::{LogFormat, ServiceSettings, settings};
pub use trace::trace_id;

/// What a handler returns.
pub type Answer<T> = Result<T, ServiceError>;

//! What a test is built on: a context of its own, waits that end, designs that a reader can judge by eye.
//!
//! A test file should read as arrange, act, assert. Everything that is the same in all of them is here: finding the
//! stack, names that no other test has, clients that carry the test's id, and what an engineer needs when it fails.

pub mod assembly;
mod benchmarks;
pub mod change;
pub mod context;
pub mod designs;
mod files;
pub mod mechanisms;
pub mod objectives;
pub mod openapi;
mod openapi_rules;
pub mod solutions;
pub mod wait;

pub use change::Changed;
pub use context::{Context, Session};
pub use files::{Files, Workspace};
pub use wait::{LONG, SHORT, Seen, wait_for};

pub use contract;
pub use controller_api::ControllerClient;
pub use events_reader::{EventLog, unix_time};
pub use http_reply::{Method, Reply, StatusCode};
pub use stack::{Fault, Service};
pub use storage_probe::{Database, ObjectStore, ServingStatus, grpc_health};
pub use worker_api::{HeavyWorker, LightWorker};

//! Starts, adopts and stops the servers and services that the suite runs against.
//!
//! A test must not care whether a stack is already up, who started it, or who cleans up. So one detached process, the
//! *supervisor*, owns everything that runs: Postgres, an S3 server, Temporal, the four services, and their throw-away
//! directory. Whoever uses a stack holds a *lease*, which is nothing but an open connection to the supervisor; it ends
//! when its holder ends, however that happens. A stack without leases stops by itself.
//!
//! - [`Stack`] is what tests hold: shared or private, with descriptor, faults and logs.
//! - [`ensure`] is the path from nothing to a running stack, and the `stack` command is built on it.
//! - [`StackDescriptor`] says where everything is, as a file and as environment variables.
//!
//! This crate must not know what the services do: it starts binaries, and asks `GET /ready`.

pub mod binaries;
pub mod checkout;
pub mod cli;
mod component;
pub mod control;
pub mod descriptor;
pub mod directory;
pub mod ensure;
pub mod external;
pub mod faults;
mod handle;
pub mod lease;
pub mod logs;
mod output;
mod ports;
mod process;
pub mod progress;
mod proof;
mod removal;
mod service;
mod sources;
mod supervisor;
pub mod tools;

pub use descriptor::{Backend, Capabilities, ObjectStoreAddress, StackDescriptor};
pub use faults::Fault;
pub use handle::{PrivateOptions, Stack};
pub use logs::{LogLevel, LogLine, LogMark};
pub use service::Service;

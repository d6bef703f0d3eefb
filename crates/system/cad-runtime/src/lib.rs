//! Runs the Python scripts of agents: fast, and sandboxed.
//!
//! A warm parent process has the CAD library imported and forks one child per run; the child gives up everything
//! that a script must not have (crate `sandbox`) and runs the script. The result is data: output and exit code, or the
//! shapes of a design with what it declares about them. A second child, which runs no script, measures the shapes, and
//! its numbers are compared with the meshes here; so nothing that a script says about itself counts.
//!
//! A script's mistakes are results ([`contract::execution::ScriptFault`]); errors of this crate mean that the
//! runtime itself could not do its work. The caller limits the number of concurrent runs.
//!
//! What it must not know: HTTP, session headers, simulation, prices.

mod config;
mod error;
mod execution;
mod figures;
mod geometry;
mod interpreter;
mod label;
mod launch;
mod measured;
mod measuring;
mod memory;
mod quota;
mod request;
mod run;
mod run_directory;
mod runtime;
mod topology;
mod warm_parent;
mod winding;

pub use config::{Bubblewrap, CadRuntimeConfig, DEFAULT_BUILD_TIMEOUT, Limits, Mount, WarmUp};
pub use error::CadRuntimeError;
pub use execution::Execution;
pub use request::{BuildRequest, ScriptSource, Tessellation};
pub use run::OUTPUT_LIMIT_BYTES;
pub use runtime::CadRuntime;

//! How a caller talks to the workers: one type for the light worker, one for the heavy worker.
//!
//! Each has two layers. The raw call (`write_file`) gives the [`Reply`] whatever its status, and is what services
//! and fail-path tests use. The `must_` call (`must_write_file`) is for tests that rely on success: it decodes the
//! answer and panics with the route, the status, the body and the line of the test otherwise.
//!
//! The crate knows routes and time limits; it must not know how a worker does its work.

mod heavy;
mod light;
mod limits;
mod session_endpoint;

pub use heavy::HeavyWorker;
pub use http_reply::{Method, NoReply, Outcome, Reply, StatusCode, UnexpectedReply};
pub use light::LightWorker;

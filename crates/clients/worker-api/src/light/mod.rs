//! The light worker: files, git, execution, assets, lint, topology.

mod raw;
mod relied_on;

use http_reply::Endpoint;

use crate::session_endpoint::session_endpoint;

/// The light worker, for one session.
#[derive(Debug, Clone)]
pub struct LightWorker {
    endpoint: Endpoint,
    session: String,
}

session_endpoint!(LightWorker);

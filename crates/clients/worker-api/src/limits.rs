//! How long each kind of call may take, from sending to the last byte of the answer.

use std::time::Duration;

/// Listing, reading, writing, editing, deleting, and serving an asset.
pub(crate) const FILE: Duration = Duration::from_secs(10);
/// Searching, uploading, and reading bytes.
pub(crate) const BULK_FILE: Duration = Duration::from_secs(30);
/// Packing a whole workspace.
pub(crate) const BUNDLE: Duration = Duration::from_mins(1);
/// Quick git calls.
pub(crate) const GIT: Duration = Duration::from_secs(10);
/// Git calls that write objects.
pub(crate) const GIT_WRITE: Duration = Duration::from_secs(30);
/// The linter itself may take 30 s.
pub(crate) const LINT: Duration = Duration::from_secs(35);
/// Topology inspection runs a CAD script.
pub(crate) const TOPOLOGY: Duration = Duration::from_mins(1);
/// Waiting in the queue and simulating.
pub(crate) const SIMULATE: Duration = Duration::from_mins(10);
/// Checking or drawing a design.
pub(crate) const DESIGN: Duration = Duration::from_secs(30);
/// Waiting in the queue, checking and writing a hand-over.
pub(crate) const SUBMIT: Duration = Duration::from_mins(2);
/// No limit in practice, for calls whose caller watches the worker instead.
pub(crate) const NONE: Duration = Duration::from_hours(24 * 7);
/// Any other route, called by path.
pub(crate) const OTHER: Duration = Duration::from_mins(1);

/// Running a script: its own limit, and 5 s for starting it and sending the answer.
pub(crate) fn execute(timeout_s: u32) -> Duration {
    Duration::from_secs(u64::from(timeout_s) + 5)
}

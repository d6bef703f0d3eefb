//! Tools that agents call: by HTTP through a worker, and from their scripts through a shared library that the warm
//! Python parent loads. Both use this crate, so that a planner's figure is the same wherever it was computed.
//!
//! A tool gets texts and a catalogue and answers with data; reading and writing files is its caller's work. The crate
//! must not know HTTP, sessions or the CAD library: the Python process has to stay light.

mod costing;
mod ffi;
mod scripts;

pub use costing::{Costing, estimate_as_written, validate_costing_and_price};
pub use ffi::{agent_tool, agent_tool_free};

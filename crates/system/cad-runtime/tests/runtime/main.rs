//! The CAD runtime against real Python, a real kernel sandbox and real scripts.

mod fixture;
mod forgeries;

mod agent_tools;
mod bounds;
mod builds;
mod concurrency;
mod escapes;
mod everyday;
mod executions;
mod faults;
mod features;
mod supervision;

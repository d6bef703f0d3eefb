//! The CAD runtime against real Python, a real kernel sandbox and real scripts.

mod fixture;

mod builds;
mod concurrency;
mod escapes;
mod executions;
mod faults;
mod supervision;

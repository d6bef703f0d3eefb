//! What a stack and its callers agree on: wire types, artifact schemas, enumerations, events, limits.
//!
//! Both sides of every HTTP call depend on this crate and on nothing of each other. It holds data and the
//! rules that belong to the data (parsing, validation); it opens no connection, reads no file and knows no
//! service.
//!
//! - `artifact/`: documents that agents write.
//! - `wire/`: requests and answers of the services.
//! - `events`: what happened, in order.
//! - beside them what all of these share: stages and gates, states of an episode, violations, limits, names.

mod artifact;
pub mod backend;
pub mod events;
pub mod gate;
pub mod json_text;
pub mod lifecycle;
pub mod limits;
pub mod violations;
mod wire;
pub mod wiring;

pub use artifact::{assembly, catalog_version, motion, objectives, part_metadata, power_supply, variation};
pub use wire::{
    assets, benchmark, catalog, design_source, episodes, execution, files, git, handover, health, problem, reviews,
    session, simulation, status, tool, workbench,
};

//! What a stack and its callers agree on: wire types, artifact schemas, enumerations, events, limits.
//!
//! Both sides of every HTTP call depend on this crate and on nothing of each other. It holds data and the
//! rules that belong to the data (parsing, validation); it opens no connection, reads no file and knows no
//! service.

pub mod assembly;
pub mod assets;
pub mod benchmark;
pub mod catalog;
pub mod episodes;
pub mod events;
pub mod execution;
pub mod files;
pub mod git;
pub mod handover;
pub mod health;
pub mod json_text;
pub mod limits;
pub mod objectives;
pub mod part_metadata;
pub mod problem;
pub mod reviews;
pub mod session;
pub mod simulation;
pub mod violations;
pub mod wiring;
pub mod workbench;

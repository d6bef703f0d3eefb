//! Requests and answers of the services.

pub mod assets;
pub mod benchmark;
pub mod catalog;
pub mod design_source;
pub mod episodes;
pub mod execution;
pub mod files;
pub mod git;
pub mod handover;
pub mod health;
pub mod problem;
pub mod reviews;
pub mod session;
pub mod simulation;
pub mod status;
pub mod tool;
pub mod workbench;

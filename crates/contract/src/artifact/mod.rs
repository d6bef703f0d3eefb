//! The documents that agents write, and what they are made of.

pub mod assembly;
pub mod catalog_version;
pub mod motion;
pub mod objectives;
pub mod part_metadata;
pub mod power_supply;
pub mod variation;

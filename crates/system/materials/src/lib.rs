//! What parts are made of, how, for how much, and which can be bought: the one reader of `manufacturing_config.yaml`,
//! the table of wires, and the catalogue's figures.
//!
//! Prices, scenes and hand-overs take materials from here and from nowhere else. It knows no geometry and no session, and
//! stays light: it is also linked into a library that agents' scripts load.

mod bought;
mod config;
mod material;
mod materials;
mod process;
pub mod wires;

pub use bought::{BoughtPart, Servo, bought};
pub use config::{ConfigError, ManufacturingConfig, SESSION_FILE, UnknownMaterial};
pub use material::{Material, MaterialClass};
pub use materials::Materials;
pub use process::{CncProcess, MouldingProcess, PrintProcess, Processes, Rates, ToolAxis};

//! Materials, methods, prices and bought parts: the only reader of `manufacturing_config.yaml`, the table of wires, and
//! the catalogue's figures.
//!
//! Prices, scenes and hand-overs take materials only from here. It knows no geometry and no session, and stays light:
//! it is also linked into a library that agents' scripts load.

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

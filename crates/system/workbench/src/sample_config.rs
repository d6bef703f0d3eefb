//! The file that every stack ships.

use materials::ManufacturingConfig;

/// The file that every stack ships.
pub fn shipped() -> ManufacturingConfig {
    let text = include_str!("../../cad-runtime/mounts/config/manufacturing_config.yaml");
    ManufacturingConfig::parse(text).expect("the shipped file is sound")
}

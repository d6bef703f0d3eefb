//! What feeds a circuit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A supply of direct current.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PowerSupply {
    /// Kind.
    #[serde(rename = "type", default = "rectified_mains")]
    pub kind: String,
    /// Voltage, V.
    pub voltage_dc: f64,
    /// Largest current, A.
    pub max_current_a: f64,
    /// Where it stands, mm.
    #[serde(default)]
    pub location: Option<[f64; 3]>,
}

fn rectified_mains() -> String {
    "mains_ac_rectified".to_owned()
}

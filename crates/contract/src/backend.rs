//! Physics backends by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// Physics backends of the contract.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SimulatorBackend {
    /// Rigid bodies.
    Mujoco,
    /// Rigid bodies, stress and fluids; the default.
    #[default]
    Genesis,
}

impl SimulatorBackend {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

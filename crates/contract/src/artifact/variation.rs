//! What a variation of a benchmark fixes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a static variation of a benchmark fixes. The same id draws the same everywhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StaticVariation {
    /// Its id.
    pub id: String,
    /// What stands for the id in formulas: the first four bytes of its SHA-256 hash as a big-endian number.
    pub seed: u32,
    /// Radius of the moved object, mm; none when a part or a mesh is the moved object.
    pub moved_object_radius_mm: Option<f64>,
}

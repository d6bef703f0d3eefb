//! `objectives.yaml`: where the moved object starts, where it must arrive, and within which limits. Millimetres.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// First line of the file that every new session gets; a file that still holds it counts as absent.
pub const TEMPLATE_MARKER: &str = "[TEMPLATE]";

/// The whole file. Unknown keys are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Objectives {
    /// Zones.
    pub objectives: Zones,
    /// Engine choice.
    #[serde(default)]
    pub physics: PhysicsChoice,
    /// Space of the simulation; whatever leaves it is out of bounds.
    pub simulation_bounds: Zone,
    /// The object that must reach the goal.
    pub moved_object: MovedObject,
    /// Caps on the design.
    pub constraints: Constraints,
    /// Fluids of the scene; each is an object.
    #[serde(default)]
    pub fluids: Vec<serde_json::Value>,
    /// Which variation of the benchmark this is.
    #[serde(default)]
    pub randomization: Randomization,
}

/// Zones of a benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Zones {
    /// Where the moved object must arrive.
    pub goal_zone: Zone,
    /// Where nothing that moves may come.
    #[serde(default)]
    pub forbid_zones: Vec<NamedZone>,
    /// Where the engineer may build.
    pub build_zone: Zone,
    /// Goals for fluids; each is an object.
    #[serde(default)]
    pub fluid_objectives: Vec<serde_json::Value>,
    /// Limits on stress; each is an object.
    #[serde(default)]
    pub stress_objectives: Vec<serde_json::Value>,
}

/// Axis-aligned box, mm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Zone {
    /// Smallest corner.
    pub min: [f64; 3],
    /// Largest corner.
    pub max: [f64; 3],
}

/// A box with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NamedZone {
    /// Name, unique in the file.
    pub name: String,
    /// Smallest corner, mm.
    pub min: [f64; 3],
    /// Largest corner, mm.
    pub max: [f64; 3],
}

/// Which physics engine runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhysicsChoice {
    /// Backend; `genesis` when absent.
    #[serde(default)]
    pub backend: Option<crate::simulation::SimulatorBackend>,
    /// Stress analysis.
    #[serde(default)]
    pub fem_enabled: bool,
    /// `auto`, `cpu` or `gpu`.
    #[serde(default)]
    pub compute_target: Option<String>,
    /// Kinetic energy above which a run counts as unstable, in joules.
    #[serde(default)]
    pub max_kinetic_energy_j: Option<f64>,
}

/// The object that must reach the goal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MovedObject {
    /// Name.
    pub label: String,
    /// `sphere`, `box` or `cylinder`.
    pub shape: String,
    /// Size range.
    #[serde(default)]
    pub static_randomization: StaticRandomization,
    /// Where its centre starts, mm.
    pub start_position: [f64; 3],
    /// Largest deviation of the start on each axis, ± mm.
    pub runtime_jitter: [f64; 3],
}

/// What a benchmark variation may change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StaticRandomization {
    /// Smallest and largest radius, mm; half an edge for a box.
    #[serde(default)]
    pub radius: Option<[f64; 2]>,
}

/// Caps on a design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Constraints {
    /// US dollars.
    pub max_unit_cost: f64,
    /// Grams.
    pub max_weight_g: f64,
}

/// Which variation this is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Randomization {
    /// Id of the static variation.
    #[serde(default)]
    pub static_variation_id: Option<String>,
    /// False switches the jitter of the start off.
    #[serde(default)]
    pub runtime_jitter_enabled: Option<bool>,
}

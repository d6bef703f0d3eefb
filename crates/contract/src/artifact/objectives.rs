//! `objectives.yaml`: where the moved object starts, where it must arrive, and within which limits. Millimetres.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{limits::MOVED_OBJECT_RADIUS_MM, power_supply::PowerSupply};

/// Name of the file at the session root.
pub const OBJECTIVES_FILE: &str = "objectives.yaml";

/// First line of the file that every new session gets; a file that still holds it counts as absent.
pub const TEMPLATE_MARKER: &str = "[TEMPLATE]";

/// True for the file that every new session gets, whoever copied it.
pub fn is_template(objectives: &[u8]) -> bool {
    objectives.windows(TEMPLATE_MARKER.len()).any(|window| window == TEMPLATE_MARKER.as_bytes())
}

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
    /// Parts of the environment that move.
    #[serde(default)]
    pub moving_parts: Vec<MovingPart>,
    /// What the circuit has to live with.
    #[serde(default)]
    pub electronics_requirements: Option<ElectronicsRequirements>,
}

/// A part of the environment that moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MovingPart {
    /// Label of the part.
    pub part_name: String,
    /// `motor` when something drives it.
    #[serde(rename = "type")]
    pub kind: MovingPartKind,
    /// How it moves, and what drives it.
    #[serde(flatten)]
    pub motion: crate::motion::Motion,
}

/// Whether something drives a moving part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovingPartKind {
    /// Driven.
    Motor,
    /// Moved by what touches it.
    Passive,
}

/// What the circuit has to live with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ElectronicsRequirements {
    /// What feeds it.
    pub power_supply_available: PowerSupply,
    /// Limits of the wiring.
    #[serde(default)]
    pub wiring_constraints: Option<WiringConstraints>,
    /// Whether the circuit is checked before physics.
    #[serde(default = "yes")]
    pub circuit_validation_required: bool,
}

fn yes() -> bool {
    true
}

/// Limits of the wiring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WiringConstraints {
    /// Length of all wires together, mm.
    pub max_total_wire_length_mm: f64,
    /// Where no wire may pass.
    #[serde(default)]
    pub restricted_zones: Vec<NamedZone>,
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
    pub backend: Option<crate::backend::SimulatorBackend>,
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
    /// `sphere`, `box`, `cylinder` or `mesh`.
    pub shape: String,
    /// STL file of the session that holds the shape `mesh`, about its centre, mm.
    #[serde(default)]
    pub mesh_path: Option<String>,
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

impl StaticRandomization {
    /// Radius of the moved object in a variation, mm: the middle of the range where there is no variation.
    pub fn radius_mm(&self, variation_seed: Option<u32>) -> f64 {
        let [low, high] = self.radius.unwrap_or([MOVED_OBJECT_RADIUS_MM; 2]);
        match variation_seed {
            Some(seed) => low + (high - low) * f64::from(seed) / f64::from(u32::MAX),
            None => f64::midpoint(low, high),
        }
    }
}

/// Caps on a design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "WrittenConstraints")]
pub struct Constraints {
    /// US dollars.
    pub max_unit_cost: f64,
    /// Grams.
    pub max_weight_g: f64,
    /// Units that are to be made; prices are for one of them. 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_quantity: Option<u32>,
}

/// Caps as a file may write them.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum WrittenConstraints {
    /// The canonical form, in grams.
    Grams { max_unit_cost: f64, max_weight_g: f64, target_quantity: Option<u32> },
    /// The older key without a unit means kilograms; it counts only where `max_weight_g` is absent.
    Kilograms { max_unit_cost: f64, max_weight: f64, target_quantity: Option<u32> },
}

impl Constraints {
    /// Units that are to be made.
    pub fn quantity(&self) -> u32 {
        self.target_quantity.unwrap_or(1)
    }
}

impl From<WrittenConstraints> for Constraints {
    fn from(written: WrittenConstraints) -> Self {
        match written {
            WrittenConstraints::Grams { max_unit_cost, max_weight_g, target_quantity } => {
                Self { max_unit_cost, max_weight_g, target_quantity }
            }
            WrittenConstraints::Kilograms { max_unit_cost, max_weight, target_quantity } => {
                Self { max_unit_cost, max_weight_g: max_weight * 1000.0, target_quantity }
            }
        }
    }
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

//! What a simulation reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Physics backends of the contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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
        match self {
            Self::Mujoco => "mujoco",
            Self::Genesis => "genesis",
        }
    }
}

/// Why a run failed. Lower case on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The time ran out before the goal was reached.
    Timeout,
    /// A body left `simulation_bounds`.
    OutOfBounds,
    /// A moving body touched a forbidden zone.
    ForbidZoneHit,
    /// A part broke.
    PartBreakage,
    /// A motor was at its limit for too long.
    MotorOverload,
    /// The state became not-a-number, too fast or too energetic.
    PhysicsInstability,
    /// Supply shorted.
    ShortCircuit,
    /// Too much current.
    Overcurrent,
    /// A wire tore.
    WireTorn,
    /// A node floats.
    OpenCircuit,
    /// A mesh could not be made.
    AssetGenerationFailed,
    /// A fluid goal was missed.
    FluidObjectiveFailed,
    /// A stress limit was exceeded.
    StressObjectiveExceeded,
    /// Fluid reached powered electronics.
    ElectronicsFluidDamage,
    /// The request, the script or its geometry is not valid.
    ValidationFailed,
    /// It cannot be made.
    ManufacturabilityFailed,
    /// The caller cancelled it.
    Cancelled,
}

impl FailureReason {
    /// The name on the wire.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// Outcome and final state of one run. Lengths in mm, times in s.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SimulationResult {
    /// True when the goal was reached, or when there was none and the run stayed stable.
    pub success: bool,
    /// One sentence.
    pub summary: String,
    /// Why it failed.
    pub failure_reason: Option<FailureReason>,
    /// When, where and with which body the run ended.
    pub ended: RunEnd,
    /// Steps that were computed.
    pub steps: u64,
    /// Time step, s.
    pub step_s: f64,
    /// Engine that really ran, such as `mujoco 3.17.0`.
    pub engine: String,
    /// Backend that was asked for.
    pub backend: SimulatorBackend,
    /// Which variation of the benchmark ran.
    pub static_variation_id: Option<String>,
    /// Seed of the start jitter.
    pub runtime_seed: u64,
    /// Where each body came to rest.
    pub final_positions: Vec<BodyPosition>,
    /// `high`, or `approximate` for a smoke run.
    pub confidence: String,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunEnd {
    /// Simulated time, s.
    pub time_s: f64,
    /// Body that decided the outcome.
    pub body: Option<String>,
    /// Its position, mm.
    pub position_mm: Option<[f64; 3]>,
    /// Zone that was touched.
    pub zone: Option<String>,
}

/// Position of one body, mm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BodyPosition {
    /// Body.
    pub body: String,
    /// Centre of mass, mm.
    pub position_mm: [f64; 3],
}

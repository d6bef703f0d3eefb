//! What a simulation reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::{backend::SimulatorBackend, variation::StaticVariation};

/// Why a run failed. Lower case on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
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
    pub fn name(self) -> &'static str {
        self.into()
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
    /// Time step, s; where a scene needs it, the engine divides it further, as the exported scene shows.
    pub step_s: f64,
    /// Engine that really ran, such as `mujoco 3.17.0`.
    pub engine: String,
    /// Backend that was asked for.
    pub backend: SimulatorBackend,
    /// Which variation of the benchmark ran.
    pub static_variation_id: Option<String>,
    /// What the id drew: see [`crate::variation::StaticVariation`].
    #[serde(default)]
    pub static_variation: Option<StaticVariation>,
    /// Seed of the start jitter.
    pub runtime_seed: u64,
    /// Where each body came to rest.
    pub final_positions: Vec<BodyPosition>,
    /// Course of the moved object, or of the first body that moves.
    #[serde(default)]
    pub trajectory: Vec<TrajectoryPoint>,
    /// What each motor did.
    #[serde(default)]
    pub motors: Vec<MotorReport>,
    /// What collided in place of each body whose shape is a mesh, and how far that is from the mesh.
    #[serde(default)]
    pub collision_shapes: Vec<CollisionReport>,
    /// Largest speed of any body, m/s.
    #[serde(default)]
    pub max_speed_m_s: f64,
    /// Largest kinetic energy, J.
    #[serde(default)]
    pub max_kinetic_energy_j: f64,
    /// All runs, where several were asked for; this result is that of the first.
    #[serde(default)]
    pub runs: Option<MultiRunResult>,
    /// `high`, or `approximate` for a smoke run.
    pub confidence: String,
}

/// Several runs of one design that differ in their seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MultiRunResult {
    /// How many.
    pub num_runs: u32,
    /// How many reached the goal.
    pub success_count: u32,
    /// Their share.
    pub success_rate: f64,
    /// True when all ended alike: all in success, or all for the same reason.
    pub is_consistent: bool,
    /// Reasons of those that failed, each once.
    pub fail_reasons: Vec<FailureReason>,
    /// Each run, in the order of the seeds.
    pub individual_results: Vec<SeedResult>,
}

/// One of several runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeedResult {
    /// Seed of the start jitter.
    pub runtime_seed: u64,
    /// Deviation of the start that it gave, mm.
    pub start_offset_mm: [f64; 3],
    /// True when the goal was reached.
    pub success: bool,
    /// Why it failed.
    pub failure_reason: Option<FailureReason>,
    /// When, where and with which body it ended.
    pub ended: RunEnd,
    /// Steps that were computed.
    pub steps: u64,
}

/// Where a body was at a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrajectoryPoint {
    /// Simulated time, s.
    pub time_s: f64,
    /// Centre of mass, mm.
    pub position_mm: [f64; 3],
    /// Attitude as a unit quaternion: w, x, y, z.
    pub quaternion: [f64; 4],
}

/// What a motor did in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MotorReport {
    /// Part that it drives.
    pub part: String,
    /// Largest effort, N·m or N.
    pub peak_force: f64,
    /// Limit of the effort; none when absent.
    pub force_limit: Option<f64>,
    /// Share of its command that it got.
    pub power: f64,
    /// Place of its joint at the end: rad or mm.
    pub final_place: f64,
}

/// What the engine collided in place of a body's mesh.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CollisionReport {
    /// Body.
    pub body: String,
    /// Kind of shape.
    pub shape: CollisionShapeKind,
    /// How many of them.
    pub pieces: u32,
    /// Largest distance, mm, between the part and a point that only one of both fills.
    pub collision_error_mm: f64,
    /// What the error may be before the answer carries a warning, mm.
    pub tolerance_mm: f64,
}

/// Kinds of shapes that collide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CollisionShapeKind {
    /// A sphere.
    Sphere,
    /// A box.
    Box,
    /// A cylinder.
    Cylinder,
    /// The mesh itself, which is convex.
    ConvexMesh,
    /// Convex pieces of the mesh.
    ConvexPieces,
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
    /// What became unstable, where that ended the run.
    #[serde(default)]
    pub instability: Option<Instability>,
}

/// What a run was aborted for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "quantity", rename_all = "snake_case")]
pub enum Instability {
    /// The state holds an infinity or no number.
    NonFinite,
    /// Kinetic energy of the whole system, J.
    KineticEnergy {
        /// At the end.
        measured: f64,
        /// Most that is allowed.
        limit: f64,
    },
    /// Speed of the fastest body, m/s.
    Speed {
        /// At the end.
        measured: f64,
        /// Most that is allowed.
        limit: f64,
    },
}

impl std::fmt::Display for Instability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NonFinite => write!(f, "its state is not a number any more"),
            Self::KineticEnergy { measured, limit } => {
                write!(f, "kinetic energy {measured:.3e} J, limit {limit:.3e} J")
            }
            Self::Speed { measured, limit } => write!(f, "speed {measured:.1} m/s, limit {limit} m/s"),
        }
    }
}

/// Position of one body, mm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BodyPosition {
    /// Body.
    pub body: String,
    /// Centre of mass, mm.
    pub position_mm: [f64; 3],
}

//! Numbers that the contract fixes. Each stands here once; services enforce them, tests name them.

/// `timeout` of `POST /runtime/execute` when none is given, in seconds.
pub const DEFAULT_EXECUTE_TIMEOUT_S: u32 = 30;
/// Time step of the rigid-body simulation, in seconds.
pub const SIMULATION_STEP_S: f64 = 0.002;
/// A run that has not reached its goal after this many steps ends as `timeout` (30 s of simulated time).
pub const MAX_SIMULATION_STEPS: u64 = 15_000;
/// Simulated steps of a smoke-test run (0.5 s).
pub const SMOKE_SIMULATION_STEPS: u64 = 250;
/// Total kinetic energy above which a run is unstable, in joules.
pub const MAX_KINETIC_ENERGY_J: f64 = 1e6;
/// Speed of any body above which a run is unstable, in metres per second.
pub const MAX_SPEED_M_S: f64 = 1000.0;
/// Share of its limit from which a motor counts as being at it.
pub const OVERLOAD_SHARE: f64 = 0.99;
/// How long a motor may be at its limit before it is overloaded, in seconds.
pub const OVERLOAD_S: f64 = 2.0;
/// Share of its power below which a motor gets none.
pub const MIN_MOTOR_POWER: f64 = 0.05;
/// Frequency of a motor's course that repeats and names none, in hertz.
pub const DEFAULT_FREQUENCY_HZ: f64 = 1.0;
/// Radius of a moved object whose objectives give none, in millimetres.
pub const MOVED_OBJECT_RADIUS_MM: f64 = 10.0;
/// Overlap of two solids that still counts as touching, in cubic millimetres.
pub const MAX_OVERLAP_MM3: f64 = 0.1;
/// Largest size of a design on each axis when no objectives give a build zone, in millimetres.
pub const MAX_SIZE_WITHOUT_BUILD_ZONE_MM: f64 = 1000.0;
/// Density of a moved object that the objectives spawn, in kilograms per cubic metre; they name no material.
pub const MOVED_OBJECT_DENSITY_KG_M3: f64 = 1000.0;
/// Largest deviation of declared totals from the recomputed ones, as a fraction.
pub const MAX_TOTALS_DEVIATION: f64 = 0.05;
/// Number of loose parts from which a design draws a warning about its degrees of freedom.
pub const DOF_WARNING_FROM: u32 = 4;
/// Fasteners that a rigid connection needs at least.
pub const MIN_FASTENERS: usize = 2;
/// Largest gap between two parts that a fastener or a shaft joins, in millimetres.
pub const MAX_JOINT_GAP_MM: f64 = 1.0;
/// Rejections after which an episode ends as failed.
pub const MAX_REJECTIONS: u32 = 5;
/// Share of the goal zone's volume that the environment may fill.
pub const MAX_GOAL_OBSTRUCTION: f64 = 0.35;
/// Events in one call of `POST /episodes/{id}/events`.
pub const MAX_EVENTS_PER_CALL: usize = 10_000;
/// Bytes of traces, or of events, in one answer about an episode; one trace is given however large it is.
pub const MAX_PAGE_BYTES: i64 = 8 * 1024 * 1024;

/// Longest label of a part, in characters. Labels become names of bodies and files, and those have at most 255 bytes.
pub const MAX_LABEL_CHARACTERS: usize = 100;

//! The heavy worker: validate, simulate, preview.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{backend::SimulatorBackend, design_source::DesignSource, simulation::SimulationResult, tool::ToolAnswer};

/// Body of `POST /benchmark/simulate` and `POST /benchmark/validate`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema, Validate)]
pub struct BenchmarkRequest {
    /// The design.
    #[serde(flatten)]
    #[garde(dive)]
    pub design: DesignSource,
    /// Backend; `objectives.yaml` decides when absent, then `genesis`.
    #[serde(default)]
    #[garde(skip)]
    pub backend: Option<SimulatorBackend>,
    /// Short run whose result is `approximate`.
    #[serde(default)]
    #[garde(skip)]
    pub smoke_test_mode: bool,
    /// Seed of the start jitter; 42 when absent. Of several runs the first one's.
    #[serde(default)]
    #[garde(skip)]
    pub seed: Option<u64>,
    /// Runs, each with the next seed, 1 to 64; one when absent.
    #[serde(default)]
    #[schemars(extend("minimum" = 1, "maximum" = 64))]
    #[garde(inner(range(min = 1, max = 64)))]
    pub num_seeds: Option<u32>,
    /// Variation of the benchmark to run in place of the one that `objectives.yaml` names.
    #[serde(default)]
    #[schemars(extend("minLength" = 1, "maxLength" = 100))]
    #[garde(inner(length(min = 1, max = 100)))]
    pub static_variation_id: Option<String>,
    /// Share of its command that a motor gets from its circuit, by part, 0 to 1; all of it when not named.
    #[serde(default)]
    #[garde(custom(shares))]
    pub motor_power: BTreeMap<String, f64>,
    /// Pictures from 24 directions.
    #[serde(default)]
    #[garde(skip)]
    pub render: bool,
    /// A video of the run with the first seed.
    #[serde(default)]
    #[garde(skip)]
    pub video: bool,
}

fn shares<C>(power: &BTreeMap<String, f64>, _: &C) -> garde::Result {
    match power.iter().find(|(_, share)| !(0.0..=1.0).contains(*share)) {
        Some((part, share)) => Err(garde::Error::new(format!("{part:?} gets {share}; a share lies between 0 and 1"))),
        None => Ok(()),
    }
}

/// Answer of `POST /benchmark/simulate` and `POST /benchmark/validate`.
pub type BenchmarkResponse = ToolAnswer<BenchmarkOutput>;

/// What a check or a simulation gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Benchmark")]
pub struct BenchmarkOutput {
    /// `high` or `approximate`.
    #[serde(default = "high")]
    pub confidence: String,
    /// Outcome of the run.
    #[serde(default)]
    pub result: Option<SimulationResult>,
    /// What was produced.
    #[serde(default)]
    pub artifacts: Option<SimulationArtifacts>,
}

impl Default for BenchmarkOutput {
    fn default() -> Self {
        Self { confidence: high(), result: None, artifacts: None }
    }
}

fn high() -> String {
    "high".to_owned()
}

/// Files and documents that a heavy call produced.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SimulationArtifacts {
    /// Pictures, from the session root.
    #[serde(default)]
    pub render_paths: Vec<String>,
    /// The scene as MJCF.
    #[serde(default)]
    pub mjcf_content: Option<String>,
    /// The scene file, from the session root.
    #[serde(default)]
    pub scene_path: Option<String>,
    /// The video, from the session root.
    #[serde(default)]
    pub video_path: Option<String>,
    /// Stresses of each part; empty where none were computed.
    #[serde(default)]
    pub stress_summaries: Vec<Map<String, Value>>,
    /// What each fluid did; empty where there was none.
    #[serde(default)]
    pub fluid_metrics: Vec<Map<String, Value>>,
}

fn default_pitch() -> f64 {
    -45.0
}

fn default_yaw() -> f64 {
    45.0
}

/// Body of `POST /benchmark/preview`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct PreviewRequest {
    /// The design.
    #[serde(flatten)]
    #[garde(dive)]
    pub design: DesignSource,
    /// Camera pitch in degrees, -90 (from above) to 90.
    #[serde(default = "default_pitch")]
    #[garde(range(min = -90.0, max = 90.0))]
    pub pitch: f64,
    /// Camera yaw in degrees, 0 to below 360.
    #[serde(default = "default_yaw")]
    #[garde(custom(within_a_turn))]
    pub yaw: f64,
}

impl Default for PreviewRequest {
    fn default() -> Self {
        Self { design: DesignSource::default(), pitch: default_pitch(), yaw: default_yaw() }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the validation derive calls it with a reference")]
fn within_a_turn<C>(yaw: &f64, _: &C) -> garde::Result {
    if (0.0..360.0).contains(yaw) { Ok(()) } else { Err(garde::Error::new(format!("{yaw} is not in 0 <= yaw < 360"))) }
}

/// Answer of `POST /benchmark/preview`.
pub type PreviewResponse = ToolAnswer<PreviewOutput>;

/// What a preview gives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Preview")]
pub struct PreviewOutput {
    /// The picture, from the session root.
    #[serde(default)]
    pub image_path: Option<String>,
}

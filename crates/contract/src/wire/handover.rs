//! Handing work over: from planner to coder, from benchmark to engineering, from coder to reviewer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    assembly::CostingEstimate,
    catalog_version::CatalogVersion,
    design_source::DesignSource,
    gate::{Gate, Stage},
    session::SessionId,
    simulation::FailureReason,
    violations::Violation,
};

/// Body of `POST /benchmark/submit`: finished work goes to review.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema, Validate)]
pub struct SubmitRequest {
    /// The design.
    #[serde(flatten)]
    #[garde(dive)]
    pub design: DesignSource,
    /// Solution or benchmark.
    #[serde(default)]
    #[garde(skip)]
    pub stage: Stage,
    /// A smoke run is no basis for a submission: true is refused.
    #[serde(default)]
    #[garde(skip)]
    pub smoke_test_mode: bool,
}

/// Answer of `POST /benchmark/submit`. Always 200; `success` says what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubmitResponse {
    /// True when the work was handed over.
    pub success: bool,
    /// `Handover complete`, or why not.
    pub message: String,
    /// Why it failed.
    pub failure_reason: Option<FailureReason>,
    /// The first gate that refused.
    pub rejected_by: Option<Gate>,
    /// Everything that is wrong with all files and with the design.
    pub violations: Vec<Violation>,
    /// What was compared with nothing, because nothing was recorded. Empty in refusals.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// How many calls, this one included, were in the queue on arrival.
    pub queue_position: u32,
    /// What the reviewer receives; also `renders/review_manifest.json`.
    pub manifest: Option<ReviewManifest>,
    /// Events of this call, in order.
    pub events: Vec<Map<String, Value>>,
}

/// What a reviewer receives. Paths are from the session root. Pictures, video and scene are those of the newest
/// simulation of exactly this content; one that was changed since is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewManifest {
    /// `ready_for_review`.
    pub status: String,
    /// Seconds since 1970.
    pub timestamp: f64,
    /// Session.
    pub session_id: SessionId,
    /// Pictures.
    pub renders: Vec<String>,
    /// Video of the run.
    pub video_path: Option<String>,
    /// Scene as it ran; its meshes stand beside it.
    pub mjcf_path: Option<String>,
    /// Model as STEP.
    pub cad_path: String,
    /// Copy of the objectives.
    pub objectives_path: String,
    /// Copy of the assembly definition.
    pub assembly_definition_path: Option<String>,
    /// SHA-256 of the content that passed all gates, hexadecimal.
    pub content_sha256: String,
    /// Price of one unit, USD.
    pub unit_cost: f64,
    /// Weight of one unit, g.
    pub weight_g: f64,
    /// Catalogue of the bought parts.
    pub catalog: CatalogVersion,
}

/// Which planner hands over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlannerRole {
    /// Plans a solution.
    #[default]
    EngineerPlanner,
    /// Plans a benchmark.
    BenchmarkPlanner,
}

impl PlannerRole {
    /// The stage that it plans.
    pub fn stage(self) -> Stage {
        match self {
            Self::EngineerPlanner => Stage::Engineering,
            Self::BenchmarkPlanner => Stage::Benchmark,
        }
    }
}

/// Body of `POST /benchmark/submit_plan`: a plan goes to the coder.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema, Validate)]
pub struct PlanRequest {
    /// Which planner hands over.
    #[serde(default)]
    #[garde(skip)]
    pub role: PlannerRole,
}

/// Answer of `POST /benchmark/submit_plan`. Always 200; `success` says what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanResponse {
    /// True when the plan was handed over.
    pub success: bool,
    /// `Plan handed over`, or why not.
    pub message: String,
    /// The first gate that refused.
    pub rejected_by: Option<Gate>,
    /// Everything that is wrong with all files.
    pub violations: Vec<Violation>,
    /// What was compared with nothing, because nothing was recorded. Empty in refusals.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Recomputed cost and weight; absent when the assembly definition could not be read.
    pub estimate: Option<CostingEstimate>,
    /// How often this session's plan was handed over, this time included.
    pub revision: Option<u32>,
    /// Events of this call.
    pub events: Vec<Map<String, Value>>,
}

/// Body of `POST /benchmark/handover`: a submitted benchmark comes into this session, where it is to be solved.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct HandoverRequest {
    /// Session in which the benchmark was submitted.
    #[garde(skip)]
    pub benchmark_session_id: SessionId,
}

/// Answer of `POST /benchmark/handover`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HandoverResponse {
    /// True when the package is in this session.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// What may not be changed from now on.
    pub baseline: Option<Baseline>,
    /// Files that came into this session, from its root.
    pub files: Vec<String>,
    /// Events of this call.
    pub events: Vec<Map<String, Value>>,
}

/// What may not be changed after a hand-over, by hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// Session in which the benchmark was submitted.
    pub benchmark_session_id: SessionId,
    /// SHA-256 of `objectives.yaml`, hexadecimal.
    pub objectives_sha256: String,
    /// SHA-256 of the file that holds the moved object, hexadecimal; absent when the objectives name none.
    pub moved_mesh_sha256: Option<String>,
    /// Parts of the environment, by label.
    pub environment: BTreeMap<String, EnvironmentPart>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// A part of the environment, by hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentPart {
    /// SHA-256 of shape, place and metadata as the CAD script builds them, hexadecimal.
    pub cad_sha256: String,
    /// SHA-256 of the data of its material from which, with the above, the simulated body is made, hexadecimal. Absent
    /// in records of versions that hashed the scene itself.
    #[serde(default)]
    pub material_sha256: Option<String>,
}

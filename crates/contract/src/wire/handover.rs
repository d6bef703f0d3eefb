//! Handing work over: from planner to coder, from benchmark to engineering, from coder to reviewer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    assembly::CostingEstimate, catalog_version::CatalogVersion, design_source::DesignSource, gate::Stage,
    session::SessionId, tool::ToolAnswer,
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

/// Answer of `POST /benchmark/submit`: success when the work was handed over.
pub type SubmitResponse = ToolAnswer<SubmitOutput>;

/// What a submission gives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Submit")]
pub struct SubmitOutput {
    /// What the reviewer receives; also `renders/review_manifest.json`.
    #[serde(default)]
    pub manifest: Option<ReviewManifest>,
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

/// Answer of `POST /benchmark/submit_plan`: success when the plan was handed over.
pub type PlanResponse = ToolAnswer<PlanOutput>;

/// What the hand-over of a plan gives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Plan")]
pub struct PlanOutput {
    /// Recomputed cost and weight; absent when the assembly definition could not be read.
    #[serde(default)]
    pub estimate: Option<CostingEstimate>,
    /// How often this session's plan was handed over, this time included.
    #[serde(default)]
    pub revision: Option<u32>,
}

/// Body of `POST /benchmark/handover`: a submitted benchmark comes into this session, where it is to be solved.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct HandoverRequest {
    /// Session in which the benchmark was submitted.
    #[garde(skip)]
    pub benchmark_session_id: SessionId,
}

/// Answer of `POST /benchmark/handover`: success when the package is in this session.
pub type HandoverResponse = ToolAnswer<HandoverOutput>;

/// What the hand-over of a benchmark gives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Handover")]
pub struct HandoverOutput {
    /// What may not be changed from now on.
    #[serde(default)]
    pub baseline: Option<Baseline>,
    /// Files that came into this session, from its root.
    #[serde(default)]
    pub files: Vec<String>,
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

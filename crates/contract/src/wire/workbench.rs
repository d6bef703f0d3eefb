//! Manufacturability and price of parts and designs.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    assembly::CostingEstimate, backend::SimulatorBackend, design_source::DesignSource,
    part_metadata::ManufacturingMethod, tool::ToolAnswer,
};

fn one() -> u32 {
    1
}

/// Body of `POST /benchmark/analyze`: one method for the whole design, whatever its parts say.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct AnalyzeRequest {
    /// The design.
    #[serde(flatten)]
    #[garde(dive)]
    pub design: DesignSource,
    /// How it is to be made.
    #[garde(skip)]
    pub method: ManufacturingMethod,
    /// Pieces, 1 to 1 000 000.
    #[serde(default = "one")]
    #[garde(range(min = 1, max = 1_000_000))]
    pub quantity: u32,
}

/// Body of `POST /benchmark/validate_and_price`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema, Validate)]
pub struct PriceRequest {
    /// The design.
    #[serde(flatten)]
    #[garde(dive)]
    pub design: DesignSource,
    /// Backend; `objectives.yaml` decides when absent, then `genesis`. Stress analysis needs more material data, and only
    /// a check that asked for what the objectives need opens the way to simulation and submission.
    #[serde(default)]
    #[garde(skip)]
    pub backend: Option<SimulatorBackend>,
    /// Units that are made, 1 to 1 000 000; `constraints.target_quantity` of the objectives when absent, then 1. Only a
    /// check at the objectives' own quantity opens the way to simulation and submission.
    #[serde(default)]
    #[schemars(extend("minimum" = 1, "maximum" = 1_000_000))]
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    pub quantity: Option<u32>,
}

/// Answer of `POST /benchmark/validate_and_price`: success when every part can be made and the design keeps its limits.
pub type PriceResponse = ToolAnswer<PriceOutput>;

/// What pricing gives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Price")]
pub struct PriceOutput {
    /// Prices and weights; absent when there was no design to price.
    #[serde(default)]
    pub report: Option<PriceReport>,
    /// SHA-256 of what was priced, hexadecimal: the record of this check counts for exactly this content.
    #[serde(default)]
    pub content_sha256: Option<String>,
    /// Milliseconds that each stage took: `build` of the geometry, `price` with all checks, `record`.
    #[serde(default)]
    pub stage_ms: BTreeMap<String, f64>,
}

/// Prices and weights of a design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PriceReport {
    /// Units that are made.
    pub quantity: u32,
    /// Price of one unit, USD.
    pub unit_cost: f64,
    /// Weight of one unit, g.
    pub weight_g: f64,
    /// Cap on the price, where the objectives give one.
    pub max_unit_cost: Option<f64>,
    /// Cap on the weight, where the objectives give one.
    pub max_weight_g: Option<f64>,
    /// Parts that are free to move.
    pub dof_count: u32,
    /// Every part that is made or bought, in the design's order. The environment is not priced: where a benchmark was
    /// handed over, its parts; elsewhere what is fixed and has neither method nor `cots_id`.
    pub parts: Vec<PricedPart>,
}

/// One part, made or bought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PricedPart {
    /// Label.
    pub label: String,
    /// How it is made; absent for a bought part.
    pub method: Option<ManufacturingMethod>,
    /// Material of a made part.
    pub material_id: Option<String>,
    /// Catalogue id of a bought part.
    pub cots_id: Option<String>,
    /// Verdict, price and weight.
    pub result: WorkbenchResult,
}

/// Verdict on one part: can it be made, what does a piece cost and weigh, and what is wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkbenchResult {
    /// True when nothing stands against making it.
    pub is_manufacturable: bool,
    /// Price of a piece, USD; 0 when it cannot be computed.
    pub unit_cost: f64,
    /// Weight of a piece, g.
    pub weight_g: f64,
    /// What is wrong, one sentence each.
    pub violations: Vec<String>,
    /// What was found out on the way.
    pub metadata: WorkbenchMetadata,
}

/// What was found out on the way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkbenchMetadata {
    /// Where the money goes.
    pub cost_breakdown: Option<CostBreakdown>,
    /// Parts that are free to move, of a whole design.
    pub dof_count: Option<u32>,
    /// A warning when they are many.
    pub dof_warning: Option<String>,
    /// Faces that the tool or the mould cannot reach.
    pub undercut_count: Option<u32>,
    /// Figures of the method, by name with unit; under `warnings` sentences on what is allowed and deserves a look.
    pub additional_info: Map<String, Value>,
}

/// Where the money goes, USD.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CostBreakdown {
    /// `cnc_milling`, `injection_molding` or `print_3d`.
    pub process: String,
    /// For the whole quantity.
    pub total_cost: f64,
    /// For one piece.
    pub unit_cost: f64,
    /// Material of one piece.
    pub material_cost_per_unit: f64,
    /// Set-up or mould, for the whole quantity.
    pub setup_cost: f64,
    /// True when set-up or mould were there already.
    pub is_reused: bool,
    /// Intermediate figures, by name with unit.
    pub details: Map<String, Value>,
    /// The sum in words.
    pub pricing_explanation: String,
}

/// Body of `POST /benchmark/validate_costing_and_price`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema, Validate)]
pub struct CostingRequest {}

/// Answer of `POST /benchmark/validate_costing_and_price`: the planner's estimate, recomputed and written back. Success
/// when the file is sound and keeps its caps.
pub type CostingResponse = ToolAnswer<CostingOutput>;

/// What recomputing an estimate gives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Costing")]
pub struct CostingOutput {
    /// What was computed, caps kept or not; absent when the file could not be read.
    #[serde(default)]
    pub estimate: Option<CostingEstimate>,
}

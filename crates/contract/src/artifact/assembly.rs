//! `assembly_definition.yaml`: the planner's estimate of what a solution is made of, costs and weighs.
//!
//! Lengths in mm, volumes in mm³, masses in g, money in USD. Unknown keys are ignored.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{catalog_version::CatalogVersion, motion::Motion, part_metadata::ManufacturingMethod};

/// Name of the file at the session root.
pub const ASSEMBLY_DEFINITION_FILE: &str = "assembly_definition.yaml";

fn default_version() -> String {
    "1.0".to_owned()
}

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssemblyDefinition {
    /// Version of the format.
    #[serde(default = "default_version")]
    pub version: String,
    /// Units of the figures.
    #[serde(default)]
    pub units: Units,
    /// Caps of the benchmark, and the planner's own below them.
    pub constraints: PlannerConstraints,
    /// Parts that are made.
    #[serde(default)]
    pub manufactured_parts: Vec<ManufacturedPartEstimate>,
    /// Parts that are bought.
    #[serde(default)]
    pub cots_parts: Vec<CotsPartEstimate>,
    /// Circuit and wiring.
    #[serde(default)]
    pub electronics: Option<ElectronicsSection>,
    /// What is put together from what.
    #[serde(default)]
    pub final_assembly: Vec<AssemblyNode>,
    /// Sums.
    pub totals: Totals,
    /// Which catalogue the bought parts were priced with; written by `validate_costing_and_price`.
    #[serde(default)]
    pub catalog: Option<CatalogVersion>,
}

/// Units of the figures; only the defaults are understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Units {
    /// `mm`.
    pub length: String,
    /// `mm3`.
    pub volume: String,
    /// `g`.
    pub mass: String,
    /// `USD`.
    pub currency: String,
}

impl Default for Units {
    fn default() -> Self {
        Self { length: "mm".into(), volume: "mm3".into(), mass: "g".into(), currency: "USD".into() }
    }
}

/// Caps of the benchmark, and the planner's own below them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlannerConstraints {
    /// The customer's cap on the unit cost, USD.
    pub benchmark_max_unit_cost_usd: f64,
    /// The customer's cap on the weight, g.
    pub benchmark_max_weight_g: f64,
    /// The planner's target for the unit cost, USD.
    pub planner_target_max_unit_cost_usd: f64,
    /// The planner's target for the weight, g.
    pub planner_target_max_weight_g: f64,
}

/// A part that is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ManufacturedPartEstimate {
    /// Name.
    pub part_name: String,
    /// Id, by which `final_assembly` may refer to it too.
    pub part_id: String,
    /// How it is made. `cnc`; `3dp`, `3d_printing`, `3dprinting`; `im`, `injection_molding`, in any case.
    #[serde(deserialize_with = "method_of_any_spelling")]
    pub manufacturing_method: ManufacturingMethod,
    /// Material of `manufacturing_config.yaml`.
    pub material_id: String,
    /// Pieces in one unit.
    pub quantity: u32,
    /// Volume, mm³.
    pub part_volume_mm3: f64,
    /// Stock that it is cut from; needed for `cnc`.
    #[serde(default)]
    pub stock_bbox_mm: Option<StockSize>,
    /// Volume of the stock, mm³; computed from `stock_bbox_mm`.
    #[serde(default)]
    pub stock_volume_mm3: Option<f64>,
    /// What is cut away, mm³; needed for `cnc`.
    #[serde(default)]
    pub removed_volume_mm3: Option<f64>,
    /// Surface, mm²; that of `stock_bbox_mm` when absent.
    #[serde(default)]
    pub surface_area_mm2: Option<f64>,
    /// Wall thickness, mm; needed for `im`.
    #[serde(default)]
    pub wall_thickness_mm: Option<f64>,
    /// Price of one piece, USD.
    pub estimated_unit_cost_usd: f64,
    /// Remarks.
    #[serde(default)]
    pub pricing_notes: Option<String>,
}

/// Edges of a block of stock, mm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockSize {
    /// Along x.
    pub x: f64,
    /// Along y.
    pub y: f64,
    /// Along z.
    pub z: f64,
}

fn method_of_any_spelling<'de, D: serde::Deserializer<'de>>(from: D) -> Result<ManufacturingMethod, D::Error> {
    let text = String::deserialize(from)?;
    ManufacturingMethod::of_any_spelling(&text).ok_or_else(|| {
        serde::de::Error::custom(format!("unknown manufacturing method {text:?}; cnc, 3dp and im are known"))
    })
}

/// A part that is bought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CotsPartEstimate {
    /// Id in the catalogue.
    pub part_id: String,
    /// Who makes it.
    pub manufacturer: String,
    /// Price of one piece, USD; overwritten with the catalogue's.
    pub unit_cost_usd: f64,
    /// Pieces in one unit.
    pub quantity: u32,
    /// Where it comes from.
    pub source: String,
}

/// An element of `final_assembly`: a sub-assembly with parts, or a part by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AssemblyNode {
    /// Parts that belong together.
    Subassembly(SubassemblyEstimate),
    /// A part.
    Part(PartConfig),
}

/// Parts that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubassemblyEstimate {
    /// Id.
    pub subassembly_id: String,
    /// Its parts.
    #[serde(default)]
    pub parts: Vec<PartConfig>,
    /// What holds them together.
    #[serde(default)]
    pub joints: Vec<JointEstimate>,
}

/// A joint of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JointEstimate {
    /// Id.
    pub joint_id: String,
    /// Parts that it joins.
    pub parts: Vec<String>,
    /// Kind, such as `fastener_joint`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A part of an assembly and how it moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PartConfig {
    /// `part_name` or `part_id` of a part above.
    pub name: String,
    /// How it moves.
    #[serde(default)]
    pub config: Motion,
}

/// Circuit and wiring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ElectronicsSection {
    /// What feeds it.
    pub power_supply: crate::power_supply::PowerSupply,
    /// Wires.
    #[serde(default)]
    pub wiring: Vec<WireConfig>,
    /// Components.
    #[serde(default)]
    pub components: Vec<ElectronicComponent>,
}

/// A wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WireConfig {
    /// Id.
    pub wire_id: String,
    /// One end.
    pub from: WireEnd,
    /// The other end.
    pub to: WireEnd,
    /// American wire gauge.
    pub gauge_awg: u32,
    /// Length, mm.
    pub length_mm: f64,
    /// Points that it passes, mm.
    #[serde(default)]
    pub waypoints: Vec<[f64; 3]>,
    /// True when it has a course through space.
    #[serde(default)]
    pub routed_in_3d: bool,
}

/// One end of a wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireEnd {
    /// `component_id`, or `supply`.
    pub component: String,
    /// Terminal of the component.
    pub terminal: String,
}

/// A component of the circuit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ElectronicComponent {
    /// Id.
    pub component_id: String,
    /// Kind.
    #[serde(rename = "type")]
    pub kind: ComponentKind,
    /// Id in the catalogue.
    #[serde(default)]
    pub cots_part_id: Option<String>,
    /// Part of the assembly that it is.
    #[serde(default)]
    pub assembly_part_ref: Option<String>,
    /// Rated voltage, V.
    #[serde(default)]
    pub rated_voltage: Option<f64>,
    /// Stall current, A.
    #[serde(default)]
    pub stall_current_a: Option<f64>,
}

/// Kinds of components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComponentKind {
    /// Motor or servo.
    Motor,
    /// Power supply.
    PowerSupply,
    /// Relay.
    Relay,
    /// Switch.
    Switch,
    /// Connector.
    Connector,
}

/// Sums.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// USD.
    pub estimated_unit_cost_usd: f64,
    /// g.
    pub estimated_weight_g: f64,
    /// How sure the planner is.
    pub estimate_confidence: Confidence,
}

/// How sure the planner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A guess.
    Low,
    /// Computed from rough sizes.
    Medium,
    /// Computed from exact sizes.
    High,
}

/// What `validate_costing_and_price` computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CostingEstimate {
    /// Price of one piece of each manufactured part, USD, by `part_id`.
    pub manufactured_unit_cost_usd: BTreeMap<String, f64>,
    /// Price of one piece of each bought part, USD, by `part_id`.
    pub cots_unit_cost_usd: BTreeMap<String, f64>,
    /// Sum of all, USD.
    pub estimated_unit_cost_usd: f64,
    /// Sum of all, g.
    pub estimated_weight_g: f64,
    /// Catalogue of the bought parts.
    pub catalog: CatalogVersion,
}

//! What every part of a design must say about itself. The Python package of `cad-runtime` ships the same types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Metadata of one part. At least one of `material_id` and `cots_id` is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PartMetadata {
    /// Material of `manufacturing_config.yaml`.
    #[serde(default)]
    pub material_id: Option<String>,
    /// Catalogue id of a bought part.
    #[serde(default)]
    pub cots_id: Option<String>,
    /// True when the part is held in place.
    #[serde(default, alias = "fixed")]
    pub is_fixed: bool,
    /// How it is made.
    #[serde(default)]
    pub manufacturing_method: Option<ManufacturingMethod>,
    /// How it moves against the world.
    #[serde(default)]
    pub joint: Option<JointMetadata>,
}

/// Metadata of a sub-assembly that acts as one body.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompoundMetadata {
    /// True when it is held in place.
    #[serde(default, alias = "fixed")]
    pub is_fixed: bool,
    /// How it moves against the world.
    #[serde(default)]
    pub joint: Option<JointMetadata>,
}

/// How a part is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ManufacturingMethod {
    /// Milling.
    #[serde(rename = "cnc")]
    Cnc,
    /// 3D print.
    #[serde(rename = "3dp")]
    ThreeDPrint,
    /// Injection moulding.
    #[serde(rename = "im")]
    InjectionMolding,
}

/// A joint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JointMetadata {
    /// Kind.
    #[serde(rename = "type")]
    pub kind: JointType,
    /// Direction of the axis; need not be a unit vector.
    pub axis: [f64; 3],
    /// Limits: radians for a hinge, millimetres for a slide.
    #[serde(default)]
    pub range: Option<[f64; 2]>,
}

/// Kinds of joints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JointType {
    /// Turns about the axis.
    Hinge,
    /// Slides along the axis.
    Slide,
}

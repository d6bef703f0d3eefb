//! What every part of a design must say about itself. The Python package of `cad-runtime` ships the same types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

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
    /// How it moves.
    #[serde(default)]
    pub joint: Option<JointMetadata>,
    /// What it is fastened to.
    #[serde(default)]
    pub rigid_connections: Vec<RigidConnection>,
}

/// A rigid connection to another part: pairs of holes with a fastener through each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RigidConnection {
    /// Label of the other part.
    pub to: String,
    /// Which hole of this part meets which of the other.
    pub holes: Vec<HolePair>,
}

/// Two holes that one fastener passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HolePair {
    /// Hole of this part.
    pub own: String,
    /// Hole of the other part.
    pub other: String,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray)]
pub enum ManufacturingMethod {
    /// Milling.
    #[serde(rename = "cnc")]
    #[strum(serialize = "cnc")]
    Cnc,
    /// 3D print.
    #[serde(rename = "3dp")]
    #[strum(serialize = "3dp")]
    ThreeDPrint,
    /// Injection moulding.
    #[serde(rename = "im")]
    #[strum(serialize = "im")]
    InjectionMolding,
}

impl ManufacturingMethod {
    /// All methods.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The method that planners mean by a name: `cnc`; `3dp`, `3d_printing`, `3dprinting`; `im`, `injection_molding`;
    /// in any case.
    pub fn of_any_spelling(text: &str) -> Option<Self> {
        match text.to_lowercase().as_str() {
            "cnc" => Some(Self::Cnc),
            "3dp" | "3d_printing" | "3dprinting" => Some(Self::ThreeDPrint),
            "im" | "injection_molding" => Some(Self::InjectionMolding),
            _ => None,
        }
    }
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
    /// What the part turns or slides on.
    #[serde(default)]
    pub via: Option<JointSupport>,
    /// Label of the part that it turns or slides on; the world when absent.
    #[serde(default)]
    pub to: Option<String>,
    /// The hole of this part that a hinge's shaft goes through, which says where its axis is; with `through_hole`, where
    /// it is needed, also the hole of the other part on the same axis. A bearing or motor declares no holes: `other` is
    /// not looked at there.
    #[serde(default)]
    pub holes: Option<HolePair>,
}

/// What a moving part turns or slides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JointSupport {
    /// A bought bearing.
    Bearing,
    /// A bought motor or servo; for a hinge alone.
    Motor,
    /// A shaft or pin through a hole of each part.
    ThroughHole,
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

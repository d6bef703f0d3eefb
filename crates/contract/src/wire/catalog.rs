//! The catalogue of bought parts (commercial off the shelf): search and what makes it reproducible.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::catalog_version::CatalogVersion;

/// Answer of `GET /cots/metadata`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogMetadata {
    /// The version.
    #[serde(flatten)]
    pub version: CatalogVersion,
    /// SHA-256 of the database file as it is now, hexadecimal.
    pub content_sha256: String,
    /// How many parts it has.
    pub part_count: u64,
}

fn default_limit() -> u32 {
    20
}

/// Query of `GET /cots/search`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema, Validate)]
pub struct CatalogQuery {
    /// What is wanted, in words: `M3x10 screw`, `24 V 5 A supply`.
    #[garde(length(min = 1, max = 200))]
    pub q: String,
    /// At most this many candidates, 1 to 100.
    #[serde(default = "default_limit")]
    #[garde(range(min = 1, max = 100))]
    pub limit: u32,
    /// Only this category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1, "maxLength" = 64))]
    #[garde(inner(length(min = 1, max = 64)))]
    pub category: Option<String>,
    /// Only parts up to this price, USD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0))]
    #[garde(inner(range(min = 0.0), custom(a_number)))]
    pub max_cost: Option<f64>,
    /// Only parts up to this weight, g.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0))]
    #[garde(inner(range(min = 0.0), custom(a_number)))]
    pub max_weight_g: Option<f64>,
    /// Episode that the search belongs to; it then keeps the `cots_search` event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub episode_id: Option<Uuid>,
}

/// A query string can spell NaN, which no range refuses, for it is neither below nor above any bound.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the validation derive calls it with a reference")]
fn a_number<C>(value: &f64, _: &C) -> garde::Result {
    if value.is_nan() { Err(garde::Error::new("not a number; give one from 0, or leave it out")) } else { Ok(()) }
}

impl CatalogQuery {
    /// A search with the default limit and no constraints.
    pub fn new(q: impl Into<String>) -> Self {
        Self { q: q.into(), limit: default_limit(), ..Self::default() }
    }
}

/// Headers of `GET /cots/search`: what the list in the body has no place for when it is empty.
pub mod headers {
    /// [`super::CatalogVersion::catalog_version`].
    pub const CATALOG_VERSION: &str = "x-catalog-version";
    /// [`super::CatalogVersion::bd_warehouse_commit`].
    pub const BD_WAREHOUSE_COMMIT: &str = "x-bd-warehouse-commit";
    /// [`super::CatalogVersion::generated_at`].
    pub const GENERATED_AT: &str = "x-catalog-generated-at";
    /// [`super::CatalogAnswer::no_match_rationale`], percent-encoded UTF-8; present exactly when nothing fits.
    pub const NO_MATCH_RATIONALE: &str = "x-no-match-rationale";
    /// [`super::CatalogAnswer::too_strict`] as JSON, percent-encoded; present where a constraint was too strict.
    pub const TOO_STRICT: &str = "x-too-strict";
}

/// An element of the answer of `GET /cots/search`: a part that fits, and what it takes to repeat the search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundPart {
    /// The part.
    #[serde(flatten)]
    pub part: PartCandidate,
    /// The version.
    #[serde(flatten)]
    pub version: CatalogVersion,
}

/// Answer of a search: candidates, or the reason why there is none. Over HTTP the candidates are the body and the rest
/// are [`headers`]; scripts get the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogAnswer {
    /// The question as it was asked.
    pub query: String,
    /// Parts that fit, best first.
    pub candidates: Vec<PartCandidate>,
    /// Why nothing fits, in a sentence; present exactly when there is no candidate.
    pub no_match_rationale: Option<String>,
    /// Constraints without which something would fit.
    pub too_strict: Vec<StrictConstraint>,
    /// The version.
    #[serde(flatten)]
    pub version: CatalogVersion,
}

/// A constraint that left nothing over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StrictConstraint {
    /// `max_cost`, `max_weight_g`, `category`, or a value in the question such as `voltage_v`.
    pub constraint: String,
    /// What was asked.
    pub asked: Value,
    /// The nearest value that the catalogue has.
    pub nearest: Value,
    /// The part that has it.
    pub nearest_part_id: String,
}

/// A part that fits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PartCandidate {
    /// Id in the catalogue.
    pub part_id: String,
    /// The same id, by the name under which designs refer to it.
    pub cots_part_id: String,
    /// Name.
    pub name: String,
    /// Category, such as `fastener` or `power_supply`.
    pub category: String,
    /// Who makes it.
    pub manufacturer: String,
    /// Price of one piece, USD.
    pub price: f64,
    /// Quantity that the price holds for.
    pub quantity_tier: String,
    /// Where figures and price come from.
    pub source: String,
    /// Weight of one piece, g.
    pub weight_g: f64,
    /// Key figures, by name with unit: `voltage_v`, `thread`, `length_mm`.
    pub specs: Map<String, Value>,
    /// Why it fits the question.
    pub fit_rationale: String,
    /// The catalogue's record of the part.
    pub metadata: Map<String, Value>,
}

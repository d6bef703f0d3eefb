//! Which catalogue bought parts come from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What it takes to repeat a search: stands on every answer and event of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogVersion {
    /// Version of the catalogue's content.
    pub catalog_version: String,
    /// Revision of `bd_warehouse` that its mechanical parts come from.
    pub bd_warehouse_commit: String,
    /// When the content was generated, ISO 8601.
    pub generated_at: String,
}

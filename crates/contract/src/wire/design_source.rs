//! Where the design of a heavy call comes from.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

fn default_script() -> String {
    "script.py".to_owned()
}

/// Where the design comes from. Part of every heavy request.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct DesignSource {
    /// Script with a zero-argument `build()`.
    #[serde(default = "default_script")]
    #[garde(length(min = 1))]
    pub script_path: String,
    /// Script text that is run instead of the file.
    #[serde(default)]
    #[schemars(extend("minLength" = 1))]
    #[garde(inner(length(min = 1)))]
    pub script_content: Option<String>,
    /// Gzip tar of a workspace, base64, that takes the place of the session's files for this call.
    #[serde(default)]
    #[schemars(extend("minLength" = 1))]
    #[garde(inner(length(min = 1)))]
    pub bundle_base64: Option<String>,
}

impl Default for DesignSource {
    fn default() -> Self {
        Self { script_path: default_script(), script_content: None, bundle_base64: None }
    }
}

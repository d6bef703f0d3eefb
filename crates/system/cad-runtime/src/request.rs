//! A build request.

/// What to build, and how to measure it.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// The script.
    pub script: ScriptSource,
    /// How fine the meshes are.
    pub tessellation: Tessellation,
    /// Whether to compute the overlaps of all parts ([`Design::interferences`]); costs a boolean operation for each
    /// pair whose bounds overlap.
    pub check_interference: bool,
}

impl BuildRequest {
    /// Builds a script with the default fineness, without interference check.
    pub fn new(script: ScriptSource) -> Self {
        Self { script, tessellation: Tessellation::default(), check_interference: false }
    }
}

/// Where a script comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptSource {
    /// A file, relative to the session's root; a leading slash is the root.
    File(String),
    /// The text itself.
    Text(String),
}

impl From<&str> for ScriptSource {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// How fine triangles follow curved faces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tessellation {
    /// Largest distance between triangle and face, mm.
    pub tolerance_mm: f64,
    /// Largest angle between neighbouring triangles of a face, rad.
    pub angle_rad: f64,
}

impl Default for Tessellation {
    /// 0.1 mm and 0.1 rad.
    fn default() -> Self {
        Self { tolerance_mm: 0.1, angle_rad: 0.1 }
    }
}

//! What a script handed over: shapes and declarations, as bytes that only a sandboxed process reads.

use std::sync::Arc;

/// Shapes of a built design, with labels and colours, for the files that an export writes.
///
/// They are the measured shapes: an export runs no script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Geometry(Arc<Files>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Files {
    shapes: Vec<u8>,
    declarations: Vec<u8>,
}

impl Geometry {
    /// Shapes in the CAD kernel's binary format, and what the script declared about them, as JSON.
    pub fn new(shapes: Vec<u8>, declarations: Vec<u8>) -> Self {
        Self(Arc::new(Files { shapes, declarations }))
    }

    /// The shapes in the CAD kernel's binary format.
    pub fn shapes(&self) -> &[u8] {
        &self.0.shapes
    }

    /// What the script declared about them, as JSON.
    pub fn declarations(&self) -> &[u8] {
        &self.0.declarations
    }
}

/// Formats that a design can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Binary glTF.
    Glb,
    /// STEP.
    Step,
    /// Binary STL.
    Stl,
}

impl ExportFormat {
    /// Name in jobs, and ending of the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Glb => "glb",
            Self::Step => "step",
            Self::Stl => "stl",
        }
    }
}

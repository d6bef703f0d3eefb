//! What a script handed over: shapes and declarations, as bytes that only a locked-in process reads.

use std::sync::Arc;

use crate::CadRuntimeError;
use crate::run_directory::RunDirectory;

/// The files, as `runtime/handover.py` names them.
const SHAPES: &str = "shapes.bin";
const DECLARATIONS: &str = "declarations.json";

/// Most bytes of shapes and of declarations that are taken from a script. A thousand screws are 20 MiB.
const SHAPES_LIMIT_BYTES: u64 = 256 << 20;
const DECLARATIONS_LIMIT_BYTES: u64 = 16 << 20;

/// Most bytes that an exported file may have.
const EXPORT_LIMIT_BYTES: u64 = 512 << 20;

/// Shapes of a built design, with labels and colours, for the files that [`crate::CadRuntime::export`] writes.
///
/// They are what was measured: an export runs no script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Geometry(Arc<Files>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Files {
    shapes: Vec<u8>,
    declarations: Vec<u8>,
}

impl Geometry {
    /// What a script left in its run folder; None when it left nothing, or more than the limit.
    pub(crate) fn take(directory: &RunDirectory) -> Option<Self> {
        let shapes = directory.result(SHAPES, SHAPES_LIMIT_BYTES)?;
        let declarations = directory.result(DECLARATIONS, DECLARATIONS_LIMIT_BYTES)?;
        Some(Self(Arc::new(Files { shapes, declarations })))
    }

    /// The shapes in the CAD kernel's binary format.
    pub(crate) fn shapes(&self) -> &[u8] {
        &self.0.shapes
    }

    /// What the script declared about them, as JSON.
    pub(crate) fn declarations(&self) -> &[u8] {
        &self.0.declarations
    }

    #[cfg(test)]
    pub(crate) fn of(shapes: &[u8], declarations: &[u8]) -> Self {
        Self(Arc::new(Files { shapes: shapes.to_vec(), declarations: declarations.to_vec() }))
    }

    /// Puts the files into the folder of the process that reads them.
    pub(crate) fn write(&self, directory: &RunDirectory) -> Result<(), CadRuntimeError> {
        directory.write(SHAPES, &self.0.shapes)?;
        directory.write(DECLARATIONS, &self.0.declarations)
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
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Glb => "glb",
            Self::Step => "step",
            Self::Stl => "stl",
        }
    }

    /// The file that an export left.
    pub(crate) fn take(self, directory: &RunDirectory) -> Option<Vec<u8>> {
        directory.result(&format!("export.{}", self.name()), EXPORT_LIMIT_BYTES)
    }
}

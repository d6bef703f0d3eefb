//! Copying what a script handed over from one run folder into another, and reading the files of an export.

use design::{ExportFormat, Geometry};

use crate::{CadRuntimeError, run_directory::RunDirectory};

/// The files, as `runtime/handover.py` names them.
const SHAPES: &str = "shapes.bin";
const DECLARATIONS: &str = "declarations.json";

/// Most bytes of shapes and of declarations that are taken from a script. A thousand screws are 20 MiB.
const SHAPES_LIMIT_BYTES: u64 = 256 << 20;
const DECLARATIONS_LIMIT_BYTES: u64 = 16 << 20;

/// Most bytes that an exported file may have.
const EXPORT_LIMIT_BYTES: u64 = 512 << 20;

/// Files that a script left in its run folder; None when there are none, or more than the limit.
pub(crate) fn take(directory: &RunDirectory) -> Option<Geometry> {
    let shapes = directory.result(SHAPES, SHAPES_LIMIT_BYTES)?;
    let declarations = directory.result(DECLARATIONS, DECLARATIONS_LIMIT_BYTES)?;
    Some(Geometry::new(shapes, declarations))
}

/// Puts the files into the folder of the process that reads them.
pub(crate) fn write(geometry: &Geometry, directory: &RunDirectory) -> Result<(), CadRuntimeError> {
    directory.write(SHAPES, geometry.shapes())?;
    directory.write(DECLARATIONS, geometry.declarations())
}

/// The file that an export left.
pub(crate) fn exported(format: ExportFormat, directory: &RunDirectory) -> Option<Vec<u8>> {
    directory.result(&format!("export.{}", format.name()), EXPORT_LIMIT_BYTES)
}

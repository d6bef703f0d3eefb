//! A built design as data: parts with what they declare, masses, meshes and holes. Lengths in mm, world axes.
//!
//! Building, checking, pricing, simulating and handing over a design all use these types. The crate knows no CAD
//! library, no process and no file.

mod features;
mod fingerprint;
mod geometry;
mod mesh;
mod parts;

pub use features::{Bore, Face, FastenerHole, InternalCorner};
pub use fingerprint::{part_hash, words_hash};
pub use geometry::{ExportFormat, Geometry};
pub use mesh::Mesh;
pub use parts::{Design, Interference, Part, PartRole, Zone};

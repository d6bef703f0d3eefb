//! Solids as triangles, whatever they are for: which corners coincide, which triangles belong together, volume and
//! moments, what is inside and what is near.
//!
//! Triangles are closed and outward by the right-hand rule where nothing else is said; lengths are mm. The crate knows
//! no part, no design and no engine.

mod groups;
mod moments;
mod surface;
pub mod vector;
mod weld;

pub use groups::Groups;
pub use moments::Moments;
pub use surface::{Surface, crossing};
pub use weld::{WELD_MM, Welded};

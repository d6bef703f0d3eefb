//! Solids as triangles, whatever they are for: which corners coincide, which triangles belong together, volume and
//! moments, what is inside and what is near.
//!
//! Triangles are closed and outward by the right-hand rule where nothing else is said; lengths are mm. The crate knows
//! no part, no design and no engine.

mod edges;
mod groups;
mod moments;
mod surface;
pub mod vector;
mod weld;

pub use edges::{Edges, Joint, edges_of, is_closed, open_edges, shells};
pub use groups::Groups;
pub use moments::{Moments, volume_mm3};
pub use surface::{Surface, crossing, times_enclosed};
pub use weld::{WELD_MM, Welded};

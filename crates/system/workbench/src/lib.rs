//! Whether a part can be made by milling, moulding or printing, and what a piece costs and weighs; also for whole
//! designs and planners' estimates.
//!
//! Geometry and figures go in, verdicts come out. The only file content that it parses is `manufacturing_config.yaml`.
//! This crate knows no CAD kernel, no session and no HTTP, and it must stay light: it is also linked into a library
//! that agents' scripts load.
//!
//! Everything is in mm, mm², mm³, g and USD unless a name says otherwise; z is the axis along which moulds open and
//! from which tools come first.

mod analysis;
mod build_zone;
mod cnc;
mod design_price;
mod electronics;
mod estimate;
mod flaw;
mod frame;
mod gaps;
mod moulding;
mod price;
mod printing;
mod rays;
mod same_shape;
#[cfg(test)]
mod sample_config;
#[cfg(test)]
mod sample_solids;
mod scale;
mod setup;
mod single_body;
mod solid;
mod surface;
mod thickness;

#[cfg(test)]
pub(crate) use analysis::analyze;
pub use analysis::analyze_unless;
pub use build_zone::build_zone_violation;
pub use design_price::{DesignPart, Limits, PricedDesign, dof_count, dof_warning, price_design, price_design_unless};
pub use electronics::{PricedElectronics, price_electronics};
pub use estimate::{Estimated, estimate};
pub use solid::Solid;

//! Catalogue parts with the data that prices and scenes need.

use catalog::Catalog;

/// A part of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct BoughtPart {
    /// Id in the catalogue.
    pub part_id: String,
    /// Category, such as `fastener`.
    pub category: String,
    /// Price of one piece, USD.
    pub unit_cost: f64,
    /// Weight of one piece, g.
    pub weight_g: f64,
}

/// A servo of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Servo {
    /// Torque, N·m.
    pub torque_nm: f64,
    /// No-load speed, rad/s, where the catalogue has one.
    pub speed_rad_s: Option<f64>,
}

/// A part of the catalogue, by its id.
pub fn bought(catalog: &Catalog, id: &str) -> Option<BoughtPart> {
    let part = catalog.part(id)?;
    Some(BoughtPart {
        part_id: part.part_id,
        category: part.category,
        unit_cost: part.unit_cost,
        weight_g: part.weight_g,
    })
}

//! One part of the catalogue.

use contract::catalog::PartCandidate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A part that can be bought.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Id, such as `SocketHeadCapScrew_M3-0.5_10mm` or `DR-120-24`.
    pub part_id: String,
    /// Name for people.
    pub name: String,
    /// Category, such as `fastener` or `power_supply`.
    pub category: String,
    /// Price of one piece (of one metre for wire), USD.
    pub unit_cost: f64,
    /// Weight of one piece (of one metre for wire), g.
    pub weight_g: f64,
    /// Python that makes its shape with build123d or `bd_warehouse`; it ends in a value `part`.
    pub import_recipe: String,
    /// The rest of its record.
    pub record: PartRecord,
}

/// The `metadata` column of the catalogue: the data of a part without a separate column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartRecord {
    /// Family, such as `HexNut`.
    pub class: String,
    /// Size within its family, such as `M3-0.5`.
    pub size: String,
    /// Who makes it.
    pub manufacturer: String,
    /// Quantity that the price holds for.
    pub quantity_tier: String,
    /// Where its figures come from.
    pub source: String,
    /// Further ids under which designs refer to it.
    pub aliases: Vec<String>,
    /// The box that encloses it, mm.
    pub bbox: BoundingBox,
    /// Volume, mm³.
    pub volume: f64,
    /// Key figures by name with unit, such as `voltage_v`.
    pub params: Map<String, Value>,
}

/// An axis-aligned box.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoundingBox {
    /// Corner with the smallest coordinates, mm.
    pub min: [f64; 3],
    /// Corner with the largest coordinates, mm.
    pub max: [f64; 3],
}

impl Part {
    /// A key figure as a number; also `unit_cost` and `weight_g`.
    pub fn figure(&self, name: &str) -> Option<f64> {
        match name {
            "unit_cost" => Some(self.unit_cost),
            "weight_g" => Some(self.weight_g),
            _ => self.record.params.get(name)?.as_f64(),
        }
    }

    /// Every id under which it is found: its own, `<class>_<size>`, its aliases, and its bare size where a thread does
    /// not make that ambiguous (an `M3` may be a nut or a washer).
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids = vec![self.part_id.clone(), format!("{}_{}", self.record.class, self.record.size)];
        ids.extend(self.record.aliases.iter().cloned());
        if !self.record.params.contains_key("thread") {
            ids.push(self.record.size.clone());
        }
        ids
    }

    /// The `metadata` object of an answer: the record with the columns beside it.
    pub(crate) fn metadata(&self) -> Map<String, Value> {
        let mut metadata = match serde_json::to_value(&self.record) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        };
        metadata.insert("part_id".into(), self.part_id.clone().into());
        metadata.insert("name".into(), self.name.clone().into());
        metadata.insert("category".into(), self.category.clone().into());
        metadata.insert("unit_cost".into(), self.unit_cost.into());
        metadata.insert("weight_g".into(), self.weight_g.into());
        metadata
    }

    /// The part as an answer of a search.
    pub(crate) fn candidate(&self, fit_rationale: String) -> PartCandidate {
        let mut metadata = self.metadata();
        metadata.insert("import_recipe".into(), self.import_recipe.clone().into());
        PartCandidate {
            part_id: self.part_id.clone(),
            cots_part_id: self.part_id.clone(),
            name: self.name.clone(),
            category: self.category.clone(),
            manufacturer: self.record.manufacturer.clone(),
            price: self.unit_cost,
            quantity_tier: self.record.quantity_tier.clone(),
            source: self.record.source.clone(),
            weight_g: self.weight_g,
            specs: self.record.params.clone(),
            fit_rationale,
            metadata,
        }
    }
}

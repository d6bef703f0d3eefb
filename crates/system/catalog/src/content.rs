//! The catalogue's content from `data/`, read and checked.

use std::collections::HashMap;

use contract::catalog_version::CatalogVersion;
use serde_json::{Map, Value};

use crate::{
    CatalogError,
    part::{BoundingBox, Part, PartRecord},
};

const MECHANICAL: (&str, &str) = ("parts.csv", include_str!("../data/parts.csv"));
const ELECTRICAL: (&str, &str) = ("electrical.csv", include_str!("../data/electrical.csv"));
const VERSION: (&str, &str) = ("catalog.json", include_str!("../data/catalog.json"));

/// A part with the words by which it is found.
pub(crate) struct Entry {
    pub(crate) part: Part,
    /// What it is, in the terms that `words.csv` leads to.
    pub(crate) kind: String,
    /// Further words.
    pub(crate) keywords: String,
}

/// All parts, in the order of the files.
pub(crate) fn entries() -> Result<Vec<Entry>, CatalogError> {
    let mut entries = Vec::new();
    for (file, text) in [MECHANICAL, ELECTRICAL] {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let faulty = |error: csv::Error| CatalogError::Content { file, reason: error.to_string() };
        for row in reader.deserialize() {
            let row = Row { file, cells: row.map_err(faulty)? };
            entries.push(row.entry()?);
        }
    }
    Ok(entries)
}

/// The version from the file beside the parts.
pub(crate) fn version() -> Result<CatalogVersion, CatalogError> {
    let (file, text) = VERSION;
    serde_json::from_str(text).map_err(|error| CatalogError::Content { file, reason: error.to_string() })
}

/// One line of a file, by column.
struct Row {
    file: &'static str,
    cells: HashMap<String, String>,
}

impl Row {
    fn entry(&self) -> Result<Entry, CatalogError> {
        let params = self.params()?;
        let bbox = self.bounding_box(&params)?;
        let volume = match self.number("volume_mm3")? {
            Some(volume) => volume,
            // The electrical table gives outer dimensions; a part counts as a solid block of these dimensions.
            None => (0..3).map(|axis| bbox.max[axis] - bbox.min[axis]).product(),
        };
        let part = Part {
            part_id: self.text("part_id")?.to_owned(),
            name: self.text("name")?.to_owned(),
            category: self.text("category")?.to_owned(),
            unit_cost: self.required_number("unit_cost")?,
            weight_g: self.required_number("weight_g")?,
            import_recipe: self.import_recipe(&params),
            record: PartRecord {
                class: self.text("class")?.to_owned(),
                size: self.text("size")?.to_owned(),
                manufacturer: self.text("manufacturer")?.to_owned(),
                quantity_tier: self.text("quantity_tier")?.to_owned(),
                source: self.text("source")?.to_owned(),
                aliases: self.cell("aliases").split_whitespace().map(str::to_owned).collect(),
                bbox,
                volume,
                params,
            },
        };
        Ok(Entry { part, kind: self.text("kind")?.to_owned(), keywords: self.text("keywords")?.to_owned() })
    }

    fn cell(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", |cell| cell.trim())
    }

    fn text(&self, column: &str) -> Result<&str, CatalogError> {
        match self.cell(column) {
            "" => Err(self.fault(column, "is empty")),
            text => Ok(text),
        }
    }

    fn number(&self, column: &str) -> Result<Option<f64>, CatalogError> {
        match self.cell(column) {
            "" => Ok(None),
            text => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Some(number)),
                _ => Err(self.fault(column, &format!("is {text:?}, which is not a number"))),
            },
        }
    }

    fn required_number(&self, column: &str) -> Result<f64, CatalogError> {
        self.number(column)?.ok_or_else(|| self.fault(column, "is empty"))
    }

    fn fault(&self, column: &str, what: &str) -> CatalogError {
        CatalogError::Content {
            file: self.file,
            reason: format!("part {:?}: column {column} {what}", self.cell("part_id")),
        }
    }

    /// The columns `figure:…` and `text:…` that are not empty.
    fn params(&self) -> Result<Map<String, Value>, CatalogError> {
        let mut params = Map::new();
        for column in self.cells.keys() {
            if let Some(name) = column.strip_prefix("figure:") {
                if let Some(number) = self.number(column)? {
                    params.insert(name.to_owned(), number.into());
                }
            } else if let Some(name) = column.strip_prefix("text:")
                && !self.cell(column).is_empty()
            {
                params.insert(name.to_owned(), self.cell(column).into());
            }
        }
        params.sort_keys();
        Ok(params)
    }

    fn bounding_box(&self, params: &Map<String, Value>) -> Result<BoundingBox, CatalogError> {
        if self.cell("min_x").is_empty() {
            let half = outer_dimensions(params).map(|dimension| dimension / 2.0);
            return Ok(BoundingBox { min: half.map(|half| -half), max: half });
        }
        let corner = |columns: [&str; 3]| -> Result<[f64; 3], CatalogError> {
            let [x, y, z] = columns.map(|column| self.required_number(column));
            Ok([x?, y?, z?])
        };
        Ok(BoundingBox { min: corner(["min_x", "min_y", "min_z"])?, max: corner(["max_x", "max_y", "max_z"])? })
    }

    /// The recipe from the file, or a block or a metre of wire for an electrical part.
    fn import_recipe(&self, params: &Map<String, Value>) -> String {
        match self.cell("import_recipe") {
            "" => {}
            recipe => return recipe.to_owned(),
        }
        if let Some(diameter) = params.get("diameter_mm").and_then(Value::as_f64) {
            let radius = diameter / 2.0;
            return format!("from build123d import Cylinder\npart = Cylinder(radius={radius}, height={METRE_MM})");
        }
        let [x, y, z] = outer_dimensions(params);
        format!("from build123d import Box\npart = Box({x}, {y}, {z})")
    }
}

/// Wire is sold, and drawn, by the metre.
const METRE_MM: f64 = 1000.0;

/// Length, width and height of an electrical part's block, mm; of wire, the block around one metre.
fn outer_dimensions(params: &Map<String, Value>) -> [f64; 3] {
    let figure = |name: &str| params.get(name).and_then(Value::as_f64);
    match figure("diameter_mm") {
        Some(diameter) => [diameter, diameter, METRE_MM],
        None => ["body_length_mm", "body_width_mm", "body_height_mm"].map(|name| figure(name).unwrap_or(0.0)),
    }
}

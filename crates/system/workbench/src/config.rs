//! The one reader of `manufacturing_config.yaml`: materials, methods and prices of wires. There is no default
//! material: what is not listed is an error.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use contract::part_metadata::ManufacturingMethod;
use serde::Deserialize;

use crate::{material::Material, process::Processes};

/// What can be made of what, how, and for how much.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ManufacturingConfig {
    materials: BTreeMap<String, Material>,
    #[serde(default, rename = "manufacturing_processes")]
    pub(crate) processes: Processes,
    #[serde(default)]
    wires: BTreeMap<String, WirePrice>,
}

/// An entry under `wires`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct WirePrice {
    /// USD/m.
    #[serde(alias = "cost_per_m")]
    price_per_m: f64,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is no YAML of the right form.
    #[error("manufacturing_config.yaml does not fit: {0}")]
    Form(String),
    /// A figure makes no sense.
    #[error("manufacturing_config.yaml: {field} {remark}")]
    Figure {
        /// Path of the field.
        field: String,
        /// What is wrong with it.
        remark: String,
    },
}

/// A material that the file does not list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("material {id:?} is not in manufacturing_config.yaml; it lists {}", known.join(", "))]
pub struct UnknownMaterial {
    /// What was asked for.
    pub id: String,
    /// What there is.
    pub known: Vec<String>,
}

impl ManufacturingConfig {
    /// Reads the text of the file. Unknown keys are ignored: it also holds what others read.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = serde_yaml::from_str(text).map_err(|error| ConfigError::Form(error.to_string()))?;
        let of_material = config.materials.iter().find_map(|(id, material)| {
            material.fault().map(|(field, remark)| (format!("materials.{id}.{field}"), remark))
        });
        let of_process = || {
            let fault = config.processes.fault(|id| config.materials.contains_key(id));
            fault.map(|(field, remark)| (format!("manufacturing_processes.{field}"), remark))
        };
        let of_wire = || {
            let bad = config.wires.iter().find(|(_, wire)| !wire.price_per_m.is_finite() || wire.price_per_m < 0.0);
            bad.map(|(id, wire)| {
                (format!("wires.{id}.price_per_m"), format!("is {}, and must not be negative", wire.price_per_m))
            })
        };
        match of_material.or_else(of_process).or_else(of_wire) {
            Some((field, remark)) => Err(ConfigError::Figure { field, remark }),
            None => Ok(config),
        }
    }

    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    /// The material `id`. Ids are in `snake_case`; `kebab-case` means the same.
    pub fn material(&self, id: &str) -> Result<&Material, UnknownMaterial> {
        self.listed(id).map(|(_, material)| material)
    }

    /// The material `id` with the id under which the file lists it.
    pub(crate) fn listed(&self, id: &str) -> Result<(&str, &Material), UnknownMaterial> {
        self.materials
            .get_key_value(id)
            .or_else(|| self.materials.get_key_value(&id.replace('-', "_")))
            .map(|(id, material)| (id.as_str(), material))
            .ok_or_else(|| UnknownMaterial { id: id.to_owned(), known: self.materials.keys().cloned().collect() })
    }

    /// Ids of the materials that can be worked by `method`, for messages.
    pub(crate) fn materials_for(&self, method: ManufacturingMethod) -> String {
        let ids: Vec<_> =
            self.materials.iter().filter(|(_, it)| it.allows(method)).map(|(id, _)| id.as_str()).collect();
        if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
    }

    /// Price of a wire, USD/m, where the file gives one for its gauge.
    pub(crate) fn wire_price_per_m(&self, gauge_awg: u32) -> Option<f64> {
        self.wires.get(&format!("awg{gauge_awg}")).map(|wire| wire.price_per_m)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use rstest::rstest;

    use super::*;

    const SHIPPED: &str = include_str!("../../cad-runtime/mounts/config/manufacturing_config.yaml");

    /// The file that every stack ships.
    pub(crate) fn shipped() -> ManufacturingConfig {
        ManufacturingConfig::parse(SHIPPED).expect("the shipped file is sound")
    }

    #[test]
    fn an_unknown_material_is_named_with_the_known_ones() {
        let error = shipped().material("unobtainium").expect_err("it is not listed").to_string();
        let (asked, known) = error.split_once("; it lists ").expect("both are told");
        assert_eq!(asked, "material \"unobtainium\" is not in manufacturing_config.yaml");
        assert!(known.starts_with("abs, aluminum_6061, "), "{known}");
    }

    #[test]
    fn ids_may_be_written_with_hyphens() {
        let config = shipped();
        assert_eq!(config.material("aluminum-6061"), config.material("aluminum_6061"));
        assert_eq!(config.listed("aluminum-6061").expect("listed").0, "aluminum_6061");
    }

    #[test]
    fn what_stress_analysis_lacks_is_named() {
        let text = "materials: {wood: {name: Wood, density_g_cm3: 1, cost_per_kg: 2, yield_stress_pa: 4.0e7}}";
        let config = ManufacturingConfig::parse(text).expect("integers are numbers");
        let wood = config.material("wood").expect("listed");
        assert_eq!(wood.missing_fem_fields(), ["youngs_modulus_pa", "poissons_ratio", "ultimate_stress_pa"]);
        assert_eq!(wood.density_kg_m3(), 1000.0);
        assert_eq!(shipped().material("abs").expect("listed").missing_fem_fields(), Vec::<&str>::new());
    }

    #[test]
    fn colours_are_read_channel_by_channel() {
        assert_eq!(shipped().material("silicone_rubber").expect("listed").rgb(), [1.0, 0.0, 0.0]);
        let grey = Material { color: "steel".into(), ..shipped().material("abs").expect("listed").clone() };
        assert_eq!(grey.rgb(), [0.5; 3]);
    }

    #[rstest]
    #[case::density("density_g_cm3: 1.04", "density_g_cm3: 0", "materials.abs.density_g_cm3")]
    #[case::densities_disagree("density_kg_m3: 1040.0", "density_kg_m3: 1.04", "materials.abs.density_kg_m3")]
    #[case::division_by_zero("mrr_mm3_per_min: 1000.0", "mrr_mm3_per_min: 0", "manufacturing_processes.cnc.mrr")]
    #[case::price_of_nothing("      abs: 20.0", "      asb: 20.0", "3dp.material_cost_per_kg.asb")]
    #[case::not_a_number("price_per_m: 0.5", "price_per_m: .nan", "wires.awg18.price_per_m")]
    #[case::another_axis("axis: Z", "axis: X", "does not fit")]
    fn figures_without_sense_are_refused(#[case] good: &str, #[case] bad: &str, #[case] field: &str) {
        assert!(SHIPPED.contains(good), "{good}");
        let error = ManufacturingConfig::parse(&SHIPPED.replacen(good, bad, 1)).expect_err(bad).to_string();
        assert!(error.contains(field), "{error}");
    }
}

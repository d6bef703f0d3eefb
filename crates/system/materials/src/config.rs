//! The one reader of `manufacturing_config.yaml`: materials, methods and prices of wires. There is no default material:
//! an unlisted material is an error.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use contract::part_metadata::ManufacturingMethod;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{material::Material, process::Processes};

/// The platform's file, as scripts see it.
const PLATFORM_FILE: &str = "/config/manufacturing_config.yaml";
/// A session's own file, at the root of its workspace.
pub const SESSION_FILE: &str = "manufacturing_config.yaml";

/// Materials, methods and prices.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ManufacturingConfig {
    /// The file in effect, as messages name it.
    #[serde(skip)]
    file: String,
    materials: BTreeMap<String, Material>,
    /// Methods.
    #[serde(default, rename = "manufacturing_processes")]
    pub processes: Processes,
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
    /// It is not YAML of the right form.
    #[error("{file} does not fit: {reason}")]
    Form {
        /// The file.
        file: String,
        /// What the reader said.
        reason: String,
    },
    /// A figure is not plausible.
    #[error("{file}: {field} {remark}")]
    Figure {
        /// The file.
        file: String,
        /// Path of the field.
        field: String,
        /// What is wrong with it.
        remark: String,
    },
}

/// A material that the file does not list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("material {id:?} is not in {file}; it lists {}", known.join(", "))]
pub struct UnknownMaterial {
    /// The file in effect.
    pub file: String,
    /// What was asked for.
    pub id: String,
    /// What there is.
    pub known: Vec<String>,
}

impl ManufacturingConfig {
    /// Reads the text of the platform's file. Unknown keys are ignored: others read them.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::parse_as(PLATFORM_FILE, text)
    }

    /// Reads a session's own file, which replaces this one: only its materials are available. Methods and wires that it
    /// does not name stay as in this one.
    ///
    /// Both forms of methods are read: the section `manufacturing_processes` of this platform, and the sections `cnc`,
    /// `injection_molding` and `three_dp` with `materials`, `constraints`, `parameters` and `costs` that files of the
    /// original platform have.
    pub fn overridden_by(&self, text: &str) -> Result<Self, ConfigError> {
        let form = |reason: String| ConfigError::Form { file: SESSION_FILE.to_owned(), reason };
        let mut tree: Value = serde_yaml::from_str(text).map_err(|error| form(error.to_string()))?;
        let Some(root) = tree.as_object_mut() else { return Err(form("it is not a map".to_owned())) };
        let own = serde_json::to_value(&self.processes).map_err(|error| form(error.to_string()))?;
        let processes = method_sections(root, own).map_err(form)?;
        let lists_materials = root.get("materials").and_then(Value::as_object).is_some_and(|it| !it.is_empty());
        root.insert("manufacturing_processes".to_owned(), processes);
        if !lists_materials {
            return Err(form(
                "it lists no materials; a session's file stands in for the platform's as a whole".to_owned(),
            ));
        }
        let mut config: Self = serde_json::from_value(tree).map_err(|error| form(error.to_string()))?;
        if config.wires.is_empty() {
            config.wires.clone_from(&self.wires);
        }
        // Prices that the platform's methods list for materials that this file does not have.
        config.processes.keep_prices_of(|id| config.materials.contains_key(id));
        config.checked_as(SESSION_FILE)
    }

    fn parse_as(file: &str, text: &str) -> Result<Self, ConfigError> {
        let config: Self = serde_yaml::from_str(text)
            .map_err(|error| ConfigError::Form { file: file.to_owned(), reason: error.to_string() })?;
        config.checked_as(file)
    }

    fn checked_as(mut self, file: &str) -> Result<Self, ConfigError> {
        file.clone_into(&mut self.file);
        let of_material = self.materials.iter().find_map(|(id, material)| {
            material.fault().map(|(field, remark)| (format!("materials.{id}.{field}"), remark))
        });
        let of_process = || {
            let fault = self.processes.fault(|id| self.materials.contains_key(id));
            fault.map(|(field, remark)| (format!("manufacturing_processes.{field}"), remark))
        };
        let of_wire = || {
            let bad = self.wires.iter().find(|(_, wire)| !wire.price_per_m.is_finite() || wire.price_per_m < 0.0);
            bad.map(|(id, wire)| {
                (format!("wires.{id}.price_per_m"), format!("is {}, and must not be negative", wire.price_per_m))
            })
        };
        match of_material.or_else(of_process).or_else(of_wire) {
            Some((field, remark)) => Err(ConfigError::Figure { file: self.file, field, remark }),
            None => Ok(self),
        }
    }

    /// The file in effect, as messages name it.
    pub fn file(&self) -> &str {
        &self.file
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
    pub fn listed(&self, id: &str) -> Result<(&str, &Material), UnknownMaterial> {
        self.materials
            .get_key_value(id)
            .or_else(|| self.materials.get_key_value(&id.replace('-', "_")))
            .map(|(id, material)| (id.as_str(), material))
            .ok_or_else(|| UnknownMaterial {
                file: self.file.clone(),
                id: id.to_owned(),
                known: self.materials.keys().cloned().collect(),
            })
    }

    /// Ids of the materials that can be worked by `method`, for messages.
    pub fn materials_for(&self, method: ManufacturingMethod) -> String {
        let ids: Vec<_> =
            self.materials.iter().filter(|(_, it)| it.allows(method)).map(|(id, _)| id.as_str()).collect();
        if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
    }

    /// Price of a wire, USD/m, where the file gives one for its gauge.
    pub fn wire_price_per_m(&self, gauge_awg: u32) -> Option<f64> {
        self.wires.get(&format!("awg{gauge_awg}")).map(|wire| wire.price_per_m)
    }
}

/// Sections of the original platform, the corresponding methods here, and the keys that contain their figures.
const ORIGINAL_SECTIONS: [(&str, &str); 3] = [("cnc", "cnc"), ("injection_molding", "im"), ("three_dp", "3dp")];

/// The methods of a session's file over those of the platform's, `processes`. Materials of the original platform's
/// sections join the materials of the file, workable by that method.
fn method_sections(root: &mut Map<String, Value>, mut processes: Value) -> Result<Value, String> {
    let mut lay = |method: &str, figures: Map<String, Value>| match &mut processes[method] {
        Value::Object(section) => section.extend(figures),
        absent => *absent = Value::Object(figures),
    };
    if let Some(own) = root.remove("manufacturing_processes") {
        let Value::Object(own) = own else { return Err("manufacturing_processes is not a map".to_owned()) };
        for (method, figures) in own {
            let Value::Object(figures) = figures else {
                return Err(format!("manufacturing_processes.{method} is not a map"));
            };
            lay(&method, figures);
        }
    }
    let mut added = Vec::new();
    for (section, method) in ORIGINAL_SECTIONS {
        let Some(Value::Object(mut own)) = root.remove(section) else { continue };
        let mut figures = Map::new();
        for part in ["constraints", "parameters", "costs"] {
            if let Some(Value::Object(part)) = own.remove(part) {
                figures.extend(part);
            }
        }
        if let Some(Value::Object(materials)) = own.remove("materials") {
            added.extend(materials.into_iter().map(|(id, material)| (id, method, material)));
        }
        lay(method, figures);
    }
    let Some(materials) = root.entry("materials").or_insert_with(|| Value::Object(Map::new())).as_object_mut() else {
        return Err("materials is not a map".to_owned());
    };
    for (id, method, mut material) in added {
        let compatibility = |material: &mut Value| -> Result<(), String> {
            let Some(fields) = material.as_object_mut() else { return Err(format!("material {id:?} is not a map")) };
            let methods = fields.entry("compatibility").or_insert_with(|| Value::Array(Vec::new()));
            let Some(methods) = methods.as_array_mut() else { return Err(format!("{id}.compatibility is not a list")) };
            if !methods.iter().any(|known| known == method) {
                methods.push(method.into());
            }
            Ok(())
        };
        if let Some(known) = materials.get_mut(&id) {
            compatibility(known)?;
        } else {
            compatibility(&mut material)?;
            materials.insert(id, material);
        }
    }
    Ok(processes)
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
        assert_eq!(asked, "material \"unobtainium\" is not in /config/manufacturing_config.yaml");
        assert!(known.starts_with("abs, aluminum_6061, "), "{known}");
    }

    #[test]
    fn ids_may_be_written_with_hyphens() {
        let config = shipped();
        assert_eq!(config.material("aluminum-6061"), config.material("aluminum_6061"));
        assert_eq!(config.listed("aluminum-6061").expect("listed").0, "aluminum_6061");
    }

    #[test]
    fn missing_stress_analysis_fields_are_named() {
        let text = "materials: {wood: {name: Wood, density_g_cm3: 1, cost_per_kg: 2, yield_stress_pa: 4.0e7}}";
        let config = ManufacturingConfig::parse(text).expect("integers are numbers");
        let wood = config.material("wood").expect("listed");
        assert_eq!(wood.missing_fem_fields(), ["youngs_modulus_pa", "poissons_ratio", "ultimate_stress_pa"]);
        assert_eq!(wood.density_kg_m3(), 1000.0);
        assert_eq!(shipped().material("abs").expect("listed").missing_fem_fields(), Vec::<&str>::new());
    }

    #[test]
    fn session_file_overrides_the_platform_file() {
        let oak = "materials: {oak: {name: Oak, density_g_cm3: 0.7, cost_per_kg: 3.0, compatibility: [cnc]}}";
        let config = shipped().overridden_by(oak).expect("it fits");
        assert_eq!(config.material("oak").expect("listed").density_kg_m3(), 700.0);
        let refused = config.material("abs").expect_err("only the session's file counts").to_string();
        assert_eq!(refused, "material \"abs\" is not in manufacturing_config.yaml; it lists oak");
        // Methods and wires that it does not name are unchanged.
        assert_eq!(config.processes.cnc, shipped().processes.cnc);
        assert_eq!(config.wire_price_per_m(18), Some(0.5));
        let fee = format!("{oak}\nmanufacturing_processes: {{cnc: {{setup_fee: 7.0}}}}");
        let config = shipped().overridden_by(&fee).expect("it fits");
        assert_eq!(config.processes.cnc.expect("milling is offered").setup_fee, 7.0);
    }

    #[test]
    fn session_file_of_the_original_platform_is_read() {
        let text = "materials: {}\ncnc:\n  materials:\n    oak: {name: Oak, density_g_cm3: 0.7, cost_per_kg: 3.0, \
                    machine_hourly_rate: 55}\n  constraints: {mrr_mm3_per_min: 500}\n  costs: {setup_fee: 42}\n";
        let config = shipped().overridden_by(text).expect("it fits");
        assert!(config.material("oak").expect("listed").allows(ManufacturingMethod::Cnc));
        let cnc = config.processes.cnc.expect("milling is offered");
        assert_eq!((cnc.setup_fee, cnc.mrr_mm3_per_min), (42.0, 500.0));
    }

    #[rstest]
    #[case::no_map("- a", "not a map")]
    #[case::nothing("defaults: {}", "lists no materials")]
    #[case::density("materials: {oak: {name: Oak, density_g_cm3: 0, cost_per_kg: 1}}", "materials.oak.density_g_cm3")]
    fn invalid_session_file_is_refused_by_name(#[case] text: &str, #[case] expected: &str) {
        let refused = shipped().overridden_by(text).expect_err("it does not fit").to_string();
        assert!(refused.starts_with("manufacturing_config.yaml") && refused.contains(expected), "{refused}");
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
    fn invalid_config_values_are_refused(#[case] good: &str, #[case] bad: &str, #[case] field: &str) {
        assert!(SHIPPED.contains(good), "{good}");
        let error = ManufacturingConfig::parse(&SHIPPED.replacen(good, bad, 1)).expect_err(bad).to_string();
        assert!(error.contains(field), "{error}");
    }
}

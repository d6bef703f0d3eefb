//! `validate_costing_and_price`: recomputes what a planner estimated, and writes it into the assembly definition.

use catalog::Catalog;
use contract::{
    assembly::{ASSEMBLY_DEFINITION_FILE, AssemblyDefinition, CostingEstimate},
    objectives::Objectives,
    violations::Violation,
};
use materials::ManufacturingConfig;
use materials::bought;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};
use workbench::Estimated;

/// Result of a recomputation.
#[derive(Debug, Clone, PartialEq)]
pub struct Costing {
    /// Everything that is wrong with the file, its new figures included.
    pub violations: Vec<Violation>,
    /// What was computed, caps kept or not. Absent when the file does not fit its schema.
    pub estimate: Option<CostingEstimate>,
    /// The file with the computed figures; unknown keys are kept, comments are not. Absent as above.
    pub assembly_yaml: Option<String>,
}

/// Top-level keys of the file in the order in which a reader expects them.
const KEY_ORDER: [&str; 9] = [
    "version",
    "units",
    "constraints",
    "manufactured_parts",
    "cots_parts",
    "electronics",
    "final_assembly",
    "totals",
    "catalog",
];

/// Recomputes cost and weight of an assembly definition, fills them in, and judges the result against its caps and
/// those of the objectives.
pub fn validate_costing_and_price(
    assembly_yaml: &[u8],
    objectives: Option<&Objectives>,
    config: &ManufacturingConfig,
    catalog: &Catalog,
) -> Costing {
    let checked = gates::assembly::check(assembly_yaml, objectives);
    let Some(definition) = checked.value else {
        return Costing { violations: checked.violations, estimate: None, assembly_yaml: None };
    };
    let estimated = estimated(&definition, objectives, config, catalog);
    let Some(rewritten) = rewritten(assembly_yaml, &estimated.definition) else {
        // The gate has parsed this text before, so the file is not at fault; the figures are still valid.
        let sentence = "the computed figures cannot be written back into the file";
        let violation = Violation::new(ASSEMBLY_DEFINITION_FILE, "assembly.not_rewritten", sentence);
        return Costing { violations: vec![violation], estimate: Some(estimated.estimate), assembly_yaml: None };
    };
    // What was declared before is gone: the new file is judged.
    let mut violations = gates::assembly::check(rewritten.as_bytes(), objectives).violations;
    for violation in estimated.violations {
        if !violations.contains(&violation) {
            violations.push(violation);
        }
    }
    Costing { violations, estimate: Some(estimated.estimate), assembly_yaml: Some(rewritten) }
}

/// Recomputes cost and weight of a definition without changing it, and reports where its declared totals are off; a
/// gate uses it.
pub fn estimate_as_written(
    definition: &AssemblyDefinition,
    objectives: Option<&Objectives>,
    config: &ManufacturingConfig,
    catalog: &Catalog,
) -> (CostingEstimate, Vec<Violation>) {
    let estimated = estimated(definition, objectives, config, catalog);
    let mut violations = estimated.violations;
    violations.extend(gates::assembly::check_totals(definition, &estimated.estimate));
    (estimated.estimate, violations)
}

/// Prices for as many units as the objectives ask for.
fn estimated(
    definition: &AssemblyDefinition,
    objectives: Option<&Objectives>,
    config: &ManufacturingConfig,
    catalog: &Catalog,
) -> Estimated {
    let units = objectives.map_or(1, |objectives| objectives.constraints.quantity());
    workbench::estimate(config, &|id| bought(catalog, id), definition, catalog.version().clone(), units)
}

/// The file's own tree with the computed figures laid over it.
fn rewritten(original: &[u8], definition: &AssemblyDefinition) -> Option<String> {
    let text = std::str::from_utf8(original).ok()?;
    let mut tree: Value = serde_yaml::from_str(text).ok()?;
    lay_over(&mut tree, serde_json::to_value(definition).ok()?);
    let Value::Object(map) = tree else { return None };
    serde_yaml::to_string(&Ordered(&map)).ok()
}

/// Puts every figure of `computed` into `tree`. What only `tree` has stays; an absent optional figure is not added.
fn lay_over(tree: &mut Value, computed: Value) {
    match (tree, computed) {
        (Value::Object(tree), Value::Object(computed)) => {
            for (key, value) in computed {
                match tree.get_mut(&key) {
                    Some(present) => lay_over(present, value),
                    None if value.is_null() => {}
                    None => {
                        tree.insert(key, value);
                    }
                }
            }
        }
        (Value::Array(tree), Value::Array(computed)) if tree.len() == computed.len() => {
            tree.iter_mut().zip(computed).for_each(|(present, value)| lay_over(present, value));
        }
        (tree, computed) => *tree = computed,
    }
}

/// A map that is written with the known keys first, in their order.
struct Ordered<'map>(&'map Map<String, Value>);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        let known = KEY_ORDER.into_iter().filter_map(|key| self.0.get_key_value(key));
        let unknown = self.0.iter().filter(|(key, _)| !KEY_ORDER.contains(&key.as_str()));
        for (key, value) in known.chain(unknown) {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

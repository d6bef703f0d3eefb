//! The tools as scripts call them: JSON in, JSON out.

use std::path::Path;

use catalog::Catalog;
use contract::{catalog::CatalogQuery, objectives::is_template, violations::Violation};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use workbench::ManufacturingConfig;

use crate::costing::{Costing, validate_costing_and_price};

/// Input of `validate_costing_and_price`.
#[derive(Deserialize)]
struct CostingInput {
    assembly_yaml: String,
    objectives_yaml: Option<String>,
    config_yaml: String,
    catalog_path: String,
}

/// Input of `search_cots_catalog`: a query, and where the catalogue is.
#[derive(Deserialize)]
struct SearchInput {
    #[serde(flatten)]
    query: CatalogQuery,
    catalog_path: String,
}

/// Runs a tool by name. The error is a sentence for whoever wrote the script.
pub(crate) fn call(tool: &str, input: &str) -> Result<Value, String> {
    match tool {
        "validate_costing_and_price" => costing(read(input)?),
        "search_cots_catalog" => search(&read(input)?),
        other => Err(format!("there is no tool {other:?}; validate_costing_and_price and search_cots_catalog exist")),
    }
}

fn read<T: for<'de> Deserialize<'de>>(input: &str) -> Result<T, String> {
    serde_json::from_str(input).map_err(|error| format!("the input does not fit the tool: {error}"))
}

fn written(value: &impl Serialize) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

fn open(path: &str) -> Result<Catalog, String> {
    Catalog::open(Path::new(path)).map_err(|error| error.to_string())
}

fn costing(input: CostingInput) -> Result<Value, String> {
    let config = ManufacturingConfig::parse(&input.config_yaml).map_err(|error| error.to_string())?;
    let catalog = open(&input.catalog_path)?;
    // An untouched template says nothing, neither good nor bad.
    let own = input.objectives_yaml.filter(|text| !is_template(text.as_bytes()));
    let (objectives, mut violations) = match own.map(|text| gates::objectives::check(text.as_bytes())) {
        Some(checked) => (checked.value, checked.violations),
        None => (None, Vec::new()),
    };
    let Costing { violations: found, estimate, assembly_yaml } =
        validate_costing_and_price(input.assembly_yaml.as_bytes(), objectives.as_ref(), &config, &catalog);
    violations.extend(found);
    let events = failure_events(&violations);
    Ok(json!({
        "success": violations.is_empty(),
        "violations": written(&violations)?,
        "estimate": written(&estimate)?,
        "assembly_yaml": assembly_yaml,
        "events": events,
    }))
}

/// The event bodies that tell of violations; the caller adds the envelope.
fn failure_events(violations: &[Violation]) -> Vec<Value> {
    let body = |violation: &Violation| {
        json!({
            "event_type": contract::events::names::LOGIC_FAILURE,
            "file_path": violation.file,
            "constraint_name": violation.rule,
            "error_message": violation.to_string(),
        })
    };
    violations.iter().map(body).collect()
}

fn search(input: &SearchInput) -> Result<Value, String> {
    let catalog = open(&input.catalog_path)?;
    let answer = catalog.search(&input.query).map_err(|error| error.to_string())?;
    let mut event = Map::from_iter([
        ("event_type".to_owned(), contract::events::names::COTS_SEARCH.into()),
        ("query".to_owned(), answer.query.clone().into()),
        ("results_count".to_owned(), answer.candidates.len().into()),
        ("part_ids".to_owned(), answer.candidates.iter().map(|found| found.part_id.clone()).collect()),
    ]);
    if let Value::Object(version) = written(&answer.version)? {
        event.extend(version);
    }
    let mut answer = written(&answer)?;
    answer["events"] = Value::Array(vec![Value::Object(event)]);
    Ok(answer)
}

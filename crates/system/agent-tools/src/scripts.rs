//! The tools as scripts call them: JSON in, JSON out.

use std::path::Path;

use catalog::Catalog;
use contract::{
    catalog::CatalogQuery,
    events::{CotsSearch, EventBody},
    execution::BoundingBox,
    objectives::is_template,
    part_metadata::PartMetadata,
    violations::{Violation, sentences},
};
use design::{Face, InternalCorner};
use materials::{ManufacturingConfig, bought};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use workbench::{DesignPart, Limits, Solid};

use crate::costing::{Costing, validate_costing_and_price};

/// Input of `validate_costing_and_price`.
#[derive(Deserialize)]
struct CostingInput {
    assembly_yaml: String,
    objectives_yaml: Option<String>,
    config_yaml: String,
    catalog_path: String,
}

/// Input of `validate_and_price`: the parts as the script's process measures them.
#[derive(Deserialize)]
struct PriceInput {
    parts: Vec<PartInput>,
    objectives_yaml: Option<String>,
    config_yaml: String,
    session_config_yaml: Option<String>,
    catalog_path: String,
    quantity: Option<u32>,
}

/// A part of a design.
#[derive(Deserialize)]
struct PartInput {
    label: String,
    metadata: Option<PartMetadata>,
    is_fixed: bool,
    volume_mm3: f64,
    area_mm2: f64,
    bounding_box: BoundingBox,
    solid_count: u32,
    is_valid: bool,
    is_watertight: bool,
    vertices_mm: Vec<[f64; 3]>,
    triangles: Vec<[u32; 3]>,
    normals: Vec<[[f32; 3]; 3]>,
    faces: Vec<FaceInput>,
    internal_corners: Vec<CornerInput>,
}

#[derive(Deserialize)]
struct FaceInput {
    area_mm2: f64,
    center_mm: [f64; 3],
}

#[derive(Deserialize)]
struct CornerInput {
    radius_mm: f64,
    axis: [f64; 3],
    position_mm: [f64; 3],
    length_mm: f64,
}

/// Input of `search_cots_catalog`: a query, and where the catalogue is.
#[derive(Deserialize)]
struct SearchInput {
    #[serde(flatten)]
    query: CatalogQuery,
    catalog_path: String,
}

/// Runs a tool by name. The error is a sentence for the script's author.
pub(crate) fn call(tool: &str, input: &str) -> Result<Value, String> {
    match tool {
        "validate_costing_and_price" => costing(read(input)?),
        "validate_and_price" => price(&read(input)?),
        "search_cots_catalog" => search(&read(input)?),
        other => Err(format!(
            "there is no tool {other:?}; validate_costing_and_price, validate_and_price and search_cots_catalog exist"
        )),
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
        "events": written(&events)?,
    }))
}

/// Prices parts as `POST /benchmark/validate_and_price` does where no benchmark was handed over. Nothing is recorded: only
/// what the platform itself builds and measures opens a gate.
fn price(input: &PriceInput) -> Result<Value, String> {
    let platform = ManufacturingConfig::parse(&input.config_yaml).map_err(|error| error.to_string())?;
    let config = match &input.session_config_yaml {
        Some(text) => platform.overridden_by(text).map_err(|error| error.to_string())?,
        None => platform,
    };
    let catalog = open(&input.catalog_path)?;
    let own = input.objectives_yaml.as_ref().filter(|text| !is_template(text.as_bytes()));
    let objectives = match own.map(|text| gates::objectives::check(text.as_bytes()).sound()) {
        Some(Ok(objectives)) => Some(objectives),
        Some(Err(found)) => return Err(sentences(&found)),
        None => None,
    };
    let limits = Limits {
        build_zone: objectives.as_ref().map(|objectives| objectives.objectives.build_zone),
        max_unit_cost: objectives.as_ref().map(|objectives| objectives.constraints.max_unit_cost),
        max_weight_g: objectives.as_ref().map(|objectives| objectives.constraints.max_weight_g),
        fem_required: objectives.as_ref().is_some_and(|objectives| objectives.physics.fem_enabled),
    };
    let corners: Vec<Vec<InternalCorner>> = input.parts.iter().map(corners_of).collect();
    let faces: Vec<Vec<Face>> = input.parts.iter().map(faces_of).collect();
    let shapes = input.parts.iter().zip(corners.iter().zip(&faces));
    let parts: Vec<DesignPart> = shapes.map(|(part, (corners, faces))| design_part(part, corners, faces)).collect();
    let own_quantity = objectives.as_ref().map_or(1, |objectives| objectives.constraints.quantity());
    let quantity = input.quantity.unwrap_or(own_quantity);
    let priced = workbench::price_design(&config, &|id| bought(&catalog, id), &parts, &limits, quantity);
    let violations: Vec<Violation> = priced.findings.into_iter().map(|finding| finding.violation).collect();
    Ok(json!({
        "success": violations.is_empty(),
        "violations": written(&violations)?,
        "warnings": priced.warnings,
        "report": written(&priced.report)?,
    }))
}

fn corners_of(part: &PartInput) -> Vec<InternalCorner> {
    let corner = |corner: &CornerInput| InternalCorner {
        radius_mm: corner.radius_mm,
        axis: corner.axis,
        position_mm: corner.position_mm,
        length_mm: corner.length_mm,
    };
    part.internal_corners.iter().map(corner).collect()
}

fn faces_of(part: &PartInput) -> Vec<Face> {
    part.faces.iter().map(|face| Face { area_mm2: face.area_mm2, center_mm: face.center_mm }).collect()
}

/// A part that is held in place and neither made nor bought exists already.
fn design_part<'part>(
    part: &'part PartInput,
    corners: &'part [InternalCorner],
    faces: &'part [Face],
) -> DesignPart<'part> {
    let is_made_or_bought =
        |metadata: &PartMetadata| metadata.manufacturing_method.is_some() || metadata.cots_id.is_some();
    DesignPart {
        label: &part.label,
        metadata: part.metadata.as_ref(),
        is_fixed: part.is_fixed,
        is_environment: part.is_fixed && !part.metadata.as_ref().is_some_and(is_made_or_bought),
        solid: Solid {
            volume_mm3: part.volume_mm3,
            area_mm2: part.area_mm2,
            bounding_box: part.bounding_box,
            solid_count: part.solid_count,
            is_valid: part.is_valid,
            is_watertight: part.is_watertight,
            vertices_mm: &part.vertices_mm,
            triangles: &part.triangles,
            normals: &part.normals,
            faces,
            internal_corners: corners,
        },
    }
}

/// The event bodies that report violations; the caller adds the envelope.
fn failure_events(violations: &[Violation]) -> Vec<EventBody> {
    violations.iter().map(|violation| EventBody::LogicFailure(violation.into())).collect()
}

fn search(input: &SearchInput) -> Result<Value, String> {
    let catalog = open(&input.catalog_path)?;
    let answer = catalog.search(&input.query).map_err(|error| error.to_string())?;
    let event = EventBody::CotsSearch(CotsSearch::from(&answer));
    let mut answer = written(&answer)?;
    answer["events"] = written(&[event])?;
    Ok(answer)
}

//! The tools as the Python interpreter calls them: through the C interface, with real files.

use std::ffi::{CStr, CString};
use std::path::PathBuf;

use serde_json::{Value, json};

const CONFIG: &str = include_str!("../../cad-runtime/mounts/config/manufacturing_config.yaml");

/// A milled cube of 10 mm, which costs 103.2162 USD: set-up 100, material 0.0162, finishing 600 mm² at 250 mm²/min.
const CUBE: &str = "
remark: kept
constraints:
  benchmark_max_unit_cost_usd: 200
  benchmark_max_weight_g: 50
  planner_target_max_unit_cost_usd: 150
  planner_target_max_weight_g: 20
manufactured_parts:
  - part_name: cube
    part_id: cube_v1
    manufacturing_method: CNC
    material_id: aluminum_6061
    quantity: 1
    part_volume_mm3: 1000
    stock_bbox_mm: {x: 10, y: 10, z: 10}
    removed_volume_mm3: 0
    estimated_unit_cost_usd: 1
    colour: red
final_assembly:
  - name: cube
totals: {estimated_unit_cost_usd: 1, estimated_weight_g: 1, estimate_confidence: low}
";

fn call(tool: &str, input: &Value) -> Value {
    let (tool, input) = (CString::new(tool).expect("no NUL"), CString::new(input.to_string()).expect("no NUL"));
    // SAFETY: both are NUL-terminated; the answer is read before it is given back, and given back once.
    unsafe {
        let answer = agent_tools::agent_tool(tool.as_ptr(), input.as_ptr());
        assert!(!answer.is_null());
        let text = CStr::from_ptr(answer).to_str().expect("JSON is UTF-8").to_owned();
        agent_tools::agent_tool_free(answer);
        serde_json::from_str(&text).expect("the answer is JSON")
    }
}

fn catalog() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("parts.db");
    catalog::write(&path).expect("the catalogue can be written");
    (folder, path)
}

#[test]
fn estimate_is_computed_and_merged_into_the_file() {
    let (_folder, path) = catalog();
    let input = json!({ "assembly_yaml": CUBE, "objectives_yaml": null, "config_yaml": CONFIG, "catalog_path": path });

    let answer = &call("validate_costing_and_price", &input)["ok"];

    assert_eq!(answer["success"], true, "{answer:#}");
    let cost = answer["estimate"]["estimated_unit_cost_usd"].as_f64().unwrap_or_default();
    assert!((cost - 103.2162).abs() < 1e-9, "{cost}");
    let text = answer["assembly_yaml"].as_str().expect("a sound file is rewritten");
    let written: Value = serde_yaml::from_str(text).expect("the new file is YAML");
    assert_eq!(written["totals"]["estimated_unit_cost_usd"], 103.2162, "{text}");
    assert_eq!((&written["remark"], &written["manufactured_parts"][0]["colour"]), (&json!("kept"), &json!("red")));
    let order: Vec<_> = ["constraints:", "manufactured_parts:", "final_assembly:", "totals:", "catalog:", "remark:"]
        .map(|key| text.find(&format!("\n{key}")).unwrap_or(0))
        .into();
    assert!(order.is_sorted(), "a reader expects another order:\n{text}");
}

#[test]
fn schema_invalid_file_is_not_rewritten() {
    let (_folder, path) = catalog();
    let broken = CUBE.replace("quantity: 1", "quantity: many");
    let input =
        json!({ "assembly_yaml": broken, "objectives_yaml": null, "config_yaml": CONFIG, "catalog_path": path });
    let answer = &call("validate_costing_and_price", &input)["ok"];
    assert_eq!((&answer["success"], &answer["assembly_yaml"]), (&json!(false), &Value::Null), "{answer:#}");
    assert_eq!(answer["events"][0]["event_type"], "logic_failure", "{answer:#}");
}

#[test]
fn impossible_calls_return_a_readable_error() {
    let no_tool = call("calculate_everything", &json!({}));
    assert!(no_tool["error"].as_str().is_some_and(|words| words.contains("search_cots_catalog")), "{no_tool}");
    let no_input = call("search_cots_catalog", &json!({ "q": "screw" }));
    assert!(no_input["error"].as_str().is_some_and(|words| words.contains("catalog_path")), "{no_input}");
    let no_catalog = call("search_cots_catalog", &json!({ "q": "screw", "catalog_path": "/nowhere/parts.db" }));
    assert!(no_catalog["error"].as_str().is_some_and(|words| words.contains("/nowhere/parts.db")), "{no_catalog}");
}

#[test]
fn search_returns_its_event() {
    let (_folder, path) = catalog();
    let answer = &call("search_cots_catalog", &json!({ "q": "M3 screw", "limit": 2, "catalog_path": path }))["ok"];
    let event = &answer["events"][0];
    assert_eq!((&event["event_type"], &event["results_count"]), (&json!("cots_search"), &json!(2)), "{answer:#}");
    assert_eq!(event["catalog_version"], answer["catalog_version"]);
}

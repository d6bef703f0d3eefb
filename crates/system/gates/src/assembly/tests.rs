//! The gate of `assembly_definition.yaml`, rule by rule.

use std::collections::BTreeMap;

use contract::catalog_version::CatalogVersion;
use rstest::rstest;

use super::*;

const SOUND: &str = "\
version: 1.0
units: {length: mm, volume: mm3, mass: g, currency: USD}
constraints:
  benchmark_max_unit_cost_usd: 50
  benchmark_max_weight_g: 1200
  planner_target_max_unit_cost_usd: 40
  planner_target_max_weight_g: 1000
manufactured_parts:
  - part_name: ramp
    part_id: ramp_v1
    manufacturing_method: CNC
    material_id: aluminum_6061
    quantity: 1
    part_volume_mm3: 60000
    stock_bbox_mm: {x: 100, y: 50, z: 20}
    removed_volume_mm3: 40000
    estimated_unit_cost_usd: 20
  - part_name: housing
    part_id: housing
    manufacturing_method: injection_molding
    material_id: abs
    quantity: 2
    part_volume_mm3: 5000
    wall_thickness_mm: 2
    estimated_unit_cost_usd: 1.5
  - {part_name: clip, part_id: clip_v1, manufacturing_method: 3dp, material_id: abs, quantity: 4,
     part_volume_mm3: 900, estimated_unit_cost_usd: 1}
cots_parts:
  - {part_id: motor_24v, manufacturer: Acme, unit_cost_usd: 9, quantity: 1, source: catalog}
electronics:
  power_supply: {voltage_dc: 24, max_current_a: 5}
  components:
    - {component_id: m1, type: motor, cots_part_id: motor_24v, assembly_part_ref: motor_24v}
  wiring:
    - {wire_id: w1, from: {component: supply, terminal: v+}, to: {component: m1, terminal: '+'}, gauge_awg: 20, length_mm: 300}
    - {wire_id: w2, from: {component: supply, terminal: 0}, to: {component: m1, terminal: '-'}, gauge_awg: 20, length_mm: 300}
final_assembly:
  - subassembly_id: drive
    parts:
      - {name: motor_24v, config: {dofs: [rotate_z], control: {mode: constant, speed: 3}}}
      - {name: housing}
    joints:
      - {joint_id: j1, parts: [motor_24v, housing], type: fastener_joint}
  - {name: ramp}
  - {name: clip_v1, config: {dofs: []}}
totals: {estimated_unit_cost_usd: 36, estimated_weight_g: 300, estimate_confidence: medium}
";

const OBJECTIVES: &str = "\
objectives:
  goal_zone: {min: [0, 0, 0], max: [1, 1, 1]}
  build_zone: {min: [0, 0, 0], max: [1, 1, 1]}
simulation_bounds: {min: [0, 0, 0], max: [99, 99, 99]}
moved_object: {label: ball, shape: sphere, start_position: [50, 50, 50], runtime_jitter: [0, 0, 0]}
constraints: {max_unit_cost: 50, max_weight: 1.2}
";

fn objectives(caps: &str) -> Objectives {
    let text = OBJECTIVES.replace("max_unit_cost: 50, max_weight: 1.2", caps);
    crate::objectives::check(text.as_bytes()).sound().expect("sound objectives")
}

fn rules(checked: &Checked<AssemblyDefinition>) -> Vec<(&str, &str)> {
    checked.violations.iter().map(|found| (found.rule.as_str(), found.place.as_deref().unwrap_or_default())).collect()
}

#[test]
fn sound_definitions_pass() {
    let definition = check(SOUND.as_bytes(), Some(&objectives("max_unit_cost: 50, max_weight: 1.2"))).sound();
    let definition = definition.expect("sound");
    assert_eq!((definition.version.as_str(), definition.manufactured_parts.len()), ("1.0", 3));
}

#[test]
fn whole_number_may_be_written_with_a_point() {
    let checked = check(SOUND.replace("quantity: 2", "quantity: 2.0").as_bytes(), None);
    assert_eq!(checked.violations, []);
    let definition = checked.value.expect("it is sound");
    assert_eq!((definition.manufactured_parts[1].quantity, definition.version.as_str()), (2, "1.0"));
}

#[rstest]
#[case::template("version: 1.0", "# [TEMPLATE]", "template", "line 1")]
#[case::placeholder("source: catalog", "source: '...'", "template", "line 29")]
#[case::no_totals("totals:", "sums:", "missing_field", "totals")]
#[case::confidence("confidence: medium", "confidence: sure", "unknown_value", "totals.estimate_confidence")]
#[case::unit("mass: g", "mass: kg", "unit", "units.mass")]
#[case::text_for_number(
    "part_volume_mm3: 60000",
    "part_volume_mm3: big",
    "wrong_type",
    "manufactured_parts[0].part_volume_mm3"
)]
#[case::nan("part_volume_mm3: 60000", "part_volume_mm3: .inf", "not_finite", "manufactured_parts[0].part_volume_mm3")]
#[case::negative("part_volume_mm3: 60000", "part_volume_mm3: -6", "negative", "manufactured_parts[0].part_volume_mm3")]
#[case::stock_edge("{x: 100, y: 50", "{x: 100, y: -5", "negative", "manufactured_parts[0].stock_bbox_mm.y")]
#[case::method("method: CNC", "method: casting", "unknown_method", "manufactured_parts[0].manufacturing_method")]
#[case::stock("    stock_bbox_mm: {x: 100, y: 50, z: 20}\n", "", "method_field", "manufactured_parts[0].stock_bbox_mm")]
#[case::removed("    removed_volume_mm3: 40000\n", "", "method_field", "manufactured_parts[0].removed_volume_mm3")]
#[case::wall("    wall_thickness_mm: 2\n", "", "method_field", "manufactured_parts[1].wall_thickness_mm")]
#[case::no_wall(
    "wall_thickness_mm: 2",
    "wall_thickness_mm: 0",
    "not_positive",
    "manufactured_parts[1].wall_thickness_mm"
)]
#[case::quantity("quantity: 2", "quantity: 0", "quantity", "manufactured_parts[1].quantity")]
#[case::fraction("quantity: 2", "quantity: 1.5", "wrong_type", "manufactured_parts[1].quantity")]
#[case::negative_quantity("quantity: 2", "quantity: -1", "negative", "manufactured_parts[1].quantity")]
#[case::blank_material(
    "material_id: aluminum_6061",
    "material_id: ''",
    "blank_name",
    "manufactured_parts[0].material_id"
)]
#[case::names("part_id: ramp_v1", "part_id: housing", "duplicate_part", "manufactured_parts[1].part_name")]
#[case::cots_price("unit_cost_usd: 9", "unit_cost_usd: -9", "negative", "cots_parts[0].unit_cost_usd")]
#[case::unknown_part("- {name: ramp}", "- {name: rampart}", "unknown_part", "final_assembly[1].name")]
#[case::joint_end(
    "parts: [motor_24v, housing]",
    "parts: [motor_24v, ramp]",
    "unknown_part",
    "final_assembly[0].joints[0].parts[1]"
)]
#[case::lonely_joint(
    "parts: [motor_24v, housing]",
    "parts: [housing]",
    "joint_parts",
    "final_assembly[0].joints[0].parts"
)]
#[case::part_without_name("- {name: ramp}", "- {config: {}}", "missing_field", "final_assembly[1].name")]
#[case::subassembly_without_id(
    "subassembly_id: drive",
    "note: drive",
    "missing_field",
    "final_assembly[0].subassembly_id"
)]
#[case::dof("dofs: [rotate_z]", "dofs: [turn]", "unknown_dof", "final_assembly[0].parts[0].config.dofs[0]")]
#[case::control_without_dofs("dofs: [rotate_z]", "dofs: []", "no_dofs", "final_assembly[0].parts[0].config.dofs")]
#[case::frequency(
    "mode: constant",
    "mode: on_off, frequency: 0",
    "frequency",
    "final_assembly[0].parts[0].config.control.frequency"
)]
#[case::mode("mode: constant", "mode: random", "unknown_value", "final_assembly[0].parts[0].config.control.mode")]
#[case::reference(
    "assembly_part_ref: motor_24v",
    "assembly_part_ref: gone",
    "unknown_part",
    "electronics.components[0].assembly_part_ref"
)]
#[case::wire_end(
    "to: {component: m1, terminal: '+'}",
    "to: {component: m2, terminal: '+'}",
    "unknown_wire_end",
    "electronics.wiring[0].to.component"
)]
#[case::wire_ids("wire_id: w2", "wire_id: w1", "duplicate_id", "electronics.wiring[1].wire_id")]
#[case::wire_length("length_mm: 300", "length_mm: 0", "not_positive", "electronics.wiring[0].length_mm")]
#[case::voltage("voltage_dc: 24", "voltage_dc: 0", "not_positive", "electronics.power_supply.voltage_dc")]
#[case::over_target(
    "estimated_unit_cost_usd: 36",
    "estimated_unit_cost_usd: 41",
    "over_target",
    "totals.estimated_unit_cost_usd"
)]
#[case::heavy("estimated_weight_g: 300", "estimated_weight_g: 1001", "over_target", "totals.estimated_weight_g")]
#[case::above_cap(
    "max_weight_g: 1000",
    "max_weight_g: 1300",
    "planner_above_cap",
    "constraints.planner_target_max_weight_g"
)]
#[case::cap_differs(
    "benchmark_max_weight_g: 1200",
    "benchmark_max_weight_g: 1500",
    "cap_differs",
    "constraints.benchmark_max_weight_g"
)]
fn one_break_gives_one_violation(#[case] from: &str, #[case] to: &str, #[case] rule: &str, #[case] place: &str) {
    let text = SOUND.replacen(from, to, 1);
    assert_ne!(text, SOUND, "nothing was replaced");
    let checked = check(text.as_bytes(), Some(&objectives("max_unit_cost: 50, max_weight: 1.2")));
    assert_eq!(rules(&checked), [(format!("assembly.{rule}").as_str(), place)], "{checked:?}");
}

#[test]
fn bought_part_must_be_assembled() {
    let text = SOUND
        .replace("      - {name: motor_24v, config: {dofs: [rotate_z], control: {mode: constant, speed: 3}}}\n", "")
        .replace("parts: [motor_24v, housing]", "parts: [housing, housing]")
        .replace(", assembly_part_ref: motor_24v", "");
    assert_eq!(rules(&check(text.as_bytes(), None)), [("assembly.unused_cots", "cots_parts[0].part_id")]);
}

#[test]
fn targets_must_not_exceed_the_customers_caps() {
    let checked = check(SOUND.as_bytes(), Some(&objectives("max_unit_cost: 30, max_weight_g: 1200")));
    let found = rules(&checked);
    assert_eq!(
        found,
        [
            ("assembly.cap_differs", "constraints.benchmark_max_unit_cost_usd"),
            ("assembly.planner_above_cap", "constraints.planner_target_max_unit_cost_usd"),
        ]
    );
    let message = &checked.violations[1].message;
    assert!(
        message.contains("Planner target cost (40) must be less than or equal to benchmark max cost (30)"),
        "{message}"
    );
}

#[test]
fn messages_name_the_fault() {
    let message =
        |from: &str, to: &str| check(SOUND.replacen(from, to, 1).as_bytes(), None).violations.remove(0).message;
    assert_eq!(
        message("assembly_part_ref: motor_24v", "assembly_part_ref: gone"),
        "Electronic component 'm1' references unknown part 'gone'"
    );
    assert_eq!(
        message("method: CNC", "method: casting"),
        "unknown manufacturing method \"casting\"; cnc, 3dp, im are known"
    );
    assert_eq!(
        message("source: catalog", "source: TODO:x").split(':').next(),
        Some("the file still contains template placeholders")
    );
    assert!(message("estimated_weight_g: 300", "estimated_weight_g: 2000").contains("exceeds target limit"));
}

#[test]
fn all_violations_are_reported_at_once() {
    let text = SOUND
        .replace("quantity: 4", "quantity: four")
        .replace("mass: g", "mass: lb")
        .replace("- {name: ramp}", "- {name: rampart}")
        .replace("wire_id: w2", "wire_id: w1")
        .replace("estimated_weight_g: 300", "estimated_weight_g: 2000");
    let checked = check(text.as_bytes(), None);
    assert_eq!(checked.value, None);
    let found: Vec<_> = rules(&checked).into_iter().map(|(rule, _)| rule.trim_start_matches("assembly.")).collect();
    assert_eq!(found, ["wrong_type", "unit", "unknown_part", "duplicate_id", "over_target"]);
}

fn estimate(cost: f64, weight: f64) -> CostingEstimate {
    CostingEstimate {
        manufactured_unit_cost_usd: BTreeMap::new(),
        cots_unit_cost_usd: BTreeMap::new(),
        estimated_unit_cost_usd: cost,
        estimated_weight_g: weight,
        catalog: CatalogVersion {
            catalog_version: "1".into(),
            bd_warehouse_commit: "c".into(),
            generated_at: "2026-01-01T00:00:00Z".into(),
        },
    }
}

#[rstest]
#[case::at_the_tolerance(36.0, 300.0 / 1.05, &[])]
#[case::cheaper_than_declared(34.0, 300.0, &["totals_deviate"])]
#[case::dearer_than_the_target(40.5, 300.0, &["totals_deviate", "over_target"])]
#[case::both(30.0, 1100.0, &["totals_deviate", "totals_deviate", "over_target"])]
#[case::no_number(f64::NAN, 300.0, &["totals_deviate"])]
fn declared_totals_must_match_the_parts(#[case] cost: f64, #[case] weight: f64, #[case] expected: &[&str]) {
    let definition = check(SOUND.as_bytes(), None).sound().expect("sound");
    let found = check_totals(&definition, &estimate(cost, weight));
    let found: Vec<_> = found.iter().map(|violation| violation.rule.trim_start_matches("assembly.")).collect();
    assert_eq!(found, expected);
}

//! The gate of `objectives.yaml`, rule by rule.

use rstest::rstest;

use super::*;

pub(crate) const SOUND: &str = "\
objectives:
  goal_zone: {min: [100, -20, 0], max: [140, 20, 40]}
  forbid_zones:
    - {name: trap, min: [40, -20, 0], max: [60, 20, 10]}
    - {name: wall, min: [140, -20, 0], max: [150, 20, 40]}
  build_zone: {min: [-100, -100, 0], max: [100, 100, 200]}
physics: {backend: genesis, compute_target: auto, max_kinetic_energy_j: 1e5}
simulation_bounds: {min: [-200, -200, -10], max: [200, 200, 300]}
moved_object:
  label: ball
  shape: sphere
  static_randomization: {radius: [5, 10]}
  start_position: [0, 0, 100]
  runtime_jitter: [2, 2, 1]
constraints: {max_unit_cost: 50, max_weight_g: 1200}
randomization: {static_variation_id: 1.2, runtime_jitter_enabled: true}
moving_parts:
  - part_name: paddle
    type: motor
    dofs: [rotate_z]
    control: {mode: sinusoidal, speed: 2, frequency: 0.5}
  - {part_name: flap, type: passive, dofs: [rotate_y]}
electronics_requirements:
  power_supply_available: {voltage_dc: 24, max_current_a: 5}
  wiring_constraints:
    max_total_wire_length_mm: 2000
    restricted_zones: [{name: hot, min: [0, 0, 0], max: [9, 9, 9]}]
  circuit_validation_required: true
";

fn rules(checked: &Checked<Objectives>) -> Vec<(&str, &str)> {
    checked.violations.iter().map(|found| (found.rule.as_str(), found.place.as_deref().unwrap_or_default())).collect()
}

#[test]
fn sound_objectives_pass() {
    let objectives = check(SOUND.as_bytes()).sound().expect("sound");
    assert_eq!(objectives.randomization.static_variation_id.as_deref(), Some("1.2"));
    assert_eq!(objectives.moving_parts.len(), 2);
}

#[test]
fn weight_may_be_in_kilograms() {
    let text = SOUND.replace("max_weight_g: 1200", "max_weight: 1.2");
    let objectives = check(text.as_bytes()).sound().expect("sound");
    assert_eq!(objectives.constraints.max_weight_g, 1200.0);
    let checked = check(SOUND.replace("max_weight_g: 1200", "max_weight: -1").as_bytes());
    assert!(checked.violations[0].message.contains("found -1 kg"), "{checked:?}");
}

#[rstest]
#[case::template("objectives:\n  goal", "# [TEMPLATE]\nobjectives:\n  goal", "template", "line 1")]
#[case::placeholder("[-100, -100, 0]", "[x_min, -100, 0]", "template", "line 6")]
#[case::order(
    "max: [140, 20, 40]}\n  forbid",
    "max: [140, -20, 40]}\n  forbid",
    "zone_order",
    "objectives.goal_zone.min[1]"
)]
#[case::order_of_a_forbidden_zone(
    "max: [60, 20, 10]",
    "max: [60, 20, 0]",
    "zone_order",
    "objectives.forbid_zones[0].min[2]"
)]
#[case::order_of_bounds("max: [200, 200, 300]", "max: [200, 200, -10]", "zone_order", "simulation_bounds.min[2]")]
#[case::build_outside("max: [100, 100, 200]", "max: [100, 201, 200]", "zone_outside_bounds", "objectives.build_zone")]
#[case::forbidden_outside(
    "max: [150, 20, 40]",
    "max: [999, 20, 40]",
    "zone_outside_bounds",
    "objectives.forbid_zones[1]"
)]
#[case::restricted_outside(
    "max: [9, 9, 9]",
    "max: [9, 9, 999]",
    "zone_outside_bounds",
    "electronics_requirements.wiring_constraints.restricted_zones[0]"
)]
#[case::goal_in_forbid("min: [140, -20, 0]", "min: [139, -20, 0]", "goal_in_forbid_zone", "objectives.forbid_zones[1]")]
#[case::start_outside(
    "start_position: [0, 0, 100]",
    "start_position: [189, 0, 100]",
    "start_outside_bounds",
    "moved_object.start_position"
)]
#[case::start_in_goal(
    "start_position: [0, 0, 100]",
    "start_position: [120, 0, 50]",
    "start_in_goal",
    "moved_object.start_position"
)]
#[case::start_in_forbid(
    "start_position: [0, 0, 100]",
    "start_position: [50, 0, 20]",
    "start_in_forbid_zone",
    "moved_object.start_position"
)]
#[case::zone_names("name: wall", "name: trap", "duplicate_zone_name", "objectives.forbid_zones[1].name")]
#[case::blank_zone("name: wall", "name: ' '", "blank_name", "objectives.forbid_zones[1].name")]
#[case::blank_label("label: ball", "label: ''", "blank_name", "moved_object.label")]
#[case::cost_cap("max_unit_cost: 50", "max_unit_cost: 0", "not_positive", "constraints.max_unit_cost")]
#[case::weight_cap("max_weight_g: 1200", "max_weight_g: -3", "not_positive", "constraints.max_weight_g")]
#[case::no_units(
    "max_weight_g: 1200",
    "max_weight_g: 1200, target_quantity: 0",
    "not_positive",
    "constraints.target_quantity"
)]
#[case::no_weight_cap(", max_weight_g: 1200", "", "missing_field", "constraints.max_weight_g")]
#[case::jitter("runtime_jitter: [2, 2, 1]", "runtime_jitter: [2, -2, 1]", "negative", "moved_object.runtime_jitter[1]")]
#[case::radius_order("radius: [5, 10]", "radius: [10, 5]", "radius_range", "moved_object.static_randomization.radius")]
#[case::radius_zero(
    "radius: [5, 10]",
    "radius: [0, 10]",
    "not_positive",
    "moved_object.static_randomization.radius[0]"
)]
#[case::shape("shape: sphere", "shape: cone", "unknown_shape", "moved_object.shape")]
#[case::nan("max_unit_cost: 50", "max_unit_cost: .nan", "not_finite", "constraints.max_unit_cost")]
#[case::infinite("[0, 0, 100]", "[0, 0, 1e999]", "not_finite", "moved_object.start_position[2]")]
#[case::energy("max_kinetic_energy_j: 1e5", "max_kinetic_energy_j: 0", "not_positive", "physics.max_kinetic_energy_j")]
#[case::compute("compute_target: auto", "compute_target: abacus", "unknown_compute_target", "physics.compute_target")]
#[case::backend("backend: genesis", "backend: bullet", "unknown_value", "physics.backend")]
#[case::missing(
    "  build_zone: {min: [-100, -100, 0], max: [100, 100, 200]}\n",
    "",
    "missing_field",
    "objectives.build_zone"
)]
#[case::two_numbers("[0, 0, 100]", "[0, 0]", "wrong_type", "moved_object.start_position")]
#[case::text_for_number("[0, 0, 100]", "[0, up, 100]", "wrong_type", "moved_object.start_position[1]")]
#[case::part_names("part_name: flap", "part_name: paddle", "duplicate_part_name", "moving_parts[1].part_name")]
#[case::no_dofs("dofs: [rotate_y]", "dofs: []", "no_dofs", "moving_parts[1].dofs")]
#[case::unknown_dof("dofs: [rotate_y]", "dofs: [spin]", "unknown_dof", "moving_parts[1].dofs[0]")]
#[case::double_dof("dofs: [rotate_y]", "dofs: [rotate_y, rotate_y]", "duplicate_dof", "moving_parts[1].dofs[1]")]
#[case::motor_without_control("type: passive", "type: motor", "motor_control", "moving_parts[1].control")]
#[case::passive_with_control("type: motor", "type: passive", "motor_control", "moving_parts[0].control")]
#[case::frequency_zero("frequency: 0.5", "frequency: 0", "frequency", "moving_parts[0].control.frequency")]
#[case::voltage(
    "voltage_dc: 24",
    "voltage_dc: 0",
    "not_positive",
    "electronics_requirements.power_supply_available.voltage_dc"
)]
#[case::no_current(
    ", max_current_a: 5",
    "",
    "missing_field",
    "electronics_requirements.power_supply_available.max_current_a"
)]
#[case::wire_length(
    "length_mm: 2000",
    "length_mm: -1",
    "not_positive",
    "electronics_requirements.wiring_constraints.max_total_wire_length_mm"
)]
#[case::required_flag(
    "required: true",
    "required: often",
    "wrong_type",
    "electronics_requirements.circuit_validation_required"
)]
#[case::fluid_is_no_mapping("physics:", "fluids: [water]\nphysics:", "wrong_type", "fluids[0]")]
fn one_break_gives_one_violation(#[case] from: &str, #[case] to: &str, #[case] rule: &str, #[case] place: &str) {
    let text = SOUND.replacen(from, to, 1);
    assert_ne!(text, SOUND, "nothing was replaced");
    let checked = check(text.as_bytes());
    let expected = format!("objectives.{rule}");
    let found = rules(&checked);
    // A placeholder is not a number either.
    assert_eq!(found[0], (expected.as_str(), place), "{checked:?}");
    assert!(found.len() == 1 || rule == "template", "{checked:?}");
}

#[test]
fn periodic_control_needs_no_frequency() {
    assert_eq!(rules(&check(SOUND.replace(", frequency: 0.5", "").as_bytes())), []);
}

#[test]
fn fluids_need_a_supporting_backend() {
    let text = SOUND.replace("backend: genesis", "backend: mujoco");
    assert_eq!(rules(&check(text.as_bytes())), []);
    let text = text.replace("simulation_bounds:", "fluids: [{fluid_id: water}]\nsimulation_bounds:");
    let checked = check(text.as_bytes());
    assert_eq!(rules(&checked), [("objectives.fluids_unsupported", "physics.backend")]);
    assert!(checked.violations[0].message.contains("MuJoCo backend does not support fluids"));
}

#[rstest]
#[case::sphere_beside_an_edge("sphere", "[71, 0, 21]", true)]
#[case::box_above_the_edge("box", "[71, 0, 21.001]", true)]
#[case::box_that_touches_the_edge("box", "[71, 0, 21]", false)]
#[case::sphere_off_the_corner("sphere", "[71, 31, 20]", true)]
#[case::cylinder_off_the_corner("cylinder", "[71, 31, 20]", true)]
#[case::cylinder_beside_the_corner("cylinder", "[71, 25, 20]", false)]
#[case::box_off_the_corner("box", "[71, 31, 20]", false)]
#[case::sphere_that_touches("sphere", "[72, 0, 5]", false)]
#[case::sphere_beside_the_face("sphere", "[72.001, 0, 5]", true)]
#[case::box_at_the_end_of_its_jitter("box", "[0, 0, 0], runtime_jitter: [30, 0, 0]", false)]
#[case::mesh_of_any_size("mesh, mesh_path: ball.stl", "[71, 0, 21]", true)]
#[case::mesh_that_starts_there("mesh, mesh_path: ball.stl", "[61, 0, 5]", false)]
fn start_check_includes_size_and_jitter(#[case] shape: &str, #[case] start: &str, #[case] is_sound: bool) {
    // The trap is between x = 40 and 60, y = ±20, and up to z = 10. With a radius of 10 and a jitter of 2, 2, 1 a box at
    // 71, 31, 20 begins at 59, 19, 9; the centre of a sphere there stays 9 mm away on each axis, √(3·9²) ≈ 15.6 mm from
    // the corner, and that of a cylinder √(2·9²) ≈ 12.7 mm from the upright edge. At y = 25 the latter is
    // √(9² + 3²) ≈ 9.5 mm.
    let object = format!("moved_object: {{label: ball, shape: {shape}, static_randomization: {{radius: [5, 10]}}, ");
    let (position, jitter) = start.split_once(", runtime_jitter: ").unwrap_or((start, "[2, 2, 1]"));
    let object = format!("{object}start_position: {position}, runtime_jitter: {jitter}}}\n");
    let expected: &[(&str, &str)] =
        if is_sound { &[] } else { &[("objectives.start_in_forbid_zone", "moved_object.start_position")] };
    let checked = check(with_moved_object(&object).as_bytes());
    assert_eq!(rules(&checked), expected, "{checked:?}");
}

/// [`SOUND`] with another moved object.
fn with_moved_object(object: &str) -> String {
    let (before, rest) = SOUND.split_once("moved_object:").expect("it has one");
    let (_, after) = rest.split_once("constraints:").expect("constraints follow");
    format!("{before}{object}constraints:{after}")
}

#[rstest]
#[case::touching("[70, 0, 0]", false)]
#[case::clear("[70.001, 0, 0]", true)]
fn object_without_radius_gets_the_simulation_default(#[case] start: &str, #[case] is_sound: bool) {
    assert_eq!(contract::limits::MOVED_OBJECT_RADIUS_MM, 10.0);
    let object =
        format!("moved_object: {{label: ball, shape: sphere, start_position: {start}, runtime_jitter: [0, 0, 0]}}\n");
    assert_eq!(check(with_moved_object(&object).as_bytes()).violations.is_empty(), is_sound);
}

#[test]
fn violations_hold_measured_and_limit() {
    let checked = check(SOUND.replace("max: [140, 20, 40]}\n  f", "max: [140, -30, 40]}\n  f").as_bytes());
    let order = &checked.violations[0];
    assert_eq!((order.measured.clone(), order.limit.clone()), (Some(json!(-20.0)), Some(json!(-30.0))));
    assert_eq!(order.message, "goal_zone: min -20 must be less than max -30 on y");
}

#[test]
fn all_violations_are_reported_at_once() {
    let text = SOUND
        .replace("max_unit_cost: 50", "max_unit_cost: cheap")
        .replace("voltage_dc: 24", "voltage_dc: -24")
        .replace("start_position: [0, 0, 100]", "start_position: [50, 0, 20]")
        .replace("name: wall", "name: trap")
        .replace("dofs: [rotate_y]", "dofs: [spin]")
        .replace("shape: sphere", "shape: sphere\n  shape_note: unknown fields are ignored");
    let checked = check(text.as_bytes());
    assert_eq!(checked.value, None);
    let found: Vec<_> = rules(&checked).into_iter().map(|(rule, _)| rule.trim_start_matches("objectives.")).collect();
    assert_eq!(found, ["wrong_type", "duplicate_zone_name", "start_in_forbid_zone", "unknown_dof", "not_positive"]);
}

#[test]
fn rule_violation_still_yields_the_content() {
    let checked = check(SOUND.replace("name: wall", "name: trap").as_bytes());
    assert!(checked.value.is_some() && !checked.violations.is_empty());
}

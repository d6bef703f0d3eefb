//! INT-009 — `assembly_definition.yaml` follows its schema.
//!
//! Seam: session files → worker-heavy `submit_plan` and submit → gates
//! Requirement: required fields and numeric types are enforced for each manufacturing method; malformed and
//! template-like files block the hand-over, every fault named by its field.

use contract::{
    gate::Gate,
    handover::{PlanRequest, PlanResponse, SubmitRequest},
};
use rstest::rstest;
use testkit::{Context, Files, Session, Workspace, solutions::Solution};

use crate::ctx;

const METHOD: &str = "manufacturing_method: CNC";

const FILE: &str = "assembly_definition.yaml";

async fn hand_over(ctx: &Context, files: &Files) -> PlanResponse {
    let session = ctx.session("assembly");
    session.must_hold(files).await;
    session.heavy.must_submit_plan(&PlanRequest::default()).await
}

fn changed(from: &str, to: &str) -> Files {
    Solution::bracket().planned().files().changed(FILE, from, to)
}

#[rstest]
#[case::as_it_is(METHOD, METHOD)]
#[case::any_case(METHOD, "manufacturing_method: cNc")]
#[case::subassembly("  - name: bracket\n", "  - subassembly_id: stand\n    parts: [{name: bracket}]\n    joints: []\n")]
#[case::by_part_id("  - name: bracket\n", "  - name: bracket_v1\n")]
#[tokio::test]
async fn sound_definition_passes(
    #[future(awt)] ctx: Context,
    #[case] from: &str,
    #[case] to: &str,
) -> anyhow::Result<()> {
    let answer = hand_over(&ctx, &changed(from, to)).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

/// A session with this solution, priced and planned, and what its hand-over said.
async fn planned(ctx: &Context, solution: Solution) -> (Session, PlanResponse) {
    let session = ctx.session("method");
    session.must_hold(&solution.planned()).await;
    session.heavy.must_validate_costing_and_price().await;
    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    (session, answer)
}

#[rstest]
#[case::printed(Solution::printed())]
#[case::moulded(Solution::moulded())]
#[tokio::test]
async fn sound_definition_of_every_method_passes(
    #[future(awt)] ctx: Context,
    #[case] solution: Solution,
) -> anyhow::Result<()> {
    let (_, answer) = planned(&ctx, solution).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

#[rstest]
#[case::printed_volume_in_words(
    Solution::printed(),
    "part_volume_mm3: 4000.0",
    "part_volume_mm3: much",
    "part_volume_mm3"
)]
#[case::printed_without_volume(Solution::printed(), "    part_volume_mm3: 4000.0\n", "", "part_volume_mm3")]
#[case::moulded_wall_in_words(Solution::moulded(), "thickness_mm: 3.0", "thickness_mm: thin", "wall_thickness_mm")]
#[case::moulded_wall_of_nothing(Solution::moulded(), "thickness_mm: 3.0", "thickness_mm: 0.0", "wall_thickness_mm")]
#[tokio::test]
async fn invalid_fields_of_each_method_are_refused(
    #[future(awt)] ctx: Context,
    #[case] solution: Solution,
    #[case] from: &str,
    #[case] to: &str,
    #[case] field: &str,
) -> anyhow::Result<()> {
    let answer = hand_over(&ctx, &solution.planned().files().changed(FILE, from, to)).await;
    assert_eq!(answer.rejected_by, Some(Gate::AssemblyDefinition), "{answer:#?}");
    let place = format!("manufactured_parts[0].{field}");
    assert!(
        answer.violations.iter().any(|violation| violation.violation.place.as_deref() == Some(place.as_str())),
        "no violation is placed at {place}: {:#?}",
        answer.violations
    );
    Ok(())
}

/// Everything else of the file is sound, so that nothing but the placeholder can be what is refused.
#[rstest]
#[case::in_a_text("part_id: bracket_v1", "part_id: \"[implement here]\"", "[implement here]")]
#[case::to_be_done("part_id: bracket_v1", "part_id: \"TODO: name it\"", "TODO:")]
#[tokio::test]
async fn placeholder_in_a_sound_definition_is_refused(
    #[future(awt)] ctx: Context,
    #[case] from: &str,
    #[case] to: &str,
    #[case] placeholder: &str,
) -> anyhow::Result<()> {
    let answer = hand_over(&ctx, &changed(from, to)).await;
    assert_eq!(answer.rejected_by, Some(Gate::AssemblyDefinition), "{answer:#?}");
    assert!(answer.message.contains("placeholder") && answer.message.contains(placeholder), "{}", answer.message);
    Ok(())
}

#[rstest]
#[case::missing_caps("  planner_target_max_weight_g: 20.0\n", "", "constraints.planner_target_max_weight_g")]
#[case::missing_totals("  estimated_weight_g: 10.8\n", "", "totals.estimated_weight_g")]
#[case::unknown_confidence("estimate_confidence: high", "estimate_confidence: sure", "totals.estimate_confidence")]
#[case::text_for_a_number("part_volume_mm3: 4000.0", "part_volume_mm3: much", "manufactured_parts[0].part_volume_mm3")]
#[case::negative_volume("part_volume_mm3: 4000.0", "part_volume_mm3: -4000.0", "manufactured_parts[0].part_volume_mm3")]
#[case::endless_volume("part_volume_mm3: 4000.0", "part_volume_mm3: .inf", "manufactured_parts[0].part_volume_mm3")]
#[case::no_piece("quantity: 1", "quantity: 0", "manufactured_parts[0].quantity")]
#[case::half_a_piece("quantity: 1", "quantity: 0.5", "manufactured_parts[0].quantity")]
#[case::unknown_method(METHOD, "manufacturing_method: casting", "manufactured_parts[0].manufacturing_method")]
#[case::milled_without_stock(
    "    stock_bbox_mm: {x: 20.0, y: 20.0, z: 10.0}\n",
    "",
    "manufactured_parts[0].stock_bbox_mm"
)]
#[case::milled_without_removed("    removed_volume_mm3: 0.0\n", "", "manufactured_parts[0].removed_volume_mm3")]
#[case::moulded_without_wall(
    "CNC\n    material_id: aluminum_6061",
    "IM\n    material_id: abs",
    "manufactured_parts[0].wall_thickness_mm"
)]
#[case::other_units("version: \"1.0\"", "units: {length: inch}", "units.length")]
#[case::unknown_part("  - name: bracket\n", "  - name: brackets\n", "final_assembly[0]")]
#[case::unknown_freedom(
    "  - name: bracket\n",
    "  - name: bracket\n    config: {dofs: [wobble]}\n",
    "final_assembly[0].config.dofs"
)]
#[case::unused_bought_part(
    "cots_parts: []",
    "cots_parts: [{part_id: XT60, manufacturer: AMASS, unit_cost_usd: 0.8, quantity: 1, source: catalog}]",
    "cots_parts[0]"
)]
#[case::same_part_twice(
    "cots_parts: []",
    "cots_parts: [{part_id: bracket_v1, manufacturer: x, unit_cost_usd: 0.8, quantity: 1, source: catalog}]",
    "cots_parts[0]"
)]
#[tokio::test]
async fn malformed_definition_is_refused_by_field(
    #[future(awt)] ctx: Context,
    #[case] from: &str,
    #[case] to: &str,
    #[case] field: &str,
) -> anyhow::Result<()> {
    let answer = hand_over(&ctx, &changed(from, to)).await;
    assert!(!answer.success, "the definition passed");
    assert_eq!(answer.rejected_by, Some(Gate::AssemblyDefinition), "{answer:#?}");
    assert!(answer.message.contains("assembly_definition.yaml invalid"), "{}", answer.message);
    let places: Vec<_> =
        answer.violations.iter().filter_map(|violation| violation.violation.place.as_deref()).collect();
    assert!(
        places.iter().any(|place| place.starts_with(field)),
        "no violation is placed at {field}: {:#?}",
        answer.violations
    );
    Ok(())
}

#[rstest]
#[tokio::test]
async fn electronics_must_refer_to_existing_parts(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let electronics = "cots_parts: []
electronics:
  power_supply: {voltage_dc: 24.0, max_current_a: 5.0}
  components: [{component_id: m1, type: motor, assembly_part_ref: wheel}]";
    let answer = hand_over(&ctx, &changed("cots_parts: []", electronics)).await;
    assert_eq!(answer.rejected_by, Some(Gate::AssemblyDefinition), "{answer:#?}");
    assert!(answer.message.contains("references unknown part 'wheel'"), "{}", answer.message);
    Ok(())
}

#[rstest]
#[case::nothing("")]
#[case::broken("constraints: {")]
#[case::a_word("hello")]
#[tokio::test]
async fn file_without_a_definition_is_refused(
    #[future(awt)] ctx: Context,
    #[case] content: &str,
) -> anyhow::Result<()> {
    let answer = hand_over(&ctx, &Solution::bracket().planned().files().with(FILE, content)).await;
    assert_eq!(answer.rejected_by, Some(Gate::AssemblyDefinition), "{answer:#?}");
    assert!(answer.violations.iter().all(|violation| violation.violation.file == FILE));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn all_faults_of_the_file_are_reported_at_once(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let files = changed("part_volume_mm3: 4000.0", "part_volume_mm3: much")
        .changed(FILE, "  estimated_weight_g: 10.8\n", "")
        .changed(FILE, "quantity: 1", "quantity: 0");
    let answer = hand_over(&ctx, &files).await;
    assert!(answer.violations.len() >= 3, "{:#?}", answer.violations);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn malformed_definition_blocks_the_submission_too(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("submission");
    session.must_hold(&Solution::bracket()).await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    session.light.must_edit_file(FILE, "quantity: 1", "quantity: one").await;
    let answer = session.heavy.must_submit(&SubmitRequest::default()).await;
    assert_eq!(answer.rejected_by, Some(Gate::AssemblyDefinition), "{answer:#?}");
    assert_eq!(answer.output.manifest, None);
    Ok(())
}

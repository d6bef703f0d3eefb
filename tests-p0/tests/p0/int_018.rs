//! INT-018 — no simulation and no review before validation and pricing.
//!
//! Seam: worker-heavy validate, `validate_and_price` → server-side records → simulate, submit
//! Requirement: `simulate` and `submit` need manufacturability and pricing to have passed for exactly their content; a
//! failed check, another content, another session and a forged result file do not count. Content is the same to within
//! a ten-thousandth of a millimetre, and a refusal names the number that moved.

use std::collections::BTreeSet;

use contract::{
    benchmark::BenchmarkRequest,
    gate::Gate,
    handover::{SubmitRequest, SubmitResponse},
    simulation::FailureReason,
    workbench::PriceRequest,
};
use rstest::rstest;
use testkit::{Changed, Context, Session, designs, solutions::Solution};

use crate::ctx;

async fn holding(ctx: &Context, purpose: &str) -> Session {
    let session = ctx.session(purpose);
    session.must_hold(&Solution::bracket()).await;
    session
}

async fn submit(session: &Session) -> SubmitResponse {
    session.heavy.must_submit(&SubmitRequest::default()).await
}

async fn must_not_simulate(session: &Session, why: &str) {
    let answer = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert_eq!(answer.rejected_by, Some(Gate::Pricing), "{why}: {answer:#?}");
    assert_eq!(answer.failure_reason, Some(FailureReason::ValidationFailed), "{why}");
    assert!(answer.message.contains("/benchmark/validate_and_price"), "the remedy is not named: {}", answer.message);
    assert_eq!(answer.output.result, None, "{why}: something was simulated");
}

#[rstest]
#[tokio::test]
async fn checked_work_is_simulated_and_submitted(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = holding(&ctx, "good").await;
    session.must_be_valid().await;
    session.must_be_priced().await;

    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(simulated.success, "{simulated:#?}");
    let answer = submit(&session).await;

    assert!(answer.success, "{answer:#?}");
    assert!(answer.message.starts_with("Handover complete"), "{}", answer.message);
    let manifest = answer.output.manifest.expect("a hand-over has a manifest");
    assert_eq!(manifest.status, "ready_for_review");
    for path in [&manifest.cad_path, &manifest.objectives_path] {
        assert!(session.light.must_exist_or_not(path).await, "{path} is in the manifest and not in the session");
    }
    let written: serde_json::Value =
        serde_json::from_str(&session.light.must_read_file("renders/review_manifest.json").await)?;
    assert_eq!(written, serde_json::to_value(&manifest)?);
    let model = session.light.must_read_file(&manifest.cad_path).await;
    assert!(model.starts_with("ISO-10303-21"), "the model is not a STEP file");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn unchecked_work_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = holding(&ctx, "unchecked").await;
    must_not_simulate(&session, "nothing was priced").await;
    let answer = submit(&session).await;
    assert_eq!(answer.rejected_by, Some(Gate::Validation), "{answer:#?}");
    assert!(answer.message.contains("Prior validation missing"), "{}", answer.message);

    session.must_be_valid().await;
    must_not_simulate(&session, "validation is not pricing").await;
    assert_eq!(submit(&session).await.rejected_by, Some(Gate::Pricing));

    session.must_be_priced().await;
    assert!(submit(&session).await.success);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn pricing_does_not_replace_validation(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = holding(&ctx, "unvalidated").await;
    session.must_be_priced().await;
    assert_eq!(submit(&session).await.rejected_by, Some(Gate::Validation));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn forged_result_file_is_ignored(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = holding(&ctx, "forged").await;
    let forged = r#"{"success": true, "message": "Validation successful", "timestamp": 1.0}"#;
    session.light.must_write_file("validation_results.json", forged).await;
    assert_eq!(submit(&session).await.rejected_by, Some(Gate::Validation));

    // A script that writes the file while it is built does not help either.
    let writes = format!("open('validation_results.json', 'w').write('''{forged}''')\n");
    let writes = Solution::bracket().with_script(|it| it.before = writes);
    session.must_hold(&writes).await;
    assert_eq!(submit(&session).await.rejected_by, Some(Gate::Validation));
    Ok(())
}

#[rstest]
#[case::geometry("script.py", "Box(20, 20, 10)", "Box(20, 20, 9)")]
#[case::script_text("script.py", "def build():", "# another script\ndef build():")]
#[case::objectives("objectives.yaml", "max_weight_g: 50.0", "max_weight_g: 49.0")]
#[case::definition("assembly_definition.yaml", "version: \"1.0\"", "version: \"1.1\"")]
#[tokio::test]
async fn check_counts_for_exactly_its_content(
    #[future(awt)] ctx: Context,
    #[case] file: &str,
    #[case] from: &str,
    #[case] to: &str,
) -> anyhow::Result<()> {
    let session = holding(&ctx, "changed").await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    session.light.must_edit_file(file, from, to).await;
    must_not_simulate(&session, "the content was changed").await;
    assert!(!submit(&session).await.success, "changed content was submitted");

    session.light.must_edit_file(file, to, from).await;
    let answer = submit(&session).await;
    assert!(answer.success, "the old content was checked: {answer:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn nondeterministic_script_loses_its_checks(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("fickle");
    // The text stays the same; the height comes from the clock.
    let block = "Pos(70, 0, 5) * Box(20, 20, 9 + __import__('time').time() % 1)";
    let fickle = Solution::bracket().with_script(|it| it.shape = block.into());
    session.must_hold(&fickle).await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    must_not_simulate(&session, "the geometry is another one").await;
    Ok(())
}

#[rstest]
#[tokio::test]
async fn failed_check_does_not_count(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("failed");
    let metadata = "PartMetadata(material_id=\"unobtainium\", manufacturing_method=ManufacturingMethod.CNC)";
    session.must_hold(&Solution::bracket().with_script(|it| it.metadata = metadata.into())).await;
    let priced = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
    assert!(!priced.success, "{priced:#?}");
    let answer = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert_eq!(answer.rejected_by, Some(Gate::Manufacturability), "{answer:#?}");
    assert_eq!(answer.failure_reason, Some(FailureReason::ManufacturabilityFailed));
    assert!(answer.message.contains("unobtainium"), "{}", answer.message);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn check_is_bound_to_its_session_and_quantity(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (checked, unchecked) = (holding(&ctx, "checked").await, holding(&ctx, "other").await);
    checked.must_be_priced().await;
    must_not_simulate(&unchecked, "another session's check counts").await;

    // A thousand at once are cheap; the objectives ask for one.
    let many = PriceRequest { quantity: Some(1000), ..PriceRequest::default() };
    let priced = unchecked.heavy.must_validate_and_price(&many).await;
    assert!(priced.success, "{priced:#?}");
    must_not_simulate(&unchecked, "the price of a thousand counts for one").await;
    Ok(())
}

#[rstest]
#[tokio::test]
async fn smoke_result_cannot_be_submitted(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = holding(&ctx, "smoke").await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    let smoke = BenchmarkRequest { smoke_test_mode: true, ..BenchmarkRequest::default() };
    assert_eq!(session.heavy.must_simulate(&smoke).await.output.confidence, "approximate");
    let answer = submit(&session).await;
    assert_eq!(answer.rejected_by, Some(Gate::Smoke), "{answer:#?}");

    assert!(session.heavy.must_simulate(&BenchmarkRequest::default()).await.success);
    let asked_for_smoke = SubmitRequest { smoke_test_mode: true, ..SubmitRequest::default() };
    assert_eq!(session.heavy.must_submit(&asked_for_smoke).await.rejected_by, Some(Gate::Smoke));
    assert!(submit(&session).await.success, "the newest simulation was a full one");
    Ok(())
}

#[rstest]
// Validation runs the script first and pricing second; a submission may run it once or more often.
#[case::from_the_start(1)]
#[case::when_submitted(3)]
#[case::when_the_model_is_written(4)]
#[case::afterwards(5)]
#[tokio::test]
async fn reviewer_receives_the_checked_model(
    #[future(awt)] ctx: Context,
    #[case] first_other: u32,
) -> anyhow::Result<()> {
    let session = ctx.session("counting");
    session.light.must_write_file("runs.txt", "0").await;
    let counting = Solution::bracket().with_script(|it| {
        it.before = "runs = int(open('runs.txt').read()) + 1\nopen('runs.txt', 'w').write(str(runs))\n".into();
        it.shape = format!("Pos(70, 0, 5) * Box(20, 20 if runs < {first_other} else 20.125, 10)");
    });
    session.must_hold(&counting).await;
    session.must_be_valid().await;
    session.must_be_priced().await;

    let answer = submit(&session).await;

    if let Some(manifest) = &answer.output.manifest {
        // The other block ends at y = 10.0625 mm.
        let holds_other = session.light.must_read_file(&manifest.cad_path).await.contains("10.0625");
        assert_eq!(holds_other, first_other == 1, "the model is not the one that was checked");
    } else {
        assert_eq!(answer.rejected_by, Some(Gate::Validation), "{answer:#?}");
        let exists = session.light.must_exist_or_not("renders/model.step").await;
        assert!(!exists, "the model of a refused submission was written");
    }
    Ok(())
}

#[rstest]
// Built twice at 10 mm and once at another height, to which one of ten thousandths of a millimetre is no difference.
#[case::millionth("0.000001", None)]
#[case::millionth_less("-0.000001", None)]
#[case::hundredth("0.01", Some("size along z 10.0000 → 10.0100 mm"))]
#[tokio::test]
async fn rebuilt_part_keeps_its_checks_within_tolerance(
    #[future(awt)] ctx: Context,
    #[case] drift: &str,
    #[case] told: Option<&str>,
) -> anyhow::Result<()> {
    let session = ctx.session("drift");
    session.light.must_write_file("drift.txt", "0").await;
    // Script and objectives stay the same; the height comes from a file that decides nothing else. The bore gives the
    // mesher a choice of triangles.
    let block = "Pos(70, 0, 5) * (Box(20, 20, 10 + float(open('drift.txt').read())) - Cylinder(4, 20))";
    let drifting = Solution::bracket().with_script(|it| it.shape = block.into());
    session.must_hold(&drifting).await;
    session.must_be_valid().await;
    session.must_be_priced().await;

    session.light.must_write_file("drift.txt", drift).await;
    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    let answer = submit(&session).await;

    match told {
        None => {
            assert!(simulated.success, "{simulated:#?}");
            assert!(answer.success, "{answer:#?}");
        }
        Some(number) => {
            assert_eq!(simulated.rejected_by, Some(Gate::Pricing), "{simulated:#?}");
            assert_eq!(answer.rejected_by, Some(Gate::Validation), "{answer:#?}");
            for message in [&simulated.message, &answer.message] {
                assert!(message.contains("\"bracket\"") && message.contains(number), "{message}");
            }
        }
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn moved_hole_declaration_changes_the_content(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("hole");
    session.light.must_write_file("shift.txt", "0").await;
    // Script and surface stay the same; where the hole is said to be comes from a file that decides nothing else.
    let drilled = Solution::bracket().with_script(|it| {
        it.before = "from utils.fasteners import fastener_hole\n".into();
        it.shape = "fastener_hole(Pos(70, 0, 5) * Box(20, 20, 10), (70, 0, 10), \"pin\")".into();
        it.after = "hole = bracket.joints[\"pin\"]\n\
                    hole.relative_location = Pos(float(open('shift.txt').read()), 0, 0) * hole.relative_location\n"
            .into();
    });
    session.must_hold(&drilled).await;
    session.must_be_priced().await;

    session.light.must_write_file("shift.txt", "20").await;
    must_not_simulate(&session, "the hole moved by 20 mm").await;

    session.light.must_write_file("shift.txt", "0").await;
    let answer = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(answer.success, "the hole is back at its place: {answer:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn reviewer_receives_pictures_of_exactly_this_content(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = holding(&ctx, "pictures").await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    let drawn = BenchmarkRequest { render: true, ..BenchmarkRequest::default() };
    let drawn =
        session.heavy.must_simulate(&drawn).await.output.artifacts.expect("a simulation has files").render_paths;
    let mut pictures: BTreeSet<_> = drawn.into_iter().collect();

    let manifest = submit(&session).await.output.manifest.expect("the content passed every gate");
    assert!(manifest.mjcf_path.is_some(), "{manifest:#?}");
    assert_eq!(BTreeSet::from_iter(manifest.renders), pictures);

    // A picture that somebody painted over is not the simulation's.
    let painted = pictures.pop_first().expect("pictures were asked for");
    session.light.must_write_file(&painted, "painted").await;
    let manifest = submit(&session).await.output.manifest.expect("the content passed every gate");
    assert_eq!(BTreeSet::from_iter(manifest.renders), pictures);

    session.light.must_edit_file("script.py", "Box(20, 20, 10)", "Box(20, 20, 9)").await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    let manifest = submit(&session).await.output.manifest.expect("the new content passed every gate");
    assert_eq!((manifest.renders, manifest.mjcf_path), (Vec::new(), None), "they show another content");
    Ok(())
}

/// A loose block whose material says what it weighs, and nothing what it costs.
fn loose_block(label: &str, material: &str) -> String {
    designs::script(&format!(
        "block = Pos(100, 100, 30) * Box(20, 20, 20)\nblock.label = {label:?}\n\
         block.metadata = PartMetadata(material_id={material:?})\n\
         return Compound(children=[part(Pos(150, 150, 20) * Box(40, 40, 40), \"bystander\", fixed=True), block])"
    ))
}

async fn holding_script(ctx: &Context, purpose: &str, script: String) -> Session {
    let session = ctx.session(purpose);
    session.must_hold(&designs::Design { script, ..designs::ball_above_goal() }).await;
    session
}

#[rstest]
#[case::part("block", &["block"])]
#[case::moved_object("ball", &[])]
#[tokio::test]
async fn part_without_a_method_is_simulated_and_not_priced(
    #[future(awt)] ctx: Context,
    #[case] label: &str,
    #[case] warned: &[&str],
) -> anyhow::Result<()> {
    let session = holding_script(&ctx, "methodless", loose_block(label, "abs")).await;
    let priced = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
    assert!(priced.success, "{priced:#?}");
    let report = priced.output.report.expect("a report");
    assert_eq!((report.parts.len(), report.unit_cost), (0, 0.0), "{report:#?}");
    let about = priced.warnings.iter().filter(|warning| warning.contains("names no manufacturing_method"));
    assert_eq!(about.count(), warned.len(), "{:?}", priced.warnings);
    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert_eq!(simulated.rejected_by, None, "{simulated:#?}");
    assert!(simulated.output.result.is_some(), "{simulated:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn session_material_file_is_used_and_named(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = holding_script(&ctx, "own-materials", loose_block("block", "oak")).await;
    let refused = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
    assert!(refused.message.contains("\"oak\" is not in /config/manufacturing_config.yaml"), "{}", refused.message);

    let oak = "materials:\n  oak: {name: Oak, density_g_cm3: 0.7, cost_per_kg: 3.0}\n  \
               aluminum_6061: {name: Aluminium, density_g_cm3: 2.7, cost_per_kg: 6.0, compatibility: [cnc]}\n";
    session.light.must_write_file("manufacturing_config.yaml", oak).await;
    session.must_be_priced().await;
    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(simulated.output.result.is_some(), "{simulated:#?}");

    session.light.must_write_file("manufacturing_config.yaml", &oak.changed("oak:", "ash:")).await;
    let refused = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
    assert!(refused.message.contains("\"oak\" is not in manufacturing_config.yaml; it lists"), "{}", refused.message);
    Ok(())
}

#[rstest]
#[case::reserved("world", "reserved")]
#[case::separator("a/b", "'/'")]
#[case::too_long("long", "has 101 characters and at most 100")]
#[tokio::test]
async fn invalid_label_is_refused_by_every_route(
    #[future(awt)] ctx: Context,
    #[case] label: &str,
    #[case] expected: &str,
) -> anyhow::Result<()> {
    let label = if label == "long" { "x".repeat(101) } else { label.to_owned() };
    let session = holding_script(&ctx, "label", loose_block(&label, "abs")).await;
    let validated = session.heavy.must_validate(&BenchmarkRequest::default()).await;
    let priced = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    for (route, success, message) in [
        ("validate", validated.success, validated.message),
        ("validate_and_price", priced.success, priced.message),
        ("simulate", simulated.success, simulated.message),
    ] {
        assert!(!success && message.contains(expected), "{route}: {message}");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn submission_reports_the_validation_findings(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("invalid");
    let outside = Solution::bracket().with_script(|it| it.shape = "Pos(700, 0, 5) * Box(20, 20, 10)".into());
    session.must_hold(&outside).await;
    let validated = session.heavy.must_validate(&BenchmarkRequest::default()).await;
    assert_eq!(validated.rejected_by, Some(Gate::BuildZone), "{validated:#?}");
    let answer = submit(&session).await;
    assert_eq!(answer.rejected_by, Some(Gate::BuildZone), "{answer:#?}");
    assert_eq!(answer.violations, validated.violations);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn script_events_are_delivered_once(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("talkative");
    let tells = "__import__('shared.observability.events').observability.events.emit_event('built')\n";
    let talkative = Solution::bracket().with_script(|it| it.before = tells.into());
    session.must_hold(&talkative).await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    // A submission runs the script twice, for the checks and for the model.
    let answer = submit(&session).await;
    assert!(answer.success, "{answer:#?}");
    let told = answer.events.iter().filter(|event| event["event_type"] == "built");
    assert_eq!(told.clone().count(), 1, "{:#?}", answer.events);
    assert!(told.clone().all(|event| event["source"] == "script"), "{:#?}", answer.events);
    let next = session.light.must_execute("print(1)", 20).await;
    assert!(next.events.is_empty(), "a run reports the events of another one");
    Ok(())
}

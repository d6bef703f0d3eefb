//! Work of a session in memory is submitted: which gate refuses it, what was called before, and what is handed over.

use contract::{
    assembly::ASSEMBLY_DEFINITION_FILE,
    events::EventType,
    execution::{ScriptFault, ScriptFaultKind},
    handover::PlannerRole,
    objectives::OBJECTIVES_FILE,
    simulation::FailureReason,
};
use gates::todo::TodoItems;
use materials::SESSION_FILE;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::{
    baseline::environment_of,
    fake_workshop::{
        ASSEMBLY, BRACKET_MM, FakeWorkshop, OBJECTIVES, OWN_MATERIALS, SCRIPT, block, excess, priced, types_of,
        validated,
    },
    receipts::{PlanRecord, Validated},
};

/// A change of a session, which may be of what its script builds.
type Change = fn(&mut FakeWorkshop);

/// The answer to a solution that is submitted.
async fn submitted(workshop: &FakeWorkshop) -> SubmitResponse {
    submit(workshop, &SubmitRequest::default()).await.expect("the worker can do its work")
}

/// A solution that passed its checks.
async fn checked() -> FakeWorkshop {
    let workshop = FakeWorkshop::solution();
    workshop.pass_checks().await;
    workshop
}

/// A simulation that left no pictures.
fn simulated(is_smoke: bool) -> Simulated {
    let scene_path = "assets/scene.xml".to_owned();
    Simulated { is_smoke, scene_path, files: BTreeMap::new(), at: Utc::now() }
}

async fn submission_of(workshop: &FakeWorkshop) -> Option<Submitted> {
    workshop.receipts().note().await.expect("receipts can be read")
}

/// A session in which this gate refuses, and so does every later one.
async fn refusing_from(first: Gate) -> FakeWorkshop {
    let mut workshop = FakeWorkshop::solution();
    workshop.write(SESSION_FILE, OWN_MATERIALS);
    if first <= Gate::Plan {
        workshop.edit(PLAN_FILE, "## 5. Risk Assessment", "## 5. Risks");
    }
    if first <= Gate::Todo {
        workshop.edit(TODO_FILE, "- [x] Submit", "- [ ] Submit");
    }
    if first <= Gate::Objectives {
        // The ball starts in its goal.
        workshop.edit(OBJECTIVES_FILE, "[0.0, 0.0, 500.0]", "[0.0, 0.0, 60.0]");
    }
    if first <= Gate::Environment {
        workshop.first_objectives = Some(b"others".to_vec());
    }
    if first <= Gate::AssemblyDefinition {
        workshop.edit(ASSEMBLY_DEFINITION_FILE, "quantity: 1", "quantity: none");
    }
    if first > Gate::Validation {
        workshop.note(validated()).await;
    }
    if first > Gate::Pricing {
        let unpriced = if first <= Gate::Manufacturability { vec!["bracket".to_owned()] } else { Vec::new() };
        workshop.note(Priced { unpriced, ..priced() }).await;
    }
    workshop.note(simulated(first <= Gate::Smoke)).await;
    let limits = [Gate::BuildZone, Gate::Cost, Gate::Weight];
    workshop.repriced.findings = limits.into_iter().filter(|gate| first <= *gate).map(excess).collect();
    workshop
}

#[rstest]
#[case::plan(Gate::Plan, &[])]
#[case::todo(Gate::Todo, &[])]
#[case::objectives(Gate::Objectives, &[])]
#[case::environment(Gate::Environment, &[])]
#[case::assembly_definition(Gate::AssemblyDefinition, &[])]
#[case::validation(Gate::Validation, &["build"])]
#[case::pricing(Gate::Pricing, &["build"])]
#[case::smoke(Gate::Smoke, &["build"])]
#[case::manufacturability(Gate::Manufacturability, &["build", "reprice"])]
#[case::build_zone(Gate::BuildZone, &["build", "reprice"])]
#[case::cost(Gate::Cost, &["build", "reprice"])]
#[case::weight(Gate::Weight, &["build", "reprice"])]
#[tokio::test]
async fn first_gate_in_order_refuses(#[case] gate: Gate, #[case] called: &[&str]) {
    let workshop = refusing_from(gate).await;

    let answer = submitted(&workshop).await;

    assert_eq!((answer.success, answer.rejected_by), (false, Some(gate)), "{answer:#?}");
    assert_eq!(workshop.take_calls(), called);
    assert_eq!((answer.output.manifest, submission_of(&workshop).await), (None, None));
    let events = workshop.events();
    let last = events.last().expect("a submission is reported");
    assert_eq!(last["event_type"], EventType::SubmissionValidation.name());
    assert_eq!((&last["verification_passed"], &last["rejected_by"]), (&json!(false), &json!(gate)));
    assert_eq!(last["errors"], json!([answer.message]));
}

#[tokio::test]
async fn broken_documents_are_told_together_in_order() {
    let workshop = refusing_from(Gate::Plan).await;

    let answer = submitted(&workshop).await;

    let mut gates: Vec<_> = answer.violations.iter().map(|finding| finding.gate).collect();
    gates.dedup();
    let expected = [Gate::Plan, Gate::Todo, Gate::Objectives, Gate::Environment, Gate::AssemblyDefinition];
    assert_eq!(gates, expected, "{answer:#?}");
    let beginnings = [
        "plan.md invalid: [Missing required section: ## 5. Risk Assessment]; ",
        "todo.md invalid: [",
        "; objectives.yaml invalid: [",
        "; objectives.yaml violation: Immutability violation",
        "; assembly_definition.yaml invalid: [",
    ];
    let places = beginnings.map(|words| answer.message.find(words));
    assert!(places[0] == Some(0) && places.is_sorted(), "{places:?}: {}", answer.message);
    let events = workshop.events();
    let told = types_of(&events);
    // The plan and the list are at fault in one thing each; of other documents each thing is an event of its own.
    assert_eq!(told[..2], [EventType::LintFailureDocs.name(); 2]);
    assert_eq!(told[2..told.len() - 1], vec![EventType::LogicFailure.name(); answer.violations.len() - 2]);
    assert_eq!(told[told.len() - 1], EventType::SubmissionValidation.name());
}

#[rstest]
#[case::plan(PLAN_FILE, Gate::Plan)]
#[case::todo(TODO_FILE, Gate::Todo)]
#[case::objectives(OBJECTIVES_FILE, Gate::Objectives)]
#[case::assembly_definition(ASSEMBLY_DEFINITION_FILE, Gate::AssemblyDefinition)]
#[tokio::test]
async fn missing_document_is_named(#[case] file: &str, #[case] gate: Gate) {
    let workshop = checked().await;
    workshop.delete(file);

    let answer = submitted(&workshop).await;

    assert_eq!(answer.message, format!("{file} is missing (required for submission)"));
    assert_eq!(answer.rejected_by, Some(gate));
    assert_eq!(workshop.take_calls(), [""; 0]);
    let mut present = vec![PLAN_FILE, TODO_FILE, OBJECTIVES_FILE, ASSEMBLY_DEFINITION_FILE];
    present.retain(|name| *name != file);
    assert_eq!(workshop.events().last().expect("told")["artifacts_present"], json!(present));
}

#[tokio::test]
async fn template_of_objectives_counts_as_missing() {
    let workshop = checked().await;
    workshop.write(OBJECTIVES_FILE, "# [TEMPLATE]\n");
    let answer = submitted(&workshop).await;
    assert_eq!(answer.message, "objectives.yaml is missing (required for submission)");
}

#[tokio::test]
async fn wrong_stage_hides_other_faults() {
    let workshop = refusing_from(Gate::Plan).await;
    plan(&workshop, PlannerRole::BenchmarkPlanner, &["Submit"]).await;

    let answer = submitted(&workshop).await;

    let rules: Vec<_> = answer.violations.iter().map(|finding| finding.violation.rule.as_str()).collect();
    assert_eq!((answer.rejected_by, rules), (Some(Gate::Plan), vec!["plan.other_stage"]));
    assert!(answer.message.starts_with("this session was planned in the stage benchmark"), "{}", answer.message);
    assert_eq!(workshop.take_calls(), [""; 0]);
}

#[tokio::test]
async fn planned_item_may_not_vanish() {
    let workshop = checked().await;
    plan(&workshop, PlannerRole::EngineerPlanner, &["Submit", "Paint the bracket"]).await;
    let answer = submitted(&workshop).await;
    assert_eq!(answer.rejected_by, Some(Gate::Todo), "{answer:#?}");
    assert!(answer.message.contains("Paint the bracket"), "{}", answer.message);
}

/// Notes that a plan with these items was handed over.
async fn plan(workshop: &FakeWorkshop, role: PlannerRole, items: &[&str]) {
    let todo = TodoItems(items.iter().map(|item| (*item).to_owned()).collect());
    let record =
        PlanRecord { role, revision: 1, todo, objectives_sha256: sha256(OBJECTIVES.as_bytes()), at: Utc::now() };
    workshop.receipts().write(record).await.expect("a receipt can be written");
}

#[tokio::test]
async fn change_of_content_voids_its_checks() {
    let changes: [(&str, Change); 5] = [
        ("script", |it| it.edit(SCRIPT, "def build", "# Another.\ndef build")),
        ("objectives", |it| it.edit(OBJECTIVES_FILE, "constraints:", "# Mine.\nconstraints:")),
        ("definition", |it| it.edit(ASSEMBLY_DEFINITION_FILE, "\"1.0\"", "\"1.1\"")),
        ("materials", |it| it.write(SESSION_FILE, OWN_MATERIALS)),
        ("geometry", |it| it.parts = vec![block("bracket", [20.0, 20.0, 9.0], false)]),
    ];
    for (what, change) in changes {
        let mut workshop = checked().await;
        change(&mut workshop);
        let answer = submitted(&workshop).await;
        assert_eq!(answer.rejected_by, Some(Gate::Validation), "{what}: {answer:#?}");
        assert!(answer.message.starts_with("Prior validation missing. Call /benchmark/validate "), "{answer:#?}");
        must_need_both_checks(&workshop, false).await;
    }
}

/// Validation alone leads to pricing, and both to the hand-over.
async fn must_need_both_checks(workshop: &FakeWorkshop, in_benchmark: bool) {
    workshop.note(Validated { in_benchmark, ..validated() }).await;
    let answer = submitted(workshop).await;
    assert_eq!(answer.rejected_by, Some(Gate::Pricing), "{answer:#?}");
    assert!(answer.message.starts_with("Prior pricing missing. Call /benchmark/validate_and_price "), "{answer:#?}");
    workshop.note(Priced { in_benchmark, ..priced() }).await;
    let answer = submitted(workshop).await;
    assert!(answer.success, "{answer:#?}");
}

#[tokio::test]
async fn check_of_another_session_does_not_count() {
    let workshop = checked().await;
    let key = workshop.built().await.key;
    let other = workshop.moved_to("other");
    assert_eq!(other.built().await.key, key, "the content is the same");
    assert_eq!(submitted(&other).await.rejected_by, Some(Gate::Validation));
    must_need_both_checks(&other, false).await;
}

#[tokio::test]
async fn check_before_a_hand_over_does_not_count() {
    let workshop = checked().await;
    let key = workshop.built().await.key;
    workshop.receive(BTreeMap::new()).await;
    assert_eq!(workshop.built().await.key, key, "the content is the same");
    assert_eq!(submitted(&workshop).await.rejected_by, Some(Gate::Validation));
    must_need_both_checks(&workshop, true).await;
}

#[rstest]
#[case::within_the_tolerance(10.000_05, None)]
#[case::beyond_it(10.5, Some("size along z 10.0000 → 10.5000 mm"))]
#[tokio::test]
async fn rebuilt_part_is_compared_with_the_checked_one(#[case] height_mm: f64, #[case] moved: Option<&str>) {
    let mut workshop = checked().await;
    workshop.parts = vec![block("bracket", [20.0, 20.0, height_mm], false)];
    let answer = submitted(&workshop).await;
    assert_eq!(answer.success, moved.is_none(), "{answer:#?}");
    if let Some(moved) = moved {
        let ending = format!(". Since the last check: part \"bracket\": {moved}");
        assert!(answer.message.ends_with(&ending), "{}", answer.message);
    }
}

#[tokio::test]
async fn changed_environment_is_refused_when_built() {
    let changes: [(&str, Change); 4] = [
        ("environment.part_missing", |it| it.parts.retain(|part| part.label != "base")),
        ("environment.part_changed", |it| it.parts[0] = block("base", [40.0, 40.0, 9.0], true)),
        ("environment.material_changed", |it| it.write(SESSION_FILE, OWN_MATERIALS)),
        ("environment.moved_object_replaced", |it| it.parts.push(block("ball", BRACKET_MM, false))),
    ];
    for (rule, change) in changes {
        let mut workshop = solving().await;
        change(&mut workshop);
        let answer = submitted(&workshop).await;
        let rules: Vec<_> = answer.violations.iter().map(|finding| finding.violation.rule.as_str()).collect();
        assert_eq!((answer.rejected_by, rules), (Some(Gate::Environment), vec![rule]), "{answer:#?}");
        assert_eq!(workshop.take_calls(), ["build"]);
    }
    // Left as it is, it blocks nothing; the checks are missing.
    assert_eq!(submitted(&solving().await).await.rejected_by, Some(Gate::Validation));
}

/// A solution beside the base of a benchmark that was handed over.
async fn solving() -> FakeWorkshop {
    let mut workshop = FakeWorkshop::solution();
    workshop.parts = vec![block("base", [40.0, 40.0, 10.0], true)];
    let environment = environment_of(&workshop.built().await, workshop.materials()).expect("its material is known");
    workshop.receive(environment).await;
    workshop.parts.push(block("bracket", BRACKET_MM, false));
    workshop
}

#[tokio::test]
async fn failed_validation_is_repeated() {
    let workshop = checked().await;
    let findings = vec![excess(Gate::Manufacturability), excess(Gate::BuildZone)];
    workshop.note(Validated { passed: false, findings: findings.clone(), ..validated() }).await;
    workshop.note(Priced { findings: vec![excess(Gate::Cost)], ..priced() }).await;
    let answer = submitted(&workshop).await;
    assert_eq!(answer.violations, findings);
    assert_eq!(workshop.take_calls(), ["build"]);
}

#[rstest]
#[case::manufacturability(Gate::Manufacturability, "DFM", FailureReason::ManufacturabilityFailed)]
#[case::build_zone(Gate::BuildZone, "Build zone", FailureReason::ValidationFailed)]
#[case::cost(Gate::Cost, "Cost", FailureReason::ValidationFailed)]
#[case::weight(Gate::Weight, "Weight", FailureReason::ValidationFailed)]
#[tokio::test]
async fn failed_price_names_its_limit(#[case] gate: Gate, #[case] limit: &str, #[case] reason: FailureReason) {
    let workshop = checked().await;
    workshop.note(Priced { findings: vec![excess(gate)], ..priced() }).await;
    let answer = submitted(&workshop).await;
    assert_eq!(answer.message, format!("Submission rejected ({limit}): it is too much"));
    assert_eq!((answer.rejected_by, answer.failure_reason), (Some(gate), Some(reason)));
    assert_eq!(workshop.take_calls(), ["build"]);
}

#[rstest]
#[case::that_was_simulated(true, false)]
#[case::that_is_asked_for(false, true)]
#[tokio::test]
async fn smoke_run_is_refused(#[case] is_smoke: bool, #[case] smoke_test_mode: bool) {
    let workshop = checked().await;
    workshop.note(simulated(is_smoke)).await;
    let request = SubmitRequest { smoke_test_mode, ..SubmitRequest::default() };
    let answer = submit(&workshop, &request).await.expect("the worker can do its work");
    assert_eq!(answer.rejected_by, Some(Gate::Smoke), "{answer:#?}");
    assert!(answer.message.starts_with("Submission rejected (Smoke): "), "{}", answer.message);
    assert_eq!(workshop.take_calls(), ["build"]);

    workshop.note(simulated(false)).await;
    assert!(submitted(&workshop).await.success, "the newest simulation is a full one");
}

#[tokio::test]
async fn unpriced_part_stops_only_a_solution() {
    let (solution, benchmark) = (FakeWorkshop::solution(), FakeWorkshop::benchmark());
    for workshop in [&solution, &benchmark] {
        workshop.pass_checks().await;
        workshop.note(Priced { unpriced: vec!["lever".to_owned()], ..priced() }).await;
    }

    let refused = submitted(&solution).await;
    assert_eq!(refused.rejected_by, Some(Gate::Manufacturability), "{refused:#?}");
    assert_eq!(refused.failure_reason, Some(FailureReason::ManufacturabilityFailed));
    let beginning = "Submission rejected (DFM): part \"lever\" names no manufacturing_method";
    assert!(refused.message.starts_with(beginning), "{}", refused.message);
    assert_eq!(solution.take_calls(), ["build"]);

    let passed = submit(&benchmark, &as_benchmark()).await.expect("the worker can do its work");
    assert!(passed.success, "{passed:#?}");
}

fn as_benchmark() -> SubmitRequest {
    SubmitRequest { stage: Stage::Benchmark, ..SubmitRequest::default() }
}

#[rstest]
#[case::by_the_platform(None, &["build", "export step", "keep"], [108.5981, 10.8])]
#[case::by_the_session(Some(OWN_MATERIALS), &["build", "reprice", "export step", "keep"], [120.0, 12.0])]
#[tokio::test]
async fn only_prices_of_the_platform_are_submitted(
    #[case] own: Option<&str>,
    #[case] called: &[&str],
    #[case] expected: [f64; 2],
) {
    let workshop = FakeWorkshop::solution();
    if let Some(own) = own {
        workshop.write(SESSION_FILE, own);
    }
    workshop.pass_checks().await;
    let manifest = submitted(&workshop).await.output.manifest.expect("the work passed every gate");
    assert_eq!([manifest.unit_cost, manifest.weight_g], expected);
    assert_eq!(workshop.take_calls(), called);
}

#[tokio::test]
async fn sound_work_is_handed_over_and_recorded() {
    let workshop = checked().await;

    let answer = submitted(&workshop).await;

    assert_eq!((answer.success, answer.message.as_str()), (true, "Handover complete"), "{answer:#?}");
    assert_eq!((answer.rejected_by, answer.failure_reason, answer.violations), (None, None, Vec::new()));
    assert_eq!(workshop.take_calls(), ["build", "export step", "keep"]);
    let key = workshop.built().await.key;
    let receipt = submission_of(&workshop).await.expect("what passed is recorded");
    let (content_sha256, script_path) = (key.clone(), SCRIPT.to_owned());
    assert_eq!(receipt, Submitted { stage: Stage::Engineering, content_sha256, script_path, at: receipt.at });
    let manifest = answer.output.manifest.expect("work that passed has a manifest");
    let expected = ReviewManifest {
        status: "ready_for_review".to_owned(),
        timestamp: receipt.at.timestamp_micros() as f64 / 1e6,
        session_id: workshop.receipts().session.clone(),
        renders: Vec::new(),
        video_path: None,
        mjcf_path: None,
        cad_path: "renders/model.step".to_owned(),
        objectives_path: "renders/objectives.yaml".to_owned(),
        assembly_definition_path: Some("renders/assembly_definition.yaml".to_owned()),
        content_sha256: key,
        unit_cost: 108.5981,
        weight_g: 10.8,
        catalog: workshop.materials().catalog.version().clone(),
    };
    assert_eq!(manifest, expected);

    let mut written = workshop.files();
    written.retain(|path, _| path.starts_with("renders/"));
    let text = written.remove("renders/review_manifest.json").expect("the manifest is written");
    assert_eq!(serde_json::from_slice::<ReviewManifest>(&text).expect("it is JSON"), manifest);
    let others = [
        ("renders/model.step", "step of bracket"),
        ("renders/objectives.yaml", OBJECTIVES),
        ("renders/assembly_definition.yaml", ASSEMBLY),
    ];
    assert_eq!(written, BTreeMap::from(others.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))));
}

#[tokio::test]
async fn success_is_told_by_the_last_event() {
    let workshop = checked().await;
    let answer = submitted(&workshop).await;
    let events = workshop.events();
    assert_eq!(types_of(&events), ["built", EventType::SubmissionValidation.name()]);
    let told = &events[1];
    let present = [PLAN_FILE, TODO_FILE, OBJECTIVES_FILE, ASSEMBLY_DEFINITION_FILE];
    assert_eq!(told["artifacts_present"], json!(present));
    assert_eq!((&told["verification_passed"], &told["errors"]), (&json!(true), &json!([])));
    let manifest = answer.output.manifest.expect("the work passed every gate");
    assert_eq!(told["content_sha256"], json!(manifest.content_sha256));
    assert_eq!(told["catalog"], json!(manifest.catalog));
}

#[tokio::test]
async fn missing_baseline_is_warned_of() {
    let bare = submitted(&checked().await).await;
    let told = &bare.warnings[..];
    assert!(matches!(told, [one] if one.ends_with("the environment are compared with nothing")), "{bare:#?}");

    let workshop = solving().await;
    must_need_both_checks(&workshop, true).await;
    let answer = submitted(&workshop).await;
    assert_eq!((answer.success, answer.warnings), (true, Vec::new()));
}

#[tokio::test]
async fn benchmark_needs_no_assembly_definition() {
    let workshop = FakeWorkshop::benchmark();
    workshop.pass_checks().await;
    let answer = submit(&workshop, &as_benchmark()).await.expect("the worker can do its work");
    let manifest = answer.output.manifest.expect("the benchmark passed every gate");
    assert_eq!(manifest.assembly_definition_path, None);
    assert_eq!(workshop.file("renders/assembly_definition.yaml"), None);
    assert_eq!(submission_of(&workshop).await.map(|receipt| receipt.stage), Some(Stage::Benchmark));

    // One that is there must be sound.
    workshop.write(ASSEMBLY_DEFINITION_FILE, ASSEMBLY.replace("quantity: 1", "quantity: none"));
    let answer = submit(&workshop, &as_benchmark()).await.expect("the worker can do its work");
    assert_eq!(answer.rejected_by, Some(Gate::AssemblyDefinition), "{answer:#?}");
}

#[rstest]
#[case::script(Some("def build(): pass"), None)]
#[case::bundle(None, Some("H4sI"))]
#[tokio::test]
async fn benchmark_comes_only_from_session_files(#[case] script: Option<&str>, #[case] bundle: Option<&str>) {
    let workshop = FakeWorkshop::benchmark();
    workshop.pass_checks().await;
    let design = DesignSource {
        script_content: script.map(str::to_owned),
        bundle_base64: bundle.map(str::to_owned),
        ..DesignSource::default()
    };
    let answer = submit(&workshop, &SubmitRequest { design, ..as_benchmark() }).await.expect("an answer");
    assert_eq!((answer.success, answer.rejected_by), (false, None));
    let beginning = "VALIDATION_FAILED: a benchmark is handed over from the files of its session: ";
    assert!(answer.message.starts_with(beginning), "{}", answer.message);
    assert_eq!(workshop.take_calls(), [""; 0]);
    assert_eq!(types_of(&workshop.events()), [EventType::SubmissionValidation.name()]);
}

#[tokio::test]
async fn script_fault_is_an_answer() {
    let workshop = checked().await;
    let message = "script.py defines no build()".to_owned();
    workshop.fail_build(ScriptFault { kind: ScriptFaultKind::BuildMissing, message, line: None }.into());
    let answer = submitted(&workshop).await;
    assert_eq!(answer.message, "VALIDATION_FAILED: script.py defines no build()");
    assert_eq!((answer.success, answer.rejected_by), (false, None));
    assert_eq!(types_of(&workshop.events()), [EventType::SubmissionValidation.name()]);
}

#[tokio::test]
async fn caller_that_left_gets_no_answer() {
    let workshop = checked().await;
    workshop.fail_build(NotBuilt::Left);
    let left = submit(&workshop, &SubmitRequest::default()).await;
    assert!(matches!(left, Err(NotBuilt::Left)), "{left:?}");
    assert!(workshop.events().is_empty(), "{:?}", workshop.events());
}

/// Files of a simulation; each holds its own path.
const FILES: [&str; 4] = ["assets/ball.obj", "assets/scene.xml", "renders/render_e15_a0.png", "renders/simulation.mp4"];

fn simulated_with_files() -> Simulated {
    Simulated { files: FILES.map(|path| (path.to_owned(), sha256(path.as_bytes()))).into(), ..simulated(false) }
}

/// What is shown when these files have changed since.
fn shown_without(changed: &[&str]) -> Shown {
    Shown::untouched(simulated_with_files(), |path| (!changed.contains(&path)).then(|| sha256(path.as_bytes())))
}

#[test]
fn only_existing_simulation_files_are_shown() {
    let [mesh, scene, picture, video] = FILES;
    let all =
        Shown { pictures: vec![picture.to_owned()], video: Some(video.to_owned()), scene: Some(scene.to_owned()) };
    assert_eq!(shown_without(&[picture]), Shown { pictures: Vec::new(), ..shown_without(&[]) });
    assert_eq!(shown_without(&[video]), Shown { video: None, ..shown_without(&[]) });
    assert_eq!(shown_without(&[scene]), Shown { scene: None, ..shown_without(&[]) });
    assert_eq!(shown_without(&[mesh]), Shown { scene: None, ..shown_without(&[]) });
    assert_eq!(shown_without(&[]), all);
}

/// Picture, video and scene of a manifest.
async fn shown_to_the_reviewer(workshop: &FakeWorkshop) -> (Vec<String>, Option<String>, Option<String>) {
    let manifest = submitted(workshop).await.output.manifest.expect("the work passed every gate");
    (manifest.renders, manifest.video_path, manifest.mjcf_path)
}

#[tokio::test]
async fn reviewer_receives_untouched_pictures_only() {
    let [_, scene, picture, video] = FILES.map(str::to_owned);
    let workshop = checked().await;
    workshop.note(simulated_with_files()).await;
    for path in FILES {
        workshop.write(path, path);
    }
    let all = (vec![picture.clone()], Some(video), Some(scene.clone()));
    assert_eq!(shown_to_the_reviewer(&workshop).await, all);

    workshop.write(&picture, "painted over");
    workshop.delete(FILES[3]);
    assert_eq!(shown_to_the_reviewer(&workshop).await, (Vec::new(), None, Some(scene)));

    workshop.write(&picture, FILES[2]);
    workshop.edit(SCRIPT, "def build", "# Another.\ndef build");
    workshop.pass_checks().await;
    let nothing = (Vec::new(), None, None);
    assert_eq!(shown_to_the_reviewer(&workshop).await, nothing, "pictures of another content");
}

#[tokio::test]
async fn bundle_brings_the_work_but_no_pictures() {
    let mut workshop = checked().await;
    workshop.note(simulated_with_files()).await;
    let mut bundle = workshop.files();
    bundle.insert(FILES[2].to_owned(), b"of the bundle".to_vec());
    workshop.bundle = Some(bundle);
    for path in [SCRIPT, PLAN_FILE, TODO_FILE, OBJECTIVES_FILE, ASSEMBLY_DEFINITION_FILE] {
        workshop.delete(path);
    }
    workshop.write(FILES[2], FILES[2]);
    let (pictures, video, _) = shown_to_the_reviewer(&workshop).await;
    assert_eq!((pictures, video), (vec![FILES[2].to_owned()], None));
    assert_eq!(workshop.file(OBJECTIVES_COPY), Some(OBJECTIVES.as_bytes().to_vec()));
}

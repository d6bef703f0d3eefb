//! A benchmark in memory is copied into the session that is to solve it: which one may, what arrives, and what is
//! recorded.

use contract::{gate::Finding, handover::SubmitRequest};
use design::{PartRole, part_hash};
use materials::SESSION_FILE;
use rstest::rstest;

use super::*;
use crate::{
    content::content_key,
    fake_workshop::{BYSTANDER_MM, FakeWorkshop, MOUNT, OBJECTIVES, OWN_MATERIALS, SCRIPT, block, types_of},
    submit::submit,
};

/// A change of a session, which may be of what its script builds.
type Change = fn(&mut FakeWorkshop);

/// What makes another benchmark of it.
const CHANGES: [(&str, Change); 2] = [
    ("objectives", |it| it.edit(OBJECTIVES_FILE, "constraints:", "# Mine.\nconstraints:")),
    ("geometry", |it| it.parts = vec![block("bystander", [40.0, 40.0, 41.0], true)]),
];

/// A session that receives, and one whose benchmark was submitted.
async fn sessions() -> (FakeWorkshop, FakeWorkshop) {
    let benchmark = FakeWorkshop::benchmark();
    note_submitted(&benchmark, Stage::Benchmark).await;
    (benchmark.beside("target"), benchmark)
}

/// Notes that what the session holds now was submitted.
async fn note_submitted(workshop: &FakeWorkshop, stage: Stage) {
    let content_sha256 = workshop.built().await.key;
    let receipt = Submitted { stage, content_sha256, script_path: SCRIPT.to_owned(), at: Utc::now() };
    workshop.receipts().write(receipt).await.expect("a receipt can be written");
}

async fn baseline_of(workshop: &FakeWorkshop) -> Option<Baseline> {
    workshop.receipts().note().await.expect("receipts can be read")
}

/// The answer to a hand-over that succeeds.
async fn handed_over(target: &FakeWorkshop, benchmark: &FakeWorkshop) -> HandoverOutput {
    let answer = take_over(target, benchmark).await.expect("the worker can do its work");
    assert!(answer.success, "{answer:#?}");
    answer.output
}

/// The answer to a hand-over that is refused, and leaves nothing behind.
async fn refused(target: &FakeWorkshop, benchmark: &FakeWorkshop) -> HandoverResponse {
    let (files, baseline) = (target.files(), baseline_of(target).await);
    let answer = take_over(target, benchmark).await.expect("the worker can do its work");
    assert!(!answer.success, "{answer:#?}");
    assert_eq!(answer.output, HandoverOutput::default());
    assert_eq!((target.files(), baseline_of(target).await), (files, baseline));
    answer
}

fn rules(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.violation.rule.as_str()).collect()
}

#[tokio::test]
async fn benchmark_is_not_handed_over_to_itself() {
    let (_, benchmark) = sessions().await;
    let answer = refused(&benchmark, &benchmark).await;
    assert_eq!(answer.message, "a benchmark is handed over into another session, not into its own");
    assert_eq!(benchmark.take_calls(), [""; 0]);
}

#[rstest]
#[case::nothing(None)]
#[case::solution(Some(Stage::Engineering))]
#[tokio::test]
async fn only_a_submitted_benchmark_is_handed_over(#[case] submitted: Option<Stage>) {
    let benchmark = FakeWorkshop::benchmark();
    if let Some(stage) = submitted {
        note_submitted(&benchmark, stage).await;
    }
    let answer = refused(&benchmark.beside("target"), &benchmark).await;
    let expected = "session benchmark has no benchmark that passed /benchmark/submit with stage benchmark";
    assert_eq!((answer.message.as_str(), answer.rejected_by), (expected, None));
    assert_eq!(benchmark.take_calls(), [""; 0]);
}

#[tokio::test]
async fn changed_benchmark_is_refused() {
    let script: (&str, Change) = ("script", |it| it.edit(SCRIPT, "def build", "# Another.\ndef build"));
    for (what, change) in CHANGES.into_iter().chain([script]) {
        let (target, mut benchmark) = sessions().await;
        change(&mut benchmark);

        let answer = refused(&target, &benchmark).await;

        assert_eq!(answer.rejected_by, Some(Gate::Environment), "{what}: {answer:#?}");
        assert_eq!(rules(&answer.violations), ["environment.changed_since_submission"], "{what}");
        assert!(answer.message.ends_with("was changed since it was submitted; submit it again"), "{}", answer.message);
        assert_eq!((benchmark.take_calls(), target.take_calls()), (vec!["build".to_owned()], Vec::new()));
        assert_eq!(types_of(&target.events()), ["logic_failure"], "{what}");
    }
}

#[tokio::test]
async fn another_benchmark_is_refused() {
    for (what, change) in CHANGES {
        let (target, mut benchmark) = sessions().await;
        handed_over(&target, &benchmark).await;
        benchmark.take_calls();
        change(&mut benchmark);
        note_submitted(&benchmark, Stage::Benchmark).await;

        let answer = refused(&target, &benchmark).await;

        assert_eq!(answer.rejected_by, Some(Gate::Environment), "{what}: {answer:#?}");
        assert_eq!(rules(&answer.violations), ["environment.other"], "{what}");
        assert!(answer.message.contains("holds the benchmark of session benchmark"), "{}", answer.message);
        assert_eq!(benchmark.take_calls(), ["build"], "{what}");
    }
}

#[tokio::test]
async fn same_benchmark_may_be_handed_over_again() {
    let (target, benchmark) = sessions().await;
    let first = handed_over(&target, &benchmark).await;
    // As if the data of its material had changed since.
    let mut baseline = first.baseline.expect("what was handed over is fixed");
    for part in baseline.environment.values_mut() {
        part.material_sha256 = Some("older".to_owned());
    }
    target.receipts().write(baseline.clone()).await.expect("a receipt can be written");

    let again = handed_over(&target, &benchmark).await;

    assert_eq!(again.files, first.files);
    let recorded = baseline_of(&target).await.expect("it is recorded");
    assert_ne!(recorded.environment, baseline.environment, "the old data still counts");
    assert_eq!(again.baseline, Some(recorded));
}

#[rstest]
#[case::objectives(OBJECTIVES_FILE)]
#[case::script("environment.py")]
#[case::module("lib/blocks.py")]
#[tokio::test]
async fn differing_file_is_not_overwritten(#[case] name: &str) {
    let (target, benchmark) = sessions().await;
    benchmark.write("lib/blocks.py", "def block(): ...\n");
    target.write(name, "mine = 1\n");
    let answer = refused(&target, &benchmark).await;
    let expected = format!("{name} exists in this session and differs from the benchmark's; move it away first");
    assert_eq!(answer.message, expected);
    assert_eq!(target.take_calls(), [""; 0]);
}

#[rstest]
#[case::template(OBJECTIVES_FILE, "# [TEMPLATE]\n", OBJECTIVES)]
#[case::same_content(OBJECTIVES_FILE, OBJECTIVES, OBJECTIVES)]
#[case::older_model("environment/environment.glb", "older", "glb of bystander")]
#[tokio::test]
async fn file_without_work_gives_way(#[case] name: &str, #[case] present: &str, #[case] arrived: &str) {
    let (target, benchmark) = sessions().await;
    target.write(name, present);
    handed_over(&target, &benchmark).await;
    assert_eq!(target.file(name), Some(arrived.as_bytes().to_vec()));
}

#[rstest]
#[case::module("environment.py", false)]
#[case::module_in_the_folder("environment/walls.py", false)]
#[case::mesh("environment/ball.stl", true)]
#[tokio::test]
async fn reserved_name_is_refused(#[case] name: &str, #[case] is_mesh: bool) {
    let benchmark = FakeWorkshop::benchmark();
    benchmark.write(name, "anything");
    if is_mesh {
        move_mesh(&benchmark, name);
    }
    note_submitted(&benchmark, Stage::Benchmark).await;
    let answer = refused(&benchmark.beside("target"), &benchmark).await;
    let beginning = format!("the benchmark's own {name} stands where its package has environment.py and environment/;");
    assert!(answer.message.starts_with(&beginning), "{}", answer.message);
    assert_eq!(benchmark.take_calls(), ["build"]);
}

/// Has the objectives name a file for the moved object.
fn move_mesh(benchmark: &FakeWorkshop, path: &str) {
    benchmark.edit(OBJECTIVES_FILE, "shape: sphere", &format!("shape: mesh\n  mesh_path: {path}"));
}

#[tokio::test]
async fn package_holds_the_whole_environment() {
    let benchmark = FakeWorkshop::benchmark();
    move_mesh(&benchmark, "parts/cube.stl");
    benchmark.write("parts/cube.stl", "solid cube");
    benchmark.write("lib/blocks.py", "def block(): ...\n");
    note_submitted(&benchmark, Stage::Benchmark).await;
    let target = benchmark.beside("target");

    let HandoverOutput { baseline, files } = handed_over(&target, &benchmark).await;

    let own = |path: &str| benchmark.file(path).expect("the benchmark has it");
    let expected = [
        ("objectives.yaml", own(OBJECTIVES_FILE)),
        ("environment.py", own(SCRIPT)),
        ("parts/cube.stl", b"solid cube".to_vec()),
        ("lib/blocks.py", own("lib/blocks.py")),
        ("environment/environment.step", b"step of bystander".to_vec()),
        ("environment/environment.glb", b"glb of bystander".to_vec()),
    ];
    assert_eq!(files, expected.each_ref().map(|(path, _)| *path));
    assert_eq!(target.files(), BTreeMap::from(expected.map(|(path, content)| (path.to_owned(), content))));
    assert_eq!(baseline.and_then(|it| it.moved_mesh_sha256), Some(sha256(b"solid cube")));
    assert_eq!(benchmark.take_calls(), ["build", "export step glb"]);
    assert_eq!(target.take_calls(), ["keep"]);
    assert!(target.events().is_empty(), "{:?}", target.events());
}

#[tokio::test]
async fn mounted_mesh_is_fixed_but_not_packed() {
    let benchmark = FakeWorkshop::benchmark();
    let path = format!("{MOUNT}ball.stl");
    move_mesh(&benchmark, &path);
    benchmark.write(&path, "solid ball");
    note_submitted(&benchmark, Stage::Benchmark).await;
    let HandoverOutput { baseline, files } = handed_over(&benchmark.beside("target"), &benchmark).await;
    assert!(!files.iter().any(|file| file.contains("ball.stl")), "{files:?}");
    assert_eq!(baseline.and_then(|it| it.moved_mesh_sha256), Some(sha256(b"solid ball")));
}

#[tokio::test]
async fn baseline_is_recorded_by_hash() {
    let (target, benchmark) = sessions().await;
    let answer = take_over(&target, &benchmark).await.expect("the worker can do its work");
    assert_eq!(answer.message, "Benchmark handed over: the parts of its environment are fixed by hash (1)");
    let baseline = answer.output.baseline.expect("what was handed over is fixed");
    assert_eq!(baseline_of(&target).await.as_ref(), Some(&baseline));
    assert_eq!(baseline_of(&benchmark).await, None);
    assert_eq!(baseline.benchmark_session_id, benchmark.receipts().session);
    assert_eq!(baseline.objectives_sha256, sha256(OBJECTIVES.as_bytes()));
    assert_eq!(baseline.moved_mesh_sha256, None);
    let parts: Vec<_> = baseline.environment.iter().map(|(label, part)| (label.as_str(), &part.cad_sha256)).collect();
    assert_eq!(parts, [("bystander", &part_hash(&benchmark.parts[0]))]);
    assert!(baseline.environment["bystander"].material_sha256.is_some());
}

#[tokio::test]
async fn environment_is_recognised_in_its_new_session() {
    let (mut target, benchmark) = sessions().await;
    handed_over(&target, &benchmark).await;
    let [x, y, z] = BYSTANDER_MM;
    target.parts = vec![block("bystander", [x, y, z + 0.000_05], true)];
    // A part that is not recognised is another one, and refused.
    let built = target.built().await;
    assert_eq!(built.part_hashes, [part_hash(&benchmark.parts[0])]);
    assert_ne!(built.key, content_key(&[part_hash(&target.parts[0])], &built.files));
}

#[tokio::test]
async fn material_unknown_to_the_platform_is_refused() {
    let mut benchmark = FakeWorkshop::benchmark();
    benchmark.write(SESSION_FILE, OWN_MATERIALS);
    let mut part = block("bystander", BYSTANDER_MM, true);
    if let PartRole::Part(metadata) = &mut part.role {
        metadata.material_id = Some("oak".to_owned());
    }
    benchmark.parts = vec![part];
    note_submitted(&benchmark, Stage::Benchmark).await;
    let answer = refused(&benchmark.beside("target"), &benchmark).await;
    let beginning = "part \"bystander\": material \"oak\" is not in /config/manufacturing_config.yaml";
    assert!(answer.message.starts_with(beginning), "{}", answer.message);
}

#[tokio::test]
async fn submission_opens_the_hand_over() {
    let benchmark = FakeWorkshop::benchmark();
    benchmark.pass_checks().await;
    let request = SubmitRequest { stage: Stage::Benchmark, ..SubmitRequest::default() };
    let submitted = submit(&benchmark, &request).await.expect("the worker can do its work");
    assert!(submitted.success, "{submitted:#?}");
    let target = benchmark.beside("target");
    handed_over(&target, &benchmark).await;
    assert_eq!(target.file("environment.py"), benchmark.file(SCRIPT));
}

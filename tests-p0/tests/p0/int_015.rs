//! INT-015 — the engineer cannot alter the environment.
//!
//! Seam: worker-heavy submit (benchmark) → handover → recorded hashes → validate, price, simulate and submit
//! Requirement: objectives and environment geometry are immutable across the hand-over, by hashes of the CAD result and
//! of the simulated bodies that the worker records; every way of changing them is refused and named. Where no benchmark
//! was handed over, the first commit of the session fixes the objectives, and what is compared with nothing is told.

use contract::{
    benchmark::BenchmarkRequest,
    design_source::DesignSource,
    gate::{Gate, Stage},
    handover::{HandoverRequest, SubmitRequest},
    workbench::PriceRequest,
};
use rstest::rstest;
use testkit::{
    Context, Files, Session, Workspace, designs,
    objectives::Shape,
    solutions::{Benchmark, Solution},
};

use crate::ctx;

/// A session that received the benchmark and holds a solution of it.
async fn solving(ctx: &Context) -> Session {
    ctx.solving(&ctx.bystander().await, &Solution::bracket_in_environment()).await
}

#[rstest]
#[tokio::test]
async fn package_arrives_with_its_hashes(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let benchmark = ctx.bystander().await;
    let session = ctx.session("receiver");
    let request = HandoverRequest { benchmark_session_id: benchmark.id.parse()? };
    let answer = session.heavy.must_handover(&request).await;
    assert!(answer.success, "{answer:#?}");
    let baseline = answer.output.baseline.expect("a hand-over has a baseline");
    let part = baseline.environment.get("bystander").expect("the block is part of the environment");
    let material = part.material_sha256.as_deref().expect("the data of the material is fixed, too");
    assert!(part.cad_sha256.len() == 64 && material.len() == 64 && part.cad_sha256 != material);
    assert_eq!(session.light.must_read_file("objectives.yaml").await, Benchmark::bystander().objectives.to_yaml());
    assert_eq!(session.light.must_read_file("environment.py").await, Benchmark::bystander().script);
    for path in &answer.output.files {
        assert!(session.light.must_exist_or_not(path).await, "{path} did not arrive");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn solution_beside_the_environment_passes_every_gate(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = solving(&ctx).await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(simulated.success, "{simulated:#?}");
    let answer = session.heavy.must_submit(&SubmitRequest::default()).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

#[rstest]
#[case::moved("environment.py", "Pos(150, 150, 20)", "Pos(151, 150, 20)", "bystander")]
#[case::moved_by_a_hair("environment.py", "Pos(150, 150, 20)", "Pos(150.001, 150, 20)", "bystander")]
#[case::resized("environment.py", "Box(40, 40, 40)", "Box(40, 40, 39)", "bystander")]
#[case::of_another_material("environment.py", "material_id=\"aluminum_6061\"", "material_id=\"abs\"", "bystander")]
#[case::left_out("script.py", "children=[*build_environment().children, bracket]", "children=[bracket]", "bystander")]
#[case::moved_by_the_solution(
    "script.py",
    "return Compound(children=[*build_environment().children, bracket])",
    "return Compound(children=[*[Pos(0, 0, 1) * c for c in build_environment().children], bracket])",
    "bystander"
)]
#[case::ball_taken_over("script.py", "\"bracket\"", "\"ball\"", "ball")]
#[case::objectives_eased("objectives.yaml", "max: [50.0, 50.0, 100.0]", "max: [60.0, 60.0, 100.0]", "objectives.yaml")]
#[case::cap_raised("objectives.yaml", "max_unit_cost: 150.0", "max_unit_cost: 1500.0", "objectives.yaml")]
#[case::comment_in_objectives("objectives.yaml", "constraints:", "# mine\nconstraints:", "objectives.yaml")]
#[tokio::test]
async fn every_change_is_refused_by_every_tool(
    #[future(awt)] ctx: Context,
    #[case] file: &str,
    #[case] from: &str,
    #[case] to: &str,
    #[case] named: &str,
) -> anyhow::Result<()> {
    let session = solving(&ctx).await;
    session.light.must_edit_file(file, from, to).await;

    // A raised cap also differs from the one that the assembly definition repeats, which is asked after.
    must_be_refused_by_every_tool(&session, &DesignSource::default(), named).await;

    session.light.must_edit_file(file, to, from).await;
    session.must_be_valid().await;
    Ok(())
}

/// Holds every tool that takes a design to the environment that was handed over.
async fn must_be_refused_by_every_tool(session: &Session, design: &DesignSource, named: &str) {
    let request = BenchmarkRequest { design: design.clone(), ..BenchmarkRequest::default() };
    let validated = session.heavy.must_validate(&request).await;
    let simulated = session.heavy.must_simulate(&request).await;
    let price = PriceRequest { design: design.clone(), ..PriceRequest::default() };
    let priced = session.heavy.must_validate_and_price(&price).await;
    let submit = SubmitRequest { design: design.clone(), ..SubmitRequest::default() };
    let submitted = session.heavy.must_submit(&submit).await;
    let refusals = [
        ("validate", validated.rejected_by, validated.message),
        ("simulate", simulated.rejected_by, simulated.message),
        ("validate_and_price", priced.rejected_by, priced.message),
        ("submit", submitted.rejected_by, submitted.message),
    ];
    for (tool, gate, message) in refusals {
        assert_eq!(gate, Some(Gate::Environment), "{tool}: {message}");
        assert!(message.contains("Immutability violation") && message.contains(named), "{tool}: {message}");
    }
    assert_eq!(simulated.output.result, None, "something was simulated");
    assert_eq!(submitted.output.manifest, None, "something was handed over");
}

/// The files of the session stay as they are; the request itself brings another environment.
#[rstest]
#[case::left_out(&["bracket"])]
#[case::moved_by_the_solution(&["*[Pos(0, 0, 1) * c for c in build_environment().children]", "bracket"])]
#[tokio::test]
async fn change_in_the_requests_script_is_refused(
    #[future(awt)] ctx: Context,
    #[case] children: &[&'static str],
) -> anyhow::Result<()> {
    let session = solving(&ctx).await;
    let sound = Solution::bracket_in_environment();
    let changed = sound.clone().with_script(|it| it.children = children.to_vec());
    let design =
        |it: &Solution| DesignSource { script_content: Some(it.script.to_python()), ..DesignSource::default() };
    let request = BenchmarkRequest { design: design(&sound), ..BenchmarkRequest::default() };
    let validated = session.heavy.must_validate(&request).await;
    assert!(validated.success, "expected the script of the request to pass as it is: {validated:#?}");
    must_be_refused_by_every_tool(&session, &design(&changed), "bystander").await;
    Ok(())
}

/// The whole workspace of a solution that received the benchmark.
fn received() -> Files {
    Solution::bracket_in_environment().files().with("environment.py", Benchmark::bystander().script)
}

/// The same as the request of a caller without shared files.
fn bundle(files: Files) -> anyhow::Result<DesignSource> {
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (path, content) in files.0 {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, content.as_bytes())?;
    }
    let packed = archive.into_inner()?.finish()?;
    let bundle_base64 = Some(base64::Engine::encode(&base64::engine::general_purpose::STANDARD, packed));
    Ok(DesignSource { bundle_base64, ..DesignSource::default() })
}

#[rstest]
#[case::environment_moved("environment.py", "Pos(150, 150, 20)", "Pos(151, 150, 20)", "bystander")]
#[case::left_out("script.py", "children=[*build_environment().children, bracket]", "children=[bracket]", "bystander")]
#[case::objectives_eased("objectives.yaml", "max: [50.0, 50.0, 100.0]", "max: [60.0, 60.0, 100.0]", "objectives.yaml")]
#[tokio::test]
async fn change_in_the_requests_bundle_is_refused(
    #[future(awt)] ctx: Context,
    #[case] file: &str,
    #[case] from: &str,
    #[case] to: &str,
    #[case] named: &str,
) -> anyhow::Result<()> {
    let session = solving(&ctx).await;
    let request = BenchmarkRequest { design: bundle(received())?, ..BenchmarkRequest::default() };
    let validated = session.heavy.must_validate(&request).await;
    assert!(validated.success, "expected the bundle to pass as it is: {validated:#?}");
    must_be_refused_by_every_tool(&session, &bundle(received().changed(file, from, to))?, named).await;
    Ok(())
}

#[rstest]
#[tokio::test]
async fn changed_or_unsubmitted_benchmark_is_withheld(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("receiver");
    let nobody = HandoverRequest { benchmark_session_id: ctx.unique("nobody").parse()? };
    let answer = session.heavy.must_handover(&nobody).await;
    assert!(!answer.success && answer.message.contains("no benchmark that passed"), "{answer:#?}");

    let benchmark = ctx.submitted(&Benchmark::bystander()).await;
    benchmark.light.must_edit_file("script.py", "Box(40, 40, 40)", "Box(40, 40, 41)").await;
    let changed = HandoverRequest { benchmark_session_id: benchmark.id.parse()? };
    let answer = session.heavy.must_handover(&changed).await;
    assert!(!answer.success && answer.message.contains("changed since it was submitted"), "{answer:#?}");
    assert!(!session.light.must_exist_or_not("environment.py").await, "part of the package arrived all the same");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn hand_over_overwrites_no_engineer_file(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let benchmark = ctx.bystander().await;
    let session = ctx.session("receiver");
    session.light.must_write_file("environment.py", "mine = 1\n").await;
    let request = HandoverRequest { benchmark_session_id: benchmark.id.parse()? };
    let answer = session.heavy.must_handover(&request).await;
    assert!(!answer.success && answer.message.contains("environment.py"), "{answer:#?}");
    assert_eq!(session.light.must_read_file("environment.py").await, "mine = 1\n");
    Ok(())
}

/// A cube around the origin as STL text; half its edge in mm.
fn cube(half: f64) -> String {
    let mut facets = String::new();
    for (axis, side) in (0..3).flat_map(|axis| [(axis, -half), (axis, half)]) {
        let corner = |along: f64, across: f64| {
            let mut corner = [side; 3];
            // Counter-clockwise as seen from outside.
            (corner[(axis + 1) % 3], corner[(axis + 2) % 3]) = (along * side, across * half);
            corner
        };
        let corners = [corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
        for triangle in [[0, 1, 2], [0, 2, 3]] {
            let vertices: String =
                triangle.iter().map(|at| corners[*at]).map(|[x, y, z]| format!("vertex {x} {y} {z}\n")).collect();
            facets += &format!("facet normal 0 0 0\nouter loop\n{vertices}endloop\nendfacet\n");
        }
    }
    format!("solid cube\n{facets}endsolid cube\n")
}

/// The benchmark with a cube of its own in place of the ball, and a module in a folder.
async fn submitted_in_folders(ctx: &Context) -> Session {
    let benchmark = Benchmark {
        script: designs::script(
            "from lib.blocks import block\n\
             return Compound(children=[part(block(), \"bystander\", fixed=True)])",
        ),
        ..Benchmark::bystander().with_objectives(|it| it.shape = Shape::Mesh("parts/cube.stl"))
    };
    let module = "from build123d import *\n\n\ndef block():\n    return Pos(150, 150, 20) * Box(40, 40, 40)\n";
    ctx.submitted(&benchmark.files().with("lib/blocks.py", module).with("parts/cube.stl", cube(10.0))).await
}

#[rstest]
#[tokio::test]
async fn package_holds_every_file_of_the_environment(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.solving(&submitted_in_folders(&ctx).await, &Solution::bracket_in_environment()).await;
    for path in ["lib/blocks.py", "parts/cube.stl"] {
        assert!(session.light.must_exist_or_not(path).await, "{path} did not arrive");
    }
    session.must_be_valid().await;
    session.must_be_priced().await;
    let simulated = session.heavy.must_simulate(&BenchmarkRequest::default()).await;
    assert!(simulated.success, "{simulated:#?}");
    Ok(())
}

#[rstest]
#[case::enlarged(Some(12.0))]
#[case::deleted(None)]
#[tokio::test]
async fn moved_object_mesh_is_immutable(#[future(awt)] ctx: Context, #[case] other: Option<f64>) -> anyhow::Result<()> {
    let session = ctx.solving(&submitted_in_folders(&ctx).await, &Solution::bracket_in_environment()).await;
    match other {
        Some(half) => session.light.must_write_file("parts/cube.stl", &cube(half)).await,
        None => session.light.must_delete_file("parts/cube.stl").await,
    }
    let validated = session.heavy.must_validate(&BenchmarkRequest::default()).await;
    let priced = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
    for (gate, message) in [(validated.rejected_by, validated.message), (priced.rejected_by, priced.message)] {
        assert_eq!(gate, Some(Gate::Environment), "{message}");
        assert!(message.contains("Immutability violation") && message.contains("mesh_path"), "{message}");
    }

    session.light.must_write_file("parts/cube.stl", &cube(10.0)).await;
    session.must_be_valid().await;
    Ok(())
}

#[rstest]
#[tokio::test]
async fn solution_cannot_pass_as_a_benchmark(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = solving(&ctx).await;
    // A benchmark needs no assembly definition; a solution cannot do without by calling itself one.
    session.light.must_delete_file("assembly_definition.yaml").await;
    session.light.must_write_file("plan.md", Benchmark::bystander().plan).await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    let as_benchmark = SubmitRequest { stage: Stage::Benchmark, ..SubmitRequest::default() };
    let answer = session.heavy.must_submit(&as_benchmark).await;
    assert_eq!((answer.success, answer.rejected_by), (false, Some(Gate::Plan)), "{answer:#?}");
    assert!(answer.message.contains("stage benchmark"), "{}", answer.message);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn benchmark_is_submitted_only_from_session_files(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.submitted(&Benchmark::bystander()).await;
    let design = DesignSource { script_content: Some(Benchmark::bystander().script), ..DesignSource::default() };
    let inline = SubmitRequest { stage: Stage::Benchmark, design, ..SubmitRequest::default() };
    let answer = session.heavy.must_submit(&inline).await;
    assert!(!answer.success, "a script that is in no file cannot be handed over: {answer:#?}");
    assert!(answer.message.contains("script_path"), "no remedy is named: {}", answer.message);
    Ok(())
}

/// A session whose repository begins with a solution and its objectives.
async fn committed(ctx: &Context) -> Session {
    let session = ctx.session("committed");
    session.must_hold(&Solution::bracket()).await;
    session.light.must_git_init().await;
    let commit = session.light.must_git_commit("initial commit").await;
    assert!(commit.commit_hash.is_some(), "{commit:#?}");
    session
}

#[rstest]
#[case::as_it_is(false)]
#[case::committed_once_more(true)]
#[tokio::test]
async fn first_commit_fixes_the_objectives(
    #[future(awt)] ctx: Context,
    #[case] commits_again: bool,
) -> anyhow::Result<()> {
    let session = committed(&ctx).await;
    let (from, to) = ("max_weight_g: 50.0", "max_weight_g: 49.0");
    session.light.must_edit_file("objectives.yaml", from, to).await;
    if commits_again {
        session.light.must_delete_file(".git").await;
        session.light.must_git_init().await;
        session.light.must_git_commit("initial commit").await;
    }
    let answer = session.heavy.must_submit(&SubmitRequest::default()).await;
    assert_eq!((answer.success, answer.rejected_by), (false, Some(Gate::Environment)), "{answer:#?}");
    assert!(answer.message.contains("modified from the benchmark baseline"), "{}", answer.message);

    session.light.must_edit_file("objectives.yaml", to, from).await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    let answer = session.heavy.must_submit(&SubmitRequest::default()).await;
    assert!(answer.success, "the objectives are those of the first commit: {answer:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn missing_baselines_are_reported(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let bare = ctx.session("bare");
    bare.must_hold(&Solution::bracket()).await;
    for (session, ending) in [
        (bare, Some("objectives.yaml and the environment are compared with nothing")),
        (committed(&ctx).await, Some("the environment with nothing")),
        (solving(&ctx).await, None),
    ] {
        session.must_be_valid().await;
        session.must_be_priced().await;
        let answer = session.heavy.must_submit(&SubmitRequest::default()).await;
        assert!(answer.success, "{answer:#?}");
        let told = answer.warnings.iter().any(|told| ending.is_some_and(|ending| told.ends_with(ending)));
        assert_eq!((told, answer.warnings.len()), (ending.is_some(), usize::from(ending.is_some())), "{answer:#?}");
    }
    Ok(())
}

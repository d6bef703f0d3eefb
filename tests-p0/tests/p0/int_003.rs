//! INT-003 — sessions do not see each other's files.
//!
//! Seam: worker-light files, assets and execution → session workspaces
//! Requirement: what one session writes is invisible to every other, through the file API, through served assets and
//! from inside a running script; a session id cannot lead out of its directory.

use std::io::Read;

use contract::{
    benchmark::{BenchmarkRequest, PreviewRequest},
    design_source::DesignSource,
    execution::{InspectTopologyRequest, LintRequest, ScriptFaultKind},
    files::{Edit, EditFileRequest, GrepRequest, WriteFileRequest},
    git::{ResolveRequest, ResolveStrategy},
    handover::SubmitRequest,
    part_metadata::ManufacturingMethod,
    session::SESSION_HEADER,
    workbench::{AnalyzeRequest, PriceRequest},
};
use futures::future::join_all;
use rstest::rstest;
use testkit::{Context, Method, Session, StatusCode, designs};

use crate::ctx;

const SECRET: &str = "the answer of the other team";

fn write(path: &str, content: &str) -> WriteFileRequest {
    WriteFileRequest { path: path.into(), content: content.into(), overwrite: true }
}

async fn two_teams(ctx: &Context) -> (Session, Session) {
    let (ours, theirs) = (ctx.session("ours"), ctx.session("theirs"));
    theirs.light.must_write_file("secret.txt", SECRET).await;
    ours.light.must_write_file("own.txt", "mine").await;
    (ours, theirs)
}

#[rstest]
#[tokio::test]
async fn concurrent_sessions_keep_their_own_content(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let sessions: Vec<_> = (0..8).map(|number| ctx.session(&format!("team-{number}"))).collect();
    join_all(sessions.iter().map(|session| async {
        session.light.must_write_file("notes/plan.md", &session.id).await;
    }))
    .await;
    let contents = join_all(sessions.iter().map(|session| session.light.must_read_file("notes/plan.md"))).await;
    let expected: Vec<_> = sessions.iter().map(|session| session.id.clone()).collect();
    assert_eq!(contents, expected);
    Ok(())
}

/// Writes that meet: long enough to overlap, often enough to meet in whatever place they should not share.
#[rstest]
#[tokio::test]
async fn concurrent_writes_of_one_name_do_not_mix(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    const ROUNDS: usize = 12;
    const LENGTH: usize = 100_000;
    let sessions: Vec<_> = (0..8).map(|number| ctx.session(&format!("rival-{number}"))).collect();
    for round in 0..ROUNDS {
        let contents: Vec<_> =
            sessions.iter().map(|session| format!("{}-{round} ", session.id).repeat(LENGTH / 20)).collect();
        join_all(sessions.iter().zip(&contents).map(|(session, content)| async move {
            session.light.must_write_file("plan.md", content).await;
            session.light.must_upload_file("plan.bin", content.clone().into_bytes()).await;
        }))
        .await;
        for (session, content) in sessions.iter().zip(&contents) {
            let read = session.light.must_read_file("plan.md").await;
            assert!(read == *content, "round {round}: {} holds what it did not write: {:.80}", session.id, read);
            let uploaded = session.light.must_read_blob("plan.bin").await;
            assert!(uploaded == content.as_bytes(), "round {round}: {} holds another's upload", session.id);
        }
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn listing_and_search_show_only_own_files(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (ours, theirs) = two_teams(&ctx).await;
    let names = |files: Vec<contract::files::FileInfo>| files.into_iter().map(|file| file.name).collect::<Vec<_>>();
    let own = names(ours.light.must_list_files("/").await);
    assert!(own.contains(&"own.txt".to_owned()) && !own.contains(&"secret.txt".to_owned()), "{own:?}");
    assert!(names(theirs.light.must_list_files("/").await).contains(&"secret.txt".to_owned()));
    let search = GrepRequest { pattern: SECRET.into(), path: None, glob: None };
    assert_eq!(ours.light.must_grep(&search).await, []);
    assert_eq!(theirs.light.must_grep(&search).await.len(), 1);
    Ok(())
}

#[rstest]
#[case::parent("../{other}/secret.txt")]
#[case::absolute_looking("/../{other}/secret.txt")]
#[case::through_a_directory("notes/../../{other}/secret.txt")]
#[tokio::test]
async fn paths_out_of_the_session_are_refused(#[future(awt)] ctx: Context, #[case] path: &str) -> anyhow::Result<()> {
    let (ours, theirs) = two_teams(&ctx).await;
    let path = path.replace("{other}", &theirs.id);
    let read = ours.light.read_file(&path.as_str().into()).await?;
    assert_eq!(read.status, StatusCode::FORBIDDEN, "{}", read.text());
    assert!(!read.text().contains(SECRET));
    let written = ours.light.write_file(&write(&path, "spoiled")).await?;
    assert_eq!(written.status, StatusCode::FORBIDDEN, "{}", written.text());
    let deleted = ours.light.delete_file(&path.as_str().into()).await?;
    assert_eq!(deleted.status, StatusCode::FORBIDDEN, "{}", deleted.text());
    let light = &ours.light;
    let edit = Edit { old_string: SECRET.into(), new_string: "spoiled".into() };
    let search = GrepRequest { pattern: SECRET.into(), path: Some(path.clone()), glob: None };
    let inspect = InspectTopologyRequest { target_id: "face_0".into(), script_path: path.clone() };
    light.must_git_init().await;
    let resolve = ResolveRequest { file_path: path.clone(), strategy: ResolveStrategy::Theirs };
    for (route, answer) in [
        ("read_blob", light.read_blob(&path.as_str().into()).await?),
        ("ls", light.list_files(&path.as_str().into()).await?),
        ("ls of its folder", light.list_files(&path.trim_end_matches("/secret.txt").into()).await?),
        ("edit", light.edit_file(&EditFileRequest { path: path.clone(), edits: vec![edit] }).await?),
        ("upload_file", light.upload_file(&path, b"spoiled".to_vec()).await?),
        ("grep", light.grep(&search).await?),
        ("lint", light.lint(&LintRequest { path: Some(path.clone()), content: None }).await?),
        ("topology", light.inspect_topology(&inspect).await?),
        ("assets", light.asset(&path).await?),
        ("git/resolve", light.git_resolve(&resolve).await?),
        ("exists", light.exists(&path.as_str().into()).await?),
    ] {
        let says_no = answer.json()["exists"] == false || answer.json()["success"] == false;
        assert!(answer.status.is_client_error() || says_no, "{route} took {path}: {}", answer.text());
        assert!(!answer.text().contains(SECRET), "{route} revealed what the other session holds: {}", answer.text());
    }
    assert_eq!(theirs.light.must_read_file("secret.txt").await, SECRET);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn script_cannot_access_another_session(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (ours, theirs) = two_teams(&ctx).await;
    for (attempt, code) in [
        ("reading", format!("print(open('../{}/secret.txt').read())", theirs.id)),
        ("writing", format!("open('../{}/planted.txt', 'w').write('x')", theirs.id)),
        ("listing", "import os; print(os.listdir('..'))".to_owned()),
    ] {
        let outcome = ours.light.must_execute(&code, 20).await;
        assert_ne!(outcome.exit_code, 0, "{attempt} another session's directory worked: {outcome:?}");
        assert!(!outcome.stdout.contains(SECRET) && !outcome.stdout.contains(&theirs.id), "{outcome:?}");
        let kind = outcome.violation.clone().map(|violation| violation.kind);
        assert_eq!(kind, Some(ScriptFaultKind::FileAccessDenied), "{attempt}: {outcome:?}");
    }
    assert!(!theirs.light.must_exist_or_not("planted.txt").await);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn link_planted_by_a_script_is_not_followed(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (ours, theirs) = two_teams(&ctx).await;
    let code = format!("import os; os.symlink('../{}/secret.txt', 'link.png')", theirs.id);
    let made = ours.light.must_execute(&code, 20).await;
    // Made and not followed, or refused as what it is: in either case the rest must hold, and something was tried.
    let kind = made.violation.as_ref().map(|violation| violation.kind);
    assert!(made.exit_code == 0 || kind == Some(ScriptFaultKind::FileAccessDenied), "no link was tried: {made:?}");
    let listed = ours.light.must_list_files("/").await;
    let is_there = listed.iter().any(|file| file.name == "link.png");
    assert_eq!(is_there, made.exit_code == 0, "{made:?} left {listed:?}");
    for answer in [
        ours.light.read_file(&"link.png".into()).await?,
        ours.light.read_blob(&"link.png".into()).await?,
        ours.light.asset("link.png").await?,
    ] {
        assert!(!answer.text().contains(SECRET), "{} {} followed the link", answer.method, answer.url);
    }
    assert_ne!(ours.light.asset("link.png").await?.status, StatusCode::OK);
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(ours.light.must_bundle().await.as_slice()).read_to_end(&mut unpacked)?;
    let unpacked = String::from_utf8_lossy(&unpacked);
    assert!(unpacked.contains("own.txt") && unpacked.contains("mine"), "the bundle does not hold what it should");
    assert!(!unpacked.contains(SECRET), "the bundle followed the link");
    Ok(())
}

/// Everything that the heavy worker takes a path for, and the scripts that it runs.
#[rstest]
#[tokio::test]
async fn heavy_worker_reaches_no_other_session(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (ours, theirs) = two_teams(&ctx).await;
    theirs.must_hold(&designs::ball_above_goal()).await;
    ours.must_hold(&designs::ball_above_goal()).await;
    let heavy = &ours.heavy;
    let design = |script_path: String| DesignSource { script_path, ..DesignSource::default() };
    for path in [format!("../{}/script.py", theirs.id), format!("/../{}/script.py", theirs.id)] {
        let benchmark = BenchmarkRequest { design: design(path.clone()), ..BenchmarkRequest::default() };
        let analysis = AnalyzeRequest { design: design(path.clone()), method: ManufacturingMethod::Cnc, quantity: 1 };
        for (route, answer) in [
            ("validate", heavy.validate(&benchmark).await?),
            ("simulate", heavy.simulate(&benchmark).await?),
            ("preview", heavy.preview(&PreviewRequest { design: design(path.clone()), ..Default::default() }).await?),
            (
                "price",
                heavy.validate_and_price(&PriceRequest { design: design(path.clone()), ..Default::default() }).await?,
            ),
            ("analyze", heavy.analyze(&analysis).await?),
            ("submit", heavy.submit(&SubmitRequest { design: design(path.clone()), ..Default::default() }).await?),
        ] {
            let says_no = answer.json()["success"] == false || answer.json()["is_manufacturable"] == false;
            assert!(answer.status.is_client_error() || says_no, "{route} took {path}: {}", answer.text());
        }
    }

    for (attempt, body) in [
        ("reading", format!("raise ValueError(open('../{}/secret.txt').read())", theirs.id)),
        ("writing", format!("open('../{}/planted.txt', 'w').write('x')\nreturn part(Box(1, 1, 1), 'b')", theirs.id)),
        ("listing", "import os\nraise ValueError(os.listdir('..'))".to_owned()),
    ] {
        let mut request = BenchmarkRequest::default();
        request.design.script_content = Some(designs::script(&body));
        let answer = heavy.must_validate(&request).await;
        assert!(!answer.success, "{attempt} another session's directory worked: {answer:?}");
        let told = format!("{answer:?}");
        assert!(!told.contains(SECRET) && !told.contains("secret.txt\""), "{attempt}: {told}");
    }
    assert!(!theirs.light.must_exist_or_not("planted.txt").await);

    let mesh = format!("shape: mesh\n  mesh_path: ../{}/secret.txt", theirs.id);
    ours.light.must_edit_file("objectives.yaml", "shape: sphere", &mesh).await;
    let answer = heavy.must_validate(&BenchmarkRequest::default()).await;
    assert!(!answer.success && !format!("{answer:?}").contains(SECRET), "{answer:?}");
    assert!(answer.message.contains(&theirs.id), "the refused path is not named: {}", answer.message);
    Ok(())
}

#[rstest]
#[case::missing(None)]
#[case::empty(Some(""))]
#[case::parent_directory(Some(".."))]
#[case::with_a_separator(Some("a/b"))]
#[case::hidden(Some(".git"))]
#[tokio::test]
async fn bad_session_ids_are_refused(#[future(awt)] ctx: Context, #[case] id: Option<&str>) -> anyhow::Result<()> {
    let light = ctx.session("any").light;
    let headers: Vec<_> = id.map(|id| (SESSION_HEADER, id)).into_iter().collect();
    let body = serde_json::json!({ "path": "/" });
    let answer = light.call(Method::POST, "/fs/ls", &headers, Some(&body)).await?;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
    assert!(answer.text().contains(SESSION_HEADER), "the answer does not name the header: {}", answer.text());
    Ok(())
}

/// Ways to change a file that belongs to the same user, by system calls of x86-64. The path is another session's.
const CHANGES: &str = r#"
import ctypes, fcntl, os, struct
libc = ctypes.CDLL(None, use_errno=True)
path = PATH.encode()
acl = struct.pack("<IHHIHHIHHIHHI", 2, 1, 7, 0, 2, 7, 0, 4, 7, 0, 32, 7, 0)
arguments = (ctypes.c_uint64 * 2)(ctypes.cast(ctypes.c_char_p(acl), ctypes.c_void_p).value, len(acl))
calls = {
    "access list by folder": (463, -100, path, 0, b"system.posix_acl_access", arguments, 16),
    "remove an attribute by folder": (466, -100, path, 0, b"user.x"),
    "inode flags": (469, -100, path, bytes(24), 24, 0),
    "access list": (188, path, b"system.posix_acl_access", acl, len(acl), 0),
    "attribute": (188, path, b"user.x", b"1", 1, 0),
    "owner": (92, path, 0, 0),
}
for name, (number, *rest) in calls.items():
    words = [item if isinstance(item, (bytes, ctypes.Array)) else ctypes.c_long(item) for item in rest]
    refused = libc.syscall(ctypes.c_long(number), *words) < 0 and ctypes.get_errno() in (1, 38)
    if os.uname().machine == "x86_64" and not refused:
        print("through:", name, ctypes.get_errno())
os.chmod(PATH, 0)
os.utime(PATH, (0, 0))
for name in ("/usr/bin/git", "/config/manufacturing_config.yaml"):
    for command in (fcntl.F_SETLEASE, fcntl.F_NOTIFY):
        try:
            fcntl.fcntl(os.open(name, os.O_RDONLY), command, 1)
            print("through:", name, command)
        except OSError:
            pass
for name, change in {"affinity": lambda: os.sched_setaffinity(0, {0}), "priority": lambda: os.nice(1)}.items():
    try:
        change()
        print("through:", name)
    except OSError:
        pass
"#;

#[rstest]
#[tokio::test]
async fn script_changes_no_file_of_another_session(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (ours, theirs) = two_teams(&ctx).await;
    for path in [format!("../{}/secret.txt", theirs.id), format!("../{}", theirs.id), "..".to_owned()] {
        let outcome = ours.light.must_execute(&format!("PATH = {path:?}\n{CHANGES}"), 20).await;
        assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (0, ""), "{path}: {outcome:?}");
    }
    assert_eq!(theirs.light.must_read_file("secret.txt").await, SECRET);
    theirs.light.must_write_file("secret.txt", "changed by its owner").await;
    let outcome = theirs.light.must_execute("print(open('secret.txt').read())", 20).await;
    assert_eq!(outcome.stdout, "changed by its owner\n", "{outcome:?}");
    Ok(())
}

/// Hangs chains of folders into each other: 13 000 levels below `deep` in the working folder.
const NEST: &str = "
import os
def nest(deep):
    chain = '/'.join(['n'] * 500)
    os.makedirs(os.path.join(deep, chain))
    for _ in range(26):
        os.makedirs(os.path.join('next', chain))
        os.rename(deep, os.path.join('next', chain, 'n'))
        os.rename('next', deep)
";

#[rstest]
#[case::in_the_session("nest('deep')")]
#[case::in_the_folder_for_temporary_files("os.chdir(os.environ['TMPDIR']); nest('deep')")]
#[case::in_place_of_the_events("nest('events.jsonl')")]
#[tokio::test]
async fn too_deep_script_folders_are_refused_and_removed(
    #[future(awt)] ctx: Context,
    #[case] code: &str,
) -> anyhow::Result<()> {
    let (ours, theirs) = two_teams(&ctx).await;
    let outcome = ours.light.must_execute(&format!("{NEST}{code}"), 60).await;
    let kind = outcome.violation.clone().map(|violation| violation.kind);
    assert_eq!(kind, Some(ScriptFaultKind::DiskLimit), "{outcome:?}");
    for answer in [
        ours.light.bundle().await?,
        ours.light.grep(&GrepRequest { pattern: "x".into(), path: None, glob: None }).await?,
        ours.light.delete_file(&"deep".into()).await?,
        ours.light.delete_file(&"next".into()).await?,
    ] {
        assert!(answer.status.as_u16() < 500, "{} {}: {}", answer.method, answer.url, answer.text());
    }
    assert!(!ours.light.must_exist_or_not("deep").await, "the folders are still there");
    let outcome = ours.light.must_execute("print('here')", 20).await;
    assert_eq!(outcome.stdout, "here\n", "{outcome:?}");
    assert_eq!(theirs.light.must_read_file("secret.txt").await, SECRET);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn full_session_refuses_more_data(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let ours = ctx.session("full");
    // Room is taken on the disk without writing it.
    let code = "import os, time\nos.mkdir('results')\nfor n in range(16):\n    \
                os.posix_fallocate(os.open(f'results/{n}', os.O_CREAT | os.O_RDWR), 0, 200 << 20)\ntime.sleep(50)\n";
    let outcome = ours.light.must_execute(code, 60).await;
    let violation = outcome.violation.clone().ok_or_else(|| anyhow::anyhow!("{outcome:?}"))?;
    assert_eq!(violation.kind, ScriptFaultKind::DiskLimit, "{outcome:?}");
    assert!(violation.message.contains("1024 MiB") && !outcome.timed_out, "{outcome:?}");
    let written = ours.light.write_file(&write("more.txt", "x")).await?;
    assert_eq!(written.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", written.text());
    assert!(written.text().contains("1024 MiB"), "{}", written.text());
    let outcome = ours.light.must_execute("print('here')", 20).await;
    assert_eq!(outcome.violation.map(|violation| violation.kind), Some(ScriptFaultKind::DiskLimit));
    let deleted = ours.light.delete_file(&"results".into()).await?;
    assert_eq!(deleted.status, StatusCode::OK, "{}", deleted.text());
    ours.light.must_write_file("more.txt", "x").await;
    Ok(())
}

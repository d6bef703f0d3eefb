//! INT-003 — sessions do not see each other's files.
//!
//! Seam: worker-light files, assets and execution → session workspaces
//! Requirement: what one session writes is invisible to every other, through the file API, through served assets and
//! from inside a running script; a session id cannot lead out of its directory.

use contract::{
    execution::ScriptFaultKind,
    files::{GrepRequest, WriteFileRequest},
    session::SESSION_HEADER,
};
use futures::future::join_all;
use rstest::rstest;
use testkit::{Context, Method, Session, StatusCode};

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
    assert_eq!(theirs.light.must_read_file("secret.txt").await, SECRET);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn running_script_cannot_read_or_write_another_session(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
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
    ours.light.must_execute(&code, 20).await;
    for answer in [
        ours.light.read_file(&"link.png".into()).await?,
        ours.light.read_blob(&"link.png".into()).await?,
        ours.light.asset("link.png").await?,
        ours.light.bundle().await?,
    ] {
        assert!(!answer.text().contains(SECRET), "{} {} followed the link", answer.method, answer.url);
    }
    assert_ne!(ours.light.asset("link.png").await?.status, StatusCode::OK);
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

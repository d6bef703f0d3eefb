//! INT-063 — the mounts are there, readable, and nobody writes them.
//!
//! Seam: worker-light file API and execution, worker-heavy scripts → `/utils`, `/skills`, `/reviews`, `/config`
//! Requirement: both workers show the four mounts read-only, however a write is attempted; the workspace beside them
//! stays writable, also under names that merely begin like a mount.

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    execution::ScriptFaultKind,
    files::{Edit, EditFileRequest, WriteFileRequest},
    wiring::READ_ONLY_MOUNTS,
};
use rstest::rstest;
use testkit::{Context, Session, StatusCode, designs};

use crate::ctx;

fn write(path: &str) -> WriteFileRequest {
    WriteFileRequest { path: path.into(), content: "spoiled".into(), overwrite: true }
}

#[rstest]
#[tokio::test]
async fn mounts_are_listed_at_the_root(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let listed = ctx.session("mounts").light.list_files(&"/".into()).await?.json();
    let paths: Vec<_> = listed.as_array().into_iter().flatten().filter_map(|entry| entry["path"].as_str()).collect();
    for mount in READ_ONLY_MOUNTS {
        assert!(paths.iter().any(|path| path.trim_matches('/') == mount), "/{mount} is not among {paths:?}");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn mounted_file_is_readable_on_both_workers(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("mounts");
    let by_api = session.light.must_read_file("/config/manufacturing_config.yaml").await;
    assert!(by_api.contains("aluminum_6061"), "{by_api}");

    let read = "print(open('/config/manufacturing_config.yaml').read())";
    let executed = session.light.must_execute(read, 20).await;
    assert_eq!(executed.stdout.trim(), by_api.trim(), "{executed:?}");

    let mut request = BenchmarkRequest::default();
    let body = "assert 'aluminum_6061' in open('/config/manufacturing_config.yaml').read()\n\
                return part(Box(10, 10, 10), 'block', fixed=True)";
    request.design.script_content = Some(designs::script(body));
    let validated = session.heavy.must_validate(&request).await;
    assert!(validated.success, "{}", validated.message);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn file_api_refuses_to_change_a_mount(
    #[future(awt)] ctx: Context,
    #[values("utils", "skills", "reviews", "config")] mount: &str,
) -> anyhow::Result<()> {
    let light = ctx.session("mounts").light;
    let edit = EditFileRequest {
        path: format!("/{mount}/README.md"),
        edits: vec![Edit { old_string: "a".into(), new_string: "b".into() }],
    };
    let before = light.list_files(&format!("/{mount}").as_str().into()).await?.json();
    for (attempt, answer) in [
        ("write", light.write_file(&write(&format!("/{mount}/planted.txt"))).await?),
        ("write without a slash", light.write_file(&write(&format!("{mount}/planted.txt"))).await?),
        ("write through a detour", light.write_file(&write(&format!("a/../{mount}/planted.txt"))).await?),
        ("replace the mount", light.write_file(&write(&format!("/{mount}"))).await?),
        ("edit", light.edit_file(&edit).await?),
        ("upload", light.upload_file(&format!("/{mount}/planted.bin"), vec![1, 2, 3]).await?),
        ("delete a file", light.delete_file(&format!("/{mount}/README.md").as_str().into()).await?),
        ("delete what is not there", light.delete_file(&format!("/{mount}/nothing").as_str().into()).await?),
        ("delete the mount", light.delete_file(&format!("/{mount}").as_str().into()).await?),
    ] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{attempt} under /{mount}: {}", answer.text());
        assert!(answer.text().contains(mount), "{attempt}: the answer does not name the mount: {}", answer.text());
    }
    assert_eq!(light.list_files(&format!("/{mount}").as_str().into()).await?.json(), before, "the mount changed");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn script_on_the_light_worker_cannot_change_a_mount(
    #[future(awt)] ctx: Context,
    #[values("utils", "skills", "reviews", "config")] mount: &str,
) -> anyhow::Result<()> {
    let light = ctx.session("mounts").light;
    for code in [
        format!("open('/{mount}/planted.txt', 'w').write('spoiled')"),
        format!("import os; os.remove('/{mount}/README.md')"),
        format!("import os; os.rename('/{mount}/README.md', '/{mount}/moved.md')"),
    ] {
        let outcome = light.must_execute(&code, 20).await;
        assert_ne!(outcome.exit_code, 0, "{code} worked");
        let fault = outcome.violation.unwrap_or_else(|| panic!("{code} was not seen as a violation"));
        assert_eq!(fault.kind, ScriptFaultKind::FileAccessDenied, "{fault:?}");
        assert!(fault.message.contains(&format!("/{mount}")), "the fault does not name the mount: {fault:?}");
    }
    assert!(!light.must_exist_or_not(&format!("/{mount}/planted.txt")).await);
    assert!(light.must_exist_or_not(&format!("/{mount}/README.md")).await);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn script_on_the_heavy_worker_cannot_change_a_mount(
    #[future(awt)] ctx: Context,
    #[values("utils", "skills", "reviews", "config")] mount: &str,
) -> anyhow::Result<()> {
    let session = ctx.session("mounts");
    for attempt in [
        format!("open('/{mount}/planted.txt', 'w').write('spoiled')"),
        format!("import os; os.remove('/{mount}/README.md')"),
        format!("import os; os.rename('/{mount}/README.md', '/{mount}/moved.md')"),
    ] {
        // What is attempted is there to be changed: a mount that is missing would refuse in another way.
        let body = format!(
            "assert open('/{mount}/README.md').read()\n{attempt}\nreturn part(Box(10, 10, 10), 'block', fixed=True)"
        );
        let refused = validate(&session, &body).await;
        assert!(!refused.success, "{attempt} worked");
        assert!(refused.message.contains(&format!("/{mount}")), "{attempt}: {}", refused.message);
    }
    assert!(!session.light.must_exist_or_not(&format!("/{mount}/planted.txt")).await);
    assert!(session.light.must_exist_or_not(&format!("/{mount}/README.md")).await);
    Ok(())
}

/// Beside the mounts, a script of the heavy worker writes in its folder, also under names that begin like a mount.
#[rstest]
#[tokio::test]
async fn heavy_workers_script_writes_its_workspace(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("mounts");
    let body = "import os\n\
                for path in ('notes.txt', 'config.yaml', 'work/config/x.yaml'):\n    \
                    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)\n    \
                    open(path, 'w').write('first')\n    \
                    open(path, 'a').write(' and more')\n    \
                    assert open(path).read() == 'first and more', path\n\
                return part(Box(10, 10, 10), 'block', fixed=True)";
    let validated = validate(&session, body).await;
    assert!(validated.success, "{}", validated.message);
    Ok(())
}

async fn validate(session: &Session, body: &str) -> BenchmarkResponse {
    let mut request = BenchmarkRequest::default();
    request.design.script_content = Some(designs::script(body));
    session.heavy.must_validate(&request).await
}

#[rstest]
#[case::root_file("notes.txt")]
#[case::nested("a/b/c.txt")]
#[case::begins_like_a_mount("config.yaml")]
#[case::begins_like_another("utils_x.py")]
#[case::mount_name_further_down("work/config/x.yaml")]
#[tokio::test]
async fn workspace_stays_writable(#[future(awt)] ctx: Context, #[case] path: &str) -> anyhow::Result<()> {
    let light = ctx.session("mounts").light;
    light.must_write_file(path, "spoiled").await;
    assert_eq!(light.must_read_file(path).await, "spoiled");
    let code = format!("open({path:?}, 'a').write(' and more')");
    let outcome = light.must_execute(&code, 20).await;
    assert_eq!(outcome.exit_code, 0, "{outcome:?}");
    assert_eq!(light.must_read_file(path).await, "spoiled and more");
    Ok(())
}

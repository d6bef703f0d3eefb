//! Life cycle of the warm parent.

use cad_runtime::CadRuntimeError;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rstest::rstest;

use crate::fixture::{Fixture, ISOLATIONS, processes, wait_until};

#[tokio::test]
async fn killed_parent_is_replaced_and_drop_leaves_nothing() -> anyhow::Result<()> {
    for isolation in ISOLATIONS {
        let fixture = Fixture::start_with(|config| config.bubblewrap = isolation).await?;
        let session = fixture.session("lives", "")?;
        let before = processes(&fixture.runtime);
        assert!(!before.is_empty());

        let runtime = fixture.runtime.clone();
        let folder = session.clone();
        let running = tokio::spawn(async move {
            runtime
                .execute(&folder, "import time; time.sleep(50)", crate::fixture::PLENTY, std::future::pending())
                .await
        });
        wait_until("the run to begin", || fixture.leftover_runs().is_ok_and(|left| left.len() == 1)).await?;
        kill(Pid::from_raw(i32::try_from(before[0])?), Signal::SIGKILL)?;
        assert!(matches!(running.await?, Err(CadRuntimeError::ParentEnded)));
        wait_until("the old processes to go", || {
            let now = processes(&fixture.runtime);
            before.iter().all(|old| !now.contains(old))
        })
        .await?;

        let run = fixture.execute(&session, "print('again')").await?;
        assert_eq!(run.stdout, "again\n");
        assert!(fixture.runtime.ready());
        let last = processes(&fixture.runtime);
        let Fixture { runtime, folder } = fixture;
        drop(runtime);
        wait_until("all processes to go", || {
            last.iter().all(|process| !std::path::Path::new(&format!("/proc/{process}")).exists())
        })
        .await?;
        assert_eq!(std::fs::read_dir(folder.path().join("runs"))?.count(), 0, "its folder is removed");
    }
    Ok(())
}

#[rstest]
#[case::no_interpreter("/nowhere/python", "make setup")]
#[case::no_python("/bin/true", "make setup")]
#[tokio::test]
async fn a_wrong_interpreter_is_named(#[case] python: &str, #[case] remedy: &str) {
    let error = match Fixture::start_with(|config| config.python = python.into()).await {
        Ok(_) => panic!("{python} must not start"),
        Err(error) => error.to_string(),
    };
    assert!(error.contains(python) && error.contains(remedy), "{error}");
}

#[tokio::test]
async fn a_foreign_session_folder_is_refused() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let outside = tempfile::tempdir()?;
    let sessions = fixture.folder.path().join("sessions");
    for root in [outside.path(), sessions.as_path(), &sessions.join("absent")] {
        let refused = fixture.runtime.execute(root, "print(1)", crate::fixture::PLENTY, std::future::pending()).await;
        assert!(matches!(refused, Err(CadRuntimeError::Session { .. })), "{refused:?}");
    }
    Ok(())
}

#[tokio::test]
async fn warm_parent_can_start_with_the_first_run() -> anyhow::Result<()> {
    let fixture = Fixture::start_with(|config| config.warm_up = cad_runtime::WarmUp::OnFirstUse).await?;
    assert_eq!(fixture.runtime.process_id(), None, "nothing has run yet");
    assert!(fixture.runtime.ready(), "{}", fixture.runtime.description());
    let session = fixture.session("first", "")?;
    let (one, other) = tokio::join!(fixture.execute(&session, "print(1)"), fixture.execute(&session, "print(2)"));
    assert_eq!((one?.stdout.as_str(), other?.stdout.as_str()), ("1\n", "2\n"));
    assert!(fixture.runtime.process_id().is_some());
    Ok(())
}

//! What a run may leave behind, and which process is ended first when a resource runs short.

use std::path::Path;
use std::time::Duration;

use cad_runtime::{BuildRequest, CadRuntimeConfig, ScriptSource};
use contract::execution::ScriptFaultKind;
use folders::Quota;

use crate::fixture::{Fixture, PLENTY, processes, wait_until};

const MIB: u64 = 1 << 20;
/// Hangs chains of folders into each other until there are 13 000 levels below `deep`.
const NEST: &str = "
import os
def nest(deep, levels=13000):
    chain = '/'.join(['n'] * 500)
    os.makedirs(os.path.join(deep, chain))
    for round in range(levels // 500):
        os.makedirs(os.path.join('next', chain))
        os.rename(deep, os.path.join('next', chain, 'n'))
        os.rename('next', deep)
";

fn small_disk(config: &mut CadRuntimeConfig) {
    config.limits.disk = Quota { bytes: 64 * MIB, entries: 500 };
}

#[tokio::test]
async fn disk_filling_run_is_ended() -> anyhow::Result<()> {
    let fixture = Fixture::start_with(small_disk).await?;
    let bytes = "import os\nfor n in range(100):\n    os.posix_fallocate(os.open(f'{WHERE}/{n}', os.O_CREAT | os.O_RDWR), 0, 16 << 20)\n";
    let names = "for n in range(600):\n    open(f'{WHERE}/{n}', 'w').close()\n";
    for (number, (fill, words)) in [(bytes, "64 MiB"), (names, "the limit is 500")].into_iter().enumerate() {
        for (folder, place) in [("'.'", "the session"), ("os.environ['TMPDIR']", "temporary files")] {
            let session = fixture.session(&format!("full_{number}_{}", folder.len()), "")?;
            for end in ["import time; time.sleep(500)", ""] {
                // The second run begins with what the first has left.
                let code = format!("import os\nWHERE = {folder}\n{fill}{end}\n");
                let run = fixture.execute(&session, &code).await?;
                let fault = run.fault.clone().ok_or_else(|| anyhow::anyhow!("{run:?}"))?;
                assert_eq!((fault.kind, run.exit_code), (ScriptFaultKind::DiskLimit, -1), "{run:?}");
                assert!(fault.message.contains(words) && fault.message.contains(place), "{fault:?}");
                assert!(run.stderr.contains(&fault.message) && run.wall < PLENTY / 2, "{run:?}");
            }
        }
    }
    assert!(fixture.leftover_runs()?.is_empty());
    // A script that has deleted something may run again.
    let session = fixture.folder.path().join("sessions/full_1_3");
    assert!(fixture.execute(&session, "print(1)").await?.fault.is_some_and(|fault| fault.message.contains("not run")));
    for n in 0..600 {
        // Some of them were never made.
        drop(std::fs::remove_file(session.join(n.to_string())));
    }
    assert_eq!(fixture.execute(&session, "print(1)").await?.stdout, "1\n");
    Ok(())
}

#[tokio::test]
async fn deeply_nested_folders_are_refused_and_removed() -> anyhow::Result<()> {
    // Room for all the levels, so that only their depth matters.
    let fixture = Fixture::start().await?;
    let session = fixture.session("deep", "")?;
    let scratch = format!("{NEST}os.chdir(os.environ['TMPDIR'])\nnest('deep')\n");
    let run = fixture.execute(&session, &scratch).await?;
    assert!(
        run.fault.is_some_and(|fault| fault.kind == ScriptFaultKind::DiskLimit && fault.message.contains("nested"))
    );
    assert!(fixture.leftover_runs()?.is_empty(), "the run's folder stays");

    let script = format!("{NEST}def build():\n    os.chdir(os.environ['TMPDIR'])\n    nest('deep')\n");
    let request = BuildRequest::new(ScriptSource::Text(script));
    let built = fixture.runtime.build(&session, &request, PLENTY).await?;
    assert!(matches!(built, Err(fault) if fault.kind == ScriptFaultKind::DiskLimit));
    assert!(fixture.leftover_runs()?.is_empty(), "the run's folder stays");
    assert_eq!(fixture.execute(&session, "print('alive')").await?.stdout, "alive\n");
    Ok(())
}

#[tokio::test]
async fn exit_codes_distinguish_success_from_failure() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let session = fixture.session("codes", "")?;
    for (code, expected) in [
        ("2**70", 255),
        ("-2**70", 255),
        ("-1", 255),
        ("256", 1),
        ("1 << 32", 1),
        ("257", 1),
        ("True", 1),
        ("1.5", 1),
        ("0", 0),
        ("False", 0),
        ("None", 0),
    ] {
        let run = fixture.execute(&session, &format!("import sys\nsys.exit({code})\n")).await?;
        assert_eq!((run.exit_code, run.fault), (expected, None), "sys.exit({code})");
    }
    Ok(())
}

#[tokio::test]
async fn own_kill_is_not_reported_as_out_of_memory() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let session = fixture.session("killed", "")?;
    for number in ["KILL", "TERM", "XCPU", "ABRT"] {
        let code = format!("import os, signal\nos.kill(os.getpid(), signal.SIG{number})\n");
        let run = fixture.execute(&session, &code).await?;
        let fault = run.fault.clone().ok_or_else(|| anyhow::anyhow!("{run:?}"))?;
        assert!(!fault.message.contains("memory"), "{number}: {fault:?}");
        assert!(run.exit_code > 128, "{number}: {run:?}");
        if number == "KILL" {
            assert!(fault.message.contains("SIGKILL") && fault.message.contains("itself"), "{fault:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn largest_run_is_ended_at_the_total_memory_limit() -> anyhow::Result<()> {
    let fixture = Fixture::start_with(|config| config.limits.total_memory_bytes = 400 * MIB).await?;
    let small = fixture.session("small", "")?;
    let runtime = fixture.runtime.clone();
    // It waits for the other's end by a file that the test makes.
    let code = "import os, time\nheld = bytearray(b'x') * (100 << 20)\nopen('holds', 'w').close()\n\
                while not os.path.exists('go'): time.sleep(0.01)\nprint('whole')\n";
    let waiting = tokio::spawn({
        let small = small.clone();
        async move { runtime.execute(&small, code, PLENTY, std::future::pending()).await }
    });
    wait_until("the small run to hold its memory", || small.join("holds").exists()).await?;
    let score = processes(&fixture.runtime)
        .iter()
        .filter_map(|process| std::fs::read_to_string(format!("/proc/{process}/oom_score_adj")).ok())
        .filter(|score| score.trim() == "1000")
        .count();
    assert_eq!(score, 1, "the kernel is told to take the script first, and not the warm parent");

    let large = fixture.session("large", "")?;
    let run = fixture.execute(&large, "import time\nheld = bytearray(b'x') * (350 << 20)\ntime.sleep(500)\n").await?;
    let fault = run.fault.clone().ok_or_else(|| anyhow::anyhow!("{run:?}"))?;
    assert_eq!(fault.kind, ScriptFaultKind::MemoryLimit, "{run:?}");
    assert!(fault.message.contains("together") && fault.message.contains("400 MiB"), "{fault:?}");
    std::fs::write(small.join("go"), "")?;
    assert_eq!(waiting.await??.stdout, "whole\n");
    Ok(())
}

#[tokio::test]
async fn next_start_removes_folders_of_a_killed_runtime() -> anyhow::Result<()> {
    let left = |config: &CadRuntimeConfig| -> std::path::PathBuf {
        let runs = config.sessions_dir.parent().unwrap_or(Path::new("/")).join("runs");
        runs.join("6f0f1f58-8f4c-4bb2-9a4e-0d6d8f8a5a11")
    };
    let mut folder = None;
    let fixture = Fixture::start_with(|config| {
        let path = left(config);
        std::fs::create_dir_all(path.join("run/scratch/what/a/script/left")).expect("a folder");
        folder = Some(path);
    })
    .await?;
    assert!(folder.is_some_and(|path| !path.exists()), "the folder of the dead runtime stays");
    // A second runtime on the same sessions leaves the first one's alone.
    let config = CadRuntimeConfig::new(
        crate::fixture::interpreter()?,
        crate::fixture::PACKAGE,
        fixture.folder.path().join("sessions"),
    );
    let second = cad_runtime::CadRuntime::start(config).await?;
    let session = fixture.session("both", "")?;
    assert_eq!(fixture.execute(&session, "print(1)").await?.stdout, "1\n");
    let run = second.execute(&session, "print(2)", Duration::from_secs(30), std::future::pending()).await?;
    assert_eq!(run.stdout, "2\n");
    Ok(())
}

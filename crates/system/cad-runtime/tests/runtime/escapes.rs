//! Attempts to get out: `attempts.py` tries them all in one run, with bubblewrap and without; what they must leave
//! untouched is checked from outside.

use std::os::unix::fs::PermissionsExt;

use cad_runtime::Bubblewrap;
use rstest::rstest;
use serde::Deserialize;

use crate::fixture::{Fixture, processes};

/// The ways, as Python.
const ATTEMPTS: &str = include_str!("attempts.py");
/// Least number of attempts; fewer would mean that a table is missing.
const FEWEST: usize = 700;

/// The report of `attempts.py`.
#[derive(Debug, Deserialize)]
struct Told {
    tried: usize,
    through: Vec<String>,
}

#[rstest]
#[case::with_bubblewrap(Bubblewrap::WhenItWorks)]
#[case::without_bubblewrap(Bubblewrap::Never)]
#[tokio::test]
async fn script_cannot_escape_its_sandbox(#[case] bubblewrap: Bubblewrap) -> anyhow::Result<()> {
    // SAFETY: no other thread of this test reads the environment at this point.
    unsafe { std::env::set_var("HIDDEN_KEY", "HIDDEN") };
    // A copy of what is mounted read-only, so that nothing of value is at stake.
    let copy = tempfile::tempdir()?;
    let package = concat!(env!("CARGO_MANIFEST_DIR"), "/python");
    anyhow::ensure!(std::process::Command::new("cp").args(["-r", package]).arg(copy.path()).status()?.success());
    let fixture = Fixture::start_with(|config| {
        config.bubblewrap = bubblewrap;
        config.package_dir = copy.path().join("python");
    })
    .await?;
    let mounted = copy.path().canonicalize()?.join("python/runtime/__init__.py");
    let untouched = std::fs::read(&mounted)?;
    let session = fixture.session("prisoner", "")?;
    let secret = fixture.session("other", "SECRET = 1\n")?.join("script.py");
    let runs = fixture.folder.path().join("runs").canonicalize()?;
    let whispered = fixture.session("whispered-by-another", "")?;
    for _ in 0..3 {
        assert_eq!(fixture.execute(&whispered, "print('here')").await?.stdout, "here\n");
    }
    let backwards: String = "whispered-by-another".chars().rev().collect();
    let quiet = processes(&fixture.runtime).len();

    let raw = if cfg!(target_arch = "x86_64") { "True" } else { "False" };
    let code = format!(
        "SECRET = {secret:?}\nOTHER = 'other'\nWHISPERED = {backwards:?}\nRUNS = {runs:?}\nMOUNTED = {mounted:?}\n\
         RAW = {raw}\n{ATTEMPTS}"
    );
    let run = fixture.execute(&session, &code).await?;
    let told: Told = serde_json::from_str(run.stdout.lines().last().unwrap_or_default())
        .map_err(|error| anyhow::anyhow!("{error}: {run:?}"))?;
    println!("{}: {} ways tried", fixture.runtime.description(), told.tried);
    assert!(told.through.is_empty(), "{}: {:#?}", fixture.runtime.description(), told.through);
    assert!(told.tried >= FEWEST, "only {} ways were tried", told.tried);

    assert_eq!(std::fs::read_to_string(&secret)?, "SECRET = 1\n");
    assert_eq!(std::fs::read(&mounted)?, untouched);
    for path in [&secret, &fixture.folder.path().join("sessions")] {
        let metadata = std::fs::metadata(path)?;
        assert_ne!(metadata.permissions().mode() & 0o777, 0, "{}", path.display());
        assert!(metadata.modified()?.elapsed()? < crate::fixture::PLENTY, "{}", path.display());
    }
    let sessions = std::fs::read_dir(fixture.folder.path().join("sessions"))?.count();
    assert_eq!(sessions, 3, "a script made something beside its session");
    assert_eq!(processes(&fixture.runtime).len(), quiet, "no process is left");
    assert_eq!(fixture.execute(&session, "print('alive')").await?.stdout, "alive\n");
    Ok(())
}

/// The calls of a 32-bit program have other numbers, which would slip past a list of numbers.
#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn i386_syscall_ends_the_run() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let session = fixture.session("foreign", "")?;
    // mov eax, 20 (getpid of a 32-bit program); int 0x80; ret
    let code = "import ctypes, mmap\nprint('begun', flush=True)\n\
                page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)\n\
                page.write(bytes.fromhex('b814000000cd80c3'))\n\
                address = ctypes.addressof(ctypes.c_char.from_buffer(page))\n\
                print(ctypes.CFUNCTYPE(ctypes.c_long)(address)())\n";
    let run = fixture.execute(&session, code).await?;
    assert_eq!((run.stdout.as_str(), run.exit_code), ("begun\n", 128 + 31), "{run:?}");
    Ok(())
}

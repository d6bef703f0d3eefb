//! Several runs at once.

use crate::fixture::{Fixture, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_concurrent_and_isolated() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let mut runs = Vec::new();
    for number in 0..4 {
        let session = fixture.session(&format!("s{number}"), "")?;
        let runtime = fixture.runtime.clone();
        let code = format!(
            "import os, time\nopen('mine', 'w').write('{number}')\ntime.sleep(1)\n\
             print(open('mine').read(), os.environ['SESSION_ID'])\n"
        );
        runs.push(tokio::spawn(async move {
            runtime.execute(&session, code.as_str(), crate::fixture::PLENTY, std::future::pending()).await
        }));
    }
    let started = std::time::Instant::now();
    for (number, run) in runs.into_iter().enumerate() {
        assert_eq!(run.await??.stdout, format!("{number} s{number}\n"));
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(3), "one second each, but together");

    // A caller that goes away takes its run with it.
    let session = fixture.folder.path().join("sessions/s0");
    let runtime = fixture.runtime.clone();
    let abandoned = tokio::spawn(async move {
        runtime.execute(&session, "import time; time.sleep(50)", crate::fixture::PLENTY, std::future::pending()).await
    });
    wait_until("the run to begin", || fixture.leftover_runs().is_ok_and(|left| left.len() == 1)).await?;
    abandoned.abort();
    wait_until("its folder to go", || fixture.leftover_runs().is_ok_and(|left| left.is_empty())).await
}

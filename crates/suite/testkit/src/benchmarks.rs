//! Benchmarks that passed their submission, and sessions that solve them.

use std::{
    fs::File,
    io::{self, Write},
};

use crate::{
    context::{Context, Session},
    files::Workspace,
    solutions::{Benchmark, Solution},
};

impl Context {
    /// A session of this test in which the benchmark passed its submission.
    pub async fn submitted(&self, benchmark: &impl Workspace) -> Session {
        submitted_in(self.session("benchmark"), benchmark).await
    }

    /// A session in which [`Benchmark::bystander`] passed its submission, for tests that hand it over and change
    /// nothing in it. One stack has one such session: the first test that asks prepares it. A stack that others started
    /// has no place to note that, and each test prepares its own there.
    pub async fn bystander(&self) -> Session {
        let benchmark = Benchmark::bystander();
        // Not the session of `submitted`, which a test may change: the one that prepares this may be such a test.
        let prepare = || submitted_in(self.session("bystander"), &benchmark);
        let Some(supervisor) = &self.descriptor().supervisor else { return prepare().await };
        let note = supervisor.directory.join("bystander-benchmark");
        let session = async {
            let mut file = File::options().create(true).truncate(false).read(true).write(true).open(&note)?;
            // Held until the benchmark is submitted. It may block: other tests are other processes.
            file.lock()?;
            let noted = io::read_to_string(&file)?;
            if !noted.is_empty() {
                return Ok(self.session_named(noted));
            }
            let session = prepare().await;
            file.write_all(session.id.as_bytes())?;
            io::Result::Ok(session)
        };
        session.await.unwrap_or_else(|error| panic!("{}: {error}", note.display()))
    }

    /// A session that received the benchmark of another one and holds a solution of it.
    pub async fn solving(&self, benchmark: &Session, solution: &Solution) -> Session {
        let session = self.session("solution");
        session.must_receive(benchmark).await;
        session.must_hold(&solution.files().without("objectives.yaml")).await;
        session
    }
}

async fn submitted_in(session: Session, benchmark: &impl Workspace) -> Session {
    session.must_hold(benchmark).await;
    session.must_be_submitted_as_benchmark().await;
    session
}

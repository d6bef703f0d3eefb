//! The git program: found once, and run locked into one session, with nothing of the machine's configuration.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use crate::limited::{Client, Cut, Finished, Limits, finish};

use super::confinement::{self, ConfinementError, Executables};

/// Longest time for all git commands of one request.
pub const TIMEOUT: Duration = Duration::from_secs(30);
/// Requests that git works on at a time: each may use the memory of [`Limits::GIT`].
const MAX_AT_ONCE: usize = 2;
/// Who commits.
const IDENTITY: [(&str, &str); 2] = [("NAME", "Agent Worker"), ("EMAIL", "agent@problemologist.ai")];
/// Settings that override those of a repository. The module's table says what each defends against.
const SETTINGS: [&str; 19] = [
    "safe.directory=*",
    "init.defaultBranch=main",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.quotePath=false",
    "core.autocrlf=false",
    // Larger files are streamed, and need no memory of their own size.
    "core.bigFileThreshold=16m",
    "pack.threads=1",
    "protocol.allow=never",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "diff.ignoreSubmodules=all",
    "rerere.enabled=false",
    "advice.addEmbeddedRepo=false",
];

/// The git of this machine. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Git {
    program: PathBuf,
    helpers: PathBuf,
    executables: Executables,
    turns: Arc<Semaphore>,
}

/// The right to work on one request.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
    client: Client,
    deadline: Instant,
}

/// Why a git command gave no answer. A command that git ran and refused is not an error here.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no git.
    #[error("no program `git` in PATH; install git")]
    NotFound,
    /// It does not say where its helpers are.
    #[error("git --exec-path failed: {0}")]
    NoHelpers(String),
    /// It could not be locked in, so it was not started.
    #[error("git was not started: {0}")]
    Confinement(#[from] ConfinementError),
    /// It could not be started or talked to.
    #[error("git cannot be run: {0}")]
    NotRun(#[from] io::Error),
    /// It took too long.
    #[error("git {command} did not finish within {} s; the repository is too large, or made to be", TIMEOUT.as_secs())]
    TimedOut {
        /// What it was asked to do.
        command: String,
    },
    /// It printed too much.
    #[error("git {command} printed more than {} MiB; the repository is too large, or made to be", limit >> 20)]
    TooMuchOutput {
        /// What it was asked to do.
        command: String,
        /// Bytes that it may print.
        limit: usize,
    },
    /// The caller has left.
    #[error("the client hung up")]
    Abandoned,
}

impl GitError {
    /// True when the repository, which agents write, is at fault.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::TooMuchOutput { .. })
    }
}

/// How a git command ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Exit code 0.
    pub success: bool,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it said in error, trimmed.
    pub stderr: String,
}

impl Ended {
    /// Its output as text, trimmed.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }
}

impl Git {
    /// Looks for git in `PATH`.
    ///
    /// # Errors
    /// There is none, or it does not answer.
    pub async fn find() -> Result<Self, GitError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|program| program.is_file());
        let program = found.ok_or(GitError::NotFound)?.canonicalize()?;
        let asked = Command::new(&program).arg("--exec-path").kill_on_drop(true).output();
        let answer =
            timeout(TIMEOUT, asked).await.map_err(|_| GitError::TimedOut { command: "--exec-path".into() })??;
        let helpers = PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim());
        if !helpers.is_dir() {
            return Err(GitError::NoHelpers(format!("{} is not a folder", helpers.display())));
        }
        let executables = Executables { git: vec![program.clone(), helpers.clone()], loaders: confinement::loaders() };
        Ok(Self { program, helpers, executables, turns: Arc::new(Semaphore::new(MAX_AT_ONCE)) })
    }

    /// The program's version; shows that it runs under the lock.
    pub async fn version(&self) -> Result<String, GitError> {
        let folder = self.helpers.clone();
        Ok(self.run(&folder, &["version"], b"").await?.text())
    }

    /// Waits until git may work on another request, for as long as the client waits.
    ///
    /// # Errors
    /// The client left.
    pub async fn turn(&self, client: &Client) -> Result<Turn, GitError> {
        let permit = tokio::select! {
            biased;
            () = client.left() => return Err(GitError::Abandoned),
            permit = Arc::clone(&self.turns).acquire_owned() => permit.map_err(io::Error::other)?,
        };
        Ok(Turn { _permit: permit, client: client.clone(), deadline: Instant::now() + TIMEOUT })
    }

    /// Runs a git command on the repository in `folder`, with `input` on its standard input.
    ///
    /// # Errors
    /// It could not be run or took too long; then it was ended, with all that it started.
    pub async fn run(&self, folder: &Path, arguments: &[&str], input: &[u8]) -> Result<Ended, GitError> {
        self.run_until(folder, arguments, input, Instant::now() + TIMEOUT, &Client::service()).await
    }

    /// The same as a part of a request.
    ///
    /// # Errors
    /// As [`Self::run`]; also when the client has left.
    pub async fn run_in(
        &self,
        turn: &Turn,
        folder: &Path,
        arguments: &[&str],
        input: &[u8],
    ) -> Result<Ended, GitError> {
        self.run_until(folder, arguments, input, turn.deadline, &turn.client).await
    }

    async fn run_until(
        &self,
        folder: &Path,
        arguments: &[&str],
        input: &[u8],
        deadline: Instant,
        client: &Client,
    ) -> Result<Ended, GitError> {
        let child = self.start(folder, arguments).await?;
        let command = || arguments.join(" ");
        let ended = finish(child, input, Limits::GIT, deadline, client).await.map_err(|cut| match cut {
            Cut::TimedOut => GitError::TimedOut { command: command() },
            Cut::TooMuchOutput(limit) => GitError::TooMuchOutput { command: command(), limit },
            Cut::Abandoned => GitError::Abandoned,
            Cut::Io(error) => GitError::NotRun(error),
        })?;
        let stderr = complaint(&ended);
        Ok(Ended { success: ended.status.success(), stdout: ended.stdout, stderr })
    }

    /// Starts the command from a thread that has locked itself in: the lock passes on to what it starts, binds
    /// nobody else, and ends with the thread.
    async fn start(&self, folder: &Path, arguments: &[&str]) -> Result<Child, GitError> {
        let mut command = self.command(folder, arguments);
        let (folder, executables) = (folder.to_owned(), self.executables.clone());
        let runtime = tokio::runtime::Handle::current();
        let (report, started) = tokio::sync::oneshot::channel();
        std::thread::Builder::new().name("git-start".into()).spawn(move || {
            let _inside = runtime.enter();
            let child = confinement::enter(&folder, &executables)
                .map_err(GitError::from)
                .and_then(|()| command.spawn().map_err(GitError::from));
            // Nobody waits any more: the child is dropped here, and that ends it.
            let _ = report.send(child);
        })?;
        started.await.map_err(|_| io::Error::other("the thread that starts git ended without an answer"))?
    }

    fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let repository = folder.join(".git");
        let mut command = Command::new(&self.program);
        command.arg("--no-pager").arg("--literal-pathspecs");
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", &self.helpers)
            .env("GIT_EXEC_PATH", &self.helpers)
            .env("GIT_DIR", &repository)
            .env("GIT_COMMON_DIR", &repository)
            .env("GIT_WORK_TREE", folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            // To git, `:` is the editor that changes nothing; it starts no program for it.
            .env("GIT_EDITOR", ":")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        Limits::GIT.bind(&mut command);
        for (field, value) in IDENTITY {
            command.env(format!("GIT_AUTHOR_{field}"), value).env(format!("GIT_COMMITTER_{field}"), value);
        }
        command
    }
}

/// What git said in error. A git that a signal ended, for its memory or its time, may not have said anything.
fn complaint(ended: &Finished) -> String {
    let said = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
    match ended.status.signal() {
        Some(signal) => format!(
            "git was ended by signal {signal}; the repository needs more than the {} MiB of memory and {} s that git has \
             {said}",
            Limits::GIT.memory_bytes >> 20,
            Limits::GIT.cpu_seconds
        )
        .trim_end()
        .to_owned(),
        None => said,
    }
}

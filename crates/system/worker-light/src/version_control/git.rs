//! The git program: found once, and run locked into one session, with nothing of the machine's configuration.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
    time::timeout,
};

use super::confinement::{self, ConfinementError, Executables};

/// Longest time for one git command.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a git that is asked to end may take to remove its lock files.
const GRACE: Duration = Duration::from_secs(2);
/// Who commits.
const IDENTITY: [(&str, &str); 2] = [("NAME", "Agent Worker"), ("EMAIL", "agent@problemologist.ai")];
/// Settings that stand above whatever a repository says. See the module's table for what each is against.
const SETTINGS: [&str; 17] = [
    "safe.directory=*",
    "init.defaultBranch=main",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.quotePath=false",
    "core.autocrlf=false",
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
}

/// Why a git command gave no answer. A command that git carried out and refused is no error here.
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
    #[error("git {command} did not finish within {} s", TIMEOUT.as_secs())]
    TimedOut {
        /// What it was asked to do.
        command: String,
    },
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
            return Err(GitError::NoHelpers(format!("{} is no folder", helpers.display())));
        }
        let executables = Executables { git: vec![program.clone(), helpers.clone()], loaders: confinement::loaders() };
        Ok(Self { program, helpers, executables })
    }

    /// The program's version; shows that it runs under the lock.
    pub async fn version(&self) -> Result<String, GitError> {
        let folder = self.helpers.clone();
        Ok(self.run(&folder, &["version"], b"").await?.text())
    }

    /// Runs a git command on the repository in `folder`, with `input` on its standard input.
    ///
    /// # Errors
    /// It could not be run or took too long; then it was ended, with all that it started.
    pub async fn run(&self, folder: &Path, arguments: &[&str], input: &[u8]) -> Result<Ended, GitError> {
        let mut child = self.start(folder, arguments).await?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        let pipe = child.stdin.take();
        let feed = async move {
            let Some(mut pipe) = pipe else { return };
            // A git that ends before it has read everything says why by its exit code.
            let _ = pipe.write_all(input).await;
        };
        let mut finished = Box::pin(async { tokio::join!(feed, child.wait_with_output()).1 });
        let Ok(output) = timeout(TIMEOUT, &mut finished).await else {
            // First the signal on which git removes its lock files, then the one that it cannot refuse. It may have
            // ended in between; then there is nobody to signal.
            if let Some(group) = group {
                let _ = killpg(group, Signal::SIGTERM);
                if timeout(GRACE, &mut finished).await.is_err() {
                    let _ = killpg(group, Signal::SIGKILL);
                }
            }
            return Err(GitError::TimedOut { command: arguments.join(" ") });
        };
        let output = output?;
        Ok(Ended {
            success: output.status.success(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
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
        for (field, value) in IDENTITY {
            command.env(format!("GIT_AUTHOR_{field}"), value).env(format!("GIT_COMMITTER_{field}"), value);
        }
        command
    }
}

//! The linter as a program. Source goes in by standard input, findings come out as JSON.
//!
//! It is also what judges whether Python source parses. The parser behind it is available as a crate, but source
//! that nests deeply enough overflows its stack, and in a process of its own that costs nobody else anything. A run
//! takes a few milliseconds.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use serde::Deserialize;
use tokio::{
    process::Command,
    sync::Semaphore,
    time::{Instant, timeout},
};

use crate::limited::{Client, Cut, Finished, Limits, finish};

/// Longest time for one check.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Checks at a time: each may use the memory of [`Limits::RUFF`].
const MAX_AT_ONCE: usize = 2;
/// How ruff's runtime says that it got no memory.
const NO_MEMORY: &[u8] = b"memory allocation of";
/// What ruff names its syntax errors; older versions name none.
const SYNTAX_RULE: &str = "invalid-syntax";
/// Exit codes of a check that was carried out: nothing found, something found.
const CARRIED_OUT: [i32; 2] = [0, 1];

/// The program.
#[derive(Debug, Clone)]
pub struct Ruff {
    program: PathBuf,
    /// The Python that runs scripts, as ruff writes it: `py311`. Newer syntax is an error there, and so it is here.
    target_version: String,
    turns: Arc<Semaphore>,
}

/// A set of rules to check.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Comma-separated rules and prefixes to check.
    pub select: &'static str,
    /// Rules not to check though selected.
    pub ignore: &'static str,
    /// Whether `# noqa` comments in the source silence a finding.
    pub noqa: bool,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Rule; `None` for source that does not parse.
    pub rule: Option<String>,
    /// What is wrong.
    pub message: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// Why a check gave no findings.
#[derive(Debug, thiserror::Error)]
pub enum RuffError {
    /// The program cannot be started or talked to.
    #[error("ruff ({program}) cannot be run: {source}")]
    NotRun {
        /// The program.
        program: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The interpreter whose version decides what is valid does not say it.
    #[error("{python} --version says {found:?}; expected something like \"Python 3.11.7\"")]
    PythonVersion {
        /// The interpreter.
        python: PathBuf,
        /// Its answer.
        found: String,
    },
    /// It took too long.
    #[error("ruff did not finish within {} s", TIMEOUT.as_secs())]
    TimedOut,
    /// It needed too much memory, or printed too much.
    #[error("the source is too large to be checked: ruff {0}")]
    TooLarge(String),
    /// A signal ended it: the source nests so deeply that the parser's stack overflowed.
    #[error("the source is nested too deeply to be parsed")]
    NestedTooDeeply,
    /// It refused to check, or said what we do not understand.
    #[error("ruff failed: {0}")]
    Failed(String),
}

#[derive(Deserialize)]
struct Reported {
    code: Option<String>,
    message: String,
    location: Location,
}

#[derive(Deserialize)]
struct Location {
    row: u32,
    column: u32,
}

impl Ruff {
    /// The program at `program`, judging source for the interpreter at `python`.
    ///
    /// # Errors
    /// The interpreter does not say its version.
    pub async fn for_python(program: impl Into<PathBuf>, python: &Path) -> Result<Self, RuffError> {
        let unclear = |found: String| RuffError::PythonVersion { python: python.to_owned(), found };
        let asked = Command::new(python).arg("--version").env_clear().kill_on_drop(true).output();
        let answer = timeout(TIMEOUT, asked).await.map_err(|_| RuffError::TimedOut)?;
        let answer = answer.map_err(|error| unclear(error.to_string()))?;
        let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        let target_version = target_version(&text).ok_or_else(|| unclear(text))?;
        Ok(Self { program: program.into(), target_version, turns: Arc::new(Semaphore::new(MAX_AT_ONCE)) })
    }

    /// The program's name and version.
    pub async fn version(&self) -> Result<String, RuffError> {
        let output = self.run(&["--version"], b"").await?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Checks source text.
    pub async fn check(&self, source: &[u8], rules: Rules) -> Result<Vec<Finding>, RuffError> {
        let (select, ignore) = (format!("--select={}", rules.select), format!("--ignore={}", rules.ignore));
        let target = format!("--target-version={}", self.target_version);
        let mut arguments = vec!["check", "--isolated", "--no-cache", "--quiet", "--output-format=json", &target];
        arguments.push(&select);
        if !rules.ignore.is_empty() {
            arguments.push(&ignore);
        }
        if !rules.noqa {
            arguments.push("--ignore-noqa");
        }
        arguments.extend(["--stdin-filename=script.py", "-"]);
        let _turn = self.turns.acquire().await.map_err(|error| self.not_run(io::Error::other(error)))?;
        let output = self.run(&arguments, source).await?;
        match output.status.code() {
            Some(code) if CARRIED_OUT.contains(&code) => {}
            Some(_) => return Err(RuffError::Failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
            None if output.stderr.windows(NO_MEMORY.len()).any(|said| said == NO_MEMORY) => {
                let limit = Limits::RUFF.memory_bytes >> 20;
                return Err(RuffError::TooLarge(format!("needs more than {limit} MiB of memory")));
            }
            None => return Err(RuffError::NestedTooDeeply),
        }
        let reported: Vec<Reported> = serde_json::from_slice(&output.stdout)
            .map_err(|error| RuffError::Failed(format!("its report is not understood: {error}")))?;
        Ok(reported
            .into_iter()
            .map(|reported| Finding {
                rule: reported.code.filter(|rule| rule != SYNTAX_RULE),
                message: reported.message,
                line: reported.location.row,
                column: reported.location.column,
            })
            .collect())
    }

    /// Runs the program. A caller that goes away ends it.
    async fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Finished, RuffError> {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env_clear()
            // One thread does: there is one file. Each would map memory of its own.
            .env("RAYON_NUM_THREADS", "1")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        Limits::RUFF.bind(&mut command);
        let child = command.spawn().map_err(|source| self.not_run(source))?;
        let deadline = Instant::now() + TIMEOUT;
        finish(child, input, Limits::RUFF, deadline, &Client::service()).await.map_err(|cut| match cut {
            Cut::TimedOut | Cut::Abandoned => RuffError::TimedOut,
            Cut::TooMuchOutput(limit) => RuffError::TooLarge(format!("prints more than {} MiB", limit >> 20)),
            Cut::Io(source) => self.not_run(source),
        })
    }

    fn not_run(&self, source: io::Error) -> RuffError {
        RuffError::NotRun { program: self.program.clone(), source }
    }
}

/// `py311` from `Python 3.11.7`.
fn target_version(answer: &str) -> Option<String> {
    let mut numbers = answer.strip_prefix("Python ")?.split('.').map(str::parse::<u8>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return None };
    Some(format!("py{major}{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreter_version_becomes_the_target_version() {
        assert_eq!(target_version("Python 3.11.7").as_deref(), Some("py311"));
        assert_eq!(target_version("Python 3.14.0rc1").as_deref(), Some("py314"));
        assert_eq!(target_version("PyPy"), None);
        assert_eq!(target_version(""), None);
    }
}

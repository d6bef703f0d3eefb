//! Running outside programs: output into the component's log, progress from its last line, stopped by Ctrl-C.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::interrupt;
use crate::progress::Line;

/// How often a running program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(3);

/// How many of the last lines of output a failure repeats.
const LINES_SHOWN: usize = 15;

/// How much of each of these lines is repeated, in characters; the log has all of it.
const LINE_SHOWN: usize = 180;

/// What Ctrl-C does to a running program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnInterrupt {
    /// End it, with everything it started.
    Stop,
    /// Let it finish: the package manager would leave the machine half-changed.
    Finish,
}

/// Why a program did not do what was wanted of it.
#[derive(Debug)]
pub enum CommandFailure {
    /// It could not be started.
    NotStarted {
        /// The program and its arguments.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It ended with a failure.
    Ended {
        /// The program and its arguments.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines that it printed.
        last_lines: Vec<String>,
    },
    /// The user stopped the setup.
    Interrupted,
    /// Its output could not be kept.
    Log(std::io::Error),
}

impl fmt::Display for CommandFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted { command, source } => write!(formatter, "cannot start `{command}`: {source}"),
            Self::Ended { command, status, last_lines } => {
                write!(formatter, "`{command}` ended with {status}")?;
                last_lines.iter().try_for_each(|line| write!(formatter, "\n  | {line}"))
            }
            Self::Interrupted => write!(formatter, "stopped by the user"),
            Self::Log(source) => write!(formatter, "the log file cannot be used: {source}"),
        }
    }
}

/// Runs programs on behalf of one component.
pub struct Logged<'run> {
    log: PathBuf,
    line: &'run Line,
}

impl<'run> Logged<'run> {
    /// Starts an empty log at `log`; progress goes to `line`.
    pub fn start(log: PathBuf, line: &'run Line) -> std::io::Result<Self> {
        File::create(&log)?;
        Ok(Self { log, line })
    }

    /// Shows and logs a remark about the way that the installation takes.
    pub fn note(&self, remark: &str) {
        self.line.step(remark);
        // The log is for reading afterwards; a remark that it lacks changes nothing.
        let _ = File::options().append(true).open(&self.log).and_then(|mut log| writeln!(log, "== {remark}"));
    }

    /// Runs `command` to its end, as a step called `message`, and returns what it printed.
    pub fn run(&self, message: &str, command: &mut Command) -> Result<String, CommandFailure> {
        self.run_with(message, command, OnInterrupt::Stop)
    }

    /// As [`Logged::run`], with the choice of what Ctrl-C does.
    pub fn run_with(
        &self,
        message: &str,
        command: &mut Command,
        on_interrupt: OnInterrupt,
    ) -> Result<String, CommandFailure> {
        if interrupt::requested() {
            return Err(CommandFailure::Interrupted);
        }
        self.line.step(message);
        let text = describe(command);
        let mut log = File::options().append(true).open(&self.log).map_err(CommandFailure::Log)?;
        writeln!(log, "== {message}\n$ {text}").map_err(CommandFailure::Log)?;
        let output_starts = log.seek(SeekFrom::End(0)).map_err(CommandFailure::Log)?;

        command.stdin(Stdio::null()).process_group(0);
        command.stdout(log.try_clone().map_err(CommandFailure::Log)?).stderr(log);
        if on_interrupt == OnInterrupt::Stop {
            end_with_parent(command);
        }
        let mut child =
            command.spawn().map_err(|source| CommandFailure::NotStarted { command: text.clone(), source })?;
        let status = loop {
            if let Some(status) = child.try_wait().map_err(CommandFailure::Log)? {
                break status;
            }
            if interrupt::requested() && on_interrupt == OnInterrupt::Stop {
                stop(&mut child);
                return Err(CommandFailure::Interrupted);
            }
            self.line.detail(|| self.last_line(output_starts));
            std::thread::sleep(LOOK_EVERY);
        };
        let output = self.output_since(output_starts).map_err(CommandFailure::Log)?;
        if status.success() {
            return Ok(output);
        }
        let lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
        let shown = &lines[lines.len().saturating_sub(LINES_SHOWN)..];
        let last_lines = shown.iter().map(|line| line.chars().take(LINE_SHOWN).collect()).collect();
        Err(CommandFailure::Ended { command: text, status, last_lines })
    }

    fn output_since(&self, start: u64) -> std::io::Result<String> {
        let mut log = File::open(&self.log)?;
        log.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn last_line(&self, output_starts: u64) -> String {
        let output = self.output_since(output_starts).unwrap_or_default();
        output.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
    }
}

/// A program's first line of output, when it runs and succeeds. For quick questions such as `--version`; no log.
pub fn ask(program: &std::path::Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(std::ffi::OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// Has the kernel end the program when this one is killed, so that no orphan continues installing.
fn end_with_parent(command: &mut Command) {
    // SAFETY: between fork and exec only this one system call is made; it takes no memory and no lock.
    unsafe {
        command.pre_exec(|| nix::sys::prctl::set_pdeathsig(Signal::SIGTERM).map_err(std::io::Error::from));
    }
}

/// Ends the program and everything it started: asked first, then forced.
fn stop(child: &mut Child) {
    let group = Pid::from_raw(child.id().cast_signed());
    // The group may be gone by now; then there is nothing to end.
    let _ = killpg(group, Signal::SIGTERM);
    let asked = std::time::Instant::now();
    while asked.elapsed() < GRACE && matches!(child.try_wait(), Ok(None)) {
        std::thread::sleep(LOOK_EVERY);
    }
    let _ = killpg(group, Signal::SIGKILL);
    let _ = child.wait();
}

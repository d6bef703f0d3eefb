//! Commands that take minutes: with a log, a limit, lines of progress, and an end when somebody presses Ctrl-C.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// How long a group of processes has to end by itself before it is killed. nextest gives its tests half of that.
const GRACE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const TELL_EVERY: Duration = Duration::from_secs(15);

/// Counts how often somebody pressed Ctrl-C, or requested the end in another way.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// Takes the signals of this process; they no longer end it by themselves.
    pub fn listen() -> anyhow::Result<Self> {
        let interrupt = Self::default();
        let count = interrupt.0.clone();
        ctrlc::set_handler(move || {
            count.fetch_add(1, Ordering::Relaxed);
        })
        .context("listening for Ctrl-C")?;
        Ok(interrupt)
    }

    /// True when the end was asked for.
    pub fn is_raised(&self) -> bool {
        self.count() > 0
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself; without a code when a signal ended it.
    Exited(Option<i32>),
    /// Stopped: it took longer than it may.
    TimedOut,
    /// Stopped: somebody asked for the end.
    Interrupted,
}

/// Runs a command in a process group of its own, which is gone when this returns. Its output goes to `log`.
pub fn run(
    command: &mut Command,
    log: &File,
    limit: Duration,
    interrupt: &Interrupt,
    mut tell: impl FnMut(Duration),
) -> anyhow::Result<Ending> {
    let output = log.try_clone().context("opening the log twice")?;
    let errors = log.try_clone().context("opening the log twice")?;
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdout(output)
        .stderr(errors)
        .process_group(0)
        .spawn()
        .with_context(|| format!("starting {program}"))?;
    let started = Instant::now();
    let mut told = started;
    loop {
        if let Some(status) = child.try_wait().context("waiting for a process")? {
            return Ok(Ending::Exited(status.code()));
        }
        if interrupt.is_raised() {
            stop(&mut child, interrupt)?;
            return Ok(Ending::Interrupted);
        }
        if started.elapsed() > limit {
            stop(&mut child, interrupt)?;
            return Ok(Ending::TimedOut);
        }
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            tell(started.elapsed());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Asks a group to end, and kills it when it does not, or when Ctrl-C is pressed once more.
fn stop(child: &mut Child, interrupt: &Interrupt) -> anyhow::Result<()> {
    let group = Pid::from_raw(i32::try_from(child.id()).context("process ids fit")?);
    let asked = (Instant::now(), interrupt.count());
    // A group that is gone already cannot be signalled, and need not be.
    let _ = killpg(group, Signal::SIGINT);
    while child.try_wait().context("waiting for a process")?.is_none() {
        if asked.0.elapsed() > GRACE || interrupt.count() > asked.1 {
            let _ = killpg(group, Signal::SIGKILL);
            child.wait().context("waiting for a killed process")?;
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    // Members that outlived their leader.
    let _ = killpg(group, Signal::SIGKILL);
    Ok(())
}

/// The last line of a log that says anything, shortened; empty when there is none.
pub fn last_line(log: &Path) -> String {
    const TAIL_BYTES: i64 = 4096;
    const LONGEST: usize = 100;
    let mut tail = Vec::new();
    if let Ok(mut file) = File::open(log) {
        // A log that is shorter than the tail is read from its beginning.
        let _ = file.seek(SeekFrom::End(-TAIL_BYTES)).or_else(|_| file.seek(SeekFrom::Start(0)));
        let _ = file.read_to_end(&mut tail);
    }
    let text = String::from_utf8_lossy(&tail);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn run_with(script: &str, limit: Duration, interrupt: &Interrupt) -> (Ending, String) {
        let log = tempfile::NamedTempFile::new().expect("a temporary file can be made");
        let ending = run(&mut shell(script), log.as_file(), limit, interrupt, |_| {}).expect("sh starts");
        (ending, last_line(log.path()))
    }

    #[test]
    fn command_exits_times_out_or_is_interrupted() {
        let (short, long) = (Duration::from_millis(150), Duration::from_mins(1));
        let quiet = Interrupt::default();
        assert_eq!(
            run_with("echo first; echo last >&2; exit 3", long, &quiet),
            (Ending::Exited(Some(3)), "last".into())
        );
        assert_eq!(run_with("echo begun; sleep 60", short, &quiet), (Ending::TimedOut, "begun".into()));
        let raised = Interrupt::default();
        raised.0.fetch_add(1, Ordering::Relaxed);
        assert_eq!(run_with("sleep 60", long, &raised).0, Ending::Interrupted);
    }
}

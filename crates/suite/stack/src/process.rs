//! Processes of a stack: started so that they cannot outlive their supervisor, signalled as whole trees, found again by
//! the mark they carry.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Gid, Pid, Uid, getpid},
};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// Environment variable that every process of a stack carries; its value is the stack's directory.
pub const MARK_VARIABLE: &str = "STACK_DIRECTORY";

/// What to start, and how.
#[derive(Debug, Clone)]
pub struct Launch {
    /// Program file.
    pub program: PathBuf,
    /// Arguments.
    pub arguments: Vec<OsString>,
    /// The whole environment; nothing is inherited.
    pub environment: Vec<(String, OsString)>,
    /// Working directory.
    pub directory: PathBuf,
    /// File that standard output and error are appended to.
    pub log: PathBuf,
    /// User to run as, when it is not the supervisor's own.
    pub account: Option<Account>,
    /// Signal that the kernel sends when the supervisor dies.
    pub death_signal: Signal,
}

/// A user of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// User id.
    pub user: Uid,
    /// Group id.
    pub group: Gid,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It ended with this exit code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// The supervisor could not learn how.
    Unknown,
}

impl std::fmt::Display for Ending {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "exit code {code}"),
            Self::Signal(number) => match Signal::try_from(*number) {
                Ok(signal) => write!(formatter, "signal {signal}"),
                Err(_) => write!(formatter, "signal {number}"),
            },
            Self::Unknown => formatter.write_str("unknown cause"),
        }
    }
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::Unknown,
        }
    }
}

/// A started process, watched until it ends.
#[derive(Debug, Clone)]
pub struct Running {
    /// Its id, which is also the id of its process group.
    pub pid: Pid,
    ending: watch::Receiver<Option<Ending>>,
}

impl Launch {
    /// Starts the process. Must be called on the supervisor's main thread: the kernel's death signal follows the
    /// thread that started it.
    pub fn start(&self) -> io::Result<Running> {
        let log = fs::OpenOptions::new().create(true).append(true).open(&self.log)?;
        let mut command = tokio::process::Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        if let Some(account) = self.account {
            command.uid(account.user.as_raw()).gid(account.group.as_raw());
        }
        die_with_parent(&mut command, self.death_signal);
        let mut child = command.spawn()?;
        let pid = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("a process that was just started has no id"))?;
        let (tell, ending) = watch::channel(None);
        tokio::spawn(async move {
            let how = child.wait().await.map_or(Ending::Unknown, Ending::from);
            tell.send_replace(Some(how));
        });
        Ok(Running { pid, ending })
    }
}

/// Has the kernel send `signal` to the child as soon as the thread that starts it is gone.
pub fn die_with_parent(command: &mut tokio::process::Command, signal: Signal) {
    let parent = getpid();
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; prctl, getppid and _exit are.
    unsafe {
        command.pre_exec(move || {
            nix::sys::prctl::set_pdeathsig(signal)?;
            if nix::unistd::getppid() == parent { Ok(()) } else { Err(io::Error::other("the parent is gone already")) }
        });
    }
}

impl Running {
    /// How it ended, if it has.
    pub fn ended(&self) -> Option<Ending> {
        *self.ending.borrow()
    }

    /// Waits for its end.
    pub async fn end(&self) -> Ending {
        let mut ending = self.ending.clone();
        let ended = ending.wait_for(Option::is_some).await;
        ended.ok().and_then(|how| *how).unwrap_or(Ending::Unknown)
    }

    /// Asks it to end, and ends the whole tree by force when it has not after `deadline`.
    pub async fn stop(&self, signal: Signal, deadline: Duration) -> Ending {
        if let Some(how) = self.ended() {
            return how;
        }
        // A process may die between the look and the signal, here and below: there is nothing left to do then.
        kill(self.pid, signal).ok();
        match tokio::time::timeout(deadline, self.end()).await {
            Ok(how) => how,
            Err(_) => self.kill().await,
        }
    }

    /// Ends the whole tree at once.
    pub async fn kill(&self) -> Ending {
        if self.ended().is_none() {
            signal_tree(self.pid, Signal::SIGKILL);
        }
        self.end().await
    }

    /// Freezes the whole tree.
    pub fn pause(&self) {
        // Parents first, and again until no new process was started meanwhile: a frozen process starts no children.
        let mut frozen = Vec::new();
        loop {
            let new: Vec<_> = tree(self.pid).into_iter().filter(|pid| !frozen.contains(pid)).collect();
            if new.is_empty() {
                return;
            }
            for pid in new {
                kill(pid, Signal::SIGSTOP).ok();
                frozen.push(pid);
            }
        }
    }

    /// Resumes a frozen tree.
    pub fn resume(&self) {
        signal_tree(self.pid, Signal::SIGCONT);
    }
}

fn signal_tree(root: Pid, signal: Signal) {
    for pid in tree(root) {
        kill(pid, signal).ok();
    }
}

/// What `/proc/PID/stat` says.
struct Stat {
    pid: Pid,
    parent: Pid,
    has_terminal: bool,
    is_zombie: bool,
}

fn all_processes() -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| stat(entry.file_name().to_str()?.parse().ok()?)).collect()
}

fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Stat {
        pid: Pid::from_raw(pid),
        parent: Pid::from_raw(fields.get(1)?.parse().ok()?),
        has_terminal: *fields.get(4)? != "0",
        is_zombie: *fields.first()? == "Z",
    })
}

/// A process and all below it, parents before children.
fn tree(root: Pid) -> Vec<Pid> {
    let all = all_processes();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(all.iter().filter(|process| process.parent == parent).map(|process| process.pid));
        next += 1;
    }
    found
}

/// Processes that belong to the stack in `directory`: they carry its mark, or work inside it. Somebody's shell inside
/// the directory has a terminal and does not count.
pub fn belonging_to(directory: &Path) -> Vec<Pid> {
    let mark = format!("{MARK_VARIABLE}={}", directory.display()).into_bytes();
    all_processes()
        .into_iter()
        .filter(|process| process.pid != getpid() && !process.has_terminal && !process.is_zombie)
        .map(|process| process.pid)
        .filter(|pid| {
            let folder = PathBuf::from(format!("/proc/{pid}"));
            let carries = fs::read(folder.join("environ"))
                .is_ok_and(|variables| variables.split(|byte| *byte == 0).any(|variable| variable == mark));
            carries || fs::read_link(folder.join("cwd")).is_ok_and(|inside| inside.starts_with(directory))
        })
        .collect()
}

/// Ends every process that belongs to the stack in `directory`, and waits until they are gone; returns those that are
/// not gone after `deadline`.
pub fn end_all_belonging_to(directory: &Path, deadline: Duration) -> Vec<Pid> {
    let started = Instant::now();
    loop {
        let left = belonging_to(directory);
        if left.is_empty() || started.elapsed() > deadline {
            return left;
        }
        for pid in left {
            kill(pid, Signal::SIGKILL).ok();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// True while a process with this id runs; one that ended and was not waited for does not.
pub fn exists(pid: i32) -> bool {
    stat(pid).is_some_and(|process| !process.is_zombie)
}

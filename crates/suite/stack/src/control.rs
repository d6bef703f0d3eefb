//! What the supervisor of a stack can be asked, and how: one JSON object a line over its Unix socket.
//!
//! The client side blocks. Its calls are short, and a plain socket does not belong to any one test's runtime.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Fault, Service, process::Ending};

/// A supervisor that is alive answers at once, except for faults.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);
/// A restart waits for readiness, which takes seconds for a worker.
const FAULT_DEADLINE: Duration = Duration::from_mins(3);

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// What runs, and who uses it.
    Status,
    /// Keep the stack for as long as this connection is open.
    Lease(Holder),
    /// Disturb a part.
    Fault {
        /// Which.
        service: Service,
        /// How.
        action: Fault,
    },
    /// Stop when nobody uses it, without waiting for the idle time to pass.
    Retire,
    /// Stop everything. The connection is closed when all is gone.
    Down {
        /// Only when nobody holds a lease.
        only_if_idle: bool,
    },
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// To `Status`.
    Status(StackStatus),
    /// To `Lease`: it holds from now.
    Leased,
    /// To `Fault`: done, this many seconds after it was asked.
    Done {
        /// Seconds.
        seconds: f64,
    },
    /// To `Retire`: it ends with its last user.
    Retiring,
    /// To `Down`: stopping.
    Stopping,
    /// To anything: not done, for this reason.
    Refused {
        /// Why, and what to do.
        reason: String,
    },
}

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Its command.
    pub name: String,
}

impl Holder {
    /// This process.
    pub fn this_process() -> Self {
        let program = std::env::args_os().next().map(PathBuf::from);
        let name = program.and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
        Self { pid: std::process::id(), name: name.unwrap_or_else(|| "unknown".to_owned()) }
    }
}

/// State of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackStatus {
    /// Identifies the build that runs.
    pub fingerprint: String,
    /// Process id of the supervisor.
    pub supervisor: u32,
    /// When the stack became ready.
    pub started_at: DateTime<Utc>,
    /// Who uses it.
    pub leases: Vec<Holder>,
    /// Connections to its services that are open, with or without a lease.
    pub open_connections: usize,
    /// Seconds until it stops by itself; absent while it is used.
    pub stops_in_seconds: Option<u64>,
    /// Its parts.
    pub services: Vec<ServiceStatus>,
}

/// Who uses a stack, in words.
pub(crate) fn users(holders: &[Holder], open_connections: usize) -> String {
    let mut users: Vec<_> = holders.iter().map(|holder| format!("{} (pid {})", holder.name, holder.pid)).collect();
    if users.is_empty() {
        users.push(format!("{open_connections} open connections without a lease"));
    }
    users.join(", ")
}

/// State of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Which.
    pub service: Service,
    /// What it does.
    pub state: ServiceState,
    /// How often the supervisor started it again after it had ended by itself.
    pub restarts: u32,
    /// Process id while it runs.
    pub pid: Option<i32>,
    /// Where it listens.
    pub address: String,
    /// Its log file.
    pub log: PathBuf,
    /// Its last lines, when it ended by itself.
    pub last_lines: Vec<String>,
}

/// What a part does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "ending", rename_all = "snake_case")]
pub enum ServiceState {
    /// Not started yet.
    Waiting,
    /// Started, not ready yet.
    Starting,
    /// Works.
    Ready,
    /// Frozen by a fault.
    Paused,
    /// Ended by a fault.
    Stopped,
    /// Ended by itself; the supervisor starts it again after a pause.
    Ended(Ending),
}

impl std::fmt::Display for ServiceState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Waiting => formatter.write_str("waiting"),
            Self::Starting => formatter.write_str("starting"),
            Self::Ready => formatter.write_str("ready"),
            Self::Paused => formatter.write_str("paused"),
            Self::Stopped => formatter.write_str("stopped"),
            Self::Ended(ending) => write!(formatter, "ended by itself, {ending}"),
        }
    }
}

/// A connection to a supervisor.
#[derive(Debug)]
pub struct Control {
    stream: BufReader<UnixStream>,
    socket: PathBuf,
}

impl Control {
    /// Connects; fails at once when no supervisor listens there.
    pub fn connect(socket: &Path) -> anyhow::Result<Self> {
        let stream = UnixStream::connect(socket)
            .with_context(|| format!("no stack answers on {}; start one with `stack ensure`", socket.display()))?;
        Ok(Self { stream: BufReader::new(stream), socket: socket.to_path_buf() })
    }

    fn ask(&mut self, request: &Request, deadline: Duration) -> anyhow::Result<Answer> {
        let describe = || format!("the stack's supervisor on {} did not answer {request:?}", self.socket.display());
        let mut line = serde_json::to_string(request).context("a request is plain data")?;
        line.push('\n');
        let stream = self.stream.get_mut();
        stream.set_read_timeout(Some(deadline)).with_context(describe)?;
        stream.write_all(line.as_bytes()).with_context(describe)?;
        let mut answer = String::new();
        if self.stream.read_line(&mut answer).with_context(describe)? == 0 {
            bail!("the stack's supervisor on {} closed the connection: it is stopping", self.socket.display());
        }
        serde_json::from_str(&answer).with_context(|| format!("the supervisor is of another build: {answer}"))
    }

    /// What runs, and who uses it.
    pub fn status(&mut self) -> anyhow::Result<StackStatus> {
        match self.ask(&Request::Status, ANSWER_DEADLINE)? {
            Answer::Status(status) => Ok(status),
            other => bail!("unexpected answer to a question for the status: {other:?}"),
        }
    }

    /// Takes a lease, which ends with this connection.
    pub fn lease(&mut self) -> anyhow::Result<()> {
        match self.ask(&Request::Lease(Holder::this_process()), ANSWER_DEADLINE)? {
            Answer::Leased => Ok(()),
            Answer::Refused { reason } => bail!("the stack gives no lease: {reason}"),
            other => bail!("unexpected answer to a lease: {other:?}"),
        }
    }

    /// Disturbs a part; returns when it is done, with the seconds that it took.
    pub fn fault(&mut self, service: Service, action: Fault) -> anyhow::Result<f64> {
        match self.ask(&Request::Fault { service, action }, FAULT_DEADLINE)? {
            Answer::Done { seconds } => Ok(seconds),
            Answer::Refused { reason } => bail!("cannot {action} {service}: {reason}"),
            other => bail!("unexpected answer to a fault: {other:?}"),
        }
    }

    /// Has it stop after its last user.
    pub fn retire(&mut self) -> anyhow::Result<()> {
        match self.ask(&Request::Retire, ANSWER_DEADLINE)? {
            // A supervisor that does not know the question refuses it, and ends after its idle time.
            Answer::Retiring | Answer::Refused { .. } => Ok(()),
            other => bail!("unexpected answer to a retirement: {other:?}"),
        }
    }

    /// Stops everything and waits until all is gone. `Ok(Err(reason))` when it is in use and `only_if_idle` is set.
    pub fn down(mut self, only_if_idle: bool) -> anyhow::Result<Result<(), String>> {
        match self.ask(&Request::Down { only_if_idle }, ANSWER_DEADLINE)? {
            Answer::Stopping => {
                self.stream.get_mut().set_read_timeout(Some(Duration::from_mins(1)))?;
                let mut rest = String::new();
                let ended = self.stream.read_line(&mut rest);
                ended.context("the stack did not stop within 60 s; `stack status` shows what is left")?;
                Ok(Ok(()))
            }
            Answer::Refused { reason } => Ok(Err(reason)),
            other => bail!("unexpected answer to a stop: {other:?}"),
        }
    }
}

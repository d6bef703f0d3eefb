//! One run of any kind, from request to outcome.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use contract::execution::{ScriptFault, ScriptFaultKind};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::CadRuntimeError;
use crate::config::{Limits, processors};
use crate::geometry;
use crate::launch::LaunchPlan;
use crate::memory;
use crate::quota::Watch;
use crate::run_directory::{RunDirectory, RunsDirectory};
use crate::warm_parent::{EndedBy, Ending, State, Supervisor};
use design::Geometry;

/// Output and error output are each cut at this length, in bytes.
pub const OUTPUT_LIMIT_BYTES: u64 = 1 << 20;

/// How long after a run's deadline the warm parent may still take to report its end.
const ANSWER_GRACE: Duration = Duration::from_secs(15);

/// Largest outcome that a child may leave, in bytes: a fault or the properties of one face.
const OUTCOME_LIMIT_BYTES: u64 = 1 << 16;

/// The forked child's task.
pub(crate) struct Job {
    /// `execute` and `build` run a script; `measure`, `export` and `topology` read what one handed over.
    pub(crate) mode: &'static str,
    /// Its input.
    pub(crate) input: Input,
    /// Fields that only this mode has.
    pub(crate) extra: Value,
}

/// Input of a child.
pub(crate) enum Input {
    /// A script, given as a file relative to the session.
    File(String),
    /// A script's text.
    Text(String),
    /// What a script handed over. The child runs no script and sees no session.
    Geometry(Geometry),
}

impl Input {
    /// What was in progress, for messages about a fault of the process.
    fn activity(&self) -> Activity {
        match self {
            Self::File(_) | Self::Text(_) => Activity::Script,
            Self::Geometry(_) => Activity::Measuring,
        }
    }
}

/// What was in progress when a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activity {
    Script,
    Measuring,
}

/// The results of a child.
pub(crate) struct Outcome {
    pub(crate) ending: Ending,
    pub(crate) fault: Option<ScriptFault>,
    pub(crate) result: Value,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) directory: RunDirectory,
}

impl Outcome {
    /// The outcome of a script that was refused before it began.
    fn not_run(fault: ScriptFault, directory: RunDirectory) -> Self {
        let ending = Ending {
            setup_error: None,
            exit_code: None,
            signal: None,
            ended_by: Some(EndedBy::Cancel),
            wall_s: 0.0,
            max_rss_kb: 0,
        };
        let (stdout, stderr) = (String::new(), String::new());
        Self { ending, fault: Some(fault), result: Value::Null, stdout, stderr, directory }
    }
}

/// A child's own report of its end. A script can write this file too, so it affects only what its caller reads.
#[derive(Default, Deserialize)]
struct OutcomeFile {
    fault: Option<ScriptFault>,
    #[serde(default)]
    result: Value,
}

/// What every run needs.
#[derive(Debug)]
pub(crate) struct Runner {
    // Declared before the folder: processes end before it is removed.
    pub(crate) supervisor: Supervisor,
    pub(crate) plan: Arc<LaunchPlan>,
    pub(crate) runs_dir: Arc<RunsDirectory>,
    pub(crate) limits: Limits,
}

impl Runner {
    /// Runs a job. When `cancel` completes first, the child is ended and the outcome says so.
    pub(crate) async fn run(
        &self,
        session_root: &Path,
        job: Job,
        timeout: Duration,
        cancel: impl Future<Output = ()>,
    ) -> Result<Outcome, CadRuntimeError> {
        let parent = match self.supervisor.settled().await {
            State::Ready(parent) => parent,
            State::Failed(reason) => return Err(CadRuntimeError::NotRunning(reason)),
            State::Idle | State::Starting => return Err(CadRuntimeError::NotRunning("it is starting".into())),
        };
        let session_root = self.session(session_root)?;
        let directory = RunDirectory::create(&self.runs_dir)?;
        match &job.input {
            Input::File(_) => {}
            Input::Text(text) => directory.write("source.py", text.as_bytes())?,
            Input::Geometry(handed_over) => geometry::write(handed_over, &directory)?,
        }
        let watch = Watch::open(&session_root, directory.path(), self.limits.disk)?;
        if let Some(exceeded) = watch.exceeded().await? {
            return Ok(Outcome::not_run(exceeded.before_run(), directory));
        }
        let description = self.describe(&job, &session_root, &directory, timeout, parent.ready.virtual_memory_kb);
        directory.write_job(&description)?;

        let memory_kills = memory::kills();
        let (id, mut answer) = parent.run(directory.id(), timeout, self.limits.max_threads);
        let stuck = tokio::time::sleep(timeout + ANSWER_GRACE);
        let until_exceeded = watch.until_exceeded();
        tokio::pin!(cancel, stuck, until_exceeded);
        let mut cancelled = false;
        let mut exceeded = None;
        let answer = loop {
            tokio::select! {
                answer = &mut answer => break answer,
                () = &mut cancel, if !cancelled => {
                    cancelled = true;
                    parent.cancel(id);
                }
                found = &mut until_exceeded, if exceeded.is_none() => {
                    exceeded = Some(found);
                    parent.cancel(id);
                }
                () = &mut stuck => {
                    self.supervisor.kill_process();
                    return Err(CadRuntimeError::ParentStuck { seconds: ANSWER_GRACE.as_secs() });
                }
            }
        };
        let ending = answer.map_err(|_| CadRuntimeError::ParentEnded)?.map_err(CadRuntimeError::Setup)?;

        let (stdout, stderr) = directory.output(OUTPUT_LIMIT_BYTES)?;
        if let Some(reason) = ending.setup_error {
            return Err(CadRuntimeError::Setup(reason));
        }
        let left: OutcomeFile = directory
            .result("outcome.json", OUTCOME_LIMIT_BYTES)
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        // What it wrote since the last measurement counts too.
        let exceeded = if exceeded.is_none() { watch.exceeded().await? } else { exceeded };
        let out_of_memory = memory_kills.zip(memory::kills()).map(|(before, after)| after > before);
        let activity = job.input.activity();
        let fault = match exceeded {
            Some(exceeded) if !cancelled => Some(exceeded.during_run()),
            _ => fault_of_ending(activity, &ending, &stderr, timeout, &self.limits, out_of_memory)
                .or_else(|| left.fault.map(own_fault)),
        };
        Ok(Outcome { ending, fault, result: left.result, stdout, stderr, directory })
    }

    /// The session's folder without symbolic links, so that the kernel's view of paths and ours agree.
    fn session(&self, session_root: &Path) -> Result<PathBuf, CadRuntimeError> {
        let wrong = |problem: String| CadRuntimeError::Session { path: session_root.to_owned(), problem };
        let resolved = session_root.canonicalize().map_err(|error| wrong(error.to_string()))?;
        if resolved == self.plan.sessions_dir || !resolved.starts_with(&self.plan.sessions_dir) {
            return Err(wrong(format!("it is not below {}", self.plan.sessions_dir.display())));
        }
        if resolved.to_str().is_none() {
            return Err(wrong("its name is not UTF-8".into()));
        }
        Ok(resolved)
    }

    fn describe(
        &self,
        job: &Job,
        session_root: &Path,
        directory: &RunDirectory,
        timeout: Duration,
        parent_memory_kb: u64,
    ) -> Value {
        let (script_path, root) = match &job.input {
            Input::File(path) => (Some(path), session_root),
            Input::Text(_) => (None, session_root),
            Input::Geometry(_) => (None, directory.path()),
        };
        let policy = policy(
            &self.plan,
            vec![root.to_owned(), directory.path().to_owned()],
            &self.limits,
            parent_memory_kb,
            timeout,
        );
        let session_id = session_root.file_name().map(|name| name.to_string_lossy().into_owned());
        let mut description = json!({
            "mode": job.mode,
            "script_path": script_path,
            "session_root": root,
            "run_dir": directory.path(),
            "mounts": self.plan.mount_points(),
            "memory_allowance_bytes": self.limits.memory_bytes,
            "policy": policy,
            "environment": {
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "HOME": directory.scratch(),
                "TMPDIR": directory.scratch(),
                "SESSION_ID": session_id.unwrap_or_default(),
                "EVENTS_FILE": root.join(contract::events::EVENTS_FILE),
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
            },
        });
        if let (Value::Object(fields), Value::Object(extra)) = (&mut description, &job.extra) {
            fields.extend(extra.clone());
        }
        description
    }
}

/// The sandbox policy of a run.
pub(crate) fn policy(
    plan: &LaunchPlan,
    read_write: Vec<PathBuf>,
    limits: &Limits,
    parent_memory_kb: u64,
    timeout: Duration,
) -> sandbox::Policy {
    sandbox::Policy {
        read_only: plan.readable_paths(),
        read_write,
        memory_bytes: parent_memory_kb * 1024 + limits.memory_bytes,
        // The wall clock is the limit; this is for the case that no one is left to watch it. The times of threads add
        // up.
        cpu_seconds: (timeout.as_secs() + 5) * processors(),
        max_file_bytes: limits.max_file_bytes,
        max_open_files: limits.max_open_files,
        allow_network: false,
    }
}

/// A fault that a child reports about itself. Cancellation, timeouts and crashes are not taken from it: only the
/// service knows them, from how the process ended.
fn own_fault(fault: ScriptFault) -> ScriptFault {
    match fault.kind {
        ScriptFaultKind::Cancelled | ScriptFaultKind::TimeLimit | ScriptFaultKind::Crashed => ScriptFault {
            kind: ScriptFaultKind::ScriptError,
            message: format!(
                "The script ended with a false statement about its run ({:?}, {:?}): its process was neither cancelled \
                 nor ended by a limit.",
                fault.kind, fault.message
            ),
            line: fault.line,
        },
        _ => fault,
    }
}

/// The fault that follows from how the process ended, independent of its files.
///
/// `out_of_memory` says whether the kernel killed a process because of too little memory during the run, where that is
/// known.
fn fault_of_ending(
    activity: Activity,
    ending: &Ending,
    stderr: &str,
    timeout: Duration,
    limits: &Limits,
    out_of_memory: Option<bool>,
) -> Option<ScriptFault> {
    let fault = |kind, message: String| Some(ScriptFault { kind, message, line: None });
    let too_long = || {
        let seconds = timeout.as_secs_f64();
        let sentence = match activity {
            Activity::Script => format!(
                "The script ran longer than its limit of {seconds} s and was ended. Look for an endless loop, or build \
                 less at a time."
            ),
            Activity::Measuring => format!(
                "The design could not be measured within {seconds:.1} s, the time that the script left of its limit. \
                 Build fewer or simpler shapes."
            ),
        };
        fault(ScriptFaultKind::TimeLimit, sentence)
    };
    match ending.ended_by {
        Some(EndedBy::TimeLimit) => return too_long(),
        Some(EndedBy::ThreadLimit) => {
            return fault(
                ScriptFaultKind::ProcessLimit,
                format!("The script started more threads than its limit of {} and was ended.", limits.max_threads),
            );
        }
        Some(EndedBy::MemoryLimit) => {
            return fault(
                ScriptFaultKind::MemoryLimit,
                format!(
                    "All running scripts together used more memory than their limit of {} MiB, and this one used the \
                     most, so it was ended. Run it again, or build fewer or simpler shapes at a time.",
                    limits.total_memory_bytes >> 20
                ),
            );
        }
        Some(EndedBy::Cancel) => return fault(ScriptFaultKind::Cancelled, "The run was cancelled.".into()),
        None => {}
    }
    match ending.signal? {
        // A script may also send itself this signal, or lower the limit.
        libc::SIGXCPU if ending.wall_s >= timeout.as_secs_f64() => too_long(),
        libc::SIGXFSZ => fault(
            ScriptFaultKind::FileSizeLimit,
            format!("The script wrote a file larger than the limit of {} MiB.", limits.max_file_bytes >> 20),
        ),
        libc::SIGABRT if stderr.contains("std::bad_alloc") => fault(
            ScriptFaultKind::MemoryLimit,
            format!(
                "The CAD kernel asked for more memory than the limit of {} MiB. Build fewer or simpler shapes at a time.",
                limits.memory_bytes >> 20
            ),
        ),
        libc::SIGKILL => fault(
            ScriptFaultKind::Crashed,
            match out_of_memory {
                Some(true) => {
                    "The process was killed (SIGKILL) while the machine was out of memory. Build fewer or \
                               simpler shapes at a time."
                }
                Some(false) => {
                    "The process was killed (SIGKILL), by the script itself or by an operator of the \
                                machine."
                }
                None => "The process was killed (SIGKILL), by the script itself or from outside.",
            }
            .into(),
        ),
        signal => {
            let name = signal_name(signal);
            let sentence = match activity {
                Activity::Script => format!(
                    "The process crashed with signal {signal} ({name}) inside native code. Simplify the operation that \
                     ran last."
                ),
                Activity::Measuring => format!(
                    "The CAD kernel crashed with signal {signal} ({name}) while it read or measured the shapes that the \
                     script handed over. Simplify what build() returns."
                ),
            };
            fault(ScriptFaultKind::Crashed, sentence)
        }
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGSEGV => "segmentation fault",
        libc::SIGABRT => "abort",
        libc::SIGBUS => "bus error",
        libc::SIGFPE => "arithmetic error",
        libc::SIGILL => "illegal instruction",
        libc::SIGSYS => "forbidden system call",
        _ => "signal",
    }
}

//! Running a piece of Python.

use std::time::Duration;

use contract::execution::{ScriptFault, ScriptFaultKind};

use crate::run::Outcome;

/// Shell convention for a process that a signal ended.
const SIGNAL_EXIT_BASE: i32 = 128;

/// How a piece of Python ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// Its output, cut at [`crate::OUTPUT_LIMIT_BYTES`].
    pub stdout: String,
    /// Its error output, traceback included, cut at [`crate::OUTPUT_LIMIT_BYTES`].
    pub stderr: String,
    /// Its exit code; -1 when the runtime ended it, 128 plus the signal when one ended it.
    pub exit_code: i32,
    /// True when the time limit ended it.
    pub timed_out: bool,
    /// The rule of the sandbox that it broke and that ended it. An error of the script itself is not a fault here: it
    /// is in `exit_code` and `stderr`.
    pub fault: Option<ScriptFault>,
    /// Largest resident memory, in KiB; counts what it shares with the warm parent.
    pub max_rss_kb: u64,
    /// Wall time from fork to end.
    pub wall: Duration,
}

impl Execution {
    /// A script that was refused before anything ran.
    pub(crate) fn refused(fault: ScriptFault) -> Self {
        let stderr = format!("{}\n", fault.message);
        let (stdout, wall) = (String::new(), Duration::ZERO);
        Self { stdout, stderr, exit_code: -1, timed_out: false, fault: Some(fault), max_rss_kb: 0, wall }
    }

    pub(crate) fn new(outcome: Outcome, timeout: Duration) -> Self {
        let Outcome { ending, fault, stdout, mut stderr, .. } = outcome;
        let timed_out = fault.as_ref().is_some_and(|fault| fault.kind == ScriptFaultKind::TimeLimit);
        let note = match &fault {
            Some(_) if timed_out => Some(format!("Execution timed out after {} seconds", timeout.as_secs())),
            // The script itself could not report this.
            Some(fault) if ending.signal.is_some() || fault.kind == ScriptFaultKind::DiskLimit => {
                Some(fault.message.clone())
            }
            _ => None,
        };
        if let Some(note) = note {
            if !stderr.is_empty() && !stderr.ends_with('\n') {
                stderr.push('\n');
            }
            stderr.push_str(&note);
            stderr.push('\n');
        }
        let exit_code = match (ending.exit_code, ending.signal) {
            // It ended by itself, but had already written too much.
            (Some(0), _) if fault.as_ref().is_some_and(|fault| fault.kind == ScriptFaultKind::DiskLimit) => -1,
            (Some(code), _) => code,
            (None, Some(signal)) if ending.ended_by.is_none() && !timed_out => SIGNAL_EXIT_BASE + signal,
            (None, _) => -1,
        };
        Self {
            stdout,
            stderr,
            exit_code,
            timed_out,
            fault,
            max_rss_kb: ending.max_rss_kb,
            wall: Duration::from_secs_f64(ending.wall_s.max(0.0)),
        }
    }
}

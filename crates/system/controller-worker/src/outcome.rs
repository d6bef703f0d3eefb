//! Outcome of a phase, and how a script's run is judged.

use contract::{
    execution::{ExecuteResponse, ScriptFault},
    lifecycle::EpisodeStatus,
};
use serde::{Deserialize, Serialize};

/// Outcome of a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum PhaseOutcome {
    /// The script ran to its end with exit code 0.
    Completed,
    /// The script is missing, was refused, was ended or failed.
    Failed {
        /// Why, for people.
        reason: String,
    },
    /// The episode was in a terminal state before the phase began, so nothing was run.
    NotBegun {
        /// That state.
        status: EpisodeStatus,
    },
}

/// Judges the run of `script`, whose limit was `limit_s` seconds.
pub(crate) fn judge(script: &str, limit_s: u32, run: &ExecuteResponse) -> PhaseOutcome {
    let reason = if run.timed_out {
        format!("{script} was ended at its time limit of {limit_s} s")
    } else if let Some(ScriptFault { message, line, .. }) = &run.violation {
        let place = line.map(|line| format!(" line {line}")).unwrap_or_default();
        format!("{script}{place}: {message}")
    } else if run.exit_code != 0 {
        let last = run.stderr.lines().rev().map(str::trim).find(|line| !line.is_empty());
        format!("{script} ended with exit code {}: {}", run.exit_code, last.unwrap_or("it printed no error"))
    } else {
        return PhaseOutcome::Completed;
    };
    PhaseOutcome::Failed { reason }
}

#[cfg(test)]
mod tests {
    use contract::execution::ScriptFaultKind;

    use super::*;

    fn run(exit_code: i32, stderr: &str) -> ExecuteResponse {
        ExecuteResponse {
            stdout: String::new(),
            stderr: stderr.to_owned(),
            exit_code,
            timed_out: false,
            violation: None,
            events: Vec::new(),
            malformed_events: 0,
        }
    }

    fn reason(run: &ExecuteResponse) -> String {
        match judge("script.py", 30, run) {
            PhaseOutcome::Failed { reason } => reason,
            other => panic!("{other:?} instead of a failure"),
        }
    }

    #[test]
    fn exit_code_zero_completes_even_with_warnings() {
        assert_eq!(judge("script.py", 30, &run(0, "a warning\n")), PhaseOutcome::Completed);
    }

    #[test]
    fn failing_script_reports_exit_code_and_last_line() {
        let text = reason(&run(3, "Traceback …\nValueError: too thin\n\n"));
        assert_eq!(text, "script.py ended with exit code 3: ValueError: too thin");
        assert_eq!(reason(&run(1, "")), "script.py ended with exit code 1: it printed no error");
    }

    #[test]
    fn fault_reports_its_line_and_timeout_its_seconds() {
        let fault = ScriptFault {
            kind: ScriptFaultKind::NetworkDenied,
            message: "the network is closed to scripts".to_owned(),
            line: Some(4),
        };
        let text = reason(&ExecuteResponse { violation: Some(fault), ..run(-1, "") });
        assert_eq!(text, "script.py line 4: the network is closed to scripts");
        assert!(reason(&ExecuteResponse { timed_out: true, ..run(-1, "") }).contains("30 s"));
    }
}

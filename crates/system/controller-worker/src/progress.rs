//! What an unfinished phase remembers from attempt to attempt, and when it is given up.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Runs that may be lost before the phase is given up: a script that takes its worker down each time must not be
/// retried forever.
pub(crate) const MAX_LOST_RUNS: u32 = 5;
/// How long the light worker may stay unreachable: several times what a restart takes on a busy machine, and short
/// enough that an episode whose worker never returns ends within two minutes.
pub(crate) const MAX_UNREACHABLE: Duration = Duration::from_secs(90);

/// State of an unfinished phase, as its checkpoint holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// What the latest attempt was doing.
    pub(crate) step: Step,
    /// Runs that began and left no outcome.
    #[serde(default)]
    pub(crate) lost_runs: u32,
    /// Since when no attempt has reached the light worker.
    #[serde(default)]
    pub(crate) unreachable_since: Option<DateTime<Utc>>,
}

/// What an attempt is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// No run is under way.
    #[default]
    Waiting,
    /// The script was handed to the light worker.
    Running,
}

impl Progress {
    /// Where a new attempt starts: an attempt that left a run under way has lost it.
    pub(crate) fn at_start_of_attempt(mut self) -> Self {
        if self.step == Step::Running {
            self.lose_run();
        }
        self
    }

    /// A run begins.
    pub(crate) fn begin_run(&mut self) {
        self.step = Step::Running;
        self.unreachable_since = None;
    }

    /// A run began and left no outcome.
    pub(crate) fn lose_run(&mut self) {
        self.step = Step::Waiting;
        self.lost_runs += 1;
    }

    /// A run is ended by ourselves, and does not count as lost.
    pub(crate) fn let_go_of_run(&mut self) {
        self.step = Step::Waiting;
    }

    /// The light worker was not reached at `now`; returns how long that has lasted.
    pub(crate) fn not_reached(&mut self, now: DateTime<Utc>) -> Duration {
        self.step = Step::Waiting;
        let since = *self.unreachable_since.get_or_insert(now);
        (now - since).to_std().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_run_counts_as_lost() {
        let mut progress = Progress::default();
        progress.begin_run();
        let next = progress.clone().at_start_of_attempt();
        assert_eq!((next.step, next.lost_runs), (Step::Waiting, 1));
        assert_eq!(next.clone().at_start_of_attempt(), next, "one run is lost once");
    }

    #[test]
    fn run_handed_on_does_not_count_as_lost() {
        let mut progress = Progress::default();
        progress.begin_run();
        progress.let_go_of_run();
        assert_eq!(progress.at_start_of_attempt().lost_runs, 0);
    }

    #[test]
    fn outage_is_measured_from_its_first_attempt() {
        let mut progress = Progress::default();
        let begin = DateTime::UNIX_EPOCH;
        assert_eq!(progress.not_reached(begin), Duration::ZERO);
        assert_eq!(progress.not_reached(begin + MAX_UNREACHABLE), MAX_UNREACHABLE);
        progress.begin_run();
        assert_eq!(progress.not_reached(begin + MAX_UNREACHABLE), Duration::ZERO, "a new outage starts anew");
    }

    #[test]
    fn checkpoint_of_an_earlier_version_is_read() {
        let progress: Progress = serde_json::from_str(r#"{"step":"running"}"#).expect("the format before");
        assert_eq!(progress, Progress { step: Step::Running, lost_runs: 0, unreachable_since: None });
    }
}

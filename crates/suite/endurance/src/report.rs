//! What a run showed, for people and for the exit code.

use std::{collections::BTreeSet, fmt, path::PathBuf, time::Duration};

use comfy_table::{Table, presets};
use stack::Service;

use crate::{
    Arguments,
    audit::Audit,
    disruption::{Disrupted, Kind},
    load::Load,
};

/// What a run showed.
#[derive(Debug, Clone)]
pub struct Report {
    wanted: usize,
    seed: u64,
    deadline_s: u64,
    accepted: usize,
    refused: u64,
    disrupted: Disrupted,
    /// Episodes that had not ended at the deadline.
    pub unfinished: usize,
    /// What the episodes show.
    pub audit: Audit,
    /// The whole run.
    pub took: Duration,
    /// Where the logs of the stack are, when something was found.
    pub logs: Option<PathBuf>,
}

impl Report {
    /// Before the audit.
    pub fn new(arguments: &Arguments, load: &Load, disrupted: Disrupted) -> Self {
        Self {
            wanted: arguments.episodes,
            seed: arguments.seed,
            deadline_s: arguments.deadline,
            accepted: load.accepted().len(),
            refused: load.refused(),
            disrupted,
            unfinished: 0,
            audit: Audit::default(),
            took: Duration::ZERO,
            logs: None,
        }
    }

    /// True when nothing was lost, doubled, failed, left unfinished or left down.
    pub fn is_clean(&self) -> bool {
        let Audit { completed, events_lost, events_doubled, odd_lives, .. } = self.audit;
        completed == self.wanted
            && self.accepted == self.wanted
            && (self.unfinished, odd_lives) == (0, 0)
            && (events_lost, events_doubled) == (0, 0)
            && self.disrupted.not_restarted.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut losses = Table::new();
        losses.load_style(presets::UTF8_FULL_CONDENSED).set_header(["part", "crash", "kill", "stop"]);
        let counts = &self.disrupted.counts;
        let parts: BTreeSet<Service> = counts.keys().map(|(part, _)| *part).collect();
        for part in parts {
            let count = |kind: Kind| counts.get(&(part, kind)).copied().unwrap_or_default().to_string();
            losses.add_row([part.name().to_owned(), count(Kind::Crash), count(Kind::Kill), count(Kind::Stop)]);
        }
        writeln!(formatter, "{losses}")?;

        let audit = &self.audit;
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_header(["what", "measured", "wanted"]);
        let failed: usize = audit.failed.values().sum();
        let rows = [
            ("episodes accepted", self.accepted.to_string(), self.wanted.to_string()),
            ("episodes completed", audit.completed.to_string(), self.wanted.to_string()),
            ("episodes with another end", failed.to_string(), "0".to_owned()),
            ("episodes unfinished at the deadline", self.unfinished.to_string(), "0".to_owned()),
            ("episodes with other transitions", audit.odd_lives.to_string(), "0".to_owned()),
            ("events stored", audit.events_stored.to_string(), audit.events_expected.to_string()),
            ("events lost", audit.events_lost.to_string(), "0".to_owned()),
            ("events doubled", audit.events_doubled.to_string(), "0".to_owned()),
            ("disruptions", counts.values().sum::<u32>().to_string(), String::new()),
            ("longest recovery", format!("{:.1} s", self.disrupted.longest.as_secs_f64()), String::new()),
            ("episodes whose script was repeated", audit.repeated.to_string(), String::new()),
            ("submissions refused and repeated", self.refused.to_string(), String::new()),
            ("whole run", format!("{:.0} s", self.took.as_secs_f64()), String::new()),
        ];
        for (what, measured, wanted) in rows {
            table.add_row([what.to_owned(), measured, wanted]);
        }
        writeln!(formatter, "{table}")?;
        for flaw in &self.disrupted.not_restarted {
            writeln!(formatter, "not restarted: {flaw}")?;
        }
        for (reason, count) in &audit.failed {
            writeln!(formatter, "{count} × {reason}")?;
        }
        if let Some(logs) = &self.logs {
            writeln!(formatter, "logs of the stack: {}", logs.display())?;
        }
        let verdict = if self.is_clean() { "nothing was lost" } else { "something was lost; see above" };
        write!(formatter, "seed {}, deadline {} s: {verdict}", self.seed, self.deadline_s)
    }
}

//! What happens while a stack boots, reported by the supervisor and shown to people.

use std::{collections::BTreeMap, io::IsTerminal, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

use crate::{Service, StackDescriptor, output};

/// One step of a boot, as a JSON line from the supervisor to whoever started it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum BootEvent {
    /// A part was started.
    Started {
        /// Which.
        service: Service,
    },
    /// A part works.
    Ready {
        /// Which.
        service: Service,
        /// Seconds from its start.
        seconds: f64,
    },
    /// Everything is started again, because of this.
    Retry {
        /// Why.
        reason: String,
    },
    /// The boot failed.
    Failed(BootFailure),
    /// Everything works.
    Up {
        /// Where it is.
        descriptor: Box<StackDescriptor>,
    },
}

/// Why a boot failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct BootFailure {
    /// The part that failed, when it was one.
    pub service: Option<Service>,
    /// What was seen.
    pub reason: String,
    /// What to do.
    pub remedy: String,
    /// Last lines of its log.
    pub last_lines: Vec<String>,
}

impl std::fmt::Display for BootFailure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.service {
            Some(service) => write!(formatter, "{service} did not come up: {}", self.reason)?,
            None => write!(formatter, "the stack did not come up: {}", self.reason)?,
        }
        if !self.last_lines.is_empty() {
            write!(formatter, "\nits last log lines:")?;
            for line in &self.last_lines {
                write!(formatter, "\n  | {line}")?;
            }
        }
        write!(formatter, "\nwhat to do: {}", self.remedy)
    }
}

/// Shows progress: moving lines on a terminal, plain ones elsewhere, none when quiet. All on standard error.
#[derive(Debug)]
pub struct Reporter {
    style: Style,
    bars: BTreeMap<Service, ProgressBar>,
}

#[derive(Debug)]
enum Style {
    Terminal(MultiProgress),
    Plain,
    Quiet,
}

impl Reporter {
    /// As fits standard error.
    pub fn automatic() -> Self {
        let style = if std::io::stderr().is_terminal() { Style::Terminal(MultiProgress::new()) } else { Style::Plain };
        Self { style, bars: BTreeMap::new() }
    }

    /// Says nothing.
    pub fn quiet() -> Self {
        Self { style: Style::Quiet, bars: BTreeMap::new() }
    }

    /// A sentence for the reader.
    pub fn say(&self, sentence: &str) {
        match &self.style {
            Style::Terminal(bars) => {
                // A terminal that is gone cannot show anything; that is not a reason to stop.
                bars.println(format!("stack: {sentence}")).ok();
            }
            Style::Plain => output::tell(&format!("stack: {sentence}")),
            Style::Quiet => {}
        }
    }

    /// True when nothing is to be shown.
    pub fn is_quiet(&self) -> bool {
        matches!(self.style, Style::Quiet)
    }

    /// Shows one step.
    pub fn show(&mut self, event: &BootEvent) {
        match event {
            BootEvent::Started { service } => {
                if let Style::Terminal(bars) = &self.style {
                    let bar = bars.add(ProgressBar::new_spinner());
                    if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix:18} {msg} {elapsed}") {
                        bar.set_style(style);
                    }
                    bar.set_prefix(service.name());
                    bar.set_message("starting");
                    bar.enable_steady_tick(Duration::from_millis(100));
                    self.bars.insert(*service, bar);
                }
            }
            BootEvent::Ready { service, seconds } => match self.bars.get(service) {
                Some(bar) => {
                    if let Ok(style) = ProgressStyle::with_template("  ✓ {prefix:18} {msg}") {
                        bar.set_style(style);
                    }
                    bar.finish_with_message(format!("ready after {seconds:.2} s"));
                }
                None => self.say(&format!("{service:18} ready after {seconds:.2} s")),
            },
            BootEvent::Retry { reason } => self.say(&format!("starting again: {reason}")),
            BootEvent::Failed(_) | BootEvent::Up { .. } => {
                for bar in self.bars.values().filter(|bar| !bar.is_finished()) {
                    bar.abandon();
                }
            }
        }
    }
}

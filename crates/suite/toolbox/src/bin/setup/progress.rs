//! What the user sees while the setup works: a spinner per component on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// How often a long step prints a line where there is no terminal.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// How often a terminal's line is refreshed with the program's last output.
const REFRESH: Duration = Duration::from_millis(400);

/// How much of a program's last line of output is shown where there is no terminal to cut it off, in characters.
const OUTPUT_SHOWN: usize = 80;

/// All lines of one run.
pub struct Progress {
    started: Instant,
    bars: Option<MultiProgress>,
}

impl Progress {
    /// Spinners if the error stream is a terminal, else plain lines.
    pub fn new() -> Self {
        Self { started: Instant::now(), bars: std::io::stderr().is_terminal().then(MultiProgress::new) }
    }

    /// A remark that belongs to no component.
    pub fn note(&self, message: &str) {
        match &self.bars {
            Some(bars) => drop(bars.println(format!("  {message}"))),
            None => eprintln!("setup: {message}"),
        }
    }

    /// The line of one component; it appears with its first step.
    pub fn line(&self, component: &'static str) -> Line {
        let bar = self.bars.as_ref().map(|bars| {
            let style = ProgressStyle::with_template("  {spinner} {prefix:<9} {elapsed:>4}  {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            let bar = bars.add(ProgressBar::new_spinner()).with_style(style).with_prefix(component);
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let state = LineState { step: String::new(), step_started: Instant::now(), shown: Instant::now() };
        Line { component, run_started: self.started, bar, state: Mutex::new(state) }
    }
}

/// The line of one component.
pub struct Line {
    component: &'static str,
    run_started: Instant,
    bar: Option<ProgressBar>,
    state: Mutex<LineState>,
}

struct LineState {
    step: String,
    step_started: Instant,
    shown: Instant,
}

impl Line {
    /// A new step begins.
    pub fn step(&self, message: &str) {
        if let Ok(mut state) = self.state.lock() {
            *state = LineState { step: message.to_owned(), step_started: Instant::now(), shown: Instant::now() };
        }
        match &self.bar {
            Some(bar) => bar.set_message(message.to_owned()),
            None => self.print(message),
        }
    }

    /// The step continues; `last_output` is asked for only when it is going to be shown.
    pub fn detail(&self, last_output: impl FnOnce() -> String) {
        let Ok(mut state) = self.state.lock() else { return };
        let every = if self.bar.is_some() { REFRESH } else { SIGN_OF_LIFE };
        if state.shown.elapsed() < every {
            return;
        }
        state.shown = Instant::now();
        let output = last_output();
        if let Some(bar) = &self.bar {
            let separator = if output.is_empty() { "" } else { " · " };
            bar.set_message(format!("{}{separator}{output}", state.step));
            return;
        }
        let output: String = output.chars().take(OUTPUT_SHOWN).collect();
        let separator = if output.is_empty() { "" } else { ": " };
        let seconds = state.step_started.elapsed().as_secs();
        self.print(&format!("still {}, {seconds} s{separator}{output}", state.step));
    }

    /// The component is done, well or badly.
    pub fn end(&self, message: &str) {
        match &self.bar {
            Some(bar) => bar.finish_with_message(message.to_owned()),
            None => self.print(message),
        }
    }

    fn print(&self, message: &str) {
        eprintln!("setup [{:>4} s] {:<9} {message}", self.run_started.elapsed().as_secs(), self.component);
    }
}

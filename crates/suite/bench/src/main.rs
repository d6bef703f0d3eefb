//! Measures what the design gives budgets for, and prints both. Nothing here is a test: machines are shared and noisy.
//!
//! Speed of simulation is a ratio against a bare engine in the same process; the rest are times on this machine.

mod command;
mod measure;

use clap::Parser;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};

use crate::measure::{Measurement, Subject};

/// Measures boot, harness, P0, rebuild, script execution and simulation, and prints them beside their budgets.
#[derive(Parser)]
#[command(after_help = "Examples:\n  make bench                         everything\n  \
                        cargo run -p bench -- --only boot  what has `boot` in its name")]
struct Arguments {
    /// Measure only subjects whose name contains this text.
    #[arg(long)]
    only: Option<String>,
    /// Does what one test process does, prints the seconds that the harness took of it, and ends. For `harness`.
    #[arg(long, hide = true)]
    one_context: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.one_context {
        return measure::one_context();
    }
    let wanted = |subject: &Subject| arguments.only.as_ref().is_none_or(|text| subject.name().contains(text.as_str()));
    let mut measured: Vec<Measurement> = Vec::new();
    for subject in Subject::ALL.iter().copied().filter(wanted) {
        eprintln!("measuring {} …", subject.name());
        match subject.measure() {
            Ok(rows) => measured.extend(rows),
            Err(error) => measured.push(Measurement::failed(subject.name(), &error)),
        }
    }
    anyhow::ensure!(
        !measured.is_empty(),
        "no subject has this name; subjects: {:?}",
        Subject::ALL.iter().map(|subject| subject.name()).collect::<Vec<_>>()
    );
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["subject", "measured", "budget", "within"]);
    for row in &measured {
        table.add_row([row.name.as_str(), &row.value, row.budget, row.verdict()]);
    }
    println!("{table}");
    Ok(())
}

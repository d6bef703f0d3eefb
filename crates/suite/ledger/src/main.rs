//! Command `ledger`: prints the catalogue and keeps the status block of `LEDGER.md` in step with it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use ledger::{Entry, Ledger, RequirementId, Tier, status_block, table};

/// What the suite has to show, and how much of it is shown today.
#[derive(Debug, Parser)]
#[command(name = "ledger", after_help = EXAMPLES)]
struct Arguments {
    /// Only requirements of this tier.
    #[arg(long, value_enum, ignore_case = true)]
    tier: Option<Tier>,
    /// Only requirements in this state.
    #[arg(long, value_enum)]
    state: Option<StateFilter>,
    /// One requirement with all of its texts, such as INT-020 or ORC-07.
    #[arg(long, conflicts_with_all = ["tier", "state"])]
    id: Option<RequirementId>,
    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Rewrite the status block of this document.
    #[arg(long, value_name = "DOCUMENT", conflicts_with_all = ["tier", "state", "id", "json"])]
    write: Option<PathBuf>,
    /// Fail when the status block of this document is not what the ledger says.
    #[arg(long, value_name = "DOCUMENT", conflicts_with_all = ["tier", "state", "id", "json", "write"])]
    check: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StateFilter {
    Implemented,
    Deferred,
}

const EXAMPLES: &str = "\
Examples:
  cargo run -p ledger                                the whole table
  cargo run -p ledger -- --tier p0 --state deferred  what is still missing before a merge
  cargo run -p ledger -- --id INT-020                one requirement: what, how shown, what does not count
  cargo run -p ledger -- --json                      the same for programs
  cargo run -p ledger -- --write LEDGER.md           bring the status block of LEDGER.md up to date
  cargo run -p ledger -- --check LEDGER.md           fail when it is not";

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let ledger = Ledger::load()?;
    if let Some(document) = &arguments.write {
        return write_status_block(document, &ledger);
    }
    if let Some(document) = &arguments.check {
        return check_status_block(document, &ledger);
    }
    let selected = select(&ledger, arguments);
    let text = match (arguments.json, arguments.id) {
        (true, None) => serde_json::to_string_pretty(&selected).context("the ledger as JSON")? + "\n",
        (true, Some(_)) => serde_json::to_string_pretty(&selected.first()).context("the entry as JSON")? + "\n",
        (false, Some(_)) => selected.iter().map(|entry| table::whole(entry)).collect(),
        (false, None) => format!("{}\n{}\n", table::rows(&selected), table::counts_line(&selected)),
    };
    print(&text)
}

fn select<'a>(ledger: &'a Ledger, arguments: &Arguments) -> Vec<&'a Entry> {
    ledger
        .entries()
        .iter()
        .filter(|entry| arguments.id.is_none_or(|id| entry.id == id))
        .filter(|entry| arguments.tier.is_none_or(|tier| entry.tier == tier))
        .filter(|entry| match arguments.state {
            None => true,
            Some(StateFilter::Implemented) => entry.is_implemented(),
            Some(StateFilter::Deferred) => !entry.is_implemented(),
        })
        .collect()
}

/// Writes to the output; a reader that left, such as `head`, is not an error.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing to the output"),
    }
}

fn read(document: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(document).with_context(|| format!("reading {}", document.display()))
}

fn write_status_block(document: &Path, ledger: &Ledger) -> anyhow::Result<()> {
    let before = read(document)?;
    let after = status_block::write_into(&before, ledger).with_context(|| document.display().to_string())?;
    if before == after {
        return print(&format!("{} is up to date already\n", document.display()));
    }
    std::fs::write(document, after).with_context(|| format!("writing {}", document.display()))?;
    print(&format!("{}: status block written\n", document.display()))
}

fn check_status_block(document: &Path, ledger: &Ledger) -> anyhow::Result<()> {
    status_block::check(&read(document)?, ledger).with_context(|| document.display().to_string())?;
    print(&format!("{}: status block is what the ledger says\n", document.display()))
}

//! Chores of this workspace, run as `cargo xtask …`. They look at the project from outside and are part of no
//! service and no test.

mod defects;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Check the project's conventions: dependencies, names, test files and LEDGER.md against the ledger, sources, defects.
    Tidy,
    /// Break one behaviour after the other in a copy of this checkout, and see whether the tests turn red.
    Defects(defects::Arguments),
}

fn main() -> ExitCode {
    let Arguments { chore } = Arguments::parse();
    let outcome = project_root().and_then(|root| match chore {
        Chore::Tidy => tidy::run(&root),
        Chore::Defects(arguments) => defects::run(&root, &arguments),
    });
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// The checkout that this program works in; the path that it was compiled with may be another checkout's.
fn project_root() -> anyhow::Result<PathBuf> {
    toolbox::current_checkout()
}

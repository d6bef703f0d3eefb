//! Runs programs of the checkout and times them.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

/// Root of the checkout.
pub fn root() -> anyhow::Result<PathBuf> {
    toolbox::current_checkout()
}

/// A cargo command in the checkout.
pub fn cargo(arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root()?);
    toolbox::forget_the_caller(&mut command);
    Ok(command)
}

/// The `stack` command of this build.
pub fn stack(arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(root()?.join("target/debug/stack"));
    command.args(arguments).current_dir(root()?);
    Ok(command)
}

/// Runs it to its end and returns its time and what it printed. An exit code other than 0 is an error.
pub fn timed(mut command: Command) -> anyhow::Result<(Duration, String)> {
    let shown = format!("{command:?}");
    let begun = Instant::now();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{shown} cannot be started"))?;
    let time = begun.elapsed();
    let error = String::from_utf8_lossy(&output.stderr);
    let last: Vec<_> = error.lines().rev().take(15).collect();
    ensure!(
        output.status.success(),
        "{shown} ended with {}:\n{}",
        output.status,
        last.into_iter().rev().collect::<Vec<_>>().join("\n")
    );
    Ok((time, String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// Middle value.
pub fn median(mut values: Vec<Duration>) -> Duration {
    values.sort();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

//! `stack run`: a command with the stack's addresses in its environment.

use std::{ffi::OsString, io::IsTerminal, os::unix::process::ExitStatusExt, path::Path, process::ExitCode};

use anyhow::Context;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::signal::unix::{SignalKind, signal};

use super::with_descriptor;
use crate::{StackDescriptor, process::die_with_parent};

/// Runs `command` to its end, hands on the signals that reach this process, and gives its exit code; a command that a
/// signal ended gives 128 and the signal's number, as a shell does.
pub(super) fn run(descriptor: &StackDescriptor, file: &Path, command: &[OsString]) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no async runtime")?;
    runtime.block_on(attend(descriptor, file, command))
}

async fn attend(descriptor: &StackDescriptor, file: &Path, command: &[OsString]) -> anyhow::Result<ExitCode> {
    let (program, arguments) = command.split_first().context("no command behind `--`")?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut child = tokio::process::Command::new(program);
    child.args(arguments).envs(with_descriptor(descriptor, file));
    die_with_parent(&mut child, Signal::SIGTERM);
    let mut child = child.spawn().with_context(|| format!("cannot start the command {}", program.to_string_lossy()))?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
    // A terminal sends Ctrl-C to the command as well; it must not get it twice.
    let on_terminal = std::io::stdin().is_terminal();
    let ended = loop {
        let received = tokio::select! {
            ended = child.wait() => break ended,
            _ = terminate.recv() => Some(Signal::SIGTERM),
            _ = hang_up.recv() => Some(Signal::SIGHUP),
            _ = interrupt.recv() => (!on_terminal).then_some(Signal::SIGINT),
            _ = quit.recv() => (!on_terminal).then_some(Signal::SIGQUIT),
        };
        if let (Some(pid), Some(signal)) = (pid, received) {
            // The command may have ended in this moment; the next turn of the loop sees it.
            kill(pid, signal).ok();
        }
    };
    let ended = ended.context("cannot wait for the command")?;
    let code = ended.code().unwrap_or_else(|| 128 + ended.signal().unwrap_or(0));
    Ok(ExitCode::from(u8::try_from(code & 0xff).unwrap_or(u8::MAX)))
}

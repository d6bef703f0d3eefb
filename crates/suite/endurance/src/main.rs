//! Endurance: many episodes, while every part of a stack is killed again and again.
//!
//! A stack of its own is booted. Sound scripts, each of which emits a known number of numbered events, are submitted as
//! episodes one after the other; meanwhile the parts are crashed, killed and stopped in turn, and return. In the end
//! every episode that was accepted must have completed in time, with exactly its events, each once. Whatever else
//! happened is printed, and the exit code is 1.

mod audit;
mod disruption;
mod load;
mod report;
mod timeline;

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use clap::Parser;
use stack::{PrivateOptions, Service, Stack};
use tokio::time::Instant;

use crate::{audit::audit, disruption::Disruptions, load::Load, report::Report, timeline::Timeline};

/// Runs episodes while every part of a stack of their own is killed, and checks that nothing was lost.
#[derive(Debug, Clone, Parser)]
#[command(after_help = "Examples:\n  make endurance                                        \
                        2000 episodes, 50 kills\n  cargo run -p endurance -- --episodes 100 --kills 10   \
                        a short one\n  cargo run -p endurance -- --parts postgres,temporal --seed 7")]
struct Arguments {
    /// Episodes to be accepted.
    #[arg(long, default_value_t = 2000)]
    episodes: usize,
    /// Disruptions, spread over the episodes.
    #[arg(long, default_value_t = 50)]
    kills: usize,
    /// Parts that are disrupted in turn; all of them without it.
    #[arg(long, value_delimiter = ',')]
    parts: Vec<Service>,
    /// Decides how each part is disrupted and for how long it is away.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Events that each script emits.
    #[arg(long, default_value_t = 5)]
    events: u32,
    /// Seconds that each script takes.
    #[arg(long, default_value_t = 0.5)]
    script_seconds: f64,
    /// Episodes that may be unfinished at a time.
    #[arg(long, default_value_t = 60)]
    in_flight: usize,
    /// Seconds from the last recovery, and from the last submission, in which every episode must have ended.
    #[arg(long, default_value_t = 120)]
    deadline: u64,
}

impl Arguments {
    fn parts(&self) -> Vec<Service> {
        if self.parts.is_empty() {
            Service::INFRASTRUCTURE.into_iter().chain(Service::SYSTEM).collect()
        } else {
            self.parts.clone()
        }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no async runtime")?;
    let report = runtime.block_on(run(&arguments))?;
    println!("{report}");
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let begun = Instant::now();
    let timeline = Timeline::begin();
    timeline.say("booting a stack");
    let stack = Stack::private(PrivateOptions::default()).await.context("the stack does not boot")?;
    let load = Arc::new(Load::new(&stack, arguments, timeline)?);
    let disruptions = Disruptions::new(stack.clone(), arguments, timeline)?;

    let following = tokio::spawn(Arc::clone(&load).follow());
    // Either that fails ends the run: nothing is accepted any more, or a part does not return.
    let run = async { tokio::try_join!(load.submit_all(), disruptions.run(&load)) };
    let disrupted = match run.await {
        Ok(((), disrupted)) => disrupted,
        Err(error) => {
            let logs = keep_logs(&stack)?;
            return Err(error.context(format!("the run was given up; logs of the stack: {}", logs.display())));
        }
    };
    timeline.say("everything is submitted and every part is back; waiting for the last episodes");
    let unfinished = load.wait_for_ends(Duration::from_secs(arguments.deadline)).await;
    following.abort();

    timeline.say("auditing");
    let mut report = Report::new(arguments, &load, disrupted);
    report.unfinished = unfinished.len();
    report.audit = audit(&load, arguments.events).await?;
    report.took = begun.elapsed();
    if !report.is_clean() {
        report.logs = Some(keep_logs(&stack)?);
    }
    Ok(report)
}

/// Copies the logs of the stack, which ends with this process, to where they can be read afterwards.
fn keep_logs(stack: &Stack) -> anyhow::Result<std::path::PathBuf> {
    let folder = stack::checkout::Checkout::locate()?.home.with_file_name("endurance");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for log in stack.descriptor().logs.values() {
        let target = folder.join(log.file_name().context("a log has a name")?);
        std::fs::copy(log, &target).with_context(|| format!("cannot write {}", target.display()))?;
    }
    if let Some(supervisor) = &stack.descriptor().supervisor {
        let log = supervisor.directory.join("logs/supervisor.log");
        std::fs::copy(&log, folder.join("supervisor.log")).with_context(|| format!("cannot copy {}", log.display()))?;
    }
    Ok(folder)
}

//! `make setup`: brings a machine to the point where the tests run, and says what it does.
//!
//! Every component is found if the machine has it, else installed into the user's cache; then the checkout's `.tools`
//! links are set. Components that do not depend on each other are worked on at the same time and one that fails does
//! not stop the others. The second run only looks.

mod ahead;
mod arguments;
mod command;
mod component;
mod components;
mod interrupt;
mod lane;
mod progress;
mod summary;

use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use clap::Parser;
use toolbox::{Cache, current_checkout};

use crate::arguments::Arguments;
use crate::component::Site;
use crate::lane::Errand;
use crate::progress::Progress;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("setup: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// True when every required component is in place.
fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let started = Instant::now();
    let checkout = current_checkout()?;
    let cache = Cache::from_variables(|name| std::env::var_os(name))?;
    interrupt::watch()?;
    let progress = Progress::new();
    if !arguments.check {
        for left_over in cache.sweep()? {
            progress.note(&format!("removed what an interrupted setup left: {}", left_over.display()));
        }
    }
    let site = Site::new(checkout, cache);
    let (begins, begun) = mpsc::channel();
    let Arguments { check, only, build, .. } = arguments;
    let reports = thread::scope(|scope| {
        let (site, progress) = (&site, &progress);
        scope.spawn(move || ahead::build(build, &begun, site, progress));
        Errand { site, progress, only_look: *check, only, begins }.run()
    });
    let succeeded = summary::print(&site, &reports, started.elapsed(), arguments);
    Ok(succeeded)
}

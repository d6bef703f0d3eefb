//! Builds tests while tools are installed: an installation mostly waits for the network and the disk, and building a
//! test needs none of the tools.

use std::process::Command;
use std::sync::mpsc::Receiver;

use toolbox::forget_the_caller;

use crate::command::Logged;
use crate::component::Site;
use crate::interrupt;
use crate::progress::Progress;

/// Name of the line and of the log file.
const NAME: &str = "build";

/// Builds the tests of `packages`, once `begun` reports that an installation has begun; never, when none does. A failure
/// is no failure of the setup: whoever runs the tests sees it.
pub fn build(packages: &[String], begun: &Receiver<()>, site: &Site, progress: &Progress) {
    if packages.is_empty() || begun.recv().is_err() {
        return;
    }
    let line = progress.line(NAME);
    let logged = site.cache.log_file(NAME).ok().and_then(|log| Logged::start(log, &line).ok());
    let is_built = logged.is_some_and(|logged| {
        let mut cargo = Command::new("cargo");
        forget_the_caller(&mut cargo);
        cargo.args(["test", "--no-run", "--manifest-path"]).arg(site.checkout.join("Cargo.toml"));
        cargo.args(packages.iter().flat_map(|package| ["--package", package]));
        logged.run("building the tests meanwhile", &mut cargo).is_ok()
    });
    line.end(match is_built {
        true => "built",
        false if interrupt::requested() => "stopped",
        false => "not built; running the tests will say why",
    });
}

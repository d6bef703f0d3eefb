//! The end of a run: a table of what there is, what failed and how to fix it, and how to continue.

use std::time::Duration;

use crate::arguments::Arguments;
use crate::component::Site;
use crate::interrupt;
use crate::lane::{Outcome, Report};

/// Prints the summary; true when everything required is in place.
pub fn print(site: &Site, reports: &[Report], took: Duration, arguments: &Arguments) -> bool {
    let in_place = |report: &Report| matches!(report.outcome, Outcome::Found(..) | Outcome::Installed(_));
    let untouched = reports.iter().all(|report| matches!(report.outcome, Outcome::Found(_, false)));
    let succeeded = reports.iter().all(in_place);
    if untouched && arguments.quiet {
        return succeeded;
    }
    eprintln!();
    for report in reports {
        let (state, detail) = row(report);
        eprintln!("  {:<9} {state:<9} {:>6.1} s  {detail}", report.name.text(), report.took.as_secs_f64());
    }
    for report in reports {
        for remark in remarks(report) {
            eprintln!("  {}: {remark}", report.name.text());
        }
    }
    reports.iter().for_each(print_failure);
    eprintln!();
    let seconds = took.as_secs_f64();
    if interrupt::requested() {
        eprintln!("setup: stopped after {seconds:.1} s; what was unfinished is removed, the rest is kept");
    } else if !succeeded {
        let bad: Vec<_> = reports.iter().filter(|report| !in_place(report)).map(|report| report.name.text()).collect();
        let remedy = if arguments.check { "run: make setup" } else { "fix the above, then run: make setup" };
        eprintln!("setup: not in place ({seconds:.1} s): {}; {remedy}", bad.join(", "));
    } else {
        eprintln!("setup: everything is in place ({seconds:.1} s; cache: {})", site.cache.root().display());
        if !arguments.check {
            eprintln!("  main job:      make p0");
            eprintln!("  one test:      cargo nextest run -p tests-p0 int_020");
            eprintln!("  if cargo does not know `nextest`: export PATH=\"$PWD/.tools/nextest/bin:$PATH\"");
        }
    }
    succeeded && !interrupt::requested()
}

fn row(report: &Report) -> (&'static str, String) {
    match &report.outcome {
        Outcome::Found(usable, linked) => {
            let linked = if *linked { ", linked into this checkout" } else { "" };
            ("found", format!("{} ({}{linked})", usable.what, usable.place.display()))
        }
        Outcome::Installed(usable) => ("installed", format!("{} ({})", usable.what, usable.place.display())),
        Outcome::Missing(reason) => ("missing", reason.clone()),
        Outcome::Failed(..) if interrupt::requested() => ("stopped", String::new()),
        Outcome::Failed(failure, _) => ("FAILED", failure.tried.join(", then ")),
    }
}

fn remarks(report: &Report) -> &[String] {
    match &report.outcome {
        Outcome::Found(usable, _) | Outcome::Installed(usable) => &usable.remarks,
        Outcome::Missing(_) | Outcome::Failed(..) => &[],
    }
}

fn print_failure(report: &Report) {
    let Outcome::Failed(failure, log) = &report.outcome else { return };
    if interrupt::requested() {
        return;
    }
    eprintln!("\n{} could not be set up", report.name.text());
    eprintln!("  tried:  {}", failure.tried.join(", then "));
    eprintln!("  cause:  {}", failure.cause.replace('\n', "\n          "));
    eprintln!("  remedy: {}", failure.remedy);
    if let Some(log) = log {
        eprintln!("  log:    {}", log.display());
    }
}

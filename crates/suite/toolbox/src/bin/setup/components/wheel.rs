//! Prebuilt files out of Python packages: downloaded by hash and unpacked. Nothing of Python remains in the result.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::python_interpreter;
use crate::command::Logged;
use crate::component::{Failure, Site};

const REMEDY: &str = "check the network, then run: make setup";

/// Downloads the one package that `lock` pins, in pip's requirement format with hashes, into `place`, and returns the
/// directory it was unpacked to.
///
/// The pip of a throw-away environment is used, since the machine's Python may come without one.
pub fn unpacked(place: &Path, lock: &str, interpreter: &Path, logged: &Logged<'_>) -> Result<PathBuf, Failure> {
    let no_disk = |error: std::io::Error| Failure::because("writing into the cache", REMEDY, &error);
    let (environment, download, unpacked) = (place.join("environment"), place.join("download"), place.join("unpacked"));
    let requirement = place.join("requirement.txt");
    std::fs::write(&requirement, lock).map_err(no_disk)?;
    logged
        .run("preparing the download", Command::new(interpreter).args(["-m", "venv"]).arg(&environment))
        .map_err(Failure::of("python -m venv", &python_interpreter::remedy()))?;
    let python = environment.join("bin/python");
    logged
        .run(
            "downloading the package",
            Command::new(&python)
                .args(["-m", "pip", "download", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"])
                .args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement"])
                .arg(&requirement)
                .arg("--dest")
                .arg(&download),
        )
        .map_err(Failure::of("pip download", REMEDY))?;
    let wheel = std::fs::read_dir(&download)
        .and_then(|mut entries| entries.next().transpose())
        .map_err(no_disk)?
        .ok_or_else(|| Failure::because("pip download", REMEDY, &"it succeeded but left no file"))?;
    logged
        .run(
            "unpacking the package",
            Command::new(&python).args(["-m", "zipfile", "-e"]).args([wheel.path(), unpacked.clone()]),
        )
        .map_err(Failure::of("unpacking the package", REMEDY))?;
    for done_with in [environment, download] {
        std::fs::remove_dir_all(done_with).map_err(no_disk)?;
    }
    std::fs::remove_file(requirement).map_err(no_disk)?;
    Ok(unpacked)
}

/// Brings the program `name` of the package that `lock` pins to `place/bin/name`.
pub fn program(place: &Path, name: &str, lock: &str, site: &Site, logged: &Logged<'_>) -> Result<PathBuf, Failure> {
    let interpreter = python_interpreter::find(site)
        .map_err(|found| Failure::because("finding a Python", &python_interpreter::remedy(), &found))?;
    let work = place.join("package");
    let destination = place.join("bin").join(name);
    let outcome = std::fs::create_dir(&work)
        .map_err(|error| Failure::because("writing into the cache", REMEDY, &error))
        .and_then(|()| unpacked(&work, lock, &interpreter, logged))
        .and_then(|unpacked| {
            take_program(&unpacked, name, &destination)
                .map_err(|error| Failure::because("taking the program out of the package", REMEDY, &error))
        });
    std::fs::remove_dir_all(&work).map_err(|error| Failure::because("removing what is done with", REMEDY, &error))?;
    outcome.map(|()| destination)
}

/// Moves the script `name` of an unpacked package to `destination`, executable, and removes the rest.
fn take_program(unpacked: &Path, name: &str, destination: &Path) -> std::io::Result<()> {
    let scripts = std::fs::read_dir(unpacked)?.flatten().map(|entry| entry.path().join("scripts").join(name));
    let script = scripts
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| std::io::Error::other(format!("the package has no program named {name}")))?;
    if let Some(directory) = destination.parent() {
        std::fs::create_dir_all(directory)?;
    }
    std::fs::rename(&script, destination)?;
    std::fs::set_permissions(destination, std::fs::Permissions::from_mode(0o755))?;
    std::fs::remove_dir_all(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacked_program_is_executable() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let scripts = root.path().join("unpacked/tool-1.0.data/scripts");
        std::fs::create_dir_all(&scripts).expect("create");
        std::fs::write(scripts.join("tool"), "#!/bin/sh\n").expect("write");
        let destination = root.path().join("bin/tool");

        let missing = take_program(&root.path().join("unpacked"), "other", &destination).expect_err("no such program");
        assert!(missing.to_string().contains("other"), "{missing}");

        take_program(&root.path().join("unpacked"), "tool", &destination).expect("taken");
        let mode = std::fs::metadata(&destination).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        assert!(!root.path().join("unpacked").exists());
    }
}

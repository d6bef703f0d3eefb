//! The operating system's package manager, where it is apt and this process may use it.

use std::process::Command;

use toolbox::search_path::executables;

use crate::command::{CommandFailure, Logged, OnInterrupt};
use crate::component::{PackageLists, Site};

/// Seconds to wait for another user of the package manager.
const LOCK_TIMEOUT: &str = "DPkg::Lock::Timeout=180";

/// Whether this process can install packages.
pub fn can_install(site: &Site) -> bool {
    Site::is_root() && has_apt(site)
}

/// Whether the machine's package manager is apt.
pub fn has_apt(site: &Site) -> bool {
    !executables("apt-get", &site.search_path).is_empty()
}

/// The command with which a person installs `packages`.
pub fn command_for_people(packages: &[&str]) -> String {
    format!("sudo apt-get install --no-install-recommends {}", packages.join(" "))
}

/// Installs `packages`; the lists are refreshed first, once per run of the setup.
pub fn install(site: &Site, logged: &Logged<'_>, packages: &[&str]) -> Result<(), CommandFailure> {
    // A panic while holding it cannot leave the lists worse than unknown, and refreshing them again is harmless.
    let mut lists = site.package_manager.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if *lists == PackageLists::AsFound {
        logged.run_with("refreshing the package lists", apt().arg("update"), OnInterrupt::Finish)?;
        *lists = PackageLists::Refreshed;
    }
    let message = format!("installing packages on this machine: {}", packages.join(" "));
    let mut command = apt();
    command.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    logged.run_with(&message, &mut command, OnInterrupt::Finish).map(drop)
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.args(["-o", LOCK_TIMEOUT]).env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C.UTF-8");
    command
}

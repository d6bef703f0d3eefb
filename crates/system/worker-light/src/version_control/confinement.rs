//! Locks git into one session, by the kernel: it may read itself and the system's libraries, read and write the
//! session, execute nothing but itself, and connect to nothing.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus,
};

/// Newest interface whose rights are asked for; what an older kernel lacks of it is left out.
const NEWEST_ABI: ABI = ABI::V6;
/// Where shared libraries and the loader's index are.
const LIBRARIES: [&str; 6] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"];
/// Folders of the dynamic loader, which the kernel starts in order to start git.
const LOADER_FOLDERS: [&str; 4] = ["/lib64", "/lib", "/usr/lib64", "/usr/lib"];
/// How the file name of a dynamic loader begins.
const LOADER_NAMES: [&str; 2] = ["ld-linux", "ld-musl"];

/// What git consists of on this machine.
#[derive(Debug, Clone)]
pub struct Executables {
    /// The program and the folder of its helpers.
    pub git: Vec<PathBuf>,
    /// Dynamic loaders.
    pub loaders: Vec<PathBuf>,
}

/// Why git could not be locked in; it was not started.
#[derive(Debug, thiserror::Error)]
pub enum ConfinementError {
    /// The kernel has no Landlock, or it is switched off.
    #[error("this kernel has no Landlock; boot one of 5.13 or newer with `landlock` in its `lsm=` list")]
    Unsupported,
    /// The kernel refused a rule.
    #[error("Landlock: {0}")]
    Refused(#[from] RulesetError),
    /// The session's folder cannot be opened.
    #[error("Landlock: the folder cannot be opened: {0}")]
    Folder(#[from] landlock::PathFdError),
}

/// The dynamic loaders of this machine.
pub fn loaders() -> Vec<PathBuf> {
    let is_loader = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        LOADER_NAMES.iter().any(|start| name.starts_with(start))
    };
    LOADER_FOLDERS
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| is_loader(path))
        .collect()
}

/// Locks the calling thread, and every process that it starts from now on, into `folder`.
///
/// # Errors
/// The kernel cannot do it. The thread must then start nothing.
pub fn enter(folder: &Path, executables: &Executables) -> Result<(), ConfinementError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let execute = read | AccessFs::Execute;
    // Everything ordinary, but no links, devices, pipes and sockets, and nothing is executed from it.
    let write = read
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .map_err(|_| ConfinementError::Unsupported)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST_ABI))?
        .handle_access(AccessNet::from_all(NEWEST_ABI))?
        .create()?;
    let own = executables.git.iter().chain(&executables.loaders).map(|path| (path.as_path(), execute));
    let libraries = LIBRARIES.iter().map(|path| (Path::new(path), read));
    let devices = [("/dev/null", read | AccessFs::WriteFile), ("/dev/urandom", read)];
    let devices = devices.into_iter().map(|(path, rights)| (Path::new(path), rights));
    for (path, rights) in own.chain(libraries).chain(devices) {
        // Not every machine has all of them; without one that it needs, git says so itself.
        let Ok(opened) = PathFd::new(path) else { continue };
        ruleset = ruleset.add_rule(PathBeneath::new(opened, suited_to(path, rights)))?;
    }
    let status = ruleset.add_rule(PathBeneath::new(PathFd::new(folder)?, write))?.restrict_self()?;
    if status.ruleset == RulesetStatus::NotEnforced { Err(ConfinementError::Unsupported) } else { Ok(()) }
}

/// The kernel refuses rights on folders for a file.
fn suited_to(path: &Path, rights: BitFlags<AccessFs>) -> BitFlags<AccessFs> {
    if path.is_dir() { rights } else { rights & AccessFs::from_file(NEWEST_ABI) }
}

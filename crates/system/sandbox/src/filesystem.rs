//! Landlock: which files exist for the process.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};

use crate::{Policy, SandboxError};

/// Newest ABI whose rights are asked for. What an older kernel lacks of it, the system call filter adds.
const NEWEST_ABI: ABI = ABI::V6;
/// Devices that ordinary code expects. They hold no state that one process could leave for another.
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// What Landlock enforces.
pub(crate) struct Enforced {
    pub(crate) landlock_abi: u32,
    pub(crate) scoped: bool,
    pub(crate) skipped: Vec<PathBuf>,
}

/// Restricts the calling thread to the paths of the policy.
pub(crate) fn restrict(policy: &Policy) -> Result<Enforced, SandboxError> {
    let landlock_abi = kernel_abi()?;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST_ABI))?
        .scope(Scope::Signal)?
        .scope(Scope::AbstractUnixSocket)?
        .create()?;

    let mut skipped = Vec::new();
    for path in &policy.read_only {
        match PathFd::new(path) {
            Ok(opened) => ruleset = ruleset.add_rule(PathBeneath::new(opened, suited_to(path, readable())))?,
            Err(_) => skipped.push(path.clone()),
        }
    }
    for path in &policy.read_write {
        let opened = PathFd::new(path)
            .map_err(|error| SandboxError::WritablePath { path: path.clone(), reason: error.to_string() })?;
        ruleset = ruleset.add_rule(PathBeneath::new(opened, suited_to(path, writable())))?;
    }
    for device in DEVICES {
        // A container may lack some of them; a script that needs one then gets its own error.
        if let Ok(opened) = PathFd::new(device) {
            ruleset = ruleset.add_rule(PathBeneath::new(opened, AccessFs::ReadFile | AccessFs::WriteFile))?;
        }
    }

    let status = ruleset.restrict_self()?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(SandboxError::NoLandlock("the ruleset was not enforced".into()));
    }
    Ok(Enforced { landlock_abi, scoped: landlock_abi >= 6, skipped })
}

/// Reading and listing. Not executing: shared libraries are mapped, which needs no such right.
fn readable() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir
}

/// Everything ordinary, but no device, socket, pipe or symbolic link: a service that later reads the folder with
/// more rights could be led astray by one.
fn writable() -> BitFlags<AccessFs> {
    readable()
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer
}

/// Landlock refuses folder rights on a file.
fn suited_to(path: &Path, rights: BitFlags<AccessFs>) -> BitFlags<AccessFs> {
    if path.is_dir() { rights } else { rights & AccessFs::from_file(NEWEST_ABI) }
}

/// Asks the kernel for its Landlock version.
fn kernel_abi() -> Result<u32, SandboxError> {
    const CREATE_RULESET_VERSION: libc::c_uint = 1;
    let nothing = std::ptr::null::<libc::c_void>();
    // SAFETY: with this flag the kernel takes a null pointer and size 0, and returns a number.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0_usize, CREATE_RULESET_VERSION) };
    u32::try_from(version)
        .ok()
        .filter(|version| *version >= 1)
        .ok_or_else(|| SandboxError::NoLandlock(std::io::Error::last_os_error().to_string()))
}

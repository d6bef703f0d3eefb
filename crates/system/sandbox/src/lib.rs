//! A one-way door: the calling process gives up everything that a script must not have.
//!
//! [`enter`] is called once, in a process that has just been forked and has one thread. After it returns, the
//! process sees only the listed paths, has no network, cannot start or reach another process and has no
//! capability. There is no way back, and no weaker mode: where the kernel cannot do what the policy asks, `enter`
//! fails. It needs no namespace and no privilege, so that it also holds inside a container.
//!
//! What it must not know: Python, sessions, or who calls it.

mod allowed;
mod capabilities;
mod error;
mod ffi;
mod filesystem;
mod limits;
mod policy;
mod syscalls;

pub use error::SandboxError;
pub use ffi::sandbox_enter;
pub use policy::{Policy, Report};

/// Locks the calling process into `policy` for the rest of its life.
///
/// The order matters: what later steps need (opening paths, dropping capabilities) comes before the step that
/// takes the means for it away.
///
/// # Errors
/// The process has more than one thread, a writable path is missing, the kernel has no Landlock, or it refused
/// a step. The process may then be partly restricted, and must end without running what it was meant to run.
pub fn enter(policy: &Policy) -> Result<Report, SandboxError> {
    if policy.allow_network {
        return Err(SandboxError::NetworkRequested);
    }
    limits::require_single_thread()?;
    let first_when_memory_is_short = limits::volunteer_when_memory_is_short();
    limits::detach_from_privilege()?;
    capabilities::drop_all()?;
    let filesystem = filesystem::restrict(policy)?;
    limits::apply(policy)?;
    let seccomp_filters = syscalls::restrict(filesystem.landlock_abi)?;
    Ok(Report {
        landlock_abi: filesystem.landlock_abi,
        signals_scoped_by_landlock: filesystem.scoped,
        seccomp_filters,
        first_when_memory_is_short,
        skipped_read_only: filesystem.skipped,
    })
}

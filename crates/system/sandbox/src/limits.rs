//! Resource limits, and the process attributes that keep privilege from coming back.

use crate::{Policy, SandboxError};

/// Fails unless the process has exactly one thread: restrictions bind the calling thread and its descendants,
/// a thread that runs already would keep its freedom.
pub(crate) fn require_single_thread() -> Result<(), SandboxError> {
    let threads = std::fs::read_dir("/proc/self/task")
        .map_err(|source| SandboxError::Kernel { step: "count threads in /proc/self/task", source })?
        .count();
    if threads == 1 { Ok(()) } else { Err(SandboxError::NotSingleThreaded { found: threads }) }
}

/// Asks the kernel to end this process before any other when the machine runs out of memory: a script can be run again,
/// a database cannot. False when the kernel does not accept this, as under a read-only `/proc`; the process is locked
/// in all the same. Comes before the dumpable flag is cleared, which makes the file root's.
pub(crate) fn volunteer_when_memory_is_short() -> bool {
    std::fs::write("/proc/self/oom_score_adj", "1000").is_ok()
}

/// No privilege by exec, no inspection by neighbours, no life beyond the parent's.
pub(crate) fn detach_from_privilege() -> Result<(), SandboxError> {
    prctl(libc::PR_SET_NO_NEW_PRIVS, 1, "set no_new_privs")?;
    prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong, "set the parent death signal")?;
    prctl(libc::PR_SET_DUMPABLE, 0, "clear the dumpable flag")
}

fn prctl(option: libc::c_int, value: libc::c_ulong, step: &'static str) -> Result<(), SandboxError> {
    let zero: libc::c_ulong = 0;
    // SAFETY: these options take integers only.
    if unsafe { libc::prctl(option, value, zero, zero, zero) } == 0 {
        Ok(())
    } else {
        Err(SandboxError::last_os_error(step))
    }
}

/// Sets soft and hard limits alike, so that the script cannot raise them.
pub(crate) fn apply(policy: &Policy) -> Result<(), SandboxError> {
    set(libc::RLIMIT_CORE, 0, "limit core dumps")?;
    set(libc::RLIMIT_FSIZE, policy.max_file_bytes, "limit the file size")?;
    set(libc::RLIMIT_NOFILE, policy.max_open_files, "limit open files")?;
    set(libc::RLIMIT_CPU, policy.cpu_seconds, "limit processor time")?;
    set(libc::RLIMIT_AS, policy.memory_bytes, "limit the address space")
}

fn set(resource: libc::__rlimit_resource_t, wanted: u64, step: &'static str) -> Result<(), SandboxError> {
    let mut current = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `current` is a valid rlimit that the kernel fills.
    if unsafe { libc::getrlimit(resource, &raw mut current) } != 0 {
        return Err(SandboxError::last_os_error(step));
    }
    // An outer limit that is tighter stays.
    let value = wanted.min(current.rlim_max);
    let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
    // SAFETY: `limit` is a valid rlimit.
    if unsafe { libc::setrlimit(resource, &raw const limit) } == 0 {
        Ok(())
    } else {
        Err(SandboxError::last_os_error(step))
    }
}

//! Dropping every capability, for the case that the service runs as root.

use crate::SandboxError;

/// Version 3 of the interface: 64 capability bits in two words.
const CAPABILITY_VERSION_3: u32 = 0x2008_0522;
const CAP_SETPCAP: u32 = 8;

#[repr(C)]
struct Header {
    version: u32,
    pid: libc::c_int,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Words {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Empties the bounding, ambient, effective, permitted and inheritable sets, and verifies it.
pub(crate) fn drop_all() -> Result<(), SandboxError> {
    // Only a holder of CAP_SETPCAP can shrink the bounding set. For anybody else it is harmless: without exec and
    // with no_new_privs nothing can be gained from it.
    if get()?[0].effective & (1 << CAP_SETPCAP) != 0 {
        drop_bounding_set()?;
    }
    let zero: libc::c_ulong = 0;
    // SAFETY: integer arguments only.
    if unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong, zero, zero, zero) }
        != 0
    {
        return Err(SandboxError::last_os_error("clear ambient capabilities"));
    }
    set([Words::default(); 2])?;
    if get()?.iter().any(|words| words.effective != 0 || words.permitted != 0) {
        return Err(SandboxError::CapabilitiesRemain);
    }
    Ok(())
}

fn drop_bounding_set() -> Result<(), SandboxError> {
    let zero: libc::c_ulong = 0;
    for capability in 0..64 {
        // SAFETY: integer arguments only.
        if unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability as libc::c_ulong, zero, zero, zero) } != 0 {
            // The first number the kernel does not know ends the list.
            let error = std::io::Error::last_os_error();
            if error.raw_os_error() == Some(libc::EINVAL) {
                break;
            }
            return Err(SandboxError::Kernel { step: "drop a capability from the bounding set", source: error });
        }
    }
    Ok(())
}

fn get() -> Result<[Words; 2], SandboxError> {
    let header = Header { version: CAPABILITY_VERSION_3, pid: 0 };
    let mut words = [Words::default(); 2];
    // SAFETY: header and words have the layout of version 3; the kernel fills two entries.
    let status = unsafe { libc::syscall(libc::SYS_capget, &raw const header, words.as_mut_ptr()) };
    if status == 0 { Ok(words) } else { Err(SandboxError::last_os_error("read capabilities")) }
}

fn set(words: [Words; 2]) -> Result<(), SandboxError> {
    let header = Header { version: CAPABILITY_VERSION_3, pid: 0 };
    // SAFETY: header and words have the layout of version 3; the kernel reads two entries.
    let status = unsafe { libc::syscall(libc::SYS_capset, &raw const header, words.as_ptr()) };
    if status == 0 { Ok(()) } else { Err(SandboxError::last_os_error("drop capabilities")) }
}

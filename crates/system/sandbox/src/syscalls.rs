//! Seccomp: which system calls are left.
//!
//! Landlock guards files; these filters close what it does not see: sockets, processes, other processes' memory,
//! kernel facilities that hold memory outside the limits, and file attributes. Several filters are stacked, one
//! per answer; the kernel takes the strictest. The filters refuse instead of killing, so that a script gets an
//! error that it can report.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};

use crate::SandboxError;

/// Commands of `fcntl` and `ioctl` that say which process gets a signal on input (asm-generic/fcntl.h, sockios.h).
const SET_OWNER: u64 = 8;
const SET_OWNER_EXTENDED: u64 = 15;
const IOCTL_SET_OWNER: u64 = 0x8901;
const IOCTL_SET_PROCESS_GROUP: u64 = 0x8902;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Number of filters that [`restrict`] loads.
#[cfg(target_arch = "x86_64")]
pub(crate) const FILTER_COUNT: usize = 5;
/// Number of filters that [`restrict`] loads.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) const FILTER_COUNT: usize = 4;

/// Loads all filters into the calling thread.
pub(crate) fn restrict(landlock_abi: u32) -> Result<(), SandboxError> {
    #[cfg(target_arch = "x86_64")]
    load(&refuse_x32())?;
    load(&compile(ignored_calls(), 0)?)?;
    load(&compile(unknown_calls(), libc::ENOSYS)?)?;
    load(&compile(network_calls()?, libc::EACCES)?)?;
    load(&compile(forbidden_calls(landlock_abi)?, libc::EPERM)?)
}

fn load(program: &BpfProgram) -> Result<(), SandboxError> {
    apply_filter(program).map_err(|error| SandboxError::Seccomp(error.to_string()))
}

fn compile(rules: Rules, answer: libc::c_int) -> Result<BpfProgram, SandboxError> {
    let architecture = std::env::consts::ARCH.try_into().map_err(|error| SandboxError::Seccomp(format!("{error}")))?;
    SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(answer as u32), architecture)
        .and_then(TryInto::try_into)
        .map_err(|error| SandboxError::Seccomp(error.to_string()))
}

/// The x32 ABI carries the x86-64 architecture mark but other call numbers, which would slip past a list of
/// numbers. Nobody needs it: answer ENOSYS.
#[cfg(target_arch = "x86_64")]
fn refuse_x32() -> BpfProgram {
    use seccompiler::sock_filter;
    const X32_BIT: u32 = 0x4000_0000;
    const LOAD_WORD_ABSOLUTE: u16 = 0x20;
    const JUMP_IF_GREATER_OR_EQUAL: u16 = 0x35;
    const RETURN_CONSTANT: u16 = 0x06;
    const OFFSET_OF_CALL_NUMBER: u32 = 0;
    vec![
        sock_filter { code: LOAD_WORD_ABSOLUTE, jt: 0, jf: 0, k: OFFSET_OF_CALL_NUMBER },
        sock_filter { code: JUMP_IF_GREATER_OR_EQUAL, jt: 0, jf: 1, k: X32_BIT },
        sock_filter { code: RETURN_CONSTANT, jt: 0, jf: 0, k: libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32 },
        sock_filter { code: RETURN_CONSTANT, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW },
    ]
}

/// Matches whatever the arguments are.
fn always(calls: &[i64]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

/// One comparison of an argument's low 32 bits.
fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, SandboxError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
        .map_err(|error| SandboxError::Seccomp(error.to_string()))
}

/// A rule that matches when every condition holds.
fn rule(conditions: Vec<SeccompCondition>) -> Result<SeccompRule, SandboxError> {
    SeccompRule::new(conditions).map_err(|error| SandboxError::Seccomp(error.to_string()))
}

/// Answered with success and without effect. Landlock does not cover file attributes, and an owner may change
/// them on any file it can name, also outside the session; but copying functions set them as a matter of course,
/// and a script must not fail on that.
fn ignored_calls() -> Rules {
    let mut calls = vec![libc::SYS_fchmod, libc::SYS_fchmodat, libc::SYS_fchmodat2, libc::SYS_utimensat];
    #[cfg(target_arch = "x86_64")]
    calls.extend([libc::SYS_chmod, libc::SYS_utime, libc::SYS_utimes, libc::SYS_futimesat]);
    calls.sort_unstable();
    always(&calls)
}

/// Answered as if the kernel had never heard of them: the C library then falls back to an older call whose
/// arguments a filter can read.
fn unknown_calls() -> Rules {
    always(&[
        libc::SYS_clone3,
        libc::SYS_openat2,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_memfd_create,
        libc::SYS_memfd_secret,
    ])
}

/// Network. A connected pair of local streams stays possible: event loops wake themselves through one.
fn network_calls() -> Result<Rules, SandboxError> {
    const TYPE_MASK: u64 = 0xf;
    let mut rules = always(&[
        libc::SYS_socket,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
    ]);
    // A datagram socket could name another receiver in each call.
    rules.insert(
        libc::SYS_sendto,
        vec![rule(vec![
            SeccompCondition::new(4, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0)
                .map_err(|error| SandboxError::Seccomp(error.to_string()))?,
        ])?],
    );
    let kinds = [libc::SOCK_DGRAM, libc::SOCK_RAW, libc::SOCK_RDM, libc::SOCK_SEQPACKET];
    let mut pairs = vec![rule(vec![condition(0, SeccompCmpOp::Ne, libc::AF_UNIX as u64)?])?];
    for kind in kinds {
        pairs.push(rule(vec![condition(1, SeccompCmpOp::MaskedEq(TYPE_MASK), kind as u64)?])?);
    }
    rules.insert(libc::SYS_socketpair, pairs);
    Ok(rules)
}

/// Everything else that reaches out of the process.
fn forbidden_calls(landlock_abi: u32) -> Result<Rules, SandboxError> {
    let mut rules = always(&[
        // Programs.
        libc::SYS_execve,
        libc::SYS_execveat,
        // Other processes.
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_process_madvise,
        libc::SYS_process_mrelease,
        libc::SYS_kcmp,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_send_signal,
        libc::SYS_tkill,
        libc::SYS_setpriority,
        libc::SYS_ioprio_set,
        libc::SYS_migrate_pages,
        libc::SYS_move_pages,
        // Namespaces and mounts.
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_move_mount,
        libc::SYS_open_tree,
        libc::SYS_fsopen,
        libc::SYS_fsconfig,
        libc::SYS_fsmount,
        libc::SYS_fspick,
        libc::SYS_mount_setattr,
        // Kernel facilities.
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_acct,
        libc::SYS_quotactl,
        libc::SYS_syslog,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_clock_adjtime,
        libc::SYS_adjtimex,
        libc::SYS_sethostname,
        libc::SYS_setdomainname,
        libc::SYS_personality,
        libc::SYS_name_to_handle_at,
        libc::SYS_open_by_handle_at,
        libc::SYS_fanotify_init,
        libc::SYS_fanotify_mark,
        libc::SYS_inotify_init1,
        libc::SYS_inotify_add_watch,
        // Memory that outlives the process or escapes its limits.
        libc::SYS_shmget,
        libc::SYS_shmat,
        libc::SYS_shmctl,
        libc::SYS_msgget,
        libc::SYS_semget,
        libc::SYS_mq_open,
        libc::SYS_mq_unlink,
        // File attributes that Landlock does not cover.
        libc::SYS_fchown,
        libc::SYS_fchownat,
        libc::SYS_setxattr,
        libc::SYS_lsetxattr,
        libc::SYS_fsetxattr,
        libc::SYS_removexattr,
        libc::SYS_lremovexattr,
        libc::SYS_fremovexattr,
    ]);
    #[cfg(target_arch = "x86_64")]
    rules.extend(always(&[
        libc::SYS_fork,
        libc::SYS_vfork,
        libc::SYS_chown,
        libc::SYS_lchown,
        libc::SYS_inotify_init,
        libc::SYS_iopl,
        libc::SYS_ioperm,
        libc::SYS_modify_ldt,
    ]));

    // Threads are welcome, processes are not.
    rules.insert(
        libc::SYS_clone,
        vec![rule(vec![condition(0, SeccompCmpOp::MaskedEq(libc::CLONE_THREAD as u64), 0)?])?],
    );
    // Signals reach the process itself only; `abort` and `raise` need that much.
    let own_process = u64::from(std::process::id());
    for call in [libc::SYS_kill, libc::SYS_tgkill, libc::SYS_rt_sigqueueinfo, libc::SYS_rt_tgsigqueueinfo] {
        rules.insert(call, vec![rule(vec![condition(0, SeccompCmpOp::Ne, own_process)?])?]);
    }
    // Limits of the process itself may be read and lowered.
    rules.insert(
        libc::SYS_prlimit64,
        vec![rule(vec![condition(0, SeccompCmpOp::Ne, 0)?, condition(0, SeccompCmpOp::Ne, own_process)?])?],
    );
    // The end of the parent stays the end of the child.
    rules.insert(
        libc::SYS_prctl,
        vec![
            rule(vec![condition(0, SeccompCmpOp::Eq, libc::PR_SET_PDEATHSIG as u64)?])?,
            rule(vec![condition(0, SeccompCmpOp::Eq, libc::PR_SET_DUMPABLE as u64)?])?,
        ],
    );
    // Asking for a signal on input would let a file descriptor send it to any process.
    rules.insert(
        libc::SYS_fcntl,
        vec![
            rule(vec![condition(1, SeccompCmpOp::Eq, SET_OWNER)?])?,
            rule(vec![condition(1, SeccompCmpOp::Eq, SET_OWNER_EXTENDED)?])?,
        ],
    );
    rules.insert(
        libc::SYS_ioctl,
        vec![
            rule(vec![condition(1, SeccompCmpOp::Eq, IOCTL_SET_OWNER)?])?,
            rule(vec![condition(1, SeccompCmpOp::Eq, IOCTL_SET_PROCESS_GROUP)?])?,
        ],
    );
    if landlock_abi < 3 {
        forbid_truncation(&mut rules)?;
    }
    Ok(rules)
}

/// Landlock guards truncation only from ABI 3 on; before, a file that is merely readable could be emptied.
fn forbid_truncation(rules: &mut Rules) -> Result<(), SandboxError> {
    const READ_AND_TRUNCATE: u64 = (libc::O_RDONLY | libc::O_TRUNC) as u64;
    const MASK: u64 = (libc::O_ACCMODE | libc::O_TRUNC) as u64;
    rules.insert(libc::SYS_truncate, Vec::new());
    rules.insert(libc::SYS_openat, vec![rule(vec![condition(2, SeccompCmpOp::MaskedEq(MASK), READ_AND_TRUNCATE)?])?]);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, vec![rule(vec![condition(1, SeccompCmpOp::MaskedEq(MASK), READ_AND_TRUNCATE)?])?]);
    Ok(())
}

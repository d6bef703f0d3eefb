//! Seccomp: which system calls are left.
//!
//! Landlock guards files; these filters close what it does not see: sockets, processes, other processes' memory,
//! kernel facilities that hold memory outside the limits, file attributes, locks that wake their owner.
//!
//! The list names what is allowed, so that a call that nobody thought of is refused. Several filters are stacked; the
//! kernel takes the strictest action, and among equal actions the answer of the filter that was loaded last. The list
//! comes last, since nothing can be loaded after it; so it lets those calls through that the filters before it answer
//! with more than `EPERM`. The filters refuse instead of killing, so that a script gets an error that it can report;
//! only a call by another architecture's table (32-bit on a 64-bit machine) ends the process.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter, sock_filter,
};

use crate::SandboxError;
use crate::allowed::{ALLOWED, ALLOWED_FILE_COMMANDS, ALLOWED_IOCTLS, ALLOWED_PROCESS_OPTIONS};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// First number that this list does not know (`mseal`, Linux 6.10, is 462). The numbers are the same on all
/// architectures from 424 on.
const FIRST_UNKNOWN: u32 = 463;
/// The numbers from here up to 423 are not assigned.
#[cfg(target_arch = "x86_64")]
const FIRST_OF_GAP: u32 = 335;
/// The numbers from here up to 423 are not assigned.
#[cfg(not(target_arch = "x86_64"))]
const FIRST_OF_GAP: u32 = 295;
/// First number after the gap.
const FIRST_AFTER_GAP: u32 = 424;

/// Loads all filters into the calling thread and returns how many they are.
pub(crate) fn restrict(landlock_abi: u32) -> Result<usize, SandboxError> {
    let mut answered = vec![
        (always(&ignored_calls()), 0),
        (always(&EXTENDED_ATTRIBUTES), libc::ENOTSUP),
        (network_calls()?, libc::EACCES),
        (always(&ABSENT), libc::ENOSYS),
    ];
    if landlock_abi < 3 {
        answered.push((truncation()?, libc::EPERM));
    }
    // The uses that a filter does not answer are allowed, unless the list says otherwise.
    let mut listed: Rules = answered.iter().flat_map(|(rules, _)| always_of(rules)).collect();
    listed.extend(allowed_calls()?);

    let mut programs = answered
        .into_iter()
        .map(|(rules, answer)| compile(rules, refuse(answer), SeccompAction::Allow))
        .collect::<Result<Vec<_>, _>>()?;
    programs.push([unknown_numbers(), compile(listed, SeccompAction::Allow, refuse(libc::EPERM))?].concat());
    for program in &programs {
        apply_filter(program).map_err(|error| SandboxError::Seccomp(error.to_string()))?;
    }
    Ok(programs.len())
}

fn refuse(answer: libc::c_int) -> SeccompAction {
    SeccompAction::Errno(answer as u32)
}

fn compile(rules: Rules, matched: SeccompAction, otherwise: SeccompAction) -> Result<BpfProgram, SandboxError> {
    let architecture = std::env::consts::ARCH.try_into().map_err(|error| SandboxError::Seccomp(format!("{error}")))?;
    SeccompFilter::new(rules, otherwise, matched, architecture)
        .and_then(TryInto::try_into)
        .map_err(|error| SandboxError::Seccomp(error.to_string()))
}

/// The beginning of a filter: answers `ENOSYS` for numbers that are newer than this list or not assigned, as a kernel
/// without them does, and continues behind its end for the others. The x32 calls carry the x86-64 architecture mark and
/// numbers from `0x4000_0000` on, so they are among them.
fn unknown_numbers() -> BpfProgram {
    const LOAD_WORD: u16 = 0x20;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const OFFSET_OF_CALL_NUMBER: u32 = 0;
    let at_least = |k, jt, jf| sock_filter { code: JUMP_IF_AT_LEAST, jt, jf, k };
    vec![
        sock_filter { code: LOAD_WORD, jt: 0, jf: 0, k: OFFSET_OF_CALL_NUMBER },
        at_least(FIRST_UNKNOWN, 2, 0),
        at_least(FIRST_AFTER_GAP, 2, 0),
        at_least(FIRST_OF_GAP, 0, 1),
        sock_filter { code: RETURN, jt: 0, jf: 0, k: libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32 },
    ]
}

/// Matches whatever the arguments are.
fn always(calls: &[i64]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

/// The same calls whatever the arguments are.
fn always_of(rules: &Rules) -> Rules {
    rules.keys().map(|call| (*call, Vec::new())).collect()
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

/// Rules that match when an argument is one of `values`.
fn one_of(argument: u8, values: &[u64]) -> Result<Vec<SeccompRule>, SandboxError> {
    values.iter().map(|value| rule(vec![condition(argument, SeccompCmpOp::Eq, *value)?])).collect()
}

/// The list itself, and the calls of which only some uses are allowed.
fn allowed_calls() -> Result<Rules, SandboxError> {
    let own_process = u64::from(std::process::id());
    let mut rules = always(ALLOWED);
    // Threads are welcome; processes, namespaces, and children of the parent are not.
    let thread = (libc::CLONE_THREAD | libc::CLONE_VM) as u64;
    let beyond_threads = (libc::CLONE_NEWNS
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_PARENT
        | libc::CLONE_PTRACE
        | libc::CLONE_VFORK) as u32;
    let mask = thread | u64::from(beyond_threads);
    rules.insert(libc::SYS_clone, vec![rule(vec![condition(0, SeccompCmpOp::MaskedEq(mask), thread)?])?]);
    // Signals reach the process itself only; `abort` and `raise` need that much.
    rules.insert(libc::SYS_kill, one_of(0, &[own_process])?);
    rules.insert(libc::SYS_tgkill, one_of(0, &[own_process])?);
    // Limits of the process itself may be read and lowered.
    rules.insert(libc::SYS_prlimit64, one_of(0, &[0, own_process])?);
    rules.insert(libc::SYS_prctl, one_of(0, ALLOWED_PROCESS_OPTIONS)?);
    rules.insert(libc::SYS_fcntl, one_of(1, ALLOWED_FILE_COMMANDS)?);
    rules.insert(libc::SYS_ioctl, one_of(1, ALLOWED_IOCTLS)?);
    Ok(rules)
}

/// Answered with success and without effect. Landlock does not cover file attributes, and an owner may change
/// them on any file it can name, also outside the session; but copying functions set them as a matter of course,
/// and a script must not fail on that.
fn ignored_calls() -> Vec<i64> {
    let calls = vec![libc::SYS_fchmod, libc::SYS_fchmodat, libc::SYS_fchmodat2, libc::SYS_utimensat];
    #[cfg(target_arch = "x86_64")]
    let calls = [calls, vec![libc::SYS_chmod, libc::SYS_utime, libc::SYS_utimes, libc::SYS_futimesat]].concat();
    calls
}

/// Reading extended attributes: answered as on a file system that has none, which copying functions expect. Setting
/// them is not on the list: an access control list is such an attribute, and a channel between sessions another.
const EXTENDED_ATTRIBUTES: [i64; 6] = [
    libc::SYS_getxattr,
    libc::SYS_lgetxattr,
    libc::SYS_fgetxattr,
    libc::SYS_listxattr,
    libc::SYS_llistxattr,
    libc::SYS_flistxattr,
];

/// Answered as if the kernel had never heard of them: the C library then falls back to an older call whose arguments
/// a filter can read, and programs to an ordinary file.
const ABSENT: [i64; 7] = [
    libc::SYS_clone3,
    libc::SYS_openat2,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
];

/// Network: an answer that says so. A connected pair of local streams stays possible, and sending to its other end:
/// event loops wake themselves through one.
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
    let addressed = SeccompCondition::new(4, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0)
        .map_err(|error| SandboxError::Seccomp(error.to_string()))?;
    rules.insert(libc::SYS_sendto, vec![rule(vec![addressed])?]);
    let mut pairs = vec![rule(vec![condition(0, SeccompCmpOp::Ne, libc::AF_UNIX as u64)?])?];
    for kind in (0..=TYPE_MASK).filter(|kind| *kind != libc::SOCK_STREAM as u64) {
        pairs.push(rule(vec![condition(1, SeccompCmpOp::MaskedEq(TYPE_MASK), kind)?])?);
    }
    rules.insert(libc::SYS_socketpair, pairs);
    Ok(rules)
}

/// Landlock guards truncation only from ABI 3 on; before, a file that is merely readable could be emptied.
fn truncation() -> Result<Rules, SandboxError> {
    const READ_AND_TRUNCATE: u64 = (libc::O_RDONLY | libc::O_TRUNC) as u64;
    const MASK: u64 = (libc::O_ACCMODE | libc::O_TRUNC) as u64;
    let mut rules = always(&[libc::SYS_truncate]);
    rules.insert(libc::SYS_openat, vec![rule(vec![condition(2, SeccompCmpOp::MaskedEq(MASK), READ_AND_TRUNCATE)?])?]);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, vec![rule(vec![condition(1, SeccompCmpOp::MaskedEq(MASK), READ_AND_TRUNCATE)?])?]);
    Ok(rules)
}

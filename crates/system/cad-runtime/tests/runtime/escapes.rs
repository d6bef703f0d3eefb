//! Attempts to get out. Each is Python that goes around the explaining hook where it can, straight to the kernel,
//! and prints what it reached. The same list runs with bubblewrap and without.

use std::os::unix::fs::PermissionsExt;

use cad_runtime::Bubblewrap;
use rstest::rstest;

use crate::fixture::{Fixture, processes};

/// Prelude: raw system calls. `call` returns the error number, or 0 when the call went through.
const PRELUDE: &str = r"
import ctypes, os, signal, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[a if isinstance(a, (bytes, ctypes.c_void_p)) else ctypes.c_long(a) for a in arguments])
    return ctypes.get_errno() if result < 0 else 0
def attempt(function, *arguments):
    try:
        return ('reached', function(*arguments))
    except OSError as error:
        return 'refused'
EPERM, EACCES, ENOSYS = 1, 13, 38
";

/// What is tried, and what it must print. Numbers are those of x86-64 Linux.
#[cfg(target_arch = "x86_64")]
const RAW_CALLS: &[(&str, &str)] = &[
    ("TCP socket", "print(call(41, 2, 1, 0) == EACCES)"),
    ("local socket", "print(call(41, 1, 1, 0) == EACCES)"),
    ("netlink socket", "print(call(41, 16, 3, 0) == EACCES)"),
    ("datagram pair", "print(call(53, 1, 2, 0, ctypes.c_void_p(0)) == EACCES)"),
    ("fork", "print(call(57) == EPERM)"),
    ("vfork", "print(call(58) == EPERM)"),
    ("clone without thread", "print(call(56, signal.SIGCHLD, 0, 0, 0, 0) == EPERM)"),
    ("clone3", "print(call(435, 0, 0) == ENOSYS)"),
    ("execve", "print(call(59, b'/bin/true', 0, 0) == EPERM)"),
    ("execveat", "print(call(322, -100, b'/bin/true', 0, 0, 0) == EPERM)"),
    ("x32 numbering", "print(call(0x40000000 + 57) == ENOSYS)"),
    ("ptrace the parent", "print(call(101, 16, os.getppid(), 0, 0) == EPERM)"),
    ("read the parent's memory", "print(call(310, os.getppid(), 0, 0, 0, 0, 0) == EPERM)"),
    ("pidfd of the parent", "print(call(434, os.getppid(), 0) == EPERM)"),
    ("kill the parent", "print(call(62, os.getppid(), 9) == EPERM)"),
    ("kill the group", "print(call(62, 0, 9) == EPERM)"),
    ("kill everybody", "print(call(62, -1, 9) == EPERM)"),
    ("queue a signal", "print(call(129, os.getppid(), 9, 0) == EPERM)"),
    ("signal by descriptor owner", "r, w = os.pipe(); print(call(72, r, 8, os.getppid()) == EPERM)"),
    ("limits of the parent", "print(call(302, os.getppid(), 7, 0, 0) == EPERM)"),
    ("outlive the parent", "print(call(157, 1, 0) == EPERM)"),
    ("new user namespace", "print(call(272, 0x10000000) == EPERM)"),
    ("mount", "print(call(165, b'none', b'.', b'tmpfs', 0, 0) == EPERM)"),
    ("bpf", "print(call(321, 0, 0, 0) == EPERM)"),
    ("io_uring", "print(call(425, 1, 0) == ENOSYS)"),
    ("memory file", "print(call(319, b'x', 0) == ENOSYS)"),
    ("shared memory", "print(call(29, 0, 4096, 0o1777) == EPERM)"),
    ("keyring", "print(call(250, 0, 0) == EPERM)"),
    ("openat2", "print(call(437, -100, b'/etc', 0, 0) == ENOSYS)"),
];
#[cfg(not(target_arch = "x86_64"))]
const RAW_CALLS: &[(&str, &str)] = &[];

/// As above, by Python's own means. `SECRET` is a file of another session, `RUNS` the folder of all runs.
const ATTEMPTS: &[(&str, &str)] = &[
    ("read another session", "print(attempt(lambda: open(SECRET).read()) == 'refused')"),
    ("write another session", "print(attempt(lambda: open(SECRET, 'a').write('x')) == 'refused')"),
    ("truncate another session", "print(attempt(os.truncate, SECRET, 0) == 'refused')"),
    ("remove from another session", "print(attempt(os.remove, SECRET) == 'refused')"),
    ("list sessions", "print(attempt(os.listdir, '..') == 'refused')"),
    ("list runs", "print(attempt(os.listdir, RUNS) == 'refused')"),
    ("hard link out", "print(attempt(os.link, SECRET, 'mine') == 'refused')"),
    ("move in", "print(attempt(os.rename, SECRET, 'mine') == 'refused')"),
    ("symbolic link out", "print(libc.symlink(b'/etc/passwd', b'mine') == -1 and not os.path.lexists('mine'))"),
    ("password file", "print(attempt(lambda: open('/etc/shadow').read()) == 'refused')"),
    ("home folder", "print(attempt(os.listdir, '/root') == 'refused')"),
    ("parent's environment", "print(attempt(lambda: open(f'/proc/{os.getppid()}/environ').read()) == 'refused')"),
    ("process list", "print(attempt(os.listdir, '/proc') == 'refused')"),
    ("write a mount", "print(attempt(lambda: open('/config/x', 'w')) == 'refused')"),
    ("change a mounted file", "print(attempt(lambda: open('/config/manufacturing_config.yaml', 'a')) == 'refused')"),
    ("remove a mounted file", "print(attempt(os.remove, '/config/manufacturing_config.yaml') == 'refused')"),
    ("write the package", "import shared; print(attempt(lambda: open(shared.__file__, 'a')) == 'refused')"),
    ("write the system", "print(attempt(lambda: open('/usr/lib/x', 'w')) == 'refused')"),
    ("write beside", "print(attempt(lambda: open('/tmp/x', 'w')) == 'refused')"),
    ("make a device", "print(attempt(os.mkfifo, 'pipe') == 'refused')"),
    ("modes are left alone", "os.chmod(SECRET, 0); print(True)"),
    (
        "secrets in the environment",
        "print('HIDDEN_KEY' not in os.environ and not any('HIDDEN' in v for v in os.environ.values()))",
    ),
    ("inherited descriptors", "print(all(attempt(os.fstat, fd) == 'refused' for fd in range(4, 256)))"),
];

#[rstest]
#[case::with_bubblewrap(Bubblewrap::WhenItWorks)]
#[case::without_bubblewrap(Bubblewrap::Never)]
#[tokio::test]
async fn nothing_gets_out(#[case] bubblewrap: Bubblewrap) -> anyhow::Result<()> {
    // SAFETY: no other thread of this test reads the environment at this point.
    unsafe { std::env::set_var("HIDDEN_KEY", "HIDDEN") };
    let fixture = Fixture::start_with(|config| config.bubblewrap = bubblewrap).await?;
    let session = fixture.session("prisoner", "")?;
    let secret = fixture.session("other", "SECRET = 1\n")?.join("script.py");
    let runs = fixture.folder.path().join("runs").canonicalize()?;
    let quiet = processes(&fixture.runtime).len();

    for (name, attempt) in RAW_CALLS.iter().chain(ATTEMPTS) {
        let code = format!("{PRELUDE}SECRET = {secret:?}\nRUNS = {runs:?}\n{attempt}\n");
        let run = fixture.execute(&session, &code).await?;
        assert_eq!(run.stdout, "True\n", "{name} ({}): {run:?}", fixture.runtime.description());
    }

    assert_eq!(std::fs::read_to_string(&secret)?, "SECRET = 1\n");
    assert_ne!(std::fs::metadata(&secret)?.permissions().mode() & 0o777, 0);
    assert_eq!(processes(&fixture.runtime).len(), quiet, "no process is left");
    assert_eq!(fixture.execute(&session, "print('alive')").await?.stdout, "alive\n");
    Ok(())
}

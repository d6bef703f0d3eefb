//! The sandbox against a real kernel. Each case runs in a forked child, since there is no way back.

use std::ffi::{CStr, CString, c_char};
use std::path::{Path, PathBuf};

use sandbox::{Policy, SandboxError, enter, sandbox_enter};

fn policy(read_only: Vec<PathBuf>, read_write: Vec<PathBuf>) -> Policy {
    Policy {
        read_only,
        read_write,
        memory_bytes: 4 << 30,
        cpu_seconds: 10,
        max_file_bytes: 1 << 20,
        max_open_files: 64,
        allow_network: false,
    }
}

/// Forks, enters the sandbox in the child and evaluates `check` there. The child prints nothing and returns nowhere:
/// other threads of the test program exist only as locks that they may have held.
fn holds_inside(policy: &Policy, check: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child allocates (the C library makes that safe after a fork), and ends by `_exit`.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "fork: {}", std::io::Error::last_os_error());
    if child == 0 {
        let held = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| enter(policy).is_ok() && check()));
        // SAFETY: ends the child without running anything of the parent's.
        unsafe { libc::_exit(i32::from(!held.unwrap_or(false))) };
    }
    let mut status = 0;
    // SAFETY: waits for the child made above.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}

fn refused(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EACCES | libc::EPERM | libc::EXDEV))
}

fn last_error() -> Option<i32> {
    std::io::Error::last_os_error().raw_os_error()
}

#[test]
fn only_listed_paths_are_accessible() -> std::io::Result<()> {
    let readable = tempfile::tempdir()?;
    let writable = tempfile::tempdir()?;
    let hidden = tempfile::tempdir()?;
    for folder in [&readable, &writable, &hidden] {
        std::fs::write(folder.path().join("file"), "text")?;
    }
    let policy = policy(vec![readable.path().to_owned(), PathBuf::from("/nowhere")], vec![writable.path().to_owned()]);
    let file = |folder: &tempfile::TempDir| folder.path().join("file");
    let (read, write, hide) = (file(&readable), file(&writable), file(&hidden));
    let denied = |result: std::io::Result<()>| result.is_err_and(|error| refused(&error));
    assert!(holds_inside(&policy, || std::fs::read(&read).is_ok()), "a readable file is read");
    assert!(holds_inside(&policy, || denied(std::fs::write(&read, "x"))), "and not written");
    assert!(holds_inside(&policy, || std::fs::write(&write, "x").is_ok()), "a writable file is written");
    assert!(holds_inside(&policy, || denied(std::fs::read(&hide).map(drop))), "another is not read");
    assert!(holds_inside(&policy, || denied(std::fs::hard_link(&hide, writable.path().join("link")))));
    assert!(holds_inside(&policy, || denied(std::os::unix::fs::symlink(&hide, writable.path().join("link")))));
    assert!(holds_inside(&policy, || std::fs::write("/dev/null", "x").is_ok()), "the null device works");
    assert!(
        holds_inside(&policy, || {
            let big = vec![0_u8; 2 << 20];
            // SAFETY: an ignored signal turns the limit into an error.
            unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
            std::fs::write(&write, big).is_err_and(|error| error.raw_os_error() == Some(libc::EFBIG))
        }),
        "a file stays below its limit"
    );
    Ok(())
}

#[test]
fn sandbox_denies_network_processes_and_capabilities() {
    let policy = policy(vec![PathBuf::from("/usr")], vec![]);
    // SAFETY: plain system calls with integer arguments, in a child that only they can affect.
    unsafe {
        assert!(holds_inside(&policy, || libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) < 0
            && last_error() == Some(libc::EACCES)));
        assert!(holds_inside(&policy, || libc::fork() < 0 && last_error() == Some(libc::EPERM)));
        assert!(holds_inside(&policy, || libc::kill(libc::getppid(), 0) < 0 && last_error() == Some(libc::EPERM)));
        assert!(holds_inside(&policy, || libc::kill(libc::getpid(), 0) == 0), "it may signal itself");
        assert!(holds_inside(&policy, || libc::unshare(libc::CLONE_NEWUSER) < 0 && last_error() == Some(libc::EPERM)));
        assert!(holds_inside(&policy, || libc::prctl(libc::PR_CAPBSET_READ, 21) >= 0
            && libc::sethostname(c"x".as_ptr(), 1) < 0));
    }
    assert!(holds_inside(&policy, || std::process::Command::new("/usr/bin/true").status().is_err()));
    assert!(holds_inside(&policy, || std::thread::spawn(|| 1).join().is_ok()), "threads are welcome");
    assert!(holds_inside(&policy, || enter(&policy).is_err()), "a second entry is refused");
}

#[test]
fn unenforceable_policy_is_an_error() {
    // The test program has several threads.
    assert!(matches!(enter(&policy(vec![], vec![])), Err(SandboxError::NotSingleThreaded { found }) if found > 1));
    let networked = Policy { allow_network: true, ..policy(vec![], vec![]) };
    assert!(matches!(enter(&networked), Err(SandboxError::NetworkRequested)));
    let absent = policy(vec![], vec![Path::new("/nowhere/writable").to_owned()]);
    assert!(!holds_inside(&absent, || true), "a missing writable folder is not passed over");
}

#[test]
fn c_interface_returns_an_error_message() {
    let call = |policy: &str, capacity: usize| {
        let policy = CString::new(policy).expect("test policies hold no NUL");
        let mut buffer = vec![c_char::MAX; capacity.max(1)];
        // SAFETY: the policy is NUL-terminated and the buffer has `capacity` bytes.
        let status = unsafe { sandbox_enter(policy.as_ptr(), buffer.as_mut_ptr(), capacity) };
        // SAFETY: a capacity above 0 means that the message ends with NUL inside the buffer.
        let message = (capacity > 0).then(|| unsafe { CStr::from_ptr(buffer.as_ptr()) }.to_string_lossy().into_owned());
        (status, message)
    };
    let (status, message) = call(r#"{"read_only":[],"colour":1}"#, 200);
    assert_eq!(status, -1);
    assert!(message.is_some_and(|text| text.contains("colour")));
    assert_eq!(call("{", 4), (-1, Some("the".into())), "a long message is cut to the buffer");
    assert_eq!(call("{", 0), (-1, None));
}

//! Postgres: a fresh cluster each time, tuned for data that must survive its process and need not survive the machine.

use std::ffi::OsString;

use nix::{
    sys::signal::Signal,
    unistd::{Gid, Uid, User},
};

use super::Layout;
use crate::{
    Service,
    process::{Account, Launch},
};

/// Nothing waits for the disk: what the server handed to the operating system survives the server. Commits stay
/// synchronous, so that a commit is answered only after it was handed over; a killed server loses nothing that it
/// acknowledged.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "full_page_writes=off",
    "max_connections=200",
    // In a file of the data directory, so that a killed server leaves nothing in /dev/shm.
    "dynamic_shared_memory_type=mmap",
    "shared_buffers=64MB",
    "log_timezone=UTC",
];

/// Makes the cluster.
pub(super) fn preparation(layout: &Layout) -> Launch {
    let arguments = ["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=trust", "--username=postgres"];
    let mut launch = base(layout, "initdb");
    launch.arguments = arguments.iter().map(OsString::from).collect();
    launch.arguments.extend(["--pgdata".into(), data(layout)]);
    launch
}

/// Runs the server.
pub(super) fn launch(layout: &Layout) -> Launch {
    let mut launch = base(layout, "postgres");
    launch.arguments = vec!["-D".into(), data(layout), "-p".into(), layout.port(Service::Postgres).to_string().into()];
    for setting in SETTINGS {
        launch.arguments.extend(["-c".into(), setting.into()]);
    }
    launch
}

fn base(layout: &Layout, program: &str) -> Launch {
    let mut launch = layout.plain_launch(Service::Postgres, layout.tools.postgres.join(program));
    launch.directory = layout.directory.join("postgres");
    launch.account = layout.postgres_account;
    // Immediate shutdown: the server ends its own processes and gives its shared memory back.
    launch.death_signal = Signal::SIGQUIT;
    launch
}

fn data(layout: &Layout) -> OsString {
    layout.directory.join("postgres/data").into()
}

/// The user that Postgres runs as: our own, or, since it refuses root, `postgres`, else `nobody`.
pub(crate) fn account() -> anyhow::Result<Option<Account>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some(Account { user: user.uid, group: user.gid }));
        }
    }
    // The kernel's own number for nobody needs no entry in the user table.
    Ok(Some(Account { user: Uid::from_raw(65_534), group: Gid::from_raw(65_534) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_stay_synchronous() {
        assert!(!SETTINGS.iter().any(|setting| setting.starts_with("synchronous_commit")), "{SETTINGS:?}");
    }
}

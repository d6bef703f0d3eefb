//! What a program that cargo started must not hand on to a cargo that it starts.

use std::{env, ffi::OsStr, process::Command};

/// Removes the variables by which cargo and nextest tell a program about itself. Some build scripts are run again when
/// one of them changes, and with them whatever is built upon theirs: a build must not look different from one that a
/// person starts.
pub fn forget_the_caller(command: &mut Command) {
    for (name, _) in env::vars_os().filter(|(name, _)| is_about_the_caller(name)) {
        command.env_remove(name);
    }
}

fn is_about_the_caller(name: &OsStr) -> bool {
    const PREFIXES: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "NEXTEST"];
    const NAMES: [&str; 5] = ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR", "OUT_DIR", "CARGO"];
    name.to_str().is_some_and(|name| NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_about_the_caller_is_forgotten() {
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "NEXTEST_RUN_ID", "CARGO"] {
            assert!(is_about_the_caller(OsStr::new(name)), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_INCREMENTAL", "PATH"] {
            assert!(!is_about_the_caller(OsStr::new(name)), "{name}");
        }
    }
}

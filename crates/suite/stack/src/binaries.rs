//! The programs of this checkout that a stack runs, and how they are built.

use std::{
    env,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

use crate::{checkout::Checkout, progress::Reporter};

/// Packages whose programs and libraries a stack runs.
const PACKAGES: [&str; 8] =
    ["controller", "controller-worker", "worker-light", "worker-heavy", "sandbox", "agent-tools", "catalog", "stack"];

/// What cargo makes of them: programs, and the two libraries that the CAD interpreter loads.
pub const FILES: [&str; 8] = [
    "controller",
    "controller-worker",
    "worker-light",
    "worker-heavy",
    "catalog",
    "stack",
    "libsandbox.so",
    "libagent_tools.so",
];

/// Environment variable that leaves out building: the programs are taken as they are.
pub const NO_BUILD_VARIABLE: &str = "STACK_NO_BUILD";

/// True when the environment asks for taking programs as they are.
pub fn building_is_off() -> bool {
    env::var(NO_BUILD_VARIABLE).is_ok_and(|value| !value.is_empty() && value != "0")
}

/// Brings the programs up to date with their sources, with cargo's own progress on standard error.
pub fn build(checkout: &Checkout, reporter: &Reporter) -> anyhow::Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = &checkout.output;
    let mut command = Command::new(cargo);
    command.arg("build").current_dir(&checkout.root).stdin(Stdio::null()).stdout(Stdio::null());
    // Into the very folder that the programs are taken from: a relative CARGO_TARGET_DIR means another one here than
    // where cargo was called.
    command.arg("--target-dir").arg(&output.target);
    if let Some(platform) = &output.platform {
        command.args(["--target", platform]);
    }
    for package in PACKAGES {
        command.args(["-p", package]);
    }
    toolbox::forget_the_caller(&mut command);
    if output.profile != "debug" {
        command.args(["--profile", &output.profile]);
    }
    if reporter.is_quiet() {
        command.arg("--quiet");
    }
    let status = command.status().context(
        "cannot start cargo to build the services; with --no-build (or STACK_NO_BUILD=1) they are taken as they are",
    )?;
    if !status.success() {
        bail!("building the services failed ({status}); cargo says why above, and the stack was left as it is");
    }
    Ok(())
}

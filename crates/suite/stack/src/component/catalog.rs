//! The catalogue of bought parts: a database file that is built once a stack, among the read-only mounts.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, bail};

use super::Layout;

/// Where it is: scripts see it as `/config/parts.db`.
pub(crate) fn database(layout: &Layout) -> PathBuf {
    layout.mounts.join("config").join("parts.db")
}

/// Builds it. Takes some milliseconds.
pub(crate) fn build(layout: &Layout) -> anyhow::Result<()> {
    let program = layout.programs.join("catalog");
    let built = Command::new(&program).arg("build").arg("--out").arg(database(layout)).output();
    let built = built.with_context(|| format!("cannot start {} to build the catalogue", program.display()))?;
    if !built.status.success() {
        let words = String::from_utf8_lossy(&built.stderr);
        bail!("the catalogue could not be built ({}): {}", built.status, words.trim());
    }
    Ok(())
}

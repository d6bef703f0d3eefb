//! Identifies a build: two stacks with the same fingerprint behave the same.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use anyhow::Context;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::{binaries, checkout::Checkout, descriptor::FORMAT_VERSION, tools::Tools};

/// Fingerprint of what is built in `checkout` now. Programs count by size and time, since reading them takes longer
/// than starting a stack may; the files that services read at run time count by content.
pub(crate) fn of(checkout: &Checkout, tools: &Tools) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    hash.update(format!(
        "format {FORMAT_VERSION}\n{}\n",
        serde_json::to_string(tools).context("paths are plain data")?
    ));
    for name in binaries::FILES {
        let path = checkout.programs.join(name);
        match fs::metadata(&path) {
            Ok(file) => {
                hash.update(format!("{} {} {}.{}\n", path.display(), file.len(), file.mtime(), file.mtime_nsec()));
            }
            Err(_) => hash.update(format!("{} absent\n", path.display())),
        }
    }
    for folder in [checkout.python_package(), checkout.mounts()] {
        add_folder(&mut hash, &folder)?;
    }
    Ok(hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

fn add_folder(hash: &mut Sha256, folder: &Path) -> anyhow::Result<()> {
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    // A folder that does not exist gives one error entry and counts as empty.
    for entry in entries.filter_entry(|entry| entry.file_name() != "__pycache__").flatten() {
        if entry.file_type().is_file() {
            let content = fs::read(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
            hash.update(format!("{} {}\n", entry.path().display(), content.len()));
            hash.update(content);
        }
    }
    Ok(())
}

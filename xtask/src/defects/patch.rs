//! A seeded defect: why, which ids must turn red, and the diff that breaks the behaviour.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use anyhow::{Context as _, bail};
use ledger::{Ledger, RequirementId};
use walkdir::WalkDir;

/// Folder of the patches, from the project's root.
pub const FOLDER: &str = "defects";

/// Begin of the line that names the ids.
const MUST_TURN_RED: &str = "Must turn red:";

/// A patch that keeps its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// Its file, from the project's root: a folder of its main id, and the name of what is broken.
    pub path: PathBuf,
    /// The behaviour that is broken, one sentence.
    pub why: String,
    /// Ids of which each must have a failing test, in order.
    pub ids: Vec<RequirementId>,
    /// Files that the diff changes, from the project's root.
    pub files: Vec<PathBuf>,
}

/// What is wrong with a patch, and on which line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    pub line: usize,
    pub what: String,
}

impl Patch {
    /// Reads the patch of a file; all flaws at once.
    pub fn parse(path: &Path, text: &str, ledger: &Ledger) -> Result<Self, Vec<Flaw>> {
        let mut flaws = Vec::new();
        let mut flaw = |line: usize, what: String| flaws.push(Flaw { line, what });

        let why = text.lines().next().unwrap_or_default().trim();
        if why.is_empty() || why.starts_with("diff ") || why.starts_with(MUST_TURN_RED) {
            flaw(1, "the first line must say in one sentence which behaviour is broken".to_owned());
        }
        let mut ids = Vec::new();
        match text.lines().enumerate().find_map(|(index, line)| Some((index + 1, line.strip_prefix(MUST_TURN_RED)?))) {
            None => flaw(1, format!("no line `{MUST_TURN_RED} INT-nnn`: name the ids whose tests must fail")),
            Some((line, names)) => {
                for name in names.split(',').map(str::trim) {
                    match RequirementId::from_str(name) {
                        Err(error) => flaw(line, error.to_string()),
                        Ok(id) if !ledger.get(id).is_some_and(ledger::Entry::is_implemented) => {
                            flaw(line, format!("{id} is deferred in the ledger: no test of it can turn red"));
                        }
                        Ok(id) => ids.push(id),
                    }
                }
            }
        }
        let mut files = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let Some(file) = changed_file(line) else { continue };
            if !(file.starts_with("crates/system") || file.starts_with("crates/contract")) {
                let what = format!("changes {}: a defect breaks the system, never what judges it", file.display());
                flaw(index + 1, what);
            }
            if !files.contains(&file) {
                files.push(file);
            }
        }
        if files.is_empty() {
            flaw(1, "holds no diff; write it with `git diff`".to_owned());
        }
        let folder = path.parent().and_then(Path::file_name).map(|folder| folder.to_string_lossy());
        let is_at_home =
            |id: &RequirementId| folder.as_ref().is_some_and(|folder| id.to_string().to_lowercase() == *folder);
        if !ids.is_empty() && !ids.iter().any(is_at_home) {
            let home = Path::new(FOLDER).join(ids[0].to_string().to_lowercase());
            flaw(1, format!("belongs into the folder of an id that must turn red, such as {}", home.display()));
        }
        ids.sort_unstable();
        ids.dedup();
        if flaws.is_empty() { Ok(Self { path: path.to_owned(), why: why.to_owned(), ids, files }) } else { Err(flaws) }
    }

    /// What it is called: its file's name without `.patch`.
    pub fn name(&self) -> String {
        name_of(&self.path)
    }
}

/// What the patch of a file is called.
pub fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Files, from the project's root, and texts of all patches below `root`, in order.
///
/// # Errors
/// When a folder or file cannot be read, and when two patches have the same name.
pub fn read_all(root: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut patches: Vec<(PathBuf, String)> = Vec::new();
    for entry in WalkDir::new(root.join(FOLDER)).sort_by_file_name() {
        let entry = entry.with_context(|| format!("reading {FOLDER}"))?;
        if entry.path().extension().is_none_or(|extension| extension != "patch") {
            continue;
        }
        let path = entry.path().strip_prefix(root).context("a walk stays below its root")?.to_owned();
        let name = name_of(&path);
        if let Some((other, _)) = patches.iter().find(|(other, _)| name_of(other) == name) {
            bail!("{} and {} have the same name; rename one of them", other.display(), path.display());
        }
        let text = std::fs::read_to_string(entry.path()).with_context(|| format!("reading {}", path.display()))?;
        patches.push((path, text));
    }
    Ok(patches)
}

/// The file of a line `--- a/…` or `+++ b/…` of a diff.
fn changed_file(line: &str) -> Option<PathBuf> {
    let path = line.strip_prefix("--- a/").or_else(|| line.strip_prefix("+++ b/"))?;
    Some(PathBuf::from(path.split('\t').next().unwrap_or(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "diff --git a/crates/system/x/src/lib.rs b/crates/system/x/src/lib.rs\n\
                        --- a/crates/system/x/src/lib.rs\n+++ b/crates/system/x/src/lib.rs\n@@ -1 +1 @@\n-1\n+2\n";

    fn parse(text: &str) -> Result<Patch, Vec<Flaw>> {
        Patch::parse(Path::new("defects/int-004/x.patch"), text, &Ledger::load().expect("the ledger keeps its rules"))
    }

    #[test]
    fn patch_names_reason_ids_and_files() {
        let patch = parse(&format!("Two slots.\n\nMust turn red: INT-020, INT-004\n\n{DIFF}")).expect("a sound patch");
        assert_eq!(patch.why, "Two slots.");
        assert_eq!(patch.ids.iter().map(ToString::to_string).collect::<Vec<_>>(), ["INT-004", "INT-020"]);
        assert_eq!(patch.files, [PathBuf::from("crates/system/x/src/lib.rs")]);
    }

    #[test]
    fn every_flaw_is_reported_with_its_line() {
        for (text, line, what) in [
            (format!("Must turn red: INT-004\n{DIFF}"), 1, "first line"),
            (format!("Why.\n{DIFF}"), 1, "no line `Must turn red:"),
            (format!("Why.\n\nMust turn red: INT-4\n{DIFF}"), 3, "INT-4"),
            (format!("Why.\nMust turn red: INT-999\n{DIFF}"), 2, "INT-999"),
            ("Why.\nMust turn red: INT-004\n".to_owned(), 1, "no diff"),
            (format!("Why.\nMust turn red: INT-004\n{}", DIFF.replace("crates/system/x", "tests-p0")), 4, "judges it"),
        ] {
            let flaws = parse(&text).expect_err("a flawed patch");
            assert!(flaws.iter().any(|flaw| flaw.line == line && flaw.what.contains(what)), "{what}: {flaws:?}");
        }
    }

    #[test]
    fn a_deferred_id_is_refused() {
        let ledger = Ledger::load().expect("the ledger keeps its rules");
        let Some(deferred) = ledger.entries().iter().find(|entry| !entry.is_implemented()) else { return };
        let flaws = parse(&format!("Why.\nMust turn red: {}\n{DIFF}", deferred.id)).expect_err("it has no test");
        assert!(flaws[0].what.contains("deferred"), "{flaws:?}");
    }
}

//! `cargo xtask tidy`: the project's conventions, checked and not hoped for.
//!
//! Every rule carries its reason, every finding its file and line, and one run shows them all. Nothing is compiled:
//! the dependency graph comes from `cargo metadata`, everything else from the files.

mod clauses;
mod defects;
mod dependencies;
mod ledger_document;
mod modules;
mod names;
mod rust_source;
mod sources;
mod tiers;
mod wire_names;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use ledger::Ledger;
use walkdir::{DirEntry, WalkDir};

/// One convention. A rule without a reason is not a rule.
#[derive(Debug, PartialEq, Eq)]
struct Rule {
    /// What it is called in the report.
    name: &'static str,
    /// Why it exists and what to do instead.
    reason: &'static str,
}

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    rule: &'static Rule,
    /// From the project's root.
    file: PathBuf,
    /// Counted from 1; 1 also for what concerns a whole file.
    line: usize,
    /// What was found, with names and numbers.
    what: String,
}

impl Finding {
    fn new(rule: &'static Rule, file: impl Into<PathBuf>, line: usize, what: impl Into<String>) -> Self {
        Self { rule, file: file.into(), line, what: what.into() }
    }
}

/// Checks the project at `root`, prints every finding, and fails when there is one.
///
/// # Errors
/// When the project cannot be read at all; broken rules are findings, not errors.
pub fn run(root: &Path) -> anyhow::Result<ExitCode> {
    let ledger = Ledger::load()?;
    let packages = dependencies::packages_of(root)?;
    let files = files_below(root)?;

    let mut findings = dependencies::check(root, &packages);
    findings.extend(names::check(&packages, &files));
    findings.extend(tiers::check(root, &ledger)?);
    findings.extend(sources::check(root, &files)?);
    findings.extend(modules::check(root, &files)?);
    findings.extend(wire_names::check(root)?);
    findings.extend(defects::check(root, &ledger)?);
    findings.extend(clauses::check(root, &ledger)?);
    findings.extend(ledger_document::check(root, &ledger));

    if findings.is_empty() {
        println!("tidy: {} packages and {} files keep the project's conventions", packages.len(), files.len());
        return Ok(ExitCode::SUCCESS);
    }
    eprint!("{}", report(findings));
    Ok(ExitCode::FAILURE)
}

/// Findings by rule, each rule with its reason, places in the form that editors can jump to.
fn report(mut findings: Vec<Finding>) -> String {
    findings.sort_by(|left, right| {
        (left.rule.name, &left.file, left.line, &left.what).cmp(&(
            right.rule.name,
            &right.file,
            right.line,
            &right.what,
        ))
    });
    let mut text = String::new();
    let mut current = None;
    for finding in &findings {
        if current != Some(finding.rule) {
            current = Some(finding.rule);
            let separator = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{separator}{}: {}", finding.rule.name, finding.rule.reason);
        }
        let _ = writeln!(text, "  {}:{}: {}", finding.file.display(), finding.line, finding.what);
    }
    let _ = writeln!(text, "\ntidy: {} place{} to fix", findings.len(), if findings.len() == 1 { "" } else { "s" });
    text
}

/// Every file of the rooms of the workspace (`crates`, `tests-*`, `xtask`), from the root, in order. Build outputs,
/// caches and hidden directories are left out.
fn files_below(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for room in std::fs::read_dir(root).with_context(|| format!("reading {}", root.display()))? {
        let room = room.with_context(|| format!("reading {}", root.display()))?;
        let name = room.file_name();
        let name = name.to_string_lossy();
        if !(name == "crates" || name == "xtask" || name.starts_with("tests-")) {
            continue;
        }
        for entry in WalkDir::new(room.path()).into_iter().filter_entry(is_ours) {
            let entry = entry.context("walking the workspace")?;
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(root).context("a walk stays below its root")?;
                files.push(path.to_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_ours(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    !(entry.file_type().is_dir() && (name == "target" || name == "__pycache__" || name.starts_with('.')))
}

/// Small trees for the tests of the rules.
#[cfg(test)]
mod fixture {
    use std::path::Path;

    /// A directory that holds the given files, and goes away with the test.
    pub fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        for (path, text) in files {
            write(directory.path(), path, text);
        }
        directory
    }

    /// Writes one file, with the directories above it.
    pub fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a directory")).expect("directories can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    /// `file:line rule` of each finding, in order.
    pub fn places(findings: &[super::Finding]) -> Vec<String> {
        let mut places: Vec<_> = findings
            .iter()
            .map(|finding| format!("{}:{} {}", finding.file.display(), finding.line, finding.rule.name))
            .collect();
        places.sort();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Rule = Rule { name: "first", reason: "because of one" };
    const SECOND: Rule = Rule { name: "second", reason: "because of two" };

    #[test]
    fn report_groups_by_rule_and_sorts_by_place() {
        let text = report(vec![
            Finding::new(&SECOND, "b.rs", 2, "y"),
            Finding::new(&FIRST, "b.rs", 10, "x"),
            Finding::new(&FIRST, "b.rs", 9, "w"),
        ]);
        assert_eq!(
            text,
            "first: because of one\n  b.rs:9: w\n  b.rs:10: x\n\nsecond: because of two\n  b.rs:2: y\n\n\
             tidy: 3 places to fix\n"
        );
    }

    #[test]
    fn build_outputs_and_caches_are_left_out() {
        let tree = fixture::tree(&[
            ("crates/a/src/lib.rs", ""),
            ("crates/a/target/x.rs", ""),
            ("crates/a/__pycache__/x.pyc", ""),
            ("crates/.venv/x.py", ""),
            ("tests-p0/src/lib.rs", ""),
            ("target/debug/x.rs", ""),
            ("README.md", ""),
        ]);
        let files = files_below(tree.path()).expect("the tree can be read");
        assert_eq!(files, [PathBuf::from("crates/a/src/lib.rs"), PathBuf::from("tests-p0/src/lib.rs")]);
    }
}

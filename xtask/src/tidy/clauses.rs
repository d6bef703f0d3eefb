//! The tests and defects that the ledger names for the clauses of a requirement exist.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ledger::{Entry, Ledger};

use super::{Finding, Rule};
use crate::defects::patch::{self, Patch};

const CLAUSE: Rule = Rule {
    name: "clause",
    reason: "a clause of the ledger names a test function of its id's file, and a patch in defects/ that must turn this \
             id red, or the ledger would tell of a proof that nobody can run",
};

/// Every clause whose test or defect is missing.
///
/// # Errors
/// When a test file or a patch cannot be read.
pub fn check(root: &Path, ledger: &Ledger) -> anyhow::Result<Vec<Finding>> {
    let patches = patch::read_all(root)?;
    let mut findings = Vec::new();
    for entry in ledger.entries().iter().filter(|entry| entry.is_implemented()) {
        let file = file_of(entry);
        if !root.join(&file).is_file() {
            // The rule about test files reports it.
            continue;
        }
        let text = std::fs::read_to_string(root.join(&file)).with_context(|| format!("reading {}", file.display()))?;
        for clause in &entry.clauses {
            if let Some(test) = clause.test().filter(|test| !text.contains(&format!("fn {test}("))) {
                let what = format!("the ledger shows {:?} by {test}, which is not here", clause.says);
                findings.push(Finding::new(&CLAUSE, &file, 1, what));
            }
            let Some(defect) = clause.defect() else { continue };
            let known = patches.iter().find(|(path, _)| patch::name_of(path) == defect);
            let turns_red = known.and_then(|(path, text)| Patch::parse(path, text, ledger).ok());
            if !turns_red.is_some_and(|patch| patch.ids.contains(&entry.id)) {
                let what =
                    format!("the ledger proves {:?} by {defect}, which does not turn {} red", clause.says, entry.id);
                let place = known.map_or(Path::new(patch::FOLDER), |(path, _)| path);
                findings.push(Finding::new(&CLAUSE, place, 1, what));
            }
        }
    }
    Ok(findings)
}

fn file_of(entry: &Entry) -> PathBuf {
    let tier = entry.tier.path_name();
    PathBuf::from(format!("tests-{tier}")).join("tests").join(tier).join(format!("{}.rs", entry.id.module_name()))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn lost_tests_and_defects_are_found() {
        let ledger = Ledger::load().expect("the ledger keeps its rules");
        let id = "INT-001".parse().expect("an id");
        let entry = ledger.get(id).expect("it is there");
        let tree = fixture::tree(&[("tests-p0/tests/p0/int_001.rs", "//! Nothing.\n"), ("defects/README.md", "")]);
        let findings = check(tree.path(), &ledger).expect("the tree can be read");
        let tests = entry.clauses.iter().filter(|clause| clause.test().is_some()).count();
        let defects = entry.clauses.iter().filter(|clause| clause.defect().is_some()).count();
        assert!(tests > 0 && defects > 0, "the entry is no example any more");
        assert_eq!(findings.len(), tests + defects, "{findings:#?}");
    }
}

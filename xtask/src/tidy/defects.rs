//! Every seeded defect keeps the form that `cargo xtask defects` needs.

use std::path::Path;

use ledger::Ledger;

use super::{Finding, Rule};
use crate::defects::patch::{Patch, read_all};

const DEFECT: Rule = Rule {
    name: "seeded defect",
    reason: "a patch in defects/ says why on its first line, names implemented ids after `Must turn red:`, and breaks \
             the system alone, or nobody can tell whether the tests caught it",
};

/// Every flaw of every patch.
///
/// # Errors
/// When the folder or a patch cannot be read.
pub fn check(root: &Path, ledger: &Ledger) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (path, text) in read_all(root)? {
        let flaws = Patch::parse(&path, &text, ledger).err().unwrap_or_default();
        findings.extend(flaws.into_iter().map(|flaw| Finding::new(&DEFECT, &path, flaw.line, flaw.what)));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn flaws_are_found_at_their_lines() {
        let tree = fixture::tree(&[
            ("defects/README.md", ""),
            (
                "defects/int-999/flawed.patch",
                "Why.\n\nMust turn red: INT-999\n\n--- a/tests-p0/x.rs\n+++ b/tests-p0/x.rs\n",
            ),
        ]);
        let ledger = Ledger::load().expect("the ledger keeps its rules");
        let findings = check(tree.path(), &ledger).expect("the tree can be read");
        let place = |line: usize| format!("defects/int-999/flawed.patch:{line} seeded defect");
        assert_eq!(fixture::places(&findings), [place(3), place(5), place(6)]);
    }
}

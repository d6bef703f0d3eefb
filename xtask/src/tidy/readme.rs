//! The README tells what the ledger says.

use std::path::Path;

use ledger::{Ledger, status_block};
use status_block::StatusBlockError;

use super::{Finding, Rule};

const STATUS: Rule = Rule {
    name: "readme status",
    reason: "the first table that a newcomer sees is generated, or it would soon be wrong; \
             mend it with `cargo run -p ledger -- --write README.md`",
};

/// Compares the status block of the README with the ledger.
pub fn check(root: &Path, ledger: &Ledger) -> Vec<Finding> {
    let finding = |line, what: String| vec![Finding::new(&STATUS, "README.md", line, what)];
    let document = match std::fs::read_to_string(root.join("README.md")) {
        Ok(document) => document,
        Err(error) => return finding(1, format!("cannot be read: {error}")),
    };
    match status_block::check(&document, ledger) {
        Ok(()) => Vec::new(),
        Err(StatusBlockError::Stale { line, found, expected }) => {
            finding(line, format!("says `{found}`, the ledger says `{expected}`"))
        }
        Err(error @ StatusBlockError::Markers) => finding(1, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{places, tree};
    use super::*;

    #[test]
    fn readme_must_match_the_ledger() {
        let ledger = Ledger::load().expect("the ledger keeps its rules");
        let empty = format!("# Title\n{}\n{}\n", status_block::BEGIN, status_block::END);
        let written = status_block::write_into(&empty, &ledger).expect("the markers are there");
        let checked = |text: &str| places(&check(tree(&[("README.md", text)]).path(), &ledger));
        assert_eq!(checked(&written), [""; 0]);
        assert_eq!(checked(&empty), ["README.md:3 readme status"]);
        assert_eq!(checked("# Title\n"), ["README.md:1 readme status"]);
    }

    #[test]
    fn missing_readme_is_found() {
        let ledger = Ledger::load().expect("the ledger keeps its rules");
        assert_eq!(places(&check(tree(&[]).path(), &ledger)), ["README.md:1 readme status"]);
    }
}

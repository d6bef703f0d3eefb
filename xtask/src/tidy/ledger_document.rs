//! The status tables of `LEDGER.md` are those of the ledger.

use std::path::Path;

use ledger::{Ledger, status_block};
use status_block::StatusBlockError;

use super::{Finding, Rule};

/// The document that holds the status tables, from the project's root.
const DOCUMENT: &str = "LEDGER.md";

const STATUS: Rule = Rule {
    name: "ledger document",
    reason: "the tables of LEDGER.md are generated from ledger.yaml, or they would soon be wrong; \
             write them with `cargo run -p ledger -- --write LEDGER.md`",
};

/// Compares the status block of `LEDGER.md` with the ledger.
pub fn check(root: &Path, ledger: &Ledger) -> Vec<Finding> {
    let finding = |line, what: String| vec![Finding::new(&STATUS, DOCUMENT, line, what)];
    let document = match std::fs::read_to_string(root.join(DOCUMENT)) {
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
    fn document_must_match_the_ledger() {
        let ledger = Ledger::load().expect("the ledger keeps its rules");
        let empty = format!("# Title\n{}\n{}\n", status_block::BEGIN, status_block::END);
        let written = status_block::write_into(&empty, &ledger).expect("the markers are there");
        let checked = |text: &str| places(&check(tree(&[("LEDGER.md", text)]).path(), &ledger));
        assert_eq!(checked(&written), [""; 0]);
        assert_eq!(checked(&empty), ["LEDGER.md:3 ledger document"]);
        assert_eq!(checked("# Title\n"), ["LEDGER.md:1 ledger document"]);
    }

    #[test]
    fn missing_document_is_found() {
        let ledger = Ledger::load().expect("the ledger keeps its rules");
        assert_eq!(places(&check(tree(&[]).path(), &ledger)), ["LEDGER.md:1 ledger document"]);
    }
}

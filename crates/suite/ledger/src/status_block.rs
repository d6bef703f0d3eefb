//! The status block of `LEDGER.md`: written between two markers, never by hand.

use std::fmt::Write as _;

use crate::{Entry, Ledger, Tier};

/// First line of the block.
pub const BEGIN: &str = "<!-- ledger:begin -->";
/// Last line of the block.
pub const END: &str = "<!-- ledger:end -->";

/// Why a document's block cannot be written or is not right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatusBlockError {
    /// The markers are not there once each and in order.
    #[error("the document needs the lines `{BEGIN}` and `{END}`, once each and in this order, around the status block")]
    Markers,
    /// The block is not what the ledger says now.
    #[error(
        "the status block is not what the ledger says: line {line} is `{found}`, the ledger says `{expected}`; \
         `cargo run -p ledger -- --write LEDGER.md` mends it"
    )]
    Stale {
        /// First line that differs, counted from 1 in the document.
        line: usize,
        /// The line found.
        found: String,
        /// The line expected.
        expected: String,
    },
}

/// The document with its block replaced by what the ledger says; everything outside the markers is kept.
///
/// # Errors
/// [`StatusBlockError::Markers`] when the place of the block cannot be determined.
pub fn write_into(document: &str, ledger: &Ledger) -> Result<String, StatusBlockError> {
    let (before, after) = around_the_block(document)?;
    Ok(format!("{before}{BEGIN}\n{}{END}{after}", render(ledger)))
}

/// Compares the document's block with the ledger.
///
/// # Errors
/// [`StatusBlockError`] with the first line that differs.
pub fn check(document: &str, ledger: &Ledger) -> Result<(), StatusBlockError> {
    let wanted = write_into(document, ledger)?;
    if wanted == document {
        return Ok(());
    }
    let (mut found, mut expected) = (document.lines(), wanted.lines());
    let mut line = 1;
    loop {
        let (left, right) = (found.next(), expected.next());
        if left != right || left.is_none() {
            let shown = |text: Option<&str>| text.unwrap_or("(end of the document)").to_owned();
            return Err(StatusBlockError::Stale { line, found: shown(left), expected: shown(right) });
        }
        line += 1;
    }
}

/// The text before the first and after the second marker.
fn around_the_block(document: &str) -> Result<(&str, &str), StatusBlockError> {
    let once = document.matches(BEGIN).count() == 1 && document.matches(END).count() == 1;
    match (once, document.find(BEGIN), document.find(END)) {
        (true, Some(begin), Some(end)) if begin < end => Ok((&document[..begin], &document[end + END.len()..])),
        _ => Err(StatusBlockError::Markers),
    }
}

/// Counts per tier, the implemented ids, and the deferred ones folded away per tier.
fn render(ledger: &Ledger) -> String {
    let mut block = String::from(
        "<!-- Written by `cargo run -p ledger -- --write LEDGER.md`; edit crates/suite/ledger/ledger.yaml instead. -->\n\n",
    );
    block.push_str("| Tier | Runs | Implemented | Deferred | All |\n|---|---|---:|---:|---:|\n");
    for tier in Tier::ALL {
        push_counts(&mut block, &format!("{tier} | {}", occasion(tier)), ledger.of_tier(tier));
    }
    push_counts(&mut block, "All | ", ledger.entries().iter());

    block.push_str("\n| Id | Tier | State | What is shown |\n|---|---|---|---|\n");
    for entry in ledger.entries().iter().filter(|entry| entry.is_implemented()) {
        let note = entry.note.as_deref().map(|note| format!(" *{}*", cell(note))).unwrap_or_default();
        let Entry { id, tier, state, title, .. } = entry;
        let _ = writeln!(block, "| {id} | {tier} | {} | {}.{note} |", state.name(), cell(title));
    }

    for tier in Tier::ALL {
        let deferred: Vec<_> = ledger.of_tier(tier).filter_map(|entry| Some((entry, entry.state.reason()?))).collect();
        if deferred.is_empty() {
            continue;
        }
        let _ = write!(
            block,
            "\n<details>\n<summary>Deferred in {tier}: {}</summary>\n\n| Id | Tier | State | To be shown | Deferred because it |\n|---|---|---|---|---|\n",
            deferred.len()
        );
        for (entry, reason) in deferred {
            let Entry { id, tier, state, title, .. } = entry;
            let _ = writeln!(block, "| {id} | {tier} | {} | {} | {} |", state.name(), cell(title), cell(reason));
        }
        block.push_str("\n</details>\n");
    }
    block
}

fn push_counts<'a>(block: &mut String, label: &str, entries: impl Iterator<Item = &'a Entry>) {
    let (implemented, deferred): (Vec<_>, Vec<_>) = entries.partition(|entry| entry.is_implemented());
    let (implemented, deferred) = (implemented.len(), deferred.len());
    let _ = writeln!(block, "| {label} | {implemented} | {deferred} | {} |", implemented + deferred);
}

fn occasion(tier: Tier) -> &'static str {
    match tier {
        Tier::P0 => "before every merge",
        Tier::P1 => "every night",
        Tier::P2 => "every week",
    }
}

/// Text that cannot break a table's row.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        Ledger::load().expect("ledger.yaml keeps its rules")
    }

    fn fresh() -> String {
        write_into(&format!("# Title\n\n{BEGIN}\n{END}\n\nMore.\n"), &ledger()).expect("the markers are there")
    }

    #[test]
    fn written_block_passes_check_and_keeps_other_text() {
        let document = fresh();
        assert_eq!(check(&document, &ledger()), Ok(()));
        assert!(document.starts_with("# Title\n\n<!-- ledger:begin -->\n"));
        assert!(document.ends_with("<!-- ledger:end -->\n\nMore.\n"));
    }

    #[test]
    fn writing_twice_changes_nothing() {
        assert_eq!(write_into(&fresh(), &ledger()), Ok(fresh()));
    }

    #[test]
    fn block_lists_every_id_and_reason() {
        let document = fresh();
        for entry in ledger().entries() {
            assert_eq!(document.matches(&format!("| {} |", entry.id)).count(), 1, "{}", entry.id);
            assert!(document.contains(&cell(entry.state.reason().unwrap_or_default())), "{}", entry.id);
        }
    }

    #[test]
    fn edited_block_is_reported_with_its_line() {
        let edited = fresh().replacen("| INT-001 | P0 | implemented", "| INT-001 | P0 | deferred", 1);
        let Err(StatusBlockError::Stale { line, found, expected }) = check(&edited, &ledger()) else {
            panic!("an edited block must be stale");
        };
        assert_eq!(edited.lines().nth(line - 1), Some(found.as_str()));
        assert!(expected.contains("INT-001 | P0 | implemented"), "{expected}");
    }

    #[test]
    fn missing_or_doubled_markers_are_refused() {
        let reversed = format!("{END}\n{BEGIN}\n");
        for document in ["no markers", BEGIN, reversed.as_str(), &format!("{BEGIN}{END}{BEGIN}")] {
            assert_eq!(check(document, &ledger()), Err(StatusBlockError::Markers), "{document}");
        }
    }

    #[test]
    fn pipe_in_a_text_cannot_break_a_row() {
        assert_eq!(cell("a | b\n c"), "a \\| b c");
    }
}

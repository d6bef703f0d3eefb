//! The catalogue of requirements: what the suite has to show, and how much of it is shown today.
//!
//! People edit `ledger.yaml`; this crate reads it strictly, so that an id cannot be lost, doubled or left
//! without a word of explanation. `xtask` holds the test files against it, the status block of `LEDGER.md` is
//! written from it. The crate knows no service and no test: it only knows what is asked of them.

mod clause;
mod entry;
mod id;
pub mod status_block;
pub mod table;

use std::collections::BTreeSet;

pub use clause::{Clause, Shown};
pub use entry::{Entry, State};
pub use id::{RequirementId, Tier, UnknownId};

const CATALOGUE: &str = include_str!("../ledger.yaml");

/// All requirements, in order of their ids: INT by number, then ORC by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    entries: Vec<Entry>,
}

/// Why a catalogue is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Not YAML of the expected form.
    #[error("ledger.yaml cannot be read: {0}")]
    Unreadable(#[from] serde_yaml::Error),
    /// The form is right, the content is not. One line per finding.
    #[error("ledger.yaml breaks its rules:\n  {}", .0.join("\n  "))]
    Broken(Vec<String>),
}

impl Ledger {
    /// Reads the catalogue that was built into this program.
    ///
    /// # Errors
    /// [`LedgerError`] when the file does not keep its rules; all broken rules at once.
    pub fn load() -> Result<Self, LedgerError> {
        Self::parse(CATALOGUE)
    }

    /// Reads a catalogue from YAML and holds it to every rule.
    ///
    /// # Errors
    /// [`LedgerError::Unreadable`] with line and column, or [`LedgerError::Broken`] with all findings.
    pub fn parse(yaml: &str) -> Result<Self, LedgerError> {
        let entries: Vec<Entry> = serde_yaml::from_str(yaml)?;
        let findings: Vec<String> = [
            out_of_order(&entries),
            incomplete(&entries),
            in_the_wrong_tier(&entries),
            without_words(&entries),
            without_clauses(&entries),
        ]
        .concat();
        if findings.is_empty() { Ok(Self { entries }) } else { Err(LedgerError::Broken(findings)) }
    }

    /// Every requirement, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// One requirement. Always there for an id that exists, since a ledger is complete.
    pub fn get(&self, id: RequirementId) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// The requirements of one tier, in order.
    pub fn of_tier(&self, tier: Tier) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.tier == tier)
    }
}

fn out_of_order(entries: &[Entry]) -> Vec<String> {
    entries
        .windows(2)
        .filter_map(|pair| match pair[0].id.cmp(&pair[1].id) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some(format!("{} is there twice", pair[0].id)),
            std::cmp::Ordering::Greater => Some(format!(
                "{} is listed after {}: entries go by number, INT before ORC, so that a merge shows what it adds",
                pair[1].id, pair[0].id
            )),
        })
        .collect()
}

fn incomplete(entries: &[Entry]) -> Vec<String> {
    let present: BTreeSet<RequirementId> = entries.iter().map(|entry| entry.id).collect();
    RequirementId::all()
        .filter(|id| !present.contains(id))
        .map(|id| format!("{id} is missing: an id that is not implemented is deferred with a reason, never left out"))
        .collect()
}

fn in_the_wrong_tier(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .filter(|entry| entry.tier != entry.id.tier())
        .map(|entry| format!("{} says tier {}, the specification says {}", entry.id, entry.tier, entry.id.tier()))
        .collect()
}

fn without_words(entries: &[Entry]) -> Vec<String> {
    let empty = |entry: &Entry| -> Vec<String> {
        entry
            .texts()
            .into_iter()
            .filter(|(_, text)| text.trim().is_empty())
            .map(|(field, _)| format!("{}: `{field}` is empty", entry.id))
            .collect()
    };
    entries.iter().flat_map(empty).collect()
}

fn without_clauses(entries: &[Entry]) -> Vec<String> {
    let implemented = entries.iter().filter(|entry| entry.is_implemented());
    let none = implemented.clone().filter(|entry| entry.clauses.is_empty());
    let none = none.map(|entry| {
        format!(
            "{} is implemented without `clauses`: say part by part what is required and which test shows it",
            entry.id
        )
    });
    let hollow =
        implemented.filter(|entry| !entry.clauses.is_empty() && entry.clauses.iter().all(|it| it.test().is_none()));
    none.chain(hollow.map(|entry| format!("{} is implemented, and no test shows any of its clauses", entry.id)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Findings for the built-in catalogue after one change to its text.
    fn findings_after(change: impl Fn(&str) -> String) -> String {
        let changed = change(CATALOGUE);
        assert_ne!(changed, CATALOGUE, "the change of this test no longer fits ledger.yaml");
        Ledger::parse(&changed).expect_err("the changed catalogue must be refused").to_string()
    }

    /// The text of one entry in the catalogue, from its `- id:` to the next one.
    fn text_of(id: &str) -> &'static str {
        let start = CATALOGUE.find(&format!("- id: {id}\n")).expect("id exists");
        let length = CATALOGUE[start + 1..].find("\n- id:").map_or(CATALOGUE.len() - start, |next| next + 2);
        &CATALOGUE[start..start + length]
    }

    #[test]
    fn ledger_file_loads_with_the_specified_tier_sizes() {
        let ledger = Ledger::load().expect("ledger.yaml keeps its rules");
        let integration = |tier| ledger.of_tier(tier).filter(|entry| !entry.id.is_orchestration()).count();
        assert_eq!([Tier::P0, Tier::P1, Tier::P2].map(integration), [58, 36, 13]);
        assert_eq!(ledger.entries().iter().filter(|entry| entry.id.is_orchestration()).count(), 16);
    }

    #[test]
    fn repeated_id_is_refused() {
        let findings = findings_after(|yaml| yaml.replacen(text_of("INT-002"), &text_of("INT-002").repeat(2), 1));
        assert!(findings.contains("INT-002 is there twice"), "{findings}");
    }

    #[test]
    fn unsorted_id_is_refused() {
        let (first, second) = (text_of("INT-001"), text_of("INT-002"));
        let findings =
            findings_after(|yaml| yaml.replacen(&format!("{first}{second}"), &format!("{second}{first}"), 1));
        assert!(findings.contains("INT-001 is listed after INT-002"), "{findings}");
    }

    #[test]
    fn missing_id_is_refused() {
        let findings = findings_after(|yaml| yaml.replacen(text_of("INT-110"), "", 1));
        assert!(findings.contains("INT-110 is missing"), "{findings}");
    }

    #[test]
    fn id_outside_the_catalogue_is_refused() {
        let findings = findings_after(|yaml| yaml.replacen("id: INT-112", "id: INT-113", 1));
        assert!(findings.contains("INT-113"), "{findings}");
    }

    #[test]
    fn wrong_tier_is_refused() {
        let findings = findings_after(|yaml| yaml.replacen("id: INT-031\n  tier: P1", "id: INT-031\n  tier: P0", 1));
        assert!(findings.contains("INT-031 says tier P0, the specification says P1"), "{findings}");
    }

    #[test]
    fn empty_text_is_refused() {
        let findings = findings_after(|yaml| yaml.replacen("title: One simulation at a time", "title: \" \"", 1));
        assert!(findings.contains("INT-004: `title` is empty"), "{findings}");
    }

    #[test]
    fn all_findings_are_reported_at_once() {
        let findings = findings_after(|yaml| {
            yaml.replacen(text_of("INT-110"), "", 1).replacen("id: INT-031\n  tier: P1", "id: INT-031\n  tier: P0", 1)
        });
        assert!(findings.contains("INT-110") && findings.contains("INT-031"), "{findings}");
    }

    #[test]
    fn deferred_without_reason_is_refused() {
        let findings = findings_after(|yaml| yaml.replacen("state: implemented\n", "state: deferred\n", 1));
        assert!(findings.contains("INT-001 is deferred without a `reason`"), "{findings}");
    }

    #[test]
    fn implemented_with_reason_is_refused() {
        let findings = findings_after(|yaml| {
            yaml.replacen("state: implemented\n", "state: implemented\n  reason: no longer true\n", 1)
        });
        assert!(findings.contains("INT-001 is implemented and still has a `reason`"), "{findings}");
    }

    #[test]
    fn implemented_without_clauses_is_refused() {
        let first = text_of("INT-001");
        let start = first.find("  clauses:").expect("it has clauses");
        let findings = findings_after(|yaml| yaml.replacen(first, &format!("{}\n", &first[..start]), 1));
        assert!(findings.contains("INT-001 is implemented without `clauses`"), "{findings}");
    }

    #[test]
    fn unknown_field_is_refused() {
        let findings = findings_after(|yaml| yaml.replacen("  shown_by:", "  shown:", 1));
        assert!(findings.contains("shown"), "{findings}");
    }
}

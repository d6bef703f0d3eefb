//! The ledger on a terminal: a table, one whole entry, and the counts.

use std::fmt::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table};

use crate::{Entry, State, Tier};

/// One row per entry: id, tier, state, title. Colours only when the output is a terminal.
pub fn rows(entries: &[&Entry]) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["id", "tier", "state", "title"].map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
    for entry in entries {
        let colour = match entry.state {
            State::Implemented => Color::Green,
            State::Deferred { .. } => Color::Yellow,
        };
        table.add_row([
            Cell::new(entry.id),
            Cell::new(entry.tier),
            Cell::new(entry.state.name()).fg(colour),
            Cell::new(&entry.title),
        ]);
    }
    table.to_string()
}

/// One entry with all of its texts.
pub fn whole(entry: &Entry) -> String {
    let mut text = format!("{}  {}  {}\n{}\n", entry.id, entry.tier, entry.state.name(), entry.title);
    let fields = [
        ("Requirement", Some(entry.requirement.as_str())),
        ("Shown by", Some(&entry.shown_by)),
        ("Does not count", Some(&entry.does_not_count)),
        ("Note", entry.note.as_deref()),
        ("Deferred", entry.state.reason()),
    ];
    for (label, content) in fields {
        if let Some(content) = content {
            let _ = write!(text, "\n{label}\n{}", indented(content));
        }
    }
    if !entry.clauses.is_empty() {
        text.push_str("\nClauses\n");
        for clause in &entry.clauses {
            let _ = write!(text, "    {}\n        {}\n", clause.says, clause.evidence());
        }
    }
    if entry.is_implemented() {
        let tier = entry.tier.path_name();
        let module = entry.id.module_name();
        let _ = write!(
            text,
            "\nTest\n    tests-{tier}/tests/{tier}/{module}.rs\n    cargo nextest run -p tests-{tier} {module}\n"
        );
    }
    text
}

/// `123 requirements: 10 implemented, 113 deferred (P0 10 of 74, P1 0 of 36, P2 0 of 13)`.
pub fn counts_line(entries: &[&Entry]) -> String {
    let implemented = entries.iter().filter(|entry| entry.is_implemented()).count();
    let per_tier: Vec<String> = Tier::ALL
        .into_iter()
        .filter_map(|tier| {
            let of_tier: Vec<_> = entries.iter().filter(|entry| entry.tier == tier).collect();
            let done = of_tier.iter().filter(|entry| entry.is_implemented()).count();
            (!of_tier.is_empty()).then(|| format!("{tier} {done} of {}", of_tier.len()))
        })
        .collect();
    let total = entries.len();
    format!(
        "{total} requirement{}: {implemented} implemented, {} deferred ({})",
        if total == 1 { "" } else { "s" },
        total - implemented,
        if per_tier.is_empty() { "none selected".to_owned() } else { per_tier.join(", ") }
    )
}

/// The text in lines of at most 100 characters behind a margin.
fn indented(text: &str) -> String {
    const WIDTH: usize = 96;
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(lines, "    {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(lines, "    {line}");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ledger;

    #[test]
    fn counts_add_up_over_the_tiers() {
        let ledger = Ledger::load().expect("ledger.yaml keeps its rules");
        let all: Vec<&Entry> = ledger.entries().iter().collect();
        let line = counts_line(&all);
        assert!(line.starts_with("123 requirements: "), "{line}");
        for part in ["of 74", "of 36", "of 13"] {
            assert!(line.contains(part), "{line}");
        }
    }

    #[test]
    fn whole_entry_shows_every_text() {
        let ledger = Ledger::load().expect("ledger.yaml keeps its rules");
        for entry in ledger.entries() {
            let shown = whole(entry).split_whitespace().collect::<Vec<_>>().join(" ");
            for (field, text) in entry.texts() {
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(shown.contains(&text), "{}: `{field}` is not shown", entry.id);
            }
        }
    }

    #[test]
    fn empty_selection_is_reported() {
        assert_eq!(counts_line(&[]), "0 requirements: 0 implemented, 0 deferred (none selected)");
    }
}

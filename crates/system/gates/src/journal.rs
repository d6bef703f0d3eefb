//! `journal.md`: an agent's attempts, entry by entry.
//!
//! | Rule | Broken when |
//! |---|---|
//! | `journal.no_entries` | no heading of level 2 opens an entry |
//! | `journal.missing_part` | an entry lacks intent, result, reflection or next step |
//! | `journal.empty_part` | one of them has no words |
//!
//! A part begins with its name: in bold, as a bullet, as a heading below the entry's, or with a colon after it. The
//! headings `Decision Log` and `Observations` do not open an entry. Observations are named `obs-…`, in any case.

use contract::violations::Checked;
use serde::{Deserialize, Serialize};

use crate::{
    markdown::{Line, Outline},
    report::{Artifact, Report, broken},
    wording::quoted,
};

const ARTIFACT: Artifact = Artifact { file: "journal.md", name: "journal" };

/// Level-2 headings that collect things across entries.
const COLLECTIONS: [&str; 2] = ["decision log", "observations"];

/// The four parts, and their names in messages.
const PARTS: [(Part, &str); 4] = [
    (Part::Intent, "Intent"),
    (Part::Result, "Result"),
    (Part::Reflection, "Reflection"),
    (Part::NextStep, "Next Step"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Intent,
    Result,
    Reflection,
    NextStep,
}

/// One entry. Parts are empty when they are missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Its heading.
    pub title: String,
    /// 1-based line of the heading.
    pub line: usize,
    /// The intent.
    pub intent: String,
    /// The result.
    pub result: String,
    /// The reflection.
    pub reflection: String,
    /// The next step.
    pub next_step: String,
    /// Ids of the observations that it names, as written, each once.
    pub observations: Vec<String>,
}

impl JournalEntry {
    fn part(&self, part: Part) -> &str {
        match part {
            Part::Intent => &self.intent,
            Part::Result => &self.result,
            Part::Reflection => &self.reflection,
            Part::NextStep => &self.next_step,
        }
    }

    fn part_mut(&mut self, part: Part) -> &mut String {
        match part {
            Part::Intent => &mut self.intent,
            Part::Result => &mut self.result,
            Part::Reflection => &mut self.reflection,
            Part::NextStep => &mut self.next_step,
        }
    }
}

/// Checks a journal.
pub fn check(bytes: &[u8]) -> Checked<Vec<JournalEntry>> {
    let mut report = Report::new(ARTIFACT);
    let Some(text) = report.text(bytes) else { return report.finish(None) };
    let outline = Outline::of(text);
    let mut entries = Vec::new();
    for (index, heading) in outline.headings.iter().enumerate() {
        if heading.level != 2 || COLLECTIONS.contains(&heading.title.to_lowercase().as_str()) {
            continue;
        }
        let mut entry = JournalEntry { title: heading.title.clone(), line: heading.line, ..JournalEntry::default() };
        let section = outline.section(index);
        entry.observations = observations(&text[heading.range.start..section.end]);
        let named = read_parts(&mut entry, outline.lines(section));
        report_parts(&mut report, &entry, named);
        entries.push(entry);
    }
    if entries.is_empty() {
        let message = "the journal has no entries; begin each with a heading `## …` and write Intent, Result, \
                       Reflection and Next Step below it";
        report.add(broken("no_entries", message).measured(0).limit(1));
    }
    report.finish(Some(entries))
}

/// Fills in the parts and returns which of the four are named.
fn read_parts<'a>(entry: &mut JournalEntry, lines: impl Iterator<Item = Line<'a>>) -> [bool; 4] {
    let mut named = [false; 4];
    let mut current = None;
    for line in lines {
        let mut words = line.text.trim();
        if let Some((index, rest)) = part_named_by(words) {
            named[index] = true;
            current = Some(PARTS[index].0);
            words = rest;
        }
        if let Some(part) = current.filter(|_| !words.is_empty()) {
            let text = entry.part_mut(part);
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(words);
        }
    }
    named
}

/// The part that begins with this line, and the text after its name.
fn part_named_by(line: &str) -> Option<(usize, &str)> {
    let without_number_signs = line.trim_start_matches('#');
    let is_heading = line.len() > without_number_signs.len();
    let without_bullet = without_number_signs.trim_start();
    let without_bullet =
        ["- ", "* ", "+ "].iter().find_map(|bullet| without_bullet.strip_prefix(bullet)).unwrap_or(without_bullet);
    let without_bullet = without_bullet.trim_start();
    let inner = without_bullet.trim_start_matches(['*', '_']);
    let is_bold = without_bullet.len() > inner.len();
    PARTS.iter().enumerate().find_map(|(index, (_, name))| {
        let (start, rest) = inner.split_at_checked(name.len())?;
        if !start.eq_ignore_ascii_case(name) {
            return None;
        }
        let rest = rest.strip_prefix(['s', 'S']).filter(|_| index == 3).unwrap_or(rest);
        let after = rest.trim_start_matches(['*', '_']);
        let is_closed = is_bold && rest.len() > after.len();
        let words = after.trim_start().strip_prefix(':');
        let is_label = is_closed || words.is_some() || (is_heading && after.trim().is_empty());
        let words = words.unwrap_or(after);
        is_label.then(|| (index, words.trim_start_matches(['*', '_']).trim()))
    })
}

fn report_parts(report: &mut Report, entry: &JournalEntry, named: [bool; 4]) {
    for ((part, name), is_named) in PARTS.iter().zip(named) {
        let title = quoted(&entry.title);
        let (rule, message) = if !is_named {
            ("missing_part", format!("entry {title} has no {name}; write a line `**{name}:** …`"))
        } else if entry.part(*part).is_empty() {
            ("empty_part", format!("entry {title} has nothing under {name}; say it in words"))
        } else {
            continue;
        };
        report.add(broken(rule, message).at(format!("line {}", entry.line)).limit(*name));
    }
}

/// Words that begin with `obs-` in any case and continue with letters, digits, `-` or `_`.
fn observations(text: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for word in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))) {
        let word = word.trim_matches(['-', '_']);
        let is_id = word
            .split_at_checked(4)
            .is_some_and(|(start, rest)| start.eq_ignore_ascii_case("obs-") && !rest.is_empty());
        if is_id && seen.insert(word) {
            ids.push(word.to_owned());
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SOUND: &str = "# Journal\n\n## Entry 1: ramp\n**Intent:** try 30 degrees\n**Result**: rolls (obs-1)\n\
        - Reflection: too fast,\n  see OBS-slip_2\n### Next Steps\nlower it, obs-1\n\n## Observations\n- obs-1: 3 m/s\n";

    fn rules(checked: &Checked<Vec<JournalEntry>>) -> Vec<(&str, Option<&str>)> {
        checked.violations.iter().map(|found| (found.rule.as_str(), found.place.as_deref())).collect()
    }

    #[test]
    fn sound_journal_is_read() {
        let entries = check(SOUND.as_bytes()).sound().expect("sound");
        assert_eq!(
            entries,
            [JournalEntry {
                title: "Entry 1: ramp".into(),
                line: 3,
                intent: "try 30 degrees".into(),
                result: "rolls (obs-1)".into(),
                reflection: "too fast,\nsee OBS-slip_2".into(),
                next_step: "lower it, obs-1".into(),
                observations: vec!["obs-1".into(), "OBS-slip_2".into()],
            }]
        );
    }

    #[rstest]
    #[case::part("**Intent:**", "Meaning", "journal.missing_part", Some("line 3"))]
    #[case::word_that_only_begins_so("**Intent:**", "Intention:", "journal.missing_part", Some("line 3"))]
    #[case::in_a_sentence("**Intent:**", "Intent was to", "journal.missing_part", Some("line 3"))]
    #[case::no_words("try 30 degrees", "", "journal.empty_part", Some("line 3"))]
    #[case::no_entry("## Entry", "### Entry", "journal.no_entries", None)]
    fn one_break_gives_one_violation(
        #[case] from: &str,
        #[case] to: &str,
        #[case] rule: &str,
        #[case] place: Option<&str>,
    ) {
        assert_eq!(rules(&check(SOUND.replacen(from, to, 1).as_bytes())), [(rule, place)]);
    }

    #[test]
    fn all_violations_are_reported_at_once() {
        let checked = check(b"## a\n**Intent:**\n## b\n**Intent:** x\n**Result:** y\n**Next Step:** z\n");
        assert_eq!(
            rules(&checked),
            [
                ("journal.empty_part", Some("line 1")),
                ("journal.missing_part", Some("line 1")),
                ("journal.missing_part", Some("line 1")),
                ("journal.missing_part", Some("line 1")),
                ("journal.missing_part", Some("line 3")),
            ]
        );
        assert!(checked.violations[4].message.contains("entry \"b\" has no Reflection"));
    }
}

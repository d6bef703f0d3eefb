//! Verdicts on defects, and one table of them all.

use std::fmt;
use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table};
use ledger::RequirementId;

use super::patch::Patch;
use super::tally::{Sight, Tallies};

/// Verdict on one defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every named id has a failing test.
    Caught,
    /// The tests of these ids all passed: they test nothing of it.
    Missed(Vec<RequirementId>),
    /// The whole run took too long, or no test of these ids failed and one of them did.
    TimedOut(Vec<RequirementId>),
    /// The patch does not fit the sources.
    DoesNotApply(String),
    /// The broken sources do not compile.
    DoesNotBuild,
    /// No test of an id could say anything.
    NotRun(String),
}

impl Verdict {
    /// Judges the tests of the ids that a patch names.
    pub fn of(ids: &[RequirementId], tallies: &Tallies) -> Self {
        let with = |wanted: Sight| -> Vec<RequirementId> {
            ids.iter().copied().filter(|id| tallies.of(*id).sight() == wanted).collect()
        };
        let (absent, green, timed_out) = (with(Sight::Absent), with(Sight::Green), with(Sight::TimedOut));
        if !absent.is_empty() {
            Self::NotRun(format!("no test of {} ran", listed(&absent)))
        } else if !green.is_empty() {
            Self::Missed(green)
        } else if !timed_out.is_empty() {
            Self::TimedOut(timed_out)
        } else {
            Self::Caught
        }
    }

    /// The word in the table.
    fn name(&self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Missed(_) => "missed",
            Self::TimedOut(_) => "timed out",
            Self::DoesNotApply(_) => "does not apply",
            Self::DoesNotBuild => "does not build",
            Self::NotRun(_) => "not run",
        }
    }

    /// What a reader needs beside the word.
    fn detail(&self) -> String {
        match self {
            Self::Caught => String::new(),
            Self::Missed(ids) => format!("{} stayed green", listed(ids)),
            Self::TimedOut(ids) if ids.is_empty() => "build and tests together".to_owned(),
            Self::TimedOut(ids) => format!("{} only failed by taking too long", listed(ids)),
            Self::DoesNotApply(why) | Self::NotRun(why) => why.clone(),
            Self::DoesNotBuild => "see the log".to_owned(),
        }
    }

    fn color(&self) -> Color {
        match self {
            Self::Caught => Color::Green,
            Self::Missed(_) => Color::Red,
            _ => Color::Yellow,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.detail() {
            detail if detail.is_empty() => formatter.write_str(self.name()),
            detail => write!(formatter, "{}: {detail}", self.name()),
        }
    }
}

/// `INT-001, INT-020`.
pub fn listed(ids: &[RequirementId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A defect and its verdict.
#[derive(Debug)]
pub struct Row {
    pub patch: Patch,
    pub verdict: Verdict,
    pub took: Duration,
}

/// All rows, worst first within the order of verdicts, and the counts below.
pub fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic).set_header(
        ["defect", "must turn red", "verdict", "s", ""].map(|name| Cell::new(name).add_attribute(Attribute::Bold)),
    );
    for Row { patch, verdict, took } in rows {
        table.add_row([
            Cell::new(patch.name()),
            Cell::new(listed(&patch.ids)),
            Cell::new(verdict.name()).fg(verdict.color()),
            Cell::new(format!("{:.0}", took.as_secs_f64())),
            Cell::new(verdict.detail()),
        ]);
    }
    format!("{table}\n{}\n", counts(rows))
}

/// `12 defects: 11 caught, 1 missed`.
fn counts(rows: &[Row]) -> String {
    let names = ["caught", "missed", "timed out", "does not apply", "does not build", "not run"];
    let counts: Vec<String> = names
        .into_iter()
        .map(|name| (rows.iter().filter(|row| row.verdict.name() == name).count(), name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    format!("{} defect{}: {}", rows.len(), if rows.len() == 1 { "" } else { "s" }, counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tallies(cases: &[(&str, &str)]) -> Tallies {
        let cases: String = cases
            .iter()
            .map(|(module, inner)| format!("<testcase name=\"{module}::test\">{inner}</testcase>"))
            .collect();
        Tallies::read(&format!("<testsuites><testsuite name=\"p0\">{cases}</testsuite></testsuites>"))
            .expect("a report")
    }

    const RED: &str = "<failure type=\"test failure\"/>";
    const SLOW: &str = "<failure type=\"test timeout\"/>";

    #[test]
    fn a_defect_is_caught_only_when_every_id_turns_red() {
        let ids: Vec<RequirementId> = ["INT-001", "INT-020"].iter().map(|id| id.parse().expect("an id")).collect();
        let [first, second] = [ids[0], ids[1]];
        for (cases, expected) in [
            (vec![("int_001", RED), ("int_020", RED)], Verdict::Caught),
            (vec![("int_001", RED), ("int_001", ""), ("int_020", RED), ("int_020", SLOW)], Verdict::Caught),
            (vec![("int_001", RED), ("int_020", "")], Verdict::Missed(vec![second])),
            (vec![("int_001", SLOW), ("int_020", "")], Verdict::Missed(vec![second])),
            (vec![("int_001", SLOW), ("int_020", RED)], Verdict::TimedOut(vec![first])),
            (vec![("int_001", RED)], Verdict::NotRun("no test of INT-020 ran".into())),
            (vec![], Verdict::NotRun("no test of INT-001, INT-020 ran".into())),
        ] {
            assert_eq!(Verdict::of(&ids, &tallies(&cases)), expected, "{cases:?}");
        }
    }

    #[test]
    fn table_distinguishes_the_verdicts() {
        let row = |name: &str, verdict| {
            let patch = Patch {
                path: format!("defects/int-004/{name}.patch").into(),
                why: String::new(),
                ids: vec![],
                files: vec![],
            };
            Row { patch, verdict, took: Duration::from_secs(61) }
        };
        let missed = Verdict::Missed(vec!["INT-004".parse().expect("an id")]);
        let text = table(&[row("one", Verdict::Caught), row("two", missed), row("three", Verdict::DoesNotBuild)]);
        for part in ["one", "61", "INT-004 stayed green", "3 defects: 1 caught, 1 missed, 1 does not build"] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
    }
}

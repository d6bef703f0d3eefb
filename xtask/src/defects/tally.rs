//! What the tests of an id did, read from the report that nextest writes.

use std::collections::BTreeMap;

use anyhow::Context as _;
use ledger::RequirementId;

/// How many tests of one id ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub passed: usize,
    /// Failed by their own judgement.
    pub failed: usize,
    /// Ended because they took too long, which shows that something is wrong but not that a test saw it.
    pub timed_out: usize,
}

/// What the tests of an id say about a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// A test failed.
    Red,
    /// All tests passed.
    Green,
    /// No test failed, but one took too long.
    TimedOut,
    /// No test ran.
    Absent,
}

impl Tally {
    /// What these tests say.
    pub fn sight(self) -> Sight {
        match self {
            Self { failed: 1.., .. } => Sight::Red,
            Self { timed_out: 1.., .. } => Sight::TimedOut,
            Self { passed: 1.., .. } => Sight::Green,
            Self { passed: 0, .. } => Sight::Absent,
        }
    }
}

/// Tallies of a whole run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tallies(BTreeMap<RequirementId, Tally>);

impl Tallies {
    /// Reads a report in the `JUnit` form. Suites of setup scripts, whose names begin with `@`, hold no tests.
    pub fn read(report: &str) -> anyhow::Result<Self> {
        let document = roxmltree::Document::parse(report).context("the report of nextest is not XML")?;
        let mut tallies = Self::default();
        for case in document.descendants().filter(|node| node.has_tag_name("testcase")) {
            let suite = case.parent().and_then(|suite| suite.attribute("name")).unwrap_or_default();
            let name = case.attribute("name").unwrap_or_default();
            let Some(Ok(id)) = name.split("::").next().map(RequirementId::from_module_name) else { continue };
            if suite.starts_with('@') {
                continue;
            }
            let tally = tallies.0.entry(id).or_default();
            let fault = case.children().find(|node| node.has_tag_name("failure") || node.has_tag_name("error"));
            match fault.map(|fault| fault.attribute("type").unwrap_or_default()) {
                None if case.children().any(|node| node.has_tag_name("skipped")) => {}
                None => tally.passed += 1,
                Some(kind) if kind.contains("timeout") => tally.timed_out += 1,
                Some(_) => tally.failed += 1,
            }
        }
        Ok(tallies)
    }

    /// The tests of an id; none when there was no such test.
    pub fn of(&self, id: RequirementId) -> Tally {
        self.0.get(&id).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="5" failures="2" errors="1">
    <testsuite name="@setup-script:stack" tests="1"><testcase name="int_001::stack" classname="x"/></testsuite>
    <testsuite name="tests-p0::p0" tests="5">
        <testcase name="int_004::turns::case_1" classname="tests-p0::p0" time="1.2"/>
        <testcase name="int_004::turns::case_2" classname="tests-p0::p0">
            <failure message="assertion failed" type="test failure with exit code 101">text</failure>
        </testcase>
        <testcase name="int_020::outcome" classname="tests-p0::p0"><failure type="test timeout"/></testcase>
        <testcase name="int_020::other" classname="tests-p0::p0"/>
        <testcase name="int_029::key" classname="tests-p0::p0"><error type="execution failure"/></testcase>
        <testcase name="int_028::schema" classname="tests-p0::p0"/>
    </testsuite>
</testsuites>"#;

    #[test]
    fn tests_are_counted_by_id_and_ending() {
        let tallies = Tallies::read(REPORT).expect("a sound report");
        let of = |text: &str| tallies.of(text.parse().expect("an id"));
        assert_eq!(of("INT-004"), Tally { passed: 1, failed: 1, timed_out: 0 });
        let sights = ["INT-004", "INT-020", "INT-029", "INT-028", "INT-001"].map(|id| of(id).sight());
        assert_eq!(sights, [Sight::Red, Sight::TimedOut, Sight::Red, Sight::Green, Sight::Absent]);
    }
}

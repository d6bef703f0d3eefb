//! `plan.md`: a planner's plan.
//!
//! | Rule | Broken when |
//! |---|---|
//! | `plan.template` | the first line still marks the file as a template |
//! | `plan.missing_section` | one of the five headings, or of the three topics of a benchmark, is missing |
//! | `plan.section_order` | a heading comes after one that is later in the list |
//! | `plan.duplicate_section` | a heading occurs twice |
//! | `plan.empty_section` | section 1 has no words |
//! | `plan.parts_list` | section 2 has neither bullet list nor table |
//! | `plan.assembly_strategy` | section 3 has no numbered list |
//! | `plan.budget` | section 4 has neither bullet list nor table |
//! | `plan.risks` | section 5 has neither bullet list nor table |
//!
//! Other headings may be anywhere. Headings in code blocks, quotations and comments do not count.

use std::collections::HashMap;

use contract::{objectives::TEMPLATE_MARKER, violations::Checked};

use crate::{
    markdown::{Block, Heading, Outline},
    report::{Artifact, Report, broken},
    wording::quoted,
};

const ARTIFACT: Artifact = Artifact { file: "plan.md", name: "plan" };

/// A mandatory section of an engineering plan.
struct Section {
    /// The heading without its number signs.
    title: &'static str,
    /// It must contain one of these.
    needs: &'static [Block],
    rule: &'static str,
    message: &'static str,
}

const SECTIONS: [Section; 5] = [
    Section {
        title: "1. Solution Overview",
        needs: &[Block::Words],
        rule: "empty_section",
        message: "Solution Overview must contain text",
    },
    Section {
        title: "2. Parts List",
        needs: &[Block::BulletList, Block::Table],
        rule: "parts_list",
        message: "Parts List must contain a bullet list or table",
    },
    Section {
        title: "3. Assembly Strategy",
        needs: &[Block::NumberedList],
        rule: "assembly_strategy",
        message: "Assembly Strategy must contain a numbered list",
    },
    Section {
        title: "4. Cost & Weight Budget",
        needs: &[Block::BulletList, Block::Table],
        rule: "budget",
        message: "Cost & Weight Budget must contain a bullet list or table",
    },
    Section {
        title: "5. Risk Assessment",
        needs: &[Block::BulletList, Block::Table],
        rule: "risks",
        message: "Risk Assessment must contain a bullet list or table",
    },
];

/// Checks the plan of a solution.
pub fn engineering(bytes: &[u8]) -> Checked<()> {
    check(bytes, engineering_rules)
}

/// Checks the plan of a benchmark: headings of level 1 to 3 name its learning objective, its geometry and its
/// objectives.
pub fn benchmark(bytes: &[u8]) -> Checked<()> {
    check(bytes, benchmark_rules)
}

fn check(bytes: &[u8], rules: fn(&mut Report, &Outline)) -> Checked<()> {
    let mut report = Report::new(ARTIFACT);
    let Some(text) = report.text(bytes) else { return report.finish(None) };
    report_template(&mut report, text);
    rules(&mut report, &Outline::of(text));
    report.finish(Some(()))
}

/// The first line of a Markdown template contains the marker; elsewhere a text may mention it.
pub(crate) fn report_template(report: &mut Report, text: &str) {
    if text.lines().next().is_some_and(|line| line.contains(TEMPLATE_MARKER)) {
        let message = format!("the first line still holds {TEMPLATE_MARKER}; fill the file in and delete that line");
        report.add(broken("template", message).at("line 1"));
    }
}

fn engineering_rules(report: &mut Report, outline: &Outline) {
    let mut first_lines: [Option<usize>; 5] = [None; 5];
    let mut latest = 0;
    for (index, heading) in outline.headings.iter().enumerate() {
        let Some(number) = SECTIONS.iter().position(|section| is_heading_of(heading, section)) else { continue };
        let section = &SECTIONS[number];
        if let Some(first) = first_lines[number] {
            let message = format!("## {} is already on line {first}; merge the two sections", section.title);
            report.add(broken("duplicate_section", message).at(line(heading)));
            continue;
        }
        first_lines[number] = Some(heading.line);
        if number < latest {
            let message = format!(
                "## {} stands after ## {}; the five sections come in the order of their numbers",
                section.title, SECTIONS[latest].title
            );
            report.add(broken("section_order", message).at(line(heading)));
        }
        latest = latest.max(number);
        let range = outline.section(index);
        if !section.needs.iter().any(|block| outline.has(*block, &range)) {
            report.add(broken(section.rule, section.message).at(line(heading)));
        }
    }
    let missing = || SECTIONS.iter().zip(first_lines).filter(|(_, first)| first.is_none()).map(|(section, _)| section);
    if missing().next().is_some() {
        let mut by_letters = HashMap::new();
        for heading in &outline.headings {
            by_letters.entry(letters(&heading.title)).or_insert(heading);
        }
        missing().for_each(|section| report_missing(report, &by_letters, section));
    }
}

/// `by_letters` maps what `letters` leaves of a heading to the headings of the plan.
fn report_missing(report: &mut Report, by_letters: &HashMap<String, &Heading>, section: &Section) {
    let message = format!("Missing required section: ## {}", section.title);
    let nearly = by_letters.get(&letters(section.title));
    report.add(match nearly {
        Some(heading) => {
            let written = quoted(&format!("{} {}", "#".repeat(heading.level.into()), heading.title));
            broken("missing_section", format!("{message} (line {} has {written})", heading.line))
                .at(line(heading))
                .measured(heading.title.clone())
                .limit(section.title)
        }
        None => broken("missing_section", message).limit(section.title),
    });
}

fn is_heading_of(heading: &Heading, section: &Section) -> bool {
    heading.level == 2 && (heading.title == section.title || heading.title.replace(" and ", " & ") == section.title)
}

/// The title without numbers, signs, case and `and`.
fn letters(title: &str) -> String {
    let letters: String = title.chars().filter(|c| c.is_alphabetic() || c.is_whitespace()).collect();
    letters.to_lowercase().split_whitespace().filter(|word| *word != "and").collect()
}

fn line(heading: &Heading) -> String {
    format!("line {}", heading.line)
}

fn benchmark_rules(report: &mut Report, outline: &Outline) {
    let titles: Vec<String> = outline
        .headings
        .iter()
        .filter(|heading| heading.level <= 3)
        .map(|heading| heading.title.to_lowercase())
        .collect();
    let is_learning = |title: &String| title.contains("learning objective");
    for (topic, is_there) in [
        ("Learning Objective", titles.iter().any(is_learning)),
        ("Geometry", titles.iter().any(|title| title.contains("geometry"))),
        ("Objectives", titles.iter().any(|title| title.contains("objectives") && !is_learning(title))),
    ] {
        if !is_there {
            let message = format!("Missing required section: {topic}; no heading of level 1 to 3 names it");
            report.add(broken("missing_section", message).limit(topic));
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SOUND: &str = "# Engineering Plan\n\n## 1. Solution Overview\nA ramp.\n\n## 2. Parts List\n| Part | Method |\n\
        |---|---|\n| ramp | cnc |\n\n### Fasteners\nNone.\n\n## 3. Assembly Strategy\n1. Place the ramp.\n\n\
        ## 4. Cost & Weight Budget\n- ramp: 20 USD, 300 g\n\n## 5. Risk Assessment\n- Jitter of 2 mm.\n";

    fn rules(checked: &Checked<()>) -> Vec<(&str, Option<&str>)> {
        checked.violations.iter().map(|found| (found.rule.as_str(), found.place.as_deref())).collect()
    }

    #[test]
    fn sound_plans_pass() {
        assert_eq!(rules(&engineering(SOUND.as_bytes())), []);
        assert_eq!(rules(&engineering(SOUND.replace("Cost & Weight", "Cost  and Weight").as_bytes())), []);
        let benchmark_plan = "# Scenario\n## Learning Objective\nx\n## Geometry\ny\n### Objectives\nz\n";
        assert_eq!(rules(&benchmark(benchmark_plan.as_bytes())), []);
    }

    #[rstest]
    #[case::no_break_space("## 2. Parts List", "## 2.\u{a0}Parts List", "plan.missing_section", Some("line 6"))]
    #[case::missing("## 2. Parts List", "## 2. Parts", "plan.missing_section", None)]
    #[case::other_case("## 2. Parts List", "## 2. Parts list", "plan.missing_section", Some("line 6"))]
    #[case::other_level("## 2. Parts List", "### 2. Parts List", "plan.missing_section", Some("line 6"))]
    #[case::twice("### Fasteners", "## 1. Solution Overview", "plan.duplicate_section", Some("line 11"))]
    #[case::no_words("A ramp.", "", "plan.empty_section", Some("line 3"))]
    #[case::table_without_rows("| ramp | cnc |\n", "", "plan.parts_list", Some("line 6"))]
    #[case::bullets_for_steps("1. Place", "- Place", "plan.assembly_strategy", Some("line 14"))]
    #[case::prose_budget("- ramp", "ramp", "plan.budget", Some("line 17"))]
    #[case::prose_risks("- Jitter", "Jitter", "plan.risks", Some("line 20"))]
    #[case::template("# Engineering Plan", "# [TEMPLATE] Engineering Plan", "plan.template", Some("line 1"))]
    fn one_break_gives_one_violation(
        #[case] from: &str,
        #[case] to: &str,
        #[case] rule: &str,
        #[case] place: Option<&str>,
    ) {
        assert_eq!(rules(&engineering(SOUND.replace(from, to).as_bytes())), [(rule, place)]);
    }

    #[test]
    fn messages_name_the_missing_section() {
        let checked = engineering(SOUND.replace("## 2. Parts List", "## Parts list").as_bytes());
        assert_eq!(
            checked.violations[0].message,
            "Missing required section: ## 2. Parts List (line 6 has \"## Parts list\")"
        );
        let messages: Vec<_> =
            benchmark(b"## Learning Objectives\n").violations.into_iter().map(|v| v.message).collect();
        assert!(messages[0].contains("Missing required section: Geometry"), "{messages:?}");
        assert!(messages[1].contains("Missing required section: Objectives"), "{messages:?}");
    }

    #[test]
    fn swapped_sections_are_out_of_order() {
        let swapped = SOUND.replace("## 3. Assembly Strategy\n1.", "## 4. Cost & Weight Budget\n-").replacen(
            "## 4. Cost & Weight Budget\n- ramp",
            "## 3. Assembly Strategy\n1. ramp",
            1,
        );
        assert_eq!(rules(&engineering(swapped.as_bytes())), [("plan.section_order", Some("line 17"))]);
    }

    #[test]
    fn all_violations_are_reported_at_once() {
        let checked =
            engineering(b"## 5. Risk Assessment\nnone\n```\n## 1. Solution Overview\n```\n## 2. Parts List\n");
        let found: Vec<_> = rules(&checked).into_iter().map(|(rule, _)| rule).collect();
        let missing = "plan.missing_section";
        assert_eq!(found, ["plan.risks", "plan.section_order", "plan.parts_list", missing, missing, missing]);
    }
}

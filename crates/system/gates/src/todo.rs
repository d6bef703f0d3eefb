//! `todo.md`: the steps of the work, each with a checkbox.
//!
//! | Rule | Broken when |
//! |---|---|
//! | `todo.template` | the first line still marks the file as a template |
//! | `todo.no_checkboxes` | there is no valid checkbox |
//! | `todo.invalid_checkbox` | brackets after a bullet contain something other than a mark, or are malformed |
//! | `todo.empty_item` | a checkbox has no text |
//! | `todo.incomplete` | the work is submitted, and an item is neither done nor skipped |
//! | `todo.deleted_items` | items of the planner's list are missing |
//!
//! Marks are space (open), `/` (begun), `x` or `X` (done), `-` (skipped). A bullet with a link is an ordinary bullet.
//! Fenced code and comments do not count, so an item that is commented out is missing.

use std::collections::HashMap;

use contract::violations::Checked;
use serde::{Deserialize, Serialize};

use crate::{
    markdown::{Line, Outline, single_spaced},
    plan::report_template,
    report::{Artifact, Report, broken},
    wording::{counted, quoted},
};

const ARTIFACT: Artifact = Artifact { file: "todo.md", name: "todo" };

/// Most deleted items that the message quotes; the data names them all.
const QUOTED_ITEMS: usize = 10;

/// When the list is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TodoStage {
    /// When the planner hands it over: items may be open.
    HandedOver,
    /// When the work is submitted: every item is done or skipped.
    Completed,
}

/// Texts of the items, in their order, without checkboxes and with single spaces. A planner's list is stored in this
/// form, to detect deleted items later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TodoItems(pub Vec<String>);

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
enum Entry<'a> {
    Item {
        mark: char,
        text: &'a str,
    },
    /// Brackets that are not a valid checkbox, the reason, and the text after them.
    Invalid {
        why: &'static str,
        text: &'a str,
    },
    Other,
}

/// Checks a list. With a baseline, every item of it must still be there, as often as it was; order and marks are free.
pub fn check(bytes: &[u8], stage: TodoStage, baseline: Option<&TodoItems>) -> Checked<TodoItems> {
    let mut report = Report::new(ARTIFACT);
    let Some(text) = report.text(bytes) else { return report.finish(None) };
    report_template(&mut report, text);
    let mut items = Vec::new();
    let mut texts_of_invalid = Vec::new();
    for line in Outline::of(text).lines(0..text.len()) {
        match entry(line.text) {
            Entry::Item { mark, text } => {
                report_item(&mut report, line, stage, mark, text);
                items.push(single_spaced(text));
            }
            Entry::Invalid { why, text } => {
                let message = format!("invalid checkbox: {}: {why}", quoted(line.text.trim()));
                report.add(broken("invalid_checkbox", message).at(place(line)).limit("- [ ] [/] [x] [X] [-]"));
                texts_of_invalid.push(single_spaced(text));
            }
            Entry::Other => {}
        }
    }
    if items.is_empty() {
        let message = "No checkboxes found; write each step of the work as `- [ ] step`";
        report.add(broken("no_checkboxes", message).measured(0).limit(1));
    }
    if let Some(baseline) = baseline {
        report_deleted(&mut report, baseline, items.iter().chain(&texts_of_invalid));
    }
    report.finish(Some(TodoItems(items)))
}

fn place(line: Line) -> String {
    format!("line {}", line.number)
}

fn report_item(report: &mut Report, line: Line, stage: TodoStage, mark: char, text: &str) {
    if text.is_empty() {
        report.add(broken("empty_item", "a checkbox has no text; say what is to be done").at(place(line)));
    }
    if stage == TodoStage::Completed && matches!(mark, ' ' | '/') {
        let state = if mark == ' ' { "open" } else { "only begun" };
        let message = format!("{} must be completed or skipped: mark it [x] or [-]; it is {state}", quoted(text));
        report.add(broken("incomplete", message).at(place(line)).measured(mark.to_string()).limit("x, X or -"));
    }
}

fn report_deleted<'a>(report: &mut Report, baseline: &TodoItems, present: impl Iterator<Item = &'a String>) {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for text in present {
        *left.entry(text).or_default() += 1;
    }
    let mut deleted = Vec::new();
    for item in &baseline.0 {
        let text = single_spaced(item);
        match left.get_mut(text.as_str()) {
            Some(count) if *count > 0 => *count -= 1,
            _ => deleted.push(text),
        }
    }
    if deleted.is_empty() {
        return;
    }
    let mut names: Vec<String> = deleted.iter().take(QUOTED_ITEMS).map(|item| quoted(item)).collect();
    if deleted.len() > QUOTED_ITEMS {
        names.push(format!("{} more", deleted.len() - QUOTED_ITEMS));
    }
    let message = format!(
        "Found {} deleted TODO items: {}; put them back and mark what is not needed with [-]",
        deleted.len(),
        names.join(", ")
    );
    let kept = format!("all {}", counted(baseline.0.len(), "item"));
    report.add(broken("deleted_items", message).measured(deleted).limit(kept));
}

fn entry(line: &str) -> Entry<'_> {
    let trimmed = line.trim();
    let Some((bullet, rest)) = bullet(trimmed) else { return Entry::Other };
    let inner = rest.trim_start();
    let Some(after_open) = inner.strip_prefix('[') else { return Entry::Other };
    let Some((content, after)) = after_open.split_once(']') else {
        return match bullet {
            "-" => Entry::Invalid { why: "the bracket is not closed", text: after_open },
            _ => Entry::Other,
        };
    };
    if is_link(after) {
        return Entry::Other;
    }
    let mark = single_mark(content);
    let text = after.trim();
    if bullet != "-" {
        // Other bullets may contain brackets; only brackets that are clearly meant as a checkbox are reported as
        // malformed.
        let is_meant = mark.is_some() || content.is_empty();
        return if is_meant { Entry::Invalid { why: "write it as `- [ ]`", text } } else { Entry::Other };
    }
    match mark {
        None if content.is_empty() => Entry::Invalid { why: "write a space between the brackets", text },
        None => Entry::Invalid { why: "the mark must be a space, /, x, X or -", text },
        Some(_) if rest.len() == inner.len() => Entry::Invalid { why: "put a space after the dash", text },
        Some(_) if !after.is_empty() && !after.starts_with(char::is_whitespace) => {
            Entry::Invalid { why: "put a space after the bracket", text }
        }
        Some(mark) => Entry::Item { mark, text },
    }
}

/// The bullet or number that a line starts with, and what follows it.
fn bullet(line: &str) -> Option<(&str, &str)> {
    let width = match line.as_bytes().first()? {
        b'-' | b'*' | b'+' => 1,
        _ => {
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            let is_number = digits > 0 && matches!(line.as_bytes().get(digits), Some(b'.' | b')'));
            if is_number { digits + 1 } else { return None }
        }
    };
    line.split_at_checked(width)
}

fn single_mark(content: &str) -> Option<char> {
    let mut characters = content.chars();
    let mark = characters.next().filter(|mark| matches!(mark, ' ' | '/' | 'x' | 'X' | '-'))?;
    characters.next().is_none().then_some(mark)
}

/// Whether brackets followed by this are a link: `[text](target)` or `[text][label]`.
fn is_link(after: &str) -> bool {
    (after.starts_with('(') && after.contains(')')) || (after.starts_with('[') && after[1..].contains(']'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SOUND: &str = "# Steps\n\n- [ ] Build arm\n  - [/] Drill  holes\n- [x] Model\n- [X] Price\n- [-] Paint\n\
        - [Guide](https://example.org)\n- plain\n\n```\n- [?] example\n```\n";

    fn rules(checked: &Checked<TodoItems>) -> Vec<(&str, Option<&str>)> {
        checked.violations.iter().map(|found| (found.rule.as_str(), found.place.as_deref())).collect()
    }

    fn handed_over(text: &str) -> Checked<TodoItems> {
        check(text.as_bytes(), TodoStage::HandedOver, None)
    }

    #[test]
    fn item_matches_its_decomposed_form() {
        let baseline = TodoItems(vec!["Fixer la pièce".to_owned()]);
        let decomposed = "- [x] Fixer la pie\u{300}ce\n";
        let checked = check(decomposed.as_bytes(), TodoStage::Completed, Some(&baseline));
        assert_eq!(checked.violations, []);
        assert_eq!(checked.value, Some(baseline));
    }

    #[test]
    fn sound_list_gives_its_items() {
        let items = handed_over(SOUND).sound().expect("sound");
        assert_eq!(items.0, ["Build arm", "Drill holes", "Model", "Price", "Paint"]);
        assert_eq!(serde_json::to_string(&items).ok(), Some(format!("{:?}", items.0).replace(", ", ",")));
    }

    #[rstest]
    #[case::word("- [foo] bar")]
    #[case::empty("- []")]
    #[case::other_mark("- [?] bar")]
    #[case::two_spaces("- [  ] bar")]
    #[case::open_bracket("- [ bar")]
    #[case::no_space_after_dash("-[ ] bar")]
    #[case::no_space_after_bracket("- [x]bar")]
    #[case::other_bullet("* [ ] bar")]
    #[case::number("1. [x] bar")]
    fn wrong_checkboxes_are_refused(#[case] line: &str) {
        let checked = handed_over(&format!("- [ ] a\n{line}\n"));
        assert_eq!(rules(&checked), [("todo.invalid_checkbox", Some("line 2"))]);
        assert!(checked.violations[0].message.contains("invalid checkbox"));
    }

    #[test]
    fn links_and_other_bullets_are_not_checkboxes() {
        for line in ["- [x](a.md)", "- [text][label]", "* [note] b", "- a [x] b", "[ ] a", "-"] {
            assert_eq!(rules(&handed_over(line)), [("todo.no_checkboxes", None)], "{line:?}");
        }
    }

    #[test]
    fn open_items_fail_the_completed_stage() {
        let checked = check(SOUND.as_bytes(), TodoStage::Completed, None);
        assert_eq!(rules(&checked), [("todo.incomplete", Some("line 3")), ("todo.incomplete", Some("line 4"))]);
        assert!(checked.violations[0].message.contains("\"Build arm\" must be completed or skipped"));
        assert_eq!(checked.value.map(|items| items.0.len()), Some(5));
    }

    #[test]
    fn deleted_items_are_named_once_per_occurrence() {
        let baseline = TodoItems(["a  b", "c", "c", "d", "e"].map(str::to_owned).into());
        let text = "- [x] e\n- [x] a b\n- [x] c\n- [done] d\n- [x] new\n<!--\n- [x] c\n-->\n";
        let checked = check(text.as_bytes(), TodoStage::Completed, Some(&baseline));
        assert_eq!(rules(&checked), [("todo.invalid_checkbox", Some("line 4")), ("todo.deleted_items", None)]);
        assert!(checked.violations[1].message.starts_with("Found 1 deleted TODO items: \"c\";"));
        assert_eq!(checked.violations[1].measured, Some(serde_json::json!(["c"])));
    }

    #[test]
    fn all_violations_are_reported_at_once() {
        let baseline = TodoItems(vec!["gone".to_owned()]);
        let checked = check(b"[TEMPLATE]\n- [ ]\n- [] a\n", TodoStage::Completed, Some(&baseline));
        let found: Vec<_> = rules(&checked).into_iter().map(|(rule, _)| rule).collect();
        assert_eq!(
            found,
            ["todo.template", "todo.empty_item", "todo.incomplete", "todo.invalid_checkbox", "todo.deleted_items"]
        );
    }
}

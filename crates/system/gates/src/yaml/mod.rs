//! Reads YAML as data, then checks it against the schema of a contract type.

mod field;
mod schema;

use std::borrow::Cow;

use contract::violations::Violation;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_yaml::{UserMessageFormatter, options::NonFiniteFloatPolicy};

pub(crate) use field::Field;
pub(crate) use schema::Schema;

use crate::{
    report::{MAX_ARTIFACT_BYTES, Report, broken},
    wording::{cut, listed},
};

/// Limits on a file: far above any real one, and low enough that hostile ones end soon. Aliases multiply content, so
/// what they repeat counts too.
fn options() -> serde_yaml::Options {
    const EVENTS: usize = 200_000;
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_events: EVENTS,
            max_nodes: EVENTS,
            max_recorded_anchor_events: EVENTS,
            max_total_scalar_bytes: 4 * MAX_ARTIFACT_BYTES,
        },
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: EVENTS },
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    }
}

/// The text as data; `None` and a violation when it is not YAML or not a mapping. `lines_before` is the number of lines
/// before the text, so that errors name the line of the file.
pub(crate) fn read(report: &mut Report, text: &str, lines_before: usize) -> Option<Value> {
    let placed = if lines_before == 0 { Cow::Borrowed(text) } else { Cow::Owned("\n".repeat(lines_before) + text) };
    match serde_yaml::from_str_with_options::<Value>(&placed, options()) {
        Ok(document @ Value::Object(_)) => Some(document),
        Ok(other) => {
            report.add(empty(schema::kind_of(&other)));
            None
        }
        Err(_) if has_no_content(text) => {
            report.add(empty("nothing"));
            None
        }
        Err(error) => {
            let violation = broken("yaml_syntax", format!("YAML parse error: {}", sentence(&error)));
            report.add(match error.location() {
                Some(location) => violation.at(format!("line {}", location.line())),
                None => violation,
            });
            None
        }
    }
}

/// The library's message, reworded for readers who do not know the library.
fn sentence(error: &serde_yaml::Error) -> String {
    cut(&error.without_snippet().render_with_formatter(&UserMessageFormatter))
}

fn empty(found: &str) -> Violation {
    broken("empty", format!("Empty or invalid YAML content: a mapping of fields is needed, found {found}"))
}

fn has_no_content(text: &str) -> bool {
    text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#') || line == "---" || line == "...")
}

/// The text as a contract type, read as the rest of the system reads it. A whole number may be written as `1.0`: where
/// the schema asks for one, it is read as one. `document` is the text as data, which keeps the schema.
pub(crate) fn typed<T: DeserializeOwned>(
    report: &mut Report,
    text: &str,
    document: &Value,
    schema: &Schema,
) -> Option<T> {
    let refused = match serde_yaml::from_str_with_options(text, options()) {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    let mut whole = document.clone();
    let places = schema.make_whole(&mut whole);
    let reread = serde_yaml::to_string(&whole).ok().filter(|_| !places.is_empty());
    if let Some(value) = reread.and_then(|text| serde_yaml::from_str_with_options(&text, options()).ok()) {
        return Some(value);
    }
    let of = if places.is_empty() { String::new() } else { format!(" (look at {})", listed(&places)) };
    let message = format!("the file does not fit its schema: {}{of}", sentence(&refused));
    report.add(broken("wrong_type", message));
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Artifact;

    fn rule_and_place(text: &str) -> Option<(String, Option<String>)> {
        let mut report = Report::new(Artifact { file: "x.yaml", name: "x" });
        let document = read(&mut report, text, 10);
        let violation = report.into_violations().pop();
        assert_eq!(document.is_none(), violation.is_some());
        violation.map(|violation| (violation.rule, violation.place))
    }

    #[test]
    fn only_mappings_are_documents() {
        assert_eq!(rule_and_place("a: 1"), None);
        for text in ["", "# nothing", "---\n", "null", "just words", "- a"] {
            assert_eq!(rule_and_place(text), Some(("x.empty".into(), None)), "{text:?}");
        }
    }

    #[test]
    fn syntax_errors_name_the_line_of_the_file() {
        for text in ["a: 1\nb: [1", "a: 1\na: 2", "a: 1\nb: *c"] {
            let (rule, place) = rule_and_place(text).expect("refused");
            assert_eq!(rule, "x.yaml_syntax", "{text:?}");
            assert_eq!(place.as_deref(), Some("line 12"), "{text:?}");
        }
    }

    #[test]
    fn alias_bombs_are_refused() {
        let level = |name: char, of: char| format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 9].join(", "));
        let long = format!("a: &a {}\nb: [{}]", "x".repeat(500_000), vec!["*a"; 100].join(", "));
        assert_eq!(rule_and_place(&long).map(|(rule, _)| rule), Some("x.yaml_syntax".into()));
        let bomb: String = std::iter::once("a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned())
            .chain(('b'..='i').zip('a'..='h').map(|(name, of)| level(name, of)))
            .collect();
        assert_eq!(rule_and_place(&bomb).map(|(rule, _)| rule), Some("x.yaml_syntax".into()));
    }
}

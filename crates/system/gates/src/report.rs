//! Collects what is wrong with one artifact, and reads its bytes as text.

use contract::violations::{Checked, Violation};

use serde_json::Value;

use crate::wording::{counted, cut};

/// Largest artifact that is read, in bytes. People write a few kilobytes; the limit bounds the time of a check.
pub const MAX_ARTIFACT_BYTES: usize = 1 << 20;

/// Most violations that are reported for one file; no one works through a longer list.
const MAX_VIOLATIONS: usize = 500;

/// An artifact: its file name, and the first half of the names of its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Artifact {
    pub file: &'static str,
    pub name: &'static str,
}

/// A violation without its artifact: `Report::add` puts the file in, and the artifact's name before the rule.
pub(crate) fn broken(rule: &str, message: impl Into<String>) -> Violation {
    Violation::new("", rule, message)
}

/// Depth to which a measured value is reported; boxes of numbers need three levels.
const MEASURED_DEPTH: usize = 3;

/// Most values of a measured list that are reported.
const MEASURED_VALUES: usize = 200;

/// The value, shortened: an author may have put a large structure where a number belongs.
fn bounded(value: Value, depth: usize) -> Value {
    match value {
        Value::String(text) => Value::String(cut(&text)),
        Value::Array(_) | Value::Object(_) if depth == 0 => Value::String("…".to_owned()),
        Value::Array(list) => list.into_iter().take(MEASURED_VALUES).map(|value| bounded(value, depth - 1)).collect(),
        Value::Object(map) => {
            let some = map.into_iter().take(MEASURED_VALUES);
            some.map(|(key, value)| (cut(&key), bounded(value, depth - 1))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// What is wrong with one artifact.
#[derive(Debug)]
pub(crate) struct Report {
    artifact: Artifact,
    violations: Vec<Violation>,
    left_out: usize,
}

impl Report {
    pub(crate) fn new(artifact: Artifact) -> Self {
        Self { artifact, violations: Vec::new(), left_out: 0 }
    }

    /// Adds a violation made by [`broken`].
    pub(crate) fn add(&mut self, violation: Violation) {
        if self.violations.len() == MAX_VIOLATIONS {
            self.left_out += 1;
            return;
        }
        let Artifact { file, name } = self.artifact;
        self.violations.push(Violation {
            file: file.to_owned(),
            rule: format!("{name}.{}", violation.rule),
            measured: violation.measured.map(|value| bounded(value, MEASURED_DEPTH)),
            ..violation
        });
    }

    /// Adds the violations of another report of the same artifact.
    pub(crate) fn append(&mut self, other: Self) {
        self.left_out += other.left_out;
        for violation in other.violations {
            if self.violations.len() < MAX_VIOLATIONS {
                self.violations.push(violation);
            } else {
                self.left_out += 1;
            }
        }
    }

    /// True while nothing is wrong.
    pub(crate) fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// The bytes as text without byte order mark; `None` and a violation when they are too many or not UTF-8.
    pub(crate) fn text<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a str> {
        if bytes.len() > MAX_ARTIFACT_BYTES {
            let message =
                format!("the file has {} bytes and at most {MAX_ARTIFACT_BYTES} are read; shorten it", bytes.len());
            self.add(broken("too_large", message).measured(bytes.len()).limit(MAX_ARTIFACT_BYTES));
            return None;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                let text = text.strip_prefix('\u{feff}').unwrap_or(text);
                if let Some(fault) = unreadable(text) {
                    self.add(fault);
                    return None;
                }
                Some(text)
            }
            Err(error) => {
                let offset = error.valid_up_to();
                let message = format!("the file is not UTF-8 from byte {offset} on; save it as UTF-8");
                self.add(broken("not_utf8", message).at(format!("byte {offset}")));
                None
            }
        }
    }

    /// All violations, including one with the number of those left out.
    pub(crate) fn into_violations(mut self) -> Vec<Violation> {
        if self.left_out > 0 {
            let Artifact { file, name } = self.artifact;
            let message = format!("{} more left out; correct these first", counted(self.left_out, "violation"));
            self.violations.push(Violation::new(file, format!("{name}.more"), message).measured(self.left_out));
        }
        self.violations
    }

    /// The verdict, with what could be read.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Checked<T> {
        Checked { value, violations: self.into_violations() }
    }
}

/// Characters that editors hide and readers interpret differently: control characters, and lines that end with CR
/// alone, which turn the file into one long line.
fn unreadable(text: &str) -> Option<Violation> {
    let line_of = |offset: usize| format!("line {}", text[..offset].matches('\n').count() + 1);
    let is_forbidden = |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    if let Some((offset, control)) = text.char_indices().find(|(_, character)| is_forbidden(*character)) {
        let name = format!("U+{:04X}", u32::from(control));
        let message = format!("the file holds the control character {name}; remove it");
        return Some(broken("control_character", message).at(line_of(offset)).measured(name));
    }
    let (offset, _) = text.match_indices('\r').find(|(offset, _)| !text[offset + 1..].starts_with('\n'))?;
    let message = "a line ends with CR alone; save the file with LF or CRLF as line ends";
    Some(broken("line_ends", message).at(line_of(offset)).measured("CR").limit("LF or CRLF"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Artifact = Artifact { file: "plan.md", name: "plan" };

    #[test]
    fn violations_beyond_the_limit_are_counted() {
        let mut report = Report::new(PLAN);
        (0..MAX_VIOLATIONS + 7).for_each(|_| report.add(broken("x", "y")));
        let violations = report.into_violations();
        assert_eq!(violations.len(), MAX_VIOLATIONS + 1);
        assert_eq!((violations[0].file.as_str(), violations[0].rule.as_str()), ("plan.md", "plan.x"));
        let last = &violations[MAX_VIOLATIONS];
        assert_eq!((last.rule.as_str(), last.measured.clone()), ("plan.more", Some(7.into())));
    }

    #[test]
    fn text_is_limited_in_size_and_must_be_utf8() {
        let mut report = Report::new(PLAN);
        assert_eq!(report.text(b"\xef\xbb\xbfa"), Some("a"));
        assert_eq!(report.text(b"ab\xff"), None);
        assert_eq!(report.text(&vec![b'a'; MAX_ARTIFACT_BYTES + 1]), None);
        assert_eq!(report.text(b"a\tb\r\nc\n"), Some("a\tb\r\nc\n"));
        for (bytes, rule, place) in [
            (&b"a\nb\0"[..], "plan.control_character", "line 2"),
            (b"a\x1bb", "plan.control_character", "line 1"),
            (b"a\rb\r", "plan.line_ends", "line 1"),
            (b"a\r\nb\rc\r\n", "plan.line_ends", "line 2"),
        ] {
            let mut report = Report::new(PLAN);
            assert_eq!(report.text(bytes), None);
            let violation = report.into_violations().remove(0);
            assert_eq!((violation.rule.as_str(), violation.place.as_deref()), (rule, Some(place)));
        }
        let violations = report.into_violations();
        assert_eq!(violations[0].place.as_deref(), Some("byte 2"));
        assert_eq!(violations[1].rule, "plan.too_large");
    }
}

//! Markdown that begins with YAML between two lines of three dashes.

use serde_json::Value;

use crate::{
    report::{Report, broken},
    yaml,
};

/// Reads the fields; `None` and a violation when there are none or they are not valid YAML. Blank lines may precede the
/// first dashes.
pub(crate) fn read(report: &mut Report, text: &str) -> Option<Value> {
    let Some((yaml_text, lines_before)) = split(text) else {
        let message = "the file must begin with a line `---`, then YAML fields, then a second line `---`";
        report.add(broken("no_frontmatter", message).at("line 1"));
        return None;
    };
    yaml::read(report, yaml_text, lines_before)
}

/// The YAML, and the number of lines before it.
fn split(text: &str) -> Option<(&str, usize)> {
    let mut offset = 0;
    let mut start = None;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let end = offset + line.len();
        let is_fence = line.trim_end() == "---";
        match start {
            Some((from, lines_before)) if is_fence => return Some((&text[from..offset], lines_before)),
            None if is_fence => start = Some((end, number + 1)),
            None if !line.trim().is_empty() => return None,
            _ => {}
        }
        offset = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_between_two_fences_at_the_start() {
        assert_eq!(split("\n---\na: 1\n---\nb"), Some(("a: 1\n", 2)));
        assert_eq!(split("---\r\na: 1\r\n---"), Some(("a: 1\r\n", 1)));
        assert_eq!(split("---\n---\n"), Some(("", 1)));
        for text in ["", "---", "---\na: 1\n", "a\n---\nb: 1\n---\n", "---\na: 1\n----\n"] {
            assert_eq!(split(text), None, "{text:?}");
        }
    }
}

//! Text that occurs only in templates. For the two YAML files: in Markdown an ellipsis is prose.

use contract::objectives::TEMPLATE_MARKER;

use crate::{
    report::{Report, broken},
    wording::listed,
};

/// Placeholders that are words: they count unless a letter, digit or underscore precedes them.
const WORDS: [&str; 4] = ["x_min", "x_max", "y_min", "z_min"];

/// Placeholders that count anywhere.
const SIGNS: [&str; 4] = ["[x, y, z]", "[implement here]", "TODO:", "..."];

/// The line that ends a YAML document.
const DOCUMENT_END: &str = "...";

/// `<artifact>.template`: the file still holds the marker of a template, which makes it count as absent, or
/// placeholders. True when the marker is present.
pub(crate) fn report(report: &mut Report, text: &str) -> bool {
    if let Some(offset) = text.find(TEMPLATE_MARKER) {
        let message = format!(
            "the file still contains template placeholders: {TEMPLATE_MARKER}; fill in real values and delete that \
             line, until then the file counts as absent"
        );
        add(report, text, offset, &[TEMPLATE_MARKER], message);
        return true;
    }
    let words = WORDS.iter().filter_map(|word| Some((word_at(text, word)?, *word)));
    let signs = SIGNS.iter().filter_map(|sign| Some((sign_at(text, sign)?, *sign)));
    let found: Vec<(usize, &str)> = words.chain(signs).collect();
    if let Some(first) = found.iter().map(|(offset, _)| *offset).min() {
        let found: Vec<&str> = found.into_iter().map(|(_, placeholder)| placeholder).collect();
        let message =
            format!("the file still contains template placeholders: {}; put real values there", listed(&found));
        add(report, text, first, &found, message);
    }
    false
}

fn add(report: &mut Report, text: &str, offset: usize, found: &[&str], message: String) {
    let line = text[..offset].matches('\n').count() + 1;
    report.add(broken("template", message).at(format!("line {line}")).measured(found));
}

fn word_at(text: &str, word: &str) -> Option<usize> {
    let is_free = |offset: &usize| !text[..*offset].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    text.match_indices(word).map(|(offset, _)| offset).find(is_free)
}

/// A line of only three dots ends a YAML document and is not a placeholder.
fn sign_at(text: &str, sign: &str) -> Option<usize> {
    let is_document_end = |offset: &usize| {
        let line = text[*offset..].lines().next().unwrap_or_default();
        line.trim_end() == DOCUMENT_END && (*offset == 0 || text[..*offset].ends_with('\n'))
    };
    text.match_indices(sign).map(|(offset, _)| offset).find(|offset| !is_document_end(offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Artifact;

    fn found(text: &str) -> Vec<(Option<String>, Option<serde_json::Value>)> {
        let mut report_of_file = Report::new(Artifact { file: "x.yaml", name: "x" });
        report(&mut report_of_file, text);
        report_of_file.into_violations().into_iter().map(|violation| (violation.place, violation.measured)).collect()
    }

    #[test]
    fn placeholders_are_named_with_the_first_line() {
        let text = "a: 1\nb: [x_min, 2]\nc: ...\n";
        assert_eq!(found(text), [(Some("line 2".into()), Some(serde_json::json!(["x_min", "..."])))]);
        assert_eq!(found("# [TEMPLATE]\na: TODO: x\n").len(), 1);
    }

    #[test]
    fn names_containing_a_placeholder_pass() {
        assert_eq!(found("max_minutes: 1\nrange: 1..2\n"), []);
    }

    #[test]
    fn document_markers_are_not_placeholders() {
        assert_eq!(found("---\na: 1\n...\n"), []);
        assert_eq!(found("---\r\na: 1\r\n...\r\n"), []);
        assert_eq!(found("a: 1\n...\nb: ...\n"), [(Some("line 3".into()), Some(serde_json::json!(["..."])))]);
        assert_eq!(found("a:\n  ...\n").len(), 1, "an ellipsis as a value");
    }
}

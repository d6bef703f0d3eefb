//! The one rule for labels of parts. A label names a body in scenes, files and answers, so a label that one route
//! cannot handle is refused for all of them when the design is built.

use contract::{
    execution::{ScriptFault, ScriptFaultKind},
    limits::MAX_LABEL_CHARACTERS,
};

/// Reserved labels: the fixed frame of every scene, and two folders of every file system.
const RESERVED: [&str; 3] = ["world", ".", ".."];
/// Characters that separate names from each other.
const SEPARATORS: [char; 2] = ['/', '\\'];

/// Refuses a label that cannot name a part.
pub(crate) fn check(label: &str) -> Result<(), ScriptFault> {
    let characters = label.chars().count();
    let remark = if label.trim().is_empty() {
        "is empty; say what the part is".to_owned()
    } else if characters > MAX_LABEL_CHARACTERS {
        format!("has {characters} characters and at most {MAX_LABEL_CHARACTERS} are allowed; shorten it")
    } else if RESERVED.contains(&label) {
        format!("is reserved ({}); take another", RESERVED.join(", "))
    } else if let Some(separator) = label.chars().find(|character| SEPARATORS.contains(character)) {
        format!("contains {separator:?}, which separates names; leave it out")
    } else if let Some(control) = label.chars().find(|character| is_invisible(*character)) {
        format!("contains the control character U+{:04X}; leave it out", u32::from(control))
    } else {
        return Ok(());
    };
    let shown: String = label.chars().take(MAX_LABEL_CHARACTERS).collect();
    Err(ScriptFault {
        kind: ScriptFaultKind::Metadata,
        message: format!("The label {shown:?} of a part {remark}."),
        line: None,
    })
}

/// Control characters, line separators and characters that change the direction of writing.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_every_language_pass() {
        for label in ["base", "part_0", "Träger links", "底板", "a.b", "zone_goal", "World", "x".repeat(100).as_str()]
        {
            assert_eq!(check(label), Ok(()), "{label:?}");
        }
    }

    #[test]
    fn refused_label_is_named_with_value_and_limit() {
        let long = "x".repeat(101);
        for (label, expected) in [
            ("world", "\"world\" of a part is reserved"),
            ("a/b", "'/'"),
            ("a\\b", "'\\\\'"),
            ("..", "reserved"),
            (" ", "is empty"),
            ("a\nb", "U+000A"),
            ("a\u{0}", "U+0000"),
            ("a\u{202e}b", "U+202E"),
            (&long, "has 101 characters and at most 100 are allowed"),
        ] {
            let fault = check(label).expect_err(label);
            assert_eq!(fault.kind, ScriptFaultKind::Metadata);
            assert!(fault.message.contains(expected), "{}", fault.message);
        }
    }
}

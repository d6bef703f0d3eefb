//! Formatting of values in messages.

/// Most characters of a foreign text that a message quotes.
const QUOTED_CHARACTERS: usize = 80;

/// Text in quotes, without control characters, cut when it is long.
pub(crate) fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text, QUOTED_CHARACTERS))
}

/// Foreign text without quotes, cut when it is very long.
pub(crate) fn cut(text: &str) -> String {
    shortened(text, 5 * QUOTED_CHARACTERS)
}

fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Words or names in a row: `a, b, c`.
pub(crate) fn listed<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

/// A number with its noun: `1 item`, `2 items`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A number as a person writes it: no exponent for sizes that occur, no hundred digits for those that do not.
pub(crate) fn figure(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-6..1e15).contains(&size) { format!("{number}") } else { format!("{number:e}") }
}

/// A point or a size, mm.
pub(crate) fn figures(numbers: [f64; 3]) -> String {
    format!("[{}]", listed(&numbers.map(figure)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_is_escaped_and_truncated() {
        assert_eq!(quoted("a\nb"), "\"a\\nb\"");
        assert_eq!(quoted(&"ä".repeat(200)).chars().count(), QUOTED_CHARACTERS + 3);
    }

    #[test]
    fn numbers_are_formatted_compactly() {
        let written: Vec<_> = [0.0, -1.5, 60.0, 1e300, 1e-9].map(figure).into();
        assert_eq!(written, ["0", "-1.5", "60", "1e300", "1e-9"]);
    }
}

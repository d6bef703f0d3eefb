//! Sizes and quantities in a question: `M3x10`, `24V`, `8x22x7`, `awg 18`, `under 50 g`.
//!
//! What is read is taken out of the question; the words that remain are looked up afterwards. Units are in
//! `data/units.csv`; the words for dimensions, bounds and numbers of pieces are in `data/words.csv`.

use std::{collections::HashMap, iter, ops::Range, sync::LazyLock};

use regex::{Captures, Regex};
use serde::de::DeserializeOwned;

use crate::{
    figures::{Comparison, Quantity},
    words::{Line, Role, folded, said_as, table, words},
};

/// A quantity that the question asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wish {
    pub(crate) quantity: Quantity,
    /// In the quantity's own unit: V, A, W, N·m, rad/s, N, mm, g, USD.
    pub(crate) value: f64,
    /// What the question says about it: `under`, `at least`.
    pub(crate) comparison: Option<Comparison>,
    /// The words that were read.
    pub(crate) said: String,
}

/// The part of a question that is not read yet.
pub(crate) struct Rest(String);

impl Rest {
    /// All of a question, in lower case without accents, with one sign for each thing.
    pub(crate) fn new(question: &str) -> Self {
        let mut plain = String::with_capacity(question.len());
        for character in folded(question).chars() {
            match character {
                '×' | '*' => plain.push('x'),
                '·' | '⋅' => plain.push('.'),
                '−' | '–' | '—' | '‑' => plain.push('-'),
                'ø' | '⌀' => plain.push_str(" diameter "),
                '°' => plain.push_str(" degrees "),
                '_' => plain.push(' '),
                other => plain.push(other),
            }
        }
        let plain = PATTERNS.decimal_comma.replace_all(&plain, "$1.$2");
        let digits =
            |found: &Captures<'_>| format!("{} {}", NUMBERS.get(found, "number").unwrap_or(&0), &found["unit"]);
        Self(PATTERNS.number_in_words.replace_all(&plain, digits).into_owned())
    }

    /// The pieces between white space, without commas and other marks at their ends.
    pub(crate) fn pieces(&self) -> Vec<Range<usize>> {
        PIECE.find_iter(&self.0).map(|piece| piece.range()).collect()
    }

    /// The words: letters and digits only.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        words(&self.0)
    }

    pub(crate) fn text(&self, range: Range<usize>) -> &str {
        &self.0[range]
    }

    /// Replaces a piece of text by blanks, so that its neighbours do not become one word, and returns it.
    pub(crate) fn cut(&mut self, range: Range<usize>) -> String {
        let said = self.0[range.clone()].trim().to_owned();
        self.0.replace_range(range.clone(), &" ".repeat(range.len()));
        said
    }

    /// Cuts out what a pattern finds (its group `taken`, if it has one) and `read` accepts, unless it is the beginning
    /// of a longer word: `5 apples` is not a current.
    pub(crate) fn take<T>(&mut self, pattern: &Regex, read: impl Fn(&Captures<'_>) -> Option<T>) -> Vec<T> {
        let text = self.0.clone();
        let accepted = pattern.captures_iter(&text).filter_map(|found| {
            let taken = found.name("taken").unwrap_or_else(|| found.get_match());
            let ends_in_digit = taken.as_str().ends_with(|last: char| last.is_ascii_digit());
            let goes_on = |next: char| next.is_alphabetic() || next.is_numeric() && ends_in_digit;
            let is_whole = !text[taken.end()..].starts_with(goes_on);
            is_whole.then(|| read(&found)).flatten().inspect(|_| drop(self.cut(taken.range())))
        });
        accepted.collect()
    }
}

/// Texts that a pattern finds, each with its meaning.
struct Names<T> {
    pattern: String,
    meanings: HashMap<String, T>,
}

impl<T> Names<T> {
    fn new(named: impl IntoIterator<Item = (String, T)>) -> Self {
        let named: Vec<(String, T)> = named.into_iter().collect();
        let pattern = any_of(named.iter().map(|(name, _)| name.as_str()));
        Self { pattern, meanings: named.into_iter().map(|(name, meaning)| (key(&name), meaning)).collect() }
    }

    /// The meaning of what a group of the pattern found.
    fn get(&self, found: &Captures<'_>, group: &str) -> Option<&T> {
        self.meanings.get(&key(found.name(group)?.as_str()))
    }
}

impl<T: DeserializeOwned> Names<T> {
    /// The lines of a role, whose meaning is the name of a value.
    fn of(role: Role) -> Self {
        let meaning =
            |text: &str| serde_json::from_value(text.into()).unwrap_or_else(|error| panic!("{text}: {error}"));
        Self::new(said_as(role).map(|line| (line.said.clone(), meaning(&line.meaning))))
    }
}

/// Texts as one pattern, the longest first. A blank is any sign that separates: `kg cm` is also `kg·cm` and `kg-cm`.
fn any_of<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut texts: Vec<_> = texts.map(|text| regex::escape(text).replace(' ', r"[\s./-]*")).collect();
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    format!("(?:{})", texts.join("|"))
}

/// A name without what may separate its words.
fn key(name: &str) -> String {
    name.chars().filter(|character| !character.is_whitespace() && !"./-".contains(*character)).collect()
}

/// The quantity of a unit, and how many of the quantity's own unit it is.
static UNITS: LazyLock<Names<(Quantity, f64)>> = LazyLock::new(|| {
    let units: Vec<(String, Quantity, f64)> = table("units.csv", include_str!("../data/units.csv"));
    Names::new(units.into_iter().map(|(unit, quantity, factor)| (unit, (quantity, factor))))
});
static NUMBERS: LazyLock<Names<u32>> = LazyLock::new(|| {
    let digits = |line: &Line| line.meaning.parse().expect("the meaning of a number is its digits");
    Names::new(said_as(Role::Number).map(|line| (line.said.clone(), digits(line))))
});
static DIMENSIONS: LazyLock<Names<Quantity>> = LazyLock::new(|| Names::of(Role::Dimension));
static BOUNDS: LazyLock<Names<Comparison>> = LazyLock::new(|| Names::of(Role::Bound));

const NUMBER: &str = r"\d+(?:\.\d+)?";
/// Bounds that stand behind a value.
const AFTER: &str = r"(?:\s+(?P<after>or more|or less|min(?:imum)?|max(?:imum)?)\b)?";

/// What stands between white space, without commas and other marks at its ends.
pub(crate) static PIECE: LazyLock<Regex> = LazyLock::new(|| pattern(r#"[^\s,;:!?()\[\]{}"'|&]+"#));

/// The patterns of what is taken out of a question.
struct Patterns {
    decimal_comma: Regex,
    /// `three pin`, `zweipolig`.
    number_in_words: Regex,
    number: Regex,
    /// `M3-0.5x10`; also `5 m` of wire, so that `5 m 18 AWG` is no thread.
    thread: Regex,
    three_numbers: Regex,
    /// Values with a unit and prices, ranges first.
    values: [Regex; 4],
    /// Numbers of pieces: `(8)`, `100 pcs`, `Qty: 4`, `x100`, `4 x`, and a small number at the beginning.
    pieces_wanted: Regex,
}

pub(crate) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns are fixed, and the tests compile all of them")
}

/// The first of some patterns that fits.
fn either(texts: impl IntoIterator<Item = String>) -> Regex {
    pattern(&texts.into_iter().collect::<Vec<_>>().join("|"))
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let (units, dimensions) = (&UNITS.pattern, &DIMENSIONS.pattern);
    let bound = format!(r"(?:\b{{start-half}}(?P<bound>{})\.?\s*)?", BOUNDS.pattern);
    let range = |sign: &str, unit: &str| {
        format!(r"{bound}(?:between\s+{sign}{NUMBER}\s*and|{sign}{NUMBER}\s*(?:-|to))\s*(?:{sign})?{NUMBER}{unit}")
    };
    let to = r"(?:\s*mm)?\s*[x/-]\s*";
    let (dollar, unit) = (r"\$\s*", format!(r"\s*-?\s*(?P<unit>{units})s?"));
    let named = format!(r"\b(?P<name>{dimensions})\s*(?:of|von|de|[=:-])?\s*{NUMBER}(?:\s*mm)?");
    let count = any_of(said_as(Role::Count).map(|line| line.said.as_str()));
    Patterns {
        decimal_comma: pattern(r"(\d),(\d)"),
        number_in_words: pattern(&format!(r"\b(?P<number>{})[\s-]*(?P<unit>{units}s?)\b", NUMBERS.pattern)),
        number: pattern(NUMBER),
        thread: either([
            format!(r"\b{NUMBER}\s*(?:m|met(?:er|re)s?)\b"),
            format!(r"\bm\s?(?P<thread>{NUMBER})(?:-{NUMBER})?(?:\s*(?:x|by)\s*{NUMBER}){{0,2}}(?:\s*mm)?"),
        ]),
        three_numbers: pattern(&format!(r"\b{NUMBER}{to}{NUMBER}{to}{NUMBER}(?:\s*mm)?")),
        values: [
            range(dollar, ""),
            format!(r"{bound}{dollar}{NUMBER}{AFTER}"),
            range(r"\b", &unit),
            format!(r"{named}|{bound}\b{NUMBER}{unit}(?:\s*(?P<behind>{dimensions})\b)?{AFTER}"),
        ]
        .map(|text| pattern(&text)),
        pieces_wanted: either([
            r"\([x\s]*\d+[x\s]*\)".to_owned(),
            format!(r"\b\d+\s*-?\s*{count}\b\.?"),
            format!(r"\b{count}\s*[:.=]?\s*(?:of\s+)?\d+\b"),
            r"\bx\s*\d+\b|(?:^|\s)(?:\d{1,2}|\d{2,3}0)\s*x\b".to_owned(),
            r"^\W*(?:(?:i|we|need|want|find|please)\s+)*(?P<taken>\d{1,2}|\d{2}0)\s+[a-z]".to_owned(),
        ]),
    }
});

/// Takes every size and quantity out of a question.
pub(crate) fn take_wishes(rest: &mut Rest) -> Vec<Wish> {
    let patterns = &*PATTERNS;
    let mut wishes = rest.take(&patterns.thread, |found| Some(thread(found)));
    wishes.extend(rest.take(&patterns.three_numbers, three_numbers));
    for values in &patterns.values {
        // `24V5A`: the second value stands by itself when the first is gone.
        wishes.extend(iter::from_fn(|| Some(rest.take(values, value)).filter(|taken| !taken.is_empty())).flatten());
    }
    rest.take(&patterns.pieces_wanted, |_| Some(()));
    let mut wishes: Vec<Wish> = wishes.into_iter().flatten().collect();
    let has = |quantity: Quantity| wishes.iter().any(|wish| wish.quantity == quantity);
    if has(Quantity::Bore) && has(Quantity::OuterDiameter) {
        // `8 mm ID x 22 mm OD x 7 mm`: the third measure of a bearing.
        for wish in wishes.iter_mut().filter(|wish| wish.quantity == Quantity::Millimetres) {
            wish.quantity = Quantity::Width;
        }
    }
    wishes
}

fn numbers(found: &Captures<'_>) -> Vec<f64> {
    PATTERNS.number.find_iter(&found[0]).filter_map(|number| number.as_str().parse().ok()).collect()
}

fn wish(quantity: Quantity, value: f64, comparison: Option<Comparison>, found: &Captures<'_>) -> Wish {
    Wish { quantity, value, comparison, said: found[0].trim().to_owned() }
}

/// `M3-0.5x20`: of the numbers behind the diameter, a small one is the pitch and any other the length. Metric pitches
/// are below a quarter of the diameter (M1.6 has 0.35), and no screw is as short as that. No part is too short for a
/// length of wire.
fn thread(found: &Captures<'_>) -> Vec<Wish> {
    if found.name("thread").is_none() {
        return Vec::new();
    }
    let numbers = numbers(found);
    let quantity = |place: usize, value: f64| match place {
        0 => Quantity::Thread,
        _ if value < numbers[0] / 4.0 => Quantity::Pitch,
        _ => Quantity::Length,
    };
    numbers.iter().enumerate().map(|(place, &value)| wish(quantity(place, value), value, None, found)).collect()
}

/// `8x22x7` is bore, outer diameter and width of a bearing, and `5 x 20 - 8.8` is not.
fn three_numbers(found: &Captures<'_>) -> Option<Vec<Wish>> {
    let numbers = numbers(found);
    let quantities = [Quantity::Bore, Quantity::OuterDiameter, Quantity::Width];
    let wishes = quantities.into_iter().zip(&numbers).map(|(quantity, &value)| wish(quantity, value, None, found));
    (numbers[0] < numbers[1] && numbers[2] < numbers[1]).then(|| wishes.collect())
}

/// A value, or the two ends of a range.
fn value(found: &Captures<'_>) -> Option<Vec<Wish>> {
    let bound = BOUNDS.get(found, "bound").or_else(|| BOUNDS.get(found, "after")).copied();
    let named = DIMENSIONS.get(found, "name").or_else(|| DIMENSIONS.get(found, "behind")).copied();
    let (quantity, factor) = match UNITS.get(found, "unit") {
        Some(&(Quantity::Millimetres, factor)) => (named.unwrap_or(Quantity::Millimetres), factor),
        Some(&unit) => unit,
        None => (named.unwrap_or(Quantity::Price), 1.0),
    };
    match numbers(found)[..] {
        [value] => Some(vec![wish(quantity, value * factor, bound, found)]),
        // Behind a bound, a dash starts something new: `under $10 - 20 kg cm`, `8 - 200 HV`.
        [low, high] if low < high && bound.is_none() && quantity != Quantity::Unrecorded => {
            let ends = [(low, Comparison::AtLeast), (high, Comparison::AtMost)];
            Some(ends.map(|(value, bound)| wish(quantity, value * factor, Some(bound), found)).to_vec())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("M2,5x0.45x8", "Thread 2.5, Pitch 0.45, Length 8", "")]
    #[case("m 8 nut", "Thread 8", "nut")]
    #[case("M5 x 20 - 8.8", "Thread 5, Length 20", "- 8.8")]
    #[case("8x22x7", "Bore 8, OuterDiameter 22, Width 7", "")]
    #[case("608 bearing", "", "608 bearing")]
    #[case("ID 8mm OD 22mm", "Bore 8, OuterDiameter 22", "")]
    #[case("8mm ID 22mm OD", "Bore 8, OuterDiameter 22", "")]
    #[case("bore 8, ø 22 mm", "Bore 8, Diameter 22", ",")]
    #[case("24v5a psu", "Voltage 24, Current 5", "psu")]
    #[case("5 apples", "", "apples")]
    #[case("sg90", "", "sg90")]
    #[case("2 kg·cm", "Torque 0.196133", "")]
    #[case("under 50 g and $3", "Price 3, Weight 50 AtMost", "and")]
    #[case("5 m 18AWG", "Gauge 18", "")]
    #[case("8 - 200 HV", "Unrecorded 200", "8 -")]
    #[case("<= 5 A", "Current 5 AtMost", "")]
    #[case("5 A max", "Current 5 AtMost", "")]
    #[case("5 V mini relay", "Voltage 5", "mini relay")]
    #[case("cover 5 V", "Voltage 5", "cover")]
    #[case("no more than 5 A", "Current 5 AtMost", "")]
    #[case("min. 5 A", "Current 5 AtLeast", "")]
    #[case("supply at least $20", "Price 20 AtLeast", "supply")]
    #[case("$20 or more", "Price 20 AtLeast", "")]
    #[case("under $10 - 20 kg cm", "Price 10 AtMost, Torque 1.96133", "-")]
    #[case("between $10 and $30", "Price 10 AtLeast, Price 30 AtMost", "")]
    #[case("$10-30", "Price 10 AtLeast, Price 30 AtMost", "")]
    #[case("4 to 6 V", "Voltage 4 AtLeast, Voltage 6 AtMost", "")]
    #[case("relay 2 and 5 V", "Voltage 5", "relay 2 and")]
    fn sizes_are_parsed_and_removed_from_the_question(
        #[case] question: &str,
        #[case] wishes: &str,
        #[case] remaining: &str,
    ) {
        let mut rest = Rest::new(question);
        let read = take_wishes(&mut rest).into_iter().map(|Wish { quantity, value, comparison, .. }| {
            let bound = comparison.map_or(String::new(), |bound| format!(" {bound:?}"));
            format!("{quantity:?} {value}{bound}")
        });
        assert_eq!(read.collect::<Vec<_>>().join(", "), wishes);
        assert_eq!(rest.0.split_whitespace().collect::<Vec<_>>().join(" "), remaining);
    }
}

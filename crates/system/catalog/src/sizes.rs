//! Sizes and quantities in a question: `M3x10`, `24V`, `8x22x7`, `awg 18`, `under 50 g`.
//!
//! Recognised quantities are cut out of the text; the remaining words are then looked up.

use std::{slice, sync::LazyLock};

use regex::{Captures, Regex};

use crate::{
    figures::{Comparison, Quantity},
    words::{Role, folded, said_as},
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

/// A unit as a pattern, the quantity that it is of, and how many of the quantity's own unit it is. A unit without a
/// quantity counts an amount (`5 m` of wire, `10 pcs`), which no part can be too small for.
type Unit = (&'static str, Option<Quantity>, f64);

/// Units in the order in which they are tried, so a longer name stands before its beginning.
const UNITS: [Unit; 16] = [
    (r"vdc|vac|volts?|v", Some(Quantity::Voltage), 1.0),
    (r"milliamps?|ma", Some(Quantity::Current), 1e-3),
    (r"amperes?|amps?|a", Some(Quantity::Current), 1.0),
    (r"kilowatts?|kw", Some(Quantity::Power), 1e3),
    (r"watts?|w", Some(Quantity::Power), 1.0),
    (r"newton[ .-]?met(?:er|re)s?|n[ .-]?m", Some(Quantity::Torque), 1.0),
    (r"n[ .-]?cm", Some(Quantity::Torque), 1e-2),
    (r"kgf?[ ./-]?cm", Some(Quantity::Torque), KILOGRAM_CENTIMETRE),
    (r"oz[ .-]?in", Some(Quantity::Torque), 7.061_552e-3),
    (r"rad/s(?:ec)?|radians per second", Some(Quantity::Speed), 1.0),
    (r"rpm|revolutions per minute", Some(Quantity::RevolutionsPerMinute), 1.0),
    (r"kilonewtons?|kn", Some(Quantity::Force), 1e3),
    (r"newtons?|n", Some(Quantity::Force), 1.0),
    (r"kilograms?|kgs?", Some(Quantity::Weight), 1e3),
    (r"grams?|g", Some(Quantity::Weight), 1.0),
    (r"usd|dollars?|\$", Some(Quantity::Price), 1.0),
];

/// Lengths without a word after the number that says which length they are.
const BARE_LENGTHS: [Unit; 3] = [
    (r"millimet(?:er|re)s?|mm", Some(Quantity::Millimetres), 1.0),
    (r"centimet(?:er|re)s?|cm", Some(Quantity::Millimetres), 10.0),
    (r"met(?:er|re)s?|m", None, 1.0),
];

/// A millimetre as a pattern.
const MILLIMETRE: &str = r"(?:mm|millimet(?:er|re)s?)";
/// Words after a number of contacts.
const CONTACTS: &str = r"pins?|ways?|poles?|positions?|pos|contacts?|circuits?|polig|pol|broches?|p";
/// Units of quantities that the catalogue does not record.
const NOT_RECORDED: &str = r"degrees?|deg|°|grad|khz|hz|hv|hrc|bar|psi|mah|ah|wh|kv|steps?";

/// 1 kg·cm in N·m.
pub(crate) const KILOGRAM_CENTIMETRE: f64 = 0.098_066_5;

const NUMBER: &str = r"(\d+(?:\.\d+)?)";
/// Words before a lower or an upper bound.
const BOUNDS: &str = concat!(
    r"(?:(?P<more>\b(?:at least|minimum|min\.?|over|above|more than|stronger than",
    r"|(?:no|not) (?:less than|under|below))|>=|>)\s*",
    r"|(?P<less>\b(?:at most|maximum|max\.?|under|below|less than|lighter than|cheaper than|up to",
    r"|(?:no|not) (?:more than|over|above))|<=|<)\s*)?",
);
/// Words after one.
const AFTER: &str = r"(?P<after> or (?:more|less)\b| min(?:imum)?\b| max(?:imum)?\b)?";
/// What joins the ends of a range; `and` does so after `between` only.
const JOINT: &str = r"\s*(?P<joint>-|to|\.\.|and)\s*";
/// Words that may precede a range.
const BETWEEN: &str = r"(?:\b(?P<between>between)\s+)?";

/// The whole question as a set of patterns, tried one after the other.
struct Patterns {
    decimal_comma: Regex,
    by: Regex,
    three_numbers: Regex,
    thread: Regex,
    loose_thread: Regex,
    gauge: Regex,
    /// Prices with the sign in front.
    price: UnitPatterns,
    named_length: Regex,
    contacts: Regex,
    frame: Regex,
    counts: Vec<Regex>,
    leading_count: Regex,
    not_recorded: Regex,
    dimensions: Vec<UnitPatterns>,
    units: Vec<UnitPatterns>,
    bare_lengths: Vec<UnitPatterns>,
}

/// How values of one unit are written.
struct UnitPatterns {
    range: Regex,
    single: Regex,
    quantity: Option<Quantity>,
    factor: f64,
}

pub(crate) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns are fixed, and the tests compile all of them")
}

/// Texts as one pattern, the longest first.
fn any_of<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut texts: Vec<_> = texts.map(|text| regex::escape(text).replace(' ', r"\s+")).collect();
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    format!("(?:{})", texts.join("|"))
}

/// The quantity that a line of the role `dimension` means.
fn dimension(meaning: &str) -> Quantity {
    match meaning {
        "bore" => Quantity::Bore,
        "outer_diameter" => Quantity::OuterDiameter,
        "diameter" => Quantity::Diameter,
        "width" => Quantity::Width,
        "thickness" => Quantity::Thickness,
        "height" => Quantity::Height,
        _ => Quantity::Length,
    }
}

/// Lengths with a word behind the number that says which length they are.
fn dimensions() -> Vec<UnitPatterns> {
    let meanings = ["bore", "outer_diameter", "diameter", "width", "thickness", "height", "length"];
    let unit = |meaning: &str| {
        let names = said_as(Role::Dimension).filter(|line| line.meaning == meaning).map(|line| line.said.as_str());
        format!(r"{MILLIMETRE}\s*(?:in\s+)?{}", any_of(names))
    };
    meanings.map(|meaning| UnitPatterns::new(&unit(meaning), Some(dimension(meaning)), 1.0)).into_iter().collect()
}

/// How a number of pieces is written: `(8)`, `100 pcs`, `Qty: 4`, `x100`, `4 x`.
fn counts() -> Vec<Regex> {
    let words = any_of(said_as(Role::Count).map(|line| line.said.as_str()));
    [
        r"\(\s*(?:x\s*)?\d+\s*x?\s*\)".to_owned(),
        format!(r"\b\d+\s*-?\s*{words}\b\.?"),
        format!(r"\b{words}\s*[:.=]?\s*(?:of\s+)?\d+\b"),
        r"\bx\s*\d+\b".to_owned(),
        r"\b(?:\d{1,2}|\d{2,3}0)\s*x\b".to_owned(),
    ]
    .map(|text| pattern(&text))
    .into_iter()
    .collect()
}

impl From<&Unit> for UnitPatterns {
    fn from(&(unit, quantity, factor): &Unit) -> Self {
        Self::new(unit, quantity, factor)
    }
}

impl UnitPatterns {
    fn new(unit: &str, quantity: Option<Quantity>, factor: f64) -> Self {
        Self {
            range: pattern(&format!(r"{BETWEEN}\b(?P<low>{NUMBER}){JOINT}(?P<high>{NUMBER})\s*(?:{unit})")),
            single: pattern(&format!(r"{BOUNDS}\b(?P<value>{NUMBER})\s*-?\s*(?:{unit}){AFTER}")),
            quantity,
            factor,
        }
    }
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns {
    decimal_comma: pattern(r"(\d),(\d)"),
    by: pattern(r"(\d)\s+by\s+(\d)"),
    three_numbers: pattern(&format!(r"\b(m?){NUMBER}\s*([-x/])\s*{NUMBER}\s*[-x/]\s*{NUMBER}(?:\s*mm)?")),
    thread: pattern(&format!(r"\bm{NUMBER}(?:-{NUMBER})?(?:\s*x\s*{NUMBER}(?:\s*mm)?)?")),
    // `5 m 18 awg` is a length of wire.
    loose_thread: pattern(&format!(r"(?P<amount>\d\s*)?\bm\s+{NUMBER}(?:\s*x\s*{NUMBER}(?:\s*mm)?)?")),
    gauge: pattern(&format!(r"\b(?:(?:awg|gauge)\s*-?\s*{NUMBER}|{NUMBER}\s*-?\s*(?:awg|gauge|ga)\b)")),
    price: UnitPatterns {
        // After a bound, a dash starts something new: "under $10 - 20 kg cm".
        range: pattern(&format!(r"{BOUNDS}{BETWEEN}\$\s*(?P<low>{NUMBER}){JOINT}\$?\s*(?P<high>{NUMBER})")),
        single: pattern(&format!(r"{BOUNDS}\$\s*(?P<value>{NUMBER}){AFTER}")),
        quantity: Some(Quantity::Price),
        factor: 1.0,
    },
    named_length: pattern(&format!(
        r"\b(?P<name>{})\s*(?:diameter|durchmesser)?\s*(?:of|von|de|=|:)?\s*(?P<value>{NUMBER})(?:\s*mm)?",
        any_of(said_as(Role::Dimension).map(|line| line.said.as_str()))
    )),
    contacts: pattern(&format!(
        r"\b(?:(?P<value>\d+)|(?P<word>{}))\s*-?\s*(?:{CONTACTS})\b",
        any_of(said_as(Role::Number).map(|line| line.said.as_str()))
    )),
    frame: pattern(&format!(r"\bnema\s*-?\s*{NUMBER}")),
    counts: counts(),
    not_recorded: pattern(&format!(r"\b{NUMBER}\s*-?\s*(?:{NOT_RECORDED})(?:\W|$)")),
    dimensions: dimensions(),
    leading_count: pattern(r"^\W*(?:(?:i|we|need|want|get|give|me|find|please)\s+)*(\d{1,2}|\d{2}0)\s+[a-z]"),
    units: UNITS.iter().map(UnitPatterns::from).collect(),
    bare_lengths: BARE_LENGTHS.iter().map(UnitPatterns::from).collect(),
});

/// Lower case without accents, and the many signs for the same thing as one. The result may hold any letter, but no
/// upper-case one.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in folded(text).chars() {
        match character {
            '×' | '✕' | '✖' | '*' => plain.push('x'),
            '·' | '⋅' | '∙' | '•' => plain.push('.'),
            '−' | '–' | '—' | '‐' | '‑' => plain.push('-'),
            'ø' | '⌀' => plain.push_str(" diameter "),
            '≥' => plain.push_str(">="),
            '≤' => plain.push_str("<="),
            '_' | '\u{a0}' | '\u{202f}' | '\u{2009}' => plain.push(' '),
            other => plain.push(other),
        }
    }
    let points = PATTERNS.decimal_comma.replace_all(&plain, "$1.$2");
    PATTERNS.by.replace_all(&points, "$1 x $2").into_owned()
}

/// Cuts every size and quantity out of a text that went through [`plain`].
pub(crate) fn take_wishes(text: &mut String) -> Vec<Wish> {
    let patterns = &*PATTERNS;
    let mut wishes = Vec::new();
    take_values(text, slice::from_ref(&patterns.price), &mut wishes);
    cut(text, &patterns.three_numbers, &mut wishes, three_numbers);
    cut(text, &patterns.thread, &mut wishes, |found| Some(thread(found, value(found, 1)?, &[2, 3])));
    cut(text, &patterns.gauge, &mut wishes, |found| {
        Some(vec![wish(Quantity::Gauge, value(found, 1).or_else(|| value(found, 2))?, None, found)])
    });
    cut(text, &patterns.frame, &mut wishes, |found| Some(vec![wish(Quantity::Frame, value(found, 1)?, None, found)]));
    take_values(text, &patterns.units, &mut wishes);
    let named = |text: &mut String, wishes: &mut Vec<Wish>| cut(text, &patterns.named_length, wishes, named_length);
    if names_come_first(text) {
        named(text, &mut wishes);
        take_values(text, &patterns.dimensions, &mut wishes);
    } else {
        take_values(text, &patterns.dimensions, &mut wishes);
        named(text, &mut wishes);
    }
    cut(text, &patterns.contacts, &mut wishes, |found| {
        Some(vec![wish(
            Quantity::Contacts,
            number(found, "value").or_else(|| number_word(&found["word"]))?,
            None,
            found,
        )])
    });
    cut(text, &patterns.loose_thread, &mut wishes, |found| {
        found.name("amount").is_none().then(|| thread(found, value(found, 2).unwrap_or_default(), &[3]))
    });
    for count in &patterns.counts {
        cut(text, count, &mut wishes, |_| Some(Vec::new()));
    }
    take_values(text, &patterns.bare_lengths, &mut wishes);
    let has = |quantity: Quantity| wishes.iter().any(|wish| wish.quantity == quantity);
    if has(Quantity::Bore) && has(Quantity::OuterDiameter) {
        // `8 mm ID x 22 mm OD x 7 mm`: the third measure of a bearing.
        for wish in wishes.iter_mut().filter(|wish| wish.quantity == Quantity::Millimetres) {
            wish.quantity = Quantity::Width;
        }
    }
    if let Some(count) = patterns.leading_count.captures(text).and_then(|found| found.get(1)) {
        let place = count.range();
        text.replace_range(place.clone(), &" ".repeat(place.len()));
    }
    wishes
}

/// Cuts out quantities that the catalogue does not record, and returns them as they were said.
pub(crate) fn take_not_recorded(text: &mut String) -> Vec<String> {
    let mut said = Vec::new();
    let original = text.clone();
    for found in PATTERNS.not_recorded.find_iter(&original) {
        said.push(found.as_str().trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '°').to_owned());
        text.replace_range(found.range(), &" ".repeat(found.len()));
    }
    said
}

/// True where the words that say what a number is stand in front of the numbers: `ID 8 mm OD 22 mm`, and not
/// `8 mm ID 22 mm OD`.
fn names_come_first(text: &str) -> bool {
    let patterns = &*PATTERNS;
    let behind = patterns.dimensions.iter().filter_map(|unit| unit.single.find(text)).map(|found| found.start()).min();
    let Some(before) = patterns.named_length.captures(text) else { return false };
    let Some(whole) = before.get(0) else { return false };
    // The sign ø stands in front of every diameter, also of one that is named behind.
    let is_sign = before["name"] == *"diameter";
    behind.is_none_or(|behind| whole.start() < behind && !(is_sign && behind < whole.end()))
}

fn named_length(found: &Captures<'_>) -> Option<Vec<Wish>> {
    let name = found["name"].split_whitespace().collect::<Vec<_>>().join(" ");
    let line = said_as(Role::Dimension).find(|line| line.said == name)?;
    Some(vec![wish(dimension(&line.meaning), number(found, "value")?, None, found)])
}

fn number_word(word: &str) -> Option<f64> {
    said_as(Role::Number).find(|line| line.said == word)?.meaning.parse().ok()
}

/// Cuts out values with a unit, ranges first.
fn take_values(text: &mut String, units: &[UnitPatterns], wishes: &mut Vec<Wish>) {
    for UnitPatterns { range, single, quantity, factor } in units {
        cut(text, range, wishes, |found| {
            let (low, high) = (number(found, "low")? * factor, number(found, "high")? * factor);
            let quantity = (*quantity)?;
            let is_range = found.name("between").is_some() || (&found["joint"] != "and" && bound(found).is_none());
            let bounds = [(low, Comparison::AtLeast), (high, Comparison::AtMost)];
            (is_range && low < high)
                .then(|| bounds.map(|(value, bound)| wish(quantity, value, Some(bound), found)).to_vec())
        });
        cut(text, single, wishes, |found| {
            let value = number(found, "value")? * factor;
            Some(quantity.iter().map(|&quantity| wish(quantity, value, bound(found), found)).collect())
        });
    }
}

/// Replaces what a pattern finds by blanks, where `read` accepts it and the match is not the beginning of a longer word
/// (`5 apples` is not a current).
fn cut(text: &mut String, pattern: &Regex, wishes: &mut Vec<Wish>, read: impl Fn(&Captures<'_>) -> Option<Vec<Wish>>) {
    let original = text.clone();
    for found in pattern.captures_iter(&original) {
        let Some(whole) = found.get(0) else { continue };
        let goes_on = |next: char| {
            next.is_alphabetic() || next.is_numeric() && whole.as_str().ends_with(|last: char| last.is_ascii_digit())
        };
        if original[whole.end()..].starts_with(goes_on) {
            continue;
        }
        if let Some(read) = read(&found) {
            wishes.extend(read);
            text.replace_range(whole.range(), &" ".repeat(whole.len()));
        }
    }
}

fn value(found: &Captures<'_>, group: usize) -> Option<f64> {
    found.get(group)?.as_str().parse().ok()
}

fn number(found: &Captures<'_>, group: &str) -> Option<f64> {
    found.name(group)?.as_str().parse().ok()
}

fn wish(quantity: Quantity, value: f64, comparison: Option<Comparison>, found: &Captures<'_>) -> Wish {
    Wish { quantity, value, comparison, said: found[0].trim().to_owned() }
}

fn bound(found: &Captures<'_>) -> Option<Comparison> {
    match found.name("after").map(|after| after.as_str().trim()) {
        Some("or more" | "min" | "minimum") => Some(Comparison::AtLeast),
        Some("or less" | "max" | "maximum") => Some(Comparison::AtMost),
        _ if found.name("more").is_some() => Some(Comparison::AtLeast),
        _ if found.name("less").is_some() => Some(Comparison::AtMost),
        _ => None,
    }
}

/// `M3-0.5x20` is a thread with pitch and length; `M8-22-7` and `8x22x7` are bore, outer diameter and width. `M5 x 20 -
/// 8.8` is none of them.
fn three_numbers(found: &Captures<'_>) -> Option<Vec<Wish>> {
    let (first, second, third) = (value(found, 2)?, value(found, 4)?, value(found, 5)?);
    let is_metric = !found[1].is_empty();
    if is_metric && is_pitch(first, second) {
        return Some(thread(found, first, &[4, 5]));
    }
    let is_bearing = first < second && third < second && !(is_metric && found[3] == *"x");
    is_bearing.then(|| {
        [(Quantity::Bore, first), (Quantity::OuterDiameter, second), (Quantity::Width, third)]
            .map(|(quantity, value)| wish(quantity, value, None, found))
            .to_vec()
    })
}

/// A thread of this diameter; of the numbers after it, a small one is the pitch and any other the length.
fn thread(found: &Captures<'_>, diameter: f64, further: &[usize]) -> Vec<Wish> {
    let mut wishes = vec![wish(Quantity::Thread, diameter, None, found)];
    for value in further.iter().filter_map(|&group| value(found, group)) {
        let quantity = if is_pitch(diameter, value) { Quantity::Pitch } else { Quantity::Length };
        wishes.push(wish(quantity, value, None, found));
    }
    wishes
}

/// Metric pitches are below a quarter of the diameter (M1.6 has 0.35), and no screw is as short as that.
fn is_pitch(diameter: f64, value: f64) -> bool {
    value < diameter / 4.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn read(question: &str) -> (Vec<(Quantity, f64)>, String) {
        let mut text = plain(question);
        let wishes = take_wishes(&mut text).into_iter().map(|wish| (wish.quantity, wish.value)).collect();
        (wishes, text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    #[rstest]
    #[case("M3x10 screw", &[(Quantity::Thread, 3.0), (Quantity::Length, 10.0)], "screw")]
    #[case("M3 × 10 mm", &[(Quantity::Thread, 3.0), (Quantity::Length, 10.0)], "")]
    #[case("M2,5x0.45x8", &[(Quantity::Thread, 2.5), (Quantity::Pitch, 0.45), (Quantity::Length, 8.0)], "")]
    #[case("M3-0.5_10mm", &[(Quantity::Thread, 3.0), (Quantity::Pitch, 0.5), (Quantity::Millimetres, 10.0)], "")]
    #[case("m 8 nut", &[(Quantity::Thread, 8.0)], "nut")]
    #[case("8x22x7", &[(Quantity::Bore, 8.0), (Quantity::OuterDiameter, 22.0), (Quantity::Width, 7.0)], "")]
    #[case("24v5a psu", &[(Quantity::Voltage, 24.0), (Quantity::Current, 5.0)], "psu")]
    #[case("24-volt", &[(Quantity::Voltage, 24.0)], "")]
    #[case("5 apples", &[], "apples")]
    #[case("sg90", &[], "sg90")]
    #[case("20 kg·cm", &[(Quantity::Torque, 20.0 * KILOGRAM_CENTIMETRE)], "")]
    #[case("under 50 g and $3", &[(Quantity::Price, 3.0), (Quantity::Weight, 50.0)], "and")]
    #[case("18AWG, 5 m", &[(Quantity::Gauge, 18.0)], ",")]
    #[case("ø 22 mm outer", &[(Quantity::OuterDiameter, 22.0)], "diameter")]
    #[case("bore 8, od 22", &[(Quantity::Bore, 8.0), (Quantity::OuterDiameter, 22.0)], ",")]
    #[case("M3 and 5 V", &[(Quantity::Thread, 3.0), (Quantity::Voltage, 5.0)], "and")]
    #[case("relay 2 and 5 V", &[(Quantity::Voltage, 5.0)], "relay 2 and")]
    #[case("4-6 V", &[(Quantity::Voltage, 4.0), (Quantity::Voltage, 6.0)], "")]
    #[case("4 M3 nuts", &[(Quantity::Thread, 3.0)], "nuts")]
    #[case("608 bearing", &[], "608 bearing")]
    #[case("M3*10", &[(Quantity::Thread, 3.0), (Quantity::Length, 10.0)], "")]
    #[case("M 3 x 10", &[(Quantity::Thread, 3.0), (Quantity::Length, 10.0)], "")]
    #[case("M5 x 20 -", &[(Quantity::Thread, 5.0), (Quantity::Length, 20.0)], "-")]
    #[case("M3 by 10", &[(Quantity::Thread, 3.0), (Quantity::Length, 10.0)], "")]
    #[case("(8) M3x12", &[(Quantity::Thread, 3.0), (Quantity::Length, 12.0)], "")]
    #[case("4x M3x12", &[(Quantity::Thread, 3.0), (Quantity::Length, 12.0)], "")]
    #[case("M4 washers x100", &[(Quantity::Thread, 4.0)], "washers")]
    #[case("M4 washers, qty: 100", &[(Quantity::Thread, 4.0)], "washers,")]
    #[case("100 Stk. M4", &[(Quantity::Thread, 4.0)], "")]
    #[case("ID 8mm OD 22mm", &[(Quantity::Bore, 8.0), (Quantity::OuterDiameter, 22.0)], "")]
    #[case("8mm ID 22mm OD", &[(Quantity::Bore, 8.0), (Quantity::OuterDiameter, 22.0)], "")]
    #[case("Innendurchmesser 8 mm", &[(Quantity::Bore, 8.0)], "")]
    #[case("diamètre extérieur 22", &[(Quantity::OuterDiameter, 22.0)], "")]
    #[case("2-pin", &[(Quantity::Contacts, 2.0)], "")]
    #[case("two pin plug", &[(Quantity::Contacts, 2.0)], "plug")]
    #[case("nema 14 stepper", &[(Quantity::Frame, 14.0)], "stepper")]
    fn sizes_are_parsed_and_removed_from_the_question(
        #[case] question: &str,
        #[case] wishes: &[(Quantity, f64)],
        #[case] remaining: &str,
    ) {
        assert_eq!(read(question), (wishes.to_vec(), remaining.to_owned()));
    }

    #[rstest]
    #[case("at least 5 A", Some(Comparison::AtLeast))]
    #[case("<= 5 A", Some(Comparison::AtMost))]
    #[case("5 A max", Some(Comparison::AtMost))]
    #[case("5 A", None)]
    #[case("5 A minimum", Some(Comparison::AtLeast))]
    #[case("5 V mini relay", None)]
    #[case("cover 5 V", None)]
    #[case("thunder 5 V", None)]
    #[case("over 5 V", Some(Comparison::AtLeast))]
    #[case("no more than 5 A", Some(Comparison::AtMost))]
    #[case("not less than 5 A", Some(Comparison::AtLeast))]
    #[case("supply at least $20", Some(Comparison::AtLeast))]
    #[case("over $20", Some(Comparison::AtLeast))]
    #[case(">= $20", Some(Comparison::AtLeast))]
    #[case("$20 or more", Some(Comparison::AtLeast))]
    #[case("under $20", Some(Comparison::AtMost))]
    #[case("cheaper than $20", Some(Comparison::AtMost))]
    #[case("no more than $20", Some(Comparison::AtMost))]
    #[case("under $10 - 20 kg cm", Some(Comparison::AtMost))]
    fn bounds_are_read(#[case] question: &str, #[case] bound: Option<Comparison>) {
        assert_eq!(take_wishes(&mut plain(question))[0].comparison, bound);
    }

    #[rstest]
    #[case("between $10 and $30", Quantity::Price, 10.0, 30.0)]
    #[case("$10 to $30", Quantity::Price, 10.0, 30.0)]
    #[case("$10-30", Quantity::Price, 10.0, 30.0)]
    #[case("between 10 and 30 dollars", Quantity::Price, 10.0, 30.0)]
    #[case("4 to 6 V", Quantity::Voltage, 4.0, 6.0)]
    #[case("between 4 and 6 V", Quantity::Voltage, 4.0, 6.0)]
    fn ranges_have_a_lower_and_an_upper_bound(
        #[case] question: &str,
        #[case] quantity: Quantity,
        #[case] low: f64,
        #[case] high: f64,
    ) {
        let mut text = plain(question);
        let read: Vec<_> =
            take_wishes(&mut text).iter().map(|wish| (wish.quantity, wish.value, wish.comparison)).collect();
        assert_eq!(read, [(quantity, low, Some(Comparison::AtLeast)), (quantity, high, Some(Comparison::AtMost))]);
        assert_eq!(text.trim(), "");
    }
}

//! A parsed question: kind of part, parts by name, figures, further words.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use crate::{
    figures::Quantity,
    sizes::{KILOGRAM_CENTIMETRE, Wish, pattern, plain, take_not_recorded, take_wishes},
    words::{Dictionary, Meaning, Role, STANDARDS, Understood, said_as, squeezed},
};

/// A standard's body and number: `DIN EN ISO 4762`, `ISO4762`, `DIN 625-1`.
static STANDARD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?P<body>din\s+en\s+iso|din\s+iso|din\s+en|(?:nf|uni|bs|sn)\s+en\s+iso|en\s+iso|din|iso|en)\s*[-.:]?\s*(?P<number>\d{1,6})(?:-(?P<part>\d{1,2})\b)?",
    )
});
static WASHER_SIZE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*-?\s*(?:form\s+)?(?:[abc]\s*)?(?P<size>\d+(?:\.\d+)?)(?:\s+|\s*-|\s*$)"));
static STRENGTH_CLASS: LazyLock<Regex> = LazyLock::new(|| {
    let classes: Vec<_> = said_as(Role::Strength).map(|line| regex::escape(&line.said)).collect();
    pattern(&format!(r"(?:^|[\s/(-])(?P<class>{})(?:$|[\s,;:)-])", classes.join("|")))
});
static NUT_CLASS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bm\s?\d+(?:\.\d+)?\s*-\s*(5|6|8|10|12)(?:$|[\s,;)])"));
static THREAD: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bm\s?\d"));

/// Nominal diameters of metric threads, mm.
const THREADS_MM: [f64; 25] = [
    1.6, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0, 27.0, 30.0, 33.0,
    36.0, 39.0, 42.0, 48.0,
];
const WASHER: &str = "washer";
const NUT: &str = "nut";
const STRENGTH: &str = "the strength class";

/// Words of a question beyond this number are ignored: no sensible question of 200 characters is longer.
const MOST_WORDS: usize = 40;
/// Most pieces of text that may form one id: `lrs 350 24`.
const LONGEST_SPLIT_ID: usize = 4;

/// A term that describes a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    /// As written; empty when a question says nothing at all.
    pub(crate) said: String,
    pub(crate) lookup: Lookup,
    /// Its meaning, where the word itself may not say it: `DIN 7991` is a countersunk screw.
    pub(crate) explained: Option<&'static str>,
}

impl Term {
    pub(crate) fn new(said: impl Into<String>, lookup: Lookup) -> Self {
        Self { said: said.into(), lookup, explained: None }
    }

    /// The same word, where a part is only described by it: a connector for a battery is not a battery.
    fn anywhere(self) -> Self {
        let lookup = match self.lookup {
            Lookup::Kind(kind) => Lookup::Phrase(vec![kind]),
            other => other,
        };
        Self { lookup, ..self }
    }
}

/// Where a term is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// A word of the index's column `kind`.
    Kind(String),
    /// Words of the index, one behind the other.
    Phrase(Vec<String>),
    /// Words of the index's column `words`, one behind the other.
    Described(Vec<String>),
    /// Parts that are named by id.
    Parts(BTreeSet<usize>),
    /// Nowhere: the catalogue has nothing of this kind.
    Nowhere,
}

/// A question, understood.
#[derive(Debug, Default)]
pub(crate) struct Question {
    /// Required identity of a part: its kind, its name, its designation.
    pub(crate) required: Vec<Term>,
    /// Required properties: a part of the kind that is not red does not answer a question for a red one.
    pub(crate) described: Vec<Term>,
    /// Its purpose; decides between parts that are otherwise equal.
    pub(crate) context: Vec<Term>,
    /// Figures.
    pub(crate) wishes: Vec<Wish>,
    /// How the words were interpreted, where that is not obvious.
    pub(crate) remarks: Vec<String>,
}

impl Question {
    /// Understands any text.
    pub(crate) fn understand(text: &str, dictionary: &Dictionary) -> Self {
        let mut question = Self::default();
        let mut rest = plain(text);
        question.take_names(&mut rest, dictionary);
        question.take_standards(&mut rest, dictionary);
        question.take_bearings(&mut rest, dictionary, |said| said.contains(|letter: char| !letter.is_ascii_digit()));
        question.take_strength_class(&mut rest);
        question.wishes.extend(take_wishes(&mut rest));
        let others = take_not_recorded(&mut rest);
        question.remarks.extend(others.iter().map(|said| not_recorded(said, "a figure of another kind")));
        question.take_bearings(&mut rest, dictionary, |_| true);
        question.take_designations(&mut rest, dictionary);
        let words: Vec<&str> = rest
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .take(MOST_WORDS)
            .collect();
        question.take_words(&dictionary.understand(&words), dictionary);
        question.read_hobby_torque();
        question
    }

    /// Cuts out pieces that name parts, the longest first.
    fn take_names(&mut self, text: &mut String, dictionary: &Dictionary) {
        for length in (1..=LONGEST_SPLIT_ID).rev() {
            let pieces = pieces(text);
            let mut next = 0;
            for (first, window) in pieces.windows(length).enumerate() {
                let range = window[0].start..window[length - 1].end;
                if first < next {
                    continue;
                }
                let said = text[range.clone()].to_owned();
                let parts = dictionary.named_parts(&said);
                if !parts.is_empty() {
                    self.required.push(Term::new(said, Lookup::Parts(parts)));
                    text.replace_range(range.clone(), &" ".repeat(range.len()));
                    next = first + length;
                }
            }
        }
    }

    /// Cuts out standards. One that the catalogue's parts follow names them; any other names what the catalogue lacks.
    fn take_standards(&mut self, text: &mut String, dictionary: &Dictionary) {
        let original = text.clone();
        for found in STANDARD.captures_iter(&original) {
            let (Some(whole), Some(number)) = (found.get(0), found.name("number")) else { continue };
            // `EN 24 V` is French for "at 24 V", and `rail DIN 24V` names a rail.
            let is_quantity = original[number.end()..].starts_with(|next: char| next.is_alphabetic() && next != 'm');
            if is_quantity || &found["body"] == "en" && number.as_str().len() < 3 {
                continue;
            }
            let body = found["body"].split_whitespace().last().unwrap_or_default();
            let key = |number: &str| format!("{body} {number}");
            let with_part = found.name("part").map(|part| key(&format!("{}-{}", number.as_str(), part.as_str())));
            let full = with_part.as_deref().and_then(|key| Some((STANDARDS.get(key)?, whole.end())));
            let known = full.or_else(|| Some((STANDARDS.get(&key(number.as_str()))?, number.end())));
            let said = original[whole.start()..known.map_or(number.end(), |(_, end)| end)].trim().to_owned();
            let end = known.map_or(number.end(), |(_, end)| end);
            text.replace_range(whole.start()..end, &" ".repeat(end - whole.start()));
            let Some((standard, _)) = known else {
                self.required.push(Term::new(said, Lookup::Nowhere));
                continue;
            };
            let near = || Term::new(said.clone(), Lookup::Kind(standard.near.clone()));
            if standard.catalogue.is_empty() {
                self.required.extend((!standard.near.is_empty()).then(near));
                let lacking = Term { explained: Some(&standard.meaning), ..Term::new(said.clone(), Lookup::Nowhere) };
                let terms = if standard.near.is_empty() { &mut self.required } else { &mut self.described };
                terms.push(lacking);
            } else {
                let parts = dictionary.of_standard(&standard.catalogue);
                self.required.push(Term::new(said, Lookup::Parts(parts)));
                self.remarks.extend((!standard.remark.is_empty()).then(|| standard.remark.clone()));
            }
            if standard.near == WASHER {
                self.take_washer_size(text, end);
            }
            if standard.near == NUT {
                self.take_nut_class(text);
            }
        }
    }

    /// Washers are designated without the M: `ISO 7089 - 8`, `DIN 125 A 8.4`. The first is the thread, the second the
    /// hole.
    fn take_washer_size(&mut self, text: &mut String, from: usize) {
        let Some(found) = WASHER_SIZE.captures(&text[from..]) else { return };
        let Some((whole, value)) = found.get(0).zip(found["size"].parse().ok()) else { return };
        let quantity = if THREADS_MM.contains(&value) { Quantity::Thread } else { Quantity::Bore };
        let said = whole.as_str().trim().to_owned();
        let range = from + whole.start()..from + whole.end();
        self.wishes.push(Wish { quantity, value, comparison: None, said });
        text.replace_range(range.clone(), &" ".repeat(range.len()));
    }

    /// The strength class of a nut is a bare number behind its thread: `ISO 4032 - M6 - 8`.
    fn take_nut_class(&mut self, text: &mut String) {
        let Some(class) = NUT_CLASS.captures(text).and_then(|found| found.get(1)) else { return };
        let (range, said) = (class.range(), class.as_str().to_owned());
        self.remarks.push(not_recorded(&said, STRENGTH));
        text.replace_range(range.clone(), &" ".repeat(range.len()));
    }

    /// Cuts out designations of bearings with the letters behind them; `is_meant` picks the pieces that are read as such.
    fn take_bearings(&mut self, text: &mut String, dictionary: &Dictionary, is_meant: impl Fn(&str) -> bool) {
        for range in pieces(text) {
            let said = text[range.clone()].to_owned();
            if !is_meant(&said) {
                continue;
            }
            let Some((parts, suffixes)) = dictionary.bearings(&said) else { continue };
            self.remarks.extend(suffixes.into_iter().map(|(suffix, meaning)| not_recorded(&suffix, meaning)));
            self.required.push(Term::new(said, Lookup::Parts(parts.clone())));
            text.replace_range(range.clone(), &" ".repeat(range.len()));
        }
    }

    /// Cuts out the strength class of a screw or nut: `M5 x 20 - 8.8`. Elsewhere such a number is a quantity.
    fn take_strength_class(&mut self, text: &mut String) {
        if !THREAD.is_match(text) && self.required.is_empty() {
            return;
        }
        let original = text.clone();
        for found in STRENGTH_CLASS.captures_iter(&original) {
            let Some(class) = found.name("class") else { continue };
            let as_quantity = take_wishes(&mut original[class.start()..].to_owned());
            if !as_quantity.iter().any(|wish| wish.said.starts_with(class.as_str())) {
                self.remarks.push(not_recorded(class.as_str(), STRENGTH));
                text.replace_range(class.range(), &" ".repeat(class.len()));
            }
        }
    }

    /// A word with a digit that is not a quantity is a designation: `G5LE`, `4-pin`. Another one is never an answer, so
    /// the index must have it exactly as written.
    fn take_designations(&mut self, text: &mut String, dictionary: &Dictionary) {
        for range in pieces(text) {
            let said = &text[range.clone()];
            if !said.contains(|character: char| character.is_ascii_digit()) {
                continue;
            }
            let words = said.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
            let words: Vec<String> = words.map(str::to_owned).collect();
            // `A2-70` and `2RS` are words that have a meaning.
            if dictionary.begins_a_phrase(&words) {
                continue;
            }
            let said = said.trim_matches(|character: char| !character.is_alphanumeric()).to_owned();
            self.required.push(Term::new(said, Lookup::Described(words)));
            text.replace_range(range.clone(), &" ".repeat(range.len()));
        }
    }

    /// The last kind before a word such as `for` is the wanted part (a battery connector is a connector); the words
    /// around it describe the part.
    fn take_words(&mut self, understood: &[Understood], dictionary: &Dictionary) {
        let segments = understood.split(|phrase| phrase.meaning == Meaning::Context);
        let mut unknown = Vec::new();
        let mut kinds: Vec<Term> = Vec::new();
        let (mut described, mut context) = (Vec::new(), Vec::new());
        let mut implied = None;
        for (number, segment) in segments.enumerate() {
            let has_kind = !kinds.is_empty();
            // The purpose decides between parts; everything else is required.
            let is_context = number > 0 && has_kind;
            for Understood { said, read, meaning } in segment {
                self.remark_reading(said, read, meaning);
                let nowhere = || Term::new(said.clone(), Lookup::Nowhere);
                match meaning {
                    Meaning::Kind { kind, described: words } => {
                        let term = Term::new(said.clone(), Lookup::Kind(kind.clone()));
                        if is_context {
                            context.push(term.anywhere());
                        } else {
                            kinds.push(term);
                            let phrase = Term::new(words.join(" "), Lookup::Phrase(words.clone()));
                            described.extend((!words.is_empty()).then_some(phrase));
                        }
                    }
                    Meaning::Absent { .. } | Meaning::Lacking { .. } if is_context => {}
                    Meaning::Absent { near: None } => kinds.push(nowhere()),
                    Meaning::Absent { near: Some(near) } => {
                        kinds.push(Term::new(said.clone(), Lookup::Kind(near.clone())));
                        described.push(nowhere());
                    }
                    Meaning::Lacking { near } => {
                        described.push(nowhere());
                        implied = near.as_ref().map(|near| Term::new(said.clone(), Lookup::Kind(near.clone())));
                    }
                    Meaning::Phrase(words) => {
                        let terms = if number == 0 { &mut described } else { &mut context };
                        terms.push(Term::new(said.clone(), Lookup::Phrase(words.clone())));
                    }
                    Meaning::Prefer(words) => context.push(Term::new(said.clone(), Lookup::Phrase(words.clone()))),
                    Meaning::Unstated(what) => self.remarks.push(not_recorded(said, what)),
                    Meaning::Unknown => unknown.push((number == 0, said.clone())),
                    Meaning::Context | Meaning::Ignored => {}
                }
            }
        }
        let kind = kinds.pop();
        let is_generic =
            matches!(&kind, Some(Term { lookup: Lookup::Kind(kind), .. }) if dictionary.is_commodity(kind));
        for other in kinds.into_iter().filter(|other| kind.as_ref().is_none_or(|kind| kind.lookup != other.lookup)) {
            let terms = if is_generic { &mut context } else { &mut described };
            terms.push(other.anywhere());
        }
        let says_nothing = self.required.is_empty() && kind.is_none() && described.is_empty() && context.is_empty();
        if says_nothing && (!unknown.is_empty() || self.wishes.is_empty()) {
            let said: Vec<_> = unknown.into_iter().map(|(_, said)| said).collect();
            self.required.push(Term::new(said.join(" "), Lookup::Nowhere));
        } else {
            let names_a_part = self.required.iter().any(|term| matches!(term.lookup, Lookup::Parts(_)));
            for (is_said_of_it, said) in unknown {
                if is_said_of_it && !names_a_part {
                    described.push(Term::new(said, Lookup::Nowhere));
                } else {
                    self.remarks.push(format!("{said:?} occurs nowhere in the catalogue"));
                }
            }
        }
        self.required.extend(kind.or(implied.filter(|_| self.required.is_empty())));
        self.described.extend(described);
        self.context = context;
    }

    fn remark_reading(&mut self, said: &str, read: &str, meaning: &Meaning) {
        let is_spelling = squeezed(said) != squeezed(read) && !said.starts_with(read);
        let is_looked_up = matches!(meaning, Meaning::Kind { .. } | Meaning::Phrase(_) | Meaning::Prefer(_));
        if is_spelling && is_looked_up {
            self.remarks.push(format!("{said:?} is read as {read:?}"));
        }
    }

    /// Shops call a servo of 20 kg·cm a 20 kg servo; no one looks for one that weighs 20 kg.
    fn read_hobby_torque(&mut self) {
        let is_motor = |term: &Term| matches!(&term.lookup, Lookup::Kind(kind) if kind == "servo" || kind == "motor");
        if !self.required.iter().any(is_motor) {
            return;
        }
        for wish in &mut self.wishes {
            if wish.quantity == Quantity::Weight && wish.comparison.is_none() && wish.said.ends_with("kg") {
                wish.quantity = Quantity::Torque;
                wish.value = wish.value / 1000.0 * KILOGRAM_CENTIMETRE;
            }
        }
    }
}

/// The remark of an answer about a property that the catalogue does not record.
fn not_recorded(said: &str, what: &str) -> String {
    format!("{said:?} ({what}) is not recorded in the catalogue; check it before you buy")
}

/// Positions of the pieces between white space, without commas and other marks at their ends.
fn pieces(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = None;
    for (index, character) in text.char_indices() {
        let ends = character.is_whitespace() || ",;:!?()[]{}\"'|&".contains(character);
        match (ends, start) {
            (false, None) => start = Some(index),
            (true, Some(begun)) => {
                pieces.push(begun..index);
                start = None;
            }
            _ => {}
        }
    }
    pieces.extend(start.map(|begun| begun..text.len()));
    pieces
}

//! A question as it is understood: which kind of part, which parts by name, which figures, which further words.

use std::collections::BTreeSet;

use crate::{
    figures::Quantity,
    sizes::{KILOGRAM_CENTIMETRE, Wish, plain, take_wishes},
    words::{Dictionary, Meaning, Understood, squeezed},
};

/// Words of a question beyond this number are not read: 200 characters hold no sensible question that is longer.
const MOST_WORDS: usize = 40;
/// So many pieces of text may make one id: `lrs 350 24`.
const LONGEST_SPLIT_ID: usize = 4;

/// Something that a part is described by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    /// As it was said; empty when a question says nothing at all.
    pub(crate) said: String,
    pub(crate) lookup: Lookup,
}

impl Term {
    /// The same word, also where a part is only described by it: a connector for a battery is no battery.
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
    /// Parts that are named outright.
    Parts(BTreeSet<usize>),
    /// Nowhere: the catalogue has nothing of the sort.
    Nowhere,
}

/// A question, understood.
#[derive(Debug, Default)]
pub(crate) struct Question {
    /// What a part must be: its kind, its name, its designation. Without these it is another part.
    pub(crate) required: Vec<Term>,
    /// What should be said about it. The parts about which most of it is said are taken.
    pub(crate) described: Vec<Term>,
    /// What it is for; decides between parts that are otherwise alike.
    pub(crate) context: Vec<Term>,
    /// Figures.
    pub(crate) wishes: Vec<Wish>,
    /// How the words were read, where that is not obvious.
    pub(crate) remarks: Vec<String>,
}

impl Question {
    /// Understands any text.
    pub(crate) fn understand(text: &str, dictionary: &Dictionary) -> Self {
        let mut question = Self::default();
        let mut rest = plain(text);
        question.take_names(&mut rest, dictionary);
        question.wishes = take_wishes(&mut rest);
        question.take_designations(&mut rest);
        let words: Vec<&str> = rest
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .take(MOST_WORDS)
            .collect();
        question.take_words(&dictionary.understand(&words));
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
                    self.required.push(Term { said, lookup: Lookup::Parts(parts) });
                    text.replace_range(range.clone(), &" ".repeat(range.len()));
                    next = first + length;
                }
            }
        }
    }

    /// What has a digit and is no quantity is the designation of something: `608`, `ISO 4762`, `4-pin`. Nobody who asks
    /// for a 6201 is served with a 608, so the index must have it as it was said.
    fn take_designations(&mut self, text: &mut String) {
        for range in pieces(text) {
            let said = &text[range.clone()];
            if !said.contains(|character: char| character.is_ascii_digit()) {
                continue;
            }
            let words =
                said.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
            let words: Vec<String> = words.map(str::to_owned).collect();
            let said = said.trim_matches(|character: char| !character.is_alphanumeric()).to_owned();
            self.required.push(Term { said, lookup: Lookup::Phrase(words) });
            text.replace_range(range.clone(), &" ".repeat(range.len()));
        }
    }

    /// The last kind before a word such as `for` is what is wanted (a battery connector is a connector); what stands
    /// around it describes.
    fn take_words(&mut self, understood: &[Understood]) {
        let segments = understood.split(|phrase| phrase.meaning == Meaning::Context);
        let mut unknown = Vec::new();
        let mut kind = None;
        let (mut described, mut context) = (Vec::new(), Vec::new());
        for (number, segment) in segments.enumerate() {
            for Understood { said, read, meaning } in segment {
                let lookup = match meaning {
                    Meaning::Kind(kind) => Lookup::Kind(kind.clone()),
                    Meaning::Absent => Lookup::Nowhere,
                    Meaning::Phrase(words) => Lookup::Phrase(words.clone()),
                    Meaning::Unknown => {
                        unknown.push(said.clone());
                        continue;
                    }
                    Meaning::Context | Meaning::Ignored => continue,
                };
                self.remark_reading(said, read, &lookup);
                let names_kind = matches!(lookup, Lookup::Kind(_) | Lookup::Nowhere);
                let term = Term { said: said.clone(), lookup };
                if names_kind && (number == 0 || kind.is_none()) {
                    described.extend(kind.replace(term).map(Term::anywhere));
                } else if number == 0 {
                    described.push(term.anywhere());
                } else {
                    context.push(term.anywhere());
                }
            }
        }
        let says_nothing = self.required.is_empty() && kind.is_none() && described.is_empty() && context.is_empty();
        if says_nothing && (!unknown.is_empty() || self.wishes.is_empty()) {
            self.required.push(Term { said: unknown.join(" "), lookup: Lookup::Nowhere });
        } else {
            self.remarks.extend(unknown.iter().map(|word| format!("{word:?} occurs nowhere in the catalogue")));
        }
        self.required.extend(kind);
        self.described = described;
        self.context = context;
    }

    fn remark_reading(&mut self, said: &str, read: &str, lookup: &Lookup) {
        let is_spelling = squeezed(said) != squeezed(read) && !said.starts_with(read);
        if is_spelling && *lookup != Lookup::Nowhere {
            self.remarks.push(format!("{said:?} is read as {read:?}"));
        }
    }

    /// Shops call a servo of 20 kg·cm a 20 kg servo; nobody looks for one that weighs 20 kg.
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

/// Where the pieces between white space lie, commas and other marks that end a piece left out.
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

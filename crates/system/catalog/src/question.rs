//! A parsed question: kind of part, parts by name, figures, further words.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use crate::{
    figures::Quantity,
    sizes::{PIECE, Rest, Wish, pattern, take_wishes},
    words::{Dictionary, Role, STANDARDS, Standard, Understood, said_as, squeezed, words},
};

/// A standard's body and number: `DIN EN ISO 4762`, `ISO4762`, `DIN 625-1`.
static STANDARD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:din|nf|uni|bs|sn|en)\s+)*(?P<body>din|iso|en)\s*[-.:]?\s*(?P<number>\d{1,6})(?:-(?P<part>[1-3])\b)?",
    )
});
/// Shortest number of a standard that no table has: `EN 24 V` is French for "at 24 V", and `rail DIN 24V` names a rail.
const SHORTEST_UNKNOWN_STANDARD: usize = 3;
/// 1 kg·cm in N·m.
const KILOGRAM_CENTIMETRE: f64 = 0.098_066_5;
/// Most pieces of text that may form one id: `lrs 350 24`.
const LONGEST_SPLIT_ID: usize = 3;

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

    pub(crate) fn kind(said: &str, kind: &str) -> Self {
        Self::new(said, Lookup::Kind(kind.to_owned()))
    }

    fn phrase(said: &str, phrase: &str) -> Self {
        Self::new(said, Lookup::Phrase(phrase.to_owned()))
    }

    /// The same word, where a part is only described by it: a connector for a battery is not a battery.
    fn anywhere(self) -> Self {
        let lookup = match self.lookup {
            Lookup::Kind(kind) => Lookup::Phrase(kind),
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
    /// Words of the index's column `words`, one behind the other.
    Phrase(String),
    /// Parts that are named by id.
    Parts(BTreeSet<usize>),
    /// Nowhere: the catalogue has nothing of this kind.
    Nowhere,
}

fn diameter(said: &str, value: f64) -> Wish {
    Wish { quantity: Quantity::Diameter, value, comparison: None, said: said.to_owned() }
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
        let mut rest = Rest::new(text);
        question.take_names(&mut rest, dictionary);
        let standard = question.take_standards(&mut rest);
        for wish in take_wishes(&mut rest) {
            match wish.quantity {
                Quantity::Unrecorded => question.not_recorded(&wish.said, "a figure of another kind"),
                _ => question.wishes.push(wish),
            }
        }
        question.take_designations(&mut rest, standard, dictionary);
        let words: Vec<&str> = rest.words().collect();
        question.take_words(&dictionary.understand(&words));
        question.read_hobby_torque();
        question
    }

    /// Cuts out pieces that name parts, the longest first.
    fn take_names(&mut self, rest: &mut Rest, dictionary: &Dictionary) {
        for length in (1..=LONGEST_SPLIT_ID).rev() {
            let named = |rest: &Rest| {
                let ranges = rest.pieces();
                let mut ranges = ranges.windows(length).map(|pieces| pieces[0].start..pieces[length - 1].end);
                ranges.find_map(|range| Some((dictionary.named_parts(rest.text(range.clone()))?, range)))
            };
            while let Some((parts, range)) = named(rest) {
                self.required.push(Term::new(rest.cut(range), Lookup::Parts(parts)));
            }
        }
    }

    /// Cuts out standards. One that the catalogue's parts follow describes them; any other names what the catalogue
    /// lacks. Returns the first that is known.
    fn take_standards(&mut self, rest: &mut Rest) -> Option<&'static Standard> {
        let found = rest.take(&STANDARD, |found| {
            let standard = STANDARDS.get(&format!("{} {}", &found["body"], &found["number"]));
            let is_one = standard.is_some() || found["number"].len() >= SHORTEST_UNKNOWN_STANDARD;
            let part = found.name("part").filter(|_| &found["body"] == "iso").map(|part| part.as_str().to_owned());
            is_one.then(|| (found[0].to_owned(), standard, part))
        });
        for (said, standard, part) in &found {
            let nowhere = Term::new(said, Lookup::Nowhere);
            let Some(Standard { catalogue, near, meaning, remark, .. }) = standard else {
                self.required.push(nowhere);
                continue;
            };
            let lacking = Term { explained: Some(meaning), ..nowhere };
            match (catalogue.is_empty(), near.is_empty()) {
                (false, _) => self.required.push(Term::phrase(said, catalogue)),
                (true, true) => self.required.push(lacking),
                (true, false) => {
                    self.required.push(Term::kind(said, near));
                    self.described.push(lacking);
                }
            }
            self.remarks.extend((!remark.is_empty()).then(|| remark.clone()));
            // These have no parts: `ISO 7089-3` is a washer for M3.
            let size = part.as_ref().filter(|_| near == "washer").and_then(|part| part.parse().ok());
            self.wishes.extend(size.map(|size| diameter(said, size)));
        }
        found.into_iter().find_map(|(_, standard, _)| standard)
    }

    /// Cuts out what has a digit and is no quantity. It is never an answer to ask for another one (`G5LE`, `XT90`), so
    /// the index must have it exactly as written, but for what a standard or a thread makes of it.
    fn take_designations(&mut self, rest: &mut Rest, standard: Option<&Standard>, dictionary: &Dictionary) {
        let near = standard.map_or("", |standard| &standard.near);
        let is_screw = self.wishes.iter().any(|wish| wish.quantity == Quantity::Thread);
        let strength_of = |kind: &str| kind == near || is_screw && kind == "screw";
        let taken = rest.take(&PIECE, |found| {
            let said = found[0].trim_matches(|letter: char| !letter.is_alphanumeric());
            // `A2-70` and `2RS` are words that have a meaning.
            let is_phrase = || dictionary.begins_a_phrase(&words(said).collect::<Vec<_>>());
            (said.contains(|letter: char| letter.is_ascii_digit()) && !is_phrase()).then(|| said.to_owned())
        });
        for said in taken {
            if let Some((designation, suffixes)) = dictionary.bearing(&said) {
                for (suffix, meaning) in suffixes {
                    self.not_recorded(suffix, meaning);
                }
                self.required.push(Term::phrase(&said, designation));
            } else if said_as(Role::Strength).any(|line| line.said == said && strength_of(&line.meaning)) {
                self.not_recorded(&said, "the strength class");
            } else if near == "washer"
                && let Ok(value) = said.parse()
            {
                // Washers are designated without the M, by the thread or the hole: `ISO 7089 - 8`, `DIN 125 A 8.4`.
                self.wishes.push(diameter(&said, value));
            } else {
                self.required.push(Term::phrase(&said, &said));
            }
        }
    }

    /// The last kind before a word such as `for` is the wanted part (a battery connector is a connector); the words
    /// around it describe the part.
    fn take_words(&mut self, understood: &[Understood]) {
        let segments = understood.split(|phrase| phrase.role == Role::Context);
        let (mut kinds, mut implied, mut unknown) = (Vec::new(), None, Vec::new());
        for (number, segment) in segments.enumerate() {
            // The purpose decides between parts; everything else is required.
            let is_purpose = number > 0 && !kinds.is_empty();
            for phrase in segment {
                self.remark_reading(phrase);
                let Understood { said, role, meaning, .. } = phrase;
                match role {
                    Role::Kind => {
                        let (described, kind) = meaning.rsplit_once(' ').unwrap_or(("", meaning));
                        if is_purpose {
                            self.context.push(Term::phrase(said, kind));
                        } else {
                            kinds.push(Term::kind(said, kind));
                            self.described.extend((!described.is_empty()).then(|| Term::phrase(described, described)));
                        }
                    }
                    Role::Absent | Role::Lacking if is_purpose => {}
                    Role::Absent if meaning.is_empty() => kinds.push(Term::new(said, Lookup::Nowhere)),
                    Role::Absent => {
                        self.described.push(Term::new(said, Lookup::Nowhere));
                        kinds.push(Term::kind(said, meaning));
                    }
                    Role::Lacking => {
                        self.described.push(Term::new(said, Lookup::Nowhere));
                        implied = (!meaning.is_empty()).then(|| Term::kind(said, meaning));
                    }
                    Role::Word if !is_purpose => self.described.push(Term::phrase(said, meaning)),
                    Role::Word | Role::Prefer => self.context.push(Term::phrase(said, meaning)),
                    Role::Unstated => self.not_recorded(said, meaning),
                    Role::Unknown if is_purpose => {
                        self.remarks.push(format!("{said:?} occurs nowhere in the catalogue"));
                    }
                    Role::Unknown => unknown.push(said),
                    _ => {}
                }
            }
        }
        let kind = kinds.pop();
        let is_commodity =
            |kind: &Term| said_as(Role::Commodity).any(|line| kind.lookup == Lookup::Kind(line.said.clone()));
        let terms = if kind.as_ref().is_some_and(is_commodity) { &mut self.context } else { &mut self.described };
        let others = kinds.into_iter().filter(|other| kind.as_ref().is_none_or(|kind| kind.lookup != other.lookup));
        terms.extend(others.map(Term::anywhere));
        self.required.extend(kind.or(implied.filter(|_| self.required.is_empty())));
        let terms = if self.required.is_empty() { &mut self.required } else { &mut self.described };
        terms.extend(unknown.into_iter().map(|said| Term::new(said, Lookup::Nowhere)));
        let terms = [&self.required, &self.described, &self.context];
        if self.wishes.is_empty() && terms.iter().all(|terms| terms.is_empty()) {
            self.required.push(Term::new("", Lookup::Nowhere));
        }
    }

    fn remark_reading(&mut self, Understood { said, read, role, .. }: &Understood) {
        let is_spelling = squeezed(said) != squeezed(read) && !said.starts_with(read);
        if is_spelling && matches!(role, Role::Kind | Role::Word | Role::Prefer) {
            self.remarks.push(format!("{said:?} is read as {read:?}"));
        }
    }

    /// Remarks a property that the catalogue does not record.
    fn not_recorded(&mut self, said: &str, what: &str) {
        self.remarks.push(format!("{said:?} ({what}) is not recorded in the catalogue; check it before you buy"));
    }

    /// Shops call a servo of 20 kg·cm a 20 kg servo; no one looks for one that weighs 20 kg.
    fn read_hobby_torque(&mut self) {
        let is_motor = |term: &Term| matches!(&term.lookup, Lookup::Kind(kind) if kind == "servo" || kind == "motor");
        let is_asked = self.required.iter().any(is_motor);
        for wish in self.wishes.iter_mut().filter(|wish| is_asked && wish.said.ends_with("kg")) {
            if wish.quantity == Quantity::Weight && wish.comparison.is_none() {
                wish.quantity = Quantity::Torque;
                wish.value *= KILOGRAM_CENTIMETRE / 1000.0;
            }
        }
    }
}

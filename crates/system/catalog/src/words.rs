//! The words of a question: names of parts, misspellings, and filler words.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::LazyLock,
};

use serde::{Deserialize, de::DeserializeOwned};
use strsim::damerau_levenshtein;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::Part;

const WORDS: &str = include_str!("../data/words.csv");

/// Shortest word whose spelling is corrected: with three letters, every word has a neighbour.
const SHORTEST_DOUBTED: usize = 4;
/// Shortest word that a longer one may be a misspelling of (`nutt`).
const SHORTEST_MEANT: usize = 3;
/// From this length on, two errors are corrected instead of one.
const TWO_SLIPS_FROM: usize = 6;
/// Shortest beginning of a part's id that stands for the part (`lrs350`).
const SHORTEST_ID_BEGINNING: usize = 4;

/// What a line of `words.csv` is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// A kind of part that the catalogue has; the meaning is a word of the index's column `kind`, behind the words
    /// that describe it (`toggle switch`).
    Kind,
    /// A property of parts; the meaning is a phrase of the index.
    Word,
    /// A phrase of the index that decides between parts that fit, and rules none out.
    Prefer,
    /// A kind of part that the catalogue does not have, and the kind that is nearest to it, if any.
    Absent,
    /// A property that no part has, and the kind of part that would have it, if only one kind would.
    Lacking,
    /// A property that the catalogue does not record; the meaning names it.
    Unstated,
    /// Letters behind a bearing's designation that the catalogue does not record; the meaning says what they stand for.
    Suffix,
    /// A strength class of screws, which the catalogue does not record.
    Strength,
    /// A kind for which another kind only gives the purpose: a motor screw is a screw.
    Commodity,
    /// Says what a number is: a bore, a length.
    Dimension,
    /// Stands beside a number of pieces.
    Count,
    /// A number of pieces as a word.
    Number,
    /// What follows says what the part is for.
    Context,
    /// Says nothing.
    Ignore,
}

/// A line of `words.csv`.
#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) role: Role,
    pub(crate) said: String,
    pub(crate) meaning: String,
}

/// The lines of `words.csv`.
pub(crate) static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| table("words.csv", WORDS));

/// A standard of fasteners or bearings, as `standards.csv` has it.
#[derive(Debug, Deserialize)]
pub(crate) struct Standard {
    /// `DIN 912`.
    #[serde(rename = "standard")]
    pub(crate) designation: String,
    /// Standard under which the catalogue has such parts; empty when it has none.
    pub(crate) catalogue: String,
    /// Kind that is nearest, if any.
    pub(crate) near: String,
    /// What it describes.
    pub(crate) meaning: String,
    /// A remark for whoever asks.
    pub(crate) remark: String,
}

/// The standards by their designation in lower case.
pub(crate) static STANDARDS: LazyLock<HashMap<String, Standard>> = LazyLock::new(|| {
    let standards = table("standards.csv", include_str!("../data/standards.csv"));
    standards.into_iter().map(|standard: Standard| (standard.designation.to_lowercase(), standard)).collect()
});

/// A table that is compiled in.
fn table<T: DeserializeOwned>(file: &str, text: &str) -> Vec<T> {
    let lines: Result<Vec<T>, csv::Error> = csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect();
    lines.unwrap_or_else(|error| panic!("{file} is compiled in, and the tests read all of it: {error}"))
}

/// Texts of one role.
pub(crate) fn said_as(role: Role) -> impl Iterator<Item = &'static Line> {
    LINES.iter().filter(move |line| line.role == role)
}

/// What a phrase of a question means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A kind of part in the index's word, and the properties given with it.
    Kind { kind: String, described: Vec<String> },
    /// A kind that the catalogue does not have.
    Absent { near: Option<String> },
    /// A phrase of the index.
    Phrase(Vec<String>),
    /// A phrase of the index that decides between parts that fit.
    Prefer(Vec<String>),
    /// A property that no part has.
    Lacking { near: Option<String> },
    /// A property that the catalogue does not record.
    Unstated(String),
    /// What follows says what the part is for.
    Context,
    /// Nothing.
    Ignored,
    /// A word that occurs nowhere, not even nearly.
    Unknown,
}

impl Meaning {
    fn of(line: &Line) -> Self {
        let words = || line.meaning.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let near = || (!line.meaning.is_empty()).then(|| line.meaning.clone());
        match line.role {
            Role::Kind => {
                let mut described = words();
                let kind = described.pop().unwrap_or_default();
                Self::Kind { kind, described }
            }
            Role::Word => Self::Phrase(words()),
            Role::Prefer => Self::Prefer(words()),
            Role::Absent => Self::Absent { near: near() },
            Role::Lacking => Self::Lacking { near: near() },
            Role::Unstated | Role::Suffix | Role::Strength => Self::Unstated(line.meaning.clone()),
            Role::Context => Self::Context,
            Role::Commodity | Role::Dimension | Role::Count | Role::Number | Role::Ignore => Self::Ignored,
        }
    }
}

/// A phrase of a question, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Understood {
    /// As it was said.
    pub(crate) said: String,
    /// As it was read; the same unless the spelling was mended.
    pub(crate) read: String,
    pub(crate) meaning: Meaning,
}

/// Letters behind a bearing's designation, and what they stand for.
pub(crate) type Suffix = (String, &'static str);

/// Everything that is known about words: the index's own, and those that `words.csv` leads to them.
pub(crate) struct Dictionary {
    phrases: HashMap<Vec<String>, Meaning>,
    longest_phrase: usize,
    /// Words of the index.
    indexed: BTreeSet<String>,
    /// Candidates for the correction of a misspelt word; true for words that name a kind.
    spellings: BTreeMap<String, bool>,
    /// Words that are known, but never used as a correction: `gold` is not a misspelt `good`.
    others: BTreeSet<String>,
    /// Ids without their punctuation, and the position of their part.
    ids: BTreeMap<String, usize>,
    /// Ids whose beginning is enough: a model has a name, a screw only a size.
    models: BTreeMap<String, usize>,
    /// Designations of bearings, and the positions of their parts.
    designations: BTreeMap<String, BTreeSet<usize>>,
    /// Standards of the parts in lower case, and the positions of their parts.
    standards: BTreeMap<String, BTreeSet<usize>>,
    /// Letters behind a bearing's designation, and what they stand for.
    suffixes: BTreeMap<&'static str, &'static str>,
    commodities: BTreeSet<&'static str>,
}

impl Dictionary {
    /// For an index with these words, over these parts.
    pub(crate) fn new(vocabulary: Vec<String>, parts: &[Part]) -> Self {
        let indexed: BTreeSet<String> = vocabulary.into_iter().collect();
        let mut spellings: BTreeMap<String, bool> =
            indexed.iter().filter(|word| is_plain_word(word)).map(|word| (word.clone(), false)).collect();
        let (mut phrases, mut others) = (HashMap::new(), BTreeSet::new());
        for line in LINES.iter().filter(|line| line.role != Role::Commodity) {
            let words: Vec<String> = folded(&line.said).split_whitespace().map(str::to_owned).collect();
            for word in words.iter().filter(|word| is_plain_word(word)) {
                if matches!(line.role, Role::Kind | Role::Word | Role::Prefer | Role::Absent | Role::Lacking) {
                    let names_kind = spellings.entry(word.clone()).or_default();
                    *names_kind |= line.role == Role::Kind;
                } else {
                    others.insert(word.clone());
                }
            }
            phrases.insert(words, Meaning::of(line));
        }
        let longest_phrase = phrases.keys().map(Vec::len).max().unwrap_or(1);
        let (mut ids, mut models) = (BTreeMap::new(), BTreeMap::new());
        for (position, part) in parts.iter().enumerate() {
            let has_model_name = !part.record.params.contains_key("thread") && part.figure("bore_mm").is_none();
            for id in part.ids() {
                let id = squeezed(&id);
                if has_model_name {
                    models.entry(id.clone()).or_insert(position);
                }
                ids.entry(id).or_insert(position);
            }
        }
        Self {
            phrases,
            longest_phrase,
            indexed,
            spellings,
            others,
            ids,
            models,
            designations: by_text(parts, "designation"),
            standards: by_text(parts, "standard"),
            suffixes: said_as(Role::Suffix).map(|line| (line.said.as_str(), line.meaning.as_str())).collect(),
            commodities: said_as(Role::Commodity).map(|line| line.said.as_str()).collect(),
        }
    }

    /// The bearings that a text designates (`608-2RS/C3`), and the letters behind the designation with what they stand
    /// for. Nothing when it is no designation, or has letters behind it that are not known: another bearing, then.
    pub(crate) fn bearings(&self, text: &str) -> Option<(&BTreeSet<usize>, Vec<Suffix>)> {
        let (designation, positions) =
            self.designations.iter().rev().find(|(known, _)| text.starts_with(known.as_str()))?;
        let rest = &text[designation.len()..];
        let suffixes = rest.split(['-', '/', '.', ' ']).filter(|suffix| !suffix.is_empty());
        let known = suffixes.map(|suffix| Some((suffix.to_owned(), *self.suffixes.get(suffix)?)));
        let is_whole = !text.ends_with(['-', '/', '.']);
        known.collect::<Option<Vec<_>>>().filter(|_| is_whole).map(|suffixes| (positions, suffixes))
    }

    /// Positions of the parts that follow a standard of the catalogue.
    pub(crate) fn of_standard(&self, standard: &str) -> BTreeSet<usize> {
        self.standards.get(&standard.to_lowercase()).cloned().unwrap_or_default()
    }

    /// True for a kind for which another kind only gives the purpose.
    pub(crate) fn is_commodity(&self, kind: &str) -> bool {
        self.commodities.contains(kind)
    }

    /// True for words that `words.csv` contains unchanged, as a phrase or the beginning of one.
    pub(crate) fn begins_a_phrase(&self, words: &[String]) -> bool {
        !words.is_empty() && self.phrases.keys().any(|phrase| phrase.starts_with(words))
    }

    /// Positions of the parts that a piece of text names: by a whole id, or by the beginning of a model's.
    pub(crate) fn named_parts(&self, text: &str) -> BTreeSet<usize> {
        let name = squeezed(text);
        if let Some(&position) = self.ids.get(&name) {
            return BTreeSet::from([position]);
        }
        let is_beginning = name.len() >= SHORTEST_ID_BEGINNING
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.contains(|character: char| character.is_ascii_digit());
        if !is_beginning {
            return BTreeSet::new();
        }
        let from_here = self.models.range(name.clone()..).take_while(|(id, _)| id.starts_with(&name));
        from_here.map(|(_, &position)| position).collect()
    }

    /// Understands words (lower case, without punctuation) phrase by phrase, the longest known phrase first.
    pub(crate) fn understand(&self, words: &[&str]) -> Vec<Understood> {
        let read: Vec<String> = words.iter().map(|word| self.spelt(word)).collect();
        let mut understood = Vec::new();
        let mut start = 0;
        while start < words.len() {
            let longest = self.longest_phrase.min(words.len() - start);
            let known = (1..=longest).rev().find_map(|length| {
                let meaning = self.phrases.get(&read[start..start + length])?;
                Some((length, meaning.clone()))
            });
            let (length, meaning) = known.unwrap_or_else(|| {
                let word = &read[start];
                let is_known = self.indexed.contains(word);
                (1, if is_known { Meaning::Phrase(vec![word.clone()]) } else { Meaning::Unknown })
            });
            let end = start + length;
            understood.push(Understood {
                said: words[start..end].join(" "),
                read: read[start..end].join(" "),
                meaning,
            });
            start = end;
        }
        understood
    }

    /// A word as the catalogue writes it: itself, its singular, or its nearest neighbour.
    fn spelt(&self, word: &str) -> String {
        let singular = [word, word.strip_suffix('s').unwrap_or(word), word.strip_suffix("es").unwrap_or(word)];
        let is_known = |form: &&str| self.spellings.contains_key(*form) || self.others.contains(*form);
        if let Some(known) = singular.into_iter().find(is_known) {
            return known.to_owned();
        }
        let length = word.chars().count();
        if length < SHORTEST_DOUBTED || !is_plain_word(word) {
            return word.to_owned();
        }
        let slips = if length < TWO_SLIPS_FROM { 1 } else { 2 };
        let near = self.spellings.iter().filter_map(|(known, &names_kind)| {
            if known.len() < SHORTEST_MEANT || known.len().abs_diff(length) > slips {
                return None;
            }
            let distance = singular.iter().map(|form| damerau_levenshtein(form, known)).min()?;
            let begins_alike = known.chars().next() == word.chars().next();
            // Two errors and another first letter make another word, and so does one error in a short word.
            let is_long = known.len() >= SHORTEST_DOUBTED && distance == 1;
            let is_near = distance <= slips && (begins_alike || is_long);
            is_near.then_some(((distance, !names_kind, !begins_alike), known))
        });
        near.min().map_or_else(|| word.to_owned(), |(_, known)| known.clone())
    }
}

/// Positions of parts by a text of their record, in lower case.
fn by_text(parts: &[Part], name: &str) -> BTreeMap<String, BTreeSet<usize>> {
    let mut found: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (position, part) in parts.iter().enumerate() {
        if let Some(text) = part.record.params.get(name).and_then(serde_json::Value::as_str) {
            found.entry(text.to_lowercase()).or_default().insert(position);
        }
    }
    found
}

/// Lower case without accents: `Écrou` is `ecrou`, `Größe` is `grosse`.
pub(crate) fn folded(text: &str) -> String {
    let decomposed = text.nfd().filter(|character| !is_combining_mark(*character));
    decomposed.collect::<String>().to_lowercase().replace('ß', "ss")
}

/// Letters and digits only, in lower case: `LRS-350-24` and `lrs 350 24` are the same.
pub(crate) fn squeezed(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect()
}

fn is_plain_word(word: &str) -> bool {
    word.chars().all(|character| character.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_one_meaning() {
        let mut meanings: HashMap<String, &Line> = HashMap::new();
        for line in LINES.iter().filter(|line| line.role != Role::Commodity) {
            assert_eq!(line.said, folded(&line.said), "a text is written in lower case without accents");
            let before = meanings.insert(line.said.clone(), line);
            assert!(before.is_none(), "{:?} has two meanings: {before:?}, {line:?}", line.said);
        }
    }

    #[test]
    fn every_standard_has_one_meaning() {
        let lines: Vec<Standard> = table("standards.csv", include_str!("../data/standards.csv"));
        assert_eq!(STANDARDS.len(), lines.len(), "a standard stands there twice");
        for Standard { designation, meaning, .. } in lines {
            assert!(!meaning.is_empty(), "{designation}");
        }
    }

    #[test]
    fn accents_are_left_out() {
        assert_eq!(folded("Écrou Größe MÜTTER"), "ecrou grosse mutter");
    }
}

//! The words of a question: names of parts, misspellings, and filler words.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::LazyLock,
};

use serde::{Deserialize, de::DeserializeOwned};
use strsim::damerau_levenshtein;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::Part;

/// Shortest word whose spelling is corrected: with three letters, every word has a neighbour.
const SHORTEST_DOUBTED: usize = 4;
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
    /// A property that the catalogue does not record, also as letters behind a bearing's designation; the meaning names
    /// it.
    Unstated,
    /// A strength class, which the catalogue does not record, and the kind of part that has it.
    Strength,
    /// A kind for which another kind only gives the purpose: a motor screw is a screw.
    Commodity,
    /// Says what a number is; the meaning is a quantity.
    Dimension,
    /// Stands before a lower or an upper bound; the meaning is a comparison.
    Bound,
    /// Stands beside a number of pieces.
    Count,
    /// A number in words; the meaning is its digits. Without a unit, it says nothing.
    Number,
    /// What follows says what the part is for.
    Context,
    /// Says nothing.
    Ignore,
    /// A word that occurs nowhere, not even nearly.
    #[serde(skip)]
    Unknown,
}

/// A line of `words.csv`.
#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) role: Role,
    pub(crate) said: String,
    pub(crate) meaning: String,
}

/// The lines of `words.csv`.
static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| table("words.csv", include_str!("../data/words.csv")));

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
pub(crate) fn table<T: DeserializeOwned>(file: &str, text: &str) -> Vec<T> {
    let lines: Result<Vec<T>, csv::Error> = csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect();
    lines.unwrap_or_else(|error| panic!("{file} is compiled in, and the tests read all of it: {error}"))
}

/// Lines of one role.
pub(crate) fn said_as(role: Role) -> impl Iterator<Item = &'static Line> {
    LINES.iter().filter(move |line| line.role == role)
}

/// A phrase of a question, understood.
#[derive(Debug)]
pub(crate) struct Understood {
    /// As it was said.
    pub(crate) said: String,
    /// As it was read; the same unless the spelling was mended.
    pub(crate) read: String,
    pub(crate) role: Role,
    /// As `words.csv` has it; for a word of the index, the word itself.
    pub(crate) meaning: String,
}

/// Everything that is known about words: the index's own, and those that `words.csv` leads to them.
pub(crate) struct Dictionary {
    phrases: HashMap<Vec<String>, (Role, String)>,
    longest_phrase: usize,
    /// Known words, and whether a misspelt word may mean them: `gold` is not a misspelt `good`.
    spellings: BTreeMap<String, bool>,
    /// Ids without their punctuation, the position of their part, and whether their beginning is enough: a model has a
    /// name, a screw only a size.
    ids: BTreeMap<String, (usize, bool)>,
    /// Designations of bearings.
    designations: BTreeSet<String>,
}

impl Dictionary {
    /// For an index with these words, over these parts.
    pub(crate) fn new(vocabulary: Vec<String>, parts: &[Part]) -> Self {
        let (mut phrases, mut spellings) = (HashMap::new(), BTreeMap::new());
        for word in vocabulary.into_iter().filter(|word| is_plain_word(word)) {
            spellings.insert(word.clone(), true);
            phrases.insert(vec![word.clone()], (Role::Word, word));
        }
        for Line { role, said, meaning } in &*LINES {
            if matches!(role, Role::Strength | Role::Commodity) {
                continue;
            }
            let is_meant = matches!(role, Role::Kind | Role::Word | Role::Prefer | Role::Absent | Role::Lacking);
            let words: Vec<String> = said.split(' ').map(str::to_owned).collect();
            for word in words.iter().filter(|word| is_plain_word(word)) {
                *spellings.entry(word.clone()).or_default() |= is_meant;
            }
            phrases.insert(words, (*role, meaning.clone()));
        }
        let longest_phrase = phrases.keys().map(Vec::len).max().unwrap_or(1);
        let mut ids = BTreeMap::new();
        for (position, part) in parts.iter().enumerate() {
            let is_model = !part.record.params.contains_key("thread") && part.figure("bore_mm").is_none();
            for id in part.ids() {
                ids.entry(squeezed(&id)).or_insert((position, is_model));
            }
        }
        let designations = parts.iter().filter_map(|part| part.record.params.get("designation")?.as_str());
        let designations = designations.map(str::to_owned).collect();
        Self { phrases, longest_phrase, spellings, ids, designations }
    }

    /// The bearing's designation that a text begins with (`608-2RS/C3`), and the letters behind it with what they stand
    /// for. Nothing when it is no designation, or has letters behind it that are not known: another bearing, then.
    pub(crate) fn bearing<'a>(&'a self, text: &'a str) -> Option<(&'a str, Vec<(&'a str, &'a str)>)> {
        let designation = self.designations.iter().rev().find(|known| text.starts_with(known.as_str()))?;
        let suffixes =
            words(&text[designation.len()..]).map(|suffix| match self.phrases.get(&[suffix.to_owned()][..])? {
                (Role::Unstated, meaning) => Some((suffix, meaning.as_str())),
                _ => None,
            });
        Some((designation, suffixes.collect::<Option<_>>()?))
    }

    /// True for words that `words.csv` contains unchanged, as a phrase or the beginning of one.
    pub(crate) fn begins_a_phrase(&self, words: &[&str]) -> bool {
        self.phrases.keys().any(|phrase| phrase.iter().take(words.len()).eq(words))
    }

    /// Positions of the parts that a piece of text names: by a whole id, or by the beginning of a model's.
    pub(crate) fn named_parts(&self, text: &str) -> Option<BTreeSet<usize>> {
        let name = squeezed(text);
        if let Some(&(position, _)) = self.ids.get(&name) {
            return Some(BTreeSet::from([position]));
        }
        let is_beginning =
            name.len() >= SHORTEST_ID_BEGINNING && name.contains(|character: char| character.is_ascii_digit());
        let from_here = self.ids.range(name.clone()..).take_while(|(id, _)| is_beginning && id.starts_with(&name));
        let parts: BTreeSet<usize> =
            from_here.filter(|(_, (_, is_model))| *is_model).map(|(_, (part, _))| *part).collect();
        (!parts.is_empty()).then_some(parts)
    }

    /// Understands words (lower case, without punctuation) phrase by phrase, the longest known phrase first.
    pub(crate) fn understand(&self, words: &[&str]) -> Vec<Understood> {
        let read: Vec<String> = words.iter().map(|word| self.spelt(word)).collect();
        let mut understood = Vec::new();
        let mut start = 0;
        while start < words.len() {
            let mut ends = (start + 1..=words.len().min(start + self.longest_phrase)).rev();
            let known = ends.find_map(|end| Some((end, self.phrases.get(&read[start..end])?.clone())));
            let (end, (role, meaning)) = known.unwrap_or((start + 1, (Role::Unknown, String::new())));
            let (said, read) = (words[start..end].join(" "), read[start..end].join(" "));
            understood.push(Understood { said, read, role, meaning });
            start = end;
        }
        understood
    }

    /// A word as the catalogue writes it: itself, its singular, or its nearest neighbour.
    fn spelt(&self, word: &str) -> String {
        let singular = [word, word.strip_suffix('s').unwrap_or(word)];
        if let Some(known) = singular.into_iter().find(|form| self.spellings.contains_key(*form)) {
            return known.to_owned();
        }
        let length = word.chars().count();
        if length < SHORTEST_DOUBTED || !is_plain_word(word) {
            return word.to_owned();
        }
        let slips = if length < TWO_SLIPS_FROM { 1 } else { 2 };
        // Another first letter makes another word.
        let meant = self.spellings.iter().filter(|(known, is_meant)| **is_meant && known.starts_with(&word[..1]));
        let near = meant.filter_map(|(known, _)| {
            let distance = singular.iter().map(|form| damerau_levenshtein(form, known)).min()?;
            (distance <= slips).then_some((distance, known))
        });
        near.min().map_or_else(|| word.to_owned(), |(_, known)| known.clone())
    }
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

/// Words of a text: letters and digits only.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty())
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

//! The words of a question: what people call the parts, how they misspell it, and what they say around it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;
use strsim::damerau_levenshtein;

use crate::{CatalogError, Part};

const FILE: &str = "words.csv";
const WORDS: &str = include_str!("../data/words.csv");

/// Shortest word whose spelling is doubted: among three letters everything is a neighbour of something.
const SHORTEST_DOUBTED: usize = 4;
/// Shortest word that a longer one may be a misspelling of (`nutt`).
const SHORTEST_MEANT: usize = 3;
/// From this length on, two slips are forgiven instead of one.
const TWO_SLIPS_FROM: usize = 6;
/// Shortest beginning of a part's id that stands for the part (`lrs350`).
const SHORTEST_ID_BEGINNING: usize = 4;

/// What a line of `words.csv` is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    /// A kind of part that the catalogue has; the meaning is a word of the index's column `kind`.
    Kind,
    /// Something said about parts; the meaning is a phrase of the index.
    Word,
    /// A kind of part that the catalogue does not have. Without these, `belt` would be taken for a misspelt `bolt`.
    Absent,
    /// What follows says what the part is for.
    Context,
    /// Says nothing.
    Ignore,
}

#[derive(Debug, Deserialize)]
struct Line {
    role: Role,
    said: String,
    meaning: String,
}

/// What a phrase of a question means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A kind of part, in the index's own word.
    Kind(String),
    /// A kind that the catalogue does not have.
    Absent,
    /// A phrase of the index.
    Phrase(Vec<String>),
    /// What follows says what the part is for.
    Context,
    /// Nothing.
    Ignored,
    /// A word that occurs nowhere, not even nearly.
    Unknown,
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

/// Everything that is known about words: the index's own, and those that `words.csv` leads to them.
pub(crate) struct Dictionary {
    phrases: HashMap<Vec<String>, Meaning>,
    longest_phrase: usize,
    /// Words of the index.
    indexed: BTreeSet<String>,
    /// Every word that may be meant by a misspelt one; true for words that name a kind.
    spellings: BTreeMap<String, bool>,
    /// Ids without their punctuation, and the position of their part.
    ids: BTreeMap<String, usize>,
    /// Ids whose beginning is enough: a model has a name, a screw only a size.
    models: BTreeMap<String, usize>,
}

impl Dictionary {
    /// For an index with these words, over these parts.
    pub(crate) fn new(vocabulary: Vec<String>, parts: &[Part]) -> Result<Self, CatalogError> {
        let indexed: BTreeSet<String> = vocabulary.into_iter().collect();
        let mut spellings: BTreeMap<String, bool> =
            indexed.iter().filter(|word| is_plain_word(word)).map(|word| (word.clone(), false)).collect();
        let mut phrases = HashMap::new();
        let faulty = |reason: String| CatalogError::Content { file: FILE, reason };
        for line in csv::Reader::from_reader(WORDS.as_bytes()).deserialize() {
            let Line { role, said, meaning } = line.map_err(|error: csv::Error| faulty(error.to_string()))?;
            let words: Vec<String> = said.split_whitespace().map(str::to_owned).collect();
            for word in &words {
                let names_kind = spellings.entry(word.clone()).or_default();
                *names_kind |= role == Role::Kind;
            }
            let meaning = match role {
                Role::Kind => Meaning::Kind(meaning),
                Role::Word => Meaning::Phrase(meaning.split_whitespace().map(str::to_owned).collect()),
                Role::Absent => Meaning::Absent,
                Role::Context => Meaning::Context,
                Role::Ignore => Meaning::Ignored,
            };
            if phrases.insert(words, meaning).is_some() {
                return Err(faulty(format!("{said:?} stands there twice")));
            }
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
        Ok(Self { phrases, longest_phrase, indexed, spellings, ids, models })
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
        if let Some(known) = singular.into_iter().find(|form| self.spellings.contains_key(*form)) {
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
            // Two slips and another first letter is another word, and so is one slip in a short one.
            let is_long = known.len() >= SHORTEST_DOUBTED && distance == 1;
            let is_near = distance <= slips && (begins_alike || is_long);
            is_near.then_some(((distance, !names_kind, !begins_alike), known))
        });
        near.min().map_or_else(|| word.to_owned(), |(_, known)| known.clone())
    }
}

/// Letters and digits only, in lower case: `LRS-350-24` and `lrs 350 24` are the same.
pub(crate) fn squeezed(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect()
}

fn is_plain_word(word: &str) -> bool {
    word.chars().all(|character| character.is_ascii_lowercase())
}

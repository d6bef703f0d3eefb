//! From a question to candidates, best first.

use std::{cmp::Ordering, collections::BTreeMap};

use contract::catalog::{CatalogAnswer, CatalogQuery, PartCandidate};

use crate::{
    Catalog, CatalogError,
    conditions::{Condition, Verdict},
    figures::{Comparison, Quantity},
    no_match,
    question::{Lookup, Question, Term},
    sizes::Wish,
    words::{Role, Understood, words},
};

/// Answers a question.
pub(crate) fn answer(catalog: &Catalog, query: &CatalogQuery) -> Result<CatalogAnswer, CatalogError> {
    let question = Question::understand(&query.q, catalog.dictionary());
    let conditions = conditions(catalog, &question, query)?;
    let parts = catalog.parts();
    let judged: Vec<Vec<Verdict>> = parts
        .iter()
        .enumerate()
        .map(|(position, part)| conditions.iter().map(|condition| condition.judge(position, part)).collect())
        .collect();

    let fitting: Vec<usize> = (0..parts.len()).filter(|&part| judged[part].iter().all(|v| v.holds)).collect();
    let context = question.context.iter().map(|term| look_up(catalog, term)).collect::<Result<Vec<_>, _>>()?;
    let of_context = |part: usize| context.iter().filter_map(|matches| matches.get(&part)).sum::<f64>();
    let mut ranked: Vec<Ranked> = fitting
        .into_iter()
        .map(|part| Ranked {
            part,
            distance: judged[part].iter().map(|verdict| verdict.distance).sum(),
            relevance: of_context(part) + relevance(&conditions, part),
        })
        .collect();
    ranked.sort_by(Ranked::order);

    let (no_match_rationale, too_strict) = if ranked.is_empty() {
        let (sentence, strict) = no_match::explain(&query.q, &conditions, parts, &judged);
        (Some(sentence), strict)
    } else {
        (None, Vec::new())
    };
    let candidates: Vec<PartCandidate> = ranked
        .iter()
        .take(query.limit as usize)
        .map(|&Ranked { part, .. }| {
            let met = conditions.iter().zip(&judged[part]).map(|(condition, v)| condition.reason(v, &parts[part]));
            parts[part].candidate(rationale(met.chain(question.remarks.clone())))
        })
        .collect();
    let version = catalog.version().clone();
    Ok(CatalogAnswer { query: query.q.clone(), candidates, no_match_rationale, too_strict, version })
}

/// Everything that an answer must meet: what the text names, the figures in it, and the parameters beside it.
fn conditions(catalog: &Catalog, question: &Question, query: &CatalogQuery) -> Result<Vec<Condition>, CatalogError> {
    let mut conditions = Vec::new();
    let required = question.required.iter().map(|term| (term, true));
    for (term, is_identity) in required.chain(question.described.iter().map(|term| (term, false))) {
        conditions.push(Condition::Term { term: term.clone(), is_identity, matches: look_up(catalog, term)? });
    }
    conditions.extend(question.wishes.iter().map(|wish| Condition::Wish { wish: wish.clone(), parameter: None }));
    if let Some(asked) = &query.category {
        conditions.push(Condition::Category { asked: asked.clone(), matches: of_category(catalog, asked)? });
    }
    let bounds =
        [("max_cost", query.max_cost, Quantity::Price), ("max_weight_g", query.max_weight_g, Quantity::Weight)];
    for (parameter, value, quantity) in bounds {
        if let Some(value) = value {
            let wish = Wish { quantity, value, comparison: Some(Comparison::AtMost), said: parameter.to_owned() };
            conditions.push(Condition::Wish { wish, parameter: Some(parameter) });
        }
    }
    Ok(conditions)
}

/// The parts that a term leads to.
fn look_up(catalog: &Catalog, term: &Term) -> Result<BTreeMap<usize, f64>, CatalogError> {
    match &term.lookup {
        Lookup::Kind(kind) => catalog.matches(&format!("kind : {}", phrase(kind))),
        Lookup::Phrase(words) => catalog.matches(&format!("words : {}", phrase(words))),
        Lookup::Parts(parts) => Ok(parts.iter().map(|&part| (part, 0.0)).collect()),
        Lookup::Nowhere => Ok(BTreeMap::new()),
    }
}

/// A text as a phrase in the index's language. Only letters and digits are kept, so no text can become an operator.
fn phrase(text: &str) -> String {
    format!("\"{}\"", words(text).collect::<Vec<_>>().join(" "))
}

/// Parts of a category, by its own name or by a word for it (`psu`).
fn of_category(catalog: &Catalog, asked: &str) -> Result<BTreeMap<usize, f64>, CatalogError> {
    let name = asked.trim().to_lowercase().replace([' ', '-'], "_");
    let named = catalog.parts().iter().enumerate().filter(|(_, part)| part.category == name);
    let named: BTreeMap<usize, f64> = named.map(|(position, _)| (position, 0.0)).collect();
    if !named.is_empty() {
        return Ok(named);
    }
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    match catalog.dictionary().understand(&words).as_slice() {
        [Understood { role: Role::Kind, meaning, .. }] => {
            look_up(catalog, &Term::kind(asked, meaning.split(' ').next_back().unwrap_or_default()))
        }
        _ => Ok(named),
    }
}

/// Relevance of a part to the terms, as the index sees it: the smaller, the better. The length of a description is
/// irrelevant for whether a part is of a kind.
fn relevance(conditions: &[Condition], part: usize) -> f64 {
    let matches = conditions.iter().filter_map(|condition| match condition {
        Condition::Term { term: Term { lookup: Lookup::Kind(_), .. }, .. } => None,
        Condition::Term { matches, .. } => matches.get(&part),
        _ => None,
    });
    matches.sum()
}

/// A fitting part and its rank criteria.
struct Ranked {
    part: usize,
    /// How far its figures are from the ones asked for.
    distance: f64,
    /// The index's figure: the smaller, the better.
    relevance: f64,
}

impl Ranked {
    /// Figures decide first, then words, then the order of the catalogue. Rounding keeps parts in that order whose
    /// descriptions differ only in length.
    fn order(&self, other: &Self) -> Ordering {
        let rounded = |value: f64, step: f64| (value / step).round();
        rounded(self.distance, 1e-3)
            .total_cmp(&rounded(other.distance, 1e-3))
            .then(rounded(self.relevance, 0.5).total_cmp(&rounded(other.relevance, 0.5)))
            .then(self.part.cmp(&other.part))
    }
}

/// Remarks as one text.
fn rationale(remarks: impl Iterator<Item = String>) -> String {
    let text = remarks.filter(|remark| !remark.is_empty()).collect::<Vec<_>>().join("; ");
    let mut characters = text.chars();
    match characters.next() {
        // The name of a figure stays as it is.
        Some(first) if !text.split(' ').next().unwrap_or_default().contains('_') => {
            format!("{}{}.", first.to_uppercase(), characters.as_str())
        }
        Some(_) => format!("{text}."),
        None => "It meets every condition.".to_owned(),
    }
}

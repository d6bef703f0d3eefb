//! Why nothing fits: which condition was too strict, and which part is nearest.

use std::cmp::Ordering;

use contract::catalog::StrictConstraint;

use crate::{
    Part,
    conditions::{Condition, UNRELATED, Verdict},
};

/// Weight of being another kind of part than asked for, in numbers of other conditions.
const WEIGHT_OF_IDENTITY: usize = 100;

/// A sentence for people and the constraints for programs. `judged` has one row of verdicts for each part.
///
/// The parts with the fewest misses are considered. If the fewest is one, each condition that alone prevents a match is
/// named with the part nearest to it; otherwise the conditions that the nearest part misses are named together.
pub(crate) fn explain(
    question: &str,
    conditions: &[Condition],
    parts: &[Part],
    judged: &[Vec<Verdict>],
) -> (String, Vec<StrictConstraint>) {
    let misses = judged.iter().enumerate().map(|row| Misses::of(row, conditions, parts));
    let misses: Vec<Misses> = misses.collect();
    let Some(least) = misses.iter().map(|misses| misses.weight).min() else {
        return (format!("Nothing fits {question:?}: the catalogue is empty."), Vec::new());
    };
    let nearest: Vec<&Misses> = misses.iter().filter(|misses| misses.weight == least).collect();
    let alone = nearest.iter().all(|misses| misses.missed.len() == 1);
    let named: Vec<(usize, usize)> = if alone {
        (0..conditions.len()).filter_map(|condition| Some((condition, nearest_to(condition, &nearest)?))).collect()
    } else {
        let best = nearest.iter().min_by(|a, b| a.order(b));
        best.map(|best| best.missed.iter().map(|(condition, _)| (*condition, best.part)).collect()).unwrap_or_default()
    };

    let sentences: Vec<String> = named
        .iter()
        .map(|&(condition, part)| conditions[condition].miss(&judged[part][condition], &parts[part]))
        .collect();
    // A question of names only, which nothing resembles, has no near match.
    let only_names =
        conditions.iter().all(|condition| matches!(condition, Condition::Term { matches, .. } if matches.is_empty()));
    let leads_nowhere = named.iter().all(|&(condition, part)| {
        let resembles = conditions[condition].distance_of_miss(&judged[part][condition], &parts[part]) < UNRELATED;
        only_names && !resembles
    });
    let remedy = match (alone, named.len()) {
        _ if leads_nowhere => format!("What it has is {}.", categories(parts).join(", ")),
        (true, 1) => format!("Without this one condition there is a match: {}.", parts[named[0].1].part_id),
        (true, _) => "Without any one of these conditions there is a match.".to_owned(),
        (false, _) => "It takes giving up all of these conditions to find a match.".to_owned(),
    };
    let sentence = format!("Nothing in the catalogue fits {question:?}: {}. {remedy}", sentences.join("; "));
    let strict = if leads_nowhere { Vec::new() } else { strict(&named, conditions, parts, judged) };
    (sentence, strict)
}

/// The constraints for programs.
fn strict(
    named: &[(usize, usize)],
    conditions: &[Condition],
    parts: &[Part],
    judged: &[Vec<Verdict>],
) -> Vec<StrictConstraint> {
    let constraints = named.iter().map(|&(condition, part)| {
        let (verdict, condition, part) = (&judged[part][condition], &conditions[condition], &parts[part]);
        StrictConstraint {
            constraint: condition.name(verdict).to_owned(),
            asked: condition.asked(verdict),
            nearest: condition.found(verdict, part),
            nearest_part_id: part.part_id.clone(),
        }
    });
    constraints.collect()
}

/// The categories of the catalogue in their order.
fn categories(parts: &[Part]) -> Vec<&str> {
    let mut categories: Vec<&str> = Vec::new();
    for part in parts {
        if !categories.contains(&part.category.as_str()) {
            categories.push(&part.category);
        }
    }
    categories
}

/// The conditions that one part misses.
struct Misses {
    part: usize,
    weight: usize,
    /// Conditions, and how far the part is from each.
    missed: Vec<(usize, f64)>,
    /// Its distance in the conditions that it meets.
    met_distance: f64,
}

impl Misses {
    fn of((part, verdicts): (usize, &Vec<Verdict>), conditions: &[Condition], parts: &[Part]) -> Self {
        let mut misses = Self { part, weight: 0, missed: Vec::new(), met_distance: 0.0 };
        for (number, (verdict, condition)) in verdicts.iter().zip(conditions).enumerate() {
            if verdict.holds {
                misses.met_distance += verdict.distance;
            } else {
                misses.weight += if condition.is_identity() { WEIGHT_OF_IDENTITY } else { 1 };
                misses.missed.push((number, condition.distance_of_miss(verdict, &parts[part])));
            }
        }
        misses
    }

    fn order(&self, other: &Self) -> Ordering {
        let distance = |misses: &Self| misses.missed.iter().map(|(_, distance)| distance).sum::<f64>();
        distance(self).total_cmp(&distance(other)).then(self.met_distance.total_cmp(&other.met_distance))
    }
}

/// The part nearest to a condition, of those that miss nothing else.
fn nearest_to(condition: usize, nearest: &[&Misses]) -> Option<usize> {
    let missing = nearest.iter().filter(|misses| misses.missed[0].0 == condition);
    missing.min_by(|a, b| a.order(b)).map(|misses| misses.part)
}

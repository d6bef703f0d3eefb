//! Conditions that a part must meet to be an answer, and how well a part meets them.

use std::collections::BTreeMap;

use serde_json::Value;
use strsim::normalized_damerau_levenshtein;

use crate::{
    Part,
    figures::{Comparison, distance, number, with_unit},
    question::{Lookup, Term},
    sizes::Wish,
    words::squeezed,
};

/// A condition on an answer.
pub(crate) enum Condition {
    /// Matches what the question names or describes.
    Term {
        /// The name or the description.
        term: Term,
        /// True for a kind, a name or a designation: another part is not an answer, however close its figures are.
        is_identity: bool,
        /// The parts that are, with the full-text index's figure.
        matches: BTreeMap<usize, f64>,
    },
    /// Is of a category.
    Category {
        /// As asked for.
        asked: String,
        /// The parts that are.
        matches: BTreeMap<usize, f64>,
    },
    /// Having a figure.
    Wish {
        /// The figure.
        wish: Wish,
        /// Name of the query's parameter that asks for it; `None` when the question itself does.
        parameter: Option<&'static str>,
    },
}

/// How well one part meets one condition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    pub(crate) holds: bool,
    /// 0 for an exact match; the larger, the worse. It also ranks parts that meet the condition.
    pub(crate) distance: f64,
    figure: Option<Figure>,
}

/// The figure that a wish was compared with.
#[derive(Debug, Clone, Copy)]
struct Figure {
    name: &'static str,
    comparison: Comparison,
    asked: f64,
    found: f64,
}

/// From this ratio on, a figure is reported as a multiple of the one asked for.
const NOTABLY_MORE: f64 = 1.05;

/// Least similarity in spelling, 0 to 1, at which a name may have been meant.
const ALIKE: f64 = 0.6;

/// Distance of unrelated names.
pub(crate) const UNRELATED: f64 = 1.0;

/// Penalty for a figure that is the second meaning of a wish: `8 mm` is a bore before it is a diameter.
const LESS_LIKELY_MEANING: f64 = 0.05;

impl Condition {
    /// Judges the part at `position`.
    pub(crate) fn judge(&self, position: usize, part: &Part) -> Verdict {
        match self {
            Self::Term { matches, .. } | Self::Category { matches, .. } => {
                let holds = matches.contains_key(&position);
                Verdict { holds, distance: if holds { 0.0 } else { 1.0 }, figure: None }
            }
            Self::Wish { wish, .. } => judge_figure(wish, part),
        }
    }

    /// True for a kind, a name or a designation that parts of the catalogue have. Another part is not an answer,
    /// however close its figures are.
    pub(crate) fn is_identity(&self) -> bool {
        matches!(self, Self::Term { is_identity: true, matches, .. } if !matches.is_empty())
    }

    /// Why a part meets the condition.
    pub(crate) fn reason(&self, verdict: &Verdict, part: &Part) -> String {
        match self {
            Self::Term { term, is_identity, .. } => match &term.lookup {
                Lookup::Kind(kind) if term.said.ends_with(kind) => format!("it is a {kind}"),
                Lookup::Kind(kind) => format!("it is a {kind} ({:?})", term.said),
                _ if *is_identity => format!("{:?} names it", term.said),
                _ => format!("{:?} occurs in its description", term.said),
            },
            Self::Category { .. } => format!("its category is {}", part.category),
            Self::Wish { .. } => verdict.figure.map(Figure::reason).unwrap_or_default(),
        }
    }

    /// Name of the condition for an answer: a parameter, the figure that decided, or `q` for what the text names.
    pub(crate) fn name(&self, verdict: &Verdict) -> &'static str {
        match self {
            Self::Term { .. } => "q",
            Self::Category { .. } => "category",
            Self::Wish { wish, parameter } => match (parameter, verdict.figure) {
                (Some(parameter), _) => parameter,
                (None, Some(figure)) => figure.name,
                // No part has such a figure; use its usual name.
                (None, None) => wish.quantity.answered_by().first().map_or("q", |answering| answering.figure),
            },
        }
    }

    /// The value asked for, in the unit of the figure that decided.
    pub(crate) fn asked(&self, verdict: &Verdict) -> Value {
        match self {
            Self::Term { term, .. } => term.said.clone().into(),
            Self::Category { asked, .. } => asked.clone().into(),
            Self::Wish { wish, .. } => verdict.figure.map_or(wish.value, |figure| figure.asked).into(),
        }
    }

    /// What a part has instead.
    pub(crate) fn found(&self, verdict: &Verdict, part: &Part) -> Value {
        match self {
            Self::Term { .. } => part.part_id.clone().into(),
            Self::Category { .. } => part.category.clone().into(),
            Self::Wish { .. } => verdict.figure.map_or(Value::Null, |figure| figure.found.into()),
        }
    }

    /// How far a part is from a condition that it does not meet. The distance of names is that of their spelling, and
    /// [`UNRELATED`] when they have little in common.
    pub(crate) fn distance_of_miss(&self, verdict: &Verdict, part: &Part) -> f64 {
        let unlike = |asked: &str, names: &[String]| {
            let likeness = names.iter().map(|name| normalized_damerau_levenshtein(&squeezed(asked), &squeezed(name)));
            match likeness.fold(0.0, f64::max) {
                likeness if likeness < ALIKE => UNRELATED,
                likeness => 1.0 - likeness,
            }
        };
        match self {
            Self::Term { is_identity: false, .. } => 1.0,
            Self::Term { term, .. } => {
                let mut names = part.ids();
                let texts = part.record.params.values().filter_map(Value::as_str);
                names.extend(texts.chain(part.name.split(' ')).map(str::to_owned));
                unlike(&term.said, &names)
            }
            Self::Category { asked, .. } => unlike(asked, std::slice::from_ref(&part.category)),
            Self::Wish { .. } => verdict.distance,
        }
    }

    /// The miss in words: what was asked, and what the nearest part has.
    pub(crate) fn miss(&self, verdict: &Verdict, part: &Part) -> String {
        let name = self.name(verdict);
        match self {
            Self::Term { term, .. } if term.said.is_empty() => "it has no word that says what is wanted".to_owned(),
            Self::Term { term: Term { said, explained: Some(what), .. }, .. } => {
                format!("{said:?} is a {what}, which the catalogue does not have; the nearest is {}", part.part_id)
            }
            Self::Term { term, is_identity: false, .. } => {
                format!("no such part is described as {:?}; the nearest is {}", term.said, part.part_id)
            }
            Self::Term { term, .. } if self.distance_of_miss(verdict, part) < UNRELATED => {
                format!("no such part is called {:?}; nearest in name is {}", term.said, part.part_id)
            }
            Self::Term { term, .. } => format!("no such part is called {:?}", term.said),
            Self::Category { asked, .. } => {
                format!("category {asked:?} is asked for; {} is of category {}", part.part_id, part.category)
            }
            Self::Wish { wish, .. } => match verdict.figure {
                Some(Figure { name: figure, comparison, asked, found }) => {
                    let named = if name == figure { String::new() } else { format!("{figure} ") };
                    let bound = comparison.in_words();
                    let (asked, found) = (with_unit(figure, asked), with_unit(figure, found));
                    format!("{name} {bound}{asked} is asked for; the nearest is {named}{found} of {}", part.part_id)
                }
                None => format!("{name} is asked for ({:?}), and no such part has this figure", wish.said),
            },
        }
    }
}

/// Compares a wish with the first figure of a part that meets it, or with its first figure when none does.
fn judge_figure(wish: &Wish, part: &Part) -> Verdict {
    let mut missed = None;
    for (rank, answering) in wish.quantity.answered_by().iter().enumerate() {
        let Some(found) = part.figure(answering.figure) else { continue };
        let asked = wish.value * answering.factor;
        let comparison = wish.comparison.unwrap_or(answering.comparison);
        let figure = Some(Figure { name: answering.figure, comparison, asked, found });
        let distance = distance(found, asked);
        if comparison.holds(found, asked) {
            // The distance below an upper bound is neither an advantage nor a disadvantage.
            let distance = if comparison == Comparison::AtMost { 0.0 } else { distance };
            return Verdict { holds: true, distance: distance + LESS_LIKELY_MEANING * rank as f64, figure };
        }
        missed = missed.or(Some(Verdict { holds: false, distance, figure }));
    }
    missed.unwrap_or(Verdict { holds: false, distance: f64::INFINITY, figure: None })
}

impl Comparison {
    fn in_words(self) -> &'static str {
        match self {
            Self::Equal => "",
            Self::About => "about ",
            Self::AtLeast => "of at least ",
            Self::AtMost => "of at most ",
        }
    }
}

impl Figure {
    fn reason(self) -> String {
        let Self { name, comparison, asked, found } = self;
        let (has, wanted) = (with_unit(name, found), with_unit(name, asked));
        if has == wanted {
            return format!("{name} is {has} as asked");
        }
        match comparison {
            Comparison::Equal | Comparison::About => format!("{name} is {has}, near the {wanted} asked for"),
            Comparison::AtMost => format!("{name} is {has}, within the {wanted} asked for"),
            Comparison::AtLeast if found > asked * NOTABLY_MORE && asked > 0.0 => {
                let times = number((found / asked * 10.0).round() / 10.0);
                format!("{name} is {has}, {times} times the {wanted} asked for")
            }
            Comparison::AtLeast => format!("{name} is {has}, enough for the {wanted} asked for"),
        }
    }
}

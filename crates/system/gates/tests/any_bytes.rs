//! For any bytes, every gate answers: no panic, no endless work, and every violation is complete.

use contract::violations::Violation;
use gates::todo::{TodoItems, TodoStage};
use proptest::prelude::*;

const PLAN: &str = include_str!("samples/plan.md");
const STEPS: &str = include_str!("samples/todo.md");
const OBJECTIVES: &str = include_str!("samples/objectives.yaml");
const ASSEMBLY: &str = include_str!("samples/assembly_definition.yaml");
const REVIEW: &str = include_str!("samples/review.md");
const JOURNAL: &str = include_str!("samples/journal.md");

/// Text that changes the meaning of YAML or Markdown in the wrong place.
const TOKENS: [&str; 30] = [
    "[",
    "]",
    "{",
    "}",
    "- ",
    "---\n",
    "&a ",
    "*a",
    "<<: ",
    "? ",
    "!!int ",
    ".nan",
    "1e999",
    "-1",
    "null",
    "\"",
    "'",
    "|\n",
    "\t",
    "\n",
    "\u{feff}",
    "```\n",
    "<!--",
    "## ",
    "> ",
    "[x]",
    "9999999999999999999999",
    "ä",
    "\0",
    ": ",
];

/// A corruption of a document: position, number of removed bytes, and replacement.
type Mutation = (prop::sample::Index, usize, Vec<u8>);

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let token = prop::sample::select(TOKENS.to_vec()).prop_map(|token| token.as_bytes().to_vec());
    let insertion = prop_oneof![4 => token, 1 => prop::collection::vec(any::<u8>(), 0..4)];
    prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, insertion), 1..6)
}

fn spoiled(document: &str, mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = document.as_bytes().to_vec();
    for (place, length, insertion) in mutations {
        let start = place.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, insertion.iter().copied());
    }
    bytes
}

/// Runs every gate with its strictest settings, and returns their answers.
fn every_gate(bytes: &[u8]) -> Vec<Violation> {
    let baseline = TodoItems(vec!["one".to_owned()]);
    let objectives = gates::objectives::check(OBJECTIVES.as_bytes()).value;
    [
        gates::plan::engineering(bytes).violations,
        gates::plan::benchmark(bytes).violations,
        gates::todo::check(bytes, TodoStage::Completed, Some(&baseline)).violations,
        gates::objectives::check(bytes).violations,
        gates::assembly::check(bytes, objectives.as_ref()).violations,
        gates::review::check(bytes, gates::review::Reviewed { refusal_pending: true, has_pictures: true }).violations,
        gates::journal::check(bytes).violations,
    ]
    .concat()
}

fn is_whole(violation: &Violation) -> bool {
    let names_its_rule = violation.rule.split_once('.').is_some_and(|(_, rule)| !rule.is_empty());
    names_its_rule && !violation.file.is_empty() && (1..4000).contains(&violation.message.len())
}

#[test]
fn unspoiled_documents_are_sound() {
    assert_eq!(gates::plan::engineering(PLAN.as_bytes()).violations, []);
    assert_eq!(gates::todo::check(STEPS.as_bytes(), TodoStage::HandedOver, None).violations, []);
    assert_eq!(gates::objectives::check(OBJECTIVES.as_bytes()).violations, []);
    assert_eq!(gates::assembly::check(ASSEMBLY.as_bytes(), None).violations, []);
    assert_eq!(
        gates::review::check(REVIEW.as_bytes(), gates::review::Reviewed { refusal_pending: false, has_pictures: true })
            .violations,
        []
    );
    assert_eq!(gates::journal::check(JOURNAL.as_bytes()).violations, []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(every_gate(&bytes).iter().all(is_whole));
    }

    #[test]
    fn arbitrary_tokens_get_an_answer(tokens in prop::collection::vec(prop::sample::select(TOKENS.to_vec()), 0..120)) {
        prop_assert!(every_gate(tokens.concat().as_bytes()).iter().all(is_whole));
    }

    #[test]
    fn spoiled_documents_get_an_answer(
        document in prop::sample::select(vec![PLAN, STEPS, OBJECTIVES, ASSEMBLY, REVIEW, JOURNAL]),
        mutations in mutations(),
    ) {
        let violations = every_gate(&spoiled(document, &mutations));
        prop_assert!(violations.iter().all(is_whole), "{violations:?}");
    }
}

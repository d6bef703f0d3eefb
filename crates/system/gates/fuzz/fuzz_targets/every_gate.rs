//! Feeds the same bytes to every gate: none may panic, hang or answer without a sentence.

#![no_main]

use gates::todo::{TodoItems, TodoStage};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let baseline = TodoItems(vec!["Build the arm".to_owned()]);
    let objectives = gates::objectives::check(bytes);
    let violations = [
        gates::plan::engineering(bytes).violations,
        gates::plan::benchmark(bytes).violations,
        gates::todo::check(bytes, TodoStage::Completed, Some(&baseline)).violations,
        gates::assembly::check(bytes, objectives.value.as_ref()).violations,
        gates::review::check(bytes, gates::review::Reviewed { refusal_pending: false, has_pictures: false }).violations,
        gates::review::check(bytes, gates::review::Reviewed { refusal_pending: true, has_pictures: true }).violations,
        gates::journal::check(bytes).violations,
        objectives.violations,
    ];
    for violation in violations.concat() {
        assert!(!violation.message.is_empty() && violation.rule.contains('.'), "{violation:?}");
    }
});

//! Findings in words, and as events: the same for every tool.

use contract::{
    events::{EventBody, LintFailure, LogicFailure},
    gate::{Finding, Gate},
};

/// Rule of a document that is missing.
pub const MISSING: &str = "file.missing";
/// Rule of a hand-over for another stage than the session's.
pub const OTHER_STAGE: &str = "plan.other_stage";

/// One sentence for each document that is at fault, in the order of the gates.
pub fn message(findings: &[Finding]) -> String {
    joined(findings, |_| "")
}

/// The same for a submission: it says what kind of limit the design does not keep.
pub fn submission_message(findings: &[Finding]) -> String {
    joined(findings, |gate| match gate {
        Gate::Manufacturability => "Submission rejected (DFM): ",
        Gate::BuildZone => "Submission rejected (Build zone): ",
        Gate::Cost => "Submission rejected (Cost): ",
        Gate::Weight => "Submission rejected (Weight): ",
        _ => "",
    })
}

fn joined(findings: &[Finding], beginning: impl Fn(Gate) -> &'static str) -> String {
    let same = |one: &Finding, other: &Finding| one.gate == other.gate && one.violation.file == other.violation.file;
    let sentences = findings.chunk_by(same).map(|document| {
        let (gate, first) = (document[0].gate, &document[0].violation);
        let words: Vec<_> = document.iter().map(|found| found.violation.sentence()).collect();
        let words = words.join("; ");
        match gate {
            _ if [MISSING, OTHER_STAGE].contains(&first.rule.as_str()) => first.message.clone(),
            Gate::Plan | Gate::Todo | Gate::Objectives | Gate::AssemblyDefinition => {
                format!("{} invalid: [{words}]", first.file)
            }
            Gate::Environment => format!("{} violation: {words}", first.file),
            _ => format!("{}{words}", beginning(gate)),
        }
    });
    sentences.collect::<Vec<_>>().join("; ")
}

/// The events that report findings: one for each document of words, one for each broken rule of the others.
pub fn failure_events(findings: &[Finding]) -> Vec<EventBody> {
    let mut events = Vec::new();
    for gate in [Gate::Plan, Gate::Todo] {
        let of_gate: Vec<_> = findings.iter().filter(|finding| finding.gate == gate).collect();
        if let Some(first) = of_gate.first() {
            let errors: Vec<_> = of_gate.iter().map(ToString::to_string).collect();
            let file_path = first.violation.file.clone();
            events.push(EventBody::LintFailureDocs(LintFailure { file_path, errors }));
        }
    }
    let others = findings.iter().filter(|finding| !matches!(finding.gate, Gate::Plan | Gate::Todo));
    events.extend(others.map(|finding| EventBody::LogicFailure(LogicFailure::from(&finding.violation))));
    events
}

#[cfg(test)]
mod tests {
    use contract::violations::Violation;

    use super::*;

    #[test]
    fn message_has_one_sentence_for_each_document() {
        let plan = |sentence: &str| Gate::Plan.finding(Violation::new("plan.md", "plan.rule", sentence));
        let cost = Gate::Cost.finding(Violation::new("script.py", "design.too_expensive", "$12 is above $10"));
        let missing = Gate::Todo.finding(Violation::new("todo.md", MISSING, "todo.md is missing"));
        let findings = [plan("one"), plan("two"), missing, cost];
        assert_eq!(message(&findings), "plan.md invalid: [one; two]; todo.md is missing; $12 is above $10");
        let submission = submission_message(&findings);
        assert!(
            submission.ends_with("todo.md is missing; Submission rejected (Cost): $12 is above $10"),
            "{submission}"
        );
    }
}

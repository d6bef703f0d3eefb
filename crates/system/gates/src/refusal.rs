//! `plan_refusal.md`: why a plan cannot be carried out, with proof. Frontmatter with role and reasons, then evidence.
//!
//! | Rule | Broken when |
//! |---|---|
//! | `refusal.no_frontmatter` | the file does not begin with fields between two lines of dashes |
//! | `refusal.unknown_role` | the role is none of the three |
//! | `refusal.reasons` | reasons are no list, or an empty one |
//! | `refusal.unknown_reason` | a reason is none of those that the role may give |
//! | `refusal.no_evidence` | nothing but headings follows the fields |

use contract::{reviews::RefusalReason, violations::Checked};
use serde::{Deserialize, Serialize};

use crate::{
    frontmatter,
    markdown::{Block, Outline},
    report::{Artifact, Report, broken},
    wording::{listed, quoted},
    yaml::Field,
};

const ARTIFACT: Artifact = Artifact { file: "plan_refusal.md", name: "refusal" };

/// Who refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalRole {
    /// The coder of mechanics.
    Mechanical,
    /// The engineer of the circuit.
    Electrical,
    /// The coder of a benchmark.
    Benchmark,
}

impl RefusalRole {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Mechanical, Self::Electrical, Self::Benchmark];

    /// The name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mechanical => "mechanical",
            Self::Electrical => "electrical",
            Self::Benchmark => "benchmark",
        }
    }

    /// The reasons that it may give.
    pub fn reasons(self) -> &'static [RefusalReason] {
        use RefusalReason as Reason;
        match self {
            Self::Mechanical => &[
                Reason::PhysicallyImpossible,
                Reason::BudgetExceeded,
                Reason::WeightExceeded,
                Reason::MissingComponents,
                Reason::UnsupportedManufacturing,
                Reason::AmbiguousObjectives,
            ],
            Self::Electrical => &[
                Reason::InvalidNetlist,
                Reason::PowerInsufficient,
                Reason::WiringImpossible,
                Reason::ComponentConflict,
                Reason::AmbiguousObjectives,
            ],
            Self::Benchmark => &[
                Reason::InvalidObjectives,
                Reason::ContradictoryConstraints,
                Reason::UnsolvableScenario,
                Reason::AmbiguousTask,
            ],
        }
    }
}

/// A refusal as its file tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalDocument {
    /// Who refuses.
    pub role: RefusalRole,
    /// Why, by kind; at least one.
    pub reasons: Vec<RefusalReason>,
    /// Proof: the text below the frontmatter.
    pub evidence: String,
}

/// Checks a refusal.
pub fn check(bytes: &[u8]) -> Checked<RefusalDocument> {
    let mut report = Report::new(ARTIFACT);
    let Some(text) = report.text(bytes) else { return report.finish(None) };
    let Some(document) = frontmatter::read(&mut report, text) else { return report.finish(None) };
    let root = Field::root(&document.fields);
    let role = read_role(&mut report, &root.at("role"));
    let reasons = read_reasons(&mut report, &root.at("reasons"), role);
    let evidence = read_evidence(&mut report, document.body);
    let value =
        role.zip(reasons).zip(evidence).map(|((role, reasons), evidence)| RefusalDocument { role, reasons, evidence });
    report.finish(value)
}

fn read_role(report: &mut Report, field: &Field) -> Option<RefusalRole> {
    let known = RefusalRole::ALL.map(RefusalRole::name);
    if field.is_absent() {
        let message = format!("role is missing; write one of {}", listed(&known));
        report.add(broken("missing_field", message).at("role").limit(known.as_slice()));
        return None;
    }
    let role = field.read();
    if role.is_none() {
        let found = field.text().unwrap_or_else(|| "something else than a word".to_owned());
        let message = format!("role {} is not known; write one of {}", quoted(&found), listed(&known));
        report.add(broken("unknown_role", message).at("role").measured(found).limit(known.as_slice()));
    }
    role
}

/// Without a role, any known reason will do.
fn read_reasons(report: &mut Report, field: &Field, role: Option<RefusalRole>) -> Option<Vec<RefusalReason>> {
    let items = field.items();
    if items.is_empty() {
        let message = "reasons must be a list with at least one reason";
        report.add(broken("reasons", message).at("reasons").measured(0).limit(1));
        return None;
    }
    let mut reasons = Vec::with_capacity(items.len());
    for item in &items {
        let reason = item.read::<RefusalReason>();
        match (reason, role) {
            (Some(reason), Some(role)) if role.reasons().contains(&reason) => reasons.push(reason),
            (Some(reason), None) => reasons.push(reason),
            _ => report_unknown_reason(report, item, role),
        }
    }
    (reasons.len() == items.len()).then_some(reasons)
}

fn report_unknown_reason(report: &mut Report, item: &Field, role: Option<RefusalRole>) {
    let found = item.text().unwrap_or_else(|| "something else than a word".to_owned());
    let roles = role.map_or_else(|| RefusalRole::ALL.to_vec(), |role| vec![role]);
    let known: Vec<String> = roles.iter().flat_map(|role| role.reasons()).filter_map(|reason| name(*reason)).collect();
    let whose = role.map_or_else(String::new, |role| format!(" of the {} role", role.name()));
    let message = format!("{} is no reason{whose}; write one of {}", quoted(&found), listed(&known));
    report.add(broken("unknown_reason", message).at(item.place()).measured(found).limit(known));
}

fn name(reason: RefusalReason) -> Option<String> {
    serde_json::to_value(reason).ok()?.as_str().map(str::to_owned)
}

fn read_evidence(report: &mut Report, body: &str) -> Option<String> {
    if Outline::of(body).has(Block::Words, &(0..body.len())) {
        return Some(body.trim().to_owned());
    }
    let message = "no evidence follows the fields; prove that the plan cannot be carried out: \
                   computations, measurements, files";
    report.add(broken("no_evidence", message));
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SOUND: &str = "---\nrole: mechanical\nreasons: [BUDGET_EXCEEDED, PHYSICALLY_IMPOSSIBLE]\n---\n# Proof\n\n\
        The ramp alone costs 90 USD.\n";

    fn rules(checked: &Checked<RefusalDocument>) -> Vec<(&str, Option<&str>)> {
        checked.violations.iter().map(|found| (found.rule.as_str(), found.place.as_deref())).collect()
    }

    #[test]
    fn sound_refusal_is_read() {
        let refusal = check(SOUND.as_bytes()).sound().expect("sound");
        assert_eq!(refusal.role, RefusalRole::Mechanical);
        assert_eq!(refusal.reasons, [RefusalReason::BudgetExceeded, RefusalReason::PhysicallyImpossible]);
        assert_eq!(refusal.evidence, "# Proof\n\nThe ramp alone costs 90 USD.");
    }

    #[test]
    fn roles_are_read_by_their_names() {
        for role in RefusalRole::ALL {
            let reason = name(role.reasons()[0]).expect("a name");
            let text = format!("---\nrole: {}\nreasons: [{reason}]\n---\nproof\n", role.name());
            assert_eq!(check(text.as_bytes()).value.map(|refusal| refusal.role), Some(role));
        }
    }

    #[rstest]
    #[case::unknown_role("mechanical", "chief", "refusal.unknown_role", Some("role"))]
    #[case::no_role("role: mechanical\n", "", "refusal.missing_field", Some("role"))]
    #[case::no_reasons("[BUDGET_EXCEEDED, PHYSICALLY_IMPOSSIBLE]", "[]", "refusal.reasons", Some("reasons"))]
    #[case::unknown_reason("BUDGET_EXCEEDED", "TOO_HARD", "refusal.unknown_reason", Some("reasons[0]"))]
    #[case::of_other_role("BUDGET_EXCEEDED", "INVALID_NETLIST", "refusal.unknown_reason", Some("reasons[0]"))]
    #[case::no_words("The ramp alone costs 90 USD.", "", "refusal.no_evidence", None)]
    #[case::no_fields("---\nrole", "role", "refusal.no_frontmatter", Some("line 1"))]
    fn one_break_gives_one_violation(
        #[case] from: &str,
        #[case] to: &str,
        #[case] rule: &str,
        #[case] place: Option<&str>,
    ) {
        assert_eq!(rules(&check(SOUND.replacen(from, to, 1).as_bytes())), [(rule, place)]);
    }

    #[test]
    fn everything_is_told_at_once() {
        let checked = check(b"---\nrole: nobody\nreasons: [X, AMBIGUOUS_TASK, Y]\n---\n# Proof\n");
        let found: Vec<_> = rules(&checked).into_iter().map(|(rule, _)| rule).collect();
        let unknown = "refusal.unknown_reason";
        assert_eq!(found, ["refusal.unknown_role", unknown, unknown, "refusal.no_evidence"]);
    }
}

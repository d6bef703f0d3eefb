//! A refused plan: the given reasons, by kind.
//!
//! | Rule | Broken when |
//! |---|---|
//! | `refusal.mixed_roles` | no role may give all the reasons |
//!
//! Kinds may be left out: a refusal must have only the reason in words and the proof. The refusing role is not given,
//! because the reasons imply it: each belongs to one role, or to two that both read the objectives.

use contract::{reviews::RefusalReason, violations::Violation};
use serde_json::{Map, Value, json};
use strum::{IntoStaticStr, VariantArray};

use crate::{
    report::{Artifact, Report, broken},
    wording::listed,
};

const ARTIFACT: Artifact = Artifact { file: "plan refusal", name: "refusal" };

/// The refusing role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
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
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The name in messages.
    pub fn name(self) -> &'static str {
        self.into()
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

/// Checks the reasons of a refusal; empty when they may be combined.
pub fn check(reasons: &[RefusalReason]) -> Vec<Violation> {
    let mut report = Report::new(ARTIFACT);
    let may_give_all = |role: &RefusalRole| reasons.iter().all(|reason| role.reasons().contains(reason));
    if !RefusalRole::ALL.iter().any(may_give_all) {
        let given = listed(&names(reasons));
        let message = format!("no role may give all of {given}; keep the reasons of one role: {}", choices());
        let limit: Map<String, Value> =
            RefusalRole::ALL.iter().map(|role| (role.name().to_owned(), json!(role.reasons()))).collect();
        report.add(broken("mixed_roles", message).at("reasons").measured(names(reasons)).limit(limit));
    }
    report.into_violations()
}

/// Every role with its reasons.
fn choices() -> String {
    let choice = |role: &RefusalRole| format!("{} ({})", role.name(), listed(&names(role.reasons())));
    RefusalRole::ALL.iter().map(choice).collect::<Vec<_>>().join(", ")
}

/// The names on the wire.
fn names(reasons: &[RefusalReason]) -> Vec<&'static str> {
    reasons.iter().map(|reason| reason.name()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_role_may_give_all_its_reasons() {
        for role in RefusalRole::ALL {
            assert_eq!(check(role.reasons()), [], "{}", role.name());
        }
    }

    #[test]
    fn reason_kinds_are_optional() {
        assert_eq!(check(&[]), []);
    }

    #[rstest]
    #[case::mechanical_and_electrical(&[RefusalReason::BudgetExceeded, RefusalReason::InvalidNetlist])]
    #[case::electrical_and_benchmark(&[RefusalReason::PowerInsufficient, RefusalReason::AmbiguousTask])]
    #[case::shared_reason_joins_nobody(&[
        RefusalReason::WeightExceeded,
        RefusalReason::AmbiguousObjectives,
        RefusalReason::WiringImpossible,
    ])]
    fn reasons_of_two_roles_are_refused(#[case] reasons: &[RefusalReason]) {
        let found = check(reasons);
        let [violation] = found.as_slice() else { panic!("{found:#?}") };
        assert_eq!(violation.rule, "refusal.mixed_roles");
        assert_eq!(violation.measured, Some(json!(reasons)));
        for name in names(reasons) {
            assert!(violation.message.contains(name), "{}", violation.message);
        }
    }
}

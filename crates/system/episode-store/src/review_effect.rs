//! Effect of a reviewer's decision on an episode: its state, the next agent, and the state of a refusal.

use contract::{
    episodes::AfterRejection,
    lifecycle::{EpisodeStatus, NextAgent},
    limits::MAX_REJECTIONS,
    reviews::{RefusalState, ReviewDecision},
};

/// What a decision does to an episode that is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReviewEffect {
    /// State of the episode afterwards.
    pub(crate) status: EpisodeStatus,
    /// Next agent; none when the episode has ended.
    pub(crate) next_agent: Option<NextAgent>,
    /// New state of the pending refusal, where the decision answers one.
    pub(crate) refusal: Option<RefusalState>,
}

impl ReviewEffect {
    /// The effect of `decision` after `earlier_rejections` of the same episode, which says itself what a rejection does.
    pub(crate) fn of(decision: ReviewDecision, earlier_rejections: u32, after_rejection: AfterRejection) -> Self {
        let stays_with = |agent| Self { status: EpisodeStatus::Running, next_agent: Some(agent), refusal: None };
        let ended = |status| Self { status, next_agent: None, refusal: None };
        match decision {
            ReviewDecision::Approved => ended(EpisodeStatus::Completed),
            rejection if is_rejection(rejection) && after_rejection == AfterRejection::End => {
                ended(EpisodeStatus::Failed)
            }
            rejection if is_rejection(rejection) && earlier_rejections + 1 >= MAX_REJECTIONS => {
                ended(EpisodeStatus::Failed)
            }
            ReviewDecision::Rejected | ReviewDecision::RejectCode => stays_with(NextAgent::Coder),
            ReviewDecision::RejectPlan => stays_with(NextAgent::Planner),
            ReviewDecision::ConfirmPlanRefusal => answers(RefusalState::Confirmed),
            ReviewDecision::RejectPlanRefusal => answers(RefusalState::Rejected),
        }
    }
}

fn answers(refusal: RefusalState) -> ReviewEffect {
    ReviewEffect { status: EpisodeStatus::Running, next_agent: Some(agent_after(refusal)), refusal: Some(refusal) }
}

/// True for the decisions that [`MAX_REJECTIONS`] counts.
pub(crate) fn is_rejection(decision: ReviewDecision) -> bool {
    matches!(decision, ReviewDecision::Rejected | ReviewDecision::RejectPlan | ReviewDecision::RejectCode)
}

/// Who goes on while a refusal is in this state, or because it came into it.
pub(crate) fn agent_after(refusal: RefusalState) -> NextAgent {
    match refusal {
        RefusalState::Pending => NextAgent::Reviewer,
        RefusalState::Confirmed => NextAgent::Planner,
        RefusalState::Rejected => NextAgent::Coder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: u32 = MAX_REJECTIONS - 1;

    #[test]
    fn every_decision_has_the_contracts_effect() {
        use EpisodeStatus::{Completed, Failed, Running};
        use NextAgent::{Coder, Planner};
        use RefusalState::{Confirmed, Rejected};
        let table = [
            (ReviewDecision::Approved, 0, Completed, None, None),
            (ReviewDecision::Rejected, 0, Running, Some(Coder), None),
            (ReviewDecision::RejectCode, 0, Running, Some(Coder), None),
            (ReviewDecision::RejectPlan, 0, Running, Some(Planner), None),
            (ReviewDecision::ConfirmPlanRefusal, 0, Running, Some(Planner), Some(Confirmed)),
            (ReviewDecision::RejectPlanRefusal, 0, Running, Some(Coder), Some(Rejected)),
            (ReviewDecision::Rejected, LAST - 1, Running, Some(Coder), None),
            (ReviewDecision::Rejected, LAST, Failed, None, None),
            (ReviewDecision::RejectCode, LAST, Failed, None, None),
            (ReviewDecision::RejectPlan, LAST, Failed, None, None),
            (ReviewDecision::Approved, LAST, Completed, None, None),
            (ReviewDecision::ConfirmPlanRefusal, LAST, Running, Some(Planner), Some(Confirmed)),
            (ReviewDecision::RejectPlanRefusal, LAST, Running, Some(Coder), Some(Rejected)),
        ];
        for (decision, earlier_rejections, status, next_agent, refusal) in table {
            let expected = ReviewEffect { status, next_agent, refusal };
            let case = format!("{decision:?} after {earlier_rejections} rejections");
            let effect = ReviewEffect::of(decision, earlier_rejections, AfterRejection::Continue);
            assert_eq!(effect, expected, "{case}");
        }
    }

    #[test]
    fn rejection_ends_an_episode_without_continuation() {
        for decision in ReviewDecision::ALL.iter().copied() {
            let effect = ReviewEffect::of(decision, 0, AfterRejection::End);
            let continued = ReviewEffect::of(decision, 0, AfterRejection::Continue);
            if is_rejection(decision) {
                let ended = ReviewEffect { status: EpisodeStatus::Failed, next_agent: None, refusal: None };
                assert_eq!(effect, ended, "{decision:?}");
            } else {
                assert_eq!(effect, continued, "{decision:?}");
            }
        }
    }
}

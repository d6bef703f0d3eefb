//! Reviews of finished work, and refusals of plans that cannot be carried out.

use chrono::{DateTime, Utc};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use uuid::Uuid;

use crate::{
    json_text::no_nul,
    lifecycle::{EpisodeStatus, NextAgent},
    status::ResponseStatus,
};

/// What a reviewer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ReviewDecision {
    /// Good as it is.
    Approved,
    /// To be done again by the coder.
    Rejected,
    /// The plan is at fault: back to the planner.
    RejectPlan,
    /// The script is at fault: back to the coder.
    RejectCode,
    /// The coder refused the plan rightly: back to the planner.
    ConfirmPlanRefusal,
    /// The coder refused the plan wrongly: back to the coder.
    RejectPlanRefusal,
}

impl ReviewDecision {
    /// All decisions.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// True for the two that answer a refusal, and make sense only after one.
    pub fn is_about_refusal(self) -> bool {
        matches!(self, Self::ConfirmPlanRefusal | Self::RejectPlanRefusal)
    }
}

/// Whether the work of an agent has pictures that a reviewer can look at. Planners and electronics engineers write
/// documents, and the search for bought parts answers with a list.
pub fn has_pictures(agent_name: &str) -> bool {
    let is_planner = agent_name.split('_').any(|word| word.eq_ignore_ascii_case("planner"));
    !is_planner && !agent_name.starts_with("electronics") && !agent_name.starts_with("cots")
}

/// Frontmatter of a review document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewFrontmatter {
    /// The decision.
    pub decision: ReviewDecision,
    /// Remarks.
    #[serde(default)]
    pub comments: Vec<String>,
    /// What the reviewer looked at.
    pub evidence: ReviewEvidence,
}

/// What a reviewer looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewEvidence {
    /// How many pictures; absent where the work that is reviewed has none.
    #[serde(default)]
    pub images_viewed: Option<u32>,
    /// Which files; at least one.
    pub files_checked: Vec<String>,
    /// Whether a video was watched.
    #[serde(default)]
    pub video_viewed: Option<bool>,
}

/// Body of `POST /episodes/{id}/review`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct ReviewRequest {
    /// Markdown with YAML frontmatter.
    #[schemars(extend("pattern" = crate::json_text::NO_NUL))]
    #[garde(length(min = 1, max = 200_000), custom(no_nul))]
    pub review_content: String,
}

/// Answer of `POST /episodes/{id}/review`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewResponse {
    /// `success`.
    pub status: ResponseStatus,
    /// The review as it was stored.
    #[serde(flatten)]
    pub review: Review,
    /// State of the episode afterwards.
    pub episode_status: EpisodeStatus,
}

/// A stored review; element of `GET /episodes/{id}/reviews`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// Episode.
    pub episode_id: Uuid,
    /// Number of the round, from 1.
    pub round: u32,
    /// The decision.
    pub decision: ReviewDecision,
    /// Remarks.
    pub comments: Vec<String>,
    /// What the reviewer looked at.
    pub evidence: ReviewEvidence,
    /// Who goes on; nobody once the episode has ended.
    pub next_agent: Option<NextAgent>,
    /// `reviews/review-round-<n>/review.md`.
    pub path: String,
    /// The document.
    pub content: String,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
}

/// Why a plan is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum RefusalReason {
    /// Against physics.
    PhysicallyImpossible,
    /// Over the cap on cost.
    BudgetExceeded,
    /// Over the cap on weight.
    WeightExceeded,
    /// Parts that do not exist.
    MissingComponents,
    /// No method makes it.
    UnsupportedManufacturing,
    /// Goals that contradict each other or can be read in two ways.
    AmbiguousObjectives,
    /// The circuit cannot work.
    InvalidNetlist,
    /// The supply is too weak.
    PowerInsufficient,
    /// No way for the wires.
    WiringImpossible,
    /// Components that do not go together.
    ComponentConflict,
    /// Objectives of a benchmark that are wrong in themselves.
    InvalidObjectives,
    /// Caps or bounds of a benchmark that exclude each other.
    ContradictoryConstraints,
    /// A benchmark that no design solves.
    UnsolvableScenario,
    /// A task that can be read in two ways.
    AmbiguousTask,
}

impl RefusalReason {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Body of `POST /episodes/{id}/refuse-plan`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct PlanRefusalRequest {
    /// Why, by kind: all of one role, or none.
    #[serde(default)]
    #[garde(length(max = 20))]
    pub reasons: Vec<RefusalReason>,
    /// Why, in words.
    #[schemars(extend("pattern" = crate::json_text::NOT_BLANK))]
    #[garde(length(min = 1, max = 10_000), custom(no_nul), custom(not_blank))]
    pub reason: String,
    /// Proof that the plan cannot be carried out: computations, measurements, files. At least one, none blank.
    #[schemars(extend("items" = { "type": "string", "minLength": 1, "maxLength": 10_000, "pattern": crate::json_text::NOT_BLANK }))]
    #[garde(length(min = 1, max = 100), inner(length(min = 1, max = 10_000), custom(no_nul), custom(not_blank)))]
    pub evidence: Vec<String>,
}

fn not_blank<C>(text: &str, _: &C) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("blank; words are needed")) } else { Ok(()) }
}

/// State of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalState {
    /// Waits for a reviewer.
    Pending,
    /// A reviewer agreed.
    Confirmed,
    /// A reviewer did not agree.
    Rejected,
}

/// A stored refusal: answer of `POST /episodes/{id}/refuse-plan`, element of `GET /episodes/{id}/refusals`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanRefusal {
    /// Number, from 1.
    pub number: u32,
    /// Episode.
    pub episode_id: Uuid,
    /// Why, by kind.
    pub reasons: Vec<RefusalReason>,
    /// Why, in words.
    pub reason: String,
    /// Proof.
    pub evidence: Vec<String>,
    /// What became of it.
    pub state: RefusalState,
    /// Who goes on.
    pub next_agent: NextAgent,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_planners_and_searches_has_no_pictures() {
        for written in ["engineer_planner", "benchmark_planner", "planner", "electronics_engineer", "cots_search"] {
            assert!(!has_pictures(written), "{written}");
        }
        for modelled in ["engineer_coder", "benchmark_coder", "engineer_reviewer", "engineer", "anybody"] {
            assert!(has_pictures(modelled), "{modelled}");
        }
    }
}

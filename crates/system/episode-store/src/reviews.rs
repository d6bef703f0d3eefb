//! Reviews of an episode's work: numbered, stored with their evidence, and carried out in the same transaction.

use chrono::{DateTime, Utc};
use contract::{
    episodes::{AfterRejection, EpisodeMetadata},
    events::{Event, EventBody, EventType, EvidenceStats, ReviewDecisionEvent, SCRIPT_SOURCE, SOURCE_FIELD, Source},
    lifecycle::EpisodeStatus,
    limits::MAX_REJECTIONS,
    reviews::{Review, ReviewDecision, ReviewEvidence, ReviewFrontmatter},
};
use serde_json::json;
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    EpisodeStore, Stored, Transition,
    episodes::{change_state, set_next_agent},
    labels::{AgentLabel, DecisionLabel},
    refusals::{answer_refusal, pending_refusal},
    review_effect::{ReviewEffect, is_rejection},
    text::{storable_text, storable_value},
    traces::{insert_events, lock_episode},
};

/// File that a simulation leaves in the workspace; checking it makes the review one of a simulation.
const SIMULATION_REPORT: &str = "simulation_result.json";
/// File that validation and pricing leave in the workspace; checking it makes the review one of how parts are made.
const MANUFACTURING_REPORT: &str = "validation_results.json";

const REVIEW_COLUMNS: &str = "episode_id, round, decision, comments, evidence, next_agent, path, content, created_at";

/// Result of storing a review. `Faults` is what the judge of its document returns.
#[derive(Debug, Clone, PartialEq)]
pub enum ReviewRecording<Faults> {
    /// It was stored and carried out.
    Recorded {
        /// The review as it was stored.
        review: Review,
        /// State of the episode afterwards.
        status: EpisodeStatus,
    },
    /// The document is not a review that can be stored now; nothing was stored.
    Refused(Faults),
    /// The episode does not run, so there is nothing to review; nothing was stored.
    NotRunning {
        /// The state that it is in.
        status: EpisodeStatus,
    },
}

/// What the judge of a review's document knows about the episode; it does not change while the judge decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderReview {
    /// A refusal of the plan waits for an answer.
    pub refusal_pending: bool,
    /// The agent that the episode was started with.
    pub agent_name: String,
}

#[derive(FromRow)]
struct ReviewRow {
    episode_id: Uuid,
    round: i32,
    decision: DecisionLabel,
    comments: Json<Vec<String>>,
    evidence: Json<ReviewEvidence>,
    next_agent: Option<AgentLabel>,
    path: String,
    content: String,
    created_at: DateTime<Utc>,
}

impl From<ReviewRow> for Review {
    fn from(row: ReviewRow) -> Self {
        Self {
            episode_id: row.episode_id,
            round: row.round.unsigned_abs(),
            decision: row.decision.into(),
            comments: row.comments.0,
            evidence: row.evidence.0,
            next_agent: row.next_agent.map(Into::into),
            path: row.path,
            content: row.content,
            created_at: row.created_at,
        }
    }
}

impl EpisodeStore {
    /// Stores a review and carries it out. `judge` reads the document; it is asked while the episode is locked, so that
    /// its verdict and what is stored by it see the same state. Review, `review_decision` event, answer to the refusal
    /// and new state of the episode are stored together or not at all.
    pub async fn record_review<Faults: Send>(
        &self,
        episode_id: Uuid,
        content: &str,
        judge: impl FnOnce(&UnderReview) -> Result<ReviewFrontmatter, Faults> + Send,
    ) -> Stored<ReviewRecording<Faults>> {
        let mut transaction = self.pool.begin().await?;
        let status = lock_episode(&mut transaction, episode_id).await?;
        if status != EpisodeStatus::Running {
            return Ok(ReviewRecording::NotRunning { status });
        }
        let refusal = pending_refusal(&mut transaction, episode_id).await?;
        let (agent_name, after_rejection) = rules_of(&mut transaction, episode_id).await?;
        let frontmatter = match judge(&UnderReview { refusal_pending: refusal.is_some(), agent_name }) {
            Ok(frontmatter) => frontmatter,
            Err(faults) => return Ok(ReviewRecording::Refused(faults)),
        };
        let earlier = decisions_of(&mut transaction, episode_id).await?;
        let round = earlier.len() as u32 + 1;
        let rejections = earlier.into_iter().filter(|decision| is_rejection(*decision)).count() as u32;
        let effect = ReviewEffect::of(frontmatter.decision, rejections, after_rejection);

        let review = insert_review(&mut transaction, episode_id, round, content, &frontmatter, effect).await?;
        let answered = refusal.filter(|_| effect.refusal.is_some());
        if let (Some(number), Some(answer)) = (answered, effect.refusal) {
            answer_refusal(&mut transaction, episode_id, number, answer).await?;
        }
        let simulations = simulations_of(&mut transaction, episode_id).await?;
        let decided = decision_event(&review, answered, simulations);
        let event = Event::at(review.created_at, Source::Controller, decided).into_map();
        insert_events(&mut transaction, episode_id, &[event]).await?;
        set_next_agent(&mut transaction, episode_id, effect.next_agent).await?;
        if effect.status != status {
            let reason = Some(reason_of_the_end(&review, effect.status, after_rejection));
            let wanted = Transition { status: effect.status, workflow_id: None, reason };
            change_state(&mut transaction, episode_id, status, &wanted).await?;
        }
        transaction.commit().await?;
        Ok(ReviewRecording::Recorded { review, status: effect.status })
    }

    /// Reviews of an episode in the order of their rounds.
    pub async fn reviews(&self, episode_id: Uuid) -> Stored<Vec<Review>> {
        self.status(episode_id).await?;
        let query =
            sqlx::AssertSqlSafe(format!("SELECT {REVIEW_COLUMNS} FROM reviews WHERE episode_id = $1 ORDER BY round"));
        let rows: Vec<ReviewRow> = sqlx::query_as(query).bind(episode_id).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

/// Who works on a locked episode, and what a rejection of the work does to it.
async fn rules_of(connection: &mut PgConnection, episode_id: Uuid) -> Stored<(String, AfterRejection)> {
    let (agent_name, metadata): (String, Option<Json<EpisodeMetadata>>) =
        sqlx::query_as("SELECT agent_name, metadata_vars FROM episodes WHERE id = $1")
            .bind(episode_id)
            .fetch_one(connection)
            .await?;
    let after_rejection = metadata.and_then(|Json(metadata)| metadata.after_rejection).unwrap_or_default();
    Ok((agent_name, after_rejection))
}

async fn decisions_of(connection: &mut PgConnection, episode_id: Uuid) -> Stored<Vec<ReviewDecision>> {
    let labels: Vec<DecisionLabel> = sqlx::query_scalar("SELECT decision FROM reviews WHERE episode_id = $1")
        .bind(episode_id)
        .fetch_all(connection)
        .await?;
    Ok(labels.into_iter().map(Into::into).collect())
}

async fn simulations_of(connection: &mut PgConnection, episode_id: Uuid) -> Stored<i64> {
    // A script may name its events as it likes; what it names so is no simulation.
    let query = "SELECT count(*) FROM traces WHERE episode_id = $1 AND trace_type = 'EVENT' AND name = $2 \
                 AND metadata ->> $3 IS DISTINCT FROM $4";
    let count = sqlx::query_scalar(query)
        .bind(episode_id)
        .bind(EventType::SimulationResult.name())
        .bind(SOURCE_FIELD)
        .bind(SCRIPT_SOURCE)
        .fetch_one(connection)
        .await?;
    Ok(count)
}

async fn insert_review(
    connection: &mut PgConnection,
    episode_id: Uuid,
    round: u32,
    content: &str,
    frontmatter: &ReviewFrontmatter,
    effect: ReviewEffect,
) -> Stored<Review> {
    let query = sqlx::AssertSqlSafe(format!(
        "INSERT INTO reviews ({REVIEW_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp()) \
         RETURNING {REVIEW_COLUMNS}"
    ));
    let row: ReviewRow = sqlx::query_as(query)
        .bind(episode_id)
        .bind(round.cast_signed())
        .bind(DecisionLabel::from(frontmatter.decision))
        .bind(storable_value(&json!(frontmatter.comments)))
        .bind(storable_value(&json!(frontmatter.evidence)))
        .bind(effect.next_agent.map(AgentLabel::from))
        .bind(format!("reviews/review-round-{round}/review.md"))
        .bind(storable_text(content))
        .fetch_one(connection)
        .await?;
    Ok(row.into())
}

fn decision_event(review: &Review, answered_refusal: Option<u32>, simulations_run: i64) -> EventBody {
    EventBody::ReviewDecision(ReviewDecisionEvent {
        episode_id: review.episode_id,
        round: review.round,
        decision: review.decision,
        reason: review.comments.first().cloned(),
        comments: review.comments.clone(),
        next_agent: review.next_agent,
        refusal_number: answered_refusal,
        evidence: review.evidence.clone(),
        evidence_stats: EvidenceStats {
            has_sim_report: checked(&review.evidence, SIMULATION_REPORT),
            has_mfg_report: checked(&review.evidence, MANUFACTURING_REPORT),
            num_renders: review.evidence.images_viewed,
            simulations_run,
        },
    })
}

/// True when a file of this name is among those that were checked, in any directory.
fn checked(evidence: &ReviewEvidence, name: &str) -> bool {
    evidence.files_checked.iter().any(|path| path.rsplit('/').next() == Some(name))
}

fn reason_of_the_end(review: &Review, status: EpisodeStatus, after_rejection: AfterRejection) -> String {
    let round = review.round;
    if status == EpisodeStatus::Completed {
        return format!("approved in review round {round}");
    }
    let comment = review.comments.first().map_or("none", String::as_str);
    if after_rejection == AfterRejection::End {
        let decision = review.decision.name();
        return format!("review round {round} decided {decision}, which ends an episode; its first comment: {comment}");
    }
    format!(
        "review round {round} was rejection number {MAX_REJECTIONS}, and {MAX_REJECTIONS} rejections end an episode; \
         its first comment: {comment}"
    )
}

#[cfg(test)]
mod tests {
    use contract::lifecycle::NextAgent;
    use serde_json::Value;

    use super::*;

    fn review(decision: ReviewDecision, comments: &[&str]) -> Review {
        Review {
            episode_id: Uuid::nil(),
            round: 7,
            decision,
            comments: comments.iter().map(ToString::to_string).collect(),
            evidence: ReviewEvidence {
                images_viewed: Some(3),
                files_checked: vec!["work/simulation_result.json".into(), "old-validation_results.json".into()],
                video_viewed: None,
            },
            next_agent: Some(NextAgent::Coder),
            path: "reviews/review-round-7/review.md".into(),
            content: String::new(),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn event_reports_decision_reason_and_evidence() {
        let told = |body: EventBody| serde_json::to_value(body).expect("a body is JSON");
        let event = told(decision_event(&review(ReviewDecision::Rejected, &["too heavy", "and loud"]), None, 2));
        assert_eq!(event["reason"], "too heavy");
        assert_eq!(event["next_agent"], "coder");
        let expected = json!({"has_sim_report": true, "has_mfg_report": false, "num_renders": 3, "simulations_run": 2});
        assert_eq!(event["evidence_stats"], expected);
        assert_eq!(told(decision_event(&review(ReviewDecision::Approved, &[]), None, 0))["reason"], Value::Null);
    }

    #[test]
    fn the_last_rejection_names_the_limit_and_its_comment() {
        let rejected = review(ReviewDecision::RejectPlan, &["too heavy"]);
        let reason = reason_of_the_end(&rejected, EpisodeStatus::Failed, AfterRejection::Continue);
        assert!(reason.contains(&format!("{MAX_REJECTIONS} rejections")) && reason.contains("too heavy"), "{reason}");
    }

    #[test]
    fn episode_ending_rejection_names_its_decision() {
        let rejected = review(ReviewDecision::RejectCode, &["too heavy"]);
        let reason = reason_of_the_end(&rejected, EpisodeStatus::Failed, AfterRejection::End);
        assert!(reason.contains("reject_code") && reason.contains("too heavy"), "{reason}");
        assert!(!reason.contains("rejections"), "no limit was reached: {reason}");
    }
}

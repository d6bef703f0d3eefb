//! Refusals of a plan that cannot be carried out: stored with their proof, one at a time waiting for an answer.

use chrono::{DateTime, Utc};
use contract::{
    events::{Event, EventBody, PlanRefusalEvent, Source},
    lifecycle::EpisodeStatus,
    reviews::{PlanRefusal, PlanRefusalRequest, RefusalReason, RefusalState},
};
use serde_json::json;
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    EpisodeStore, Stored,
    episodes::set_next_agent,
    labels::RefusalLabel,
    review_effect::agent_after,
    text::{storable_text, storable_value},
    traces::{insert_events, lock_episode},
};

const REFUSAL_COLUMNS: &str = "episode_id, number, reasons, reason, evidence, state, created_at";

/// Result of storing a refusal.
#[derive(Debug, Clone, PartialEq)]
pub enum RefusalRecording {
    /// It was stored and waits for a reviewer.
    Recorded(PlanRefusal),
    /// An earlier one still waits; nothing was stored.
    AlreadyPending {
        /// Number of the earlier one.
        number: u32,
    },
    /// The episode does not run, so no plan is being carried out; nothing was stored.
    NotRunning {
        /// The state that it is in.
        status: EpisodeStatus,
    },
}

#[derive(FromRow)]
struct RefusalRow {
    episode_id: Uuid,
    number: i32,
    reasons: Json<Vec<RefusalReason>>,
    reason: String,
    evidence: Json<Vec<String>>,
    state: RefusalLabel,
    created_at: DateTime<Utc>,
}

impl From<RefusalRow> for PlanRefusal {
    fn from(row: RefusalRow) -> Self {
        let state = row.state.into();
        Self {
            number: row.number.unsigned_abs(),
            episode_id: row.episode_id,
            reasons: row.reasons.0,
            reason: row.reason,
            evidence: row.evidence.0,
            state,
            next_agent: agent_after(state),
            created_at: row.created_at,
        }
    }
}

impl EpisodeStore {
    /// Stores a refusal, its `plan_refusal` event and the reviewer as next agent, together.
    pub async fn record_refusal(&self, episode_id: Uuid, request: &PlanRefusalRequest) -> Stored<RefusalRecording> {
        let mut transaction = self.pool.begin().await?;
        let status = lock_episode(&mut transaction, episode_id).await?;
        if status != EpisodeStatus::Running {
            return Ok(RefusalRecording::NotRunning { status });
        }
        if let Some(number) = pending_refusal(&mut transaction, episode_id).await? {
            return Ok(RefusalRecording::AlreadyPending { number });
        }
        let refusal = insert_refusal(&mut transaction, episode_id, request).await?;
        let refused = EventBody::PlanRefusal(PlanRefusalEvent {
            episode_id,
            number: refusal.number,
            reason: refusal.reason.clone(),
            reasons: refusal.reasons.clone(),
            evidence: refusal.evidence.clone(),
            next_agent: refusal.next_agent,
        });
        let event = Event::at(refusal.created_at, Source::Controller, refused).into_map();
        insert_events(&mut transaction, episode_id, &[event]).await?;
        set_next_agent(&mut transaction, episode_id, Some(refusal.next_agent)).await?;
        transaction.commit().await?;
        Ok(RefusalRecording::Recorded(refusal))
    }

    /// Refusals of an episode's plan in the order of their numbers.
    pub async fn refusals(&self, episode_id: Uuid) -> Stored<Vec<PlanRefusal>> {
        self.status(episode_id).await?;
        let query = sqlx::AssertSqlSafe(format!(
            "SELECT {REFUSAL_COLUMNS} FROM plan_refusals WHERE episode_id = $1 ORDER BY number"
        ));
        let rows: Vec<RefusalRow> = sqlx::query_as(query).bind(episode_id).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

async fn insert_refusal(
    connection: &mut PgConnection,
    episode_id: Uuid,
    request: &PlanRefusalRequest,
) -> Stored<PlanRefusal> {
    let query = sqlx::AssertSqlSafe(format!(
        "INSERT INTO plan_refusals ({REFUSAL_COLUMNS}) \
         SELECT $1, COALESCE(max(number), 0) + 1, $2, $3, $4, $5, clock_timestamp() \
         FROM plan_refusals WHERE episode_id = $1 RETURNING {REFUSAL_COLUMNS}"
    ));
    let row: RefusalRow = sqlx::query_as(query)
        .bind(episode_id)
        .bind(Json(&request.reasons))
        .bind(storable_text(&request.reason))
        .bind(storable_value(&json!(request.evidence)))
        .bind(RefusalLabel::Pending)
        .fetch_one(connection)
        .await?;
    Ok(row.into())
}

/// Number of the refusal that waits for a reviewer, or `None`.
pub(crate) async fn pending_refusal(connection: &mut PgConnection, episode_id: Uuid) -> Stored<Option<u32>> {
    let number: Option<i32> =
        sqlx::query_scalar("SELECT number FROM plan_refusals WHERE episode_id = $1 AND state = 'PENDING'")
            .bind(episode_id)
            .fetch_optional(connection)
            .await?;
    Ok(number.map(i32::unsigned_abs))
}

/// Writes what a reviewer answered to a refusal.
pub(crate) async fn answer_refusal(
    connection: &mut PgConnection,
    episode_id: Uuid,
    number: u32,
    answer: RefusalState,
) -> Stored<()> {
    sqlx::query("UPDATE plan_refusals SET state = $3 WHERE episode_id = $1 AND number = $2")
        .bind(episode_id)
        .bind(number.cast_signed())
        .bind(RefusalLabel::from(answer))
        .execute(connection)
        .await?;
    Ok(())
}

//! Episodes and the states they go through.

use chrono::{DateTime, Utc};
use contract::{
    episodes::{Episode, EpisodeMetadata, EpisodeQuery, EpisodeTransition},
    events::{EpisodeTransitionEvent, Event, EventBody, Source},
    lifecycle::{EpisodeStatus, NextAgent},
};
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    EpisodeStore, StoreError, Stored,
    labels::{AgentLabel, StatusLabel},
    text::storable_text,
    traces::{insert_events, lock_episode, traces_of},
};

/// An episode to be stored. Its texts and metadata must be free of NUL characters.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEpisode {
    /// Id.
    pub id: Uuid,
    /// What is to be done.
    pub task: String,
    /// Which agent starts.
    pub agent_name: String,
    /// Worker session in which the work happens.
    pub worker_session_id: String,
    /// Version of the skills.
    pub skill_git_hash: Option<String>,
    /// Facts about it.
    pub metadata: EpisodeMetadata,
}

/// A requested change of an episode's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The new state.
    pub status: EpisodeStatus,
    /// Workflow in which it happens; becomes the episode's workflow when it has none yet.
    pub workflow_id: Option<String>,
    /// Why. For `failed` it becomes the episode's failure reason.
    pub reason: Option<String>,
}

/// Result of a requested change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransitionOutcome {
    /// The state changed; a transition and an event record it.
    Changed,
    /// The episode was in that state already, or in a terminal one; nothing was stored.
    Unchanged {
        /// The state that it is in.
        status: EpisodeStatus,
    },
}

const EPISODE_COLUMNS: &str = "id, task, status, failure_reason, workflow_id, created_at, updated_at, \
                               skill_git_hash, metadata_vars, next_agent";

#[derive(FromRow)]
struct EpisodeRow {
    id: Uuid,
    task: String,
    status: StatusLabel,
    failure_reason: Option<String>,
    workflow_id: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    skill_git_hash: Option<String>,
    metadata_vars: Option<Json<EpisodeMetadata>>,
    next_agent: Option<AgentLabel>,
}

impl From<EpisodeRow> for Episode {
    fn from(row: EpisodeRow) -> Self {
        let metadata_vars = row.metadata_vars.map(|Json(metadata)| metadata);
        Self {
            id: row.id,
            task: row.task,
            status: row.status.into(),
            failure_reason: row.failure_reason,
            workflow_id: row.workflow_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
            skill_git_hash: row.skill_git_hash,
            validation_logs: metadata_vars.as_ref().and_then(validation_logs),
            metadata_vars,
            next_agent: row.next_agent.map(Into::into),
            template_versions: None,
            todo_list: None,
            journal: None,
            plan: None,
            transitions: Vec::new(),
            traces: Vec::new(),
            more_traces_after: None,
            assets: Vec::new(),
        }
    }
}

/// `validation_logs` among the facts about an episode, where that is a list of texts.
fn validation_logs(metadata: &EpisodeMetadata) -> Option<Vec<String>> {
    let logs = metadata.additional_info.get("validation_logs")?.as_array()?;
    logs.iter().map(|line| line.as_str().map(str::to_owned)).collect()
}

impl EpisodeStore {
    /// Stores a new episode in state `queued`, with its first transition and event.
    pub async fn create_episode(&self, new: &NewEpisode) -> Stored<()> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "INSERT INTO episodes (id, task, agent_name, status, worker_session_id, skill_git_hash, metadata_vars, \
             created_at, updated_at) VALUES ($1, $2, $3, 'QUEUED', $4, $5, $6, clock_timestamp(), clock_timestamp())",
        )
        .bind(new.id)
        .bind(&new.task)
        .bind(&new.agent_name)
        .bind(&new.worker_session_id)
        .bind(&new.skill_git_hash)
        .bind(Json(&new.metadata))
        .execute(&mut *transaction)
        .await?;
        let queued = Transition { status: EpisodeStatus::Queued, workflow_id: None, reason: None };
        record_transition(&mut transaction, new.id, None, &queued).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Notes which workflow carries an episode.
    pub async fn set_workflow(&self, episode_id: Uuid, workflow_id: &str) -> Stored<()> {
        let changed = sqlx::query("UPDATE episodes SET workflow_id = $2, updated_at = clock_timestamp() WHERE id = $1")
            .bind(episode_id)
            .bind(workflow_id)
            .execute(&self.pool)
            .await?
            .rows_affected();
        if changed == 1 { Ok(()) } else { Err(StoreError::UnknownEpisode(episode_id)) }
    }

    /// Changes an episode's state, unless it is terminal or already the wanted one. The new state, its transition
    /// and an `episode_transition` event are stored together.
    pub async fn transition(&self, episode_id: Uuid, wanted: &Transition) -> Stored<TransitionOutcome> {
        let mut transaction = self.pool.begin().await?;
        let current = lock_episode(&mut transaction, episode_id).await?;
        if current.is_terminal() || current == wanted.status {
            return Ok(TransitionOutcome::Unchanged { status: current });
        }
        change_state(&mut transaction, episode_id, current, wanted).await?;
        transaction.commit().await?;
        Ok(TransitionOutcome::Changed)
    }

    /// One episode with its transitions and a page of its traces, all as of the same moment.
    pub async fn episode(&self, episode_id: Uuid, page: &EpisodeQuery) -> Stored<Episode> {
        let mut snapshot = self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let query = sqlx::AssertSqlSafe(format!("SELECT {EPISODE_COLUMNS} FROM episodes WHERE id = $1"));
        let row: Option<EpisodeRow> = sqlx::query_as(query).bind(episode_id).fetch_optional(&mut *snapshot).await?;
        let mut episode: Episode = row.ok_or(StoreError::UnknownEpisode(episode_id))?.into();
        episode.transitions = transitions_of(&mut snapshot, episode_id).await?;
        let traces = traces_of(&mut snapshot, episode_id, page.after_trace_id, page.trace_limit).await?;
        episode.traces = traces.traces;
        episode.more_traces_after = traces.more_after;
        Ok(episode)
    }

    /// Episodes, newest first, without their transitions and traces.
    pub async fn list_episodes(&self, limit: i64, offset: i64) -> Stored<Vec<Episode>> {
        let query = sqlx::AssertSqlSafe(format!(
            "SELECT {EPISODE_COLUMNS} FROM episodes ORDER BY created_at DESC, id LIMIT $1 OFFSET $2"
        ));
        let rows: Vec<EpisodeRow> = sqlx::query_as(query).bind(limit).bind(offset).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Deletes an episode with all that belongs to it.
    pub async fn delete_episode(&self, episode_id: Uuid) -> Stored<()> {
        let deleted = sqlx::query("DELETE FROM episodes WHERE id = $1")
            .bind(episode_id)
            .execute(&self.pool)
            .await?
            .rows_affected();
        if deleted == 1 { Ok(()) } else { Err(StoreError::UnknownEpisode(episode_id)) }
    }

    /// State of an episode.
    pub async fn status(&self, episode_id: Uuid) -> Stored<EpisodeStatus> {
        let status: Option<StatusLabel> = sqlx::query_scalar("SELECT status FROM episodes WHERE id = $1")
            .bind(episode_id)
            .fetch_optional(&self.pool)
            .await?;
        status.map(EpisodeStatus::from).ok_or(StoreError::UnknownEpisode(episode_id))
    }
}

/// Moves a locked episode from state `current` to the requested one, with its transition and event. A terminal state
/// has no next agent.
pub(crate) async fn change_state(
    connection: &mut PgConnection,
    episode_id: Uuid,
    current: EpisodeStatus,
    wanted: &Transition,
) -> Stored<()> {
    let failure_reason = wanted.reason.as_deref().filter(|_| wanted.status == EpisodeStatus::Failed);
    sqlx::query(
        "UPDATE episodes SET status = $2, failure_reason = $3, workflow_id = COALESCE(workflow_id, $4), \
         next_agent = CASE WHEN $5 THEN NULL ELSE next_agent END, updated_at = clock_timestamp() WHERE id = $1",
    )
    .bind(episode_id)
    .bind(StatusLabel::from(wanted.status))
    .bind(failure_reason.map(storable_text))
    .bind(&wanted.workflow_id)
    .bind(wanted.status.is_terminal())
    .execute(&mut *connection)
    .await?;
    record_transition(connection, episode_id, Some(current), wanted).await
}

/// Stores the next agent of a locked episode.
pub(crate) async fn set_next_agent(
    connection: &mut PgConnection,
    episode_id: Uuid,
    next_agent: Option<NextAgent>,
) -> Stored<()> {
    sqlx::query("UPDATE episodes SET next_agent = $2, updated_at = clock_timestamp() WHERE id = $1")
        .bind(episode_id)
        .bind(next_agent.map(AgentLabel::from))
        .execute(connection)
        .await?;
    Ok(())
}

async fn record_transition(
    connection: &mut PgConnection,
    episode_id: Uuid,
    before: Option<EpisodeStatus>,
    transition: &Transition,
) -> Stored<()> {
    let at: DateTime<Utc> = sqlx::query_scalar(
        "INSERT INTO episode_transitions (episode_id, status, at, workflow_id, reason) \
         VALUES ($1, $2, clock_timestamp(), $3, $4) RETURNING at",
    )
    .bind(episode_id)
    .bind(StatusLabel::from(transition.status))
    .bind(&transition.workflow_id)
    .bind(transition.reason.as_deref().map(storable_text))
    .fetch_one(&mut *connection)
    .await?;
    let changed = EventBody::EpisodeTransition(EpisodeTransitionEvent {
        episode_id,
        status: transition.status,
        previous_status: before,
        workflow_id: transition.workflow_id.clone(),
        reason: transition.reason.clone(),
    });
    insert_events(connection, episode_id, &[Event::at(at, Source::Controller, changed).into_map()]).await?;
    Ok(())
}

/// A row of `episode_transitions`.
type TransitionRow = (StatusLabel, DateTime<Utc>, Option<String>, Option<String>);

async fn transitions_of(connection: &mut PgConnection, episode_id: Uuid) -> Stored<Vec<EpisodeTransition>> {
    let rows: Vec<TransitionRow> = sqlx::query_as(
        "SELECT status, at, workflow_id, reason FROM episode_transitions WHERE episode_id = $1 ORDER BY id",
    )
    .bind(episode_id)
    .fetch_all(connection)
    .await?;
    let transitions = rows.into_iter().map(|(label, at, workflow_id, reason)| EpisodeTransition {
        status: label.into(),
        at,
        workflow_id,
        reason,
    });
    Ok(transitions.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn non_text_validation_logs_are_ignored() {
        let with = |logs: serde_json::Value| EpisodeMetadata {
            additional_info: [("validation_logs".to_owned(), logs)].into_iter().collect(),
            ..EpisodeMetadata::default()
        };
        assert_eq!(validation_logs(&with(json!(["a", "b"]))), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(validation_logs(&with(json!(["a", 7]))), None);
        assert_eq!(validation_logs(&EpisodeMetadata::default()), None);
    }
}

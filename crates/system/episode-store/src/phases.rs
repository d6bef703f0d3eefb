//! How far the phases of an episode have come, so that a new attempt knows what an old one did.

use chrono::{DateTime, Utc};
use contract::lifecycle::Phase;
use serde_json::{Map, Value};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::{
    EpisodeStore, Stored,
    text::storable_value,
    traces::{NewTrace, insert_events, insert_trace, lock_episode},
};

/// How far a phase has come.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Checkpoint {
    /// Attempt that wrote it, from 1.
    pub attempt: i32,
    /// What the phase wants to remember.
    pub state: Value,
    /// When it was written.
    pub updated_at: DateTime<Utc>,
    /// When the phase was recorded as finished; absent while it is under way.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Which phase of which episode, and in which round. Each round has a checkpoint and an outcome of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseKey {
    /// Episode.
    pub episode_id: Uuid,
    /// Which one.
    pub phase: Phase,
    /// From 1.
    pub round: u32,
}

/// One step of an unfinished phase.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// Which phase.
    pub key: PhaseKey,
    /// Attempt that made it, from 1.
    pub attempt: i32,
    /// What happened, such as `run_begun`.
    pub name: &'static str,
    /// What the phase wants to remember.
    pub state: Value,
    /// Traces that record it.
    pub traces: Vec<NewTrace>,
}

/// A step that a phase made.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct PhaseStep {
    /// 1-based sequence number in its phase and round.
    pub step: i32,
    /// What happened.
    pub name: String,
    /// Attempt that made it, from 1.
    pub attempt: i32,
    /// What the phase remembered then.
    pub state: Value,
    /// When.
    pub at: DateTime<Utc>,
}

/// The step that ends a phase.
const FINISHED: &str = "finished";

/// All that a finished phase leaves behind; stored together.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseRecord {
    /// Which phase.
    pub key: PhaseKey,
    /// Attempt that finished it, from 1.
    pub attempt: i32,
    /// What the phase wants to remember: its outcome.
    pub state: Value,
    /// Events in their order.
    pub events: Vec<Map<String, Value>>,
    /// Traces, after the events.
    pub traces: Vec<NewTrace>,
}

/// Result of storing a [`PhaseRecord`].
#[derive(Debug, Clone, PartialEq)]
pub enum PhaseRecording {
    /// It was stored.
    Recorded,
    /// Another attempt had finished the phase; nothing was stored.
    AlreadyFinished {
        /// The outcome that counts.
        state: Value,
    },
}

impl EpisodeStore {
    /// How far a phase has come; `None` when it has not begun.
    pub async fn checkpoint(&self, key: &PhaseKey) -> Stored<Option<Checkpoint>> {
        let found = sqlx::query_as(
            "SELECT attempt, state, updated_at, finished_at FROM phase_checkpoints \
             WHERE episode_id = $1 AND phase = $2 AND round = $3",
        )
        .bind(key.episode_id)
        .bind(key.phase.name())
        .bind(key.round.cast_signed())
        .fetch_optional(&self.pool)
        .await?;
        Ok(found)
    }

    /// Records a step of an unfinished phase: its progress and the traces that report it, all or none. For a finished
    /// phase nothing is recorded.
    pub async fn record_step(&self, step: &StepRecord) -> Stored<()> {
        let mut transaction = self.pool.begin().await?;
        lock_episode(&mut transaction, step.key.episode_id).await?;
        let saved = sqlx::query(
            "INSERT INTO phase_checkpoints (episode_id, phase, round, attempt, state, updated_at) \
             VALUES ($1, $2, $3, $4, $5, clock_timestamp()) \
             ON CONFLICT (episode_id, phase, round) DO UPDATE \
             SET attempt = EXCLUDED.attempt, state = EXCLUDED.state, updated_at = EXCLUDED.updated_at \
             WHERE phase_checkpoints.finished_at IS NULL",
        )
        .bind(step.key.episode_id)
        .bind(step.key.phase.name())
        .bind(step.key.round.cast_signed())
        .bind(step.attempt)
        .bind(storable_value(&step.state))
        .execute(&mut *transaction)
        .await?;
        if saved.rows_affected() == 0 {
            return Ok(());
        }
        insert_step(&mut transaction, &step.key, step.attempt, step.name, &step.state).await?;
        for trace in &step.traces {
            insert_trace(&mut transaction, step.key.episode_id, trace).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The steps of a phase, in their order.
    pub async fn steps(&self, key: &PhaseKey) -> Stored<Vec<PhaseStep>> {
        let found = sqlx::query_as(
            "SELECT step, name, attempt, state, at FROM phase_steps \
             WHERE episode_id = $1 AND phase = $2 AND round = $3 ORDER BY step",
        )
        .bind(key.episode_id)
        .bind(key.phase.name())
        .bind(key.round.cast_signed())
        .fetch_all(&self.pool)
        .await?;
        Ok(found)
    }

    /// Stores what a phase left behind and marks it finished, once a round: when two attempts overlap, the first to get
    /// here counts and the other learns its outcome. No event is stored twice.
    pub async fn record_phase(&self, record: &PhaseRecord) -> Stored<PhaseRecording> {
        let PhaseKey { episode_id, phase, round } = record.key;
        let mut transaction = self.pool.begin().await?;
        lock_episode(&mut transaction, episode_id).await?;
        let finished: Option<Value> = sqlx::query_scalar(
            "SELECT state FROM phase_checkpoints \
             WHERE episode_id = $1 AND phase = $2 AND round = $3 AND finished_at IS NOT NULL",
        )
        .bind(episode_id)
        .bind(phase.name())
        .bind(round.cast_signed())
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(state) = finished {
            return Ok(PhaseRecording::AlreadyFinished { state });
        }
        insert_events(&mut transaction, episode_id, &record.events).await?;
        for trace in &record.traces {
            insert_trace(&mut transaction, episode_id, trace).await?;
        }
        sqlx::query(
            "INSERT INTO phase_checkpoints (episode_id, phase, round, attempt, state, updated_at, finished_at) \
             VALUES ($1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp()) \
             ON CONFLICT (episode_id, phase, round) DO UPDATE SET attempt = EXCLUDED.attempt, state = EXCLUDED.state, \
             updated_at = EXCLUDED.updated_at, finished_at = EXCLUDED.finished_at",
        )
        .bind(episode_id)
        .bind(phase.name())
        .bind(round.cast_signed())
        .bind(record.attempt)
        .bind(storable_value(&record.state))
        .execute(&mut *transaction)
        .await?;
        insert_step(&mut transaction, &record.key, record.attempt, FINISHED, &record.state).await?;
        transaction.commit().await?;
        Ok(PhaseRecording::Recorded)
    }
}

async fn insert_step(
    connection: &mut PgConnection,
    key: &PhaseKey,
    attempt: i32,
    name: &str,
    state: &Value,
) -> Stored<()> {
    sqlx::query(
        "INSERT INTO phase_steps (episode_id, phase, round, step, name, attempt, state, at) \
         SELECT $1, $2, $3, COALESCE(max(step), 0) + 1, $4, $5, $6, clock_timestamp() \
         FROM phase_steps WHERE episode_id = $1 AND phase = $2 AND round = $3",
    )
    .bind(key.episode_id)
    .bind(key.phase.name())
    .bind(key.round.cast_signed())
    .bind(name)
    .bind(attempt)
    .bind(storable_value(state))
    .execute(connection)
    .await?;
    Ok(())
}

//! Episodes that have not ended, for the check that a workflow carries them.

use std::time::Duration;

use contract::{episodes::EpisodeMetadata, lifecycle::EpisodeStatus};
use sqlx::{FromRow, Postgres, Transaction, types::Json};
use uuid::Uuid;

use crate::{EpisodeStore, Stored, labels::StatusLabel};

/// Number of the database's advisory lock under which one process at a time sweeps.
const SWEEPING_LOCK: i64 = 0x5157_4545_5045_5200;

/// An episode that has not ended and that a workflow carries, or should.
#[derive(Debug, Clone, PartialEq)]
pub struct UnsettledEpisode {
    /// Id.
    pub id: Uuid,
    /// `queued` or `running`.
    pub status: EpisodeStatus,
    /// Worker session in which the work happens.
    pub worker_session_id: String,
    /// Facts about it.
    pub metadata: EpisodeMetadata,
}

/// The right to sweep; it ends when this is dropped, or when the process or its connection dies.
#[derive(Debug)]
pub struct SweepingTurn(
    #[expect(dead_code, reason = "held, never read: its end releases the lock")] Transaction<'static, Postgres>,
);

#[derive(FromRow)]
struct Row {
    id: Uuid,
    status: StatusLabel,
    worker_session_id: String,
    metadata_vars: Option<Json<EpisodeMetadata>>,
}

impl EpisodeStore {
    /// The right to sweep; `None` while another process has it.
    pub async fn take_sweeping_turn(&self) -> Stored<Option<SweepingTurn>> {
        let mut transaction = self.pool.begin().await?;
        let is_ours: bool = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
            .bind(SWEEPING_LOCK)
            .fetch_one(&mut *transaction)
            .await?;
        Ok(is_ours.then_some(SweepingTurn(transaction)))
    }

    /// Episodes with an id above `after`, at most `limit`, that are queued, or running in a workflow, and whose state
    /// has not changed for `unchanged_for`. Those that run without a workflow belong to tests.
    pub async fn unsettled_episodes(
        &self,
        unchanged_for: Duration,
        after: Uuid,
        limit: i64,
    ) -> Stored<Vec<UnsettledEpisode>> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, status, worker_session_id, metadata_vars FROM episodes \
             WHERE (status = 'QUEUED' OR (status = 'RUNNING' AND workflow_id IS NOT NULL)) \
             AND updated_at < clock_timestamp() - make_interval(secs => $1) AND id > $2 ORDER BY id LIMIT $3",
        )
        .bind(unchanged_for.as_secs_f64())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let episodes = rows.into_iter().map(|row| UnsettledEpisode {
            id: row.id,
            status: row.status.into(),
            worker_session_id: row.worker_session_id,
            metadata: row.metadata_vars.map(|Json(metadata)| metadata).unwrap_or_default(),
        });
        Ok(episodes.collect())
    }
}

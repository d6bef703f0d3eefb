//! The database, read-only.

use std::{str::FromStr, time::Duration};

use anyhow::Context;
use chrono::{DateTime, Utc};
use sqlx::{
    PgPool, Row,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

/// A read-only view of the stack's database.
#[derive(Debug, Clone)]
pub struct Database {
    pub(crate) pool: PgPool,
}

/// What the `episodes` table holds for one episode.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeRow {
    /// State, lower case.
    pub status: String,
    /// What was asked.
    pub task: String,
    /// Temporal workflow.
    pub workflow_id: Option<String>,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// Next agent, lower case.
    pub next_agent: Option<String>,
}

/// One row of an episode's lifecycle.
#[derive(Debug, Clone, PartialEq)]
pub struct TransitionRow {
    /// State, lower case.
    pub status: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl Database {
    /// Connects; every transaction of the connection is read-only.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let options = PgConnectOptions::from_str(url)
            .context("the database URL cannot be read")?
            .options([("default_transaction_read_only", "on")]);
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options)
            .await
            .context("the database does not answer")?;
        Ok(Self { pool })
    }

    /// Version that the server reports.
    pub async fn server_version(&self) -> anyhow::Result<String> {
        Ok(sqlx::query_scalar("SHOW server_version").fetch_one(&self.pool).await?)
    }

    /// The row of an episode, or `None`.
    pub async fn episode(&self, id: Uuid) -> anyhow::Result<Option<EpisodeRow>> {
        let row = sqlx::query(
            "SELECT lower(status::text) AS status, task, workflow_id, failure_reason, \
             lower(next_agent::text) AS next_agent FROM episodes WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await
        .context("reading the table episodes failed")?;
        row.map(|row| {
            Ok(EpisodeRow {
                status: row.try_get("status")?,
                task: row.try_get("task")?,
                workflow_id: row.try_get("workflow_id")?,
                failure_reason: row.try_get("failure_reason")?,
                next_agent: row.try_get("next_agent")?,
            })
        })
        .transpose()
    }

    /// The lifecycle of an episode, in order.
    pub async fn transitions(&self, id: Uuid) -> anyhow::Result<Vec<TransitionRow>> {
        let rows = sqlx::query(
            "SELECT lower(status::text) AS status, at FROM episode_transitions WHERE episode_id = $1 ORDER BY id",
        )
        .bind(id)
        .fetch_all(&self.pool)
        .await
        .context("reading the table episode_transitions failed")?;
        rows.iter().map(|row| Ok(TransitionRow { status: row.try_get("status")?, at: row.try_get("at")? })).collect()
    }
}

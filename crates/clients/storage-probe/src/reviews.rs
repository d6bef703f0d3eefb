//! Reviews and refusals as the database holds them, labels and JSON included.

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use crate::Database;

/// One row of the table `reviews`.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct ReviewRow {
    /// Number of the round.
    pub round: i32,
    /// The decision, upper case as the database spells it.
    pub decision: String,
    /// Remarks, a JSON array of texts.
    pub comments: Value,
    /// What was looked at, a JSON object.
    pub evidence: Value,
    /// Next agent, upper case.
    pub next_agent: Option<String>,
    /// Place of the document.
    pub path: String,
    /// The document.
    pub content: String,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
}

/// One row of the table `plan_refusals`.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct PlanRefusalRow {
    /// Number.
    pub number: i32,
    /// Why, by kind: a JSON array of names.
    pub reasons: Value,
    /// Why, in words.
    pub reason: String,
    /// Proof, a JSON array of texts.
    pub evidence: Value,
    /// Its state, upper case.
    pub state: String,
}

impl Database {
    /// Stored reviews of an episode, in order.
    pub async fn reviews(&self, episode_id: Uuid) -> anyhow::Result<Vec<ReviewRow>> {
        sqlx::query_as(
            "SELECT round, decision::text AS decision, comments, evidence, next_agent::text AS next_agent, path, \
             content, created_at FROM reviews WHERE episode_id = $1 ORDER BY round",
        )
        .bind(episode_id)
        .fetch_all(&self.pool)
        .await
        .context("reading the table reviews failed")
    }

    /// Stored refusals of an episode's plan, in order.
    pub async fn plan_refusals(&self, episode_id: Uuid) -> anyhow::Result<Vec<PlanRefusalRow>> {
        sqlx::query_as(
            "SELECT number, reasons, reason, evidence, state::text AS state FROM plan_refusals \
             WHERE episode_id = $1 ORDER BY number",
        )
        .bind(episode_id)
        .fetch_all(&self.pool)
        .await
        .context("reading the table plan_refusals failed")
    }
}

//! Traces and events of an episode.

use chrono::{DateTime, Utc};
use contract::{
    episodes::{EpisodeStatus, Trace, TraceType},
    events::StoredEvent,
};
use serde_json::{Map, Value};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    EpisodeStore, StoreError, Stored,
    labels::{StatusLabel, TraceLabel},
    text::{storable_object, storable_text, storable_value},
};

/// Name of an event that names itself nothing.
const NAMELESS_EVENT: &str = "unknown";

/// A trace to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTrace {
    /// Kind.
    pub trace_type: TraceType,
    /// Name, such as the tool.
    pub name: Option<String>,
    /// Text.
    pub content: Option<String>,
    /// Data.
    pub metadata: Option<Value>,
}

/// An event as the table `traces` holds it: id, name, time, content.
type EventRow = (i64, String, DateTime<Utc>, Json<Map<String, Value>>);

impl EpisodeStore {
    /// Stores one trace; its number.
    pub async fn add_trace(&self, episode_id: Uuid, trace: &NewTrace) -> Stored<i64> {
        let mut transaction = self.pool.begin().await?;
        lock_episode(&mut transaction, episode_id).await?;
        let number = insert_trace(&mut transaction, episode_id, trace).await?;
        transaction.commit().await?;
        Ok(number)
    }

    /// Stores events in their order, all or none; how many were stored, which is as many as were given.
    pub async fn ingest_events(&self, episode_id: Uuid, events: &[Map<String, Value>]) -> Stored<u64> {
        let mut transaction = self.pool.begin().await?;
        lock_episode(&mut transaction, episode_id).await?;
        let stored = insert_events(&mut transaction, episode_id, events).await?;
        transaction.commit().await?;
        Ok(stored)
    }

    /// Events of an episode in the order of ingestion: those with a number above `after_id`, at most `limit`.
    pub async fn events(&self, episode_id: Uuid, after_id: i64, limit: i64) -> Stored<Vec<StoredEvent>> {
        self.require_episode(episode_id).await?;
        let rows: Vec<EventRow> = sqlx::query_as(
            "SELECT id, name, created_at, metadata FROM traces \
             WHERE episode_id = $1 AND trace_type = 'EVENT' AND id > $2 ORDER BY id LIMIT $3",
        )
        .bind(episode_id)
        .bind(after_id)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let events = rows.into_iter().map(|(id, event_type, created_at, Json(event))| StoredEvent {
            id,
            event_type,
            created_at,
            event,
        });
        Ok(events.collect())
    }
}

/// Locks an episode until the end of the transaction; its state. All writers do this first, so that traces of one
/// episode get their numbers in the order in which they become visible.
pub(crate) async fn lock_episode(connection: &mut PgConnection, episode_id: Uuid) -> Stored<EpisodeStatus> {
    let label: Option<StatusLabel> = sqlx::query_scalar("SELECT status FROM episodes WHERE id = $1 FOR NO KEY UPDATE")
        .bind(episode_id)
        .fetch_optional(connection)
        .await?;
    label.map(Into::into).ok_or(StoreError::UnknownEpisode(episode_id))
}

pub(crate) async fn insert_trace(connection: &mut PgConnection, episode_id: Uuid, trace: &NewTrace) -> Stored<i64> {
    let number = sqlx::query_scalar(
        "INSERT INTO traces (episode_id, created_at, trace_type, name, content, metadata) \
         VALUES ($1, clock_timestamp(), $2, $3, $4, $5) RETURNING id",
    )
    .bind(episode_id)
    .bind(TraceLabel::from(trace.trace_type))
    .bind(trace.name.as_deref().map(storable_text))
    .bind(trace.content.as_deref().map(storable_text))
    .bind(trace.metadata.as_ref().map(storable_value))
    .fetch_one(connection)
    .await?;
    Ok(number)
}

pub(crate) async fn insert_events(
    connection: &mut PgConnection,
    episode_id: Uuid,
    events: &[Map<String, Value>],
) -> Stored<u64> {
    let whole: Vec<Value> = events.iter().map(storable_object).collect();
    let names: Vec<&str> = whole.iter().map(event_name).collect();
    let texts: Vec<String> = whole.iter().map(ToString::to_string).collect();
    let stored = sqlx::query(
        "INSERT INTO traces (episode_id, created_at, trace_type, name, content, metadata) \
         SELECT $1, clock_timestamp(), 'EVENT', event.name, event.content, event.metadata \
         FROM UNNEST($2::text[], $3::text[], $4::jsonb[]) WITH ORDINALITY AS event (name, content, metadata, place) \
         ORDER BY event.place",
    )
    .bind(episode_id)
    .bind(names)
    .bind(texts)
    .bind(&whole)
    .execute(connection)
    .await?
    .rows_affected();
    let given = events.len() as u64;
    if stored == given { Ok(stored) } else { Err(StoreError::Incomplete { given, stored }) }
}

fn event_name(event: &Value) -> &str {
    event.get("event_type").and_then(Value::as_str).filter(|name| !name.is_empty()).unwrap_or(NAMELESS_EVENT)
}

pub(crate) async fn traces_of(connection: &mut PgConnection, episode_id: Uuid) -> Stored<Vec<Trace>> {
    type Row = (i64, TraceLabel, Option<String>, Option<String>, Option<Value>, DateTime<Utc>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, trace_type, name, content, metadata, created_at FROM traces WHERE episode_id = $1 ORDER BY id",
    )
    .bind(episode_id)
    .fetch_all(connection)
    .await?;
    let traces = rows.into_iter().map(|(id, label, name, content, metadata_vars, created_at)| Trace {
        id,
        trace_type: label.into(),
        name,
        content,
        metadata_vars,
        created_at,
    });
    Ok(traces.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_without_a_usable_name_is_still_stored_under_a_name() {
        assert_eq!(event_name(&json!({"event_type": "component_usage"})), "component_usage");
        for nameless in [json!({}), json!({"event_type": 7}), json!({"event_type": ""})] {
            assert_eq!(event_name(&nameless), NAMELESS_EVENT);
        }
    }
}

//! Traces and events of an episode.

use chrono::{DateTime, Utc};
use contract::{
    episodes::{Trace, TraceType},
    events::{SEQ_FIELD, SOURCE_FIELD, StoredEvent},
    lifecycle::EpisodeStatus,
    limits::MAX_PAGE_BYTES,
};
use serde_json::{Map, Value};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    EpisodeStore, StoreError, Stored,
    labels::{StatusLabel, TraceLabel},
    text::{storable_object, storable_text, storable_value},
};

/// Events in one statement: its memory is copied several times on the way to the database.
const EVENTS_PER_STATEMENT: usize = 500;
/// Name of an event that has none.
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

    /// Stores events in their order, all or none; how many were stored. What the episode has already, by `source` and
    /// `seq`, is not stored again.
    pub async fn ingest_events(&self, episode_id: Uuid, events: &[Map<String, Value>]) -> Stored<u64> {
        let mut transaction = self.pool.begin().await?;
        lock_episode(&mut transaction, episode_id).await?;
        let stored = insert_events(&mut transaction, episode_id, events).await?;
        transaction.commit().await?;
        Ok(stored)
    }

    /// Events of an episode in the order of ingestion: those with a number above `after_id`, at most `limit`, and fewer
    /// where they are large ([`MAX_PAGE_BYTES`]). An empty page is the last one.
    pub async fn events(&self, episode_id: Uuid, after_id: i64, limit: i64) -> Stored<Vec<StoredEvent>> {
        self.status(episode_id).await?;
        let mut connection = self.pool.acquire().await?;
        let Some(end) = end_of_page(&mut connection, episode_id, Kind::Events, after_id, limit).await? else {
            return Ok(Vec::new());
        };
        let rows: Vec<EventRow> = sqlx::query_as(
            "SELECT id, name, created_at, metadata FROM traces \
             WHERE episode_id = $1 AND trace_type = 'EVENT' AND id > $2 AND id <= $3 ORDER BY id",
        )
        .bind(episode_id)
        .bind(after_id)
        .bind(end.last)
        .fetch_all(&mut *connection)
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
    let mut stored = 0;
    for batch in events.chunks(EVENTS_PER_STATEMENT) {
        stored += insert_batch(connection, episode_id, batch).await?;
    }
    Ok(stored)
}

async fn insert_batch(connection: &mut PgConnection, episode_id: Uuid, events: &[Map<String, Value>]) -> Stored<u64> {
    let whole: Vec<Value> = events.iter().map(storable_object).collect();
    let names: Vec<&str> = whole.iter().map(event_name).collect();
    let texts: Vec<String> = whole.iter().map(ToString::to_string).collect();
    let (sources, numbers): (Vec<Option<&str>>, Vec<Option<i64>>) = whole.iter().map(identity).unzip();
    let stored = sqlx::query(
        "INSERT INTO traces (episode_id, created_at, trace_type, name, content, metadata, source, seq) \
         SELECT $1, clock_timestamp(), 'EVENT', event.name, event.content, event.metadata, event.source, event.seq \
         FROM UNNEST($2::text[], $3::text[], $4::jsonb[], $5::text[], $6::bigint[]) \
         WITH ORDINALITY AS event (name, content, metadata, source, seq, place) \
         ORDER BY event.place \
         ON CONFLICT (episode_id, source, seq) WHERE seq IS NOT NULL DO NOTHING",
    )
    .bind(episode_id)
    .bind(names)
    .bind(texts)
    .bind(&whole)
    .bind(sources)
    .bind(numbers)
    .execute(connection)
    .await?;
    Ok(stored.rows_affected())
}

/// Key of an event, where its source has numbered it.
fn identity(event: &Value) -> (Option<&str>, Option<i64>) {
    let source = event.get(SOURCE_FIELD).and_then(Value::as_str);
    let number = event.get(SEQ_FIELD).and_then(Value::as_i64);
    match (source, number) {
        (Some(source), Some(number)) => (Some(source), Some(number)),
        _ => (None, None),
    }
}

fn event_name(event: &Value) -> &str {
    event.get("event_type").and_then(Value::as_str).filter(|name| !name.is_empty()).unwrap_or(NAMELESS_EVENT)
}

/// A page of an episode's traces.
#[derive(Debug)]
pub(crate) struct TracePage {
    pub(crate) traces: Vec<Trace>,
    /// Number of the last trace, where more follow.
    pub(crate) more_after: Option<i64>,
}

/// Where a page ends.
struct PageEnd {
    last: i64,
    is_last_page: bool,
}

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Events,
    AllTraces,
}

/// Number of the last trace on a page behind `after_id`: as many traces as `limit` and [`MAX_PAGE_BYTES`] allow, and one
/// in any case. `None` when nothing follows. Sizes are measured in the database, so that what does not fit on the page
/// does not travel.
async fn end_of_page(
    connection: &mut PgConnection,
    episode_id: Uuid,
    kind: Kind,
    after_id: i64,
    limit: i64,
) -> Stored<Option<PageEnd>> {
    let found: (Option<i64>, Option<i64>) = sqlx::query_as(
        "WITH candidates AS ( \
             SELECT id, octet_length(COALESCE(content, ''))::bigint + octet_length(COALESCE(metadata::text, '')) \
             AS bytes FROM traces WHERE episode_id = $1 AND (NOT $2 OR trace_type = 'EVENT') \
             AND id > $3 ORDER BY id LIMIT $4 + 1), \
         placed AS ( \
             SELECT id, bytes, row_number() OVER (ORDER BY id) AS place, sum(bytes) OVER (ORDER BY id) AS total \
             FROM candidates) \
         SELECT max(id) FILTER (WHERE place = 1 OR (place <= $4 AND total <= $5)), max(id) FROM placed",
    )
    .bind(episode_id)
    .bind(kind == Kind::Events)
    .bind(after_id)
    .bind(limit)
    .bind(MAX_PAGE_BYTES)
    .fetch_one(connection)
    .await?;
    Ok(match found {
        (Some(last), Some(known)) => Some(PageEnd { last, is_last_page: last == known }),
        _ => None,
    })
}

pub(crate) async fn traces_of(
    connection: &mut PgConnection,
    episode_id: Uuid,
    after_id: i64,
    limit: i64,
) -> Stored<TracePage> {
    type Row = (i64, TraceLabel, Option<String>, Option<String>, Option<Value>, DateTime<Utc>);
    let end = match limit {
        0 => None,
        _ => end_of_page(connection, episode_id, Kind::AllTraces, after_id, limit).await?,
    };
    let Some(end) = end else { return Ok(TracePage { traces: Vec::new(), more_after: None }) };
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, trace_type, name, content, metadata, created_at FROM traces \
         WHERE episode_id = $1 AND id > $2 AND id <= $3 ORDER BY id",
    )
    .bind(episode_id)
    .bind(after_id)
    .bind(end.last)
    .fetch_all(connection)
    .await?;
    let traces = rows.into_iter().map(|(id, label, name, content, metadata_vars, created_at)| Trace {
        id,
        trace_type: label.into(),
        name,
        content,
        metadata_vars,
        langfuse_trace_id: None,
        feedback_score: None,
        feedback_comment: None,
        created_at,
    });
    Ok(TracePage { traces: traces.collect(), more_after: (!end.is_last_page).then_some(end.last) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_numbered_event_is_known_again() {
        assert_eq!(identity(&json!({"source": "worker-heavy", "seq": 7})), (Some("worker-heavy"), Some(7)));
        for unnumbered in [
            json!({"source": "script"}),
            json!({"seq": 7}),
            json!({"source": 1, "seq": 7}),
            json!({"source": "script", "seq": 0.5}),
        ] {
            assert_eq!(identity(&unnumbered), (None, None), "{unnumbered}");
        }
    }

    #[test]
    fn event_without_usable_name_gets_a_default_name() {
        assert_eq!(event_name(&json!({"event_type": "component_usage"})), "component_usage");
        for nameless in [json!({}), json!({"event_type": 7}), json!({"event_type": ""})] {
            assert_eq!(event_name(&nameless), NAMELESS_EVENT);
        }
    }
}

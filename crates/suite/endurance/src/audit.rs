//! Every accepted episode, looked at after the end: its state, its transitions, its events.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;
use contract::{
    episodes::{Episode, TraceType},
    events::StoredEvent,
    lifecycle::EpisodeStatus,
};
use controller_api::StatusCode;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::time::Instant;

use crate::load::{Accepted, EVENT, Load};

/// Episodes looked at side by side.
const SIDE_BY_SIDE: usize = 4;
/// How long one answer is tried for.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// Episodes that completed.
    pub completed: usize,
    /// Episodes in any other state, with the reason that is stored, by reason.
    pub failed: BTreeMap<String, usize>,
    /// Events that should be there.
    pub events_expected: u64,
    /// Events that are there.
    pub events_stored: u64,
    /// Expected events that are missing.
    pub events_lost: u64,
    /// Events that are there more than once, or in the wrong episode.
    pub events_doubled: u64,
    /// Episodes whose transitions are not queued, running, completed.
    pub odd_lives: usize,
    /// Episodes whose script was begun more than once.
    pub repeated: usize,
}

/// Looks at all.
pub async fn audit(load: &Load, events: u32) -> anyhow::Result<Audit> {
    let all = load.accepted();
    load.say(&format!("looking at {} episodes", all.len()));
    stream::iter(all)
        .map(|accepted| async move { look_at(load, accepted).await.map(|seen| judge(accepted, events, &seen)) })
        .buffer_unordered(SIDE_BY_SIDE)
        .try_fold(Audit::default(), |sum, one| std::future::ready(Ok(sum.plus(one))))
        .await
}

/// What the controller reports about one episode.
struct Seen {
    episode: Episode,
    events: Vec<StoredEvent>,
}

async fn look_at(load: &Load, accepted: Accepted) -> anyhow::Result<Seen> {
    let begun = Instant::now();
    loop {
        match try_look(load, accepted).await {
            Ok(seen) => return Ok(seen),
            Err(error) if begun.elapsed() > PATIENCE => {
                return Err(error).with_context(|| format!("episode {} cannot be looked at", accepted.id));
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn try_look(load: &Load, accepted: Accepted) -> anyhow::Result<Seen> {
    let episode = load.controller.episode(accepted.id).await?.expect(StatusCode::OK)?;
    let events = load.controller.events(accepted.id, &contract::events::ListEventsQuery::default()).await?;
    Ok(Seen { episode, events: events.expect(StatusCode::OK)? })
}

fn judge(accepted: Accepted, events: u32, seen: &Seen) -> Audit {
    let mut found = Audit { events_expected: events.into(), ..Audit::default() };
    let episode = &seen.episode;
    if episode.status == EpisodeStatus::Completed {
        found.completed = 1;
    } else {
        let reason = episode.failure_reason.as_deref().unwrap_or("no reason is stored");
        found.failed.insert(format!("{}: {reason}", episode.status.name()), 1);
    }
    let states: Vec<_> = episode.transitions.iter().map(|transition| transition.status).collect();
    if states != [EpisodeStatus::Queued, EpisodeStatus::Running, EpisodeStatus::Completed] {
        found.odd_lives = 1;
    }
    let begins = episode.traces.iter().filter(|trace| trace.trace_type == TraceType::ToolStart).count();
    found.repeated = usize::from(begins > 1);

    let mut times: BTreeMap<u64, u64> = BTreeMap::new();
    for event in seen.events.iter().filter(|event| event.event_type == EVENT) {
        found.events_stored += 1;
        let is_own = event.event.get("submission").and_then(Value::as_u64) == Some(accepted.number as u64);
        match event.event.get("step").and_then(Value::as_u64).filter(|step| is_own && *step < events.into()) {
            Some(step) => *times.entry(step).or_default() += 1,
            None => found.events_doubled += 1,
        }
    }
    found.events_lost = u64::from(events) - times.len() as u64;
    found.events_doubled += times.values().map(|count| count - 1).sum::<u64>();
    found
}

impl Audit {
    fn plus(mut self, other: Self) -> Self {
        self.completed += other.completed;
        for (reason, count) in other.failed {
            *self.failed.entry(reason).or_default() += count;
        }
        self.events_expected += other.events_expected;
        self.events_stored += other.events_stored;
        self.events_lost += other.events_lost;
        self.events_doubled += other.events_doubled;
        self.odd_lives += other.odd_lives;
        self.repeated += other.repeated;
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    const NUMBER: usize = 7;

    fn seen(steps: &[(u64, usize)]) -> Seen {
        let at = "2026-01-01T00:00:00Z";
        let state = |status| json!({"status": status, "at": at, "workflow_id": null, "reason": null});
        let episode = json!({
            "id": Uuid::nil(), "task": "t", "status": "completed", "failure_reason": null, "workflow_id": null,
            "created_at": at, "updated_at": at, "skill_git_hash": null, "metadata_vars": null,
            "transitions": [state("queued"), state("running"), state("completed")],
        });
        let events = steps.iter().map(|(step, submission)| {
            let event = json!({"event_type": EVENT, "step": step, "submission": submission});
            json!({"id": 1, "event_type": EVENT, "created_at": at, "event": event})
        });
        Seen {
            episode: serde_json::from_value(episode).expect("an episode"),
            events: serde_json::from_value(events.collect()).expect("events"),
        }
    }

    fn judged(steps: &[(u64, usize)]) -> (u64, u64, u64) {
        let found = judge(Accepted { id: Uuid::nil(), number: NUMBER }, 3, &seen(steps));
        assert_eq!((found.completed, found.odd_lives), (1, 0));
        (found.events_stored, found.events_lost, found.events_doubled)
    }

    #[test]
    fn lost_doubled_and_foreign_events_are_counted() {
        assert_eq!(judged(&[(0, NUMBER), (1, NUMBER), (2, NUMBER)]), (3, 0, 0));
        assert_eq!(judged(&[(0, NUMBER), (2, NUMBER)]), (2, 1, 0));
        assert_eq!(judged(&[(0, NUMBER), (1, NUMBER), (1, NUMBER), (2, NUMBER)]), (4, 0, 1));
        assert_eq!(judged(&[(0, NUMBER), (1, NUMBER), (2, NUMBER), (0, 8)]), (4, 0, 1));
    }

    #[test]
    fn failed_episodes_are_counted_by_reason() {
        let mut failed = seen(&[]);
        failed.episode.status = EpisodeStatus::Failed;
        failed.episode.failure_reason = Some("worker-light could not be reached".into());
        let found = judge(Accepted { id: Uuid::nil(), number: NUMBER }, 0, &failed);
        assert_eq!(found.failed.keys().collect::<Vec<_>>(), ["failed: worker-light could not be reached"]);
        assert_eq!(found.completed, 0);
    }
}

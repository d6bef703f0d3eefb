//! The episodes: submitted until as many as wanted are accepted, and followed to their ends.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context;
use contract::{
    episodes::{AgentRunRequest, AgentRunResponse, Episode, EpisodeMetadata, ListEpisodesQuery},
    files::WriteFileRequest,
};
use controller_api::{ControllerClient, Outcome, StatusCode};
use futures::future::try_join_all;
use stack::{Service, Stack};
use tokio::time::Instant;
use uuid::Uuid;
use worker_api::LightWorker;

use crate::{Arguments, timeline::Timeline};

/// Name of the events that the scripts emit.
pub const EVENT: &str = "endurance_step";
/// Submissions at a time.
const SUBMITTERS: usize = 6;
/// Pause before what failed is tried again, and between two looks at the episodes.
const PAUSE: Duration = Duration::from_millis(300);
/// Episodes in one look: more than may be unfinished at a time, so that old ones are rarely asked for one by one.
const LOOK: i64 = 200;
/// Time without a single accepted episode after which a run is given up.
const STANDSTILL: Duration = Duration::from_mins(4);
/// Script limit in seconds, several times what a script takes.
const SCRIPT_LIMIT_S: u32 = 60;

/// An episode that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Accepted {
    /// Its id.
    pub id: Uuid,
    /// Which submission it was; its script emits it with every event.
    pub number: usize,
}

/// All episodes of a run.
pub struct Load {
    /// The controller.
    pub controller: ControllerClient,
    worker: LightWorker,
    arguments: Arguments,
    timeline: Timeline,
    nonce: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    accepted: BTreeMap<Uuid, usize>,
    ended: BTreeSet<Uuid>,
    next: usize,
    refused: u64,
    last_accepted: Option<Instant>,
}

impl Load {
    /// Nothing is submitted yet.
    pub fn new(stack: &Stack, arguments: &Arguments, timeline: Timeline) -> anyhow::Result<Self> {
        let descriptor = stack.descriptor();
        let http = http_reply::client(reqwest::Client::builder().pool_idle_timeout(Duration::from_secs(5)));
        let http = http.context("no HTTP client")?;
        let key = descriptor.api_key.clone().context("an embedded stack has a key")?;
        Ok(Self {
            controller: ControllerClient::new(descriptor.url(Service::Controller)?, key, http.clone()),
            worker: LightWorker::new(descriptor.url(Service::WorkerLight)?, "endurance", http)
                .with_token(descriptor.worker_token.as_deref()),
            arguments: arguments.clone(),
            timeline,
            nonce: Uuid::new_v4().simple().to_string()[..8].to_owned(),
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is plain data that every step leaves consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Submits until as many episodes as wanted are accepted.
    pub async fn submit_all(&self) -> anyhow::Result<()> {
        let submitters = (0..SUBMITTERS).map(|_| async {
            while let Some(number) = self.next_number() {
                self.submit(number).await?;
            }
            anyhow::Ok(())
        });
        try_join_all(submitters).await.map(|_| ())
    }

    fn next_number(&self) -> Option<usize> {
        let mut state = self.state();
        let number = state.next;
        (number < self.arguments.episodes).then(|| {
            state.next += 1;
            number
        })
    }

    /// One episode: its script first, then the episode itself, each until it is accepted.
    async fn submit(&self, number: usize) -> anyhow::Result<()> {
        let begun = Instant::now();
        let session = format!("endurance-{}-{number}", self.nonce);
        let worker = self.worker.with_session(session.as_str());
        let script = WriteFileRequest { path: "script.py".into(), content: self.script(number), overwrite: true };
        while let Some(trouble) = trouble(&worker.write_file(&script).await, StatusCode::OK) {
            self.check_progress(begun, &format!("no script can be written ({trouble})"))?;
            tokio::time::sleep(PAUSE).await;
        }
        let request = AgentRunRequest {
            task: format!("endure, number {number}"),
            session_id: session,
            metadata_vars: Some(EpisodeMetadata {
                script_timeout_s: Some(SCRIPT_LIMIT_S),
                ..EpisodeMetadata::default()
            }),
            skill_git_hash: None,
            agent_name: "engineer_coder".into(),
        };
        loop {
            self.wait_for_room(begun).await?;
            let answer = self.controller.agent_run(&request).await;
            if let Some(trouble) = trouble(&answer, StatusCode::ACCEPTED) {
                self.state().refused += 1;
                self.check_progress(begun, &format!("no episode is accepted ({trouble})"))?;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let started: AgentRunResponse = answer?.expect(StatusCode::ACCEPTED)?;
            let mut state = self.state();
            state.accepted.insert(started.episode_id, number);
            state.last_accepted = Some(Instant::now());
            return Ok(());
        }
    }

    async fn wait_for_room(&self, begun: Instant) -> anyhow::Result<()> {
        loop {
            let in_flight = {
                let state = self.state();
                state.accepted.len() - state.ended.len()
            };
            if in_flight < self.arguments.in_flight {
                return Ok(());
            }
            self.check_progress(begun, "no episode ends")?;
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn check_progress(&self, begun: Instant, trouble: &str) -> anyhow::Result<()> {
        let since = self.state().last_accepted.map_or(begun, |last| last.max(begun));
        anyhow::ensure!(since.elapsed() < STANDSTILL, "{trouble} for {} s; {}", STANDSTILL.as_secs(), self.summary());
        Ok(())
    }

    fn script(&self, number: usize) -> String {
        let (events, seconds) = (self.arguments.events, self.arguments.script_seconds);
        format!(
            "import time\n\
             from shared.observability.events import emit_event\n\
             for step in range({events}):\n    \
                 emit_event('{EVENT}', step=step, submission={number})\n    \
                 time.sleep({seconds} / {events})\n"
        )
    }

    /// Looks at the newest episodes again and again, and notes which have ended.
    pub async fn follow(self: Arc<Self>) {
        loop {
            let query = ListEpisodesQuery { limit: LOOK, offset: 0 };
            if let Ok(reply) = self.controller.list_episodes(&query).await
                && let Ok(episodes) = reply.expect::<Vec<Episode>>(StatusCode::OK)
            {
                let ended = episodes.iter().filter(|episode| episode.status.is_terminal()).map(|episode| episode.id);
                let mut state = self.state();
                let ended: Vec<_> = ended.filter(|id| state.accepted.contains_key(id)).collect();
                state.ended.extend(ended);
            }
            self.look_at_old_ones().await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks for episodes that are too old for the list, one by one.
    async fn look_at_old_ones(&self) {
        let open = self.unfinished();
        let newest = self.state().accepted.len().saturating_sub(LOOK as usize);
        for episode in open.into_iter().filter(|episode| episode.number < newest) {
            if let Ok(reply) = self.controller.episode(episode.id).await
                && let Ok(found) = reply.expect::<Episode>(StatusCode::OK)
                && found.status.is_terminal()
            {
                self.state().ended.insert(episode.id);
            }
        }
    }

    /// Waits until so many were accepted, or all.
    pub async fn wait_for_accepted(&self, count: usize) {
        while self.state().accepted.len() < count {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until all that were accepted have ended; those that have not when the deadline is over.
    pub async fn wait_for_ends(&self, deadline: Duration) -> Vec<Accepted> {
        let begun = Instant::now();
        loop {
            let unfinished = self.unfinished();
            if unfinished.is_empty() || begun.elapsed() > deadline {
                return unfinished;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn unfinished(&self) -> Vec<Accepted> {
        let state = self.state();
        let open = state.accepted.iter().filter(|(id, _)| !state.ended.contains(id));
        open.map(|(&id, &number)| Accepted { id, number }).collect()
    }

    /// All that were accepted.
    pub fn accepted(&self) -> Vec<Accepted> {
        self.state().accepted.iter().map(|(&id, &number)| Accepted { id, number }).collect()
    }

    /// Submissions that were answered with something else, or not at all, and were tried again.
    pub fn refused(&self) -> u64 {
        self.state().refused
    }

    /// Progress of the run.
    pub fn summary(&self) -> String {
        let state = self.state();
        format!("{} accepted, {} ended, {} refused", state.accepted.len(), state.ended.len(), state.refused)
    }

    /// Prints a line of progress.
    pub fn say(&self, sentence: &str) {
        self.timeline.say(sentence);
    }
}

/// Why a call has to be made again; `None` when it was answered as wanted.
fn trouble(outcome: &Outcome, wanted: StatusCode) -> Option<String> {
    match outcome {
        Ok(reply) if reply.status == wanted => None,
        Ok(reply) => Some(format!("{}: {}", reply.status, reply.text())),
        Err(no_reply) => Some(no_reply.to_string()),
    }
}

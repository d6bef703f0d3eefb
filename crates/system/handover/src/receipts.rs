//! Records about sessions: which content passed which check, and what was handed over.
//!
//! A receipt counts for exactly its content. Receipts are where neither scripts nor file routes reach: anyone who works
//! in a workspace can forge a file there, but not a receipt.

use std::{collections::BTreeMap, future::Future};

use anyhow::Context;
use chrono::{DateTime, Utc};
use contract::{
    gate::{Finding, Stage},
    handover::{Baseline, PlannerRole},
    session::SessionId,
};
use gates::todo::TodoItems;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::likeness::Likeness;

/// How `validate` ended for one content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Validated {
    /// True when nothing was wrong.
    pub passed: bool,
    /// What was wrong, with the gate that it stands for.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// True when a benchmark had been handed over: its parts, and nothing else, were the environment.
    #[serde(default)]
    pub in_benchmark: bool,
    /// When.
    pub at: DateTime<Utc>,
}

/// How `validate_and_price` ended for one content, at the quantity of its objectives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Priced {
    /// What was wrong, with the gate that it stands for. Empty when the design passed.
    pub findings: Vec<Finding>,
    /// Labels of the parts that name no method, and so have no price.
    #[serde(default)]
    pub unpriced: Vec<String>,
    /// Price of one unit, USD.
    pub unit_cost: f64,
    /// Weight of one unit, g.
    pub weight_g: f64,
    /// True when a benchmark had been handed over: its parts, and nothing else, were the environment.
    pub in_benchmark: bool,
    /// When.
    pub at: DateTime<Utc>,
}

/// The newest simulation of one content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Simulated {
    /// True for a smoke run, whose result is approximate.
    pub is_smoke: bool,
    /// Scene file of the run, from the session root.
    pub scene_path: String,
    /// Every file that the run wrote, from the session root, with its SHA-256, hexadecimal: scene and meshes, pictures,
    /// video and result. What is there later may be from another run.
    pub files: BTreeMap<String, String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A plan that was handed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanRecord {
    /// Who planned.
    pub role: PlannerRole,
    /// How often the plan of this session was handed over, this time included.
    pub revision: u32,
    /// Items of `todo.md`; none of them may vanish.
    pub todo: TodoItems,
    /// SHA-256 of `objectives.yaml`, hexadecimal.
    pub objectives_sha256: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Work that passed all gates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submitted {
    /// Solution or benchmark.
    pub stage: Stage,
    /// Content that passed.
    pub content_sha256: String,
    /// Script that built it, from the session root.
    pub script_path: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A note about a session as a whole.
pub trait SessionNote: Serialize + DeserializeOwned {
    /// Name of its file.
    const FILE: &'static str;
}

impl SessionNote for PlanRecord {
    const FILE: &'static str = "plan.json";
}

impl SessionNote for Submitted {
    const FILE: &'static str = "submitted.json";
}

impl SessionNote for Baseline {
    const FILE: &'static str = "baseline.json";
}

/// A note about one content of a session.
pub trait ContentNote: Serialize + DeserializeOwned {
    /// Name of the folder that holds one file for each content.
    const FOLDER: &'static str;
}

impl ContentNote for Validated {
    const FOLDER: &'static str = "validated";
}

impl ContentNote for Priced {
    const FOLDER: &'static str = "priced";
}

impl ContentNote for Simulated {
    const FOLDER: &'static str = "simulated";
}

/// Where receipts are kept. All calls may block for a moment; [`SessionReceipts`] makes them on a thread that may.
pub trait Receipts: Clone + Send + Sync + 'static {
    /// The note about a session, if there is one.
    ///
    /// # Errors
    /// It cannot be read.
    fn of_session<T: SessionNote>(&self, session: &SessionId) -> anyhow::Result<Option<T>>;

    /// Writes the note about a session in place of an earlier one.
    ///
    /// # Errors
    /// It cannot be written.
    fn note_session<T: SessionNote>(&self, session: &SessionId, note: &T) -> anyhow::Result<()>;

    /// The note about one content of a session, if there is one.
    ///
    /// # Errors
    /// It cannot be read.
    fn of_content<T: ContentNote>(&self, session: &SessionId, key: &str) -> anyhow::Result<Option<T>>;

    /// Writes the note about one content in place of an earlier one.
    ///
    /// # Errors
    /// It cannot be written.
    fn note_content<T: ContentNote>(&self, session: &SessionId, key: &str, note: &T) -> anyhow::Result<()>;

    /// The checked parts of a label, by hash: the newest first.
    ///
    /// # Errors
    /// They cannot be read.
    fn likenesses(&self, session: &SessionId, label: &str) -> anyhow::Result<Vec<(String, Likeness)>>;

    /// Keeps a checked part, unless it is kept already.
    ///
    /// # Errors
    /// It cannot be written.
    fn keep_likeness(
        &self,
        session: &SessionId,
        label: &str,
        hash: &str,
        likeness: impl FnOnce() -> Option<Likeness>,
    ) -> anyhow::Result<()>;
}

/// The receipts of one session.
#[derive(Debug, Clone)]
pub struct SessionReceipts<R> {
    /// Where they are kept.
    pub receipts: R,
    /// Whose they are.
    pub session: SessionId,
}

impl<R: Receipts> SessionReceipts<R> {
    /// The note about the session, if there is one.
    pub async fn note<T: SessionNote + Send + 'static>(&self) -> anyhow::Result<Option<T>> {
        self.blocking(Receipts::of_session).await
    }

    /// Writes the note about the session.
    pub async fn write<T: SessionNote + Send + 'static>(&self, note: T) -> anyhow::Result<()> {
        self.blocking(move |receipts, session| receipts.note_session(session, &note)).await
    }

    /// The note about a content of the session, if there is one.
    pub async fn of_content<T: ContentNote + Send + 'static>(&self, key: &str) -> anyhow::Result<Option<T>> {
        let key = key.to_owned();
        self.blocking(move |receipts, session| receipts.of_content(session, &key)).await
    }

    /// Writes the note about a content of the session.
    pub async fn write_of_content<T: ContentNote + Send + 'static>(&self, key: &str, note: T) -> anyhow::Result<()> {
        let key = key.to_owned();
        self.blocking(move |receipts, session| receipts.note_content(session, &key, &note)).await
    }

    /// Does something with the receipts on a thread that may block.
    pub fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&R, &SessionId) -> anyhow::Result<T> + Send + 'static,
    ) -> impl Future<Output = anyhow::Result<T>> + Send {
        let Self { receipts, session } = self.clone();
        let working = tokio::task::spawn_blocking(move || work(&receipts, &session));
        async move { working.await.context("reading or writing a receipt panicked")? }
    }
}

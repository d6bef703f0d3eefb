//! What the worker notes about sessions: which content passed which check, and what was handed over.
//!
//! The notes lie outside the sessions' folder, where neither scripts nor the file routes reach: a file in a workspace
//! can be forged by whoever works there, these cannot. Heavy workers that share sessions share this folder too.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use contract::{
    gate::{Gate, Stage},
    handover::{Baseline, PlannerRole},
    session::SessionId,
    violations::Violation,
};
use gates::todo::TodoItems;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{content::sha256, likeness::Likeness};

/// Checked parts of one label that a session keeps: as many shapes as are worked on in turn.
const KEPT_LIKENESSES: usize = 8;

/// The folder of the notes. Cheap to clone; all calls block for a moment.
#[derive(Debug, Clone)]
pub struct Records {
    root: Arc<Path>,
}

/// How `validate` ended for one content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Validated {
    /// True when nothing was wrong.
    pub passed: bool,
    /// What was wrong, with the gate that it stands for.
    #[serde(default)]
    pub findings: Vec<(Gate, Violation)>,
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
    pub findings: Vec<(Gate, Violation)>,
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
    /// video and result. What lies there later may be another run's.
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

impl Records {
    /// Notes below `root`, which is made when it is missing.
    pub fn new(root: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(root).with_context(|| format!("cannot make the records folder {}", root.display()))?;
        Ok(Self { root: root.into() })
    }

    /// The note about a session, if there is one.
    pub fn of_session<T: SessionNote>(&self, session: &SessionId) -> anyhow::Result<Option<T>> {
        read(&self.root.join(session.as_str()).join(T::FILE))
    }

    /// Writes the note about a session in place of an earlier one.
    pub fn note_session<T: SessionNote>(&self, session: &SessionId, note: &T) -> anyhow::Result<()> {
        self.write(&self.root.join(session.as_str()).join(T::FILE), note)
    }

    /// The note about one content of a session, if there is one.
    pub fn of_content<T: ContentNote>(&self, session: &SessionId, key: &str) -> anyhow::Result<Option<T>> {
        read(&self.content_path::<T>(session, key))
    }

    /// Writes the note about one content in place of an earlier one.
    pub fn note_content<T: ContentNote>(&self, session: &SessionId, key: &str, note: &T) -> anyhow::Result<()> {
        self.write(&self.content_path::<T>(session, key), note)
    }

    /// The checked parts of a label, by hash: the newest first.
    pub fn likenesses(&self, session: &SessionId, label: &str) -> anyhow::Result<Vec<(String, Likeness)>> {
        let mut known = Vec::new();
        for path in newest_first(&self.likenesses_of(session, label))? {
            let hash = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            known.extend(read(&path)?.map(|likeness| (hash, likeness)));
        }
        Ok(known)
    }

    /// Whether the checked part of a hash is kept.
    pub fn has_likeness(&self, session: &SessionId, label: &str, hash: &str) -> bool {
        self.likenesses_of(session, label).join(format!("{hash}.json")).exists()
    }

    /// Keeps a checked part. Only the newest [`KEPT_LIKENESSES`] of a label are kept.
    pub fn keep_likeness(
        &self,
        session: &SessionId,
        label: &str,
        hash: &str,
        likeness: &Likeness,
    ) -> anyhow::Result<()> {
        let folder = self.likenesses_of(session, label);
        self.write(&folder.join(format!("{hash}.json")), likeness)?;
        for old in newest_first(&folder)?.into_iter().skip(KEPT_LIKENESSES) {
            fs::remove_file(&old).with_context(|| format!("cannot remove the record {}", old.display()))?;
        }
        Ok(())
    }

    fn likenesses_of(&self, session: &SessionId, label: &str) -> PathBuf {
        // Labels are of any length and hold any character; the folder is named after their hash.
        self.root.join(session.as_str()).join("parts").join(sha256(label.as_bytes()))
    }

    fn content_path<T: ContentNote>(&self, session: &SessionId, key: &str) -> PathBuf {
        self.root.join(session.as_str()).join(T::FOLDER).join(format!("{key}.json"))
    }

    /// Completes the file beside its place and moves it there, so that nobody reads half of it.
    fn write(&self, path: &Path, note: &impl Serialize) -> anyhow::Result<()> {
        let describe = || format!("cannot write the record {}", path.display());
        let text = serde_json::to_vec_pretty(note).with_context(describe)?;
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).with_context(describe)?;
        let draft = folder.join(format!(".{}", Uuid::new_v4()));
        fs::write(&draft, text).and_then(|()| fs::rename(&draft, path)).with_context(describe)
    }
}

/// Complete records of a folder, the newest first; none where there is no folder.
fn newest_first(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let list = || -> io::Result<Vec<(SystemTime, PathBuf)>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut dated = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.path().extension().is_some_and(|ending| ending == "json") {
                dated.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        dated.sort_by(|left, right| right.cmp(left));
        Ok(dated)
    };
    let dated = list().with_context(|| format!("cannot list the records {}", folder.display()))?;
    Ok(dated.into_iter().map(|(_, path)| path).collect())
}

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.with_context(|| format!("cannot read the record {}", path.display()))?,
    };
    serde_json::from_slice(&text).map(Some).with_context(|| format!("the record {} is damaged", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_counts_for_its_session_and_content_only() {
        let folder = std::env::temp_dir().join(format!("records-{}", Uuid::new_v4()));
        let records = Records::new(&folder).expect("a folder can be made");
        let (mine, other): (SessionId, SessionId) = ("mine".parse().expect("valid"), "other".parse().expect("valid"));
        let validated = Validated { passed: true, findings: Vec::new(), in_benchmark: false, at: Utc::now() };
        records.note_content(&mine, "a", &validated).expect("written");
        assert!(records.of_content::<Validated>(&mine, "a").expect("read").is_some_and(|note| note.passed));
        assert_eq!(records.of_content::<Validated>(&mine, "b").expect("read"), None);
        assert_eq!(records.of_content::<Validated>(&other, "a").expect("read"), None);
        assert_eq!(records.of_content::<Priced>(&mine, "a").expect("read"), None);
        fs::remove_dir_all(folder).expect("removed");
    }
}

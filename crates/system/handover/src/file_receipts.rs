//! Receipts as files in a folder of their own. Heavy workers that share sessions share this folder too.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use anyhow::Context;
use contract::session::SessionId;
use serde::{Serialize, de::DeserializeOwned};
use tempfile::NamedTempFile;

use crate::{
    content::sha256,
    likeness::Likeness,
    receipts::{ContentNote, Receipts, SessionNote},
};

/// Checked parts of one label that a session keeps: as many shapes as are worked on in turn.
const KEPT_LIKENESSES: usize = 8;

/// The folder of the receipts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FileReceipts {
    root: Arc<Path>,
}

impl FileReceipts {
    /// Receipts below `root`, which is made when it is missing.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(root: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(root).with_context(|| format!("cannot make the folder of receipts {}", root.display()))?;
        Ok(Self { root: root.into() })
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
        let describe = || format!("cannot write the receipt {}", path.display());
        let text = serde_json::to_vec_pretty(note).with_context(describe)?;
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).with_context(describe)?;
        let draft = NamedTempFile::new_in(folder).with_context(describe)?;
        fs::write(draft.path(), text).with_context(describe)?;
        draft.persist(path).with_context(describe)?;
        Ok(())
    }
}

impl Receipts for FileReceipts {
    fn of_session<T: SessionNote>(&self, session: &SessionId) -> anyhow::Result<Option<T>> {
        read(&self.root.join(session.as_str()).join(T::FILE))
    }

    fn note_session<T: SessionNote>(&self, session: &SessionId, note: &T) -> anyhow::Result<()> {
        self.write(&self.root.join(session.as_str()).join(T::FILE), note)
    }

    fn of_content<T: ContentNote>(&self, session: &SessionId, key: &str) -> anyhow::Result<Option<T>> {
        read(&self.content_path::<T>(session, key))
    }

    fn note_content<T: ContentNote>(&self, session: &SessionId, key: &str, note: &T) -> anyhow::Result<()> {
        self.write(&self.content_path::<T>(session, key), note)
    }

    fn likenesses(&self, session: &SessionId, label: &str) -> anyhow::Result<Vec<(String, Likeness)>> {
        let mut known = Vec::new();
        for path in newest_first(&self.likenesses_of(session, label))? {
            let hash = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            known.extend(read(&path)?.map(|likeness| (hash, likeness)));
        }
        Ok(known)
    }

    /// Only the newest [`KEPT_LIKENESSES`] of a label are kept.
    fn keep_likeness(
        &self,
        session: &SessionId,
        label: &str,
        hash: &str,
        likeness: impl FnOnce() -> Option<Likeness>,
    ) -> anyhow::Result<()> {
        let folder = self.likenesses_of(session, label);
        let path = folder.join(format!("{hash}.json"));
        if path.exists() {
            return Ok(());
        }
        let Some(likeness) = likeness() else { return Ok(()) };
        self.write(&path, &likeness)?;
        for old in newest_first(&folder)?.into_iter().skip(KEPT_LIKENESSES) {
            fs::remove_file(&old).with_context(|| format!("cannot remove the receipt {}", old.display()))?;
        }
        Ok(())
    }
}

/// Complete receipts of a folder, the newest first; none where there is no folder.
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
    let dated = list().with_context(|| format!("cannot list the receipts {}", folder.display()))?;
    Ok(dated.into_iter().map(|(_, path)| path).collect())
}

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.with_context(|| format!("cannot read the receipt {}", path.display()))?,
    };
    serde_json::from_slice(&text).map(Some).with_context(|| format!("the receipt {} is damaged", path.display()))
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::receipts::{Priced, Validated};

    #[test]
    fn a_note_counts_for_its_session_and_content_only() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let receipts = FileReceipts::new(folder.path()).expect("a folder can be made");
        let (mine, other): (SessionId, SessionId) = ("mine".parse().expect("valid"), "other".parse().expect("valid"));
        let validated = Validated { passed: true, findings: Vec::new(), in_benchmark: false, at: Utc::now() };
        receipts.note_content(&mine, "a", &validated).expect("written");
        assert!(receipts.of_content::<Validated>(&mine, "a").expect("read").is_some_and(|note| note.passed));
        assert_eq!(receipts.of_content::<Validated>(&mine, "b").expect("read"), None);
        assert_eq!(receipts.of_content::<Validated>(&other, "a").expect("read"), None);
        assert_eq!(receipts.of_content::<Priced>(&mine, "a").expect("read"), None);
    }
}

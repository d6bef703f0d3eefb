//! The objectives in the first commit of a session.
//!
//! The repository is in the session, where an agent may begin another one. So `objectives.yaml` of the first commit is
//! kept beside the sessions, for later comparison.

use std::{fs, io, path::PathBuf};

use contract::session::SessionId;
use uuid::Uuid;

use crate::{FileError, Sessions};

/// Folder beside the sessions with one file for each session that committed objectives. It is out of reach of scripts.
const FIRST_COMMITS: &str = ".first_commits";

impl Sessions {
    /// Keeps `objectives.yaml` of the session's first commit; what an earlier repository began with stays. Blocks; the
    /// session must be locked.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn keep_first_commit(&self, session: &SessionId, objectives: &[u8]) -> Result<(), FileError> {
        let kept = self.first_commit_of(session);
        // No session id starts with a dot.
        let draft = kept.with_file_name(format!(".{}", Uuid::new_v4()));
        let keep = || {
            if kept.exists() {
                return Ok(());
            }
            fs::create_dir_all(self.path().join(FIRST_COMMITS))?;
            fs::write(&draft, objectives).and_then(|()| fs::rename(&draft, &kept))
        };
        keep().map_err(|source| failed("keep the first commit of session", session, source))
    }

    /// `objectives.yaml` of the session's first commit, if there was one that had it. Blocks.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn first_commit(&self, session: &SessionId) -> Result<Option<Vec<u8>>, FileError> {
        match fs::read(self.first_commit_of(session)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some).map_err(|source| failed("read the first commit of session", session, source)),
        }
    }

    fn first_commit_of(&self, session: &SessionId) -> PathBuf {
        self.path().join(FIRST_COMMITS).join(session.as_str())
    }
}

fn failed(action: &'static str, session: &SessionId, source: io::Error) -> FileError {
    FileError::Io { action, path: session.to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_commit_is_kept_per_session() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let sessions = Sessions::new(folder.path().join("sessions"), folder.path().join("mounts")).expect("sessions");
        let (mine, other): (SessionId, SessionId) = ("mine".parse().expect("valid"), "other".parse().expect("valid"));
        assert_eq!(sessions.first_commit(&mine).expect("read"), None);
        sessions.keep_first_commit(&mine, b"first").expect("kept");
        sessions.keep_first_commit(&mine, b"second").expect("kept");
        assert_eq!(sessions.first_commit(&mine).expect("read").as_deref(), Some(b"first".as_slice()));
        assert_eq!(sessions.first_commit(&other).expect("read"), None);
    }
}

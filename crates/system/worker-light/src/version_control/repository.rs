//! A session's repository: what the routes do with it.

use std::collections::BTreeMap;

use contract::{
    git::{CommitResponse, GitStatus, ResolveStrategy},
    objectives::{OBJECTIVES_FILE, is_template},
    session::SessionId,
};
use service::ServiceError;
use sessions::{EntryKind, Existing, FileError, SessionLock, Sessions, VirtualPath, Workspace};

use super::{
    Git, GitError,
    git::{Ended, Turn},
    status::{Sides, parse_conflicts, parse_status},
};
use crate::limited::Client;

/// The only configuration that a repository has, whatever was written into it.
const CONFIGURATION: &str = "\
[core]
\trepositoryformatversion = 0
\tfilemode = false
\tbare = false
\tlogallrefupdates = true
";
/// Files of `.git` that point git elsewhere, and locks of a git that was killed.
const REMOVED: [&str; 6] = [
    ".git/commondir",
    ".git/config.worktree",
    ".git/config.lock",
    ".git/index.lock",
    ".git/HEAD.lock",
    ".git/packed-refs.lock",
];
const NO_REPOSITORY: &str = "no repository in this session; call /git/init first";
const NO_MERGE: &str = "no merge is in progress";

/// The repository of one session, which no other request works on meanwhile.
#[derive(Debug)]
pub struct Repository {
    git: Git,
    sessions: Sessions,
    session: SessionId,
    workspace: Workspace,
    present: bool,
    turn: Turn,
    _lock: SessionLock,
}

/// Why an operation could not be done.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The state of the repository does not allow it.
    #[error("{0}")]
    NotPossible(String),
    /// The path is not acceptable.
    #[error(transparent)]
    File(#[from] FileError),
    /// Git could not be run.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl From<RepositoryError> for ServiceError {
    fn from(error: RepositoryError) -> Self {
        match error {
            RepositoryError::NotPossible(sentence) => Self::conflict(sentence),
            RepositoryError::File(error) => error.into(),
            RepositoryError::Git(error) if error.is_refusal() => Self::conflict(error.to_string()),
            RepositoryError::Git(error @ GitError::Abandoned) => Self::unavailable(error.to_string()),
            RepositoryError::Git(error) => Self::internal(&error.into()),
        }
    }
}

impl Repository {
    /// Waits for the session and for its turn, makes its repository safe to use, and keeps others away until it is
    /// dropped. When the client leaves, waiting and git end.
    pub async fn open(
        git: &Git,
        sessions: &Sessions,
        session: &SessionId,
        client: &Client,
    ) -> Result<Self, ServiceError> {
        let lock = tokio::select! {
            biased;
            () = client.left() => return Err(RepositoryError::from(GitError::Abandoned).into()),
            lock = sessions.lock(session) => lock?,
        };
        let turn = git.turn(client).await.map_err(RepositoryError::from)?;
        let prepared = sessions.in_workspace(session, |workspace| {
            let present = make_safe(workspace)?;
            Ok((workspace.clone(), present))
        });
        let (workspace, present) = prepared.await?;
        let (git, sessions, session) = (git.clone(), sessions.clone(), session.clone());
        Ok(Self { git, sessions, session, workspace, present, turn, _lock: lock })
    }

    /// Makes the workspace a repository; one that is there stays as it is.
    pub async fn init(&self) -> Result<(), RepositoryError> {
        if !self.present && self.workspace.kind(".git").is_some() {
            let sentence = "/.git is a file or a link, not a repository; delete it and try again";
            return Err(RepositoryError::NotPossible(sentence.into()));
        }
        let made = self.git(&["init", "--quiet", "--template=", "--initial-branch=main"], "").await?;
        succeeded("git init failed", &made)?;
        // Git has written down where the work tree is; the workspace may be moved, so ours does not say it.
        let workspace = self.workspace.clone();
        tokio::task::spawn_blocking(move || make_safe(&workspace))
            .await
            .map_err(|error| GitError::NotRun(std::io::Error::other(error)))??;
        Ok(())
    }

    /// Commits all changes of the workspace.
    pub async fn commit(&self, message: &str) -> Result<CommitResponse, RepositoryError> {
        or_refusal(self.add_and_record(message).await)
    }

    async fn add_and_record(&self, message: &str) -> Result<CommitResponse, RepositoryError> {
        if !self.present {
            return Ok(refused(NO_REPOSITORY.into()));
        }
        if let Some(refusal) = self.open_conflicts().await? {
            return Ok(refusal);
        }
        let added = self.git(&["add", "--all"], "").await?;
        if !added.success {
            return Ok(refused(format!("git add failed: {}", added.stderr)));
        }
        let staged = self.git(&["diff", "--cached", "--quiet", "--no-ext-diff", "--no-textconv"], "").await?;
        if staged.success && !self.is_merging() {
            return Ok(CommitResponse { success: true, commit_hash: None, message: "No changes to commit".to_owned() });
        }
        self.record(Some(message)).await
    }

    /// Branch, changes and conflicts.
    pub async fn status(&self) -> Result<GitStatus, RepositoryError> {
        let nothing = |error: String| GitStatus {
            branch: "unknown".into(),
            is_dirty: false,
            is_merging: false,
            conflicts: Vec::new(),
            error: Some(error),
        };
        if !self.present {
            return Ok(nothing(NO_REPOSITORY.into()));
        }
        let arguments = ["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal"];
        let told = match self.git(&arguments, "").await {
            Err(error) if error.is_refusal() => return Ok(nothing(error.to_string())),
            told => told?,
        };
        Ok(if told.success { parse_status(&told.stdout, self.is_merging()) } else { nothing(told.stderr) })
    }

    /// Takes one side of a file in conflict, also when that side has deleted it.
    pub async fn resolve(&self, path: &str, strategy: ResolveStrategy) -> Result<(), RepositoryError> {
        const FAILED: &str = "Failed to resolve conflict";
        let parsed = VirtualPath::parse(path)?;
        let file = parsed.writable()?.to_string_lossy().into_owned();
        self.require(FAILED)?;
        let sides = self.conflicts().await?.get(&file).copied();
        let Some(Sides { ours, theirs }) = sides else {
            return Err(RepositoryError::NotPossible(format!("{FAILED}: {path} is not in conflict")));
        };
        let (option, is_there) = match strategy {
            ResolveStrategy::Ours => ("--ours", ours),
            ResolveStrategy::Theirs => ("--theirs", theirs),
        };
        if is_there {
            succeeded(FAILED, &self.git(&["checkout", "--quiet", option, "--", &file], "").await?)?;
            succeeded(FAILED, &self.git(&["add", "--", &file], "").await?)
        } else {
            succeeded(FAILED, &self.git(&["rm", "--quiet", "--force", "--", &file], "").await?)
        }
    }

    /// Gives a merge up; the workspace is as before it.
    pub async fn abort_merge(&self) -> Result<(), RepositoryError> {
        const FAILED: &str = "Failed to abort merge";
        self.require(FAILED)?;
        if !self.is_merging() {
            return Err(RepositoryError::NotPossible(format!("{FAILED}: {NO_MERGE}")));
        }
        succeeded(FAILED, &self.git(&["merge", "--abort"], "").await?)
    }

    /// Commits a merge in which no conflict is open; without a message with the one that git proposes.
    pub async fn complete_merge(&self, message: Option<&str>) -> Result<CommitResponse, RepositoryError> {
        or_refusal(self.record_merge(message).await)
    }

    async fn record_merge(&self, message: Option<&str>) -> Result<CommitResponse, RepositoryError> {
        if !self.present {
            return Ok(refused(NO_REPOSITORY.into()));
        }
        if !self.is_merging() {
            return Ok(refused(NO_MERGE.into()));
        }
        match self.open_conflicts().await? {
            Some(refusal) => Ok(refusal),
            None => self.record(message).await,
        }
    }

    async fn record(&self, message: Option<&str>) -> Result<CommitResponse, RepositoryError> {
        let source: &[&str] = if message.is_some() { &["--file=-"] } else { &["--no-edit"] };
        let arguments =
            [&["commit", "--quiet", "--no-verify", "--no-gpg-sign", "--cleanup=whitespace"], source].concat();
        let committed = self.git(&arguments, message.unwrap_or_default()).await?;
        if !committed.success {
            let said = [committed.stderr.clone(), committed.text()].join("\n").trim().to_owned();
            return Ok(refused(format!("git commit failed: {said}")));
        }
        let head = self.git(&["rev-parse", "HEAD"], "").await?;
        succeeded("git rev-parse failed", &head)?;
        self.keep_first_commit().await?;
        Ok(CommitResponse { success: true, commit_hash: Some(head.text()), message: "Commit successful".to_owned() })
    }

    /// Keeps the objectives with which the repository begins, if the newest commit is its first. The template is nobody's
    /// objectives.
    async fn keep_first_commit(&self) -> Result<(), RepositoryError> {
        let counted = self.git(&["rev-list", "--count", "--max-count=2", "HEAD"], "").await?;
        if counted.text() != "1" {
            return Ok(());
        }
        let objectives = self.git(&["cat-file", "blob", &format!("HEAD:{OBJECTIVES_FILE}")], "").await?;
        if !objectives.success || is_template(&objectives.stdout) {
            return Ok(());
        }
        let (sessions, session) = (self.sessions.clone(), self.session.clone());
        tokio::task::spawn_blocking(move || sessions.keep_first_commit(&session, &objectives.stdout))
            .await
            .map_err(|error| GitError::NotRun(std::io::Error::other(error)))??;
        Ok(())
    }

    /// The refusal to commit while a conflict is open, or while git cannot say whether one is.
    async fn open_conflicts(&self) -> Result<Option<CommitResponse>, RepositoryError> {
        let open: Vec<_> = match self.conflicts().await {
            Ok(conflicts) => conflicts.into_keys().collect(),
            Err(RepositoryError::NotPossible(sentence)) => return Ok(Some(refused(sentence))),
            Err(error) => return Err(error),
        };
        let refusal = || refused(format!("in conflict: {}; resolve each with /git/resolve first", open.join(", ")));
        Ok((!open.is_empty()).then(refusal))
    }

    async fn conflicts(&self) -> Result<BTreeMap<String, Sides>, RepositoryError> {
        let listed = self.git(&["ls-files", "--unmerged", "-z"], "").await?;
        succeeded("git ls-files failed", &listed)?;
        Ok(parse_conflicts(&listed.stdout))
    }

    fn is_merging(&self) -> bool {
        self.workspace.exists(".git/MERGE_HEAD")
    }

    fn require(&self, failed: &str) -> Result<(), RepositoryError> {
        if self.present { Ok(()) } else { Err(RepositoryError::NotPossible(format!("{failed}: {NO_REPOSITORY}"))) }
    }

    async fn git(&self, arguments: &[&str], input: &str) -> Result<Ended, GitError> {
        self.git.run_in(&self.turn, self.workspace.path(), arguments, input.as_bytes()).await
    }
}

/// A repository that is beyond git's limits is a refusal, not a fault of the worker.
fn or_refusal(answer: Result<CommitResponse, RepositoryError>) -> Result<CommitResponse, RepositoryError> {
    match answer {
        Err(RepositoryError::Git(error)) if error.is_refusal() => Ok(refused(error.to_string())),
        answer => answer,
    }
}

/// The branch's lock, which a killed git leaves behind as well; None when `HEAD` names no branch.
fn lock_of_branch(workspace: &Workspace) -> Option<String> {
    let head = workspace.read_text(".git/HEAD").ok()?;
    let branch = head.trim().strip_prefix("ref: refs/heads/")?;
    let is_plain = branch.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    is_plain.then(|| format!(".git/refs/heads/{branch}.lock"))
}

/// Puts our configuration in the place of the repository's and takes away what points elsewhere. False when there is
/// no repository folder.
fn make_safe(workspace: &Workspace) -> Result<bool, FileError> {
    if workspace.kind(".git") != Some(EntryKind::Directory) {
        return Ok(false);
    }
    let branch_lock = lock_of_branch(workspace);
    for path in REMOVED.into_iter().chain(branch_lock.as_deref()) {
        match workspace.delete(path) {
            Ok(()) => tracing::info!(path, "removed from a repository"),
            Err(FileError::NotFound { .. } | FileError::InvalidPath { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    if workspace.kind(".git/config") == Some(EntryKind::Directory) {
        workspace.delete(".git/config")?;
    }
    workspace.write(".git/config", CONFIGURATION.as_bytes(), Existing::Replace)?;
    Ok(true)
}

fn refused(message: String) -> CommitResponse {
    CommitResponse { success: false, commit_hash: None, message }
}

fn succeeded(failed: &str, ended: &Ended) -> Result<(), RepositoryError> {
    if ended.success { Ok(()) } else { Err(RepositoryError::NotPossible(format!("{failed}: {}", ended.stderr))) }
}

//! Version control of a session's workspace.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Body of `POST /git/commit`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct CommitRequest {
    /// Commit message.
    #[garde(length(min = 1))]
    pub message: String,
}

/// Answer of `POST /git/commit` and `POST /git/merge/complete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitResponse {
    /// False when there is no repository or git refused.
    pub success: bool,
    /// The new commit; absent when there was nothing to commit.
    pub commit_hash: Option<String>,
    /// What git said.
    pub message: String,
}

/// Answer of `GET /git/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GitStatus {
    /// Current branch; `unknown` without a repository.
    pub branch: String,
    /// True when there are changes that no commit holds.
    pub is_dirty: bool,
    /// True while a merge waits to be completed.
    pub is_merging: bool,
    /// Files in conflict.
    pub conflicts: Vec<String>,
    /// Why nothing can be said.
    pub error: Option<String>,
}

/// Body of `POST /git/resolve`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct ResolveRequest {
    /// File in conflict.
    #[garde(length(min = 1))]
    pub file_path: String,
    /// Which side wins.
    #[garde(skip)]
    pub strategy: ResolveStrategy,
}

/// A side of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResolveStrategy {
    /// The branch that merges.
    Ours,
    /// The branch that is merged.
    Theirs,
}

/// Body of `POST /git/merge/complete`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema, Validate)]
pub struct CompleteMergeRequest {
    /// Commit message; git's own when absent.
    #[serde(default)]
    #[schemars(extend("minLength" = 1))]
    #[garde(inner(length(min = 1)))]
    pub message: Option<String>,
}

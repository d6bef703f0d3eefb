//! Session files: listing, reading, writing, editing, searching.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json_text::no_nul;

fn root_path() -> String {
    "/".to_owned()
}

/// Body of `POST /fs/ls`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct ListFilesRequest {
    /// Directory; `/` is the session root.
    #[serde(default = "root_path")]
    #[schemars(extend("pattern" = crate::json_text::NO_NUL))]
    #[garde(length(min = 1), custom(no_nul))]
    pub path: String,
}

/// Body of calls that take a path alone: `/fs/exists`, `/fs/read`, `/fs/read_blob`, `/fs/delete`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct PathRequest {
    /// File or directory, relative to the session root; a leading `/` is optional.
    #[schemars(extend("pattern" = crate::json_text::NO_NUL))]
    #[garde(length(min = 1), custom(no_nul))]
    pub path: String,
}

impl From<&str> for PathRequest {
    fn from(path: &str) -> Self {
        Self { path: path.to_owned() }
    }
}

impl From<&str> for ListFilesRequest {
    fn from(path: &str) -> Self {
        Self { path: path.to_owned() }
    }
}

/// Body of `POST /fs/write`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct WriteFileRequest {
    /// File to write; missing directories are made.
    #[schemars(extend("pattern" = crate::json_text::NO_NUL))]
    #[garde(length(min = 1), custom(no_nul))]
    pub path: String,
    /// UTF-8 text.
    #[garde(skip)]
    pub content: String,
    /// Replace a file that exists. Without it an existing file is an error.
    #[serde(default)]
    #[garde(skip)]
    pub overwrite: bool,
}

/// Body of `POST /fs/edit`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct EditFileRequest {
    /// File to edit.
    #[schemars(extend("pattern" = crate::json_text::NO_NUL))]
    #[garde(length(min = 1), custom(no_nul))]
    pub path: String,
    /// Replacements, applied in order; all or none.
    #[garde(length(min = 1), dive)]
    pub edits: Vec<Edit>,
}

/// One replacement.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Edit {
    /// Text that must occur exactly once.
    #[garde(length(min = 1))]
    pub old_string: String,
    /// What takes its place.
    #[garde(skip)]
    pub new_string: String,
}

/// Body of `POST /fs/grep`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
pub struct GrepRequest {
    /// Text to look for, taken literally.
    #[schemars(extend("pattern" = crate::json_text::NO_NUL))]
    #[garde(length(min = 1), custom(no_nul))]
    pub pattern: String,
    /// Where to look; the whole session and its mounts when absent.
    #[serde(default)]
    #[schemars(extend("minLength" = 1, "pattern" = crate::json_text::NO_NUL))]
    #[garde(inner(length(min = 1), custom(no_nul)))]
    pub path: Option<String>,
    /// File names to look at, such as `**/*.py`.
    #[serde(default)]
    #[schemars(extend("minLength" = 1, "pattern" = crate::json_text::NO_NUL))]
    #[garde(inner(length(min = 1), custom(no_nul)))]
    pub glob: Option<String>,
}

/// One hit of `POST /fs/grep`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GrepMatch {
    /// File, from the session root.
    pub path: String,
    /// Line number, from 1.
    pub line: u64,
    /// The line without its end.
    pub text: String,
}

/// One entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileInfo {
    /// Path from the session root; a directory of the workspace ends with `/`.
    pub path: String,
    /// Last component.
    pub name: String,
    /// True for a directory.
    pub is_dir: bool,
    /// Bytes; 0 for a directory of the workspace, absent for a mount.
    pub size: Option<u64>,
}

/// Answer of `POST /fs/exists`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExistsResponse {
    /// True when the path exists and may be seen.
    pub exists: bool,
}

/// Answer of `POST /fs/read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileContent {
    /// The file's text.
    pub content: String,
}

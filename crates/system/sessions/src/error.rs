//! What can go wrong with a session's files, and how a service answers it.

use std::io;

use folders::{Excess, MAX_DEPTH};
use service::ServiceError;

use crate::{
    limits::{MAX_BUNDLE_ENTRIES, MAX_MATCHES},
    mount::Mount,
};

/// Characters of a text that an error quotes.
const QUOTED_CHARACTERS: usize = 200;

/// Why a file operation was refused or failed. `path` is always the caller's own spelling.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file or directory.
    #[error("File not found: {path}")]
    NotFound {
        /// Path that was asked for.
        path: String,
    },
    /// The file exists and may not be replaced.
    #[error("{path} already exists; set overwrite to true to replace it")]
    AlreadyExists {
        /// Path to be written.
        path: String,
    },
    /// The path is in a read-only mount.
    #[error("{path} lies in the read-only mount /{mount}; write elsewhere in the session")]
    ReadOnly {
        /// Path that was to be changed.
        path: String,
        /// The mount.
        mount: Mount,
    },
    /// The path, or a link on it, leads out of the workspace.
    #[error("{path} leads outside the session's workspace")]
    OutsideWorkspace {
        /// Path that was asked for.
        path: String,
    },
    /// The path can name no file.
    #[error("{path:?} is not a usable path: {reason}")]
    InvalidPath {
        /// Path that was asked for.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The session root itself cannot be deleted or replaced.
    #[error("{path} is the session root; name a file or directory in it")]
    SessionRoot {
        /// Path that was to be changed.
        path: String,
    },
    /// The file is not UTF-8 text.
    #[error("{path} is not UTF-8 text: byte {offset} fits no character; read it as a blob")]
    NotUtf8 {
        /// Path that was read.
        path: String,
        /// Offset of the first bad byte, from 0.
        offset: usize,
    },
    /// A directory is where a file is needed.
    #[error("{path} is a directory, a file is needed")]
    IsDirectory {
        /// Path that was asked for.
        path: String,
    },
    /// A file is where a directory is needed.
    #[error("{path} is a file or runs through one, a directory is needed there")]
    NotADirectory {
        /// Path that was asked for.
        path: String,
    },
    /// More bytes than are handled.
    #[error("{path} has {size} bytes, at most {limit} are handled")]
    TooLarge {
        /// Path that was asked for.
        path: String,
        /// Bytes found.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// More files than are packed.
    #[error("the session has more than {MAX_BUNDLE_ENTRIES} files; delete results that can be remade")]
    TooManyFiles,
    /// Folders nested deeper than is written, searched or packed.
    #[error("{} is nested deeper than {MAX_DEPTH} folders", quoted(path))]
    TooDeep {
        /// The folder that is one too deep.
        path: String,
    },
    /// The session holds as much as it may, or would with this file.
    #[error("{path} was not written: the session would hold {excess}; delete what can be remade")]
    OverQuota {
        /// File to be written.
        path: String,
        /// The limit, and what was measured.
        excess: Excess,
    },
    /// A script made the file or folder with a mode that keeps its owner out.
    #[error("{path} is closed by its mode; delete it, or make it again with the usual mode")]
    Closed {
        /// Path that was asked for.
        path: String,
    },
    /// The text to replace does not occur.
    #[error("Content not found for replacement: {} does not occur in {path}", quoted(text))]
    EditNotFound {
        /// File that was to be edited.
        path: String,
        /// Text that was to be replaced.
        text: String,
    },
    /// The text to replace occurs more than once.
    #[error(
        "Content not found for replacement: {} occurs {count} times in {path}, once is needed; \
         add lines around it until it is unique",
        quoted(text)
    )]
    EditNotUnique {
        /// File that was to be edited.
        path: String,
        /// Text that was to be replaced.
        text: String,
        /// Occurrences found.
        count: usize,
    },
    /// The glob does not parse.
    #[error("{glob:?} is not a valid glob: {reason}")]
    InvalidGlob {
        /// What was given.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
    /// More hits than are returned.
    #[error("more than {MAX_MATCHES} lines match; narrow the search by path, by glob or by a longer pattern")]
    TooManyMatches,
    /// The operating system refused.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Path that it was tried on.
        path: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARACTERS) {
        Some((end, _)) => format!("{:?} (cut)", &text[..end]),
        None => format!("{text:?}"),
    }
}

impl FileError {
    /// Maps an error of the operating system to what it means for the caller.
    pub(crate) fn from_io(action: &'static str, path: &str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::AlreadyExists => Self::AlreadyExists { path },
            io::ErrorKind::NotADirectory => Self::NotADirectory { path },
            io::ErrorKind::IsADirectory => Self::IsDirectory { path },
            io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => {
                Self::InvalidPath { path, reason: source.to_string() }
            }
            // The confining directory handle reports an escape as an error of its own, without a code of the
            // operating system; a test pins that.
            io::ErrorKind::PermissionDenied if source.raw_os_error().is_none() => Self::OutsideWorkspace { path },
            io::ErrorKind::PermissionDenied => Self::Closed { path },
            _ => Self::Io { action, path, source },
        }
    }
}

impl From<FileError> for ServiceError {
    fn from(error: FileError) -> Self {
        use axum::http::StatusCode;

        let status = match &error {
            FileError::NotFound { .. } => StatusCode::NOT_FOUND,
            FileError::AlreadyExists { .. } | FileError::NotADirectory { .. } => StatusCode::CONFLICT,
            FileError::ReadOnly { .. }
            | FileError::OutsideWorkspace { .. }
            | FileError::SessionRoot { .. }
            | FileError::Closed { .. } => StatusCode::FORBIDDEN,
            FileError::InvalidPath { .. } | FileError::NotUtf8 { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            FileError::TooLarge { .. } | FileError::TooManyFiles | FileError::OverQuota { .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            FileError::IsDirectory { .. }
            | FileError::TooDeep { .. }
            | FileError::EditNotFound { .. }
            | FileError::EditNotUnique { .. }
            | FileError::InvalidGlob { .. }
            | FileError::TooManyMatches => StatusCode::BAD_REQUEST,
            FileError::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StatusCode::INSUFFICIENT_STORAGE,
                _ => return Self::internal(&anyhow::Error::new(error)),
            },
        };
        Self::new(status, error.to_string())
    }
}

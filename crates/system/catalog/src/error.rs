//! Errors of a catalogue.

use std::{io, path::PathBuf};

/// A catalogue that cannot be made, opened or read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// There is no such file, or it cannot be read.
    #[error("the parts catalogue {path:?} cannot be read: {source}; make it with `catalog build --out FILE`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file exists but is not a catalogue.
    #[error("{path:?} is not a parts catalogue: {reason}; make one with `catalog build --out FILE`")]
    NotACatalog {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file could not be written.
    #[error("the parts catalogue {path:?} cannot be written: {source}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The content that was built into this program is faulty.
    #[error("catalogue data {file}: {reason}")]
    Content {
        /// File below `data/`.
        file: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
    /// `SQLite` failed while the catalogue was in use.
    #[error("the parts catalogue cannot be queried: {0}")]
    Database(#[from] rusqlite::Error),
}

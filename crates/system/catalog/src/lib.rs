//! The catalogue of bought parts: what it holds, how its file is made, and how a part is found in it.
//!
//! The content is data beside the sources (`data/`): mechanical parts extracted from `bd_warehouse`, electrical ones
//! written by hand, and the words that people use for them. [`write()`] makes a `SQLite` file of it, the same bytes
//! every time. [`Catalog`] reads such a file, and only reads: the descriptor is read-only for the operating system, so
//! no mistake and no query text can change it. Only [`write()`] opens a catalogue for writing.
//!
//! A search ([`Catalog::search`]) reads the question as a person means it: sizes and units become conditions on key
//! figures, words go through synonyms and spelling correction to `SQLite`'s full-text index, and the rest is reported.
//! When nothing fits, the answer says which condition was too strict, and which part is nearest.
//!
//! The crate knows no HTTP, no session and no async runtime; a plain thread and a C caller can use it.

mod conditions;
mod content;
mod error;
mod figures;
mod no_match;
mod part;
mod question;
mod reader;
mod search;
mod sizes;
mod words;
mod writer;

pub use error::CatalogError;
pub use part::Part;
pub use reader::Catalog;
pub use writer::write;

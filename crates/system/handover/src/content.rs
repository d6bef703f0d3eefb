//! What exactly a check covered: hashes of the built design and of the files that decide with it.
//!
//! A check counts for the geometry that came out of the script and not for its text alone, so a script that builds
//! something else the next time it runs has not been checked. How far apart two runs may be, `likeness` says.

use sha2::{Digest, Sha256};

/// The files of a workspace that decide, with the script, what a design is worth. Absent files are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecidingFiles {
    /// The script's text.
    pub script: Vec<u8>,
    /// `objectives.yaml`.
    pub objectives: Option<Vec<u8>>,
    /// `assembly_definition.yaml`.
    pub assembly: Option<Vec<u8>>,
    /// The file that holds the moved object, where the objectives name one.
    pub moved_mesh: Option<Vec<u8>>,
    /// The session's own `manufacturing_config.yaml`.
    pub config: Option<Vec<u8>>,
}

/// SHA-256 of bytes, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Key under which checks of parts, by their hashes, with the files beside them are recorded.
pub fn content_key(part_hashes: &[String], files: &DecidingFiles) -> String {
    let mut hash = Sha256::new();
    let DecidingFiles { script, objectives, assembly, moved_mesh, config } = files;
    let others = [objectives, assembly, moved_mesh, config].map(Option::as_ref);
    for file in std::iter::once(Some(script)).chain(others) {
        // Absent, empty and joined files all differ.
        hash.update(file.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        hash.update(file.map_or(&[][..], |bytes| bytes));
    }
    for part_hash in part_hashes {
        hash.update(part_hash);
    }
    hex::encode(hash.finalize())
}

//! How much of a session is packed and found at once.

/// Most bytes that a bundle may hold, unpacked.
pub const MAX_BUNDLE_BYTES: u64 = 256 * 1024 * 1024;

/// Most files and folders that a bundle may hold.
pub const MAX_BUNDLE_ENTRIES: usize = 20_000;

/// Most lines that a search returns; more is an error, so that no caller takes a part for the whole.
pub const MAX_MATCHES: usize = 10_000;

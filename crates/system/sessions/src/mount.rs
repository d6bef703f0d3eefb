//! The read-only folders that every session sees.

use std::fmt;

use contract::wiring::READ_ONLY_MOUNTS;

/// One of the read-only mounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mount(&'static str);

impl Mount {
    /// All mounts, in the order of the contract.
    pub fn all() -> impl Iterator<Item = Self> {
        READ_ONLY_MOUNTS.into_iter().map(Self)
    }

    /// The mount whose name is exactly `component`.
    pub fn named(component: &str) -> Option<Self> {
        Self::all().find(|mount| mount.0 == component)
    }

    /// Folder name at the session root.
    pub fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

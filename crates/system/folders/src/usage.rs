//! How much a folder holds, measured up to a limit.

use std::{collections::HashSet, fmt, io};

use cap_fs_ext::{DirExt, MetadataExt};
use cap_std::fs::{Dir, MetadataExt as _};

/// Deepest nesting that is measured. Each level of a walk holds an open folder.
pub const MAX_DEPTH: usize = 100;
/// Size of the blocks in which the operating system counts, whatever the file system's own are.
const BLOCK_BYTES: u64 = 512;
const MIB: u64 = 1 << 20;

/// What a folder may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Bytes on disk of all files and folders together. A hole in a file takes none.
    pub bytes: u64,
    /// Files and folders.
    pub entries: u64,
}

impl Quota {
    /// What a session may hold, and what one run may leave in its own folder: 1 GiB in 50 000 entries.
    pub const SESSION: Self = Self { bytes: 1024 * MIB, entries: 50_000 };

    /// The limit that a usage is beyond, if any.
    pub fn excess(&self, usage: &Usage) -> Option<Excess> {
        if usage.too_deep {
            Some(Excess::Depth)
        } else if usage.entries > self.entries {
            Some(Excess::Entries { found: usage.entries, limit: self.entries })
        } else if usage.bytes > self.bytes {
            Some(Excess::Bytes { found: usage.bytes, limit: self.bytes })
        } else {
            None
        }
    }
}

/// What a folder holds, or the part of it that is beyond the quota already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes on disk.
    pub bytes: u64,
    /// Files and folders.
    pub entries: u64,
    /// True when folders are nested deeper than [`MAX_DEPTH`].
    pub too_deep: bool,
}

/// A limit of a quota with what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// Too many bytes.
    Bytes {
        /// Bytes found.
        found: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// Too many files and folders.
    Entries {
        /// Entries found; counting stops at the first that is too many.
        found: u64,
        /// Entries allowed.
        limit: u64,
    },
    /// Folders nested deeper than [`MAX_DEPTH`].
    Depth,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { found, limit } => {
                write!(f, "{} MiB on disk, the limit is {} MiB", found.div_ceil(MIB), limit / MIB)
            }
            Self::Entries { found, limit } => write!(f, "{found} files and folders, the limit is {limit}"),
            Self::Depth => write!(f, "folders nested deeper than the limit of {MAX_DEPTH}"),
        }
    }
}

/// Measures a folder, and stops as soon as the quota is exceeded. Others may use it meanwhile: files that vanish are
/// not counted, and nothing outside the folder is looked at.
///
/// # Errors
/// The operating system refuses to list the folder itself.
pub fn measure(folder: &Dir, quota: &Quota) -> io::Result<Usage> {
    let mut count = Count { usage: Usage::default(), quota: *quota, linked: HashSet::new() };
    for_each(folder, 0, &mut count)?;
    Ok(count.usage)
}

struct Count {
    usage: Usage,
    quota: Quota,
    /// Files with several names are counted once.
    linked: HashSet<(u64, u64)>,
}

impl Count {
    fn is_exceeded(&self) -> bool {
        self.quota.excess(&self.usage).is_some()
    }
}

fn for_each(folder: &Dir, depth: usize, count: &mut Count) -> io::Result<()> {
    for entry in folder.entries()? {
        let entry = entry?;
        count.usage.entries += 1;
        if let Ok(metadata) = entry.metadata() {
            let several_names = MetadataExt::nlink(&metadata) > 1 && !metadata.is_dir();
            if !several_names || count.linked.insert((MetadataExt::dev(&metadata), MetadataExt::ino(&metadata))) {
                count.usage.bytes += metadata.blocks() * BLOCK_BYTES;
            }
            if metadata.is_dir() {
                if depth == MAX_DEPTH {
                    count.usage.too_deep = true;
                } else if let Ok(inner) = folder.open_dir_nofollow(entry.file_name()) {
                    // Its owner may have closed or removed it since.
                    drop(for_each(&inner, depth + 1, count));
                }
            }
        }
        if count.is_exceeded() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use cap_std::ambient_authority;

    use super::*;

    fn measured(quota: Quota, fill: impl Fn(&Dir)) -> Usage {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("opened");
        fill(&dir);
        measure(&dir, &quota).expect("measured")
    }

    #[test]
    fn hard_linked_files_count_once() {
        let usage = measured(Quota::SESSION, |dir| {
            dir.create_dir("a").expect("a folder");
            dir.write("a/one", vec![1; 1 << 20]).expect("a file");
            dir.hard_link("a/one", dir, "two").expect("a second name");
        });
        assert_eq!((usage.entries, usage.too_deep), (3, false));
        assert!((MIB..2 * MIB).contains(&usage.bytes), "{usage:?}");
    }

    #[test]
    fn counting_stops_at_the_limit() {
        let quota = Quota { bytes: MIB, entries: 10 };
        let usage = measured(quota, |dir| (0..30).for_each(|n| dir.write(n.to_string(), "").expect("a file")));
        assert_eq!(quota.excess(&usage), Some(Excess::Entries { found: 11, limit: 10 }));
        let usage = measured(quota, |dir| dir.write("big", vec![1; 2 << 20]).expect("a file"));
        assert!(matches!(quota.excess(&usage), Some(Excess::Bytes { limit: MIB, .. })), "{usage:?}");
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |depth: usize| {
            measured(Quota::SESSION, |dir| dir.create_dir_all(vec!["n"; depth].join("/")).expect("folders"))
        };
        assert_eq!(nested(MAX_DEPTH).entries, MAX_DEPTH as u64);
        assert!(!nested(MAX_DEPTH).too_deep);
        assert_eq!(Quota::SESSION.excess(&nested(MAX_DEPTH + 1)), Some(Excess::Depth));
    }
}

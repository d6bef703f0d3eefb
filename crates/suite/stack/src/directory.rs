//! The throw-away directory of a stack, and the cleanup of one whose owner died without removing it.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Context;
use rand::Rng;

use crate::{process, removal};

const PREFIX: &str = "proving-ground-stack-";
const LIFE_FILE: &str = "alive.lock";
/// A Unix socket's path must fit into 107 bytes; this leaves room for the names below it.
const LONGEST_PARENT: usize = 60;
/// A directory without a locked life file may be one that is just being made.
const GRACE: Duration = Duration::from_secs(30);
const END_DEADLINE: Duration = Duration::from_secs(10);

/// A stack's directory, marked as alive for as long as this value lives.
#[derive(Debug)]
pub struct StackDirectory {
    path: PathBuf,
    _life: fs::File,
}

impl StackDirectory {
    /// Makes a new directory under the system's temporary one.
    pub fn create() -> anyhow::Result<Self> {
        let nonce: u32 = rand::rng().random();
        let path = parent().join(format!("{PREFIX}{}-{nonce:08x}", std::process::id()));
        let describe = || format!("cannot make the stack's directory {}", path.display());
        // Postgres may run as another user and must get through, but not look around.
        fs::DirBuilder::new().mode(0o711).create(&path).with_context(describe)?;
        let life = fs::File::create(path.join(LIFE_FILE)).with_context(describe)?;
        life.lock().with_context(describe)?;
        for folder in ["logs", "sessions", "home", "tmp", "work"] {
            fs::DirBuilder::new().mode(0o711).create(path.join(folder)).with_context(describe)?;
        }
        Ok(Self { path, _life: life })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Log file of a part.
    pub fn log(&self, name: &str) -> PathBuf {
        self.path.join("logs").join(format!("{name}.log"))
    }

    /// Copies a folder into the directory and returns where it is now. What a stack does to the copy ends with it.
    pub fn copy_in(&self, name: &str, source: &Path) -> anyhow::Result<PathBuf> {
        let target = self.path.join(name);
        let describe = || format!("cannot copy {} into the stack's directory", source.display());
        for entry in walkdir::WalkDir::new(source) {
            let entry = entry.with_context(describe)?;
            let place = target.join(entry.path().strip_prefix(source).with_context(describe)?);
            if entry.file_type().is_dir() {
                fs::DirBuilder::new().mode(0o755).create(&place).with_context(describe)?;
            } else {
                fs::copy(entry.path(), &place).with_context(describe)?;
            }
        }
        Ok(target)
    }

    /// Ends what still runs in it and removes it.
    pub fn remove(&self) -> anyhow::Result<()> {
        clear(&self.path)
    }
}

/// A directory whose owner died, found and removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Where it was.
    pub path: PathBuf,
}

/// Removes every directory of this user whose supervisor is gone, with all processes that still work in it.
pub fn remove_stale() -> Vec<Removed> {
    let Ok(entries) = fs::read_dir(parent()) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)))
        .map(|entry| entry.path())
        .filter(|path| is_stale(path))
        .filter(|path| match clear(path) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!("a stale stack directory stays: {error:#}");
                false
            }
        })
        .map(|path| Removed { path })
        .collect()
}

fn parent() -> PathBuf {
    let usual = std::env::temp_dir();
    if usual.as_os_str().len() <= LONGEST_PARENT { usual } else { PathBuf::from("/tmp") }
}

fn is_stale(path: &Path) -> bool {
    let Ok(directory) = fs::symlink_metadata(path) else { return false };
    if !directory.is_dir() || directory.uid() != nix::unistd::getuid().as_raw() {
        return false;
    }
    let is_young =
        directory.modified().is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|age| age < GRACE));
    let unlocked = match fs::File::open(path.join(LIFE_FILE)) {
        Ok(life) => life.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    unlocked && (!is_young || !maker(path).is_some_and(process::exists))
}

/// Process id of the supervisor that made a directory, from its name.
fn maker(path: &Path) -> Option<i32> {
    path.file_name()?.to_str()?.strip_prefix(PREFIX)?.split('-').next()?.parse().ok()
}

fn clear(path: &Path) -> anyhow::Result<()> {
    let shared_memory = shared_memory_of_postgres(path);
    let left = process::end_all_belonging_to(path, END_DEADLINE);
    if !left.is_empty() {
        anyhow::bail!("processes {left:?} of the stack in {} cannot be ended; end them by hand", path.display());
    }
    if let Some(id) = shared_memory {
        // SAFETY: the call takes plain numbers and no buffer for IPC_RMID; a stale id gives an error, which is fine.
        unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
    }
    // A process that was just ended may still have been writing; what it made is removed by the next round.
    let mut result = Ok(());
    for _ in 0..5 {
        result = removal::remove(path);
        match &result {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                std::thread::sleep(Duration::from_millis(20));
            }
            _ => return Ok(()),
        }
    }
    result.with_context(|| format!("cannot remove {}; remove it by hand", path.display()))
}

/// Postgres holds a small System V segment, which a killed one leaves behind; its id is the seventh line's second word.
fn shared_memory_of_postgres(path: &Path) -> Option<i32> {
    let text = fs::read_to_string(path.join("postgres/data/postmaster.pid")).ok()?;
    text.lines().nth(6)?.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_is_alive_while_its_owner_holds_it() {
        let directory = StackDirectory::create().unwrap();
        let path = directory.path().to_path_buf();
        assert!(!is_stale(&path), "a held directory must not be taken for a stale one");
        directory.remove().unwrap();
        assert!(!path.exists(), "{} must be gone", path.display());
    }
}

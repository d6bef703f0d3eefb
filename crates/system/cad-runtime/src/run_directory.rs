//! The private folder of one run: its output, its scratch space, its result files.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use folders::OwnedFolder;
use tokio::runtime::RuntimeFlavor;
use uuid::Uuid;

use crate::CadRuntimeError;

/// Home of the warm parent among the run folders: libraries store caches there.
pub(crate) const HOME: &str = "home";

/// File with the forked child's task.
const JOB: &str = "job.json";

/// The folder of a runtime's run folders; removed with the last of them, or by the next runtime when this one is
/// killed.
#[derive(Debug)]
pub(crate) struct RunsDirectory(OwnedFolder);

impl RunsDirectory {
    /// `<sessions_dir>/../runs/<unique>`: the same file system as the sessions, but not visible to them.
    pub(crate) fn create(sessions_dir: &Path) -> Result<Self, CadRuntimeError> {
        let sessions =
            sessions_dir.canonicalize().map_err(CadRuntimeError::file("resolve the sessions folder", sessions_dir))?;
        let runs = sessions.parent().unwrap_or(Path::new("/")).join("runs");
        let folder = OwnedFolder::create(&runs, "").map_err(CadRuntimeError::file("create a folder in", &runs))?;
        let home = folder.path().join(HOME);
        std::fs::create_dir(&home).map_err(CadRuntimeError::file("create", &home))?;
        Ok(Self(folder))
    }

    /// The folder, free of symbolic links.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The private folder of one run; removed when dropped.
///
/// The script can write here. So the service keeps its own handles of the output files, and opens result files only if
/// they are plain files.
#[derive(Debug)]
pub(crate) struct RunDirectory {
    id: Uuid,
    path: PathBuf,
    stdout: File,
    stderr: File,
    // After this folder's own removal.
    _parent: Arc<RunsDirectory>,
}

impl RunDirectory {
    /// Creates the folder with empty output files.
    pub(crate) fn create(runs_dir: &Arc<RunsDirectory>) -> Result<Self, CadRuntimeError> {
        let id = Uuid::new_v4();
        let path = runs_dir.path().join(id.to_string());
        let mut builder = std::fs::DirBuilder::new();
        builder.mode(0o700);
        builder.create(&path).map_err(CadRuntimeError::file("create", &path))?;
        let scratch = path.join("scratch");
        builder.create(&scratch).map_err(CadRuntimeError::file("create", &scratch))?;
        let output = |name: &str| {
            let file = path.join(name);
            OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&file)
                .map_err(CadRuntimeError::file("create", &file))
        };
        Ok(Self { stdout: output("stdout")?, stderr: output("stderr")?, path, id, _parent: Arc::clone(runs_dir) })
    }

    /// The folder's name; the warm parent learns nothing else about a run.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Space for temporary files; also the script's home.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.path.join("scratch")
    }

    /// Stores the child's task.
    pub(crate) fn write_job(&self, job: &serde_json::Value) -> Result<(), CadRuntimeError> {
        self.write(JOB, job.to_string().as_bytes())
    }

    /// Stores a file for the child, before it starts.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<(), CadRuntimeError> {
        let path = self.path.join(name);
        File::create_new(&path)
            .and_then(|mut file| file.write_all(content))
            .map_err(CadRuntimeError::file("write", &path))
    }

    /// Output and error output of the script, each cut at `limit` bytes with a note.
    pub(crate) fn output(&self, limit: u64) -> Result<(String, String), CadRuntimeError> {
        let read = |file: &File, name: &str| {
            read_cut(file, limit).map_err(CadRuntimeError::file("read", &self.path.join(name)))
        };
        Ok((read(&self.stdout, "stdout")?, read(&self.stderr, "stderr")?))
    }

    /// A result file; None when the script left none, something that is not a plain file, or more than `limit` bytes.
    pub(crate) fn result(&self, name: &str, limit: u64) -> Option<Vec<u8>> {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(self.path.join(name))
            .ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || metadata.len() > limit {
            return None;
        }
        let mut content = Vec::with_capacity(metadata.len() as usize);
        file.take(limit).read_to_end(&mut content).ok()?;
        Some(content)
    }
}

fn read_cut(mut file: &File, limit: u64) -> std::io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let total = file.metadata()?.len();
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if total > limit {
        text.push_str(&format!("\n[cut: {total} bytes were written, the first {limit} are shown]\n"));
    }
    Ok(text)
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        let removed = match tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor()) {
            // A script may have left many files: the other tasks of this thread move to another thread meanwhile.
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(|| folders::remove(&self.path)),
            _ => folders::remove(&self.path),
        };
        if let Err(error) = removed {
            tracing::warn!(path = %self.path.display(), %error, "a folder of the CAD runtime could not be removed");
        }
    }
}

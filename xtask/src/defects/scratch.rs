//! A copy of the checkout that may be broken. It stays between runs, with build outputs of its own, so that only the
//! first build is a long one; the checkout itself is never touched.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, bail};
use walkdir::WalkDir;

use super::patch::Patch;

/// Links of the checkout's outside programs.
const TOOLS: &str = ".tools";

/// The copy, and what belongs to it.
#[derive(Debug)]
pub struct Scratch {
    /// Locked for as long as this value lives, so that no second run works in the same copy.
    _only_run: fs::File,
    root: PathBuf,
    tree: PathBuf,
    target: PathBuf,
    logs: PathBuf,
}

impl Scratch {
    /// Brings the copy up to the checkout's present state: tracked files and new ones that git does not ignore. Files
    /// that are the same keep their time, so that cargo builds only what changed.
    pub fn prepare(root: &Path) -> anyhow::Result<Self> {
        let home = root.join("target").join("defects");
        fs::create_dir_all(&home).with_context(|| format!("making {}", home.display()))?;
        let only_run = fs::File::create(home.join("lock")).context("making the lock of the scratch copy")?;
        if only_run.try_lock().is_err() {
            bail!("another run of `cargo xtask defects` works in {}; wait for its end", home.display());
        }
        let scratch = Self {
            _only_run: only_run,
            root: root.to_owned(),
            tree: home.join("tree"),
            target: home.join("target"),
            logs: home.join("logs"),
        };
        for folder in [&scratch.tree, &scratch.logs] {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        let files = files_of(root)?;
        for file in &files {
            copy(&root.join(file), &scratch.tree.join(file))?;
        }
        remove_others(&scratch.tree, &files)?;
        link_tools(root, &scratch.tree)?;
        Ok(scratch)
    }

    /// Where the copy is.
    pub fn tree(&self) -> &Path {
        &self.tree
    }

    /// The log of one defect.
    pub fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// What nextest reports of a profile. It keeps to the workspace's own `target`, wherever cargo builds.
    pub fn report(&self, profile: &str) -> PathBuf {
        self.tree.join("target").join("nextest").join(profile).join("junit.xml")
    }

    /// The program that stops the copy's stack, where it was built.
    pub fn stack_program(&self) -> Option<PathBuf> {
        Some(self.target.join("debug").join("stack")).filter(|program| program.is_file())
    }

    /// A command in the copy that builds into the copy's own target and uses no stack but the copy's own.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.tree).stdin(Stdio::null());
        toolbox::forget_the_caller(&mut command);
        // The copy only ever uses its own stack.
        let points_to_a_stack = |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with("STACK_"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| points_to_a_stack(name)) {
            command.env_remove(name);
        }
        let tools = self.root.join(TOOLS).join("nextest").join("bin");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(tools).chain(std::env::split_paths(&path));
        if let Ok(path) = std::env::join_paths(path) {
            command.env("PATH", path);
        }
        command
            .env("STACK", "embedded")
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_TERM_COLOR", "never")
            .env("INSTA_UPDATE", "no");
        command
    }

    /// Why the patch does not apply to the copy, if it does not.
    pub fn refusal(&self, patch: &Patch) -> anyhow::Result<Option<String>> {
        let output = self.git_apply(&["--check"], patch)?;
        let reason = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
        Ok((!output.status.success()).then_some(reason))
    }

    /// Applies the patch. What comes back undoes it.
    pub fn apply(&self, patch: &Patch) -> anyhow::Result<Applied> {
        let before = patch.files.iter().map(|file| Saved::of(self.tree.join(file))).collect::<Result<_, _>>()?;
        let applied = Applied { before };
        let output = self.git_apply(&[], patch)?;
        if !output.status.success() {
            bail!("git apply refuses {}: {}", patch.name(), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(applied)
    }

    fn git_apply(&self, flags: &[&str], patch: &Patch) -> anyhow::Result<Output> {
        Command::new("git")
            .arg("apply")
            .args(flags)
            .arg(self.root.join(&patch.path))
            .current_dir(&self.tree)
            // The copy is inside the checkout, and git would take the checkout's paths.
            .env("GIT_CEILING_DIRECTORIES", self.tree.parent().unwrap_or(&self.tree))
            .output()
            .context("running git")
    }
}

/// A patch that was applied.
#[derive(Debug)]
pub struct Applied {
    before: Vec<Saved>,
}

impl Applied {
    /// Puts every file back as it was. Its time is new, so that cargo sees the change.
    pub fn undo(self) -> anyhow::Result<()> {
        self.before.into_iter().try_for_each(Saved::restore)
    }
}

/// A file as it was; without content when there was none.
#[derive(Debug)]
struct Saved {
    path: PathBuf,
    content: Option<(Vec<u8>, Permissions)>,
}

impl Saved {
    fn of(path: PathBuf) -> anyhow::Result<Self> {
        let content = match fs::read(&path) {
            Ok(content) => {
                let metadata = fs::metadata(&path).with_context(|| format!("reading {}", path.display()))?;
                Some((content, metadata.permissions()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        Ok(Self { path, content })
    }

    fn restore(self) -> anyhow::Result<()> {
        let path = &self.path;
        let done = match &self.content {
            Some((content, permissions)) => {
                fs::write(path, content).and_then(|()| fs::set_permissions(path, permissions.clone()))
            }
            None if path.exists() => fs::remove_file(path),
            None => Ok(()),
        };
        done.with_context(|| format!("restoring {}", path.display()))
    }
}

/// Tracked files and new ones that are not ignored, from the root; those that were deleted left out.
fn files_of(root: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("running git, which lists the files of the checkout")?;
    if !output.status.success() {
        bail!("git cannot list the files of {}: {}", root.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let files = names.map(|name| PathBuf::from(OsStr::from_bytes(name)));
    Ok(files.filter(|file| root.join(file).symlink_metadata().is_ok()).collect())
}

/// Copies a file or link where it differs.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let context = || format!("copying {} to {}", from.display(), to.display());
    let parent = to.parent().with_context(context)?;
    fs::create_dir_all(parent).with_context(context)?;
    if from.is_symlink() {
        let target = fs::read_link(from).with_context(context)?;
        if fs::read_link(to).is_ok_and(|present| present == target) {
            return Ok(());
        }
        remove(to).with_context(context)?;
        return std::os::unix::fs::symlink(target, to).with_context(context);
    }
    if to.is_symlink() {
        remove(to).with_context(context)?;
    }
    let same = fs::read(to).is_ok_and(|present| fs::read(from).is_ok_and(|content| content == present));
    if !same {
        fs::copy(from, to).with_context(context)?;
    }
    Ok(())
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Removes what earlier states of the checkout, or tests, have left in the copy.
fn remove_others(tree: &Path, files: &BTreeSet<PathBuf>) -> anyhow::Result<()> {
    let entries = WalkDir::new(tree).into_iter().filter_entry(|entry| entry.file_name() != TOOLS);
    for entry in entries {
        let entry = entry.with_context(|| format!("walking {}", tree.display()))?;
        let inner = entry.path().strip_prefix(tree).context("a walk stays below its root")?;
        if !entry.file_type().is_dir() && !files.contains(inner) {
            fs::remove_file(entry.path()).with_context(|| format!("removing {}", entry.path().display()))?;
        }
    }
    Ok(())
}

fn link_tools(root: &Path, tree: &Path) -> anyhow::Result<()> {
    let (tools, link) = (root.join(TOOLS), tree.join(TOOLS));
    if !tools.is_dir() {
        bail!("{} is missing: run `make setup` first", tools.display());
    }
    if !fs::read_link(&link).is_ok_and(|present| present == tools) {
        remove(&link).with_context(|| format!("removing {}", link.display()))?;
        std::os::unix::fs::symlink(&tools, &link).with_context(|| format!("linking {}", link.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    const LIBRARY: &str = "crates/system/x/src/lib.rs";

    /// A checkout of git with one crate, one patch and an ignored folder.
    fn checkout() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a temporary directory can be made");
        let patch =
            format!("Why.\n\nMust turn red: INT-004\n\n--- a/{LIBRARY}\n+++ b/{LIBRARY}\n@@ -1 +1 @@\n-one\n+two\n");
        for (path, text) in [
            (LIBRARY, "one\n"),
            ("crates/system/x/old.rs", "old\n"),
            ("defects/int-004/x.patch", &patch),
            (".gitignore", "/target\n/.tools\n"),
            (".tools/keep", ""),
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a file has a directory")).expect("directories can be made");
            fs::write(path, text).expect("a file can be written");
        }
        let done = Command::new("git").args(["init", "--quiet"]).current_dir(root.path()).status();
        assert!(done.expect("git is there").success());
        root
    }

    fn patch(root: &Path) -> Patch {
        let text = fs::read_to_string(root.join("defects/int-004/x.patch")).expect("the patch is there");
        let ledger = ledger::Ledger::load().expect("the ledger keeps its rules");
        Patch::parse(Path::new("defects/int-004/x.patch"), &text, &ledger).expect("a sound patch")
    }

    #[test]
    fn a_defect_is_applied_to_the_copy_alone_and_undone() {
        let root = checkout();
        let patch = patch(root.path());
        let scratch = Scratch::prepare(root.path()).expect("a copy");
        let read = |folder: &Path| fs::read_to_string(folder.join(LIBRARY)).expect("the file is there");

        assert_eq!(scratch.refusal(&patch).expect("git runs"), None);
        let applied = scratch.apply(&patch).expect("it applies");
        assert_eq!((read(scratch.tree()), read(root.path())), ("two\n".into(), "one\n".into()));
        assert!(scratch.refusal(&patch).expect("git runs").is_some(), "it cannot be applied twice");
        applied.undo().expect("it can be undone");
        assert_eq!(read(scratch.tree()), "one\n");
    }

    #[test]
    fn copy_follows_the_checkout_and_keeps_equal_files() {
        let root = checkout();
        let scratch = Scratch::prepare(root.path()).expect("a copy");
        let same = scratch.tree().join(LIBRARY);
        let long_ago = SystemTime::now() - Duration::from_secs(1000);
        fs::File::options().append(true).open(&same).and_then(|file| file.set_modified(long_ago)).expect("a new time");
        fs::remove_file(root.path().join("crates/system/x/old.rs")).expect("it is there");
        fs::write(scratch.tree().join("stray"), "").expect("a file can be written");

        assert!(Scratch::prepare(root.path()).is_err(), "two runs must not share the copy");
        drop(scratch);
        let scratch = Scratch::prepare(root.path()).expect("a copy");
        assert_eq!(fs::metadata(&same).and_then(|file| file.modified()).expect("a time"), long_ago);
        assert!(!scratch.tree().join("crates/system/x/old.rs").exists());
        assert!(!scratch.tree().join("stray").exists());
        assert!(!scratch.tree().join("target").exists());
        assert!(scratch.tree().join(".tools/keep").exists());
    }
}

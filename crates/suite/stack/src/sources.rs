//! What the programs of a stack were made from, and the proof that it is what is in this checkout.
//!
//! Cargo writes beside each program the list of all files that went into it. A stack is the same as another when the
//! contents of these files are the same: what else was compiled, with which features, and when, does not matter. And a
//! program counts as built from this checkout only when that list speaks of this checkout and no listed file changed
//! since.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::{binaries, checkout::Checkout, descriptor::FORMAT_VERSION, tools::Tools};

/// What this crate knew about files and programs when it looked last, beside the programs.
const RECORD: &str = "stack-sources.json";

/// Files outside of any package that decide what cargo builds.
const WORKSPACE_FILES: [&str; 4] = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", "rust-toolchain.toml"];

/// A file's state, without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    length: u64,
    modified_s: i64,
    modified_ns: i64,
}

impl Stamp {
    fn of(path: &Path) -> std::io::Result<Self> {
        let file = fs::metadata(path)?;
        Ok(Self { length: file.len(), modified_s: file.mtime(), modified_ns: file.mtime_nsec() })
    }

    fn is_newer_than(&self, other: &Self) -> bool {
        (self.modified_s, self.modified_ns) > (other.modified_s, other.modified_ns)
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    /// By path from the root. Saves reading what did not change.
    files: BTreeMap<PathBuf, (Stamp, String)>,
    /// By name of the program: its state, and what was in its sources then.
    programs: BTreeMap<String, (Stamp, String)>,
}

/// What the programs of a checkout were made from.
#[derive(Debug)]
pub(crate) struct Sources {
    fingerprint: String,
    flaws: Vec<String>,
}

impl Sources {
    /// Looks at the programs of `checkout` and at what they were made from. Without `services`, only the programs that
    /// are there count.
    pub fn look(checkout: &Checkout, tools: &Tools, services: bool) -> anyhow::Result<Self> {
        let record_path = checkout.programs().join(RECORD);
        let before: Record = fs::read(&record_path)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            // Without a record every file is read; nothing is concluded from its absence.
            .unwrap_or_default();
        let mut look = Look { checkout, before, now: Record::default(), flaws: Vec::new() };
        let mut all = BTreeSet::new();
        for name in binaries::FILES {
            if let Some(inputs) = look.program(name, services)? {
                all.extend(inputs);
            }
        }
        if !services {
            // Nothing of this checkout is judged on a stack of servers alone, and `cargo test` writes no lists.
            look.flaws.clear();
        }
        let packages: BTreeSet<PathBuf> = all.iter().filter_map(|path| package_of(&checkout.root, path)).collect();
        all.extend(WORKSPACE_FILES.map(PathBuf::from));
        all.extend(packages);
        for folder in [checkout.python_package(), checkout.mounts()] {
            all.extend(files_below(&folder).into_iter().map(|path| look.short(&path)));
        }
        let fingerprint = look.fingerprint(&all, tools)?;
        let Look { now, flaws, .. } = look;
        if flaws.is_empty() && services {
            // Recording a flaw would hide it the next time.
            write_record(&record_path, &now);
        }
        Ok(Self { fingerprint, flaws })
    }

    /// Identifies what the programs were made from: two stacks with the same fingerprint behave the same.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Fails when a program was not made from what is in this checkout now, and says which and why.
    pub fn prove(&self, remedy: &str) -> anyhow::Result<()> {
        if self.flaws.is_empty() {
            return Ok(());
        }
        bail!(
            "the services were not built from the sources of this checkout, so that tests against them would judge \
             something else:\n  {}\n{remedy}",
            self.flaws.join("\n  ")
        );
    }
}

struct Look<'a> {
    checkout: &'a Checkout,
    before: Record,
    now: Record,
    flaws: Vec<String>,
}

impl Look<'_> {
    /// Path from the root, where it is below.
    fn short(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.checkout.root).unwrap_or(path).to_path_buf()
    }

    /// Files that a program was made from. `None` when it is missing and not required.
    fn program(&mut self, name: &str, is_needed: bool) -> anyhow::Result<Option<BTreeSet<PathBuf>>> {
        let program = self.checkout.programs().join(name);
        let list = program.with_extension("d");
        let (Ok(stamp), Ok(text)) = (Stamp::of(&program), fs::read_to_string(&list)) else {
            if is_needed {
                self.flaws.push(format!("{} does not exist, or {} beside it", program.display(), list.display()));
            }
            return Ok(None);
        };
        let root = &self.checkout.root;
        let mut inputs = BTreeSet::new();
        for mut path in listed(&text).into_iter().map(|path| root.join(path)) {
            if path.starts_with(&self.checkout.output.target) {
                // Made during the build, from other files of the list.
                continue;
            }
            if !path.starts_with(root)
                && let Some(other) = toolbox::checkout_root(&path)
            {
                if other.canonicalize().ok().as_ref() != Some(root) {
                    self.flaws.push(format!("{name} was built in {}", other.display()));
                    return Ok(None);
                }
                path = root.join(path.strip_prefix(&other).unwrap_or(&path));
            }
            let files = if path.is_dir() { files_below(&path) } else { vec![path] };
            inputs.extend(files.iter().map(|path| self.short(path)));
        }
        let mut hash = Sha256::new();
        for input in &inputs {
            let (changed, digest) = self.file(input)?;
            match changed {
                Some(changed) if changed.is_newer_than(&stamp) => {
                    self.flaws.push(format!("{name} is older than {}", input.display()));
                }
                Some(_) => {}
                None => self.flaws.push(format!("{name} was made from {}, which is gone", input.display())),
            }
            hash.update(format!("{} {digest}\n", input.display()));
        }
        let digest = hexadecimal(hash);
        if let Some((built, then)) = self.before.programs.get(name)
            && *then != digest
        {
            let digest = |record: &Record, input: &PathBuf| record.files.get(input).map(|(_, digest)| digest.clone());
            let changed = inputs.iter().filter(|input| digest(&self.before, input) != digest(&self.now, input));
            // Cargo did nothing, or it made the program anew and took over what it compiled from the old content.
            let unnoticed = changed.filter(|input| {
                let is_newer = self.now.files.get(*input).is_none_or(|(stamp, _)| stamp.is_newer_than(built));
                *built == stamp || (self.before.files.contains_key(*input) && !is_newer)
            });
            let unnoticed: Vec<_> = unnoticed.map(|input| input.display().to_string()).collect();
            if !unnoticed.is_empty() {
                self.flaws.push(format!(
                    "{name} may be made from what these files were before: {}. Cargo goes by dates, and these have old \
                     ones; `touch` them",
                    unnoticed.join(", ")
                ));
            }
        }
        self.now.programs.insert(name.to_owned(), (stamp, digest));
        Ok(Some(inputs))
    }

    /// State and digest of a file; `absent` for one that is gone.
    fn file(&mut self, short: &Path) -> anyhow::Result<(Option<Stamp>, String)> {
        if let Some((stamp, digest)) = self.now.files.get(short) {
            return Ok((Some(*stamp), digest.clone()));
        }
        let path = self.checkout.root.join(short);
        let Ok(stamp) = Stamp::of(&path) else { return Ok((None, "absent".to_owned())) };
        let digest = match self.before.files.get(short) {
            Some((then, digest)) if *then == stamp => digest.clone(),
            _ => {
                let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                hexadecimal(Sha256::new_with_prefix(content))
            }
        };
        self.now.files.insert(short.to_path_buf(), (stamp, digest.clone()));
        Ok((Some(stamp), digest))
    }

    fn fingerprint(&mut self, inputs: &BTreeSet<PathBuf>, tools: &Tools) -> anyhow::Result<String> {
        let mut hash = Sha256::new();
        let tools = serde_json::to_string(tools).context("paths are plain data")?;
        hash.update(format!("format {FORMAT_VERSION}\n{}\n{tools}\n", self.checkout.output.profile));
        for input in inputs {
            let (_, digest) = self.file(input)?;
            hash.update(format!("{} {digest}\n", input.display()));
        }
        Ok(hexadecimal(hash))
    }
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Paths of cargo's list: `PROGRAM: INPUT INPUT …`, with a backslash before each blank of a name.
fn listed(text: &str) -> Vec<PathBuf> {
    let inputs = text.lines().next().and_then(|line| line.split_once(": ")).map_or("", |(_, inputs)| inputs);
    let mut paths = Vec::new();
    let mut path = String::new();
    let mut characters = inputs.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.next_if_eq(&' ').is_some() => path.push(' '),
            ' ' => paths.push(std::mem::take(&mut path)),
            other => path.push(other),
        }
    }
    paths.push(path);
    paths.into_iter().filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

/// The manifest of the package that a file belongs to, from the root.
fn package_of(root: &Path, file: &Path) -> Option<PathBuf> {
    let manifests = file.ancestors().skip(1).map(|folder| folder.join("Cargo.toml"));
    manifests.into_iter().find(|manifest| root.join(manifest).is_file())
}

/// Files of a folder. One that does not exist has none.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    entries
        .filter_entry(|entry| entry.file_name() != "__pycache__")
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect()
}

/// Several processes may look at once: a reader sees one whole record. One that cannot be written is made anew later.
fn write_record(path: &Path, record: &Record) {
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    let Ok(text) = serde_json::to_vec(record) else { return };
    if fs::read(path).is_ok_and(|present| present == text) {
        return;
    }
    if let Err(error) = fs::write(&partial, text).and_then(|()| fs::rename(&partial, path)) {
        tracing::debug!(%error, "no record of the sources");
        fs::remove_file(&partial).ok();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::checkout::Output;

    /// A checkout in which every program was made from one file of its own and one that all share.
    struct Fixture {
        _kept: tempfile::TempDir,
        checkout: Checkout,
    }

    fn tools() -> Tools {
        Tools { postgres: "/postgres".into(), temporal: "/temporal".into(), scripts: None }
    }

    fn dated(path: &Path, content: &str, seconds_ago: u64) {
        fs::write(path, content).unwrap();
        let time = SystemTime::now() - Duration::from_secs(seconds_ago);
        fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }

    impl Fixture {
        fn new() -> Self {
            let kept = tempfile::tempdir().unwrap();
            let root = kept.path().canonicalize().unwrap();
            let output = Output { target: root.join("target"), platform: None, profile: "debug".into() };
            for folder in ["target/debug", "crates/suite/toolbox", "src"] {
                fs::create_dir_all(root.join(folder)).unwrap();
            }
            dated(&root.join("crates/suite/toolbox/Cargo.toml"), "", 100);
            let checkout = Checkout { home: root.join("target/stack"), root, output };
            let fixture = Self { _kept: kept, checkout };
            fixture.edit("shared file.rs", "shared", 100);
            for name in binaries::FILES {
                fixture.edit(&format!("{name}.rs"), name, 100);
                fixture.build(name, 50);
            }
            fixture
        }

        fn edit(&self, name: &str, content: &str, seconds_ago: u64) {
            dated(&self.checkout.root.join("src").join(name), content, seconds_ago);
        }

        fn build(&self, name: &str, seconds_ago: u64) {
            let program = self.checkout.programs().join(name);
            dated(&program, "program", seconds_ago);
            let source = self.checkout.root.join("src");
            let list = format!(
                "{}: {} {} {}/build/x/out/made.rs\n",
                program.display(),
                source.join(format!("{name}.rs")).display(),
                source.join("shared\\ file.rs").display(),
                self.checkout.programs().display(),
            );
            fs::write(program.with_extension("d"), list).unwrap();
        }

        fn look(&self) -> Sources {
            Sources::look(&self.checkout, &tools(), true).unwrap()
        }

        fn refusal(&self) -> String {
            format!("{:#}", self.look().prove("build them").unwrap_err())
        }
    }

    #[test]
    fn program_without_dep_info_is_refused() {
        let fixture = Fixture::new();
        fixture.look().prove("build them").unwrap();
        fs::remove_file(fixture.checkout.programs().join("catalog.d")).unwrap();
        assert!(fixture.refusal().contains("catalog"), "{}", fixture.refusal());
        assert!(Sources::look(&fixture.checkout, &tools(), false).unwrap().prove("").is_ok(), "servers need none");
    }

    #[test]
    fn fingerprint_depends_on_source_content_only() {
        let fixture = Fixture::new();
        let first = fixture.look().fingerprint().to_owned();
        for name in binaries::FILES {
            // The same sources with other features, at another time.
            fixture.build(name, 10);
            dated(&fixture.checkout.programs().join(name), "another program", 10);
        }
        fixture.edit("no source of a service.rs", "test", 0);
        assert_eq!(fixture.look().fingerprint(), first);
        fixture.edit("shared file.rs", "changed", 30);
        assert_ne!(fixture.look().fingerprint(), first);
        fixture.edit("shared file.rs", "shared", 20);
        assert_eq!(fixture.look().fingerprint(), first, "the old content is the old stack");
    }

    #[test]
    fn edit_after_the_build_is_seen() {
        let fixture = Fixture::new();
        fixture.edit("worker-heavy.rs", "changed", 0);
        assert!(fixture.refusal().contains("worker-heavy is older than src/worker-heavy.rs"), "{}", fixture.refusal());
    }

    #[test]
    fn edit_with_an_old_date_is_seen() {
        let fixture = Fixture::new();
        fixture.look().prove("build them").unwrap();
        fixture.edit("worker-heavy.rs", "changed", 70);
        let refusal = fixture.refusal();
        assert!(refusal.contains("worker-heavy may be made from") && refusal.contains("src/worker-heavy.rs"));
        assert_eq!(fixture.refusal(), refusal, "looking again does not make it right");
        // Linked anew, as after a copy of another checkout's `target`, it still holds what was compiled before.
        fixture.build("worker-heavy", 5);
        assert_eq!(fixture.refusal(), refusal, "linking does not make it right");
        fixture.edit("worker-heavy.rs", "changed", 4);
        fixture.build("worker-heavy", 3);
        fixture.look().prove("build them").unwrap();
    }

    #[test]
    fn program_of_another_checkout_is_refused() {
        let (original, copy) = (Fixture::new(), Fixture::new());
        for file in ["worker-light", "worker-light.d"] {
            fs::copy(original.checkout.programs().join(file), copy.checkout.programs().join(file)).unwrap();
        }
        let built_in = format!("worker-light was built in {}", original.checkout.root.display());
        assert!(copy.refusal().contains(&built_in), "{}", copy.refusal());
    }

    #[test]
    fn copied_sources_keep_their_fingerprint() {
        assert_eq!(Fixture::new().look().fingerprint(), Fixture::new().look().fingerprint());
    }
}

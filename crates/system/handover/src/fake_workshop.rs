//! A session in memory, for tests: the files in it, what its script builds, what the platform asks for that, and a list
//! of what was called. Its receipts are real ones, in a temporary folder.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, LazyLock, Mutex, MutexGuard, atomic::AtomicBool},
};

use catalog::Catalog;
use chrono::Utc;
use contract::{
    assembly::ASSEMBLY_DEFINITION_FILE,
    design_source::DesignSource,
    events::{Event, EventBody, Source},
    execution::BoundingBox,
    gate::{Finding, Gate},
    handover::{Baseline, EnvironmentPart},
    objectives::OBJECTIVES_FILE,
    part_metadata::{ManufacturingMethod, PartMetadata},
    session::SessionId,
    violations::Violation,
};
use design::{Design, ExportFormat, Geometry, Part, PartRole};
use materials::{ManufacturingConfig, Materials};
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::{
    baseline::hold_to_baseline,
    built::{Built, NotBuilt},
    content::{DecidingFiles, content_key, sha256},
    documents::{PLAN_FILE, TODO_FILE},
    file_receipts::FileReceipts,
    receipts::{ContentNote, Priced, SessionReceipts, Validated},
    recognition::{self, Recognised},
    sample_part::cuboid,
    workshop::{Files, Repriced, Workshop, deciding_files},
};

/// The script of every session. Nothing runs it; its text is part of the content.
pub const SCRIPT: &str = "script.py";
/// The objectives of solution and benchmark: a ball above its goal, at most 150 USD and 50 g.
pub const OBJECTIVES: &str = include_str!("../samples/objectives.yaml");
/// The definition of the solution, which keeps these objectives.
pub const ASSEMBLY: &str = include_str!("../samples/assembly_definition.yaml");
/// The plan of the benchmark.
pub const BENCHMARK_PLAN: &str = include_str!("../samples/benchmark_plan.md");
/// A session's own file of materials.
pub const OWN_MATERIALS: &str = "materials:\n  \
    oak: {name: Oak, density_g_cm3: 0.7, cost_per_kg: 3.0}\n  \
    aluminum_6061: {name: Aluminium, density_g_cm3: 2.7, cost_per_kg: 1.0, compatibility: [cnc]}\n";
/// Edges of the bracket, mm.
pub const BRACKET_MM: [f64; 3] = [20.0, 20.0, 10.0];
/// Edges of the benchmark's block, mm.
pub const BYSTANDER_MM: [f64; 3] = [40.0, 40.0, 40.0];
/// Folder that is mounted read-only into every session.
pub const MOUNT: &str = "/mounted/";

const PLAN: &str = include_str!("../samples/plan.md");
const STEPS: &str = include_str!("../samples/todo.md");
const PLATFORM_MATERIALS: &str = include_str!("../../cad-runtime/mounts/config/manufacturing_config.yaml");

/// The caller stays.
static NEVER: AtomicBool = AtomicBool::new(false);

/// What every stack ships.
static MATERIALS: LazyLock<Materials> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("parts.db");
    catalog::write(&path).expect("the catalogue can be written");
    Materials {
        config: Arc::new(ManufacturingConfig::parse(PLATFORM_MATERIALS).expect("the shipped file is sound")),
        catalog: Catalog::open(&path).expect("the catalogue can be read"),
    }
});

/// A session in memory.
pub struct FakeWorkshop {
    receipts: SessionReceipts<FileReceipts>,
    /// Where the receipts of all sessions of a test are.
    folder: Arc<TempDir>,
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Files that came with the call, in place of the session's.
    pub bundle: Option<BTreeMap<String, Vec<u8>>>,
    /// What the script builds.
    pub parts: Vec<Part>,
    /// What the platform's own figures say.
    pub repriced: Repriced,
    /// Objectives of the session's first commit.
    pub first_objectives: Option<Vec<u8>>,
    build_fault: Mutex<Option<NotBuilt>>,
    calls: Mutex<Vec<String>>,
    events: Mutex<Vec<Map<String, Value>>>,
}

impl FakeWorkshop {
    /// A solution: a milled bracket, and documents that pass their gates.
    pub fn solution() -> Self {
        let files = [
            (SCRIPT, "def build():\n    return bracket\n"),
            (PLAN_FILE, PLAN),
            (TODO_FILE, STEPS),
            (OBJECTIVES_FILE, OBJECTIVES),
            (ASSEMBLY_DEFINITION_FILE, ASSEMBLY),
        ];
        Self::new("solution", new_folder(), &files, vec![block("bracket", BRACKET_MM, false)])
    }

    /// A benchmark: a block that is held in place, and documents that pass their gates.
    pub fn benchmark() -> Self {
        let files = [
            (SCRIPT, "def build():\n    return bystander\n"),
            (PLAN_FILE, BENCHMARK_PLAN),
            (TODO_FILE, "- [x] Model the block\n- [x] Submit\n"),
            (OBJECTIVES_FILE, OBJECTIVES),
        ];
        Self::new("benchmark", new_folder(), &files, vec![block("bystander", BYSTANDER_MM, true)])
    }

    /// An empty session whose receipts are beside those of this one.
    pub fn beside(&self, session: &str) -> Self {
        Self::new(session, Arc::clone(&self.folder), &[], Vec::new())
    }

    /// The same work in another session.
    pub fn moved_to(self, session: &str) -> Self {
        Self { receipts: SessionReceipts { session: id(session), ..self.receipts }, ..self }
    }

    fn new(session: &str, folder: Arc<TempDir>, files: &[(&str, &str)], parts: Vec<Part>) -> Self {
        let receipts = FileReceipts::new(folder.path()).expect("a folder can be made");
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        Self {
            receipts: SessionReceipts { receipts, session: id(session) },
            folder,
            files: Mutex::new(files.collect()),
            bundle: None,
            parts,
            repriced: Repriced { findings: Vec::new(), unit_cost: 120.0, weight_g: 12.0 },
            first_objectives: None,
            build_fault: Mutex::default(),
            calls: Mutex::default(),
            events: Mutex::default(),
        }
    }

    /// All files of the session.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        locked(&self.files).clone()
    }

    /// A file of the session.
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        locked(&self.files).get(path).cloned()
    }

    /// Writes a file into the session.
    pub fn write(&self, path: &str, content: impl Into<Vec<u8>>) {
        locked(&self.files).insert(path.to_owned(), content.into());
    }

    /// Replaces `from` in a file; a change that changes nothing would make a test that tests nothing.
    #[track_caller]
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = String::from_utf8(self.file(path).expect("the file is there")).expect("the file is text");
        assert!(text.contains(from), "{path} does not hold {from:?}:\n{text}");
        self.write(path, text.replace(from, to));
    }

    /// Deletes a file of the session.
    #[track_caller]
    pub fn delete(&self, path: &str) {
        assert!(locked(&self.files).remove(path).is_some(), "there is no {path}");
    }

    /// The next build ends like this.
    pub fn fail_build(&self, cause: NotBuilt) {
        *locked(&self.build_fault) = Some(cause);
    }

    /// Calls since the last query, in order.
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut locked(&self.calls))
    }

    /// The events that were noted, in order.
    pub fn events(&self) -> Vec<Map<String, Value>> {
        locked(&self.events).clone()
    }

    /// What the session holds now, built; that does not count as a call.
    pub async fn built(&self) -> Built {
        let files = deciding_files(self, &DesignSource::default()).await.expect("the files can be read");
        self.made_of(files).await.expect("the design is sound")
    }

    /// Notes something about what the session holds now.
    pub async fn note<T: ContentNote + Send + 'static>(&self, note: T) {
        let key = self.built().await.key;
        self.receipts.write_of_content(&key, note).await.expect("a receipt can be written");
    }

    /// Notes that what the session holds now passed validation and pricing, and keeps its parts as these do.
    pub async fn pass_checks(&self) {
        self.note(validated()).await;
        self.note(priced()).await;
        recognition::keep(&self.receipts, self.built().await).await.expect("parts can be kept");
    }

    /// Notes that a benchmark with the objectives of this module and this environment was handed over.
    pub async fn receive(&self, environment: BTreeMap<String, EnvironmentPart>) {
        let baseline = Baseline {
            benchmark_session_id: id("benchmark"),
            objectives_sha256: sha256(OBJECTIVES.as_bytes()),
            moved_mesh_sha256: None,
            environment,
            recorded_at: Utc::now(),
        };
        self.receipts.write(baseline).await.expect("a receipt can be written");
    }

    fn call(&self, name: impl Into<String>) {
        locked(&self.calls).push(name.into());
    }

    async fn made_of(&self, files: DecidingFiles) -> Result<Built, NotBuilt> {
        let baseline = self.receipts.note::<Baseline>().await?;
        let materials = MATERIALS.overridden_by(files.config.as_deref()).map_err(NotBuilt::Input)?;
        let objectives = files.objectives.as_deref().and_then(|bytes| gates::objectives::check(bytes).value);
        let assembly = files.assembly.as_deref().map(|bytes| gates::assembly::check(bytes, objectives.as_ref()));
        let design = Design {
            parts: self.parts.clone(),
            bounding_box: BoundingBox { min: [0.0; 3], max: [0.0; 3] },
            interferences: Vec::new(),
            notes: Vec::new(),
            geometry: Geometry::default(),
            stdout: String::new(),
            stderr: String::new(),
        };
        let SessionReceipts { receipts, session } = &self.receipts;
        let Recognised { hashes: part_hashes, moved } = Recognised::of(&design, receipts, session, &NEVER)?;
        let key = content_key(&part_hashes, &files);
        hold_to_baseline(Built { design, objectives, assembly, files, materials, baseline, part_hashes, moved, key })
    }
}

impl Workshop for FakeWorkshop {
    type Receipts = FileReceipts;

    fn receipts(&self) -> &SessionReceipts<FileReceipts> {
        &self.receipts
    }

    fn materials(&self) -> &Materials {
        &MATERIALS
    }

    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, NotBuilt> {
        Ok(match &self.bundle {
            Some(files) => files.get(path).cloned(),
            None => self.file(path),
        })
    }

    async fn read_kept(&self, path: &str) -> Result<Option<Vec<u8>>, NotBuilt> {
        Ok(self.file(path))
    }

    async fn modules(&self, script_path: &str) -> Result<Files, NotBuilt> {
        let is_python = |path: &str| Path::new(path).extension().is_some_and(|ending| ending == "py");
        let is_module = |path: &str| is_python(path) && path != script_path;
        Ok(self.files().into_iter().filter(|(path, _)| is_module(path)).collect())
    }

    fn own_path(&self, path: &str) -> Option<String> {
        (!path.starts_with(MOUNT)).then(|| path.to_owned())
    }

    async fn first_objectives(&self) -> Result<Option<Vec<u8>>, NotBuilt> {
        Ok(self.first_objectives.clone())
    }

    async fn build(&self, _: &DesignSource, files: DecidingFiles) -> Result<Built, NotBuilt> {
        self.call("build");
        let fault = locked(&self.build_fault).take();
        if let Some(cause) = fault {
            return Err(cause);
        }
        // As a script would.
        self.emit(EventBody::Other(Map::from_iter([("event_type".to_owned(), "built".into())])));
        self.made_of(files).await
    }

    async fn reprice(&self, built: Built) -> Result<(Built, Repriced), NotBuilt> {
        self.call("reprice");
        Ok((built, self.repriced.clone()))
    }

    /// The name of the format and of every part.
    async fn export(&self, built: &Built, formats: &[ExportFormat]) -> Result<Vec<Vec<u8>>, NotBuilt> {
        let names: Vec<_> = formats.iter().map(|format| format.name()).collect();
        let labels: Vec<_> = built.design.parts.iter().map(|part| part.label.as_str()).collect();
        self.call(format!("export {}", names.join(" ")));
        Ok(names.iter().map(|name| format!("{name} of {}", labels.join(" ")).into_bytes()).collect())
    }

    async fn keep(&self, files: Files) -> Result<(), NotBuilt> {
        self.call("keep");
        locked(&self.files).extend(files);
        Ok(())
    }

    fn emit(&self, body: EventBody) {
        locked(&self.events).push(Event::new(Source::WorkerHeavy, body).into_map());
    }
}

/// A block of aluminium: held in place, or else milled.
pub fn block(label: &str, size_mm: [f64; 3], is_fixed: bool) -> Part {
    let metadata = PartMetadata {
        material_id: Some("aluminum_6061".to_owned()),
        cots_id: None,
        is_fixed,
        manufacturing_method: (!is_fixed).then_some(ManufacturingMethod::Cnc),
        joint: None,
        rigid_connections: Vec::new(),
    };
    Part { label: label.to_owned(), role: PartRole::Part(metadata), ..cuboid(size_mm, false) }
}

/// A validation that passed where no benchmark was handed over.
pub fn validated() -> Validated {
    Validated { passed: true, findings: Vec::new(), in_benchmark: false, at: Utc::now() }
}

/// A price that passed where no benchmark was handed over.
pub fn priced() -> Priced {
    Priced {
        findings: Vec::new(),
        unpriced: Vec::new(),
        unit_cost: 108.5981,
        weight_g: 10.8,
        in_benchmark: false,
        at: Utc::now(),
    }
}

/// A finding of a gate about the design.
pub fn excess(gate: Gate) -> Finding {
    gate.finding(Violation::new("script.py", "design.excess", "it is too much"))
}

/// The names of events.
pub fn types_of(events: &[Map<String, Value>]) -> Vec<&str> {
    events.iter().map(|event| event["event_type"].as_str().expect("an event has a name")).collect()
}

fn id(session: &str) -> SessionId {
    session.parse().expect("a valid id")
}

fn new_folder() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().expect("a folder can be made"))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panicked meanwhile")
}

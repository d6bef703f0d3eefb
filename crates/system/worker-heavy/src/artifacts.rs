//! The four documents of a hand-over, read from a workspace and judged by their gates.

use agent_tools::estimate_as_written;
use chrono::Utc;
use contract::{
    assembly::{ASSEMBLY_DEFINITION_FILE, CostingEstimate},
    events::{event, names},
    gate::{Gate, Stage},
    objectives::{Objectives, is_template},
    violations::{Checked, Violation},
};
use gates::todo::{TodoItems, TodoStage};
use serde_json::{Map, Value, json};
use sessions::{OBJECTIVES_FILE, Workspace};

use crate::{
    content::DecidingFiles,
    tools::{NotBuilt, read_file},
};
use materials::Materials;

/// The plan.
pub const PLAN_FILE: &str = "plan.md";
/// The list of what is to be done.
pub const TODO_FILE: &str = "todo.md";

/// The documents as they are. Absent ones are `None`; the untouched template of the objectives counts as absent.
#[derive(Debug, Clone, Default)]
pub struct Artifacts {
    plan: Option<Vec<u8>>,
    todo: Option<Vec<u8>>,
    /// `objectives.yaml`.
    pub objectives: Option<Vec<u8>>,
    assembly: Option<Vec<u8>>,
}

/// What the gates say, and what they read on the way.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// Everything that is wrong, in the order of the gates.
    pub findings: Vec<(Gate, Violation)>,
    /// Items of `todo.md`.
    pub todo: Option<TodoItems>,
    /// Recomputed cost and weight of the plan.
    pub estimate: Option<CostingEstimate>,
}

impl Artifacts {
    /// Reads them.
    pub async fn read(workspace: &Workspace) -> Result<Self, NotBuilt> {
        let objectives = read_file(workspace, OBJECTIVES_FILE).await?;
        let assembly = read_file(workspace, ASSEMBLY_DEFINITION_FILE).await?;
        Self::beside(&DecidingFiles { objectives, assembly, ..DecidingFiles::default() }, workspace).await
    }

    /// Takes those that decide about a design from `files`, and reads the others.
    pub async fn beside(files: &DecidingFiles, workspace: &Workspace) -> Result<Self, NotBuilt> {
        Ok(Self {
            plan: read_file(workspace, PLAN_FILE).await?,
            todo: read_file(workspace, TODO_FILE).await?,
            objectives: files.objectives.clone().filter(|bytes| !is_template(bytes)),
            assembly: files.assembly.clone(),
        })
    }

    /// Names of those that are there.
    pub fn present(&self) -> Vec<&'static str> {
        let all = [
            (PLAN_FILE, &self.plan),
            (TODO_FILE, &self.todo),
            (OBJECTIVES_FILE, &self.objectives),
            (ASSEMBLY_DEFINITION_FILE, &self.assembly),
        ];
        all.into_iter().filter(|(_, bytes)| bytes.is_some()).map(|(name, _)| name).collect()
    }

    /// Runs every gate, so that its author hears of everything at once.
    pub fn judge(
        &self,
        stage: Stage,
        todo_stage: TodoStage,
        todo_baseline: Option<&TodoItems>,
        materials: &Materials,
    ) -> Judged {
        let mut judged = Judged::default();
        let plan = match stage {
            Stage::Engineering => gates::plan::engineering,
            Stage::Benchmark => gates::plan::benchmark,
        };
        judged.take(Gate::Plan, PLAN_FILE, self.plan.as_deref(), plan);
        judged.todo = judged.take(Gate::Todo, TODO_FILE, self.todo.as_deref(), |bytes| {
            gates::todo::check(bytes, todo_stage, todo_baseline)
        });
        let objectives: Option<Objectives> =
            judged.take(Gate::Objectives, OBJECTIVES_FILE, self.objectives.as_deref(), gates::objectives::check);
        if stage == Stage::Benchmark && self.assembly.is_none() {
            // A benchmark's own assembly definition never leaves its session; it may have none.
            return judged;
        }
        let definition =
            judged.take(Gate::AssemblyDefinition, ASSEMBLY_DEFINITION_FILE, self.assembly.as_deref(), |bytes| {
                gates::assembly::check(bytes, objectives.as_ref())
            });
        if let Some(definition) = definition {
            let (estimate, violations) =
                estimate_as_written(&definition, objectives.as_ref(), &materials.config, &materials.catalog);
            for violation in violations {
                let finding = (Gate::AssemblyDefinition, violation);
                if !judged.findings.contains(&finding) {
                    judged.findings.push(finding);
                }
            }
            judged.estimate = Some(estimate);
        }
        judged
    }
}

impl Judged {
    /// Runs one gate on a document, or finds it missing.
    fn take<T>(
        &mut self,
        gate: Gate,
        file: &str,
        bytes: Option<&[u8]>,
        check: impl FnOnce(&[u8]) -> Checked<T>,
    ) -> Option<T> {
        let Some(bytes) = bytes else {
            let sentence = format!("{file} is missing (required for submission)");
            self.findings.push((gate, Violation::new(file, MISSING, sentence)));
            return None;
        };
        let checked = check(bytes);
        self.findings.extend(checked.violations.into_iter().map(|violation| (gate, violation)));
        checked.value
    }
}

/// Rule of a document that is not there.
const MISSING: &str = "file.missing";
/// Rule of a hand-over for another stage than the session's.
pub const OTHER_STAGE: &str = "plan.other_stage";

/// One sentence for each document that is at fault, in the order of the gates.
pub fn message(findings: &[(Gate, Violation)]) -> String {
    let mut sentences: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some((gate, first)) = findings.get(at) {
        let same: Vec<_> =
            findings[at..].iter().take_while(|(other, found)| other == gate && found.file == first.file).collect();
        at += same.len();
        let what: Vec<_> = same
            .iter()
            .map(|(_, found)| match &found.place {
                Some(place) => format!("{place}: {}", found.message),
                None => found.message.clone(),
            })
            .collect();
        sentences.push(match gate {
            _ if [MISSING, OTHER_STAGE].contains(&first.rule.as_str()) => first.message.clone(),
            Gate::Plan | Gate::Todo | Gate::Objectives | Gate::AssemblyDefinition => {
                format!("{} invalid: [{}]", first.file, what.join("; "))
            }
            Gate::Environment => format!("{} violation: {}", first.file, what.join("; ")),
            Gate::Manufacturability => format!("Submission rejected (DFM): {}", what.join("; ")),
            Gate::BuildZone => format!("Submission rejected (Build zone): {}", what.join("; ")),
            Gate::Cost => format!("Submission rejected (Cost): {}", what.join("; ")),
            Gate::Weight => format!("Submission rejected (Weight): {}", what.join("; ")),
            Gate::Validation | Gate::Pricing | Gate::Smoke => what.join("; "),
        });
    }
    sentences.join("; ")
}

/// The events that tell of findings: one for each document of words, one for each broken rule of the others.
pub fn failure_events(findings: &[(Gate, Violation)]) -> Vec<Map<String, Value>> {
    let mut events = Vec::new();
    for gate in [Gate::Plan, Gate::Todo] {
        let of_gate: Vec<_> = findings.iter().filter(|(other, _)| *other == gate).map(|(_, found)| found).collect();
        if let Some(first) = of_gate.first() {
            let errors: Vec<_> = of_gate.iter().map(ToString::to_string).collect();
            let fields = json!({ "file_path": first.file, "errors": errors });
            events.push(event(names::LINT_FAILURE_DOCS, Utc::now(), fields));
        }
    }
    events.extend(findings.iter().filter(|(gate, _)| !matches!(gate, Gate::Plan | Gate::Todo)).map(|(_, found)| {
        let fields = json!({
            "file_path": found.file,
            "constraint_name": found.rule,
            "error_message": found.to_string(),
        });
        event(names::LOGIC_FAILURE, Utc::now(), fields)
    }));
    events
}

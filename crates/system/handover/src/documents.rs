//! The four documents of a hand-over, judged by their gates.

use agent_tools::estimate_as_written;
use contract::{
    assembly::{ASSEMBLY_DEFINITION_FILE, CostingEstimate},
    gate::{Finding, Gate, Stage},
    objectives::{OBJECTIVES_FILE, Objectives, is_template},
    violations::{Checked, Violation},
};
use gates::todo::{TodoItems, TodoStage};
use materials::Materials;

use crate::{content::DecidingFiles, message::MISSING};

/// The plan.
pub const PLAN_FILE: &str = "plan.md";
/// The list of what is to be done.
pub const TODO_FILE: &str = "todo.md";

/// The documents as they are. Absent ones are `None`; the untouched template of the objectives counts as absent.
#[derive(Debug, Clone, Default)]
pub struct Documents {
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
    pub findings: Vec<Finding>,
    /// Items of `todo.md`.
    pub todo: Option<TodoItems>,
    /// Recomputed cost and weight of the plan.
    pub estimate: Option<CostingEstimate>,
}

impl Documents {
    /// Plan and to-do list, with those that also decide about a design.
    pub fn new(plan: Option<Vec<u8>>, todo: Option<Vec<u8>>, files: &DecidingFiles) -> Self {
        Self {
            plan,
            todo,
            objectives: files.objectives.clone().filter(|bytes| !is_template(bytes)),
            assembly: files.assembly.clone(),
        }
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

    /// Runs every gate, so that the author sees all findings at once.
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
            for finding in Gate::AssemblyDefinition.findings(violations) {
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
            self.findings.push(gate.finding(Violation::new(file, MISSING, sentence)));
            return None;
        };
        let checked = check(bytes);
        self.findings.extend(gate.findings(checked.violations));
        checked.value
    }
}

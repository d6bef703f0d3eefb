//! A built design with everything that belongs to it, or why there is none.

use contract::{
    assembly::AssemblyDefinition,
    execution::ScriptFault,
    gate::{Finding, Gate},
    handover::Baseline,
    objectives::Objectives,
    part_metadata::PartMetadata,
    violations::Checked,
};
use design::{Design, Part};
use design_rules::moved_part;
use materials::Materials;

use crate::{content::DecidingFiles, message::message};

/// A design with everything that belongs to it.
#[derive(Clone)]
pub struct Built {
    /// Parts.
    pub design: Design,
    /// Objectives; absent when the workspace has none or only the template.
    pub objectives: Option<Objectives>,
    /// Assembly definition, sound or not; absent when the workspace has none.
    pub assembly: Option<Checked<AssemblyDefinition>>,
    /// The files that decide with it.
    pub files: DecidingFiles,
    /// What its parts are made of: as the platform says, or as the session's own file does.
    pub materials: Materials,
    /// The benchmark that its session solves, where one was handed over.
    pub baseline: Option<Baseline>,
    /// Hash of each part, in the design's order: of the checked part that it is, else its own.
    pub part_hashes: Vec<String>,
    /// How parts differ from those that were checked last, one sentence each.
    pub moved: Vec<String>,
    /// Key under which checks of exactly this are recorded.
    pub key: String,
}

impl Built {
    /// What is wrong with the assembly definition, which says what drives the design.
    pub fn unsound_assembly(&self) -> Vec<Finding> {
        let violations = self.assembly.as_ref().map(|checked| checked.violations.clone()).unwrap_or_default();
        Gate::AssemblyDefinition.findings(violations)
    }

    /// End of a sentence about a missing check: the numbers by which the parts differ from those checked last.
    pub fn since_the_last_check(&self) -> String {
        if self.moved.is_empty() { String::new() } else { format!(". Since the last check: {}", self.moved.join("; ")) }
    }

    /// True for a part that is there already, so that nobody pays for it and it may stand anywhere. Where a benchmark was
    /// handed over, these are its parts and no others; elsewhere it is what is held in place and neither made nor
    /// bought, and the object that is to be moved, whatever it says of itself.
    pub fn is_environment(&self, part: &Part) -> bool {
        if let Some(baseline) = &self.baseline {
            return baseline.environment.contains_key(&part.label);
        }
        if part.is_fixed() {
            let is_made_or_bought =
                |metadata: &PartMetadata| metadata.manufacturing_method.is_some() || metadata.cots_id.is_some();
            return !part.metadata().is_some_and(is_made_or_bought);
        }
        let label = self.objectives.as_ref().map(|objectives| objectives.moved_object.label.as_str());
        let moved = label.and_then(|label| moved_part(&self.design, label).ok().flatten());
        moved.is_some_and(|moved| moved.label == part.label)
    }
}

/// Why there is no design, or no result of work on it. The caller did something wrong, or the worker could not do its
/// work.
#[derive(Debug, thiserror::Error)]
pub enum NotBuilt {
    /// The script is at fault.
    #[error("{0}")]
    Script(#[from] ScriptFault),
    /// A file beside the script is at fault.
    #[error("{0}")]
    Input(String),
    /// Rules are broken.
    #[error("{}", message(.0))]
    Rejected(Vec<Finding>),
    /// The caller has left.
    #[error("the caller hung up")]
    Left,
    /// This worker is at fault.
    #[error("{0:#}")]
    Worker(#[from] anyhow::Error),
}

impl NotBuilt {
    /// Rules that are broken, or nothing where none are.
    ///
    /// # Errors
    /// [`NotBuilt::Rejected`] with the findings.
    pub fn unless_empty(findings: Vec<Finding>) -> Result<(), Self> {
        if findings.is_empty() { Ok(()) } else { Err(Self::Rejected(findings)) }
    }
}

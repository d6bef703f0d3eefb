//! What a hand-over needs from the place where the work is.

use std::future::Future;

use contract::{design_source::DesignSource, events::EventBody};
use design::ExportFormat;
use materials::Materials;

use crate::{
    built::{Built, NotBuilt},
    content::DecidingFiles,
    receipts::{Receipts, SessionReceipts},
};

/// Files of a session, from its root, with their content.
pub type Files = Vec<(String, Vec<u8>)>;

/// Result of pricing a design by the platform's own figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Repriced {
    /// What is wrong.
    pub findings: Vec<contract::gate::Finding>,
    /// Price of one unit, USD.
    pub unit_cost: f64,
    /// Weight of one unit, g.
    pub weight_g: f64,
}

/// One session, and the means to build, price and export its content. A design may come from the session's own files or
/// from elsewhere; what is kept goes into the session.
pub trait Workshop: Sync {
    /// Where receipts are kept.
    type Receipts: Receipts;

    /// The receipts of the session.
    fn receipts(&self) -> &SessionReceipts<Self::Receipts>;

    /// The platform's materials.
    fn materials(&self) -> &Materials;

    /// A file of the place where the design comes from; nothing where there is none.
    fn read(&self, path: &str) -> impl Future<Output = Result<Option<Vec<u8>>, NotBuilt>> + Send;

    /// A file of the session; nothing where there is none.
    fn read_kept(&self, path: &str) -> impl Future<Output = Result<Option<Vec<u8>>, NotBuilt>> + Send;

    /// Python files beside the script, which may import them, in folders too.
    fn modules(&self, script_path: &str) -> impl Future<Output = Result<Files, NotBuilt>> + Send;

    /// A path from the session's root; nothing for one that leads into a read-only mount, or nowhere.
    fn own_path(&self, path: &str) -> Option<String>;

    /// The objectives in the session's first commit, where it has one.
    fn first_objectives(&self) -> impl Future<Output = Result<Option<Vec<u8>>, NotBuilt>> + Send;

    /// Runs the script, measures what it builds, and compares that with what was handed over to the session.
    fn build(
        &self,
        design: &DesignSource,
        files: DecidingFiles,
    ) -> impl Future<Output = Result<Built, NotBuilt>> + Send;

    /// Prices a design by the platform's own figures, whatever file the session has.
    fn reprice(&self, built: Built) -> impl Future<Output = Result<(Built, Repriced), NotBuilt>> + Send;

    /// The design in these formats.
    fn export(
        &self,
        built: &Built,
        formats: &[ExportFormat],
    ) -> impl Future<Output = Result<Vec<Vec<u8>>, NotBuilt>> + Send;

    /// Writes files into the session.
    fn keep(&self, files: Files) -> impl Future<Output = Result<(), NotBuilt>> + Send;

    /// Notes an event of this call.
    fn emit(&self, event: EventBody);
}

/// Reads the files that decide about a design. They are read before its script runs, which may write where it works.
///
/// # Errors
/// A file that is there cannot be read.
pub async fn deciding_files<W: Workshop>(workshop: &W, design: &DesignSource) -> Result<DecidingFiles, NotBuilt> {
    let script = match &design.script_content {
        Some(text) => Some(text.clone().into_bytes()),
        None => workshop.read(&design.script_path).await?,
    };
    let objectives = workshop.read(contract::objectives::OBJECTIVES_FILE).await?;
    let moved_mesh = match mesh_path(objectives.as_deref()) {
        Some(path) => workshop.read(&path).await?,
        None => None,
    };
    Ok(DecidingFiles {
        // The run itself reports a missing script, since it has the words for it.
        script: script.unwrap_or_default(),
        objectives,
        moved_mesh,
        assembly: workshop.read(contract::assembly::ASSEMBLY_DEFINITION_FILE).await?,
        config: workshop.read(materials::SESSION_FILE).await?,
    })
}

/// The file that holds the moved object, where the objectives name one. Their gate reports what else is wrong with
/// them.
fn mesh_path(objectives: Option<&[u8]>) -> Option<String> {
    gates::objectives::check(objectives?).value?.moved_object.mesh_path
}

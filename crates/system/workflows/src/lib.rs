//! What the processes around Temporal share: how to reach it, how to poll a queue, and what each workflow takes.
//!
//! The controller starts workflows and the controller's worker and the heavy workers serve queues; none of them can see
//! the other's code, so names and inputs are defined here. The crate must not know what a workflow does.

mod definitions;
mod frontend;
mod queue;

pub use definitions::{
    EPISODE_MEMO_KEY, EPISODE_WORKFLOW, EpisodeInput, EpisodeProgress, EpisodeResult, EpisodeWorkflowStart,
    HEAVY_SIMULATION_WORKFLOW, HeavySimulationInput, PROGRESS_QUERY, Progress, REVIEWED_SIGNAL, Reviewed,
    episode_workflow_id,
};
pub use frontend::{Frontend, FrontendError, WorkflowState};
pub use queue::{QueuePoller, worker_options};

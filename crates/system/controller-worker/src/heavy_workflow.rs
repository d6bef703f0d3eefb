//! The workflow that sends a simulation to the heavy queue, so that it survives the loss of a heavy worker.

use std::time::Duration;

use contract::{
    benchmark::BenchmarkResponse,
    wiring::{HEAVY_QUEUE, HEAVY_SIMULATION_ACTIVITY},
};
use temporalio_common::RetryPolicy;
use temporalio_macros::{activity_definitions, workflow, workflow_methods};
use temporalio_sdk::{ActivityOptions, WorkflowContext, WorkflowResult, activities::ActivityError};
use workflows::{HEAVY_SIMULATION_WORKFLOW, HeavySimulationInput};

/// How long one simulation may take once a heavy worker has begun it.
const SIMULATION_LIMIT: Duration = Duration::from_mins(10);
/// A simulation that sends no heartbeat for this long counts as lost.
const HEARTBEAT_LIMIT: Duration = Duration::from_secs(30);
/// Attempts of a simulation whose worker was lost.
const SIMULATION_ATTEMPTS: u32 = 3;

/// Activities of heavy workers on their queue; the heavy workers implement them.
pub(crate) struct HeavyActivities;

#[expect(clippy::unimplemented, reason = "the macro takes signatures, and insists on this one body")]
#[activity_definitions]
impl HeavyActivities {
    /// Simulates the design of a session.
    #[activity(name = HEAVY_SIMULATION_ACTIVITY)]
    pub(crate) fn simulate(_: HeavySimulationInput) -> Result<BenchmarkResponse, ActivityError> {
        unimplemented!()
    }
}

/// Runs one simulation on any heavy worker and returns its report.
#[workflow]
#[derive(Default)]
pub(crate) struct HeavySimulationWorkflow;

#[workflow_methods]
impl HeavySimulationWorkflow {
    /// Forwards the request. A run that fails is a report with `success: false`, not an error.
    #[run(name = HEAVY_SIMULATION_WORKFLOW)]
    pub(crate) async fn run(
        ctx: &mut WorkflowContext<Self>,
        input: HeavySimulationInput,
    ) -> WorkflowResult<BenchmarkResponse> {
        let retries = RetryPolicy::builder().maximum_attempts(SIMULATION_ATTEMPTS).build();
        let options = ActivityOptions::with_start_to_close_timeout(SIMULATION_LIMIT)
            .task_queue(HEAVY_QUEUE)
            .heartbeat_timeout(HEARTBEAT_LIMIT)
            .retry_policy(retries)
            .build();
        Ok(ctx.execute_activity(HeavyActivities::simulate, input, options).await?)
    }
}

//! The same simulation as a Temporal activity on the heavy queue.

use std::{sync::Arc, time::Duration};

use anyhow::anyhow;
use contract::{benchmark::BenchmarkResponse, wiring::HEAVY_SIMULATION_ACTIVITY};
use garde::Validate;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use workflows::HeavySimulationInput;

use crate::{simulate::simulate, tools::Tools};

/// Interval of heartbeats while a simulation waits or runs.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// What the activities work with.
pub struct HeavyActivities {
    /// The tools, with the queue that HTTP calls pass, too.
    pub tools: Tools,
}

#[activities]
impl HeavyActivities {
    /// Simulates a design of a session; the answer is that of `POST /benchmark/simulate`.
    #[activity(name = HEAVY_SIMULATION_ACTIVITY)]
    pub(crate) async fn run_simulation(
        self: Arc<Self>,
        context: ActivityContext,
        input: HeavySimulationInput,
    ) -> Result<BenchmarkResponse, ActivityError> {
        input.request.validate().map_err(|report| anyhow!("the request is not valid: {report}"))?;
        let work = simulate(&self.tools, &input.session_id, &input.request);
        tokio::pin!(work);
        let mut beat = tokio::time::interval(HEARTBEAT);
        loop {
            tokio::select! {
                answer = &mut work => return answer.map_err(|error| anyhow!("{error}").into()),
                // Leaving drops the work, which ends the run.
                () = context.cancelled() => return Err(ActivityError::cancelled()),
                _ = beat.tick() => context.record_heartbeat("simulating").await?,
            }
        }
    }
}

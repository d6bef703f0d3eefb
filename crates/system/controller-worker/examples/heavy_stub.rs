//! scratch
use std::{sync::Arc, time::Duration};
use contract::{benchmark::BenchmarkResponse, wiring::{HEAVY_QUEUE, HEAVY_SIMULATION_ACTIVITY}};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use workflows::{Frontend, HeavySimulationInput, QueuePoller, worker_options};

pub struct HeavyActivities { n: u32 }

#[activities]
impl HeavyActivities {
    /// sim
    #[activity(name = HEAVY_SIMULATION_ACTIVITY)]
    pub async fn simulate(self: Arc<Self>, context: ActivityContext, input: HeavySimulationInput) -> Result<BenchmarkResponse, ActivityError> {
        tokio::select! {
            done = run(self.n, input) => Ok(done?),
            never = beat(&context) => Err(never),
            () = context.cancelled() => Err(ActivityError::cancelled()),
        }
    }
}
async fn run(n: u32, input: HeavySimulationInput) -> anyhow::Result<BenchmarkResponse> {
    Ok(BenchmarkResponse { success: true, message: format!("{} {:?}", input.session_id, input.request), failure_reason: None, confidence: "high".into(), queue_position: n, result: None, artifacts: None, events: vec![] })
}
async fn beat(context: &ActivityContext) -> ActivityError {
    loop {
        if let Err(error) = context.record_heartbeat(()).await { return error.into(); }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let poller = QueuePoller::new(HEAVY_QUEUE);
    let frontend = Frontend::at("127.0.0.1:7999")?;
    let options = || Ok(worker_options(HEAVY_QUEUE).register_activities(HeavyActivities { n: 1 }).build());
    poller.run(&frontend, options, async { tokio::signal::ctrl_c().await.ok(); }).await
}

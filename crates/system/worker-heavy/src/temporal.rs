//! The same simulation as a Temporal activity on the heavy queue.
//!
//! The connection is kept up in the background: a worker without Temporal serves HTTP all the same, says so in
//! `/ready`, and joins the queue when Temporal is there.

use std::{str::FromStr, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse},
    session::SessionId,
    wiring::{HEAVY_QUEUE, TEMPORAL_NAMESPACE},
};
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};
use temporalio_macros::activities;
use temporalio_sdk::{
    Runtime, Worker, WorkerOptions,
    activities::{ActivityContext, ActivityError},
};
use tokio::sync::watch;

use crate::{simulate::simulate, workbench::Workbench};

/// Pause before another attempt to reach Temporal.
const RECONNECT_AFTER: Duration = Duration::from_secs(2);
/// Interval of heartbeats while a simulation waits or runs.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// What the activities work with.
pub struct HeavyActivities {
    bench: Workbench,
}

#[activities]
impl HeavyActivities {
    /// Simulates a design of a session; the answer is that of `POST /benchmark/simulate`.
    #[activity(name = "worker_run_simulation")]
    pub async fn run_simulation(
        self: Arc<Self>,
        context: ActivityContext,
        input: (String, BenchmarkRequest),
    ) -> Result<BenchmarkResponse, ActivityError> {
        let (session, request) = input;
        let session: SessionId = session.parse()?;
        let work = simulate(&self.bench, &session, &request);
        tokio::pin!(work);
        let mut beat = tokio::time::interval(HEARTBEAT);
        loop {
            tokio::select! {
                answer = &mut work => {
                    return answer.map_err(|error| anyhow!("{error:?}").into());
                }
                // Leaving drops the work, which ends the run.
                () = context.cancelled() => return Err(ActivityError::cancelled()),
                _ = beat.tick() => context.record_heartbeat("simulating").await?,
            }
        }
    }
}

/// State of the connection, for readiness.
#[derive(Debug, Clone)]
pub enum Link {
    /// The queue is polled.
    Up(String),
    /// It is not, and why.
    Down(String),
}

/// Serves the heavy queue for as long as the process lives. Returns at once; the receiver tells the state.
pub fn serve(address: String, bench: Workbench) -> (watch::Receiver<Link>, impl Future<Output = ()>) {
    let (state, link) = watch::channel(Link::Down("not connected yet".to_owned()));
    let serving = async move {
        loop {
            let ended = poll(&address, &bench, &state).await;
            let sentence = match ended {
                Ok(()) => "the worker stopped polling".to_owned(),
                Err(error) => format!("{error:#}"),
            };
            tracing::warn!(address, cause = sentence, "not on the heavy queue; trying again");
            state.send_replace(Link::Down(sentence));
            tokio::time::sleep(RECONNECT_AFTER).await;
        }
    };
    (link, serving)
}

async fn poll(address: &str, bench: &Workbench, state: &watch::Sender<Link>) -> anyhow::Result<()> {
    let url = Url::from_str(&format!("http://{address}")).context("TEMPORAL_URL is no host:port")?;
    let connection = Connection::connect(ConnectionOptions::new(url).build()).await.context("Temporal does not answer")?;
    let client = Client::new(connection, ClientOptions::new(TEMPORAL_NAMESPACE).build())?;
    let runtime = Runtime::from_current_tokio(Default::default())?;
    let options =
        WorkerOptions::new(HEAVY_QUEUE).register_activities(HeavyActivities { bench: bench.clone() }).build();
    let mut worker = Worker::new(&runtime, client, options)?;
    tracing::info!(queue = HEAVY_QUEUE, address, "polling");
    state.send_replace(Link::Up(format!("polling {HEAVY_QUEUE}")));
    worker.run().await?;
    Ok(())
}

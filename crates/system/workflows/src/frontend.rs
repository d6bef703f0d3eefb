//! Temporal's frontend: connected on first use, so that a service starts while Temporal is down.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use contract::wiring::TEMPORAL_NAMESPACE;
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, NamespacedClient, RetryOptions, RpcOptions, Url,
    WorkflowCancelOptions, WorkflowDescribeOptions, WorkflowExecutionStatus, WorkflowHandle, WorkflowIdReusePolicy,
    WorkflowQueryOptions, WorkflowSignalOptions, WorkflowStartOptions,
    errors::{WorkflowInteractionError, WorkflowQueryError, WorkflowStartError},
    tonic::{Code, IntoRequest, Status},
};
use temporalio_common::{
    MemoValues, QueryDefinition, SignalDefinition, protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest,
};
use tokio::{sync::Mutex, time::timeout};
use uuid::Uuid;

use crate::definitions::{EPISODE_MEMO_KEY, EpisodeInput, EpisodeWorkflowStart, episode_workflow_id};

/// How long connecting may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// How long the client may try again to start a workflow while Temporal refuses connections.
const START_RETRY_LIMIT: Duration = Duration::from_secs(2);
/// How long starting a workflow may take in all, when Temporal accepts the call and does not answer.
const START_LIMIT: Duration = Duration::from_secs(8);

/// How long looking at a workflow, or telling or asking it something, may take.
const CALL_LIMIT: Duration = Duration::from_secs(5);

/// What Temporal knows of the workflow that carries an episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkflowState {
    /// There is none, or Temporal has lost it.
    Unknown,
    /// It carries the episode.
    Running,
    /// It has ended.
    Closed {
        /// How, in Temporal's words.
        how: String,
    },
}

/// Why Temporal did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum FrontendError {
    /// The address is no `host:port`.
    #[error("TEMPORAL_URL is {address:?}; expected HOST:PORT, as 127.0.0.1:7233")]
    Address {
        /// What was given.
        address: String,
    },
    /// No connection came about.
    #[error("Temporal at {address} cannot be reached: {cause}")]
    Unreachable {
        /// Where it should be.
        address: Arc<str>,
        /// What the attempt said.
        cause: String,
    },
    /// It did not answer in time.
    #[error("Temporal at {address} did not answer within {} s", limit.as_secs())]
    TimedOut {
        /// Where it should be.
        address: Arc<str>,
        /// How long was waited.
        limit: Duration,
    },
    /// It answered, and refused.
    #[error("Temporal refused the workflow: {0}")]
    Refused(String),
}

impl FrontendError {
    /// True when Temporal could not be reached or gave no answer: the same call may work later.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. })
    }
}

/// Temporal at an address; cheap to clone, all clones share one connection.
#[derive(Clone)]
pub struct Frontend {
    address: Arc<str>,
    target: Url,
    client: Arc<Mutex<Option<Client>>>,
}

impl Frontend {
    /// Temporal at `host:port`; a URL with `http://` works too. Nothing is connected yet.
    pub fn at(address: &str) -> Result<Self, FrontendError> {
        let url = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let target = Url::parse(&url)
            .ok()
            .filter(|url| url.has_host() && url.port().is_some())
            .ok_or_else(|| FrontendError::Address { address: address.to_owned() })?;
        Ok(Self { address: address.into(), target, client: Arc::default() })
    }

    /// Where Temporal should be, as it was given.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A connected client; connects when there is none yet. Once connected it reconnects by itself.
    pub async fn client(&self) -> Result<Client, FrontendError> {
        let mut kept = self.client.lock().await;
        if let Some(client) = kept.as_ref() {
            return Ok(client.clone());
        }
        let unreachable = |cause: String| FrontendError::Unreachable { address: Arc::clone(&self.address), cause };
        let options = ConnectionOptions::new(self.target.clone()).connect_timeout(CONNECT_LIMIT).build();
        let connection = timeout(CONNECT_LIMIT, Connection::connect(options))
            .await
            .map_err(|_| self.timed_out(CONNECT_LIMIT))?
            .map_err(|error| unreachable(root_cause(&error)))?;
        let client = Client::new(connection, ClientOptions::new(TEMPORAL_NAMESPACE).build())
            .map_err(|error| unreachable(root_cause(&error)))?;
        Ok(kept.insert(client).clone())
    }

    /// Asks Temporal about the stack's namespace, which reads its database; the answer of a readiness probe.
    ///
    /// Temporal closes each connection after some minutes. A question that meets such an end is asked once more, and
    /// goes over a new connection; only a Temporal that is gone fails twice.
    pub async fn probe(&self) -> anyhow::Result<String> {
        let client = self.client().await?;
        let describe = || async {
            let request = DescribeNamespaceRequest { namespace: client.namespace(), ..Default::default() };
            client.connection().workflow_service().describe_namespace(request.into_request()).await
        };
        let mut described = describe().await;
        if described.as_ref().is_err_and(|status| matches!(status.code(), Code::Cancelled | Code::Unavailable)) {
            described = describe().await;
        }
        described.map_err(|status| anyhow::anyhow!("{:?}: {}", status.code(), root_cause(&status))).with_context(
            || format!("Temporal at {} does not describe namespace {TEMPORAL_NAMESPACE}", self.address),
        )?;
        Ok(format!("namespace {TEMPORAL_NAMESPACE} at {}", self.address))
    }

    /// Starts the workflow of an episode on `task_queue`; its workflow id. The id of the episode stands in the
    /// workflow's memo. An episode has one workflow: where it was started before, by whomever, nothing happens. An
    /// error may still mean that it was started: Temporal may have taken it without our learning so.
    pub async fn start_episode(&self, task_queue: &str, input: EpisodeInput) -> Result<String, FrontendError> {
        let workflow_id = episode_workflow_id(input.episode_id);
        let retries = RetryOptions::builder().max_elapsed_time(Some(START_RETRY_LIMIT)).build();
        let mut memo = MemoValues::new();
        memo.insert(EPISODE_MEMO_KEY, input.episode_id.to_string());
        let options = WorkflowStartOptions::new(task_queue, workflow_id.as_str())
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .memo(memo)
            .rpc_options(RpcOptions::builder().retry_options(retries).build())
            .build();
        let start = async {
            let client = self.client().await?;
            let started = client.start_workflow(EpisodeWorkflowStart, input, options).await;
            match started {
                Ok(_) | Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(()),
                Err(error) => Err(self.start_error(&error)),
            }
        };
        timeout(START_LIMIT, start).await.map_err(|_| self.timed_out(START_LIMIT))??;
        Ok(workflow_id)
    }

    /// What Temporal knows of an episode's workflow. [`WorkflowState::Unknown`] means something only while
    /// [`Frontend::probe`] succeeds: a server that has not found its namespace knows no workflow either.
    pub async fn episode_workflow(&self, episode_id: Uuid) -> Result<WorkflowState, FrontendError> {
        let look = async {
            match self.handle(episode_id).await?.describe(WorkflowDescribeOptions::default()).await {
                Ok(found) => Ok(state_of(found.status())),
                Err(WorkflowInteractionError::NotFound(_)) => Ok(WorkflowState::Unknown),
                Err(error) => Err(self.interaction_error(&error)),
            }
        };
        self.within_limit(look).await
    }

    /// Asks the workflow of an episode to end. One that is unknown or has ended already needs no asking.
    pub async fn cancel(&self, episode_id: Uuid, reason: &str) -> Result<(), FrontendError> {
        let cancel = async {
            let options = WorkflowCancelOptions::builder().reason(reason).build();
            self.delivered(self.handle(episode_id).await?.cancel(options).await)
        };
        self.within_limit(cancel).await
    }

    /// Tells the workflow of an episode something. One that is unknown or has ended already needs no telling.
    pub async fn signal<S>(&self, episode_id: Uuid, signal: S, input: S::Input) -> Result<(), FrontendError>
    where
        S: SignalDefinition<Workflow = EpisodeWorkflowStart>,
        S::Input: Send,
    {
        let tell = async {
            let options = WorkflowSignalOptions::default();
            self.delivered(self.handle(episode_id).await?.signal(signal, input, options).await)
        };
        self.within_limit(tell).await
    }

    /// Asks the workflow of an episode something, whether it still runs or has ended; `None` when it is unknown. A
    /// workflow whose code cannot go on, as one that another version of it began, refuses.
    pub async fn query<Q>(
        &self,
        episode_id: Uuid,
        query: Q,
        input: Q::Input,
    ) -> Result<Option<Q::Output>, FrontendError>
    where
        Q: QueryDefinition<Workflow = EpisodeWorkflowStart>,
        Q::Input: Send,
    {
        let ask = async {
            match self.handle(episode_id).await?.query(query, input, WorkflowQueryOptions::default()).await {
                Ok(answer) => Ok(Some(answer)),
                Err(WorkflowQueryError::NotFound(_)) => Ok(None),
                Err(WorkflowQueryError::Rpc(status)) => Err(self.refused_call(&status)),
                Err(other) => Err(FrontendError::Refused(root_cause(&other))),
            }
        };
        self.within_limit(ask).await
    }

    async fn handle(&self, episode_id: Uuid) -> Result<WorkflowHandle<Client, EpisodeWorkflowStart>, FrontendError> {
        Ok(self.client().await?.get_workflow_handle(episode_workflow_id(episode_id)))
    }

    async fn within_limit<T>(&self, call: impl Future<Output = Result<T, FrontendError>>) -> Result<T, FrontendError> {
        timeout(CALL_LIMIT, call).await.map_err(|_| self.timed_out(CALL_LIMIT))?
    }

    /// What is said to a workflow that is unknown or has ended needs no delivery.
    fn delivered(&self, outcome: Result<(), WorkflowInteractionError>) -> Result<(), FrontendError> {
        match outcome {
            Ok(()) | Err(WorkflowInteractionError::NotFound(_)) => Ok(()),
            Err(error) => Err(self.interaction_error(&error)),
        }
    }

    fn interaction_error(&self, error: &WorkflowInteractionError) -> FrontendError {
        match error {
            WorkflowInteractionError::Rpc(status) => self.refused_call(status),
            other => FrontendError::Refused(root_cause(other)),
        }
    }

    fn refused_call(&self, status: &Status) -> FrontendError {
        let cause = root_cause(status);
        match status.code() {
            Code::Unavailable | Code::Cancelled | Code::DeadlineExceeded => {
                FrontendError::Unreachable { address: Arc::clone(&self.address), cause }
            }
            _ => FrontendError::Refused(cause),
        }
    }

    fn start_error(&self, error: &WorkflowStartError) -> FrontendError {
        match error {
            WorkflowStartError::Rpc(status) if status.code() == Code::Unavailable => {
                FrontendError::Unreachable { address: Arc::clone(&self.address), cause: root_cause(status) }
            }
            other => FrontendError::Refused(other.to_string()),
        }
    }

    fn timed_out(&self, limit: Duration) -> FrontendError {
        FrontendError::TimedOut { address: Arc::clone(&self.address), limit }
    }
}

fn state_of(status: WorkflowExecutionStatus) -> WorkflowState {
    match status {
        WorkflowExecutionStatus::Completed
        | WorkflowExecutionStatus::Failed
        | WorkflowExecutionStatus::Canceled
        | WorkflowExecutionStatus::Terminated
        | WorkflowExecutionStatus::TimedOut => WorkflowState::Closed { how: format!("{status:?}").to_lowercase() },
        // What continues as new, is paused, or is in a state of a later server, still carries its episode.
        _ => WorkflowState::Running,
    }
}

/// What lies at the bottom of an error: the wrappers of the transport repeat it in debug notation.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_host_and_port() {
        for good in ["127.0.0.1:7233", "temporal:7233", "http://127.0.0.1:17233"] {
            assert!(Frontend::at(good).is_ok(), "{good}");
        }
        for bad in ["", "temporal", "127.0.0.1:port", ":7233"] {
            assert!(Frontend::at(bad).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn only_an_ended_workflow_counts_as_closed() {
        let closed = WorkflowState::Closed { how: "terminated".to_owned() };
        assert_eq!(state_of(WorkflowExecutionStatus::Terminated), closed);
        for alive in [WorkflowExecutionStatus::Running, WorkflowExecutionStatus::Paused] {
            assert_eq!(state_of(alive), WorkflowState::Running);
        }
    }

    #[tokio::test]
    async fn outage_does_not_count_as_a_lost_workflow() {
        let frontend = Frontend::at("127.0.0.1:1").expect("a valid address");
        let error = frontend.episode_workflow(Uuid::nil()).await.expect_err("nobody listens on port 1");
        assert!(error.is_outage(), "{error}");
    }

    #[tokio::test]
    async fn unreachable_frontend_is_named() {
        let frontend = Frontend::at("127.0.0.1:1").expect("a valid address");
        let error = frontend.probe().await.expect_err("nobody listens on port 1");
        assert!(format!("{error:#}").contains("127.0.0.1:1"), "{error:#}");
    }
}

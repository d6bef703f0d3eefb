//! Starting an episode.

use aide::axum::{ApiRouter, routing::post_with};
use axum::extract::State;
use contract::{
    episodes::{AgentRunRequest, AgentRunResponse, EpisodeMetadata},
    lifecycle::EpisodeStatus,
    session::SessionId,
    status::ResponseStatus,
    wiring::EPISODE_QUEUE,
};
use episode_store::{NewEpisode, Transition};
use service::{Answer, ServiceError, Valid};
use uuid::Uuid;
use workflows::EpisodeInput;

use crate::{
    answered::Accepted,
    application::{Application, store_error},
};

pub(crate) fn routes() -> ApiRouter<Application> {
    ApiRouter::new().api_route(
        "/agent/run",
        post_with(run, |o| {
            o.summary("Store an episode and start its workflow")
                .description(
                    "The episode runs a script of its session: the one that `metadata_vars.script_path` names, else \
                     `script.py`. The task is stored with it; this stack runs no agents that would work on a task by \
                     themselves, and an episode without a script fails with that reason. 503 when Temporal does not \
                     take the workflow; the episode is then stored as failed.",
                )
                .tag("agents")
        }),
    )
}

async fn run(
    State(application): State<Application>,
    Valid(request): Valid<AgentRunRequest>,
) -> Answer<Accepted<AgentRunResponse>> {
    let session_id: SessionId =
        request.session_id.parse().map_err(|error| ServiceError::unprocessable(format!("session_id: {error}")))?;
    let episode = new_episode(request);
    let input = EpisodeInput::new(episode.id, session_id, &episode.metadata);
    let episode_id = episode.id;
    // A caller that disconnects must not leave an episode unstarted: from the first write on, the work runs in a
    // separate task.
    tokio::spawn(async move { start(&application, episode, input).await }).await.map_err(|error| {
        ServiceError::internal(&anyhow::anyhow!("starting episode {episode_id} panicked or was cancelled: {error}"))
    })??;
    Ok(Accepted::with(AgentRunResponse { status: ResponseStatus::Accepted, episode_id }))
}

pub(crate) fn new_episode(request: AgentRunRequest) -> NewEpisode {
    let metadata = EpisodeMetadata {
        worker_session_id: Some(request.session_id.clone()),
        ..request.metadata_vars.unwrap_or_default()
    };
    NewEpisode {
        id: Uuid::new_v4(),
        task: request.task,
        agent_name: request.agent_name,
        worker_session_id: request.session_id,
        skill_git_hash: request.skill_git_hash,
        metadata,
    }
}

/// Stores the episode, then starts its workflow. When Temporal does not accept it, the episode ends as failed and the
/// answer says so. If this process dies between the two, the sweeper of the controller's worker starts it.
async fn start(application: &Application, episode: NewEpisode, input: EpisodeInput) -> Answer<()> {
    let id = episode.id;
    application.store.create_episode(&episode).await.map_err(|error| match error {
        // The database may have stored it and died before it confirmed.
        error if error.is_outage() => ServiceError::unavailable(format!(
            "the database failed while episode {id} was being stored; if it is stored, it will be started: {error}"
        )),
        error => store_error(error),
    })?;
    match application.frontend.start_episode(EPISODE_QUEUE, input).await {
        Ok(workflow_id) => {
            tracing::info!(episode_id = %id, workflow_id, "episode started");
            // The workflow notes its id too when it begins, so a failure here loses nothing.
            if let Err(error) = application.store.set_workflow(id, &workflow_id).await {
                tracing::warn!(episode_id = %id, %error, "the workflow id is not stored yet");
            }
            Ok(())
        }
        Err(error) => {
            let reason = format!("the workflow was not started: {error}");
            tracing::warn!(episode_id = %id, reason, "episode failed to start");
            let failed = Transition { status: EpisodeStatus::Failed, workflow_id: None, reason: Some(reason.clone()) };
            let what_follows = match application.store.transition(id, &failed).await {
                Ok(_) => "is stored as failed",
                Err(error) => {
                    tracing::warn!(episode_id = %id, %error, "the failure to start is not stored");
                    "is stored and will be started later"
                }
            };
            Err(ServiceError::unavailable(format!("episode {id} {what_follows}: {reason}")))
        }
    }
}

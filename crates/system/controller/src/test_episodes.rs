//! Episodes for tests: they run without a workflow, so that they wait for what a test does to them.

use aide::{
    OperationInput,
    axum::{ApiRouter, routing::post_with},
};
use axum::{
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use contract::{
    episodes::{AgentRunRequest, TestEpisodeResponse},
    lifecycle::EpisodeStatus,
};
use episode_store::Transition;
use service::{Answer, ServiceError, Valid};

use crate::{
    agents::new_episode,
    answered::Created,
    application::{Application, store_error},
};

/// Why a test's episode runs.
const REASON: &str = "made for a test, without a workflow";

pub(crate) fn routes() -> ApiRouter<Application> {
    ApiRouter::new().api_route(
        "/test/episodes",
        post_with(create, |o| {
            o.summary("Make an episode that runs without a workflow, for tests")
                .description("403 unless the controller was started with IS_INTEGRATION_TEST=true.")
                .tag("tests")
                .response::<403, ServiceError>()
        }),
    )
}

/// The controller was started for integration tests. Asked before the body is looked at.
struct InIntegrationTest;

impl FromRequestParts<Application> for InIntegrationTest {
    type Rejection = ServiceError;

    async fn from_request_parts(_: &mut Parts, application: &Application) -> Result<Self, Self::Rejection> {
        if application.is_integration_test {
            Ok(Self)
        } else {
            Err(ServiceError::forbidden("Only allowed in integration tests"))
        }
    }
}

impl OperationInput for InIntegrationTest {}

async fn create(
    State(application): State<Application>,
    _: InIntegrationTest,
    Valid(request): Valid<AgentRunRequest>,
) -> Answer<Created<TestEpisodeResponse>> {
    let episode = new_episode(request);
    application.store.create_episode(&episode).await.map_err(store_error)?;
    let running = Transition { status: EpisodeStatus::Running, workflow_id: None, reason: Some(REASON.to_owned()) };
    application.store.transition(episode.id, &running).await.map_err(store_error)?;
    Ok(Created::with(TestEpisodeResponse { episode_id: episode.id }))
}

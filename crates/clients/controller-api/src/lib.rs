//! How a caller talks to the controller: episodes, their events, their reviews.
//!
//! Two layers: the raw call (`agent_run`) gives the [`Reply`] whatever its status; the `must_` call
//! (`must_agent_run`) decodes a success and panics with the route, the status, the body and the line of the test
//! otherwise. The crate knows routes and time limits; it must not know how the controller keeps anything.

mod cots;
mod relied_on;
mod reviews;

use std::time::Duration;

use contract::{
    episodes::{AgentRunRequest, EpisodeQuery, ListEpisodesQuery},
    events::{IngestEventsRequest, ListEventsQuery},
    session::API_KEY_HEADER,
};
use http_reply::{Endpoint, Journal};
pub use http_reply::{Method, NoReply, Outcome, Reply, StatusCode, UnexpectedReply};
use serde_json::Value;

/// How long a call to the controller may take: starting a workflow is the longest of them.
const CALL_LIMIT: Duration = Duration::from_secs(30);

/// The controller, with or without its key.
#[derive(Debug, Clone)]
pub struct ControllerClient {
    endpoint: Endpoint,
}

impl ControllerClient {
    /// A controller at `base_url` whose routes ask for `api_key`; `http` pools the connections. The trailing-slash
    /// redirect of `/episodes` is only seen by a client that does not follow redirects.
    pub fn new(base_url: impl Into<String>, api_key: impl Into<String>, http: reqwest::Client) -> Self {
        Self { endpoint: Endpoint::new(base_url, http).with_header(API_KEY_HEADER, api_key) }
    }

    /// The same controller called with another key, or with none.
    #[must_use]
    pub fn with_api_key(&self, api_key: Option<&str>) -> Self {
        let endpoint = self.endpoint.clone();
        let endpoint = match api_key {
            Some(key) => endpoint.with_header(API_KEY_HEADER, key),
            None => endpoint.without_header(API_KEY_HEADER),
        };
        Self { endpoint }
    }

    /// Every call carries the id of the test, so that service logs can be distinguished.
    #[must_use]
    pub fn with_test_id(mut self, test_id: impl Into<String>) -> Self {
        self.endpoint = self.endpoint.with_test_id(test_id);
        self
    }

    /// Every call is noted in this journal.
    #[must_use]
    pub fn with_journal(mut self, journal: &Journal) -> Self {
        self.endpoint = self.endpoint.with_journal(journal);
        self
    }

    /// Base URL without a final slash.
    pub fn base_url(&self) -> &str {
        self.endpoint.base_url()
    }

    /// Any call, with exactly these headers: no key, no test id unless given here.
    pub async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], json: Option<&Value>) -> Outcome {
        self.endpoint.call(method, path, headers, json, CALL_LIMIT).await
    }

    /// `GET /health`: does the process live?
    pub async fn health(&self) -> Outcome {
        self.endpoint.health().await
    }

    /// `GET /ready`: 200 or 503 with the state of each dependency.
    pub async fn ready(&self) -> Outcome {
        self.endpoint.ready().await
    }

    /// `GET /openapi.json`: the document that the controller serves.
    pub async fn openapi(&self) -> Outcome {
        self.endpoint.openapi().await
    }

    /// `GET /`: who answers here.
    pub async fn identity(&self) -> Outcome {
        self.endpoint.identity().await
    }

    /// `POST /agent/run`: stores an episode and starts its workflow.
    pub async fn agent_run(&self, request: &AgentRunRequest) -> Outcome {
        self.agent_run_json(request).await
    }

    /// `POST /agent/run` with any body, also one that does not fit the schema.
    pub async fn agent_run_json(&self, body: &impl serde::Serialize) -> Outcome {
        self.endpoint.request(Method::POST, "/agent/run", CALL_LIMIT).json(body).send().await
    }

    /// `GET /episodes/`: episodes, newest first.
    pub async fn list_episodes(&self, query: &ListEpisodesQuery) -> Outcome {
        self.endpoint.request(Method::GET, "/episodes/", CALL_LIMIT).query(query).send().await
    }

    /// `GET /episodes/{id}`: one episode with its transitions and traces. `id` is any text.
    pub async fn episode(&self, id: impl ToString) -> Outcome {
        self.endpoint.request(Method::GET, &format!("/episodes/{}", id.to_string()), CALL_LIMIT).send().await
    }

    /// `GET /episodes/{id}` with a page of its traces.
    pub async fn episode_page(&self, id: impl ToString, page: &EpisodeQuery) -> Outcome {
        let path = format!("/episodes/{}", id.to_string());
        self.endpoint.request(Method::GET, &path, CALL_LIMIT).query(page).send().await
    }

    /// `DELETE /episodes/{id}`: deletes an episode with all that belongs to it.
    pub async fn delete_episode(&self, id: impl ToString) -> Outcome {
        self.endpoint.request(Method::DELETE, &format!("/episodes/{}", id.to_string()), CALL_LIMIT).send().await
    }

    /// `GET /episodes/{id}/events`: stored events in the order of ingestion.
    pub async fn events(&self, id: impl ToString, query: &ListEventsQuery) -> Outcome {
        let path = format!("/episodes/{}/events", id.to_string());
        self.endpoint.request(Method::GET, &path, CALL_LIMIT).query(query).send().await
    }

    /// `POST /episodes/{id}/events`: stores events.
    pub async fn ingest_events(&self, id: impl ToString, request: &IngestEventsRequest) -> Outcome {
        let path = format!("/episodes/{}/events", id.to_string());
        self.endpoint.request(Method::POST, &path, CALL_LIMIT).json(request).send().await
    }
}

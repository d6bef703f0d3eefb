//! Reviews of an episode and refusals of its plan; and episodes made for tests, which wait for them.

use contract::episodes::AgentRunRequest;
use http_reply::{Method, Outcome};
use serde::Serialize;
use serde_json::json;

use crate::{CALL_LIMIT, ControllerClient};

impl ControllerClient {
    /// `POST /test/episodes`: makes an episode that runs and that no workflow carries. 403 on a stack that is not
    /// for tests.
    pub async fn make_test_episode(&self, request: &AgentRunRequest) -> Outcome {
        self.endpoint.request(Method::POST, "/test/episodes", CALL_LIMIT).json(request).send().await
    }

    /// `POST /episodes/{id}/review` with this document. `id` is any text.
    pub async fn review(&self, id: impl ToString, content: &str) -> Outcome {
        self.review_json(id, &json!({ "review_content": content })).await
    }

    /// `POST /episodes/{id}/review` with any body, also one that does not fit the schema.
    pub async fn review_json(&self, id: impl ToString, body: &impl Serialize) -> Outcome {
        let path = format!("/episodes/{}/review", id.to_string());
        self.endpoint.request(Method::POST, &path, CALL_LIMIT).json(body).send().await
    }

    /// `POST /episodes/{id}/refuse-plan` with a refusal, or any other body.
    pub async fn refuse_plan(&self, id: impl ToString, body: &impl Serialize) -> Outcome {
        let path = format!("/episodes/{}/refuse-plan", id.to_string());
        self.endpoint.request(Method::POST, &path, CALL_LIMIT).json(body).send().await
    }

    /// `GET /episodes/{id}/reviews`: stored reviews in the order of their rounds.
    pub async fn reviews(&self, id: impl ToString) -> Outcome {
        let path = format!("/episodes/{}/reviews", id.to_string());
        self.endpoint.request(Method::GET, &path, CALL_LIMIT).send().await
    }

    /// `GET /episodes/{id}/refusals`: stored refusals in the order of their numbers.
    pub async fn refusals(&self, id: impl ToString) -> Outcome {
        let path = format!("/episodes/{}/refusals", id.to_string());
        self.endpoint.request(Method::GET, &path, CALL_LIMIT).send().await
    }
}

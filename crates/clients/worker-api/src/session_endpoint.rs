//! What both workers share: an endpoint whose calls carry a session.

/// Gives a worker client what does not depend on its routes. Both clients are a newtype around an
/// `http_reply::Endpoint`; a macro spares them a trait that every caller would have to import.
macro_rules! session_endpoint {
    ($client:ident) => {
        impl $client {
            /// A worker at `base_url`. `session` is sent as it is, even when it is not a valid session id, so that a
            /// test can see it refused; `http` pools the connections.
            pub fn new(base_url: impl Into<String>, session: impl Into<String>, http: reqwest::Client) -> Self {
                let session = session.into();
                let endpoint = http_reply::Endpoint::new(base_url, http)
                    .with_header(contract::session::SESSION_HEADER, session.clone());
                Self { endpoint, session }
            }

            /// The same worker with another session.
            #[must_use]
            pub fn with_session(&self, session: impl Into<String>) -> Self {
                let session = session.into();
                let endpoint = self.endpoint.clone().with_header(contract::session::SESSION_HEADER, session.clone());
                Self { endpoint, session }
            }

            /// The same worker, called without a session header.
            #[must_use]
            pub fn without_session(&self) -> Self {
                let endpoint = self.endpoint.clone().without_header(contract::session::SESSION_HEADER);
                Self { endpoint, session: String::new() }
            }

            /// Every call carries the workers' secret, `call` included; without one, none does.
            #[must_use]
            pub fn with_token(mut self, token: Option<&str>) -> Self {
                self.endpoint = self.endpoint.with_credential(contract::session::WORKER_TOKEN_HEADER, token);
                self
            }

            /// Every call carries the id of the test, so that service logs can be distinguished.
            #[must_use]
            pub fn with_test_id(mut self, test_id: impl Into<String>) -> Self {
                self.endpoint = self.endpoint.with_test_id(test_id);
                self
            }

            /// Every call is noted in this journal.
            #[must_use]
            pub fn with_journal(mut self, journal: &http_reply::Journal) -> Self {
                self.endpoint = self.endpoint.with_journal(journal);
                self
            }

            /// The session that calls carry; empty after `without_session`.
            pub fn session(&self) -> &str {
                &self.session
            }

            /// Base URL without a final slash.
            pub fn base_url(&self) -> &str {
                self.endpoint.base_url()
            }

            /// Any call, with exactly these headers and the workers' secret: no session, no test id unless given here.
            pub async fn call(
                &self,
                method: http_reply::Method,
                path: &str,
                headers: &[(&str, &str)],
                json: Option<&serde_json::Value>,
            ) -> http_reply::Outcome {
                self.endpoint.call(method, path, headers, json, crate::limits::OTHER).await
            }

            /// `GET /health`: does the process live?
            pub async fn health(&self) -> http_reply::Outcome {
                self.endpoint.health().await
            }

            /// `GET /ready`: 200 or 503 with the state of each dependency.
            pub async fn ready(&self) -> http_reply::Outcome {
                self.endpoint.ready().await
            }

            /// `GET /openapi.json`: the document that the worker serves.
            pub async fn openapi(&self) -> http_reply::Outcome {
                self.endpoint.openapi().await
            }

            /// `GET /`: who answers here.
            pub async fn identity(&self) -> http_reply::Outcome {
                self.endpoint.identity().await
            }

            async fn post(
                &self,
                path: &str,
                body: &impl serde::Serialize,
                limit: std::time::Duration,
            ) -> http_reply::Outcome {
                self.endpoint.request(http_reply::Method::POST, path, limit).json(body).send().await
            }
        }
    };
}

pub(crate) use session_endpoint;

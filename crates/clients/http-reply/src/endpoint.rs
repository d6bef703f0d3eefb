//! One service as a caller sees it: its base URL and the headers that every call carries.

use std::time::Duration;

use contract::session::TEST_ID_HEADER;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use crate::{Journal, NoReply, Outcome, Reply};

/// How long liveness, readiness and document calls may take (readiness asks every dependency, up to 3 s each).
const SERVICE_CALL_LIMIT: Duration = Duration::from_secs(5);

/// A service by its base URL, with the headers that every call to it carries.
#[derive(Debug, Clone)]
pub struct Endpoint {
    base_url: String,
    http: Client,
    headers: Vec<(String, String)>,
    /// What opens the service's door; bare calls carry it, too.
    credential: Option<(String, String)>,
    journal: Option<Journal>,
}

/// A call that is being put together; [`Call::send`] makes it.
#[must_use = "a call does nothing until it is sent"]
#[derive(Debug)]
pub struct Call {
    builder: RequestBuilder,
    method: Method,
    url: String,
    limit: Duration,
    journal: Option<Journal>,
}

impl Endpoint {
    /// A service at `base_url` (with or without a final slash); `http` pools its connections.
    pub fn new(base_url: impl Into<String>, http: Client) -> Self {
        let base_url = base_url.into().trim_end_matches('/').to_owned();
        Self { base_url, http, headers: Vec::new(), credential: None, journal: None }
    }

    /// Every call carries this header; a header of the same name that was given before is replaced.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self = self.without_header(name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// No call carries this header any more.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Every call carries this header, bare calls included; `None` takes it away.
    #[must_use]
    pub fn with_credential(mut self, header: &str, value: Option<&str>) -> Self {
        self.credential = value.map(|value| (header.to_owned(), value.to_owned()));
        self
    }

    /// Every call carries the id of the test that makes it, so that service logs can be told apart.
    #[must_use]
    pub fn with_test_id(self, test_id: impl Into<String>) -> Self {
        self.with_header(TEST_ID_HEADER, test_id)
    }

    /// Every call is noted in this journal.
    #[must_use]
    pub fn with_journal(mut self, journal: &Journal) -> Self {
        self.journal = Some(journal.clone());
        self
    }

    /// Base URL without a final slash.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// A call with this endpoint's headers. `path` starts with `/`; `limit` is how long the whole answer may take.
    pub fn request(&self, method: Method, path: &str, limit: Duration) -> Call {
        self.bare(method, path, limit).headers(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// A call without this endpoint's headers (but with its credential), for tests of what happens when one is missing
    /// or wrong.
    pub fn bare(&self, method: Method, path: &str, limit: Duration) -> Call {
        let url = format!("{}{path}", self.base_url);
        let builder = self.http.request(method.clone(), &url).timeout(limit);
        let call = Call { builder, method, url, limit, journal: self.journal.clone() };
        call.headers(self.credential.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// A call as a fail-path test makes it: exactly these headers and this body, nothing of the endpoint's own.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        json: Option<&Value>,
        limit: Duration,
    ) -> Outcome {
        let call = self.bare(method, path, limit).headers(headers.iter().copied());
        match json {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    }

    /// `GET /health`: does the process live?
    pub async fn health(&self) -> Outcome {
        self.request(Method::GET, "/health", SERVICE_CALL_LIMIT).send().await
    }

    /// `GET /ready`: 200 or 503 with the state of each dependency.
    pub async fn ready(&self) -> Outcome {
        self.request(Method::GET, "/ready", SERVICE_CALL_LIMIT).send().await
    }

    /// `GET /openapi.json`: the document that the service serves.
    pub async fn openapi(&self) -> Outcome {
        self.request(Method::GET, "/openapi.json", SERVICE_CALL_LIMIT).send().await
    }

    /// `GET /`: who answers here.
    pub async fn identity(&self) -> Outcome {
        self.request(Method::GET, "/", SERVICE_CALL_LIMIT).send().await
    }
}

impl Call {
    /// Adds headers.
    pub fn headers<'a>(mut self, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        for (name, value) in headers {
            self.builder = self.builder.header(name, value);
        }
        self
    }

    /// Adds a JSON body.
    pub fn json(mut self, body: &(impl serde::Serialize + ?Sized)) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    /// Adds query parameters; the URL in messages keeps showing the path alone.
    pub fn query(mut self, parameters: &(impl serde::Serialize + ?Sized)) -> Self {
        self.builder = self.builder.query(parameters);
        self
    }

    /// Adds a multipart form.
    pub fn multipart(mut self, form: reqwest::multipart::Form) -> Self {
        self.builder = self.builder.multipart(form);
        self
    }

    /// Makes the call and reads the whole answer.
    pub async fn send(self) -> Outcome {
        let Self { builder, method, url, limit, journal } = self;
        let noted = journal.map(|journal| journal.note(method.clone(), url.clone()));
        let outcome = answer(builder, &method).await;
        if let Some(noted) = noted {
            match &outcome {
                Ok(reply) => noted.ended(reply.status.as_u16()),
                Err(_) => noted.ended("no answer"),
            }
        }
        outcome.map_err(|error| NoReply::new(method, url, limit, &error))
    }
}

async fn answer(builder: RequestBuilder, method: &Method) -> Result<Reply, reqwest::Error> {
    let response = builder.send().await?;
    let (status, headers, url) = (response.status(), response.headers().clone(), response.url().to_string());
    let body = response.bytes().await?;
    Ok(Reply { method: method.clone(), url, status, headers, body })
}

//! Failures of a call, worded for the engineer who reads them in a test report.

use std::{any::type_name, fmt, time::Duration};

use reqwest::{Method, StatusCode};

use crate::client::proxy_variable;

/// Longest part of a body that is quoted, in bytes.
const QUOTED_BODY_BYTES: usize = 2000;

/// A call that no service answered.
#[derive(Debug, thiserror::Error)]
pub enum NoReply {
    /// Nobody listens, or the connection broke before the answer was complete.
    #[error("{method} {url}: no answer: {cause}")]
    Unreachable {
        /// Method of the call.
        method: Method,
        /// URL of the call.
        url: String,
        /// What the network said, innermost cause last.
        cause: String,
    },
    /// The service took longer than this route may.
    #[error("{method} {url}: no answer within {} s", limit.as_secs_f64())]
    TimedOut {
        /// Method of the call.
        method: Method,
        /// URL of the call.
        url: String,
        /// How long the call waited.
        limit: Duration,
    },
    /// The call itself is not valid HTTP: a URL or a header value that cannot be sent.
    #[error("{method} {url}: cannot be sent: {cause}")]
    Unsendable {
        /// Method of the call.
        method: Method,
        /// URL of the call.
        url: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl NoReply {
    /// What the reader should look at next.
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::Unreachable { .. } => "whether the service runs (`stack status`), and its log",
            Self::TimedOut { .. } => "the service's log; the call waited as long as this route may take",
            Self::Unsendable { .. } => "the base URL and the header values of this call",
        };
        let (Self::Unreachable { url, .. } | Self::TimedOut { url, .. } | Self::Unsendable { url, .. }) = self;
        match proxy_variable(url) {
            Some(variable) => format!(
                "{variable}: the call went through the proxy that it names; NO_PROXY leaves hosts out. Else: {hint}"
            ),
            None => hint.to_owned(),
        }
    }

    /// Sorts a transport error; `limit` is the time that the call had.
    pub(crate) fn new(method: Method, url: String, limit: Duration, error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::TimedOut { method, url, limit }
        } else if error.is_builder() {
            Self::Unsendable { method, url, cause: chain(error) }
        } else {
            Self::Unreachable { method, url, cause: chain(error) }
        }
    }
}

/// An error and all its causes in one line, for errors that `anyhow` does not carry.
pub fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// What was expected of an answer and was not met.
#[derive(Debug, Clone)]
pub(crate) enum Expectation {
    Status(StatusCode),
    Shape { name: &'static str, fault: String },
}

impl Expectation {
    pub(crate) fn status(status: StatusCode) -> Self {
        Self::Status(status)
    }

    pub(crate) fn shape<T>(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        Self::Shape { name: type_name::<T>(), fault: error.to_string() }
    }
}

/// An answer that is not what the caller relies on.
#[derive(Debug, Clone)]
pub struct UnexpectedReply {
    method: Method,
    url: String,
    status: StatusCode,
    body: String,
    expectation: Expectation,
}

impl UnexpectedReply {
    pub(crate) fn new(method: &Method, url: &str, status: StatusCode, body: &[u8], expectation: Expectation) -> Self {
        let cut = body.len().min(QUOTED_BODY_BYTES);
        let mut quoted = String::from_utf8_lossy(&body[..cut]).into_owned();
        if cut < body.len() {
            quoted.push_str(&format!(" … ({} bytes in all)", body.len()));
        }
        Self { method: method.clone(), url: url.to_owned(), status, body: quoted, expectation }
    }

    /// Status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What the reader should look at next.
    pub fn hint(&self) -> &'static str {
        if matches!(self.expectation, Expectation::Shape { .. }) {
            return "the service and the crate `contract` disagree about this answer";
        }
        match self.status.as_u16() {
            401 => "the secret: does CONTROLLER_API_KEY (for a worker: WORKER_TOKEN) hold the one of this stack?",
            403 => "`detail`: a path under a read-only folder, or a foreign Origin or Host",
            404 => "the path or id of the call: does it exist?",
            422 => "`detail`, which names the field that does not fit and what was expected",
            503 => "`GET /ready` of this service, which names the dependency that is down",
            500..=599 => "the service's log around this call (`stack logs`)",
            _ => "`detail` in the body",
        }
    }
}

impl fmt::Display for UnexpectedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.method, self.url)?;
        match &self.expectation {
            Expectation::Status(expected) => write!(f, "answered {} instead of {expected}", self.status)?,
            Expectation::Shape { name, fault } => {
                write!(f, "answered {}, but the body is not a valid {name}: {fault}", self.status)?;
            }
        }
        write!(f, ": {}", self.body)
    }
}

impl std::error::Error for UnexpectedReply {}

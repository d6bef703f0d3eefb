//! An answer as it came: status, headers, bytes.

use std::panic::Location;

use bytes::Bytes;
use contract::problem::Problem;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderMap},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::{Expectation, NoReply, UnexpectedReply};

/// What a raw call gives: an answer of any status, or the reason why there is none.
pub type Outcome = Result<Reply, NoReply>;

/// An answer of a service, whatever its status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Method of the call.
    pub method: Method,
    /// URL of the call, query included.
    pub url: String,
    /// Status of the answer.
    pub status: StatusCode,
    /// Headers of the answer.
    pub headers: HeaderMap,
    /// Body of the answer.
    pub body: Bytes,
}

impl Reply {
    /// The body as JSON; `null` when it is not JSON, so that a test can index into it and compare.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text; bytes that are not UTF-8 become the replacement character.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Value of a header; `None` when it is absent or not printable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The MIME type without its parameters; empty when the answer names none.
    pub fn content_type(&self) -> &str {
        let whole = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        whole.split(';').next().unwrap_or_default().trim()
    }

    /// The error body of a refusal; an error when the body has another shape.
    pub fn problem(&self) -> Result<Problem, UnexpectedReply> {
        self.decode()
    }

    /// The body as `T`, whatever the status. The error names the field that does not fit.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, UnexpectedReply> {
        let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| self.unexpected(Expectation::shape::<T>(&error)))
    }

    /// The same answer when its status is `status`; otherwise an error that quotes it.
    pub fn expect_status(self, status: StatusCode) -> Result<Self, UnexpectedReply> {
        if self.status == status { Ok(self) } else { Err(self.unexpected(Expectation::status(status))) }
    }

    /// The body as `T` of an answer whose status must be `status`.
    pub fn expect<T: DeserializeOwned>(self, status: StatusCode) -> Result<T, UnexpectedReply> {
        self.expect_status(status)?.decode()
    }

    fn unexpected(&self, expectation: Expectation) -> UnexpectedReply {
        UnexpectedReply::new(&self.method, &self.url, self.status, &self.body, expectation)
    }
}

/// Decodes an answer that a test relies on; panics with the route, the status, the body, the place of the call
/// and where to look next when it is not as expected. `called_at` is the line of the test.
pub fn must<T: DeserializeOwned>(outcome: Outcome, status: StatusCode, called_at: &Location<'_>) -> T {
    must_with(outcome, called_at, |reply| reply.expect(status))
}

/// As [`must`], with any judgement of the answer.
pub fn must_with<T>(
    outcome: Outcome,
    called_at: &Location<'_>,
    judge: impl FnOnce(Reply) -> Result<T, UnexpectedReply>,
) -> T {
    match outcome.map(judge) {
        Ok(Ok(value)) => value,
        Ok(Err(unexpected)) => panic!("{}", told(&unexpected, unexpected.hint(), called_at)),
        Err(no_reply) => panic!("{}", told(&no_reply, &no_reply.hint(), called_at)),
    }
}

fn told(error: &dyn std::error::Error, hint: &str, called_at: &Location<'_>) -> String {
    format!("{error}\n  look at: {hint}\n  called at: {called_at}")
}

#[cfg(test)]
mod tests {
    use contract::health::Health;

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json; charset=utf-8".parse().expect("a valid header"));
        Reply {
            method: Method::GET,
            url: "http://127.0.0.1:1/health".to_owned(),
            status: StatusCode::from_u16(status).expect("a valid status"),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    #[test]
    fn wrong_status_reports_request_reply_hint_and_line() {
        let refused = reply(401, r#"{"detail":"the header X-API-Key is missing"}"#);
        let at = Location::caller();
        let panic = std::panic::catch_unwind(|| must::<Health>(Ok(refused), StatusCode::OK, at)).expect_err("no 200");
        let text = panic.downcast_ref::<String>().expect("a formatted message");
        for part in ["GET http://127.0.0.1:1/health", "401", "200", "Key is missing", "CONTROLLER_API_KEY", file!()] {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
    }

    #[test]
    fn a_body_of_another_shape_is_reported_with_the_field() {
        let error = reply(200, r#"{"status":7}"#).expect::<Health>(StatusCode::OK).expect_err("status is a number");
        assert!(error.to_string().contains("status"), "{error}");
    }

    #[test]
    fn content_type_excludes_parameters() {
        assert_eq!(reply(200, "{}").content_type(), "application/json");
    }

    #[test]
    fn non_json_body_reads_as_null() {
        assert_eq!(reply(200, "<html>").json(), Value::Null);
    }
}

//! Searching the catalogue of bought parts.

use http_reply::{Method, Outcome};
use serde::Serialize;

use crate::{CALL_LIMIT, ControllerClient};

impl ControllerClient {
    /// `GET /cots/search`: parts that fit a question. `query` is a [`contract::catalog::CatalogQuery`], or anything
    /// else that makes a query string, also one that does not fit the schema.
    pub async fn cots_search(&self, query: &(impl Serialize + ?Sized)) -> Outcome {
        self.endpoint.request(Method::GET, "/cots/search", CALL_LIMIT).query(query).send().await
    }

    /// `GET /cots/metadata`: version and digest of the catalogue.
    pub async fn cots_metadata(&self) -> Outcome {
        self.endpoint.request(Method::GET, "/cots/metadata", CALL_LIMIT).send().await
    }
}

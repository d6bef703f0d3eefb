//! Searching the catalogue of bought parts.

use contract::{
    catalog::{CatalogAnswer, FoundPart, headers},
    catalog_version::CatalogVersion,
};
use http_reply::{Method, Outcome, Reply, StatusCode, UnexpectedReply};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::{CALL_LIMIT, ControllerClient};

impl ControllerClient {
    /// `GET /cots/search`: the list of the parts that fit a question. `query` is a [`contract::catalog::CatalogQuery`], or anything
    /// else that makes a query string, also one that does not fit the schema.
    pub async fn cots_search(&self, query: &(impl Serialize + ?Sized)) -> Outcome {
        self.endpoint.request(Method::GET, "/cots/search", CALL_LIMIT).query(query).send().await
    }

    /// `GET /cots/metadata`: version and digest of the catalogue.
    pub async fn cots_metadata(&self) -> Outcome {
        self.endpoint.request(Method::GET, "/cots/metadata", CALL_LIMIT).send().await
    }
}

/// The answer of a search: the list of the body, and what the headers say beside it. Every element must name the version
/// that the headers name.
pub(crate) fn catalog_answer(query: &str, reply: Reply) -> Result<CatalogAnswer, UnexpectedReply> {
    let reply = reply.expect_status(StatusCode::OK)?;
    let found: Vec<FoundPart> = reply.decode()?;
    let header = |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let decoded = |name: &str| percent_decode_str(header(name)).decode_utf8_lossy().into_owned();
    let version = CatalogVersion {
        catalog_version: header(headers::CATALOG_VERSION).to_owned(),
        bd_warehouse_commit: header(headers::BD_WAREHOUSE_COMMIT).to_owned(),
        generated_at: header(headers::GENERATED_AT).to_owned(),
    };
    for part in &found {
        assert_eq!(part.version, version, "element and headers of {} name other versions", reply.url);
    }
    let no_match_rationale = reply.headers.contains_key(headers::NO_MATCH_RATIONALE);
    let too_strict = match decoded(headers::TOO_STRICT) {
        text if text.is_empty() => Vec::new(),
        text => serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{} of {} is not JSON: {error}: {text}", headers::TOO_STRICT, reply.url)),
    };
    Ok(CatalogAnswer {
        query: query.to_owned(),
        candidates: found.into_iter().map(|found| found.part).collect(),
        no_match_rationale: no_match_rationale.then(|| decoded(headers::NO_MATCH_RATIONALE)),
        too_strict,
        version,
    })
}

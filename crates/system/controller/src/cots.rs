//! The catalogue of bought parts over HTTP: searching it, and what it takes to repeat a search.
//!
//! The catalogue is a file that others make. While it is missing, everything but these routes works.

use aide::{
    axum::{ApiRouter, routing::get_with},
    generate::GenContext,
    openapi::{self, Operation},
    operation::OperationOutput,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use catalog::Catalog;
use contract::{
    catalog::{CatalogAnswer, CatalogMetadata, CatalogQuery, FoundPart, headers},
    catalog_version::CatalogVersion,
    events::{CotsSearch, Event, EventBody, Source},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use service::{Answer, ServiceError, ValidQuery};

use crate::application::{Application, store_error};

pub(crate) fn routes() -> ApiRouter<Application> {
    ApiRouter::new()
        .api_route(
            "/cots/search",
            get_with(search, |o| {
                o.summary("Bought parts that fit a question, or why none does")
                    .description(
                        "Any text is a question. The answer is the list of the parts that fit, best first. The headers \
                         X-Catalog-Version, X-Bd-Warehouse-Commit and X-Catalog-Generated-At say what the search can \
                         be repeated with. Where nothing fits, the list is empty, X-No-Match-Rationale says why, and \
                         X-Too-Strict names the constraints (JSON); both are percent-encoded UTF-8. With `episode_id` \
                         the search is kept as an event of the episode; 404 when there is no such episode, 503 when \
                         there is no catalogue.",
                    )
                    .tag("cots")
            }),
        )
        .api_route(
            "/cots/metadata",
            get_with(metadata, |o| {
                o.summary("Version and digest of the parts catalogue").description("503 without one.").tag("cots")
            }),
        )
}

async fn search(State(application): State<Application>, ValidQuery(query): ValidQuery<CatalogQuery>) -> Answer<Found> {
    let episode_id = query.episode_id;
    let answer = application.catalogue.ask(move |catalog| catalog.search(&query)).await.map_err(unavailable)?;
    if let Some(id) = episode_id {
        let searched = Event {
            trace_id: service::trace_id(),
            ..Event::new(Source::Controller, EventBody::CotsSearch(CotsSearch::from(&answer)))
        };
        let searched = searched.into_map();
        application.store.ingest_events(id, &[searched]).await.map_err(store_error)?;
    }
    let headers = headers_of(&answer).map_err(|error| ServiceError::internal(&error))?;
    let CatalogAnswer { candidates, version, .. } = answer;
    let found = candidates.into_iter().map(|part| FoundPart { part, version: version.clone() }).collect();
    Ok(Found { headers, parts: Json(found) })
}

/// The parts that fit, and the headers beside them.
struct Found {
    headers: HeaderMap,
    parts: Json<Vec<FoundPart>>,
}

impl IntoResponse for Found {
    fn into_response(self) -> Response {
        (self.headers, self.parts).into_response()
    }
}

impl OperationOutput for Found {
    type Inner = <Json<Vec<FoundPart>> as OperationOutput>::Inner;

    fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<openapi::Response> {
        Json::<Vec<FoundPart>>::operation_response(context, operation)
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<u16>, openapi::Response)> {
        Json::<Vec<FoundPart>>::inferred_responses(context, operation)
    }
}

/// Data that the list in the body has no place for.
fn headers_of(answer: &CatalogAnswer) -> anyhow::Result<HeaderMap> {
    let CatalogVersion { catalog_version, bd_warehouse_commit, generated_at } = &answer.version;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let too_strict = (!answer.too_strict.is_empty()).then(|| serde_json::to_string(&answer.too_strict)).transpose()?;
    let texts = [
        (headers::CATALOG_VERSION, Some(catalog_version.clone())),
        (headers::BD_WAREHOUSE_COMMIT, Some(bd_warehouse_commit.clone())),
        (headers::GENERATED_AT, Some(generated_at.clone())),
        (headers::NO_MATCH_RATIONALE, answer.no_match_rationale.as_deref().map(encoded)),
        (headers::TOO_STRICT, too_strict.as_deref().map(encoded)),
    ];
    let present = texts.into_iter().filter_map(|(name, text)| Some((name, text?)));
    present.map(|(name, text)| Ok((HeaderName::from_static(name), HeaderValue::try_from(text)?))).collect()
}

async fn metadata(State(application): State<Application>) -> Answer<Json<CatalogMetadata>> {
    application.catalogue.ask(Catalog::metadata).await.map(Json).map_err(unavailable)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands the error over")]
fn unavailable(error: anyhow::Error) -> ServiceError {
    let cause = format!("{error:#}");
    tracing::warn!(cause, "the parts catalogue cannot be used");
    ServiceError::unavailable(cause)
}

//! Events of an episode: taking them in, and reading them back.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{Json, extract::State};
use contract::events::{IngestEventsRequest, IngestEventsResponse, ListEventsQuery, StoredEvent};
use service::{Answer, Valid, ValidId, ValidQuery};

use crate::application::{Application, store_error};

pub(crate) fn routes() -> ApiRouter<Application> {
    ApiRouter::new().api_route(
        "/episodes/{id}/events",
        get_with(list, |o| o.summary("Events in the order of ingestion, page by page").tag("events"))
            .post_with(ingest, |o| o.summary("Store events in their order, all or none").tag("events")),
    )
}

async fn list(
    State(application): State<Application>,
    ValidId(id): ValidId,
    ValidQuery(query): ValidQuery<ListEventsQuery>,
) -> Answer<Json<Vec<StoredEvent>>> {
    application.store.events(id, query.after_id, query.limit).await.map(Json).map_err(store_error)
}

async fn ingest(
    State(application): State<Application>,
    ValidId(id): ValidId,
    Valid(request): Valid<IngestEventsRequest>,
) -> Answer<Json<IngestEventsResponse>> {
    let stored = application.store.ingest_events(id, &request.events).await.map_err(store_error)?;
    Ok(Json(IngestEventsResponse { stored }))
}

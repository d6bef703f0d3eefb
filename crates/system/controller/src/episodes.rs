//! Reading and deleting episodes.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{
    Json,
    extract::{RawQuery, State},
    response::Redirect,
    routing::get,
};
use contract::{
    episodes::{DeleteEpisodeResponse, Episode, EpisodeQuery, ListEpisodesQuery},
    status::ResponseStatus,
};
use service::{Answer, ValidId, ValidQuery};

use crate::{
    application::{Application, store_error},
    messages::{Message, tell_in_background},
};

pub(crate) fn routes() -> ApiRouter<Application> {
    ApiRouter::new()
        .api_route(
            "/episodes/",
            get_with(list, |o| {
                o.summary("Episodes, newest first")
                    .description("Without their transitions and traces; `GET /episodes/{id}` has them.")
                    .tag("episodes")
            }),
        )
        .route("/episodes", get(with_final_slash))
        .api_route(
            "/episodes/{id}",
            get_with(one, |o| {
                o.summary("One episode with its transitions and traces")
                    .description(
                        "Traces come in pages of bounded size; where more follow, `more_traces_after` is the \
                         `after_trace_id` of the next request.",
                    )
                    .tag("episodes")
            })
            .delete_with(delete, |o| {
                o.summary("Delete an episode with all that belongs to it")
                    .description("Its workflow, and a script that runs for it, are ended.")
                    .tag("episodes")
            }),
        )
}

async fn list(
    State(application): State<Application>,
    ValidQuery(query): ValidQuery<ListEpisodesQuery>,
) -> Answer<Json<Vec<Episode>>> {
    application.store.list_episodes(query.limit, query.offset).await.map(Json).map_err(store_error)
}

/// The collection's path ends with a slash; the path without it redirects there (307) and keeps the query.
async fn with_final_slash(RawQuery(query): RawQuery) -> Redirect {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::temporary(&format!("/episodes/{query}"))
}

async fn one(
    State(application): State<Application>,
    ValidId(id): ValidId,
    ValidQuery(page): ValidQuery<EpisodeQuery>,
) -> Answer<Json<Episode>> {
    application.store.episode(id, &page).await.map(Json).map_err(store_error)
}

async fn delete(State(application): State<Application>, ValidId(id): ValidId) -> Answer<Json<DeleteEpisodeResponse>> {
    application.store.delete_episode(id).await.map_err(store_error)?;
    tell_in_background(application.frontend, id, Message::Deleted);
    let message = format!("Episode {id}, its transitions, traces, checkpoints, reviews and refusals are deleted.");
    Ok(Json(DeleteEpisodeResponse { status: ResponseStatus::Success, message }))
}

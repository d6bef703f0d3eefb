//! Reading and deleting episodes.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{
    Json,
    extract::{RawQuery, State},
    response::Redirect,
    routing::get,
};
use contract::{
    episodes::{DeleteEpisodeResponse, Episode, ListEpisodesQuery},
    files::ResponseStatus,
};
use service::{Answer, ValidId, ValidQuery};

use crate::application::{Application, refusal};

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
            get_with(one, |o| o.summary("One episode with its transitions and traces").tag("episodes"))
                .delete_with(delete, |o| o.summary("Delete an episode with all that belongs to it").tag("episodes")),
        )
}

async fn list(
    State(application): State<Application>,
    ValidQuery(query): ValidQuery<ListEpisodesQuery>,
) -> Answer<Json<Vec<Episode>>> {
    application.store.list_episodes(query.limit, query.offset).await.map(Json).map_err(refusal)
}

/// The collection's own path ends with a slash; the one without it leads there (307), with its query.
async fn with_final_slash(RawQuery(query): RawQuery) -> Redirect {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::temporary(&format!("/episodes/{query}"))
}

async fn one(State(application): State<Application>, ValidId(id): ValidId) -> Answer<Json<Episode>> {
    application.store.episode(id).await.map(Json).map_err(refusal)
}

async fn delete(State(application): State<Application>, ValidId(id): ValidId) -> Answer<Json<DeleteEpisodeResponse>> {
    application.store.delete_episode(id).await.map_err(refusal)?;
    let message = format!("Episode {id}, its transitions, traces, checkpoints, reviews and refusals are deleted.");
    Ok(Json(DeleteEpisodeResponse { status: ResponseStatus::Success, message }))
}

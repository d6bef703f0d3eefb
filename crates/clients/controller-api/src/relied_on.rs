//! The calls that a test relies on: the right status and a body that decodes, or a panic that says what happened.

use std::panic::Location;

use contract::{
    catalog::{CatalogAnswer, CatalogMetadata, CatalogQuery},
    episodes::{AgentRunRequest, Episode, ListEpisodesQuery},
    events::{IngestEventsRequest, IngestEventsResponse, ListEventsQuery, StoredEvent},
    reviews::{PlanRefusal, PlanRefusalRequest, Review, ReviewResponse},
};
use http_reply::{StatusCode, must, must_with};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{ControllerClient, cots::catalog_answer};

impl ControllerClient {
    /// Starts an episode; its id.
    #[track_caller]
    pub fn must_agent_run(&self, request: &AgentRunRequest) -> impl Future<Output = Uuid> + Send {
        let at = Location::caller();
        async move {
            let started: contract::episodes::AgentRunResponse =
                must(self.agent_run(request).await, StatusCode::ACCEPTED, at);
            started.episode_id
        }
    }

    /// Episodes, newest first.
    #[track_caller]
    pub fn must_list_episodes(&self, query: &ListEpisodesQuery) -> impl Future<Output = Vec<Episode>> + Send {
        let at = Location::caller();
        async move { must(self.list_episodes(query).await, StatusCode::OK, at) }
    }

    /// One episode with its transitions and traces.
    #[track_caller]
    pub fn must_episode(&self, id: Uuid) -> impl Future<Output = Episode> + Send {
        let at = Location::caller();
        async move { must(self.episode(id).await, StatusCode::OK, at) }
    }

    /// Deletes an episode.
    #[track_caller]
    pub fn must_delete_episode(&self, id: Uuid) -> impl Future<Output = ()> + Send {
        let at = Location::caller();
        async move {
            must_with(self.delete_episode(id).await, at, |reply| reply.expect_status(StatusCode::OK));
        }
    }

    /// All events of an episode in the order of ingestion, page after page.
    #[track_caller]
    pub fn must_events(&self, id: Uuid) -> impl Future<Output = Vec<StoredEvent>> + Send {
        let at = Location::caller();
        async move {
            let mut all: Vec<StoredEvent> = Vec::new();
            loop {
                let query = ListEventsQuery { after_id: all.last().map_or(0, |event| event.id), ..Default::default() };
                let page: Vec<StoredEvent> = must(self.events(id, &query).await, StatusCode::OK, at);
                if page.is_empty() {
                    return all;
                }
                all.extend(page);
            }
        }
    }

    /// Stores events; how many were stored.
    #[track_caller]
    pub fn must_ingest_events(&self, id: Uuid, events: Vec<Map<String, Value>>) -> impl Future<Output = u64> + Send {
        let at = Location::caller();
        let request = IngestEventsRequest { events };
        async move { must::<IngestEventsResponse>(self.ingest_events(id, &request).await, StatusCode::OK, at).stored }
    }

    /// Makes an episode that runs and that no workflow carries; its id.
    #[track_caller]
    pub fn must_make_test_episode(&self, request: &AgentRunRequest) -> impl Future<Output = Uuid> + Send {
        let at = Location::caller();
        async move {
            let made: contract::episodes::TestEpisodeResponse =
                must(self.make_test_episode(request).await, StatusCode::CREATED, at);
            made.episode_id
        }
    }

    /// Hands in a review; the review as it was stored, and the state of the episode.
    #[track_caller]
    pub fn must_review(&self, id: Uuid, content: &str) -> impl Future<Output = ReviewResponse> + Send {
        let at = Location::caller();
        async move { must(self.review(id, content).await, StatusCode::OK, at) }
    }

    /// Refuses an episode's plan; the refusal as it was stored.
    #[track_caller]
    pub fn must_refuse_plan(&self, id: Uuid, request: &PlanRefusalRequest) -> impl Future<Output = PlanRefusal> + Send {
        let at = Location::caller();
        async move { must(self.refuse_plan(id, request).await, StatusCode::CREATED, at) }
    }

    /// Reviews of an episode in the order of their rounds.
    #[track_caller]
    pub fn must_reviews(&self, id: Uuid) -> impl Future<Output = Vec<Review>> + Send {
        let at = Location::caller();
        async move { must(self.reviews(id).await, StatusCode::OK, at) }
    }

    /// Refusals of an episode's plan in the order of their numbers.
    #[track_caller]
    pub fn must_refusals(&self, id: Uuid) -> impl Future<Output = Vec<PlanRefusal>> + Send {
        let at = Location::caller();
        async move { must(self.refusals(id).await, StatusCode::OK, at) }
    }

    /// Searches the catalogue of bought parts.
    #[track_caller]
    pub fn must_cots_search(&self, query: &CatalogQuery) -> impl Future<Output = CatalogAnswer> + Send {
        let at = Location::caller();
        async move { must_with(self.cots_search(query).await, at, |reply| catalog_answer(&query.q, reply)) }
    }

    /// Version and digest of the catalogue.
    #[track_caller]
    pub fn must_cots_metadata(&self) -> impl Future<Output = CatalogMetadata> + Send {
        let at = Location::caller();
        async move { must(self.cots_metadata().await, StatusCode::OK, at) }
    }
}

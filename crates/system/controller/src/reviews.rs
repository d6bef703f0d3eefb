//! Reviews of an episode's work, and refusals of its plan.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{Json, extract::State};
use contract::{
    lifecycle::EpisodeStatus,
    reviews::{PlanRefusal, PlanRefusalRequest, Review, ReviewRequest, ReviewResponse, has_pictures},
    status::ResponseStatus,
    violations::{Violation, sentences},
};
use episode_store::{RefusalRecording, ReviewRecording, UnderReview};
use service::{Answer, ServiceError, Valid, ValidId};
use uuid::Uuid;

use crate::{
    answered::Created,
    application::{Application, store_error},
    messages::{Message, tell_in_background},
};

pub(crate) fn routes() -> ApiRouter<Application> {
    ApiRouter::new()
        .api_route(
            "/episodes/{id}/review",
            post_with(review, |o| {
                o.summary("Store a review and carry it out")
                    .description(
                        "An approval completes the episode. A rejection fails it, unless its metadata say \
                         `after_rejection: continue`. 422 with everything that is wrong with the document; 409 when the \
                         episode does not run. Nothing is stored then.",
                    )
                    .tag("reviews")
                    .response::<409, ServiceError>()
            }),
        )
        .api_route(
            "/episodes/{id}/reviews",
            get_with(reviews, |o| o.summary("Reviews in the order of their rounds").tag("reviews")),
        )
        .api_route(
            "/episodes/{id}/refuse-plan",
            post_with(refuse_plan, |o| {
                o.summary("Refuse a plan that cannot be carried out, with proof")
                    .description(
                        "The reviewer goes on and confirms or rejects the refusal. 422 without proof or reason, or with \
                         kinds of reasons that no one role may give; 409 when an earlier refusal still waits, or when \
                         the episode does not run.",
                    )
                    .tag("reviews")
                    .response::<409, ServiceError>()
            }),
        )
        .api_route(
            "/episodes/{id}/refusals",
            get_with(refusals, |o| o.summary("Refusals of the plan, oldest first").tag("reviews")),
        )
}

async fn review(
    State(application): State<Application>,
    ValidId(id): ValidId,
    Valid(request): Valid<ReviewRequest>,
) -> Answer<Json<ReviewResponse>> {
    let content = request.review_content;
    let judge = |episode: &UnderReview| {
        let has_pictures = has_pictures(&episode.agent_name);
        let reviewed = gates::review::Reviewed { refusal_pending: episode.refusal_pending, has_pictures };
        gates::review::check(content.as_bytes(), reviewed).sound()
    };
    match application.store.record_review(id, &content, judge).await.map_err(store_error)? {
        ReviewRecording::Recorded { review, status } => {
            let (round, decision) = (review.round, review.decision.name());
            tracing::info!(episode_id = %id, round, decision, status = status.name(), "episode reviewed");
            tell_in_background(application.frontend, id, Message::Reviewed { round });
            Ok(Json(ReviewResponse { status: ResponseStatus::Success, review, episode_status: status }))
        }
        ReviewRecording::Refused(violations) => Err(invalid_review(violations)),
        ReviewRecording::NotRunning { status } => Err(not_running(id, status, "its work can be reviewed")),
    }
}

async fn reviews(State(application): State<Application>, ValidId(id): ValidId) -> Answer<Json<Vec<Review>>> {
    application.store.reviews(id).await.map(Json).map_err(store_error)
}

async fn refuse_plan(
    State(application): State<Application>,
    ValidId(id): ValidId,
    Valid(request): Valid<PlanRefusalRequest>,
) -> Answer<Created<PlanRefusal>> {
    let violations = gates::refusal::check(&request.reasons);
    if !violations.is_empty() {
        return Err(ServiceError::violating(format!("Invalid refusal: [{}]", sentences(&violations)), violations));
    }
    match application.store.record_refusal(id, &request).await.map_err(store_error)? {
        RefusalRecording::Recorded(stored) => {
            tracing::info!(episode_id = %id, number = stored.number, "plan refused");
            Ok(Created::with(stored))
        }
        RefusalRecording::AlreadyPending { number } => Err(ServiceError::conflict(format!(
            "refusal {number} of episode {id} still waits for a reviewer; only one can wait at a time"
        ))),
        RefusalRecording::NotRunning { status } => Err(not_running(id, status, "its plan can be refused")),
    }
}

async fn refusals(State(application): State<Application>, ValidId(id): ValidId) -> Answer<Json<Vec<PlanRefusal>>> {
    application.store.refusals(id).await.map(Json).map_err(store_error)
}

fn invalid_review(violations: Vec<Violation>) -> ServiceError {
    ServiceError::violating(format!("Invalid review: [{}]", sentences(&violations)), violations)
}

/// 409 for an episode that no agent works on now.
fn not_running(id: Uuid, status: EpisodeStatus, what_needs_it: &str) -> ServiceError {
    let name = status.name();
    let when = if status.is_terminal() { "which is final" } else { "not yet running" };
    ServiceError::conflict(format!("episode {id} is {name}, {when}; {what_needs_it} only while it is running"))
}

//! HTTP routes of the heavy worker.

use aide::axum::{ApiRouter, routing::post_with};
use axum::{Json, extract::State};
use contract::benchmark::{BenchmarkRequest, BenchmarkResponse, PreviewRequest, PreviewResponse};
use service::{Answer, Session, Valid};

use crate::{preview, simulate, validate, workbench::Workbench};

/// All routes.
pub fn routes(bench: Workbench) -> ApiRouter {
    ApiRouter::new()
        .api_route(
            "/benchmark/simulate",
            post_with(simulate_route, |o| o.summary("Simulate a design and classify the outcome").tag("benchmark")),
        )
        .api_route(
            "/benchmark/validate",
            post_with(validate_route, |o| o.summary("Check a design's geometry and bounds").tag("benchmark")),
        )
        .api_route(
            "/benchmark/preview",
            post_with(preview_route, |o| o.summary("Draw a design from any direction").tag("benchmark")),
        )
        .with_state(bench)
}

async fn simulate_route(
    State(bench): State<Workbench>,
    Session(session): Session,
    Valid(request): Valid<BenchmarkRequest>,
) -> Answer<Json<BenchmarkResponse>> {
    simulate::simulate(&bench, &session, &request).await.map(Json)
}

async fn validate_route(
    State(bench): State<Workbench>,
    Session(session): Session,
    Valid(request): Valid<BenchmarkRequest>,
) -> Answer<Json<BenchmarkResponse>> {
    validate::validate(&bench, &session, &request).await.map(Json)
}

async fn preview_route(
    State(bench): State<Workbench>,
    Session(session): Session,
    Valid(request): Valid<PreviewRequest>,
) -> Answer<Json<PreviewResponse>> {
    preview::preview(&bench, &session, &request).await.map(Json)
}

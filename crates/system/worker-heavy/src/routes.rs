//! HTTP routes of the heavy worker.

use std::sync::Arc;

use aide::axum::{ApiRouter, routing::post_with};
use axum::{Json, extract::State};
use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse, PreviewRequest, PreviewResponse},
    handover::{HandoverRequest, HandoverResponse, PlanRequest, PlanResponse, SubmitRequest, SubmitResponse},
    workbench::{AnalyzeRequest, CostingRequest, CostingResponse, PriceRequest, PriceResponse, WorkbenchResult},
};
use service::{Answer, Session, Valid};

use crate::{call::Call, planning, preview, price, simulate, tools::Tools, validate};

/// All routes.
pub fn routes(tools: Tools) -> ApiRouter {
    ApiRouter::new()
        .api_route(
            "/benchmark/simulate",
            post_with(simulate_route, |o| o.summary("Simulate a design and classify the outcome").tag("benchmark")),
        )
        .api_route(
            "/benchmark/validate",
            post_with(validate_route, |o| {
                o.summary("Check a design's geometry, joints and bounds over the whole randomisation").tag("benchmark")
            }),
        )
        .api_route(
            "/benchmark/preview",
            post_with(preview_route, |o| o.summary("Draw a design from any direction").tag("benchmark")),
        )
        .api_route(
            "/benchmark/validate_and_price",
            post_with(price_route, |o| {
                o.summary("Check that a design can be made, and price it")
                    .description("Simulation and submission need this check to have passed for exactly their content.")
                    .tag("workbench")
            }),
        )
        .api_route(
            "/benchmark/analyze",
            post_with(analyze_route, |o| o.summary("Check and price a design for one method").tag("workbench")),
        )
        .api_route(
            "/benchmark/validate_costing_and_price",
            post_with(costing_route, |o| {
                o.summary("Recompute the planner's estimate and write it into assembly_definition.yaml").tag("planning")
            }),
        )
        .api_route(
            "/benchmark/submit_plan",
            post_with(plan_route, |o| o.summary("Hand a plan over to the coder").tag("planning")),
        )
        .api_route(
            "/benchmark/submit",
            post_with(submit_route, |o| o.summary("Hand finished work over to review").tag("handover")),
        )
        .api_route(
            "/benchmark/handover",
            post_with(handover_route, |o| {
                o.summary("Bring a submitted benchmark into this session, to be solved").tag("handover")
            }),
        )
        .with_state(tools)
}

async fn simulate_route(
    State(tools): State<Tools>,
    Session(session): Session,
    Valid(request): Valid<BenchmarkRequest>,
) -> Answer<Json<BenchmarkResponse>> {
    simulate::simulate(&tools, &session, &request).await.map(Json)
}

async fn validate_route(
    State(tools): State<Tools>,
    Session(session): Session,
    Valid(request): Valid<BenchmarkRequest>,
) -> Answer<Json<BenchmarkResponse>> {
    validate::validate(&tools, &session, &request).await.map(Json)
}

async fn preview_route(
    State(tools): State<Tools>,
    Session(session): Session,
    Valid(request): Valid<PreviewRequest>,
) -> Answer<Json<PreviewResponse>> {
    preview::preview(&tools, &session, &request).await.map(Json)
}

async fn price_route(
    State(tools): State<Tools>,
    Session(session): Session,
    Valid(request): Valid<PriceRequest>,
) -> Answer<Json<PriceResponse>> {
    price::validate_and_price(&tools, &session, &request).await.map(Json)
}

async fn analyze_route(
    State(tools): State<Tools>,
    Session(session): Session,
    Valid(request): Valid<AnalyzeRequest>,
) -> Answer<Json<WorkbenchResult>> {
    price::analyze(&tools, &session, &request).await.map(Json)
}

async fn costing_route(
    State(tools): State<Tools>,
    Session(session): Session,
    Valid(CostingRequest {}): Valid<CostingRequest>,
) -> Answer<Json<CostingResponse>> {
    planning::validate_costing_and_price(&tools, &session).await.map(Json)
}

async fn plan_route(
    State(tools): State<Tools>,
    Session(session): Session,
    Valid(request): Valid<PlanRequest>,
) -> Answer<Json<PlanResponse>> {
    planning::submit_plan(&tools, &session, &request).await.map(Json)
}

async fn submit_route(
    State(tools): State<Tools>,
    Session(session): Session,
    Valid(request): Valid<SubmitRequest>,
) -> Answer<Json<SubmitResponse>> {
    let design = request.design.clone();
    tools.call(&session, &design, move |call| async move { handover::submit(&*call, &request).await }).await.map(Json)
}

async fn handover_route(
    State(tools): State<Tools>,
    Session(session): Session,
    Valid(request): Valid<HandoverRequest>,
) -> Answer<Json<HandoverResponse>> {
    let sessions = [&session, &request.benchmark_session_id];
    let work = |target: Arc<Call>, benchmark: Vec<Call>| async move {
        let [benchmark] = &benchmark[..] else { unreachable!("two sessions were named") };
        handover::take_over(&*target, benchmark).await
    };
    tools.call_in(&sessions, None, work).await.map(Json)
}

//! The heavy worker: validate, price, simulate, preview, and hand work over.

use std::panic::Location;

use contract::{
    benchmark::{BenchmarkRequest, BenchmarkResponse, PreviewRequest, PreviewResponse},
    handover::{HandoverRequest, HandoverResponse, PlanRequest, PlanResponse, SubmitRequest, SubmitResponse},
    workbench::{AnalyzeRequest, CostingRequest, CostingResponse, PriceRequest, PriceResponse, WorkbenchResult},
};
use http_reply::{Endpoint, Outcome, StatusCode, must};

use crate::{limits, session_endpoint::session_endpoint};

/// The heavy worker, for one session.
#[derive(Debug, Clone)]
pub struct HeavyWorker {
    endpoint: Endpoint,
    session: String,
}

session_endpoint!(HeavyWorker);

impl HeavyWorker {
    /// `POST /benchmark/simulate`: runs the design. A run that fails answers 200 with `success: false`.
    pub async fn simulate(&self, request: &BenchmarkRequest) -> Outcome {
        self.post("/benchmark/simulate", request, limits::SIMULATE).await
    }

    /// `POST /benchmark/validate`: checks the design's geometry.
    pub async fn validate(&self, request: &BenchmarkRequest) -> Outcome {
        self.post("/benchmark/validate", request, limits::DESIGN).await
    }

    /// `POST /benchmark/preview`: draws the design.
    pub async fn preview(&self, request: &PreviewRequest) -> Outcome {
        self.post("/benchmark/preview", request, limits::DESIGN).await
    }

    /// `POST /benchmark/validate_and_price`: checks that the design can be made, and prices it.
    pub async fn validate_and_price(&self, request: &PriceRequest) -> Outcome {
        self.post("/benchmark/validate_and_price", request, limits::DESIGN).await
    }

    /// `POST /benchmark/analyze`: checks and prices the design for one method.
    pub async fn analyze(&self, request: &AnalyzeRequest) -> Outcome {
        self.post("/benchmark/analyze", request, limits::DESIGN).await
    }

    /// `POST /benchmark/validate_costing_and_price`: recomputes the planner's estimate and writes it back.
    pub async fn validate_costing_and_price(&self) -> Outcome {
        self.post("/benchmark/validate_costing_and_price", &CostingRequest::default(), limits::DESIGN).await
    }

    /// `POST /benchmark/submit_plan`: hands the session's plan over.
    pub async fn submit_plan(&self, request: &PlanRequest) -> Outcome {
        self.post("/benchmark/submit_plan", request, limits::DESIGN).await
    }

    /// `POST /benchmark/submit`: hands the session's work over to review.
    pub async fn submit(&self, request: &SubmitRequest) -> Outcome {
        self.post("/benchmark/submit", request, limits::SUBMIT).await
    }

    /// `POST /benchmark/handover`: brings a submitted benchmark into this session.
    pub async fn handover(&self, request: &HandoverRequest) -> Outcome {
        self.post("/benchmark/handover", request, limits::SUBMIT).await
    }

    /// As [`Self::simulate`]; panics unless it answers 200. The run itself may still have failed.
    #[track_caller]
    pub fn must_simulate(&self, request: &BenchmarkRequest) -> impl Future<Output = BenchmarkResponse> + Send {
        let at = Location::caller();
        async move { must(self.simulate(request).await, StatusCode::OK, at) }
    }

    /// As [`Self::validate`]; panics unless it answers 200. The design may still be invalid.
    #[track_caller]
    pub fn must_validate(&self, request: &BenchmarkRequest) -> impl Future<Output = BenchmarkResponse> + Send {
        let at = Location::caller();
        async move { must(self.validate(request).await, StatusCode::OK, at) }
    }

    /// As [`Self::preview`]; panics unless it answers 200. The drawing may still have failed.
    #[track_caller]
    pub fn must_preview(&self, request: &PreviewRequest) -> impl Future<Output = PreviewResponse> + Send {
        let at = Location::caller();
        async move { must(self.preview(request).await, StatusCode::OK, at) }
    }

    /// As [`Self::validate_and_price`]; panics unless it answers 200. The design may still be too expensive.
    #[track_caller]
    pub fn must_validate_and_price(&self, request: &PriceRequest) -> impl Future<Output = PriceResponse> + Send {
        let at = Location::caller();
        async move { must(self.validate_and_price(request).await, StatusCode::OK, at) }
    }

    /// As [`Self::analyze`]; panics unless it answers 200. The design may still be impossible to make.
    #[track_caller]
    pub fn must_analyze(&self, request: &AnalyzeRequest) -> impl Future<Output = WorkbenchResult> + Send {
        let at = Location::caller();
        async move { must(self.analyze(request).await, StatusCode::OK, at) }
    }

    /// As [`Self::validate_costing_and_price`]; panics unless it answers 200. The estimate may still be over its caps.
    #[track_caller]
    pub fn must_validate_costing_and_price(&self) -> impl Future<Output = CostingResponse> + Send {
        let at = Location::caller();
        async move { must(self.validate_costing_and_price().await, StatusCode::OK, at) }
    }

    /// As [`Self::submit_plan`]; panics unless it answers 200. The plan may still have been refused.
    #[track_caller]
    pub fn must_submit_plan(&self, request: &PlanRequest) -> impl Future<Output = PlanResponse> + Send {
        let at = Location::caller();
        async move { must(self.submit_plan(request).await, StatusCode::OK, at) }
    }

    /// As [`Self::submit`]; panics unless it answers 200. The work may still have been refused.
    #[track_caller]
    pub fn must_submit(&self, request: &SubmitRequest) -> impl Future<Output = SubmitResponse> + Send {
        let at = Location::caller();
        async move { must(self.submit(request).await, StatusCode::OK, at) }
    }

    /// As [`Self::handover`]; panics unless it answers 200. The benchmark may still have been refused.
    #[track_caller]
    pub fn must_handover(&self, request: &HandoverRequest) -> impl Future<Output = HandoverResponse> + Send {
        let at = Location::caller();
        async move { must(self.handover(request).await, StatusCode::OK, at) }
    }
}

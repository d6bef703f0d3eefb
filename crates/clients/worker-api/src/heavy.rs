//! The heavy worker: simulate, validate, preview.

use std::panic::Location;

use contract::benchmark::{BenchmarkRequest, BenchmarkResponse, PreviewRequest, PreviewResponse};
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
}

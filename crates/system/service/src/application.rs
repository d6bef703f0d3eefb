//! A service: its routes, and around them what every service has.

use std::{net::SocketAddr, sync::Arc};

use aide::{
    axum::{ApiRouter, routing::get_with},
    openapi::{Info, OpenApi},
    swagger::Swagger,
};
use anyhow::Context;
use axum::{
    Extension, Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use contract::{
    health::{Health, HealthStatus, Readiness, ServiceIdentity},
    session::TEST_ID_HEADER,
};
use tower::util::option_layer;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::{
    ServiceError,
    access::{Access, guard},
    readiness::{Probe, ask_all},
    request::MAX_BODY_BYTES,
    server::{Limits, serve},
    settings::ServiceSettings,
    trace,
};

/// An HTTP service of the stack.
pub struct Service {
    name: &'static str,
    title: &'static str,
    routes: ApiRouter,
    probes: Vec<Probe>,
    access: Access,
}

#[derive(Clone)]
struct Shared {
    name: &'static str,
    probes: Arc<[Probe]>,
}

impl Service {
    /// A service without routes. `name` is its name in the stack, `title` the one in its OpenAPI document.
    pub fn new(name: &'static str, title: &'static str) -> Self {
        Self { name, title, routes: ApiRouter::new(), probes: Vec::new(), access: Access::default() }
    }

    /// Adds the service's own routes; their state must have been given.
    #[must_use]
    pub fn routes(mut self, routes: ApiRouter) -> Self {
        self.routes = self.routes.merge(routes);
        self
    }

    /// Adds a dependency that `GET /ready` asks.
    #[must_use]
    pub fn depends_on(mut self, probe: Probe) -> Self {
        self.probes.push(probe);
        self
    }

    /// Pages of these origins may call it, under these host names.
    #[must_use]
    pub fn allowing(mut self, settings: &ServiceSettings) -> Self {
        self.access.allow(settings);
        self
    }

    /// Every path but liveness, readiness and documents asks for this key in `X-API-Key`; 401 otherwise.
    #[must_use]
    pub fn protected_by(mut self, api_key: &str) -> Self {
        self.access.with_api_key(api_key);
        self
    }

    /// The same with the secret of the workers, in `X-Worker-Token`; without one the service is open.
    #[must_use]
    pub fn guarded_by_token(mut self, token: Option<&str>) -> Self {
        if let Some(token) = token {
            self.access.with_worker_token(token);
        } else {
            tracing::warn!("WORKER_TOKEN is not set; anyone who reaches this service may use it");
        }
        self
    }

    /// The whole router, and the OpenAPI document that it serves.
    pub fn build(self) -> (Router, OpenApi) {
        let shared = Shared { name: self.name, probes: self.probes.into() };
        let access = self.access;
        let own = ApiRouter::new()
            .api_route("/", get_with(identity, |o| o.summary("Who answers here").tag("service")))
            .api_route("/health", get_with(health, |o| o.summary("The process lives").tag("service")))
            .api_route(
                "/ready",
                get_with(ready, |o| {
                    o.summary("The service and all it depends on can work")
                        .tag("service")
                        .response::<200, Json<Readiness>>()
                        .response::<503, Json<Readiness>>()
                }),
            )
            .with_state(shared.clone());
        let mut document = OpenApi {
            info: Info { title: self.title.to_owned(), version: version().to_owned(), ..Info::default() },
            ..OpenApi::default()
        };
        let router = self
            .routes
            .merge(own)
            .route("/docs", Swagger::new("/openapi.json").with_title(self.title).axum_route())
            .finish_api_with(&mut document, |document| access.describe(document.default_response::<ServiceError>()))
            .route("/openapi.json", get(serve_document))
            .fallback(unknown_path)
            .method_not_allowed_fallback(unknown_method)
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .layer(Extension(Arc::new(document.clone())))
            .layer(middleware::from_fn_with_state(access.clone(), guard))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(option_layer(access.cors()))
            .layer(middleware::from_fn_with_state(shared, observe));
        (router, document)
    }

    /// Serves until SIGTERM or SIGINT, then lets running requests end.
    pub async fn run(self, address: SocketAddr) -> anyhow::Result<()> {
        let name = self.name;
        let (router, _) = self.build();
        let listener =
            tokio::net::TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        tracing::info!(service = name, address = %listener.local_addr()?, "listening");
        serve(listener, router, Limits::of_this_process(), stop_signal()).await;
        tracing::info!(service = name, "stopped");
        Ok(())
    }
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

async fn identity(State(shared): State<Shared>) -> Json<ServiceIdentity> {
    Json(ServiceIdentity {
        status: "ok".into(),
        service: shared.name.into(),
        version: version().into(),
        docs: "/docs".into(),
    })
}

async fn health() -> Json<Health> {
    Json(Health { status: HealthStatus::Healthy })
}

async fn ready(State(shared): State<Shared>) -> (StatusCode, Json<Readiness>) {
    let readiness = ask_all(shared.name, &shared.probes).await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness))
}

async fn serve_document(Extension(document): Extension<Arc<OpenApi>>) -> Json<OpenApi> {
    Json((*document).clone())
}

async fn unknown_path(request: Request) -> ServiceError {
    ServiceError::not_found(format!("no route {} {}", request.method(), request.uri().path()))
}

async fn unknown_method(request: Request) -> ServiceError {
    let sentence = format!("{} does not take {}", request.uri().path(), request.method());
    ServiceError::new(StatusCode::METHOD_NOT_ALLOWED, sentence)
}

/// Binds the test id to all log lines of a request, and writes a marker line when `?marker=` asks for one.
async fn observe(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let test = request.headers().get(TEST_ID_HEADER).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let trace_id = request.headers().get("traceparent").and_then(|v| v.to_str().ok()).and_then(trace::id_of);
    let span = tracing::info_span!("request", test_id = test, trace_id, path = request.uri().path());
    let marker = request.uri().query().and_then(|query| {
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "marker").map(|(_, text)| text.into_owned())
    });
    let answering = async move {
        if let Some(text) = marker {
            tracing::info!(marker = text, service = shared.name, "=== {text} ===");
        }
        let method = request.method().clone();
        let response = next.run(request).await;
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        tracing::debug!(%method, status = response.status().as_u16(), kind, "answered");
        response
    };
    trace::within(trace_id, answering.instrument(span)).await
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the cause over by value")]
fn panicked(cause: Box<dyn std::any::Any + Send>) -> Response {
    let text = cause
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| cause.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "no message".to_owned());
    ServiceError::internal(&anyhow::anyhow!("the service has a bug: it panicked: {text}")).into_response()
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    if let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    } else {
        tracing::error!("cannot listen for stop signals; the service ends only when it is killed");
        std::future::pending::<()>().await;
    }
}

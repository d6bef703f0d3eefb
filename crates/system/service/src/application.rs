//! A service: its routes, and around them what every service has.

use std::{net::SocketAddr, sync::Arc};

use aide::{
    axum::{ApiRouter, routing::get_with},
    openapi::{Info, OpenApi, ReferenceOr, SecurityScheme},
    swagger::Swagger,
    transform::TransformOpenApi,
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
    session::{API_KEY_HEADER, TEST_ID_HEADER},
};
use tower_http::{catch_panic::CatchPanicLayer, cors::CorsLayer};
use tracing::Instrument;

use crate::{
    ServiceError,
    readiness::{Probe, ask_all},
    request::MAX_BODY_BYTES,
};

/// Paths that never ask for the API key: liveness, readiness and the API's own description.
const OPEN_PATHS: [&str; 5] = ["/", "/health", "/ready", "/openapi.json", "/docs"];

/// An HTTP service of the stack.
pub struct Service {
    name: &'static str,
    title: &'static str,
    routes: ApiRouter,
    probes: Vec<Probe>,
    api_key: Option<String>,
}

#[derive(Clone)]
struct Shared {
    name: &'static str,
    probes: Arc<[Probe]>,
    api_key: Option<Arc<str>>,
}

impl Service {
    /// A service without routes. `name` is its name in the stack, `title` the one in its OpenAPI document.
    pub fn new(name: &'static str, title: &'static str) -> Self {
        Self { name, title, routes: ApiRouter::new(), probes: Vec::new(), api_key: None }
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

    /// Every path but liveness, readiness and documents asks for this key in `X-API-Key`; 401 otherwise.
    #[must_use]
    pub fn protected_by(mut self, api_key: String) -> Self {
        self.api_key = Some(api_key);
        self
    }

    /// The whole router, and the OpenAPI document that it serves.
    pub fn build(self) -> (Router, OpenApi) {
        let shared = Shared { name: self.name, probes: self.probes.into(), api_key: self.api_key.map(Into::into) };
        let protected = shared.api_key.is_some();
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
            .finish_api_with(&mut document, |document| describe(document, protected))
            .route("/openapi.json", get(serve_document))
            .fallback(unknown_path)
            .method_not_allowed_fallback(unknown_method)
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .layer(Extension(Arc::new(document.clone())))
            .layer(middleware::from_fn_with_state(shared.clone(), guard))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(CorsLayer::permissive())
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
        axum::serve(listener, router).with_graceful_shutdown(stop_signal()).await.context("serving HTTP failed")?;
        tracing::info!(service = name, "stopped");
        Ok(())
    }
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

fn describe(document: TransformOpenApi<'_>, protected: bool) -> TransformOpenApi<'_> {
    let mut document = document.default_response::<ServiceError>();
    if protected {
        document = document.security_scheme(
            "api_key",
            SecurityScheme::ApiKey {
                location: aide::openapi::ApiKeyLocation::Header,
                name: API_KEY_HEADER.to_owned(),
                description: Some("The key of this stack.".to_owned()),
                extensions: Default::default(),
            },
        );
        if let Some(paths) = document.inner_mut().paths.as_mut() {
            let protected_paths = paths.paths.iter_mut().filter(|(path, _)| !OPEN_PATHS.contains(&path.as_str()));
            for item in protected_paths.filter_map(|(_, item)| match item {
                ReferenceOr::Item(item) => Some(item),
                ReferenceOr::Reference { .. } => None,
            }) {
                let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
                for operation in operations.into_iter().flatten() {
                    operation.security.push([("api_key".to_owned(), Vec::new())].into_iter().collect());
                }
            }
        }
    }
    document
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

async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if let Some(key) = &shared.api_key
        && !OPEN_PATHS.contains(&request.uri().path())
    {
        let given = request.headers().get(API_KEY_HEADER).map(axum::http::HeaderValue::as_bytes);
        let refusal = match given {
            None => Some(format!("the header {API_KEY_HEADER} is missing")),
            Some(given) if !equal_in_constant_time(given, key.as_bytes()) => {
                Some(format!("the header {API_KEY_HEADER} does not hold the key of this stack"))
            }
            Some(_) => None,
        };
        if let Some(sentence) = refusal {
            return ServiceError::new(StatusCode::UNAUTHORIZED, sentence).into_response();
        }
    }
    next.run(request).await
}

/// Compares without ending early, so that the time taken tells nothing about the key.
fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

/// Binds the test id to all log lines of a request, and writes a marker line when `?marker=` asks for one.
async fn observe(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let test = request.headers().get(TEST_ID_HEADER).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let span = tracing::info_span!("request", test_id = test, path = request.uri().path());
    let marker = request.uri().query().and_then(|query| {
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "marker").map(|(_, text)| text.into_owned())
    });
    async move {
        if let Some(text) = marker {
            tracing::info!(marker = text, service = shared.name, "=== {text} ===");
        }
        let method = request.method().clone();
        let response = next.run(request).await;
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        tracing::debug!(%method, status = response.status().as_u16(), kind, "answered");
        response
    }
    .instrument(span)
    .await
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

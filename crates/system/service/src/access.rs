//! Who may call a service: those with its secret, and no foreign web page.
//!
//! A service of this stack listens where a browser of the same machine reaches it. So whatever a browser sends on
//! behalf of a page is refused unless the page's origin is allowed, and the service answers only under names that no
//! foreign page can bear.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use aide::{
    openapi::{ApiKeyLocation, ReferenceOr, SecurityScheme},
    transform::TransformOpenApi,
};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use contract::{
    session::{API_KEY_HEADER, SESSION_HEADER, TEST_ID_HEADER, WORKER_TOKEN_HEADER},
    wiring::variables::{ALLOWED_HOSTS, ALLOWED_ORIGINS},
};
use subtle::ConstantTimeEq;
use tower_http::cors::CorsLayer;

use crate::{ServiceError, settings::ServiceSettings};

/// Paths that never ask for a secret: liveness, readiness and the API's own description.
const OPEN_PATHS: [&str; 5] = ["/", "/health", "/ready", "/openapi.json", "/docs"];

/// What a caller sends to authenticate.
#[derive(Debug, Clone)]
struct Secret {
    header: &'static str,
    /// What the header holds, in words.
    noun: &'static str,
    /// Name of the scheme in the OpenAPI document.
    scheme: &'static str,
    value: Arc<str>,
}

/// The rules of one service.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    secret: Option<Secret>,
    origins: Arc<BTreeSet<String>>,
    hosts: Arc<BTreeSet<String>>,
}

impl Access {
    /// Allows the origins and hosts of the settings.
    pub(crate) fn allow(&mut self, settings: &ServiceSettings) {
        let set = |names: &[String]| -> Arc<BTreeSet<String>> {
            let entries = names.iter().map(|entry| entry.trim().trim_end_matches('/').to_ascii_lowercase());
            Arc::new(entries.filter(|entry| !entry.is_empty()).collect())
        };
        self.origins = set(&settings.allowed_origins);
        self.hosts = set(&settings.allowed_hosts);
    }

    /// Asks for the key of the stack.
    pub(crate) fn with_api_key(&mut self, value: &str) {
        let noun = "the key of this stack";
        self.secret = Some(Secret { header: API_KEY_HEADER, noun, scheme: "api_key", value: value.into() });
    }

    /// Asks for the secret of the workers.
    pub(crate) fn with_worker_token(&mut self, value: &str) {
        let noun = "the secret of this stack's workers (WORKER_TOKEN)";
        self.secret = Some(Secret { header: WORKER_TOKEN_HEADER, noun, scheme: "worker_token", value: value.into() });
    }

    /// Answers the browser's question whether a page of an allowed origin may call; without such a page there is no
    /// answer, and the browser keeps every page out.
    pub(crate) fn cors(&self) -> Option<CorsLayer> {
        let origins: Vec<HeaderValue> = self.origins.iter().filter_map(|origin| origin.parse().ok()).collect();
        let own = [API_KEY_HEADER, SESSION_HEADER, TEST_ID_HEADER, WORKER_TOKEN_HEADER];
        let own = own.iter().filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok());
        (!origins.is_empty()).then(|| {
            CorsLayer::new()
                .allow_origin(origins)
                .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
                .allow_headers(own.chain([header::CONTENT_TYPE]).collect::<Vec<_>>())
        })
    }

    /// Writes the secret into the document, on every operation that asks for it.
    pub(crate) fn describe<'doc>(&self, document: TransformOpenApi<'doc>) -> TransformOpenApi<'doc> {
        let Some(secret) = &self.secret else { return document };
        let mut document = document.security_scheme(
            secret.scheme,
            SecurityScheme::ApiKey {
                location: ApiKeyLocation::Header,
                name: secret.header.to_owned(),
                description: Some(format!("It holds {}.", secret.noun)),
                extensions: Default::default(),
            },
        );
        let paths = document.inner_mut().paths.iter_mut().flat_map(|paths| paths.paths.iter_mut());
        for (_, item) in paths.filter(|(path, _)| !OPEN_PATHS.contains(&path.as_str())) {
            let ReferenceOr::Item(item) = item else { continue };
            let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                operation.security.push([(secret.scheme.to_owned(), Vec::new())].into_iter().collect());
            }
        }
        document
    }

    fn refusal(&self, path: &str, headers: &HeaderMap) -> Option<ServiceError> {
        if OPEN_PATHS.contains(&path) {
            return None;
        }
        let foreign = self.foreign_host(headers).or_else(|| self.foreign_page(headers));
        let foreign = foreign.map(|sentence| ServiceError::new(StatusCode::FORBIDDEN, sentence));
        foreign.or_else(|| {
            let sentence = self.secret.as_ref()?.missing_from(headers)?;
            Some(ServiceError::new(StatusCode::UNAUTHORIZED, sentence))
        })
    }

    /// A page whose own name was made to lead here (DNS rebinding) sends that name.
    fn foreign_host(&self, headers: &HeaderMap) -> Option<String> {
        let given = headers.get(header::HOST)?;
        let name = given.to_str().ok().map(host_name).unwrap_or_default();
        let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let is_local = !name.is_empty() && (!name.contains('.') || name.ends_with(".localhost"));
        if is_address || is_local || self.hosts.contains(&name) {
            return None;
        }
        Some(format!(
            "this service is not addressed as {name:?}: use its address, or name the host in {ALLOWED_HOSTS} of the \
             service"
        ))
    }

    /// Browsers say for which page they call.
    fn foreign_page(&self, headers: &HeaderMap) -> Option<String> {
        let remedy = format!("name its origin in {ALLOWED_ORIGINS} of the service to let it call");
        if let Some(origin) = headers.get(header::ORIGIN) {
            let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            let own = ["http", "https"].map(|scheme| format!("{scheme}://{}", host.to_ascii_lowercase()));
            let is_allowed = self.origins.contains(&origin) || (!host.is_empty() && own.contains(&origin));
            return (!is_allowed)
                .then(|| format!("a page of the origin {origin:?} may not call this service; {remedy}"));
        }
        // Pictures and links of a foreign page come without an origin.
        let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
        let is_foreign = matches!(site, Some("cross-site" | "same-site"));
        is_foreign.then(|| format!("a page of another origin may not call this service; {remedy}"))
    }
}

impl Secret {
    fn missing_from(&self, headers: &HeaderMap) -> Option<String> {
        let Self { header, noun, value, .. } = self;
        let Some(given) = headers.get(*header) else {
            return Some(format!("the header {header} is missing; it holds {noun}"));
        };
        let is_right: bool = given.as_bytes().ct_eq(value.as_bytes()).into();
        (!is_right).then(|| format!("the header {header} does not hold {noun}"))
    }
}

/// The name of a `Host` header, without the port, in small letters.
fn host_name(host: &str) -> String {
    let end = match host.rfind(']') {
        Some(bracket) => bracket + 1,
        None => host.rfind(':').unwrap_or(host.len()),
    };
    host[..end].trim_end_matches('.').to_ascii_lowercase()
}

/// Lets a request through, or refuses it before anything is done.
pub(crate) async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    match access.refusal(request.uri().path(), request.headers()) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value"))).collect()
    }

    fn status(access: &Access, pairs: &[(&'static str, &str)]) -> Option<u16> {
        access.refusal("/fs/ls", &headers(pairs)).map(|refusal| refusal.status().as_u16())
    }

    #[test]
    fn secret_is_compared_whole() {
        let mut access = Access::default();
        access.with_worker_token("secret");
        for (given, expected) in
            [("secret", None), ("secre", Some(401)), ("secrets", Some(401)), ("", Some(401)), ("Secret", Some(401))]
        {
            assert_eq!(status(&access, &[("x-worker-token", given)]), expected, "{given:?}");
        }
        assert_eq!(status(&access, &[]), Some(401));
        assert_eq!(status(&access, &[("x-api-key", "secret")]), Some(401));
        assert_eq!(status(&Access::default(), &[]), None, "without a secret the door is open");
        for path in OPEN_PATHS {
            assert_eq!(access.refusal(path, &HeaderMap::new()), None, "{path}");
        }
    }

    #[test]
    fn foreign_host_names_are_refused() {
        let mut access = Access::default();
        for host in ["127.0.0.1:18001", "[::1]:18001", "localhost", "localhost:80", "worker-light:18001", "10.0.0.7"] {
            assert_eq!(status(&access, &[("host", host)]), None, "{host}");
        }
        for host in
            ["evil.example", "evil.example:18001", "127.0.0.1.evil.example:18001", "localhost.evil.example.", ""]
        {
            assert_eq!(status(&access, &[("host", host)]), Some(403), "{host}");
        }
        access.hosts = Arc::new(["stack.example".to_owned()].into());
        assert_eq!(status(&access, &[("host", "Stack.example:443")]), None);
        assert_eq!(status(&access, &[("host", "other.example:443")]), Some(403));
    }

    #[test]
    fn foreign_pages_are_refused() {
        let host = ("host", "127.0.0.1:18001");
        let mut access = Access::default();
        for origin in ["http://evil.example", "null", "http://127.0.0.1:3000", "http://localhost:18001", "file://"] {
            assert_eq!(status(&access, &[host, ("origin", origin)]), Some(403), "{origin}");
        }
        assert_eq!(status(&access, &[("origin", "http://")]), Some(403));
        assert_eq!(status(&access, &[host, ("origin", "http://127.0.0.1:18001")]), None, "its own documents page");
        assert_eq!(status(&access, &[host, ("sec-fetch-site", "cross-site")]), Some(403));
        assert_eq!(status(&access, &[host, ("sec-fetch-site", "none")]), None, "typed into the address bar");
        assert!(access.cors().is_none());
        access.origins = Arc::new(["http://127.0.0.1:3000".to_owned()].into());
        assert_eq!(status(&access, &[host, ("origin", "http://127.0.0.1:3000")]), None);
        assert_eq!(status(&access, &[host, ("origin", "http://127.0.0.1:3001")]), Some(403));
        assert!(access.cors().is_some());
    }
}

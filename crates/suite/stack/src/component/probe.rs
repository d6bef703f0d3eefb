//! Asking a part whether it works. One question is one short attempt; the caller repeats it.

use std::{collections::BTreeMap, sync::OnceLock, time::Duration};

use anyhow::{Context, bail};
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use contract::health::{Readiness, ServiceIdentity};
use sqlx::{Connection, PgConnection, Row};

use super::object_store;
use crate::{ObjectStoreAddress, Service};

/// A part that takes longer for one answer does not work yet.
const ATTEMPT_DEADLINE: Duration = Duration::from_secs(5);

/// What a part reported about itself: versions by name.
pub(crate) type Seen = BTreeMap<String, String>;

/// How to ask.
#[derive(Debug, Clone)]
pub(crate) enum Probe {
    /// A query.
    Postgres { url: String },
    /// Its bucket, which is made on the way, and a signed listing.
    ObjectStore { address: ObjectStoreAddress },
    /// Its default namespace, through the HTTP interface of the same frontend.
    Temporal { http_port: u16 },
    /// `GET /ready`.
    Ready { service: Service, url: String },
}

impl Probe {
    /// Asks once. The error says what was seen instead of an answer.
    pub async fn ask(&self) -> anyhow::Result<Seen> {
        let answer = async {
            match self {
                Self::Postgres { url } => ask_postgres(url).await,
                Self::ObjectStore { address } => ask_object_store(address).await,
                Self::Temporal { http_port } => ask_temporal(*http_port).await,
                Self::Ready { service, url } => ask_service(*service, url).await,
            }
        };
        let answer = tokio::time::timeout(ATTEMPT_DEADLINE, answer).await;
        answer.with_context(|| format!("no answer within {} s", ATTEMPT_DEADLINE.as_secs()))?
    }
}

fn seen(name: &str, version: impl Into<String>) -> Seen {
    Seen::from([(name.to_owned(), version.into())])
}

fn http() -> anyhow::Result<&'static reqwest::Client> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if CLIENT.get().is_none() {
        // No connection stays: an open one counts as somebody's use.
        let client =
            http_reply::client(reqwest::Client::builder().pool_max_idle_per_host(0)).context("no HTTP client")?;
        CLIENT.get_or_init(|| client);
    }
    CLIENT.get().context("an HTTP client was just made")
}

async fn ask_postgres(url: &str) -> anyhow::Result<Seen> {
    let mut connection = PgConnection::connect(url).await?;
    let row = sqlx::query("SHOW server_version").fetch_one(&mut connection).await?;
    let version: String = row.try_get(0)?;
    connection.close().await?;
    Ok(seen("postgres", version))
}

async fn ask_object_store(address: &ObjectStoreAddress) -> anyhow::Result<Seen> {
    let client = object_store_client(address);
    let buckets = client.list_buckets().send().await?;
    if !buckets.buckets().iter().any(|bucket| bucket.name() == Some(&address.bucket)) {
        client.create_bucket().bucket(&address.bucket).send().await?;
    }
    Ok(seen("object-store", object_store::VERSION))
}

fn object_store_client(address: &ObjectStoreAddress) -> Client {
    let keys = Credentials::new(&address.access_key, &address.secret_key, None, None, "stack");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(&address.endpoint)
        .credentials_provider(keys)
        .force_path_style(true)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        // Whoever asks repeats the question itself, and sooner than the client would.
        .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

async fn ask_temporal(http_port: u16) -> anyhow::Result<Seen> {
    let base = format!("http://127.0.0.1:{http_port}/api/v1");
    let namespace = format!("{base}/namespaces/{}", contract::wiring::TEMPORAL_NAMESPACE);
    let answer = http()?.get(namespace).send().await?;
    if !answer.status().is_success() {
        bail!("its default namespace answers {}", answer.status());
    }
    let information: serde_json::Value = http()?.get(format!("{base}/system-info")).send().await?.json().await?;
    let version = information.get("serverVersion").and_then(|version| version.as_str()).unwrap_or("unknown");
    Ok(seen("temporal", version))
}

async fn ask_service(service: Service, url: &str) -> anyhow::Result<Seen> {
    let answer = http()?.get(format!("{url}/ready")).send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    let readiness: Readiness = serde_json::from_str(&text)
        .with_context(|| format!("GET {url}/ready answers {status} with something other than a readiness: {text}"))?;
    if !status.is_success() || !readiness.ready {
        let down = readiness.dependencies.iter().filter(|(_, dependency)| !dependency.up);
        let down: Vec<_> = down.map(|(name, dependency)| format!("{name} is down: {}", dependency.detail)).collect();
        bail!("GET {url}/ready answers {status}; {}", down.join("; "));
    }
    let identity: ServiceIdentity = http()?.get(url).send().await?.json().await?;
    let mut seen = seen(service.name(), identity.version);
    // What a worker runs designs with: its readiness reports the versions.
    for name in ["cad", "engine"] {
        if let Some(dependency) = readiness.dependencies.get(name) {
            seen.insert(name.to_owned(), dependency.detail.clone());
        }
    }
    Ok(seen)
}

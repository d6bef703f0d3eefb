//! Somebody else's stack, known by the URLs in the environment. Nothing is started, and nothing is disturbed.

use std::{collections::BTreeMap, env, time::Duration};

use anyhow::{Context, bail};
use chrono::Utc;
use contract::wiring::{self, variables};

use crate::{
    Backend, ObjectStoreAddress, Service, StackDescriptor,
    descriptor::{DESCRIPTOR_VARIABLE, FORMAT_VERSION, url_variable},
};

/// Environment variable that chooses the backend.
pub const BACKEND_VARIABLE: &str = "STACK";

const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// The backend that the environment asks for. Without that variable, a controller's URL means an external stack, unless
/// the URL came from a stack of this machine, whose descriptor is then named beside it.
pub fn chosen_backend() -> anyhow::Result<Backend> {
    match variable(BACKEND_VARIABLE).as_deref() {
        Some("embedded") => Ok(Backend::Embedded),
        Some("external") => Ok(Backend::External),
        Some(other) => bail!("{BACKEND_VARIABLE} is {other:?}; expected `embedded` or `external`"),
        None if variable(variables::CONTROLLER_URL).is_some() && variable(DESCRIPTOR_VARIABLE).is_none() => {
            Ok(Backend::External)
        }
        None => Ok(Backend::Embedded),
    }
}

/// Describes the stack that the environment names. What it does not name is a capability that the stack lacks.
pub fn describe() -> anyhow::Result<StackDescriptor> {
    let mut urls = BTreeMap::new();
    for service in Service::SYSTEM {
        let url = url_variable(service).and_then(variable);
        if let Some(url) = url {
            urls.insert(service, url.trim_end_matches('/').to_owned());
        }
    }
    let required = [Service::Controller, Service::WorkerLight, Service::WorkerHeavy];
    let missing: Vec<_> =
        required.into_iter().filter(|service| !urls.contains_key(service)).filter_map(url_variable).collect();
    if !missing.is_empty() {
        bail!(
            "an external stack is known by its URLs, and {} is not set; set it, or unset {BACKEND_VARIABLE} and \
             {} to use a stack of this machine",
            missing.join(", "),
            variables::CONTROLLER_URL
        );
    }
    let object_store = match variable(variables::S3_ENDPOINT) {
        None => None,
        Some(endpoint) => {
            let key = |name: &'static str| {
                variable(name).with_context(|| format!("{} is set, but {name} is not", variables::S3_ENDPOINT))
            };
            Some(ObjectStoreAddress {
                endpoint: endpoint.trim_end_matches('/').to_owned(),
                access_key: key(variables::S3_ACCESS_KEY)?,
                secret_key: key(variables::S3_SECRET_KEY)?,
                bucket: variable(variables::ASSET_S3_BUCKET).unwrap_or_else(|| wiring::DEFAULT_ASSET_BUCKET.to_owned()),
            })
        }
    };
    Ok(StackDescriptor {
        version: FORMAT_VERSION,
        backend: Backend::External,
        fingerprint: String::new(),
        checkout: None,
        supervisor: None,
        standard_ports: false,
        urls,
        postgres_url: variable(variables::POSTGRES_URL),
        object_store,
        temporal: variable(variables::TEMPORAL_URL),
        api_key: variable(variables::CONTROLLER_API_KEY),
        worker_token: variable(variables::WORKER_TOKEN),
        logs: BTreeMap::new(),
        versions: BTreeMap::new(),
        started_at: Utc::now(),
    })
}

/// Asks `GET /health` of every service; the error names each that does not answer, and what was seen.
pub async fn check(descriptor: &StackDescriptor) -> anyhow::Result<()> {
    let client = http_reply::client(reqwest::Client::builder().timeout(ANSWER_DEADLINE)).context("no HTTP client")?;
    let asked = descriptor.urls.iter().map(|(service, url)| {
        let question = client.get(format!("{url}/health")).send();
        async move {
            match question.await {
                Ok(answer) if answer.status().is_success() => None,
                Ok(answer) => Some(format!("{service}: GET {url}/health answers {}", answer.status())),
                Err(error) => {
                    let error = anyhow::Error::new(error);
                    let proxy = http_reply::proxy_variable(url).map(|name| format!(" (by the proxy of {name})"));
                    Some(format!("{service}: GET {url}/health fails{}: {error:#}", proxy.unwrap_or_default()))
                }
            }
        }
    });
    let mut failures: Vec<String> = futures::future::join_all(asked).await.into_iter().flatten().collect();
    if let Some(address) = &descriptor.temporal {
        match tokio::time::timeout(ANSWER_DEADLINE, tokio::net::TcpStream::connect(address)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => failures.push(format!("temporal: {address} cannot be reached: {error}")),
            Err(_) => failures.push(format!("temporal: {address} does not answer")),
        }
    }
    if !failures.is_empty() {
        bail!(
            "the external stack does not work:\n  {}\nstart it, or correct the URLs in the environment",
            failures.join("\n  ")
        );
    }
    Ok(())
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

//! Readiness: each dependency has a probe, and `GET /ready` runs them all.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use contract::health::{Dependency, Readiness};
use futures::future::{BoxFuture, join_all};

/// A probe that takes longer than this counts as down.
const PROBE_DEADLINE: Duration = Duration::from_secs(3);

/// Asks one dependency whether it is up. `Ok` carries what was seen (a version), `Err` why it is down.
#[derive(Clone)]
pub struct Probe {
    name: &'static str,
    ask: Arc<dyn Fn() -> BoxFuture<'static, anyhow::Result<String>> + Send + Sync>,
}

/// Makes a probe from an async function.
pub fn probe<F, R>(name: &'static str, ask: F) -> Probe
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = anyhow::Result<String>> + Send + 'static,
{
    Probe { name, ask: Arc::new(move || Box::pin(ask())) }
}

/// Runs all probes side by side.
pub(crate) async fn ask_all(service: &str, probes: &[Probe]) -> Readiness {
    let asked = probes.iter().map(|probe| async move {
        let state = match tokio::time::timeout(PROBE_DEADLINE, (probe.ask)()).await {
            Ok(Ok(detail)) => Dependency { up: true, detail },
            Ok(Err(error)) => Dependency { up: false, detail: format!("{error:#}") },
            Err(_) => Dependency { up: false, detail: format!("no answer within {} s", PROBE_DEADLINE.as_secs()) },
        };
        (probe.name.to_owned(), state)
    });
    let dependencies: BTreeMap<_, _> = join_all(asked).await.into_iter().collect();
    Readiness { ready: dependencies.values().all(|d| d.up), service: service.to_owned(), dependencies }
}

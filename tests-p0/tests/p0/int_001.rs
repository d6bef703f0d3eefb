//! INT-001 — every part of the stack boots and says so.
//!
//! Seam: stack → four services, Postgres, S3, Temporal
//! Requirement: each service answers its health contract, each server its own protocol; a service whose dependency is
//! gone stays alive, is not ready, and names the dependency.

use contract::health::Readiness;
use rstest::rstest;
use serde_json::json;
use testkit::{Context, Fault, LONG, ObjectStore, Service, StatusCode, wait_for};

use crate::ctx;

#[rstest]
// What each cannot work without, by the names under which readiness reports them.
#[case::controller(Service::Controller, &["postgres", "temporal", "worker_light", "worker_heavy"])]
#[case::controller_worker(Service::ControllerWorker, &["postgres", "temporal", "worker_light"])]
#[case::worker_light(Service::WorkerLight, &["cad", "sessions"])]
#[case::worker_heavy(Service::WorkerHeavy, &["cad", "engine", "task_queue"])]
#[tokio::test]
async fn service_is_healthy_and_ready(
    #[future(awt)] ctx: Context,
    #[case] service: Service,
    #[case] needed: &[&str],
) -> anyhow::Result<()> {
    let url = ctx.url(service);

    let health = ctx.http().get(format!("{url}/health")).send().await?;
    assert_eq!(health.status(), StatusCode::OK);
    let health: serde_json::Value = health.json().await?;
    assert_eq!(health, json!({ "status": "healthy" }), "clients compare the whole answer");

    let ready = ctx.http().get(format!("{url}/ready")).send().await?;
    let (status, ready) = (ready.status(), ready.json::<Readiness>().await?);
    assert_eq!(status, StatusCode::OK, "{ready:?}");
    assert!(ready.ready, "{ready:?}");
    let unasked: Vec<_> = needed.iter().filter(|name| !ready.dependencies.contains_key(**name)).collect();
    assert!(unasked.is_empty(), "ready without having asked {unasked:?}: {ready:?}");
    assert!(ready.dependencies.values().all(|dependency| dependency.up), "{ready:?}");

    let identity: serde_json::Value = ctx.http().get(&url).send().await?.json().await?;
    assert_eq!(identity["status"], "ok");
    assert_eq!(identity["service"], json!(service.name()));
    assert!(identity["version"].as_str().is_some_and(|version| !version.is_empty()), "{identity}");
    assert_eq!(identity["docs"], json!("/docs"));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn database_answers_and_holds_the_schema(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let database = ctx.database().await?;
    let version = database.server_version().await?;
    let major: u32 = version.split('.').next().unwrap_or_default().parse()?;
    assert!(major >= 14, "Postgres {version} is older than the 14 that the stack asks for");
    assert_eq!(database.episode(uuid::Uuid::new_v4()).await?, None, "an episode that nobody made exists");
    Ok(())
}

/// By a question of its own, not by what the services report about it.
#[rstest]
#[tokio::test]
async fn temporal_serves_its_workflow_api(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let address = ctx.descriptor().temporal()?;
    let status = testkit::grpc_health(address, "temporal.api.workflowservice.v1.WorkflowService").await?;
    assert_eq!(status, testkit::ServingStatus::Serving, "Temporal at {address}");
    let unknown = testkit::grpc_health(address, "no.such.Service").await;
    assert!(unknown.is_err(), "a service that nobody offers is reported as {unknown:?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn object_store_checks_signatures(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let buckets = ctx.object_store()?.buckets().await?;
    let address = ctx.descriptor().object_store()?;
    assert!(buckets.contains(&address.bucket), "no bucket {} among {buckets:?}", address.bucket);

    let thief = ObjectStore::new(&address.endpoint, &address.access_key, "not the secret key");
    let refusal = thief.buckets().await.expect_err("a wrong secret key was accepted");
    assert!(format!("{refusal:#}").contains("SignatureDoesNotMatch"), "{refusal:#}");
    Ok(())
}

/// Has the stack to itself, and disturbs it.
mod alone {
    use super::*;
    use crate::private_ctx;

    #[rstest]
    #[tokio::test]
    async fn service_without_database_is_alive_but_not_ready(
        #[future(awt)] private_ctx: Context,
    ) -> anyhow::Result<()> {
        let ctx = private_ctx;
        let url = ctx.url(Service::Controller);
        let ready = || async {
            let answer = ctx.http().get(format!("{url}/ready")).send().await.expect("the controller answers");
            (answer.status(), answer.json::<Readiness>().await.expect("a readiness report"))
        };
        let is_up = |report: &Readiness, name: &str| report.dependencies.get(name).is_some_and(|d| d.up);

        ctx.stack().fault(Service::Postgres, Fault::Stop).await?;
        let (_, report) = wait_for("the controller to miss its database", LONG, ready, |(status, _)| {
            *status == StatusCode::SERVICE_UNAVAILABLE
        })
        .await;
        assert!(!report.ready);
        assert!(!is_up(&report, "postgres"), "the report does not name the database: {report:?}");
        assert!(is_up(&report, "temporal"), "a server that runs is reported as down: {report:?}");
        let health = ctx.http().get(format!("{url}/health")).send().await?;
        assert_eq!(health.status(), StatusCode::OK, "liveness must not depend on the database");

        ctx.stack().fault(Service::Postgres, Fault::Restart).await?;
        wait_for("the controller to be ready again", LONG, ready, |(status, _)| *status == StatusCode::OK).await;
        Ok(())
    }
}

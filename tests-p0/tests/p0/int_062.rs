//! INT-062 — the workers' OpenAPI documents are generated, separate, and complete.
//!
//! Seam: running workers → generated `worker_light_openapi.json` and `worker_heavy_openapi.json`
//! Requirement: documents generated from the running workers hold every endpoint of the contract; an endpoint that
//! disappears is seen.

use std::{fs, path::PathBuf};

use rstest::rstest;
use serde_json::Value;
use testkit::{Context, Service, openapi::OpenApiDocument};

use crate::ctx;

/// Endpoints that callers of a light worker rely on.
const LIGHT: [&str; 21] = [
    "GET /assets/{path}",
    "GET /git/status",
    "POST /fs/bundle",
    "POST /fs/delete",
    "POST /fs/edit",
    "POST /fs/exists",
    "POST /fs/grep",
    "POST /fs/ls",
    "POST /fs/read",
    "POST /fs/read_blob",
    "POST /fs/upload_file",
    "POST /fs/write",
    "POST /git/commit",
    "POST /git/init",
    "POST /git/merge/abort",
    "POST /git/merge/complete",
    "POST /git/resolve",
    "POST /lint",
    "POST /runtime/execute",
    "POST /topology/inspect",
    "GET /health",
];
/// Endpoints that callers of a heavy worker rely on.
const HEAVY: [&str; 10] = [
    "POST /benchmark/simulate",
    "POST /benchmark/validate",
    "POST /benchmark/preview",
    "POST /benchmark/validate_and_price",
    "POST /benchmark/analyze",
    "POST /benchmark/validate_costing_and_price",
    "POST /benchmark/submit_plan",
    "POST /benchmark/submit",
    "POST /benchmark/handover",
    "GET /health",
];

/// Generates the document of a running worker into a file and reads it back, as a client generator would.
async fn generate(ctx: &Context, service: Service) -> anyhow::Result<OpenApiDocument> {
    let live: Value = ctx.http().get(format!("{}/openapi.json", ctx.url(service))).send().await?.json().await?;
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(ctx.unique("openapi"));
    fs::create_dir_all(&directory)?;
    let file = directory.join(format!("{}_openapi.json", service.name().replace('-', "_")));
    fs::write(&file, serde_json::to_string_pretty(&live)?)?;
    let read_back = serde_json::from_str(&fs::read_to_string(&file)?)?;
    fs::remove_dir_all(&directory)?;
    OpenApiDocument::new(read_back)
}

fn missing(document: &OpenApiDocument, expected: &[&str]) -> Vec<String> {
    let there = document.operations();
    expected.iter().filter(|wanted| !there.iter().any(|have| have == *wanted)).map(ToString::to_string).collect()
}

#[rstest]
#[case::light(Service::WorkerLight, &LIGHT)]
#[case::heavy(Service::WorkerHeavy, &HEAVY)]
#[tokio::test]
async fn generated_document_holds_every_endpoint(
    #[future(awt)] ctx: Context,
    #[case] service: Service,
    #[case] expected: &[&str],
) -> anyhow::Result<()> {
    let document = generate(&ctx, service).await?;
    assert_eq!(missing(&document, expected), Vec::<String>::new());
    Ok(())
}

#[rstest]
#[case::light(Service::WorkerLight, "worker_light")]
#[case::heavy(Service::WorkerHeavy, "worker_heavy")]
#[case::controller(Service::Controller, "controller")]
#[tokio::test]
async fn operations_match_the_agreed_ones(
    #[future(awt)] ctx: Context,
    #[case] service: Service,
    #[case] name: &str,
) -> anyhow::Result<()> {
    let operations = generate(&ctx, service).await?.operations();
    insta::assert_json_snapshot!(format!("operations_of_{name}"), operations);
    Ok(())
}

/// Two layouts are allowed: one worker that does both, with one document, or two that do not mix.
#[rstest]
#[tokio::test]
async fn worker_documents_do_not_mix(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let light = generate(&ctx, Service::WorkerLight).await?.operations();
    let heavy = generate(&ctx, Service::WorkerHeavy).await?.operations();
    if ctx.url(Service::WorkerLight) == ctx.url(Service::WorkerHeavy) {
        assert_eq!(light, heavy, "one address serves two documents");
        return Ok(());
    }
    assert!(!light.iter().any(|operation| operation.contains("/benchmark/")), "{light:?}");
    assert!(!heavy.iter().any(|operation| operation.contains("/fs/")), "{heavy:?}");
    Ok(())
}

/// The check itself must be able to fail.
#[rstest]
#[tokio::test]
async fn missing_endpoint_is_detected(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let mut document = generate(&ctx, Service::WorkerHeavy).await?.json().clone();
    document["paths"].as_object_mut().expect("paths are an object").remove("/benchmark/simulate");
    let shrunk = OpenApiDocument::new(document)?;
    assert_eq!(missing(&shrunk, &HEAVY), ["POST /benchmark/simulate"]);
    Ok(())
}

//! INT-028 — the API does what its own schema says.
//!
//! Seam: every service's OpenAPI document → its live answers
//! Requirement: each served document is valid OpenAPI 3.1 with references that resolve; good and bad answers of the
//! critical endpoints fit the documented status, content type and schema.

use contract::{
    benchmark::{BenchmarkRequest, PreviewRequest},
    design_source::DesignSource,
    episodes::{Episode, EpisodeQuery, ListEpisodesQuery},
    events::{IngestEventsRequest, ListEventsQuery},
    execution::{ExecuteRequest, InspectTopologyRequest, LintRequest},
    files::{Edit, EditFileRequest, GrepRequest, WriteFileRequest},
    git::{CommitRequest, CompleteMergeRequest, ResolveRequest, ResolveStrategy},
    handover::{HandoverRequest, PlanRequest, SubmitRequest},
    limits::{MAX_EVENTS_PER_CALL, MAX_PAGE_BYTES},
    part_metadata::ManufacturingMethod,
    session::{API_KEY_HEADER, SESSION_HEADER, WORKER_TOKEN_HEADER},
    workbench::{AnalyzeRequest, PriceRequest},
};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Context, Method, Reply, Service, StatusCode, designs, openapi::OpenApiDocument, solutions::Solution};

use crate::ctx;

async fn document(ctx: &Context, service: Service) -> anyhow::Result<OpenApiDocument> {
    let document: Value = ctx.http().get(format!("{}/openapi.json", ctx.url(service))).send().await?.json().await?;
    OpenApiDocument::new(document)
}

#[rstest]
#[case::controller(Service::Controller)]
#[case::controller_worker(Service::ControllerWorker)]
#[case::worker_light(Service::WorkerLight)]
#[case::worker_heavy(Service::WorkerHeavy)]
#[tokio::test]
async fn served_document_is_valid_and_complete(
    #[future(awt)] ctx: Context,
    #[case] service: Service,
) -> anyhow::Result<()> {
    let document = document(&ctx, service).await?;
    let operations = document.operations();
    for own in ["GET /", "GET /health", "GET /ready"] {
        assert!(operations.iter().any(|operation| operation == own), "{service} does not document {own}");
    }
    for (path, item) in document.json()["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            assert!(operation["summary"].is_string(), "{service}: {method} {path} says nothing about itself");
            assert!(operation["responses"].is_object(), "{service}: {method} {path} documents no answer");
        }
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn light_worker_answers_fit_their_schema(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let document = document(&ctx, Service::WorkerLight).await?;
    let session = ctx.session("schema");
    let light = &session.light;
    let file =
        |path: &str, content: &str| WriteFileRequest { path: path.into(), content: content.into(), overwrite: false };
    let execute = |code: &str| ExecuteRequest::text(code, 20);
    let inspect = |target: &str| InspectTopologyRequest { target_id: target.into(), script_path: "script.py".into() };
    let search = GrepRequest { pattern: "bystander".into(), path: None, glob: None };
    let lint = |content: &str| LintRequest { path: None, content: Some(content.into()) };
    let edit = |old: &str, new: &str| EditFileRequest {
        path: "script.py".into(),
        edits: vec![Edit { old_string: old.into(), new_string: new.into() }],
    };
    let expected = [
        ("/fs/write", light.write_file(&file("script.py", &designs::bystander_script())).await?, 200),
        ("/fs/write", light.write_file(&file("script.py", "again")).await?, 409),
        ("/fs/write", light.write_file(&file("/config/x", "no")).await?, 403),
        ("/fs/edit", light.edit_file(&edit("def part", "def a_part")).await?, 200),
        ("/fs/edit", light.edit_file(&edit("def a_part", "def part")).await?, 200),
        ("/fs/read", light.read_file(&"script.py".into()).await?, 200),
        ("/fs/read", light.read_file(&"nowhere.txt".into()).await?, 404),
        ("/fs/ls", light.list_files(&"/".into()).await?, 200),
        ("/fs/exists", light.exists(&"script.py".into()).await?, 200),
        ("/fs/grep", light.grep(&search).await?, 200),
        ("/fs/bundle", light.bundle().await?, 200),
        ("/runtime/execute", light.execute(&execute("print(1)")).await?, 200),
        ("/runtime/execute", light.execute(&execute("1/0")).await?, 200),
        ("/runtime/execute", light.execute(&execute("")).await?, 422),
        ("/lint", light.lint(&lint("import os\n")).await?, 200),
        ("/topology/inspect", light.inspect_topology(&inspect("face_0")).await?, 200),
        ("/topology/inspect", light.inspect_topology(&inspect("face_99")).await?, 200),
        ("/assets/{path}", light.asset("script.py").await?, 200),
        ("/assets/{path}", light.asset("gone.glb").await?, 404),
        ("/git/init", light.git_init().await?, 200),
        ("/git/status", light.git_status().await?, 200),
        ("/fs/edit", light.edit_file(&edit("import", "from")).await?, 400),
        ("/fs/upload_file", light.upload_file("blob.bin", vec![0, 255]).await?, 200),
        ("/fs/read_blob", light.read_blob(&"blob.bin".into()).await?, 200),
        ("/fs/read_blob", light.read_blob(&"gone.bin".into()).await?, 404),
        ("/git/commit", light.git_commit(&CommitRequest { message: "all".into() }).await?, 200),
        ("/fs/delete", light.delete_file(&"script.py".into()).await?, 200),
        ("/fs/delete", light.delete_file(&"script.py".into()).await?, 404),
    ];
    check_all(&document, &expected)?;
    // Without a merge under way these refuse; how is the contract's to say, and the document must.
    let resolve = ResolveRequest { file_path: "blob.bin".into(), strategy: ResolveStrategy::Ours };
    for (path, reply) in [
        ("/git/resolve", light.git_resolve(&resolve).await?),
        ("/git/merge/abort", light.git_merge_abort().await?),
        ("/git/merge/complete", light.git_merge_complete(&CompleteMergeRequest::default()).await?),
    ] {
        assert!(!reply.status.is_server_error(), "{path}: {}", reply.text());
        document.check(path, &reply)?;
    }
    Ok(())
}

/// The controller's worker serves liveness and readiness; the seed names it among the services.
#[rstest]
#[tokio::test]
async fn controller_worker_answers_fit_their_schema(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let document = document(&ctx, Service::ControllerWorker).await?;
    let endpoint = http_reply::Endpoint::new(ctx.url(Service::ControllerWorker), ctx.http().clone());
    let expected = [
        ("/", endpoint.identity().await?, 200),
        ("/health", endpoint.health().await?, 200),
        ("/ready", endpoint.ready().await?, 200),
    ];
    check_all(&document, &expected)
}

#[rstest]
#[tokio::test]
async fn heavy_worker_answers_fit_their_schema(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let document = document(&ctx, Service::WorkerHeavy).await?;
    let session = ctx.session("schema");
    session.must_hold(&designs::ball_above_goal()).await;
    let unpriced = session.heavy.simulate(&BenchmarkRequest::default()).await?;
    session.must_be_priced().await;
    let broken = |script: &str| {
        let mut request = BenchmarkRequest::default();
        request.design.script_content = Some(script.into());
        request
    };
    let over_the_top = PreviewRequest { pitch: 91.0, ..PreviewRequest::default() };
    let good = BenchmarkRequest::default();
    let price = PriceRequest::default();
    let too_many = json!({ "quantity": 0 });
    let headers = [(SESSION_HEADER, session.id.as_str())];
    let nothing_left =
        session.heavy.call(Method::POST, "/benchmark/validate_and_price", &headers, Some(&too_many)).await?;
    let analysis = AnalyzeRequest { design: DesignSource::default(), method: ManufacturingMethod::Cnc, quantity: 3 };
    let solved = ctx.session("schema-solution");
    let solution = Solution::bracket();
    solved.must_hold(&solution).await;
    solved.must_be_valid().await;
    solved.must_be_priced().await;
    let benchmark = ctx.bystander().await;
    let sound = HandoverRequest { benchmark_session_id: benchmark.id.parse()? };
    let receiver = ctx.session("schema-receiver");
    let itself = HandoverRequest { benchmark_session_id: solved.id.parse()? };
    let planned = PlanRequest::default();
    let expected = [
        ("/benchmark/simulate", unpriced, 200),
        ("/benchmark/validate_and_price", session.heavy.validate_and_price(&price).await?, 200),
        ("/benchmark/validate_and_price", nothing_left, 422),
        ("/benchmark/validate_and_price", solved.heavy.validate_and_price(&price).await?, 200),
        ("/benchmark/analyze", solved.heavy.analyze(&analysis).await?, 200),
        ("/benchmark/validate_costing_and_price", session.heavy.validate_costing_and_price().await?, 200),
        ("/benchmark/validate_costing_and_price", solved.heavy.validate_costing_and_price().await?, 200),
        ("/benchmark/submit_plan", session.heavy.submit_plan(&planned).await?, 200),
        ("/benchmark/submit_plan", solved.heavy.submit_plan(&planned).await?, 200),
        ("/benchmark/submit", session.heavy.submit(&SubmitRequest::default()).await?, 200),
        ("/benchmark/submit", solved.heavy.submit(&SubmitRequest::default()).await?, 200),
        ("/benchmark/handover", session.heavy.handover(&itself).await?, 200),
        ("/benchmark/handover", receiver.heavy.handover(&sound).await?, 200),
        ("/benchmark/validate", session.heavy.validate(&good).await?, 200),
        ("/benchmark/validate", session.heavy.validate(&broken("def build(:")).await?, 200),
        ("/benchmark/simulate", session.heavy.simulate(&good).await?, 200),
        ("/benchmark/simulate", session.heavy.simulate(&broken("x = 1")).await?, 200),
        ("/benchmark/preview", session.heavy.preview(&PreviewRequest::default()).await?, 200),
        ("/benchmark/preview", session.heavy.preview(&over_the_top).await?, 422),
    ];
    check_all(&document, &expected)
}

#[rstest]
#[tokio::test]
async fn controller_answers_fit_their_schema(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let document = document(&ctx, Service::Controller).await?;
    let controller = ctx.controller();
    let nobody = uuid::Uuid::new_v4();
    let run = json!({ "task": "schema", "session_id": ctx.unique("schema"), "unknown_field": 1 });
    let started = controller.agent_run_json(&run).await?;
    let id = started.json()["episode_id"].as_str().unwrap_or_default().to_owned();
    let episode = controller.episode(&id).await?.json();
    let expected = [
        ("/agent/run", started, 202),
        ("/agent/run", controller.agent_run_json(&json!({ "task": 3, "session_id": "x" })).await?, 422),
        ("/agent/run", controller.agent_run_json(&json!({ "task": "nul \0", "session_id": "x" })).await?, 422),
        ("/episodes/{id}", controller.episode(&id).await?, 200),
        ("/episodes/{id}", controller.episode(nobody).await?, 404),
        ("/episodes/{id}", controller.episode("not-a-uuid").await?, 422),
        ("/episodes/", controller.list_episodes(&ListEpisodesQuery { limit: 3, offset: 0 }).await?, 200),
        ("/episodes/{id}/events", controller.ingest_events(&id, &one_event("schema")).await?, 200),
        ("/episodes/{id}/events", controller.ingest_events(&id, &one_event("")).await?, 422),
        ("/episodes/{id}/events", controller.ingest_events(nobody, &one_event("schema")).await?, 404),
        ("/episodes/{id}/events", controller.events(&id, &ListEventsQuery::default()).await?, 200),
        ("/episodes/{id}/events", controller.events(nobody, &ListEventsQuery::default()).await?, 404),
        ("/episodes/{id}", controller.delete_episode(&id).await?, 200),
        ("/episodes/{id}", controller.delete_episode(&id).await?, 404),
        ("/health", controller.health().await?, 200),
        ("/ready", controller.ready().await?, 200),
    ];
    for field in ["journal", "plan", "todo_list", "template_versions", "validation_logs", "skill_git_hash"] {
        assert_eq!(episode.get(field), Some(&Value::Null), "{field} is left out or made up: {episode}");
    }
    assert_eq!(episode.get("assets"), Some(&json!([])), "{episode}");
    let trace = episode["traces"].get(0).expect("an episode begins with a trace");
    for field in ["langfuse_trace_id", "feedback_score", "feedback_comment"] {
        assert_eq!(trace.get(field), Some(&Value::Null), "{field} is left out or made up: {trace}");
    }
    check_all(&document, &expected)
}

/// What callers send, and what is stored, must not decide what a service holds in memory at a time.
#[rstest]
#[tokio::test]
async fn events_and_traces_travel_in_bounded_portions(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let controller = ctx.controller();
    let run = serde_json::from_value(json!({ "task": "count", "session_id": ctx.unique("bulk") }))?;
    let id = controller.must_make_test_episode(&run).await;
    let events = |count: usize, size: usize| {
        let event = json!({ "event_type": "bulk", "text": "x".repeat(size) });
        vec![event.as_object().expect("an object").clone(); count]
    };

    let too_many = IngestEventsRequest { events: events(MAX_EVENTS_PER_CALL + 1, 1) };
    let refused = controller.ingest_events(id, &too_many).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    assert!(refused.text().contains("more than 10000 events"), "the limit is not named: {}", refused.text());
    assert_eq!(controller.must_ingest_events(id, events(MAX_EVENTS_PER_CALL, 1)).await, 10_000);
    // Together more than one answer holds.
    let large = MAX_PAGE_BYTES as usize / 3;
    assert_eq!(controller.must_ingest_events(id, events(5, large)).await, 5);

    let stored = controller.must_events(id).await;
    let bulk = stored.iter().filter(|event| event.event_type == "bulk").count();
    assert_eq!(bulk, MAX_EVENTS_PER_CALL + 5, "pages lose or repeat events");

    let (mut seen, mut query, mut largest) = (Vec::new(), EpisodeQuery::default(), 0);
    loop {
        let reply = controller.episode_page(id, &query).await?;
        largest = largest.max(reply.text().len());
        let page: Episode = reply.expect(StatusCode::OK)?;
        seen.extend(page.traces.iter().map(|trace| trace.id));
        let Some(last) = page.more_traces_after else { break };
        query.after_trace_id = last;
    }
    assert!(seen.is_sorted() && seen.len() >= bulk, "{} traces of {bulk} events", seen.len());
    // A trace travels with its own fields beside content and data.
    assert!(largest < 2 * MAX_PAGE_BYTES as usize, "an answer holds {largest} bytes");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn reviews_and_catalogue_answers_fit_their_schema(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let document = document(&ctx, Service::Controller).await?;
    let controller = ctx.controller();
    let nobody = uuid::Uuid::new_v4();
    let run = serde_json::from_value(json!({ "task": "schema", "session_id": ctx.unique("schema") }))?;
    let made = controller.make_test_episode(&run).await?;
    let id = made.json()["episode_id"].as_str().unwrap_or_default().to_owned();
    let refusal = json!({ "reason": "against physics", "evidence": ["the ball would have to fall upwards"] });
    let confirmed =
        "---\ndecision: confirm_plan_refusal\nevidence: {images_viewed: 0, files_checked: [plan.md]}\n---\n";
    let expected = [
        ("/test/episodes", made, 201),
        ("/episodes/{id}/review", controller.review(&id, "no frontmatter").await?, 422),
        ("/episodes/{id}/review", controller.review(nobody, confirmed).await?, 404),
        ("/episodes/{id}/refuse-plan", controller.refuse_plan(&id, &json!({ "reason": "no proof" })).await?, 422),
        ("/episodes/{id}/refuse-plan", controller.refuse_plan(&id, &refusal).await?, 201),
        ("/episodes/{id}/refuse-plan", controller.refuse_plan(&id, &refusal).await?, 409),
        ("/episodes/{id}/review", controller.review(&id, confirmed).await?, 200),
        ("/episodes/{id}/reviews", controller.reviews(&id).await?, 200),
        ("/episodes/{id}/reviews", controller.reviews(nobody).await?, 404),
        ("/episodes/{id}/refusals", controller.refusals(&id).await?, 200),
        ("/cots/search", controller.cots_search(&json!({ "q": "M3 screw" })).await?, 200),
        ("/cots/search", controller.cots_search(&json!({ "q": "M3 screw", "max_cost": 0.0 })).await?, 200),
        ("/cots/search", controller.cots_search(&json!({ "q": "" })).await?, 422),
        ("/cots/search", controller.cots_search(&json!({ "q": "screw", "episode_id": nobody })).await?, 404),
        ("/cots/metadata", controller.cots_metadata().await?, 200),
    ];
    check_all(&document, &expected)
}

fn one_event(name: &str) -> IngestEventsRequest {
    let event = json!({ "event_type": name }).as_object().cloned().unwrap_or_default();
    IngestEventsRequest { events: vec![event] }
}

fn check_all(document: &OpenApiDocument, answers: &[(&str, Reply, u16)]) -> anyhow::Result<()> {
    for (path, reply, status) in answers {
        assert_eq!(reply.status.as_u16(), *status, "{} {path}: {}", reply.method, reply.text());
        document.check(path, reply)?;
    }
    Ok(())
}

/// The check itself must be able to fail: a document that promises something else refuses a live answer.
#[rstest]
#[tokio::test]
async fn drift_between_document_and_answer_is_seen(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let live = document(&ctx, Service::WorkerLight).await?;
    let mut drifted = live.json().clone();
    drifted["components"]["schemas"]["Health"]["required"] = json!(["status", "uptime"]);
    let answer = ctx.session("drift").light.health().await?;
    live.check("/health", &answer)?;
    let refusal = OpenApiDocument::new(drifted)?.check("/health", &answer).expect_err("drift went unseen");
    assert!(refusal.to_string().contains("uptime"), "{refusal}");
    Ok(())
}

#[rstest]
#[case::unknown_route(Service::WorkerLight, Method::POST, "/fs/nothing", StatusCode::NOT_FOUND)]
#[case::wrong_method(Service::WorkerLight, Method::GET, "/fs/ls", StatusCode::METHOD_NOT_ALLOWED)]
#[case::unknown_route_heavy(Service::WorkerHeavy, Method::POST, "/benchmark/nothing", StatusCode::NOT_FOUND)]
#[case::unknown_route_controller(Service::Controller, Method::GET, "/nothing", StatusCode::NOT_FOUND)]
#[tokio::test]
async fn unknown_routes_return_a_problem(
    #[future(awt)] ctx: Context,
    #[case] service: Service,
    #[case] method: Method,
    #[case] path: &str,
    #[case] status: StatusCode,
) -> anyhow::Result<()> {
    let key = ctx.descriptor().api_key.clone().unwrap_or_default();
    let token = ctx.descriptor().worker_token.clone().unwrap_or_default();
    let request = ctx.http().request(method, format!("{}{path}", ctx.url(service)));
    let request = request.header(SESSION_HEADER, "any").header(API_KEY_HEADER, key).header(WORKER_TOKEN_HEADER, token);
    let answer = request.send().await?;
    assert_eq!(answer.status(), status);
    assert!(answer.json::<Value>().await?["detail"].is_string());
    Ok(())
}

/// A body as it is sent, with the type that it says it has.
type Sent = (Option<&'static str>, &'static str);

const JSON: Option<&str> = Some("application/json");

#[rstest]
#[case::empty("/fs/ls", (JSON, ""), StatusCode::UNPROCESSABLE_ENTITY)]
#[case::empty_without_a_type("/fs/ls", (None, ""), StatusCode::UNPROCESSABLE_ENTITY)]
#[case::list_for_an_object("/fs/write", (JSON, r#"["a.txt", "hello", true]"#), StatusCode::UNPROCESSABLE_ENTITY)]
#[case::list_inside("/fs/edit", (JSON, r#"{"path": "a", "edits": [["x", "y"]]}"#), StatusCode::UNPROCESSABLE_ENTITY)]
#[case::object_for_a_name(
    "/git/resolve",
    (JSON, r#"{"file_path": "a", "strategy": {"ours": null}}"#),
    StatusCode::UNPROCESSABLE_ENTITY
)]
#[case::text("/fs/ls", (Some("text/plain"), "{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE)]
#[case::form("/fs/ls", (Some("application/x-www-form-urlencoded"), "{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE)]
#[case::without_a_type("/fs/ls", (None, "{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE)]
#[case::json_for_a_form("/fs/upload_file", (JSON, "{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE)]
#[case::what_fits("/fs/ls", (Some("application/json; charset=utf-8"), "{}"), StatusCode::OK)]
#[tokio::test]
async fn body_violating_the_document_is_refused(
    #[future(awt)] ctx: Context,
    #[case] path: &str,
    #[case] (kind, body): Sent,
    #[case] status: StatusCode,
) -> anyhow::Result<()> {
    let token = ctx.descriptor().worker_token.clone().unwrap_or_default();
    let request = ctx.http().post(format!("{}{path}", ctx.url(Service::WorkerLight))).body(body);
    let request = request.header(SESSION_HEADER, ctx.unique("bodies")).header(WORKER_TOKEN_HEADER, token);
    let request = match kind {
        Some(kind) => request.header("content-type", kind),
        None => request,
    };
    let answer = request.send().await?;
    assert_eq!(answer.status(), status, "{}", answer.text().await?);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn body_over_the_limit_is_too_large_everywhere(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("large");
    let content = "x".repeat(64 * 1024 * 1024);
    let form = session.light.upload_file("large.txt", content.clone().into_bytes()).await?;
    assert_eq!(form.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", form.text());
    let json = WriteFileRequest { path: "large.txt".into(), content, overwrite: false };
    let json = session.light.write_file(&json).await?;
    assert_eq!(json.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", json.text());
    Ok(())
}

#[rstest]
#[tokio::test]
async fn document_states_limits_of_optional_fields(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let controller = document(&ctx, Service::Controller).await?;
    let schemas = &controller.json()["components"]["schemas"];
    let timeout = &schemas["EpisodeMetadata"]["properties"]["script_timeout_s"];
    assert_eq!((&timeout["minimum"], &timeout["maximum"]), (&json!(1), &json!(300)));
    assert!(schemas["AgentRunRequest"]["properties"]["session_id"]["pattern"].is_string());
    let events = &schemas["IngestEventsRequest"]["properties"]["events"]["items"];
    assert_eq!(events["required"], json!(["event_type"]));
    let heavy = document(&ctx, Service::WorkerHeavy).await?;
    let request = &heavy.json()["components"]["schemas"]["BenchmarkRequest"]["properties"];
    assert_eq!(request["script_content"]["minLength"], json!(1));
    assert_eq!((&request["num_seeds"]["minimum"], &request["num_seeds"]["maximum"]), (&json!(1), &json!(64)));
    let text = heavy.json().to_string();
    assert!(text.contains("A-Za-z0-9_-"), "the names of sessions are not described");
    Ok(())
}

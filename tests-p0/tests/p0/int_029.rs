//! INT-029 — services ask who calls.
//!
//! Seam: caller → controller, workers
//! Requirement: every protected route refuses a missing or wrong key with 401 before it does anything, and takes the
//! right one; liveness, readiness and the API's description need none. Workers ask for their own secret in the same
//! way. No service answers a web page of somebody else.

use contract::session::{API_KEY_HEADER, SESSION_HEADER, WORKER_TOKEN_HEADER};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Context, Method, Service, StatusCode, openapi::OpenApiDocument};

use crate::ctx;

const OPEN: [&str; 5] = ["/", "/health", "/ready", "/openapi.json", "/docs"];

async fn protected_operations(ctx: &Context, service: Service) -> anyhow::Result<Vec<(Method, String)>> {
    let url = format!("{}/openapi.json", ctx.url(service));
    let document = OpenApiDocument::new(ctx.http().get(url).send().await?.json().await?)?;
    let operations = document.operations().into_iter().filter_map(|operation| {
        let (method, path) = operation.split_once(' ')?;
        let path = path.replace("{id}", &uuid::Uuid::new_v4().to_string()).replace("{path}", "script.py");
        (!OPEN.contains(&path.as_str())).then(|| Some((method.parse().ok()?, path)))?
    });
    Ok(operations.collect())
}

#[rstest]
#[case::missing(None)]
#[case::empty(Some(""))]
#[case::wrong(Some("not the key"))]
#[case::prefix_of_the_key(Some("{prefix}"))]
#[case::key_and_more(Some("{key}x"))]
#[tokio::test]
async fn every_protected_route_requires_the_key(
    #[future(awt)] ctx: Context,
    #[case] given: Option<&str>,
) -> anyhow::Result<()> {
    let key = ctx.descriptor().api_key.clone().expect("a stack of ours has a key");
    let given = given.map(|text| text.replace("{prefix}", &key[..key.len() - 1]).replace("{key}", &key));
    let operations = protected_operations(&ctx, Service::Controller).await?;
    assert!(operations.len() >= 4, "only {operations:?} are documented");
    for (method, path) in operations {
        let request = ctx.http().request(method.clone(), format!("{}{path}", ctx.url(Service::Controller)));
        let request = request.json(&json!({ "task": "intrude", "session_id": ctx.unique("intruder") }));
        let request = match &given {
            Some(key) => request.header(API_KEY_HEADER, key),
            None => request,
        };
        let answer = request.send().await?;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path} took {given:?}");
        let body: Value = answer.json().await?;
        assert!(body["detail"].as_str().is_some_and(|text| text.contains(API_KEY_HEADER)), "{body}");
        assert!(!body.to_string().contains(&key), "the refusal reveals the key");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn refused_run_leaves_no_episode(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.unique("intruder");
    let run = json!({ "task": "intrude", "session_id": session });
    let refused = ctx.controller().with_api_key(Some("not the key")).agent_run_json(&run).await?;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);

    let everything = contract::episodes::ListEpisodesQuery { limit: 1000, offset: 0 };
    let episodes = ctx.controller().must_list_episodes(&everything).await;
    let ours = |episode: &contract::episodes::Episode| {
        episode.metadata_vars.as_ref().and_then(|vars| vars.worker_session_id.as_deref()) == Some(&session)
    };
    assert!(!episodes.iter().any(ours), "the refused call made an episode");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn correct_key_is_accepted(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let answer = ctx.controller().episode(uuid::Uuid::new_v4()).await?;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "past the door, the route itself answers: {}", answer.text());
    let started = ctx.controller().agent_run_json(&json!({ "task": "t", "session_id": ctx.unique("guest") })).await?;
    assert_eq!(started.status, StatusCode::ACCEPTED, "{}", started.text());
    Ok(())
}

#[rstest]
#[tokio::test]
async fn open_routes_need_no_key(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    for path in OPEN {
        let answer = ctx.http().get(format!("{}{path}", ctx.url(Service::Controller))).send().await?;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    Ok(())
}

#[rstest]
#[case::light(Service::WorkerLight)]
#[case::heavy(Service::WorkerHeavy)]
#[tokio::test]
async fn worker_refuses_without_its_secret(
    #[future(awt)] ctx: Context,
    #[case] service: Service,
) -> anyhow::Result<()> {
    let token = ctx.descriptor().worker_token.clone().expect("workers of a stack of ours ask for a secret");
    let operations = protected_operations(&ctx, service).await?;
    assert!(operations.len() >= 9, "only {operations:?} are documented");
    let wrong = [None, Some(String::new()), Some(token[1..].to_owned()), Some(format!("{token}x"))];
    for ((method, path), given) in operations.iter().flat_map(|one| wrong.iter().map(move |given| (one, given))) {
        let request = ctx.http().request(method.clone(), format!("{}{path}", ctx.url(service)));
        let request = request.header(SESSION_HEADER, ctx.unique("intruder")).json(&json!({}));
        let request = match given {
            Some(given) => request.header(WORKER_TOKEN_HEADER, given),
            None => request,
        };
        let answer = request.send().await?;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path} took {given:?}");
        let body = answer.text().await?;
        assert!(body.contains(WORKER_TOKEN_HEADER) && !body.contains(&token), "{body}");
    }
    for path in OPEN {
        let answer = ctx.http().get(format!("{}{path}", ctx.url(service))).send().await?;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    Ok(())
}

#[rstest]
#[case::controller(Service::Controller, "/episodes/")]
#[case::light(Service::WorkerLight, "/git/status")]
#[case::heavy(Service::WorkerHeavy, "/benchmark/validate")]
#[tokio::test]
async fn foreign_pages_are_kept_out(
    #[future(awt)] ctx: Context,
    #[case] service: Service,
    #[case] path: &str,
) -> anyhow::Result<()> {
    let (key, token) = (ctx.descriptor().api_key.clone(), ctx.descriptor().worker_token.clone());
    let ask = |method: Method, name: &'static str, value: String| {
        let request = ctx.http().request(method, format!("{}{path}", ctx.url(service))).header(name, value);
        let request = request.header(API_KEY_HEADER, key.clone().unwrap_or_default());
        let request = request.header(WORKER_TOKEN_HEADER, token.clone().unwrap_or_default());
        request.header(SESSION_HEADER, ctx.unique("page")).send()
    };
    for (name, value) in [("origin", "http://evil.example"), ("origin", "null"), ("host", "evil.example")] {
        let refused = ask(Method::GET, name, value.to_owned()).await?;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    // What a browser asks before it sends a page's request: no answer may let the page in.
    let asked = ask(Method::OPTIONS, "origin", "http://evil.example".to_owned()).await?;
    assert!(!asked.headers().contains_key("access-control-allow-origin"), "{asked:?}");
    let own = ask(Method::GET, "origin", ctx.url(service)).await?;
    assert_ne!(own.status(), StatusCode::FORBIDDEN, "the service's own page is kept out");
    Ok(())
}

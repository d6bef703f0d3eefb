//! INT-002 — agents' code runs on the worker and nowhere else.
//!
//! Seam: controller → Temporal → controller-worker → worker-light
//! Requirement: an episode started over the public API executes its script in the worker's session; its outcome is
//! stored; without the worker nothing executes it, the controller least of all.

use contract::episodes::{AgentRunRequest, Episode, EpisodeMetadata, EpisodeStatus, TraceType};
use rstest::rstest;
use serde_json::json;
use testkit::{Context, ControllerClient, EventLog, Fault, LONG, Service, StatusCode, wait_for};
use uuid::Uuid;

use crate::{ctx, private_ctx};

/// Leaves traces of where it ran: a file in its working directory, an event, a line of output.
const SCRIPT: &str = "\
from shared.observability.events import emit_event
open('proof.txt', 'w').write('ran here')
emit_event('library_usage', module_name='proof', usage_type='new', path='proof.txt')
print('hello from the script')
";

fn run_request(session: &str) -> AgentRunRequest {
    AgentRunRequest {
        task: "leave a proof".into(),
        session_id: session.into(),
        metadata_vars: Some(EpisodeMetadata { script_timeout_s: Some(5), ..EpisodeMetadata::default() }),
        skill_git_hash: None,
        agent_name: "engineer_coder".into(),
    }
}

/// Tells what only the process that runs it can see: its secrets, its mounts, its working directory.
const WITNESS: &str = "\
import os
from shared.observability.events import emit_event
emit_event(
    'library_usage', module_name='witness', usage_type='new', path='script.py',
    environment=sorted(f'{name}={value}' for name, value in os.environ.items()),
    mounts=[name for name in ('utils', 'skills', 'reviews', 'config') if os.path.isdir('/' + name)],
    here=os.getcwd(),
)
";

async fn ended(controller: &ControllerClient, id: Uuid) -> Episode {
    let look = || controller.must_episode(id);
    wait_for("the episode to end", LONG, look, |episode| episode.status.is_terminal()).await
}

#[rstest]
#[tokio::test]
async fn episode_runs_its_script_in_the_workers_session(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (session, controller) = (ctx.session("worker"), ctx.controller());
    session.light.must_write_file("script.py", SCRIPT).await;

    let id = controller.must_agent_run(&run_request(&session.id)).await;
    let episode = ended(&controller, id).await;

    assert_eq!(episode.status, EpisodeStatus::Completed, "{episode:#?}");
    assert_eq!(session.light.must_read_file("proof.txt").await, "ran here");
    let states: Vec<_> = episode.transitions.iter().map(|transition| transition.status).collect();
    assert_eq!(states, [EpisodeStatus::Queued, EpisodeStatus::Running, EpisodeStatus::Completed]);
    assert!(episode.transitions.is_sorted_by_key(|transition| transition.at), "{:?}", episode.transitions);
    let tool_ends: Vec<_> = episode.traces.iter().filter(|trace| trace.trace_type == TraceType::ToolEnd).collect();
    assert_eq!(tool_ends.len(), 1, "one script was executed: {:#?}", episode.traces);
    let events = EventLog::from_stored(&controller.must_events(id).await);
    assert_eq!(events.the_one("library_usage")["module_name"], "proof");

    let row = ctx.database().await?.episode(id).await?.expect("the episode is stored");
    assert_eq!(row.status, "completed");
    assert_eq!(row.workflow_id, episode.workflow_id);
    assert!(row.workflow_id.is_some_and(|workflow| workflow.contains(&id.to_string())));
    Ok(())
}

/// Positive evidence of who executed: the script sees what a worker gives to its scripts (mounts, package, the session's
/// folder), and nothing of what the controller and its worker hold. A controller that fetches the script and runs it by
/// itself has none of the one and all of the other.
#[rstest]
#[tokio::test]
async fn script_sees_a_worker_around_it(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (session, controller) = (ctx.session("witness"), ctx.controller());
    session.light.must_write_file("script.py", WITNESS).await;

    let id = controller.must_agent_run(&run_request(&session.id)).await;
    let episode = ended(&controller, id).await;

    assert_eq!(episode.status, EpisodeStatus::Completed, "{episode:#?}");
    let events = EventLog::from_stored(&controller.must_events(id).await);
    let seen = events.the_one("library_usage");
    assert_eq!(seen["mounts"], json!(["utils", "skills", "reviews", "config"]), "no worker's mounts: {seen:?}");
    assert!(seen["here"].as_str().is_some_and(|here| here.ends_with(&session.id)), "not in its session: {seen:?}");
    let environment = seen["environment"].to_string();
    let descriptor = ctx.descriptor();
    let store = descriptor.object_store.as_ref();
    let secrets = [&descriptor.api_key, &descriptor.postgres_url, &store.map(|store| store.secret_key.clone())];
    for secret in secrets.into_iter().flatten() {
        assert!(!environment.contains(secret), "the script sees a secret of the controller");
    }
    Ok(())
}

#[rstest]
#[case::error_of_its_own("raise ValueError('the shaft is too long')", "the shaft is too long")]
#[case::exit_code("import sys; sys.exit(3)", "exit code 3")]
#[case::endless_loop("while True: pass", "time limit of 5 s")]
#[case::memory_hog("hog = bytearray(1 << 40)", "more memory than its limit")]
#[case::fork_bomb("import os\nwhile True: os.fork()", "tried to start a process")]
#[case::network("import socket; socket.create_connection(('127.0.0.1', 80))", "network")]
#[tokio::test]
async fn failing_script_fails_its_episode_with_the_reason(
    #[future(awt)] ctx: Context,
    #[case] code: &str,
    #[case] reason: &str,
) -> anyhow::Result<()> {
    let (session, controller) = (ctx.session("worker"), ctx.controller());
    session.light.must_write_file("script.py", code).await;

    let id = controller.must_agent_run(&run_request(&session.id)).await;
    let episode = ended(&controller, id).await;

    assert_eq!(episode.status, EpisodeStatus::Failed);
    let stored = episode.failure_reason.unwrap_or_default();
    assert!(stored.contains(reason), "the reason {stored:?} does not say {reason:?}");
    let afterwards = session.light.must_execute("print(6 * 7)", 20).await;
    assert_eq!(afterwards.stdout.trim(), "42", "the worker does not work any more: {afterwards:?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn episode_without_a_script_fails_and_names_the_file(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let controller = ctx.controller();
    let id = controller.must_agent_run(&run_request(&ctx.unique("empty"))).await;
    let episode = ended(&controller, id).await;
    assert_eq!(episode.status, EpisodeStatus::Failed);
    assert!(episode.failure_reason.clone().unwrap_or_default().contains("script.py"), "{episode:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn nothing_executes_the_script_while_the_worker_is_gone(
    #[future(awt)] private_ctx: Context,
) -> anyhow::Result<()> {
    let ctx = private_ctx;
    let (session, controller) = (ctx.session("worker"), ctx.controller());
    session.light.must_write_file("script.py", SCRIPT).await;
    ctx.stack().fault(Service::WorkerLight, Fault::Stop).await?;

    let id = controller.must_agent_run(&run_request(&session.id)).await;
    let episode = ended(&controller, id).await;

    assert_eq!(episode.status, EpisodeStatus::Failed, "somebody else executed the script: {episode:#?}");
    assert!(episode.failure_reason.is_some());
    ctx.stack().fault(Service::WorkerLight, Fault::Restart).await?;
    let proof = session.light.read_file(&"proof.txt".into()).await?;
    assert_eq!(proof.status, StatusCode::NOT_FOUND, "the script ran although its worker was stopped");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn run_with_a_session_that_is_no_directory_name_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let refused = ctx.controller().agent_run(&run_request("../elsewhere")).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("session_id"), "{}", refused.text());
    Ok(())
}

/// Longer than a path can be, and more than Temporal takes: told to the caller, not left to the workflow's start.
#[rstest]
#[tokio::test]
async fn script_path_beyond_any_path_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let mut request = run_request(&ctx.unique("far"));
    request.metadata_vars = Some(EpisodeMetadata { script_path: Some("a".repeat(5 << 20)), ..Default::default() });
    let refused = ctx.controller().agent_run(&request).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    assert!(refused.text().contains("script_path"), "{}", refused.text());
    Ok(())
}

/// The database fails at documents with some ten millions of values.
#[rstest]
#[tokio::test]
async fn metadata_beyond_what_is_stored_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let numbers = vec![1; 1_000_000];
    let body = json!({ "task": "count", "session_id": ctx.unique("bulk"), "metadata_vars": { "numbers": numbers } });
    let refused = ctx.controller().agent_run_json(&body).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    assert!(refused.text().contains("at most 1000000"), "{}", refused.text());
    Ok(())
}

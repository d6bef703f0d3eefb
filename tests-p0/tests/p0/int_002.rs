//! INT-002 — agents' code runs on the worker and nowhere else.
//!
//! Seam: controller → Temporal → controller-worker → worker-light
//! Requirement: an episode started over the public API executes its script in the worker's session; its outcome is
//! stored; without the worker nothing executes it, the controller least of all. Waiting for the worker, and the loss of
//! whoever carries the episode, cost neither the episode nor an event.

use std::time::{SystemTime, UNIX_EPOCH};

use contract::{
    episodes::{AgentRunRequest, Episode, EpisodeMetadata, ListEpisodesQuery, TraceType},
    lifecycle::EpisodeStatus,
};
use futures::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{
    Changed, Context, ControllerClient, EventLog, Fault, LONG, Seen, Service, Session, StatusCode, unix_time, wait_for,
};
use uuid::Uuid;

use crate::ctx;

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

/// Reports what only the process that runs it can see: its secrets, its mounts, its working directory.
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
async fn script_runs_in_a_worker_environment(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
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
async fn endless_script_is_ended_at_its_limit(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (session, controller) = (ctx.session("worker"), ctx.controller());
    session.light.must_write_file("script.py", "while True: pass").await;
    let limit = EpisodeMetadata { script_timeout_s: Some(1), ..EpisodeMetadata::default() };
    let request = AgentRunRequest { metadata_vars: Some(limit), ..run_request(&session.id) };

    let id = controller.must_agent_run(&request).await;
    let episode = ended(&controller, id).await;

    let reason = episode.failure_reason.unwrap_or_default();
    assert!(episode.status == EpisodeStatus::Failed && reason.contains("time limit of 1 s"), "{reason:?}");
    let afterwards = session.light.must_execute("print(6 * 7)", 20).await;
    assert_eq!(afterwards.stdout.trim(), "42", "the worker does not work any more: {afterwards:?}");
    Ok(())
}

/// The task alone starts nothing as long as the stack runs no agents; the reason says so, and what is missing.
#[rstest]
#[tokio::test]
async fn episode_without_a_script_fails_and_names_the_file(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let controller = ctx.controller();
    let id = controller.must_agent_run(&run_request(&ctx.unique("empty"))).await;
    let episode = ended(&controller, id).await;
    assert_eq!(episode.status, EpisodeStatus::Failed);
    let reason = episode.failure_reason.clone().unwrap_or_default();
    for part in ["script.py", "no agents", "metadata_vars.script_path"] {
        assert!(reason.contains(part), "{part:?} is missing: {episode:#?}");
    }
    Ok(())
}

/// Now, in seconds since 1970, as events carry it.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs_f64()
}

/// Tells when it has begun, writes numbered events, and takes its time when it runs first.
fn slow_script(seconds: u32) -> String {
    format!(
        "from shared.observability.events import emit_event\n\
         import time\n\
         for step in range(3):\n    emit_event('step', step=step)\n\
         open('begun.txt', 'a').write('x')\n\
         time.sleep({seconds} if open('begun.txt').read() == 'x' else 0)\n\
         open('proof.txt', 'w').write('ran here')\n"
    )
}

async fn begun(session: &Session, times: usize) {
    let look = || async {
        let reply = session.light.read_file(&"begun.txt".into()).await.expect("the worker answers");
        reply.json()["content"].as_str().unwrap_or_default().len()
    };
    wait_for("the script to begin", LONG, look, |length| *length >= times).await;
}

fn slow_request(session: &Session) -> AgentRunRequest {
    let metadata_vars = Some(EpisodeMetadata { script_timeout_s: Some(120), ..EpisodeMetadata::default() });
    AgentRunRequest { metadata_vars, ..run_request(&session.id) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Review,
    Deletion,
}

#[rstest]
#[case::review(End::Review)]
#[case::deletion(End::Deletion)]
#[tokio::test]
async fn script_ends_with_its_episode(#[future(awt)] ctx: Context, #[case] end: End) -> anyhow::Result<()> {
    let (session, controller) = (ctx.session("worker"), ctx.controller());
    session.light.must_write_file("script.py", &slow_script(100)).await;
    let id = controller.must_agent_run(&slow_request(&session)).await;
    begun(&session, 1).await;

    match end {
        End::Review => {
            let head = "decision: approved\nevidence: {images_viewed: 1, files_checked: [script.py]}";
            controller.must_review(id, &format!("---\n{head}\n---\nGood.\n")).await;
        }
        End::Deletion => controller.must_delete_episode(id).await,
    }

    // The session is free for the next run only when the episode's run has ended, which takes 100 s by itself.
    let next = session.light.must_execute("print(6 * 7)", 20).await;
    assert_eq!(next.stdout.trim(), "42", "{next:?}");
    let proof = session.light.read_file(&"proof.txt".into()).await?;
    assert_eq!(proof.status, StatusCode::NOT_FOUND, "the script ran to its end");
    if end == End::Review {
        let episode = controller.must_episode(id).await;
        assert_eq!(episode.status, EpisodeStatus::Completed, "the verdict was not kept: {episode:#?}");
    }
    Ok(())
}

fn steps(events: &EventLog) -> Vec<Value> {
    events.of_type("step").iter().map(|event| event["step"].clone()).collect()
}

#[rstest]
#[tokio::test]
async fn run_with_an_invalid_session_id_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let refused = ctx.controller().agent_run(&run_request("../elsewhere")).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("session_id"), "{}", refused.text());
    Ok(())
}

/// Longer than a path can be, and more than Temporal takes: reported to the caller, not left to the workflow's start.
#[rstest]
#[tokio::test]
async fn overlong_script_path_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
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
async fn metadata_over_the_storage_limit_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let numbers = vec![1; 1_000_000];
    let body = json!({ "task": "count", "session_id": ctx.unique("bulk"), "metadata_vars": { "numbers": numbers } });
    let refused = ctx.controller().agent_run_json(&body).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    assert!(refused.text().contains("at most 1000000"), "{}", refused.text());
    Ok(())
}

/// Says that it has begun, and writes an event before and after a pause.
const SLOW_SCRIPT: &str = "\
import time
from shared.observability.events import emit_event
emit_event('simulation_result', source='worker-heavy', success=True)
open('begun.txt', 'w').write('begun')
time.sleep(20)
";

#[rstest]
#[tokio::test]
async fn abandoned_run_leaves_no_events_to_the_next(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("abandoned");
    let begun = async {
        let look = || session.light.must_exist_or_not("begun.txt");
        wait_for("the run to begin", LONG, look, |begun| *begun).await
    };
    tokio::select! {
        run = session.light.must_execute(SLOW_SCRIPT, 60) => panic!("the run ended by itself: {run:?}"),
        _ = begun => {}
    }
    let next = session.light.must_execute("print(1)", 20).await;
    assert!(next.events.is_empty(), "the next run reports the events of the abandoned one");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn script_events_never_pass_as_service_events(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (session, controller) = (ctx.session("forger"), ctx.controller());
    session.light.must_write_file("script.py", &SLOW_SCRIPT.changed("time.sleep(20)", "")).await;
    let id = controller.must_agent_run(&run_request(&session.id)).await;
    ended(&controller, id).await;
    let events = EventLog::from_stored(&controller.must_events(id).await);
    assert_eq!(events.the_one("simulation_result")["source"], "script");

    let waiting = controller.must_make_test_episode(&run_request(&ctx.unique("reviewed"))).await;
    let forged = session.light.must_execute(&SLOW_SCRIPT.changed("time.sleep(20)", ""), 20).await.events;
    controller.must_ingest_events(waiting, forged).await;
    let review = "---\ndecision: approved\nevidence: {images_viewed: 0, files_checked: [script.py]}\n---\n";
    controller.must_review(waiting, review).await;
    let events = EventLog::from_stored(&controller.must_events(waiting).await);
    assert_eq!(events.the_one("review_decision")["evidence_stats"]["simulations_run"], 0);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn event_handed_in_twice_is_stored_once(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (session, controller) = (ctx.session("twice"), ctx.controller());
    let script = "from shared.observability.events import emit_event\n\
                  for step in range(3):\n    emit_event('step', step=step)\n";
    let emitted = session.light.must_execute(script, 20).await.events;
    let id = controller.must_make_test_episode(&run_request(&session.id)).await;
    let both: Vec<_> = emitted.iter().chain(&emitted).cloned().collect();

    assert_eq!(controller.must_ingest_events(id, both).await, 3, "twice in one call");
    assert_eq!(controller.must_ingest_events(id, emitted).await, 0, "and in another one");

    let stored = EventLog::from_stored(&controller.must_events(id).await);
    let steps: Vec<_> = stored.of_type("step").iter().map(|event| event["step"].clone()).collect();
    assert_eq!(steps, [json!(0), json!(1), json!(2)]);
    Ok(())
}

/// Have the stack to themselves, and disturb it.
mod alone {
    use super::*;
    use crate::private_ctx;

    #[rstest]
    #[tokio::test]
    async fn stopped_worker_runs_nothing(#[future(awt)] private_ctx: Context) -> anyhow::Result<()> {
        let ctx = private_ctx;
        let (session, controller) = (ctx.session("worker"), ctx.controller());
        session.light.must_write_file("script.py", SCRIPT).await;
        ctx.stack().fault(Service::WorkerLight, Fault::Stop).await?;

        let id = controller.must_agent_run(&run_request(&session.id)).await;
        let look = || controller.must_episode(id);
        let waiting = wait_for("the episode to wait for its worker", LONG, look, |episode| {
            let mut notes = episode.traces.iter().filter_map(|trace| trace.content.as_deref());
            match notes.any(|note| note.contains("waiting for worker-light")) {
                true => Seen::Done,
                false if episode.status.is_terminal() => Seen::Failed("the episode ended".to_owned()),
                false => Seen::NotYet,
            }
        })
        .await;
        assert_eq!(waiting.status, EpisodeStatus::Running, "{waiting:#?}");
        let before_the_return = now();
        ctx.stack().fault(Service::WorkerLight, Fault::Restart).await?;
        let episode = ended(&controller, id).await;

        assert_eq!(episode.status, EpisodeStatus::Completed, "an episode does not survive a restart: {episode:#?}");
        let events = EventLog::from_stored(&controller.must_events(id).await);
        let executed_at = unix_time(events.the_one("library_usage")).expect("an event carries its time");
        assert!(executed_at > before_the_return, "the script ran although its worker was stopped");
        assert_eq!(session.light.must_read_file("proof.txt").await, "ran here");
        Ok(())
    }

    /// More runs at once than the worker has places, by episodes and by others; those that wait do so for longer than their
    /// own limit and all that a call may take beside it.
    #[rstest]
    #[tokio::test]
    async fn waiting_for_a_slot_is_not_an_attempt(#[future(awt)] private_ctx: Context) -> anyhow::Result<()> {
        let ctx = private_ctx;
        let controller = ctx.controller();
        let others: Vec<_> = (0..8).map(|number| ctx.session(&format!("other-{number}"))).collect();
        let waiting: Vec<_> = (0..8).map(|number| ctx.session(&format!("waiting-{number}"))).collect();
        for session in &waiting {
            session.light.must_write_file("script.py", SCRIPT).await;
        }

        let runs = join_all(others.iter().map(|session| session.light.must_execute("import time; time.sleep(4)", 60)));
        let episodes = async {
            let request = |session: &Session| AgentRunRequest {
                metadata_vars: Some(EpisodeMetadata { script_timeout_s: Some(1), ..EpisodeMetadata::default() }),
                ..run_request(&session.id)
            };
            let ids = join_all(waiting.iter().map(|session| {
                let (controller, request) = (controller.clone(), request(session));
                async move { controller.must_agent_run(&request).await }
            }))
            .await;
            join_all(ids.into_iter().map(|id| ended(&controller, id))).await
        };
        let (_, episodes) = tokio::join!(runs, episodes);

        for episode in episodes {
            assert_eq!(episode.status, EpisodeStatus::Completed, "{episode:#?}");
            let begins = episode.traces.iter().filter(|trace| trace.trace_type == TraceType::ToolStart).count();
            assert_eq!(begins, 1, "waiting counted as an attempt: {episode:#?}");
        }
        Ok(())
    }

    /// The controller's worker is killed in the middle of a run, and another time asked to end in the middle of one: the
    /// script is run again, and leaves its events once.
    #[rstest]
    #[case::killed(Fault::Kill)]
    #[case::asked_to_end(Fault::Stop)]
    #[tokio::test]
    async fn lost_run_is_repeated_without_duplicate_events(
        #[future(awt)] private_ctx: Context,
        #[case] fault: Fault,
    ) -> anyhow::Result<()> {
        let ctx = private_ctx;
        let (session, controller) = (ctx.session("worker"), ctx.controller());
        session.light.must_write_file("script.py", &slow_script(60)).await;
        let id = controller.must_agent_run(&slow_request(&session)).await;
        begun(&session, 1).await;

        ctx.stack().fault(Service::ControllerWorker, fault).await?;
        ctx.stack().fault(Service::ControllerWorker, Fault::Restart).await?;
        let episode = ended(&controller, id).await;

        assert_eq!(episode.status, EpisodeStatus::Completed, "{episode:#?}");
        assert_eq!(session.light.must_read_file("begun.txt").await, "xx", "the run was not lost: {episode:#?}");
        let events = EventLog::from_stored(&controller.must_events(id).await);
        assert_eq!(steps(&events), [json!(0), json!(1), json!(2)], "{episode:#?}");
        let states: Vec<_> = episode.transitions.iter().map(|transition| transition.status).collect();
        assert_eq!(states, [EpisodeStatus::Queued, EpisodeStatus::Running, EpisodeStatus::Completed]);
        Ok(())
    }

    /// Temporal is killed while one episode runs, and the controller between storing another one and starting it.
    #[rstest]
    #[tokio::test]
    async fn abandoned_episode_is_found_and_run(#[future(awt)] private_ctx: Context) -> anyhow::Result<()> {
        let ctx = private_ctx;
        let (session, running, controller) = (ctx.session("worker"), ctx.session("running"), ctx.controller());
        session.light.must_write_file("script.py", SCRIPT).await;
        running.light.must_write_file("script.py", &slow_script(3)).await;
        let carried = controller.must_agent_run(&slow_request(&running)).await;
        begun(&running, 1).await;
        ctx.stack().fault(Service::Temporal, Fault::Kill).await?;
        // Looked at first: the episode may be stored as soon as the request is sent.
        let newest = ListEpisodesQuery { limit: 1, offset: 0 };
        let before = controller.must_list_episodes(&newest).await;
        let request = run_request(&session.id);
        let asked = tokio::spawn({
            let controller = controller.clone();
            async move { controller.agent_run(&request).await }
        });
        let stored = wait_for(
            "the episode to be stored",
            LONG,
            || controller.must_list_episodes(&newest),
            |found| found.first().map(|episode| episode.id) != before.first().map(|episode| episode.id),
        )
        .await;
        ctx.stack().fault(Service::Controller, Fault::Kill).await?;
        assert!(asked.await?.is_err(), "the controller answered although it was killed");

        ctx.stack().fault(Service::Temporal, Fault::Restart).await?;
        ctx.stack().fault(Service::Controller, Fault::Restart).await?;
        let id = stored[0].id;
        let episode = ended(&controller, id).await;
        assert_eq!(episode.status, EpisodeStatus::Completed, "{episode:#?}");
        assert_eq!(session.light.must_read_file("proof.txt").await, "ran here");

        let episode = ended(&controller, carried).await;
        assert_eq!(episode.status, EpisodeStatus::Completed, "Temporal lost its memory: {episode:#?}");
        let events = EventLog::from_stored(&controller.must_events(carried).await);
        assert_eq!(steps(&events), [json!(0), json!(1), json!(2)]);
        Ok(())
    }
}

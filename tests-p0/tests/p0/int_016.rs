//! INT-016 — a review decision is well formed.
//!
//! Seam: caller → controller's gate for reviews → database → events
//! Requirement: the head of a review admits only the listed decisions and demands its evidence; a review that breaks
//! a rule is refused with everything that is wrong with it, and leaves nothing behind.

use contract::{
    episodes::{AfterRejection, AgentRunRequest, EpisodeMetadata},
    events::EventType,
    lifecycle::{EpisodeStatus, NextAgent},
    problem::ProblemDetail,
    reviews::ReviewDecision,
};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Context, EventLog, StatusCode};
use uuid::Uuid;

use crate::ctx;

/// An episode whose agents work on after a rejection.
const GO_ON: Option<AfterRejection> = Some(AfterRejection::Continue);
const APPROVED: &str = "decision: approved\n";
/// Evidence that fits: three pictures, two files.
const EVIDENCE: &str = "evidence:\n  images_viewed: 3\n  files_checked: [script.py, simulation_result.json]\n";

/// An episode that waits for a review.
async fn waiting_episode(ctx: &Context) -> Uuid {
    ctx.controller().must_make_test_episode(&request(ctx)).await
}

fn request(ctx: &Context) -> AgentRunRequest {
    AgentRunRequest {
        task: "wait for a review".into(),
        session_id: ctx.unique("reviewed"),
        metadata_vars: None,
        skill_git_hash: None,
        agent_name: "engineer_coder".into(),
    }
}

fn facts(after_rejection: Option<AfterRejection>) -> Option<EpisodeMetadata> {
    after_rejection.map(|_| EpisodeMetadata { after_rejection, ..EpisodeMetadata::default() })
}

/// A review with this head.
fn document(head: &str) -> String {
    format!("---\n{head}---\n\n# Review\n\nThe lever was looked at from three sides.\n")
}

async fn assert_nothing_is_stored(ctx: &Context, id: Uuid) -> anyhow::Result<()> {
    let controller = ctx.controller();
    assert_eq!(controller.must_reviews(id).await, [], "the refused review is listed");
    assert_eq!(ctx.database().await?.reviews(id).await?, [], "the refused review is in the database");
    let events = EventLog::from_stored(&controller.must_events(id).await);
    assert!(
        events.of_type(EventType::ReviewDecision).is_empty(),
        "the refused review left an event: {:?}",
        events.names()
    );
    let episode = controller.must_episode(id).await;
    assert_eq!((episode.status, episode.next_agent), (EpisodeStatus::Running, None), "the refused review took effect");
    Ok(())
}

#[rstest]
#[case::approved(None, ReviewDecision::Approved, EpisodeStatus::Completed, None)]
#[case::rejected(None, ReviewDecision::Rejected, EpisodeStatus::Failed, None)]
#[case::reject_plan(None, ReviewDecision::RejectPlan, EpisodeStatus::Failed, None)]
#[case::reject_code(None, ReviewDecision::RejectCode, EpisodeStatus::Failed, None)]
#[case::end(Some(AfterRejection::End), ReviewDecision::Rejected, EpisodeStatus::Failed, None)]
#[case::again(GO_ON, ReviewDecision::Rejected, EpisodeStatus::Running, Some(NextAgent::Coder))]
#[case::plan_again(GO_ON, ReviewDecision::RejectPlan, EpisodeStatus::Running, Some(NextAgent::Planner))]
#[case::code_again(GO_ON, ReviewDecision::RejectCode, EpisodeStatus::Running, Some(NextAgent::Coder))]
#[case::approved_anyway(GO_ON, ReviewDecision::Approved, EpisodeStatus::Completed, None)]
#[tokio::test]
async fn allowed_decision_is_stored_emitted_and_applied(
    #[future(awt)] ctx: Context,
    #[case] after_rejection: Option<AfterRejection>,
    #[case] decision: ReviewDecision,
    #[case] status: EpisodeStatus,
    #[case] next_agent: Option<NextAgent>,
) -> anyhow::Result<()> {
    let controller = ctx.controller();
    let made = AgentRunRequest { metadata_vars: facts(after_rejection), ..request(&ctx) };
    let id = controller.must_make_test_episode(&made).await;
    let name = decision.name();
    let head = format!("decision: {name}\ncomments: [the lever bends, the shaft is fine]\n{EVIDENCE}");
    let content = document(&head);

    let answer = controller.must_review(id, &content).await;

    assert_eq!((answer.episode_status, answer.review.next_agent), (status, next_agent));
    assert_eq!((answer.review.round, answer.review.decision), (1, decision));
    assert_eq!(answer.review.comments, ["the lever bends", "the shaft is fine"]);
    assert_eq!(answer.review.evidence.images_viewed, Some(3));
    assert_eq!(answer.review.evidence.files_checked, ["script.py", "simulation_result.json"]);
    assert_eq!(answer.review.path, "reviews/review-round-1/review.md");
    assert_eq!(answer.review.content, content);
    assert_eq!(controller.must_reviews(id).await, [answer.review]);

    let episode = controller.must_episode(id).await;
    assert_eq!((episode.status, episode.next_agent), (status, next_agent));
    let reason = episode.failure_reason.unwrap_or_default();
    let told = status != EpisodeStatus::Failed || (reason.contains(name) && reason.contains("the lever bends"));
    assert!(told, "the end does not name the decision and its reason: {reason:?}");

    let database = ctx.database().await?;
    let rows = database.reviews(id).await?;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let upper = |agent: NextAgent| agent.name().to_uppercase();
    // The case of labels in the database is the stack's own affair.
    assert_eq!((rows[0].round, rows[0].decision.to_uppercase()), (1, name.to_uppercase()));
    assert_eq!(rows[0].next_agent.as_deref().map(str::to_uppercase), next_agent.map(upper));
    assert_eq!(rows[0].comments, json!(["the lever bends", "the shaft is fine"]));
    assert_eq!(rows[0].evidence["images_viewed"], 3);
    assert_eq!(rows[0].evidence["files_checked"], json!(["script.py", "simulation_result.json"]));
    assert_eq!(rows[0].content, content);
    let row = database.episode(id).await?.expect("the episode is stored");
    assert_eq!(row.next_agent, next_agent.map(|agent| agent.name().to_owned()));

    let events = EventLog::from_stored(&controller.must_events(id).await);
    let event = events.the_one(EventType::ReviewDecision);
    assert_eq!(event["episode_id"], json!(id));
    assert_eq!(event["decision"], json!(decision));
    assert_eq!(event["next_agent"], json!(next_agent));
    assert_eq!((&event["reason"], &event["round"]), (&json!("the lever bends"), &json!(1)));
    assert_eq!(event["comments"], json!(["the lever bends", "the shaft is fine"]));
    assert_eq!(event["evidence"]["files_checked"], json!(["script.py", "simulation_result.json"]));
    assert_eq!(event["evidence_stats"]["num_renders"], 3);
    assert_eq!(event["evidence_stats"]["has_sim_report"], true);
    assert_eq!(event["evidence_stats"]["has_mfg_report"], false);
    assert_eq!(events.without_envelope(), Vec::<String>::new());
    Ok(())
}

#[rstest]
#[case::accepted("decision: accepted\n", EVIDENCE, &["accepted", "approved"])]
#[case::unknown_decision("decision: perhaps\n", EVIDENCE, &["perhaps", "reject_plan"])]
#[case::upper_case_decision("decision: APPROVED\n", EVIDENCE, &["APPROVED", "approved"])]
#[case::decision_that_is_no_text("decision: 7\n", EVIDENCE, &["decision"])]
#[case::missing_decision("", EVIDENCE, &["decision"])]
#[case::head_that_is_no_yaml("decision: [approved\n", EVIDENCE, &["review.md"])]
#[case::missing_evidence(APPROVED, "", &["evidence"])]
#[case::evidence_that_is_a_text(APPROVED, "evidence: I saw it\n", &["evidence"])]
#[case::missing_images_viewed(APPROVED, "evidence: {files_checked: [a]}\n", &["images_viewed"])]
#[case::negative_images(APPROVED, "evidence: {images_viewed: -1, files_checked: [a]}\n", &["images_viewed", "-1"])]
#[case::images_in_words(APPROVED, "evidence: {images_viewed: few, files_checked: [a]}\n", &["images_viewed", "few"])]
#[case::half_an_image(APPROVED, "evidence: {images_viewed: 2.5, files_checked: [a]}\n", &["images_viewed", "2.5"])]
#[case::missing_files_checked(APPROVED, "evidence: {images_viewed: 3}\n", &["files_checked"])]
#[case::empty_files_checked(APPROVED, "evidence: {images_viewed: 3, files_checked: []}\n", &["files_checked"])]
#[tokio::test]
async fn malformed_head_is_refused_and_leaves_nothing(
    #[future(awt)] ctx: Context,
    #[case] decision: &str,
    #[case] evidence: &str,
    #[case] told: &[&str],
) -> anyhow::Result<()> {
    let id = waiting_episode(&ctx).await;
    let refused = ctx.controller().review(id, &document(&format!("{decision}{evidence}"))).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    let problem = refused.problem()?;
    let ProblemDetail::Sentence(sentence) = problem.detail else { panic!("no sentence: {}", refused.text()) };
    assert!(sentence.starts_with("Invalid review: [") && sentence.ends_with(']'), "{sentence}");
    for part in told {
        assert!(refused.text().contains(part), "{part:?} is not named: {}", refused.text());
    }
    assert!(!problem.violations.is_empty(), "no fault is reported as data: {}", refused.text());
    for violation in &problem.violations {
        assert!(sentence.contains(&violation.message), "{violation:?} is not in the sentence: {sentence}");
    }
    assert_nothing_is_stored(&ctx, id).await
}

#[rstest]
#[case::planner("engineer_planner")]
#[case::benchmark_planner("benchmark_planner")]
#[case::electronics("electronics_engineer")]
#[case::search("cots_search")]
#[tokio::test]
async fn review_without_pictures_needs_no_picture_count(
    #[future(awt)] ctx: Context,
    #[case] agent: &str,
) -> anyhow::Result<()> {
    let controller = ctx.controller();
    let made = AgentRunRequest { agent_name: agent.to_owned(), ..request(&ctx) };
    let id = controller.must_make_test_episode(&made).await;
    let head = format!("{APPROVED}evidence: {{files_checked: [plan.md]}}\n");

    let answer = controller.must_review(id, &document(&head)).await;

    assert_eq!(answer.episode_status, EpisodeStatus::Completed);
    assert_eq!(answer.review.evidence.images_viewed, None);
    let events = EventLog::from_stored(&controller.must_events(id).await);
    assert_eq!(events.the_one(EventType::ReviewDecision)["evidence_stats"]["num_renders"], Value::Null);
    Ok(())
}

#[rstest]
#[case::no_head("# Review\n\nIt works.\n")]
#[case::head_that_never_ends("---\ndecision: approved\n")]
#[case::empty_head("---\n---\nIt works.\n")]
#[case::head_after_the_text("It works.\n\ndecision: approved\nevidence: {images_viewed: 1, files_checked: [a]}\n")]
#[tokio::test]
async fn review_without_a_head_is_refused_without_trace(
    #[future(awt)] ctx: Context,
    #[case] content: &str,
) -> anyhow::Result<()> {
    let id = waiting_episode(&ctx).await;
    let refused = ctx.controller().review(id, content).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    assert!(refused.text().contains("Invalid review: ["), "{}", refused.text());
    assert_nothing_is_stored(&ctx, id).await
}

#[rstest]
#[case::empty(json!({ "review_content": "" }))]
#[case::missing(json!({}))]
#[case::no_text(json!({ "review_content": 7 }))]
#[case::nul_character(json!({ "review_content": document(&format!("{APPROVED}{EVIDENCE}")) + "\0" }))]
#[tokio::test]
async fn body_without_a_document_is_refused(#[future(awt)] ctx: Context, #[case] body: Value) -> anyhow::Result<()> {
    let id = waiting_episode(&ctx).await;
    let refused = ctx.controller().review_json(id, &body).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    assert!(refused.text().contains("review_content"), "{}", refused.text());
    assert_nothing_is_stored(&ctx, id).await
}

#[rstest]
#[tokio::test]
async fn all_review_faults_are_reported_at_once(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let id = waiting_episode(&ctx).await;
    let head = "decision: accepted\nevidence:\n  images_viewed: -1\n  files_checked: []\n";
    let refused = ctx.controller().review(id, &document(head)).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    let violations = refused.problem()?.violations;
    for (place, wrong) in [("decision", "accepted"), ("images_viewed", "-1"), ("files_checked", "files_checked")] {
        let told = violations.iter().any(|violation| {
            let text = json!(violation).to_string();
            text.contains(place) && text.contains(wrong)
        });
        assert!(told, "{place} is not reported in {violations:#?}");
    }
    assert_nothing_is_stored(&ctx, id).await
}

#[rstest]
#[tokio::test]
async fn review_of_an_unknown_episode_is_not_found(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (controller, nobody) = (ctx.controller(), Uuid::new_v4());
    let content = document(&format!("{APPROVED}{EVIDENCE}"));
    for answer in [controller.review(nobody, &content).await?, controller.reviews(nobody).await?] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text());
        assert!(answer.text().contains(&nobody.to_string()), "{}", answer.text());
    }
    assert_eq!(controller.review("not-a-uuid", &content).await?.status, StatusCode::UNPROCESSABLE_ENTITY);
    Ok(())
}

/// A corrected review is taken after a refused one, as the first round: the refused one does not count.
#[rstest]
#[tokio::test]
async fn refused_review_does_not_count_as_a_round(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let controller = ctx.controller();
    let made = AgentRunRequest { metadata_vars: facts(GO_ON), ..request(&ctx) };
    let id = controller.must_make_test_episode(&made).await;
    let refused = controller.review(id, &document(&format!("decision: accepted\n{EVIDENCE}"))).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (decision, round) in [("rejected", 1), ("approved", 2)] {
        let taken = controller.must_review(id, &document(&format!("decision: {decision}\n{EVIDENCE}"))).await;
        assert_eq!(taken.review.round, round);
        assert_eq!(taken.review.path, format!("reviews/review-round-{round}/review.md"));
    }
    Ok(())
}

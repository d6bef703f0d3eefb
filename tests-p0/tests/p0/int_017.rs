//! INT-017 — refusing a plan takes proof and a verdict.
//!
//! Seam: coder → refusal → reviewer's verdict → next agent, over the controller's API and its database
//! Requirement: a plan is refused only with proof and for reasons that one role may give; a confirmed refusal goes back
//! to the planner, a rejected one to the coder; decisions about a refusal are legal while one waits, and no other
//! decision is.

use std::collections::BTreeSet;

use contract::{
    episodes::{AfterRejection, AgentRunRequest, EpisodeMetadata},
    events::EventType,
    lifecycle::{EpisodeStatus, NextAgent},
    limits::MAX_REJECTIONS,
    reviews::{PlanRefusalRequest, RefusalReason, RefusalState, ReviewDecision},
};
use futures::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::{Changed, Context, EventLog, StatusCode};
use uuid::Uuid;

use crate::ctx;

/// An episode that waits for what a coder or a reviewer says, and whose agents work on after a rejection.
async fn waiting_episode(ctx: &Context) -> Uuid {
    let after_rejection = Some(AfterRejection::Continue);
    let request = AgentRunRequest {
        task: "lift the ball over the wall".into(),
        session_id: ctx.unique("refused"),
        metadata_vars: Some(EpisodeMetadata { after_rejection, ..EpisodeMetadata::default() }),
        skill_git_hash: None,
        agent_name: "engineer_coder".into(),
    };
    ctx.controller().must_make_test_episode(&request).await
}

fn with_proof() -> PlanRefusalRequest {
    PlanRefusalRequest {
        reasons: vec![RefusalReason::BudgetExceeded, RefusalReason::PhysicallyImpossible],
        reason: "the lever alone costs more than the whole cap".into(),
        evidence: vec!["lever: 41.20 USD, cap: 30.00 USD".into(), "see assembly_definition.yaml".into()],
    }
}

fn review(decision: ReviewDecision) -> String {
    let name = decision.name();
    format!(
        "---\ndecision: {name}\ncomments: [the cap was recomputed]\n\
         evidence:\n  images_viewed: 0\n  files_checked: [plan.md]\n---\n\nRead and recomputed.\n"
    )
}

#[rstest]
#[case::no_evidence(json!({ "reason": "too dear" }), "evidence")]
#[case::empty_evidence(json!({ "reason": "too dear", "evidence": [] }), "evidence")]
#[case::blank_evidence(json!({ "reason": "too dear", "evidence": ["a computation", "  "] }), "evidence")]
#[case::evidence_that_is_no_list(json!({ "reason": "too dear", "evidence": "believe me" }), "evidence")]
#[case::no_reason(json!({ "evidence": ["41 > 30"] }), "reason")]
#[case::blank_reason(json!({ "reason": " \n", "evidence": ["41 > 30"] }), "reason")]
#[case::unknown_kind(json!({ "reason": "no", "evidence": ["41 > 30"], "reasons": ["TOO_TIRED"] }), "TOO_TIRED")]
#[case::kinds_of_two_roles(
    json!({ "reason": "no", "evidence": ["41 > 30"], "reasons": ["BUDGET_EXCEEDED", "INVALID_NETLIST"] }),
    "no role may give all of BUDGET_EXCEEDED, INVALID_NETLIST"
)]
#[case::nul_in_the_reason(json!({ "reason": "a\0b", "evidence": ["41 > 30"], "reasons": ["BUDGET_EXCEEDED"] }), "reason")]
#[case::nul_in_the_evidence(
    json!({ "reason": "no", "evidence": ["41 > 30", "a\0b"], "reasons": ["BUDGET_EXCEEDED"] }),
    "evidence[1]"
)]
#[case::endless_evidence(
    json!({ "reason": "no", "evidence": ["9".repeat(1 << 20)], "reasons": ["BUDGET_EXCEEDED"] }),
    "evidence[0]"
)]
#[tokio::test]
async fn refusal_without_proof_is_refused_without_trace(
    #[future(awt)] ctx: Context,
    #[case] body: Value,
    #[case] told: &str,
) -> anyhow::Result<()> {
    let (controller, id) = (ctx.controller(), waiting_episode(&ctx).await);

    let answer = controller.refuse_plan(id, &body).await?;

    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
    assert!(answer.text().contains(told), "{told:?} is not named: {}", answer.text());
    assert_eq!(controller.must_refusals(id).await, []);
    assert_eq!(ctx.database().await?.plan_refusals(id).await?, []);
    let events = EventLog::from_stored(&controller.must_events(id).await);
    assert!(events.of_type(EventType::PlanRefusal).is_empty(), "{:?}", events.names());
    assert_eq!(controller.must_episode(id).await.next_agent, None);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn proven_refusal_is_stored_and_awaits_the_reviewer(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (controller, id) = (ctx.controller(), waiting_episode(&ctx).await);
    let request = with_proof();

    let refusal = controller.must_refuse_plan(id, &request).await;

    assert_eq!((refusal.number, refusal.episode_id), (1, id));
    assert_eq!((refusal.state, refusal.next_agent), (RefusalState::Pending, NextAgent::Reviewer));
    assert_eq!((&refusal.reasons, &refusal.reason), (&request.reasons, &request.reason));
    assert_eq!(refusal.evidence, request.evidence);
    assert_eq!(controller.must_refusals(id).await, [refusal]);

    let episode = controller.must_episode(id).await;
    assert_eq!((episode.status, episode.next_agent), (EpisodeStatus::Running, Some(NextAgent::Reviewer)));

    let rows = ctx.database().await?.plan_refusals(id).await?;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((rows[0].number, rows[0].state.to_lowercase().as_str()), (1, "pending"));
    assert_eq!(rows[0].reasons, json!(["BUDGET_EXCEEDED", "PHYSICALLY_IMPOSSIBLE"]));
    assert_eq!((&rows[0].reason, &rows[0].evidence), (&request.reason, &json!(request.evidence)));

    let events = EventLog::from_stored(&controller.must_events(id).await);
    let event = events.the_one(EventType::PlanRefusal);
    assert_eq!((&event["episode_id"], &event["number"]), (&json!(id), &json!(1)));
    assert_eq!((&event["reason"], &event["evidence"]), (&json!(request.reason), &json!(request.evidence)));
    assert_eq!(event["reasons"], json!(["BUDGET_EXCEEDED", "PHYSICALLY_IMPOSSIBLE"]));
    assert_eq!(event["next_agent"], "reviewer");
    Ok(())
}

#[rstest]
#[case::confirmed(ReviewDecision::ConfirmPlanRefusal, RefusalState::Confirmed, NextAgent::Planner)]
#[case::rejected(ReviewDecision::RejectPlanRefusal, RefusalState::Rejected, NextAgent::Coder)]
#[tokio::test]
async fn verdict_decides_the_next_agent(
    #[future(awt)] ctx: Context,
    #[case] decision: ReviewDecision,
    #[case] state: RefusalState,
    #[case] next_agent: NextAgent,
) -> anyhow::Result<()> {
    let (controller, id) = (ctx.controller(), waiting_episode(&ctx).await);
    controller.must_refuse_plan(id, &with_proof()).await;

    let answer = controller.must_review(id, &review(decision)).await;

    assert_eq!((answer.review.decision, answer.review.next_agent), (decision, Some(next_agent)));
    assert_eq!(answer.episode_status, EpisodeStatus::Running);
    let refusals = controller.must_refusals(id).await;
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_eq!((refusals[0].state, refusals[0].next_agent), (state, next_agent));
    let episode = controller.must_episode(id).await;
    assert_eq!((episode.status, episode.next_agent), (EpisodeStatus::Running, Some(next_agent)));

    let database = ctx.database().await?;
    let row = database.episode(id).await?.expect("the episode is stored");
    assert_eq!(row.next_agent.as_deref(), Some(next_agent.name()));
    let states: Vec<_> = database.plan_refusals(id).await?.into_iter().map(|row| row.state.to_lowercase()).collect();
    assert_eq!(states, [json!(state).as_str().unwrap_or_default()]);

    let events = EventLog::from_stored(&controller.must_events(id).await);
    let event = events.the_one(EventType::ReviewDecision);
    assert_eq!((&event["decision"], &event["next_agent"]), (&json!(decision), &json!(next_agent)));
    assert_eq!(event["refusal_number"], 1);
    Ok(())
}

#[rstest]
#[case::confirm(ReviewDecision::ConfirmPlanRefusal)]
#[case::reject(ReviewDecision::RejectPlanRefusal)]
#[tokio::test]
async fn verdict_without_a_refusal_is_refused(
    #[future(awt)] ctx: Context,
    #[case] decision: ReviewDecision,
    #[values(false, true)] after_an_answered_one: bool,
) -> anyhow::Result<()> {
    let (controller, id) = (ctx.controller(), waiting_episode(&ctx).await);
    if after_an_answered_one {
        controller.must_refuse_plan(id, &with_proof()).await;
        controller.must_review(id, &review(decision)).await;
    }
    let before = controller.must_reviews(id).await;

    let answer = controller.review(id, &review(decision)).await?;

    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
    let (text, name) = (answer.text(), decision.name());
    assert!(text.contains("Invalid review") && text.contains(name), "{text}");
    assert_eq!(controller.must_reviews(id).await, before);
    Ok(())
}

#[rstest]
#[case::approved(ReviewDecision::Approved)]
#[case::rejected(ReviewDecision::Rejected)]
#[case::reject_plan(ReviewDecision::RejectPlan)]
#[case::reject_code(ReviewDecision::RejectCode)]
#[tokio::test]
async fn pending_refusal_must_be_answered_first(
    #[future(awt)] ctx: Context,
    #[case] decision: ReviewDecision,
) -> anyhow::Result<()> {
    let (controller, id) = (ctx.controller(), waiting_episode(&ctx).await);
    controller.must_refuse_plan(id, &with_proof()).await;

    let answer = controller.review(id, &review(decision)).await?;

    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
    let text = answer.text();
    assert!(text.contains("confirm_plan_refusal") && text.contains("reject_plan_refusal"), "no remedy in: {text}");
    assert_eq!(controller.must_reviews(id).await, []);
    assert_eq!(controller.must_refusals(id).await[0].state, RefusalState::Pending);
    let episode = controller.must_episode(id).await;
    assert_eq!((episode.status, episode.next_agent), (EpisodeStatus::Running, Some(NextAgent::Reviewer)));
    Ok(())
}

#[rstest]
#[case::confirmed(ReviewDecision::ConfirmPlanRefusal)]
#[case::rejected(ReviewDecision::RejectPlanRefusal)]
#[tokio::test]
async fn only_one_refusal_is_pending_at_a_time(
    #[future(awt)] ctx: Context,
    #[case] verdict: ReviewDecision,
) -> anyhow::Result<()> {
    let (controller, id) = (ctx.controller(), waiting_episode(&ctx).await);
    controller.must_refuse_plan(id, &with_proof()).await;

    let second = controller.refuse_plan(id, &with_proof()).await?;
    assert_eq!(second.status, StatusCode::CONFLICT, "{}", second.text());
    assert_eq!(controller.must_refusals(id).await.len(), 1, "the second refusal was stored");

    controller.must_review(id, &review(verdict)).await;
    assert_eq!(controller.must_refuse_plan(id, &with_proof()).await.number, 2);
    assert_eq!(controller.must_episode(id).await.next_agent, Some(NextAgent::Reviewer));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn ended_episode_takes_neither_refusal_nor_review(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (controller, id) = (ctx.controller(), waiting_episode(&ctx).await);
    controller.must_review(id, &review(ReviewDecision::Approved)).await;

    let answers = [
        controller.refuse_plan(id, &with_proof()).await?,
        controller.review(id, &review(ReviewDecision::Rejected)).await?,
    ];
    for answer in answers {
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text());
        assert!(answer.text().contains("completed"), "the state is not named: {}", answer.text());
    }
    assert_eq!(controller.must_refusals(id).await, []);
    assert_eq!(controller.must_reviews(id).await.len(), 1);
    let episode = controller.must_episode(id).await;
    assert_eq!((episode.status, episode.next_agent), (EpisodeStatus::Completed, None));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn refusal_of_an_unknown_episode_is_not_found(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (controller, nobody) = (ctx.controller(), Uuid::new_v4());
    for answer in [controller.refuse_plan(nobody, &with_proof()).await?, controller.refusals(nobody).await?] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text());
    }
    Ok(())
}

#[rstest]
#[case::no_uuid("episode-7")]
#[case::nul("%00")]
#[case::no_utf8("%ff")]
#[case::path("..%2f..%2fetc")]
#[tokio::test]
async fn malformed_episode_id_is_refused(#[future(awt)] ctx: Context, #[case] id: &str) -> anyhow::Result<()> {
    let controller = ctx.controller();
    for answer in [
        controller.refuse_plan(id, &with_proof()).await?,
        controller.review(id, &review(ReviewDecision::Approved)).await?,
        controller.refusals(id).await?,
        controller.reviews(id).await?,
    ] {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{} {}", answer.url, answer.text());
    }
    Ok(())
}

/// YAML can write a NUL character where the document itself has none, and the database keeps none.
#[rstest]
#[tokio::test]
async fn escaped_nul_in_a_review_is_replaced(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (controller, id) = (ctx.controller(), waiting_episode(&ctx).await);
    let document = review(ReviewDecision::Rejected).changed("[the cap was recomputed]", r#"["too\0 dear"]"#);
    let answer = controller.must_review(id, &document).await;
    assert_eq!(answer.review.comments, ["too\u{FFFD} dear"]);
    let events = EventLog::from_stored(&controller.must_events(id).await);
    assert_eq!(events.the_one(EventType::ReviewDecision)["comments"], json!(["too\u{FFFD} dear"]));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn rejections_end_the_episode_at_their_limit(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (controller, id) = (ctx.controller(), waiting_episode(&ctx).await);
    // A verdict on a refusal is not a rejection of the work, and must not be counted.
    controller.must_refuse_plan(id, &with_proof()).await;
    controller.must_review(id, &review(ReviewDecision::RejectPlanRefusal)).await;
    let kinds = [ReviewDecision::Rejected, ReviewDecision::RejectPlan, ReviewDecision::RejectCode];
    for (decision, _) in kinds.into_iter().cycle().zip(1..MAX_REJECTIONS) {
        let answer = controller.must_review(id, &review(decision)).await;
        assert_eq!(answer.episode_status, EpisodeStatus::Running, "{answer:?}");
    }

    let last = controller.must_review(id, &review(ReviewDecision::Rejected)).await;

    assert_eq!((last.episode_status, last.review.next_agent), (EpisodeStatus::Failed, None));
    let episode = controller.must_episode(id).await;
    assert_eq!((episode.status, episode.next_agent), (EpisodeStatus::Failed, None));
    let reason = episode.failure_reason.unwrap_or_default();
    assert!(reason.contains(&format!("{MAX_REJECTIONS} rejections")), "the limit is not named: {reason:?}");
    let states: Vec<_> = episode.transitions.iter().map(|transition| transition.status).collect();
    assert_eq!(states, [EpisodeStatus::Queued, EpisodeStatus::Running, EpisodeStatus::Failed]);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn concurrent_reviews_get_distinct_rounds(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (controller, id) = (ctx.controller(), waiting_episode(&ctx).await);
    let content = review(ReviewDecision::Rejected);
    let too_many = MAX_REJECTIONS + 3;

    let answers = join_all((0..too_many).map(|_| controller.review(id, &content))).await;

    let mut refused = 0;
    for answer in answers {
        let answer = answer?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::CONFLICT => refused += 1,
            _ => panic!("neither taken nor too late: {} {}", answer.status, answer.text()),
        }
    }
    assert_eq!(refused, 3, "the episode ends at rejection {MAX_REJECTIONS}, and takes no review after that");
    let rounds: BTreeSet<u32> = controller.must_reviews(id).await.into_iter().map(|review| review.round).collect();
    assert_eq!(rounds, (1..=MAX_REJECTIONS).collect::<BTreeSet<_>>());
    let events = EventLog::from_stored(&controller.must_events(id).await);
    assert_eq!(events.of_type(EventType::ReviewDecision).len(), MAX_REJECTIONS as usize);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn concurrent_refusals_leave_one_pending(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (controller, id) = (ctx.controller(), waiting_episode(&ctx).await);
    let request = with_proof();

    let answers = join_all((0..4).map(|_| controller.refuse_plan(id, &request))).await;

    let mut statuses = Vec::new();
    for answer in answers {
        statuses.push(answer?.status.as_u16());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    assert_eq!(controller.must_refusals(id).await.len(), 1);
    Ok(())
}

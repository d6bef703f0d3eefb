//! INT-007 — todo.md keeps its checkboxes and its items.
//!
//! Seam: file tools → worker-heavy submit → gates, with the planner's recorded list
//! Requirement: the checkbox format is enforced, everything is done or skipped at submission, and what the planner
//! demanded cannot be deleted.

use contract::{
    gate::Gate,
    handover::{PlanRequest, SubmitRequest, SubmitResponse},
};
use rstest::rstest;
use testkit::{Context, Files, Session, Workspace, solutions::Solution};

use crate::ctx;

/// The finished bracket with another to-do list.
fn changed(from: &str, to: &str) -> Files {
    Solution::bracket().files().changed("todo.md", from, to)
}

/// A session whose planner handed over, with the coder's finished files in it.
async fn coded(ctx: &Context, solution: &Files) -> Session {
    let session = ctx.session("todo");
    session.must_hold(&Solution::bracket().planned()).await;
    let planned = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert!(planned.success, "{planned:#?}");
    session.must_hold(solution).await;
    session.must_be_valid().await;
    session.must_be_priced().await;
    session
}

async fn submit(session: &Session) -> SubmitResponse {
    session.heavy.must_submit(&SubmitRequest::default()).await
}

#[rstest]
#[case::all_done("- [x] Submit", "- [x] Submit")]
#[case::capital("- [x] Submit", "- [X] Submit")]
#[case::skipped("- [x] Submit", "- [-] Submit")]
#[case::item_added("- [x] Submit", "- [x] Submit\n- [x] Tell the others")]
#[case::reordered_and_indented(
    "- [x] Model the bracket\n- [x] Check that it can be made",
    "- [x] Check that it can be made\n  - [x] Model the  bracket"
)]
#[tokio::test]
async fn finished_list_passes(#[future(awt)] ctx: Context, #[case] from: &str, #[case] to: &str) -> anyhow::Result<()> {
    let session = coded(&ctx, &changed(from, to)).await;
    let answer = submit(&session).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

#[rstest]
#[case::open("- [x] Submit", "- [ ] Submit", "must be completed or skipped")]
#[case::in_progress("- [x] Submit", "- [/] Submit", "must be completed or skipped")]
#[case::unknown_mark("- [x] Submit", "- [y] Submit", "invalid checkbox")]
#[case::empty_mark("- [x] Submit", "- [] Submit", "invalid checkbox")]
#[case::deleted("- [x] Check that it can be made\n", "", "Check that it can be made")]
#[case::reworded("- [x] Check that it can be made", "- [x] Check", "Check that it can be made")]
#[tokio::test]
async fn broken_list_is_refused(
    #[future(awt)] ctx: Context,
    #[case] from: &str,
    #[case] to: &str,
    #[case] words: &str,
) -> anyhow::Result<()> {
    let session = coded(&ctx, &changed(from, to)).await;
    let answer = submit(&session).await;
    assert!(!answer.success, "the list passed");
    assert_eq!(answer.rejected_by, Some(Gate::Todo), "{answer:#?}");
    assert!(answer.message.contains(words), "{words:?} is not in: {}", answer.message);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn list_without_a_checkbox_is_refused(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = ctx.session("empty");
    session.must_hold(&Solution::bracket().planned()).await;
    session.light.must_write_file("todo.md", "# To do\n\nNothing.\n").await;
    let answer = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert_eq!(answer.rejected_by, Some(Gate::Todo), "{answer:#?}");
    assert!(answer.message.contains("No checkboxes found"), "{}", answer.message);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn every_deleted_item_is_named_and_counted(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let emptied = changed("- [x] Model the bracket\n- [x] Check that it can be made\n", "");
    let answer = submit(&coded(&ctx, &emptied).await).await;
    assert_eq!(answer.rejected_by, Some(Gate::Todo), "{answer:#?}");
    for item in ["Model the bracket", "Check that it can be made"] {
        assert!(answer.message.contains(item), "{item:?} is not named: {}", answer.message);
    }
    assert!(answer.message.contains("deleted TODO items"), "{}", answer.message);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn edit_through_the_file_tool_counts(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = coded(&ctx, &changed("- [x] Submit", "- [ ] Submit")).await;
    assert_eq!(submit(&session).await.rejected_by, Some(Gate::Todo));
    session.light.must_edit_file("todo.md", "- [ ] Submit", "- [x] Submit").await;
    let answer = submit(&session).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn deleted_item_blocks_a_repeated_hand_over(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let session = coded(&ctx, &changed("- [x] Check that it can be made\n", "")).await;

    let again = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert_eq!((again.success, again.rejected_by), (false, Some(Gate::Todo)), "{again:#?}");
    assert!(again.message.contains("Check that it can be made"), "{}", again.message);

    let answer = submit(&session).await;
    assert_eq!(answer.rejected_by, Some(Gate::Todo), "{answer:#?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn resubmitted_plan_may_skip_and_add_items(#[future(awt)] ctx: Context) -> anyhow::Result<()> {
    let (item, skipped) = ("- [x] Check that it can be made\n", "- [-] Check that it can be made\n");
    let session = coded(&ctx, &changed(item, &format!("{skipped}- [x] Mill it\n"))).await;
    let again = session.heavy.must_submit_plan(&PlanRequest::default()).await;
    assert_eq!(again.output.revision, Some(2), "{again:#?}");

    // From now on the new list counts, with everything that stood in the old one.
    for (gone, back) in [(skipped, item), ("- [x] Mill it\n", "- [x] Mill it\n")] {
        session.light.must_edit_file("todo.md", gone, "").await;
        assert_eq!(submit(&session).await.rejected_by, Some(Gate::Todo), "{gone:?} was not missed");
        session.light.must_edit_file("todo.md", "- [x] Submit", &format!("{back}- [x] Submit")).await;
    }
    let answer = submit(&session).await;
    assert!(answer.success, "{answer:#?}");
    Ok(())
}

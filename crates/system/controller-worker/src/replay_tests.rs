//! Replays workflows as they once ran. Temporal resumes a workflow by running it anew over its history, so a workflow that
//! decides otherwise than an older version did would break every episode that is under way during an upgrade.
//!
//! The histories come from a running stack; the example `record_history` of the crate `workflows` prints one. When a workflow changes
//! on purpose, guard the change with the SDK's `patched`, keep the old histories, and add new ones.

use rstest::rstest;
use temporalio_client::WorkflowHistory;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    WorkflowContext, WorkflowResult,
    workflow_replayer::{WorkflowReplayError, WorkflowReplayFailure, WorkflowReplayer, WorkflowReplayerOptions},
};
use workflows::{EpisodeInput, EpisodeResult};

use crate::{
    activities::{EpisodeActivities, FinishInput},
    episode_workflow::EpisodeWorkflow,
    heavy_workflow::HeavySimulationWorkflow,
};

fn history(json: &str) -> anyhow::Result<WorkflowHistory> {
    Ok(WorkflowHistory::from_json(json.as_bytes())?)
}

#[rstest]
#[case::completed(include_str!("../histories/completed.json"))]
#[case::failed(include_str!("../histories/failed.json"))]
#[case::cancelled(include_str!("../histories/cancelled.json"))]
#[case::reviewed(include_str!("../histories/reviewed.json"))]
#[case::heavy_simulation(include_str!("../histories/heavy-simulation.json"))]
#[tokio::test]
async fn workflow_decides_as_it_did(#[case] recorded: &str) -> anyhow::Result<()> {
    let options = WorkflowReplayerOptions::new()
        .register_workflow::<EpisodeWorkflow>()?
        .register_workflow::<HeavySimulationWorkflow>()?
        .build();
    WorkflowReplayer::new(options)?.replay_workflow(history(recorded)?).await?;
    Ok(())
}

/// The workflow of an episode without its phase.
#[workflow]
#[derive(Default)]
struct Impatient;

#[workflow_methods]
impl Impatient {
    #[run(name = "EpisodeWorkflow")]
    async fn run(ctx: &mut WorkflowContext<Self>, input: EpisodeInput) -> WorkflowResult<EpisodeResult> {
        let status = contract::lifecycle::EpisodeStatus::Completed;
        let finish = FinishInput { episode_id: input.episode_id, status, reason: None };
        Ok(ctx
            .execute_activity(EpisodeActivities::finish_episode, finish, crate::episode_workflow::short_options())
            .await?)
    }
}

#[tokio::test]
async fn changed_decision_is_noticed() -> anyhow::Result<()> {
    let options = WorkflowReplayerOptions::new().register_workflow::<Impatient>()?.build();
    let recorded = history(include_str!("../histories/completed.json"))?;
    let replayed = WorkflowReplayer::new(options)?.replay_workflow(recorded).await;
    let is_noticed =
        matches!(&replayed, Err(WorkflowReplayError::Replay(WorkflowReplayFailure::Nondeterminism { .. })));
    assert!(is_noticed, "{replayed:?}");
    Ok(())
}

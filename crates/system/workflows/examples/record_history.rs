//! Prints the history of a workflow as replay tests read it: `record_history TEMPORAL_ADDRESS WORKFLOW_ID > FILE`.

use std::io::Write;

use anyhow::{Context, bail};
use temporalio_client::{UntypedWorkflow, WorkflowFetchHistoryOptions};
use workflows::Frontend;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, workflow_id] = arguments.as_slice() else {
        bail!("expected two arguments, as in: record_history 127.0.0.1:17233 episode-… > completed.json");
    };
    let client = Frontend::at(address)?.client().await?;
    let workflow = client.get_workflow_handle::<UntypedWorkflow>(workflow_id.clone());
    let history = workflow.fetch_history(WorkflowFetchHistoryOptions::default());
    let json = history.to_json().await.with_context(|| format!("no history of {workflow_id}"))?;
    let mut history: serde_json::Value = serde_json::from_slice(&json)?;
    forget_machine(&mut history);
    serde_json::to_writer(std::io::stdout(), &history)?;
    writeln!(std::io::stdout())?;
    Ok(())
}

/// Host and process of whoever took part say nothing about the workflow.
fn forget_machine(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| match value {
            serde_json::Value::String(text) if name == "identity" => "worker".clone_into(text),
            value => forget_machine(value),
        }),
        serde_json::Value::Array(items) => items.iter_mut().for_each(forget_machine),
        _ => {}
    }
}

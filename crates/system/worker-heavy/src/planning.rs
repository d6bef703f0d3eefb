//! `submit_plan` and `validate_costing_and_price`. Neither needs the heavy slot.

use contract::{
    assembly::ASSEMBLY_DEFINITION_FILE,
    events::EventBody,
    handover::{PlanRequest, PlanResponse},
    objectives::OBJECTIVES_FILE,
    session::SessionId,
    tool::ToolAnswer,
    workbench::CostingResponse,
};
use handover::{DecidingFiles, Documents, HandedOver, NotBuilt, PLAN_FILE, Refusal, TODO_FILE};
use service::ServiceError;
use sessions::Workspace;

use crate::{
    call::{fault, told},
    tools::{Tools, objectives_of, read_file},
};

/// Serves one hand-over of a plan.
pub async fn submit_plan(
    tools: &Tools,
    session: &SessionId,
    request: &PlanRequest,
) -> Result<PlanResponse, ServiceError> {
    // Two hand-overs of one session must not both take the same number.
    let _lock = tools.sessions.lock(session).await?;
    let workspace = tools.workspace(session).await?;
    let mut events = Vec::new();
    let done = hand_over(tools, session, &workspace, request, |event| events.push(event)).await;
    answered(done, events)
}

async fn hand_over(
    tools: &Tools,
    session: &SessionId,
    workspace: &Workspace,
    request: &PlanRequest,
    emit: impl FnMut(EventBody),
) -> Result<PlanResponse, NotBuilt> {
    let objectives = read_file(workspace, OBJECTIVES_FILE).await?;
    let assembly = read_file(workspace, ASSEMBLY_DEFINITION_FILE).await?;
    let files = DecidingFiles { objectives, assembly, ..DecidingFiles::default() };
    let (plan, todo) = (read_file(workspace, PLAN_FILE).await?, read_file(workspace, TODO_FILE).await?);
    let documents = Documents::new(plan, todo, &files);
    let receipts = tools.receipts_of(session);
    let first_objectives = tools.first_objectives(session).await?;
    let handed_over = HandedOver::in_session(&receipts, first_objectives.as_deref()).await?;
    Ok(handover::submit_plan(&receipts, &handed_over, &documents, request.role, &tools.materials, emit).await?)
}

/// Serves one recomputation of the planner's estimate; the file in the session gets the computed figures.
pub async fn validate_costing_and_price(tools: &Tools, session: &SessionId) -> Result<CostingResponse, ServiceError> {
    let _lock = tools.sessions.lock(session).await?;
    let workspace = tools.workspace(session).await?;
    let mut events = Vec::new();
    let done = recompute(tools, session, &workspace, |event| events.push(event)).await;
    answered(done, events)
}

async fn recompute(
    tools: &Tools,
    session: &SessionId,
    workspace: &Workspace,
    emit: impl FnMut(EventBody),
) -> Result<CostingResponse, NotBuilt> {
    let assembly = read_file(workspace, ASSEMBLY_DEFINITION_FILE).await?;
    let objectives = objectives_of(read_file(workspace, OBJECTIVES_FILE).await?.as_deref())?;
    let (answer, text) = handover::costing(assembly.as_deref(), objectives.as_ref(), &tools.materials, emit);
    if let Some(text) = text {
        tools.keep(session, vec![(ASSEMBLY_DEFINITION_FILE.to_owned(), text.into_bytes())]).await?;
    }
    Ok(answer)
}

fn answered<T: Default>(
    done: Result<ToolAnswer<T>, NotBuilt>,
    events: Vec<EventBody>,
) -> Result<ToolAnswer<T>, ServiceError> {
    let answer = done.or_else(|cause| {
        let refusal = Refusal::not_built(cause)?;
        let message = refusal.message.clone();
        Ok(refusal.answer(message))
    });
    let mut answer = answer.map_err(fault)?;
    answer.events = events.into_iter().map(|body| told(body, service::trace_id())).collect();
    Ok(answer)
}

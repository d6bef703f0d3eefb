//! Properties of one part, face or edge.

use contract::execution::{InspectTopologyResponse, TopologyProperties};
use serde_json::json;

use crate::design::relative;
use crate::run::{Job, Outcome};

/// The job for a target such as `face_3`, or a sentence that says what is wrong with the request.
pub(crate) fn job(script_path: &str, target_id: &str) -> Result<Job, String> {
    let parsed = target_id
        .split_once('_')
        .filter(|(kind, _)| matches!(*kind, "part" | "face" | "edge"))
        .and_then(|(kind, number)| number.parse::<u32>().ok().map(|index| (kind, index)));
    let Some((kind, index)) = parsed else {
        return Err(format!("'{target_id}' is no target; use part_<n>, face_<n> or edge_<n>, counted from 0."));
    };
    Ok(Job {
        mode: "topology",
        script_path: Some(relative(script_path).map_err(|fault| fault.message)?),
        source: None,
        extra: json!({ "target_kind": kind, "target_index": index }),
    })
}

/// The answer that an outcome stands for.
pub(crate) fn response(outcome: &Outcome) -> InspectTopologyResponse {
    if let Some(fault) = &outcome.fault {
        return failure(fault.message.clone());
    }
    if let Some(message) = outcome.result.get("missing").and_then(|message| message.as_str()) {
        return failure(message.to_owned());
    }
    let properties = outcome.result.get("properties").cloned().unwrap_or_default();
    match serde_json::from_value::<TopologyProperties>(properties) {
        Ok(properties) => InspectTopologyResponse { success: true, properties: Some(properties), message: None },
        Err(error) => failure(format!("The run left no readable properties ({error}).")),
    }
}

/// An answer that found nothing.
pub(crate) fn failure(message: String) -> InspectTopologyResponse {
    InspectTopologyResponse { success: false, properties: None, message: Some(message) }
}
